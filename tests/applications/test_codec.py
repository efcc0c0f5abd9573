import pickle
import struct
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import FunctionTransformer

import skae
from skae import Autoencoder, LatentCodec
from skae.applications.codec._format import pack, unpack
from skae.applications.codec._quantiser import SymbolTable

X_IRIS = load_iris().data
X_DIGITS = load_digits().data
NORMAL = np.random.default_rng(0).normal(size=(8000, 3)) * [5.0, 2.0, 1.0]
N_OVERHEAD = 30


@pytest.fixture(scope="module")
def codec():
    return LatentCodec(PCA(3), bits=5).fit(X_IRIS)


@pytest.fixture(scope="module")
def data(codec):
    return codec.encode(X_IRIS[:20])


def with_checksum(data):
    return data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")


# Rate and distortion


def test_rows_come_back_within_a_step():
    codec = LatentCodec(PCA(), bits=8).fit(X_DIGITS[:1000, 20:30])
    rows = X_DIGITS[1000:, 20:30]
    distances = np.linalg.norm(codec.decode(codec.encode(rows)) - rows, axis=1)
    assert 0 < distances.max() <= codec.step_ * np.sqrt(10)


@pytest.mark.parametrize("bits", [3, 5, 8])
def test_step_is_that_of_high_resolution_theory(bits):
    # The entropy of a finely rounded value is its differential entropy less the step's logarithm.
    codec = LatentCodec(PCA(), bits=bits).fit(NORMAL)
    mean_log_deviation = np.log2(PCA().fit(NORMAL).explained_variance_).mean() / 2
    entropy = mean_log_deviation + 0.5 * np.log2(2 * np.pi * np.e)
    assert np.log2(codec.step_) == pytest.approx(entropy - bits, abs=0.05)


@pytest.mark.parametrize("bits", [3, 5, 8])
def test_rounding_error_is_a_twelfth_of_the_squared_step(bits):
    codec = LatentCodec(PCA(), bits=bits).fit(NORMAL)
    error = ((codec.decode(codec.encode(NORMAL)) - NORMAL) ** 2).mean()
    assert error == pytest.approx(codec.step_**2 / 12, rel=0.05)


@pytest.mark.parametrize("bits", [0.5, 2, 6])
def test_new_rows_take_the_bits_asked_for(bits):
    codec = LatentCodec(PCA(), bits=bits).fit(NORMAL)
    assert codec.bits_per_row_ == pytest.approx(3 * bits, abs=0.01)
    new = np.random.default_rng(1).normal(size=(4000, 3)) * [5.0, 2.0, 1.0]
    n_bits = 8 * (len(codec.encode(new)) - N_OVERHEAD) / len(new)
    assert n_bits == pytest.approx(3 * bits, rel=0.03)


def test_bits_are_those_of_new_rows_after_few_training_rows():
    codec = LatentCodec(PCA(), bits=5).fit(NORMAL[:30])
    n_bits = 8 * (len(codec.encode(NORMAL[1000:])) - N_OVERHEAD) / len(NORMAL[1000:])
    assert n_bits == pytest.approx(codec.bits_per_row_, rel=0.05)


@pytest.mark.parametrize(
    "reducer",
    [
        PCA(3, whiten=True),
        FunctionTransformer(lambda X: X * [1, 1e3, 1e-3], lambda code: code / [1, 1e3, 1e-3]),
        FunctionTransformer(
            lambda X: X @ [[1, 1, 0], [0, 1, 0], [0, 3, 1]],
            lambda code: code @ np.linalg.inv([[1, 1, 0], [0, 1, 0], [0, 3, 1]]),
        ),
    ],
    ids=["whitened", "scaled", "sheared"],
)
def test_units_of_the_code_do_not_matter(reducer):
    codec, plain = (LatentCodec(r, bits=4).fit(NORMAL) for r in (reducer, PCA(3)))
    assert codec.step_ == pytest.approx(plain.step_, rel=1e-3)
    errors = [((c.decode(c.encode(NORMAL)) - NORMAL) ** 2).mean() for c in (codec, plain)]
    assert errors[0] == pytest.approx(errors[1], rel=0.02)


def test_what_the_decoder_ignores_takes_no_bits():
    reducer = FunctionTransformer(None, lambda code: code * [1, 0, 0], check_inverse=False)
    codec = LatentCodec(reducer, bits=2).fit(NORMAL)
    alone = LatentCodec(PCA(1), bits=6).fit(NORMAL[:, :1])
    assert codec.step_ == pytest.approx(alone.step_, rel=1e-3)


