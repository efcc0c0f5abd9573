"""What reads bytes: how, what it may raise, and how to change them so that checksums fit."""

import json
import random
import struct
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np

import skae
from skae.cli._reading import read_source
from skae.persistence._layout import packed, unpacked

QUICK = {"hidden_layer_sizes": (4,), "max_iter": 1, "early_stopping": False, "random_state": 0}
# What files say where they say nothing sensible.
ODD = [
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**63,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "nan",
    [],
    {},
    [[]],
    {"n": 0},
    {"n": 10**9},
    "<f8",
    "builtins.eval",
    "O",
]


def rows():
    return np.random.default_rng(0).normal(size=(40, 3)) @ np.ones((3, 5))


class Target:
    """A parser.

    Attributes
    ----------
    refusals : tuple of type
        What it may raise.
    mutated : callable or None
        Of bytes and a seed: other bytes whose checksum fits, or None.
    beside : tuple of Path
        Directories with more files to start from.
    """

    refusals = (ValueError,)
    mutated = None
    beside = ()

    def __init__(self):
        self._file = Path(tempfile.mkdtemp()) / f"file{self.suffix}"

    suffix = ""

    def written(self, data):
        self._file.write_bytes(data)
        return self._file


class Load(Target):
    """``skae.load``, and what a file that it took answers."""

    refusals = (ValueError, TypeError)
    beside = (Path(__file__).resolve().parent.parent / "tests" / "golden" / "0.1.0",)

    def read(self, data):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                estimator = skae.load(self.written(data))
            except ValueError:
                return
            # Whoever writes a file with a checksum may have written any numbers.
            for method in ("transform", "score_samples", "predict"):
                if hasattr(estimator, method):
                    try:
                        getattr(estimator, method)(rows())
                    except Exception as error:
                        if isinstance(error, MemoryError | SystemError | RecursionError):
                            raise

    def mutated(self, data, seed):
        rng = random.Random(seed)
        try:
            content = unpacked(bytes(data), "it")
            about, description = dict(content.about), json.loads(content.description)
        except ValueError:
            return None
        arrays = {str(place): array for place, array in enumerate(content.arrays)}
        what = rng.random()
        if what < 0.7 or not arrays:
            changed(description, rng)
        elif what < 0.95:
            name = rng.choice(list(arrays))
            arrays[name] = changed_array(arrays[name], rng)
        else:
            about[rng.choice(list(about))] = str(rng.choice(ODD))
        try:
            return packed(about, json.dumps(description), arrays)
        except (KeyError, TypeError, ValueError):
            return None


def changed(tree, rng):
    """Change one value somewhere in lists and dictionaries."""
    places = []

    def walk(node):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in items:
            places.append((node, key))
            if isinstance(value, dict | list):
                walk(value)

    walk(tree)
    node, key = rng.choice(places)
    other, other_key = rng.choice(places)
    node[key] = rng.choice([rng.choice(ODD), other[other_key]])
    if isinstance(node, list) and rng.random() < 0.1:
        del node[key]


def changed_array(array, rng):
    kind = rng.randrange(4)
    if kind == 0 and array.size:
        made = array.copy().ravel()
        value = rng.choice([0, 1, -1, 2**31, float("nan"), float("inf")])
        with np.errstate(all="ignore"):
            made[rng.randrange(made.size)] = np.array(value).astype(made.dtype)
        return made.reshape(array.shape)
    if kind == 1:
        return np.ascontiguousarray(array.ravel()[: rng.randrange(array.size + 1)])
    if kind == 2:
        return array.astype(rng.choice(["<f4", "<f8", "<i8", "|b1", "|u1"]))
    return np.ascontiguousarray(array.T)


class Codec(Target):
    """``LatentCodec.decode``."""

    def __init__(self):
        super().__init__()
        self.codec = skae.LatentCodec(skae.Autoencoder(2, **QUICK), bits=4).fit(rows())
        self.whole = self.codec.encode(rows())

    def read(self, data):
        self.codec.decode(bytes(data))

    def mutated(self, data, seed):
        rng = random.Random(seed)
        made = bytearray(data if data[:4] == b"SKAE" and len(data) > 30 else self.whole)
        for _ in range(rng.randrange(1, 4)):
            made[rng.randrange(4, len(made))] = rng.randrange(256)
        body = bytes(made[:-4])
        return body + struct.pack("<I", zlib.crc32(body))


class TableFile(Target):
    """The command's reader of tables."""

    def read(self, data):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read_source(self.written(data))


def of_suffix(suffix):
    return type(f"TableFile{suffix}", (TableFile,), {"suffix": suffix})


TARGETS = {
    "load": Load,
    "codec": Codec,
    "csv": of_suffix(".csv"),
    "json": of_suffix(".json"),
    "xlsx": of_suffix(".xlsx"),
    "parquet": of_suffix(".parquet"),
    "feather": of_suffix(".feather"),
    "gzip": of_suffix(".csv.gz"),
}
