"""Files that are damaged in a byte: refused in words, or loaded with the same predictions.

    python -m benchmarks.damage [--quick]

Each kind of file is damaged 400 times, each time in one byte, and read by another process.
What counts is that nothing loads with other predictions, nothing crashes or hangs, and that no file
takes more than a second of processor time, or 200 MB more than a whole one. Linux only: peaks are
read from /proc.
"""

import io
import json
import pickle
import subprocess
import sys
import time
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks._harness import ROOT, parse_options

N_FILES, N_QUICK = 400, 20
LONGEST, MOST_MB = 1.0, 200.0
# A process that says nothing for so long hangs.
PATIENCE = 30.0
COLUMNS = ("kind", "bytes", "files", "refused", "other errors", "equal", "changed", "crashes")


# What is stored


def rows():
    from sklearn.datasets import load_digits

    return load_digits().data[:300]


def fitted():
    """An autoencoder that knows how its codes are distributed, so that all its parts are there."""
    import skae

    options = {"hidden_layer_sizes": (16,), "max_iter": 3, "early_stopping": False}
    return skae.VariationalAutoencoder(4, random_state=0, **options).fit(rows())


def codec():
    import skae

    options = {"hidden_layer_sizes": (16,), "max_iter": 3, "early_stopping": False}
    inner = skae.Autoencoder(4, random_state=0, **options)
    return skae.LatentCodec(inner, bits=4).fit(rows())


def answers_of_autoencoder(estimator, reference):
    return [
        estimator.transform(rows()),
        estimator.reconstruct(rows()),
        estimator.score_samples(rows()[:20]),
        estimator.sample(5, random_state=0),
    ]


def answers_of_codec(estimator, reference):
    return [estimator.decode(reference), np.frombuffer(estimator.encode(rows()), np.uint8)]


# Kinds of files: how they are written, and what they say when they are read


def to_joblib(estimator):
    import joblib

    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    return buffer.getvalue()


def of_joblib(data):
    import joblib

    return joblib.load(io.BytesIO(data))


def to_skops(estimator):
    import skops.io

    return skops.io.dumps(estimator)


def of_skops(data):
    import skops.io

    import skae

    return skops.io.loads(data, trusted=skae.skops_trusted())


def to_skae(estimator):
    import skae

    with TemporaryDirectory() as directory:
        path = Path(directory) / "estimator.skae"
        skae.save(estimator, path)
        return path.read_bytes()


def of_skae(data):
    import skae

    with TemporaryDirectory() as directory:
        path = Path(directory) / "estimator.skae"
        path.write_bytes(data)
        return skae.load(path)


def to_compressed(estimator):
    return zlib.compress(pickle.dumps(estimator))


def of_compressed(data):
    return pickle.loads(zlib.decompress(data))


KINDS = {
    "pickle": (fitted, pickle.dumps, pickle.loads),
    "compressed pickle": (fitted, to_compressed, of_compressed),
    "joblib": (fitted, to_joblib, of_joblib),
    "skops": (fitted, to_skops, of_skops),
    "skae.save": (fitted, to_skae, of_skae),
    "codec bytes": (codec, None, None),
    "codec pickle": (codec, pickle.dumps, pickle.loads),
}


def prepare(kind, directory):
    """Write a whole file, what it answers, and what a codec needs beside it."""
    make, write, _ = KINDS[kind]
    directory.mkdir()
    estimator = make()
    reference = estimator.encode(rows()) if make is codec else b""
    data = reference if write is None else write(estimator)
    (directory / "whole").write_bytes(data)
    (directory / "reference").write_bytes(reference)
    (directory / "estimator").write_bytes(pickle.dumps(estimator))
    answers = answers_of(kind, estimator, reference)
    np.savez(directory / "answers.npz", *answers)
    return len(data)


def answers_of(kind, estimator, reference):
    is_codec = KINDS[kind][0] is codec
    return (answers_of_codec if is_codec else answers_of_autoencoder)(estimator, reference)


def damaged(data, number):
    """Bytes of which one is another, the same at every call."""
    rng = np.random.default_rng(number)
    spoilt = bytearray(data)
    spoilt[rng.integers(len(data))] ^= int(rng.integers(1, 256))
    return bytes(spoilt)


# Reading, in another process