def test_few_bits_round_to_the_mean_of_an_interval():
    # Half of the values are far above the others: with one bit each, both means are met.
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.exponential(1, (500, 1)), 20 - rng.exponential(1, (500, 1))])
    codec = LatentCodec(PCA(1), bits=1).fit(X)
    rows = codec.decode(codec.encode(X))
    means = [X[rows == value].mean() for value in np.unique(rows)]
    np.testing.assert_allclose(np.unique(rows), means, atol=0.1)


def test_more_bits_than_levels_are_not_spent():
    codec = LatentCodec(PCA(3), bits=16).fit(X_IRIS)
    widest = np.ptp(PCA(3).fit_transform(X_IRIS)[:, 0])
    assert codec.step_ == pytest.approx(widest / 2**16)
    assert codec.bits_per_row_ < 3 * 16


@pytest.mark.slow
def test_autoencoder_beats_pca_at_equal_bytes():
    train, test = X_DIGITS[:1300] / 16, X_DIGITS[1300:] / 16
    errors, sizes = [], []
    for reducer in (Autoencoder(8, max_iter=60), PCA(8)):
        codec = LatentCodec(reducer, bits=4, random_state=0).fit(train)
        data = codec.encode(test)
        errors.append(((codec.decode(data) - test) ** 2).sum(axis=1).mean())
        sizes.append(len(data))
    assert errors[0] < 0.8 * errors[1]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.02)


# Rows of all kinds


@pytest.mark.parametrize("n_rows", [0, 1, 150])
def test_any_number_of_rows(n_rows, codec):
    rows = codec.decode(codec.encode(X_IRIS[:n_rows]))
    assert rows.shape == (n_rows, 4)
    np.testing.assert_allclose(rows, X_IRIS[:n_rows], atol=0.6)


def test_rows_do_not_depend_on_those_encoded_with_them(codec):
    together = codec.decode(codec.encode(X_IRIS))
    alone = codec.decode(codec.encode(X_IRIS[40:41]))
    np.testing.assert_allclose(alone, together[40:41])


@pytest.mark.parametrize("factor", [-30.0, 1e3, 1e6])
def test_rows_outside_the_range_of_the_fit_are_not_clipped(factor, codec):
    rows = np.concatenate([X_IRIS[:2], factor * X_IRIS[:2]])
    pca = PCA(3).fit(X_IRIS)
    expected = pca.inverse_transform(pca.transform(rows))
    decoded = codec.decode(codec.encode(rows))
    assert np.linalg.norm(decoded - expected, axis=1).max() < codec.step_ * np.sqrt(3)


def test_rows_beyond_all_integers_are_refused(codec):
    with pytest.raises(ValueError, match=r"Row 1 of X lies .*e\+300 steps from the mean"):
        codec.encode([[1, 0, 0, 0], [1e300, 0, 0, 0]])


@pytest.mark.parametrize(
    ("given", "returned"),
    [(np.float32, np.float32), (np.float64, np.float64), (np.int64, np.float64)],
)
def test_dtype_comes_back(given, returned, codec):
    assert codec.decode(codec.encode((10 * X_IRIS).astype(given))).dtype == returned


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_anything_that_holds_bytes_is_decoded(kind, codec, data):
    np.testing.assert_array_equal(codec.decode(kind(data)), codec.decode(data))


def test_constant_rows():
    X = np.full((5, 3), 7.0)
    codec = LatentCodec(Autoencoder(1, max_iter=2)).fit(X)
    np.testing.assert_allclose(codec.decode(codec.encode(X)), X)


def test_single_training_row():
    codec = LatentCodec(Autoencoder(1, max_iter=2)).fit([[1.0, 2.0]])
    np.testing.assert_allclose(codec.decode(codec.encode([[1.0, 2.0]])), [[1.0, 2.0]], atol=1e-6)


def test_default_suits_a_small_table():
    X = np.random.default_rng(0).normal(size=(10, 2))
    codec = LatentCodec(random_state=0).fit(X)
    assert isinstance(codec.reducer_, Autoencoder)
    assert np.abs(codec.decode(codec.encode(X)) - X).max() < 0.5


def test_other_columns_are_refused(codec):
    with pytest.raises(ValueError, match="X has 3 features, but LatentCodec is expecting 4"):
        codec.encode(X_IRIS[:, :3])


