"""Loops that are compiled where there is a compiler, beside numpy, which computes the same."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtr

from skae.numerics import _compiled, add_bias, centred_singles, gelu_in_place

FAR_OUT = [-3e38, -1e20, -14.0, -0.0, 0.0, 1e-30, 14.0, 1e20, 3e38]
VALUES = np.concatenate([np.linspace(-45, 45, 100_001), FAR_OUT]).reshape(-1, 10)

# Where an installation had no compiler there is nothing but numpy's way, which has its tests too.
needs_loops = pytest.mark.skipif(_compiled.kernels is None, reason="installed without a compiler")


@pytest.fixture(params=[pytest.param("compiled", marks=needs_loops), "numpy"])
def way(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(_compiled, "kernels", None)
    return request.param


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a compiler")
def test_an_installation_beside_a_compiler_has_compiled_loops():
    assert _compiled.kernels is not None


def exact(values):
    values = values.astype(np.float64)
    return values * ndtr(values)


# numpy's doubles go through erf, whose argument is rounded once more.
@pytest.mark.parametrize(
    ("dtype", "bound"), [(np.float32, 2e-7), (np.float64, 2e-15)], ids=["single", "double"]
)
def test_gelu_is_exact_to_rounding(way, dtype, bound):
    values = VALUES.astype(dtype)
    expected = exact(values)
    found = gelu_in_place(values)
    assert found is values
    assert np.max(np.abs(found - expected) / np.maximum(1, np.abs(expected))) < bound


@needs_loops
def test_small_values_of_gelu_keep_their_digits_in_double_precision():
    values = np.linspace(-35, -5, 1000)
    assert_allclose(gelu_in_place(values.copy()), exact(values), rtol=5e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gelu_of_what_is_no_number_and_of_infinity(way, dtype):
    found = gelu_in_place(np.array([[np.nan, np.inf, 1.0]], dtype))
    assert_allclose(found, [[np.nan, np.inf, ndtr(1.0)]], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (7, 3), (3, 5000), (2, 3, 4)], ids=str)
def test_a_bias_of_each_unit_is_added_before(way, dtype, shape):
    rng = np.random.default_rng(0)
    units, bias = rng.normal(size=shape).astype(dtype), rng.normal(size=shape[-1]).astype(dtype)
    expected = exact(units + bias)
    assert_allclose(gelu_in_place(units.copy(), bias), expected, atol=3e-7)
    assert_array_equal(add_bias(units.copy(), bias), units + bias)
    assert_array_equal(add_bias(units.copy(), bias, rectifies=True), np.maximum(units + bias, 0))


@pytest.mark.parametrize(
    "values",
    [
        np.asfortranarray(VALUES[:50].astype(np.float32)),
        VALUES[:50, ::2],
        VALUES[:50].astype(">f8"),
        VALUES[4990:5010].astype(np.float16),
    ],
    ids=["by columns", "with gaps", "of other bytes", "half"],
)
def test_gelu_of_arrays_that_no_compiled_loop_reads(values):
    values = values.copy(order="K")
    expected = exact(values)
    assert_allclose(gelu_in_place(values), expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_biases_and_means_may_be_stored_in_any_way(way, dtype):
    units = VALUES[:50].astype(dtype)
    bias = np.linspace(-1, 1, units.shape[1])
    between = np.frombuffer(bytearray(b" " + bias.astype(dtype).tobytes()), dtype, offset=1)
    expected = add_bias(units.copy(), bias.astype(dtype))
    for stored in (between, bias.astype(">f4"), np.repeat(bias, 2)[::2], bias):
        assert_allclose(add_bias(units.copy(), stored), expected, rtol=1e-5, atol=1e-6)
        assert_allclose(gelu_in_place(units.copy(), stored), exact(expected), atol=1e-5)
    rows, mean = units.astype(np.float32), between.astype(np.float64)
    shifted = np.frombuffer(bytearray(b" " + mean.tobytes()), np.float64, offset=1)
    assert_array_equal(centred_singles(rows, shifted, 2.0), centred_singles(rows, mean, 2.0))


@pytest.mark.parametrize("rectifies", [False, True])
def test_what_is_no_number_stays_none(way, rectifies):
    found = add_bias(np.array([[np.nan, -1.0]]), np.ones(2), rectifies=rectifies)
    assert_array_equal(found, [[np.nan, 0.0]])


def test_what_threads_compute_side_by_side_is_what_one_does(way):
    alone = gelu_in_place(VALUES.copy())
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: gelu_in_place(VALUES.copy()), range(8)))
    for each in found:
        assert_array_equal(each, alone)


@pytest.mark.parametrize("offset", [0.0, 1e6, -3e15])
def test_rows_around_their_mean_are_those_of_double_precision(way, offset):
    rng = np.random.default_rng(0)
    rows = (offset + 100 * rng.normal(size=(50, 7))).astype(np.float32)
    mean, scale = rows.mean(axis=0, dtype=np.float64), 0.7
    expected = (rows.astype(np.float64) - mean) / scale
    found = centred_singles(rows, mean, scale)
    assert found.dtype == np.float32
    assert_allclose(found, expected, rtol=3e-7)


def test_rows_that_are_stored_by_columns_or_with_gaps_are_centred_alike(way):
    rows = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    mean, expected = np.arange(7.0), centred_singles(rows, np.arange(7.0), 2.0)
    assert_allclose(centred_singles(np.asfortranarray(rows), mean, 2.0), expected, rtol=1e-6)
    assert_allclose(centred_singles(rows[::3], mean, 2.0), expected[::3], rtol=1e-6)


def test_arrays_that_name_the_order_of_their_bytes_or_lie_between_places(way):
    h5py = pytest.importorskip("h5py")
    with h5py.File(BytesIO(), "w") as file:
        named = file.create_dataset("rows", data=VALUES[:50].astype(np.float32))[:]
    between = np.frombuffer(bytearray(b" " + named.tobytes()), np.float32, offset=1)
    for values in (named, between):
        expected, mean = exact(values), np.zeros(values.shape[-1])
        assert_array_equal(centred_singles(values, mean, 1.0), values)
        assert_allclose(gelu_in_place(values), expected, rtol=1e-6, atol=1e-6)


ONES = np.ones((2, 3), np.float32)
UNALIGNED = np.frombuffer(bytearray(25), np.float32, offset=1)


@needs_loops
@pytest.mark.parametrize(
    ("name", "arguments", "error", "expected"),
    [
        ("gelu_in_place", (np.ones(3, int),), TypeError, "where fd"),
        ("gelu_in_place", (ONES[:, ::2],), ValueError, "contiguous"),
        ("gelu_in_place", (ONES, np.ones(3)), TypeError, "format d, where f "),
        ("gelu_in_place", (ONES, ONES[0, :2]), ValueError, "8 bytes, where 3 values"),
        ("gelu_in_place", (UNALIGNED,), (TypeError, ValueError), "format|between"),
        ("gelu_in_place", (bytes(8),), BufferError, "not writable"),
        ("add_bias", (ONES, ONES, True), ValueError, "where 3 values"),
        ("add_bias", (ONES[:, 1:], ONES[0], True), ValueError, "contiguous"),
        ("centre_singles", (ONES, ONES[0], 1.0, ONES), TypeError, "format f, where d"),
        ("centre_singles", (ONES, np.ones(2), 1.0, ONES), ValueError, "where 3 values"),
        ("centre_singles", (ONES, np.ones(3), 1.0, ONES[0]), ValueError, "where 6 values"),
    ],
)
def test_compiled_loops_read_and_write_no_other_memory(name, arguments, error, expected):
    with pytest.raises(error, match=expected):
        getattr(_compiled.kernels, name)(*arguments)
