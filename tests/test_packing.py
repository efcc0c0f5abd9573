"""Packed arrays: small integers come back within half a step, everything else exactly."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from skae.model._packing import pack, unpack

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(40, 6)).astype(np.float32)


def sparse(share, shape=(40, 6)):
    """About this share of zeros."""
    array = RNG.normal(size=shape).astype(np.float32)
    array[RNG.random(shape) < share] = 0.0
    return array


ARRAYS = {
    "normal": NORMAL,
    "half zeros": sparse(0.5),
    "mostly zeros": sparse(0.97),
    "heavy tails": RNG.standard_t(2, size=(60, 5)).astype(np.float32),
    "odd": RNG.normal(size=(7, 3)).astype(np.float32),
    "one entry": np.full((1, 1), -0.3, np.float32),
    "empty channel": NORMAL * np.float32([1, 0, 1, 1, 0, 1]),
    "kernel of images": sparse(0.3, (3, 3, 4, 5)),
    "kernel of sequences": sparse(0.9, (5, 4, 7)),
    "tiny": NORMAL * np.float32(1e-30),
    "huge": NORMAL * np.float32(1e30),
    "uneven channels": NORMAL * np.float32([1e-3, 1e-2, 0.1, 1, 10, 100]),
}


def steps(packed):
    """What one integer is worth in each channel."""
    return packed.unit * packed.scales.astype(np.float64)


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("name", ARRAYS)
def test_an_entry_comes_back_within_half_a_step_unless_clipped(name, bits):
    array = ARRAYS[name]
    packed, largest = pack(array, bits), 2 ** (bits - 1) - 1
    again, step = unpack(packed), steps(packed)
    assert (again.shape, again.dtype) == (array.shape, np.float32)
    is_clipped = np.abs(array) > (largest + 0.5) * step
    error = np.abs(again.astype(np.float64) - array)
    assert np.all((error <= 0.5001 * step) | is_clipped)
    limits = np.broadcast_to(largest * step, array.shape)[is_clipped]
    np.testing.assert_allclose(np.abs(again)[is_clipped], limits, rtol=1e-6)


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("name", ARRAYS)
def test_steps_are_as_fine_as_the_largest_entry_of_a_channel_allows(name, bits):
    array = ARRAYS[name]
    tops = np.abs(array.astype(np.float64)).reshape(-1, array.shape[-1]).max(axis=0)
    finest = tops / (2 ** (bits - 1) - 1)
    step = steps(pack(array, bits))[tops > 0]
    assert np.all(step <= 1.01 * finest[tops > 0])
    assert np.all(step >= 0.49 * finest[tops > 0])


@pytest.mark.parametrize("bits", [8, 4, None])
@pytest.mark.parametrize("name", ARRAYS)
def test_zeros_stay_zeros(name, bits):
    array = ARRAYS[name]
    assert np.all(unpack(pack(array, bits))[array == 0] == 0)


@pytest.mark.parametrize("name", ARRAYS)
def test_all_bits_are_exact(name):
    np.testing.assert_array_equal(unpack(pack(ARRAYS[name], None)), ARRAYS[name])


@pytest.mark.parametrize("bits", [8, 4, None])
@pytest.mark.parametrize(
    ("share", "coding"), [(0.0, "all"), (0.6, "map"), (0.97, "gaps"), (1.0, "gaps")]
)
def test_every_coding_keeps_every_place(share, coding, bits):
    """Whole multiples of a power of two, up to the largest integer, need no rounding."""
    largest = 7 if bits == 4 else 127
    array = RNG.integers(1, largest, size=(101, 3)).astype(np.float32)
    array[RNG.random(array.shape) < share] = 0.0
    if share < 1:
        array[0] = largest
    packed = pack(array / 64, bits)
    assert packed.coding == coding
    np.testing.assert_array_equal(unpack(packed), array / 64)


@pytest.mark.parametrize("bits", [8, 4, None])
@pytest.mark.parametrize(
    "places",
    [[0], [2999], [254, 509], [255, 511], [256, 513], [0, 1, 2, 1500, 2999], [510, 1021], [765]],
    ids=str,
)
def test_long_gaps(places, bits):
    flat = np.zeros(3000, np.float32)
    flat[places] = 127 if bits != 4 else 7
    packed = pack(flat.reshape(1000, 3), bits)
    assert packed.coding == "gaps"
    np.testing.assert_array_equal(unpack(packed).ravel(), flat)


@pytest.mark.parametrize("bits", [8, 4, None])
def test_nothing_but_zeros(bits):
    packed = pack(np.zeros((5, 4), np.float32), bits)
    assert packed.values.size == 0
    np.testing.assert_array_equal(unpack(packed), np.zeros((5, 4)))


def test_an_empty_channel_does_not_coarsen_the_others():
    array = NORMAL * np.float32(1e-7)
    beside = np.insert(array, 2, 0.0, axis=1)
    np.testing.assert_array_equal(
        np.delete(unpack(pack(beside, 8)), 2, axis=1), unpack(pack(array, 8))
    )


@pytest.mark.parametrize("ratio", [1e-4, 1e-6])
def test_a_small_channel_beside_a_large_one_keeps_its_values(ratio):
    array = NORMAL * np.float32([1, ratio, 1, 1, 1, 1])
    again = unpack(pack(array, 8))
    correlation = np.corrcoef(again[:, 1], array[:, 1])[0, 1]
    assert correlation > 0.999


@pytest.mark.parametrize("scale", [1e-45, 1e-38, 1.0, 1e37])
@pytest.mark.parametrize("bits", [8, 4])
def test_the_ends_of_float32(scale, bits):
    array = (NORMAL * np.float64(scale)).astype(np.float32)
    again = unpack(pack(array, bits))
    assert np.all(np.isfinite(again))
    assert np.abs(again).max() <= 1.001 * np.abs(array).max()


@pytest.mark.parametrize("bits", [8, 4, None])
@pytest.mark.parametrize("array", [NORMAL[:, 0], NORMAL[0, 0]], ids=["vector", "number"])
def test_vectors_and_numbers_are_exact(array, bits):
    again = unpack(pack(np.asarray(array), bits))
    assert again.shape == array.shape
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize(("bits", "n_bytes"), [(8, 240), (4, 120), (None, 960)])
def test_values_take_their_bits(bits, n_bytes):
    assert pack(NORMAL, bits).values.nbytes == n_bytes


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("bits", [8, 4, None])
def test_zeros_take_no_more_than_a_bit(share, bits):
    array = sparse(share, (64, 64))
    packed = pack(array, bits)
    n_values = np.count_nonzero(unpack(packed))
    assert packed.n_values == n_values
    assert packed.places.nbytes <= min(64 * 64 / 8, n_values + 64 * 64 / 255)


@pytest.mark.parametrize("bits", [8, 4, None])
def test_the_same_bits_at_every_call_and_after_a_pickle(bits):
    packed = pack(ARRAYS["mostly zeros"], bits)
    again = unpack(pickle.loads(pickle.dumps(packed)))
    np.testing.assert_array_equal(again, unpack(packed))
    np.testing.assert_array_equal(again, unpack(packed))


def test_packing_what_was_packed_changes_only_what_was_rounded_again():
    once = unpack(pack(NORMAL, 8))
    step = steps(pack(once, 8))
    assert np.all(np.abs(unpack(pack(once, 8)) - once) <= 0.5001 * step)


def test_the_packed_array_is_not_the_array():
    """Unpacked arrays may be written to."""
    packed = pack(NORMAL.copy(), None)
    before = replace(packed, values=packed.values.copy())
    unpack(packed)[:] = 0.0
    np.testing.assert_array_equal(unpack(packed), unpack(before))