def test_missing_values_are_refused(codec):
    with pytest.raises(ValueError, match="contains NaN"):
        codec.encode([[np.nan, 0, 0, 0]])


# Bytes


def test_every_flipped_bit_is_found(codec, data):
    for position in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(ValueError, match="damaged"):
            codec.decode(flipped)


def test_every_cut_is_found(codec, data):
    for length in range(len(data)):
        with pytest.raises(ValueError, match=r"cut.* Pass all bytes that encode returned"):
            codec.decode(data[:length])


def test_bytes_that_follow_are_found(codec, data):
    with pytest.raises(ValueError, match="followed by others"):
        codec.decode(data + b"\0")
    with pytest.raises(ValueError, match="followed by others"):
        codec.decode(data + data)


def test_newer_version_is_refused(codec, data):
    newer = with_checksum(data[:4] + b"\2" + data[5:])
    with pytest.raises(ValueError, match=r"version 2, but this skae reads version 1.* Upgrade"):
        codec.decode(newer)


def test_other_formats_are_refused(codec):
    with pytest.raises(ValueError, match=r"begin with .*PNG.* and not with b'SKAE'"):
        codec.decode(b"\x89PNG" + bytes(100))


@pytest.mark.parametrize(
    "other",
    [
        LatentCodec(PCA(3), bits=4).fit(X_IRIS),
        LatentCodec(PCA(3), bits=5).fit(X_IRIS[::-1] + 1e-9),
        LatentCodec(PCA(2), bits=5).fit(X_IRIS),
    ],
    ids=["bits", "rows", "components"],
)
def test_bytes_of_another_model_are_refused(other, codec, data):
    message = f"another model, with fingerprint {codec.fingerprint_}; this one has"
    with pytest.raises(ValueError, match=message):
        other.decode(data)


def test_another_decoder_is_another_model(codec):
    pca = PCA(3).fit(X_IRIS)
    negative = FunctionTransformer(
        pca.transform, lambda code: -pca.inverse_transform(code), check_inverse=False
    )
    assert LatentCodec(negative, bits=5).fit(X_IRIS).fingerprint_ != codec.fingerprint_


@pytest.mark.parametrize("given", ["text", None, [1, 2]])
def test_only_bytes_are_decoded(given, codec):
    with pytest.raises(TypeError, match=f"should be bytes.* got {type(given).__name__}"):
        codec.decode(given)


def test_format_stays_readable():
    # Bytes of version 1, written once.
    weights = np.array([2**20, 2**21, 2**19, 1], np.int32)
    tables = [SymbolTable(-1, weights, np.arange(-1.0, 2)), SymbolTable(0, weights, np.arange(3.0))]
    symbols = np.array([[-1, 0], [0, 2], [0, 1], [1, -7], [2**31 - 1, 1]], np.int32)
    data = bytes.fromhex(FORMAT_1)
    read, dtype = unpack(data, tables, b"skaeskae", 3)
    np.testing.assert_array_equal(read, symbols)
    assert dtype == np.float32
    assert pack(symbols, tables, np.float32, b"skaeskae", 3) == data


FORMAT_1 = (
    "534b41450166050000000200000010000000736b6165736b61651915b938f747080cc0f38cb6efd2f7de9852c123"
)