def read(kind, directory, first, last):
    """Print what became of each file, one a line."""
    directory = Path(directory)
    data = (directory / "whole").read_bytes()
    reference = (directory / "reference").read_bytes()
    with np.load(directory / "answers.npz") as stored:
        expected = [stored[name] for name in stored.files]
    keeper = pickle.loads((directory / "estimator").read_bytes())
    # What a whole file takes, libraries included, is not what damage takes.
    outcome_of(kind, data, reference, keeper, expected)
    for number in range(first, last):
        spoilt = damaged(data, number)
        before = reset_peak()
        start = time.process_time()
        outcome = outcome_of(kind, spoilt, reference, keeper, expected)
        seconds = time.process_time() - start
        print(json.dumps([kind, number, outcome, seconds, peak_mb() - before]), flush=True)


def outcome_of(kind, data, reference, keeper, expected):
    import warnings

    load = KINDS[kind][2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if load is None:
                found = [keeper.decode(data), expected[1]]
            else:
                found = answers_of(kind, load(data), reference)
        except ValueError:
            return "refused"
        except Exception as error:
            # Of pickle, zlib and skops themselves, before anything of ours is asked.
            return f"other: {type(error).__name__}"
    is_equal = all(
        a.shape == b.shape and np.array_equal(a, b) for a, b in zip(found, expected, strict=True)
    )
    return "equal" if is_equal else "changed"


def reset_peak():
    """Forget the highest memory so far; returns what is resident, in MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return status_mb("VmRSS")


def peak_mb():
    return status_mb("VmHWM")


def status_mb(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


# The table


def measure(kind, n_files):
    """Outcomes of all files of a kind; a process that dies is followed by another."""
    return measure_together([kind], n_files)[kind]


def measure_together(kinds, n_files):
    """Bytes of a whole file and outcomes of the damaged ones, by kind, in as few processes."""
    found = {kind: [] for kind in kinds}
    with TemporaryDirectory() as directory:
        places = {kind: Path(directory) / str(number) for number, kind in enumerate(found)}
        n_bytes = {kind: prepare(kind, place) for kind, place in places.items()}
        while unread := [kind for kind in found if len(found[kind]) < n_files]:
            work = [(kind, str(places[kind]), len(found[kind]), n_files) for kind in unread]
            for kind, *outcome in in_a_process(work):
                found[kind].append(outcome)
            # The first that is not done is the one whose file ended the process.
            for kind in [kind for kind in unread if len(found[kind]) < n_files][:1]:
                found[kind].append([len(found[kind]), "crashed", 0.0, 0.0])
    return {kind: (n_bytes[kind], found[kind]) for kind in found}


def in_a_process(work):
    code = f"from benchmarks.damage import read\nfor each in {work!r}: read(*each)"
    command = [sys.executable, "-c", code]
    # A hang is ended by the limit of all files together.
    limit = sum(PATIENCE + 2 * LONGEST * (last - first) for _, _, first, last in work)
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=limit
        )
        output = done.stdout
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
    return [json.loads(line) for line in output.decode().splitlines()]


def row(kind, n_bytes, found):
    outcomes = [outcome for _, outcome, _, _ in found]
    counts = {
        name: sum(outcome.startswith(name) for outcome in outcomes)
        for name in ("refused", "other", "equal", "changed", "crashed")
    }
    seconds = max(seconds for *_, seconds, _ in found)
    megabytes = max(megabytes for *_, megabytes in found)
    is_fine = not counts["changed"] and not counts["crashed"]
    is_fine &= seconds <= LONGEST and megabytes <= MOST_MB
    cells = [kind, n_bytes, len(found), *counts.values(), f"{seconds:.2f}", f"{megabytes:.0f}"]
    return [*map(str, cells), "yes" if is_fine else "NO"], is_fine


def main(argv=None):
    options = parse_options(__doc__, argv)
    heads = [*COLUMNS, "slowest, s", "most, MB", "ok"]
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads), flush=True)
    all_fine = True
    for kind in KINDS:
        n_bytes, found = measure(kind, N_QUICK if options.quick else N_FILES)
        cells, is_fine = row(kind, n_bytes, found)
        all_fine &= is_fine
        print("| " + " | ".join(cells) + " |", flush=True)
    return 0 if all_fine else 1


if __name__ == "__main__":
    sys.exit(main())