@pytest.mark.slow
def test_few_bytes_stand_for_few_values():
    """Rows of a tenth of a bit and 3000 features: 430 bytes could stand for 5.6 GB."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5)) @ rng.normal(size=(5, 3000))
    codec = LatentCodec(PCA(2), bits=0.05).fit(X)
    for n_bytes in (0, 400):
        n_most = (2**22 + 2**16 * n_bytes) // 3000
        for n_rows in (n_most + 1, 2**32 - 1):
            data = announcing(codec, n_rows, n_bytes)
            with pytest.raises(ValueError, match=f"{n_rows} rows, but {n_bytes} bytes hold"):
                codec.decode(data)
    few = np.repeat(X.mean(axis=0, keepdims=True), 2**22 // 3000, axis=0)
    assert codec.decode(codec.encode(few)).shape == few.shape
    with pytest.raises(ValueError, match="Encode so many at a time"):
        codec.encode(np.repeat(few, 30, axis=0))


def announcing(codec, n_rows, n_bytes):
    fingerprint = bytes.fromhex(codec.fingerprint_)
    header = struct.pack("<4sBBIII8s", b"SKAE", 1, ord("d"), n_rows, 2, n_bytes, fingerprint)
    return with_checksum(header + bytes(n_bytes) + bytes(4))


def test_rows_of_a_bit_are_taken_however_wide():
    X = np.outer(np.random.default_rng(0).normal(size=200), np.ones(20_000))
    codec = LatentCodec(PCA(1), bits=1).fit(X)
    again = codec.decode(codec.encode(np.tile(X, (5, 1))))
    assert again.shape == (1000, 20_000)


@pytest.mark.slow
def test_copies_in_other_processes_read_the_same(tmp_path, codec):
    (tmp_path / "codec").write_bytes(pickle.dumps(codec))
    (tmp_path / "data").write_bytes(codec.encode(X_IRIS))
    script = (
        "import pathlib, pickle, sys\n"
        "codec = pickle.loads(pathlib.Path('codec').read_bytes())\n"
        "rows = codec.decode(pathlib.Path('data').read_bytes())\n"
        "assert codec.encode(rows) == codec.encode(rows.copy())\n"
        "sys.stdout.buffer.write(rows.tobytes())"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout == codec.decode(codec.encode(X_IRIS)).tobytes()


def test_equal_seeds_write_equal_bytes():
    first, second = (
        LatentCodec(Autoencoder(2, init="random", max_iter=2), random_state=0).fit(X_IRIS)
        for _ in range(2)
    )
    assert first.encode(X_IRIS) == second.encode(X_IRIS)


# The contract


def test_fit_needs_no_constriction(monkeypatch):
    monkeypatch.setitem(sys.modules, "constriction", None)
    codec = LatentCodec(PCA(2)).fit(X_IRIS)
    with pytest.raises(ImportError, match=r'pip install "skae\[codec\]"'):
        codec.encode(X_IRIS)


def test_frozen_autoencoder_is_kept():
    pca = PCA(2).fit(X_IRIS[:100])
    codec = LatentCodec(FrozenEstimator(pca)).fit(X_IRIS)
    assert codec.reducer_.estimator is pca


def test_autoencoder_given_is_left_alone():
    pca = PCA(2).fit(X_IRIS[:100])
    mean = pca.mean_.copy()
    codec = LatentCodec(pca).fit(X_IRIS)
    np.testing.assert_array_equal(pca.mean_, mean)
    np.testing.assert_allclose(codec.reducer_.mean_, X_IRIS.mean(axis=0))


def test_frames_and_their_output_are_taken(codec):
    frame = pd.DataFrame(X_IRIS, columns=list("abcd"))
    fitted = LatentCodec(PCA(3).set_output(transform="pandas"), bits=5).fit(frame)
    np.testing.assert_allclose(
        fitted.decode(fitted.encode(frame)), codec.decode(codec.encode(X_IRIS))
    )
    assert list(fitted.feature_names_in_) == list("abcd")
    frozen = LatentCodec(FrozenEstimator(PCA(3).fit(frame))).fit(frame)
    assert isinstance(frozen.encode(frame), bytes)


@pytest.mark.parametrize("bits", [0, 17, "8"])
def test_bits_are_checked(bits):
    with pytest.raises(ValueError, match=f"'bits' parameter of LatentCodec .* Got {bits!r}"):
        LatentCodec(bits=bits).fit(X_IRIS)


@pytest.mark.parametrize("autoencoder", [PCA, FunctionTransformer.fit])
def test_class_is_no_autoencoder(autoencoder):
    with pytest.raises((TypeError, ValueError), match=r"is not an estimator|must be an object"):
        LatentCodec(autoencoder).fit(X_IRIS)


def test_failed_fit_changes_nothing(codec, data):
    codec = pickle.loads(pickle.dumps(codec)).set_params(reducer=PCA(7))
    with pytest.raises(ValueError, match="n_components=7"):
        codec.fit(X_IRIS[:, :3])
    assert codec.n_features_in_ == 4
    assert codec.encode(X_IRIS[:20]) == data


def test_unfitted_codec_says_so():
    with pytest.raises(NotFittedError, match="LatentCodec"):
        LatentCodec().decode(b"")


def test_codec_saved_with_skops_reads_the_bytes(codec, data):
    saved = skops.io.dumps(codec)
    again = skops.io.loads(saved, trusted=skae.skops_trusted())
    np.testing.assert_array_equal(again.decode(data), codec.decode(data))
