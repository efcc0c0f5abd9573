"""Scaling: units go away and come back."""

import numpy as np
import pytest
from scipy import sparse

from skae.model import _blocks, _scaling
from skae.model._scaling import ScaledRows, measure_scaling

RNG = np.random.default_rng(0)
X = RNG.normal([1.0, -5.0, 100.0], [1.0, 2.0, 3.0], (50, 3))


def test_mean_variance_becomes_one():
    rows = measure_scaling(X).apply(X)
    np.testing.assert_allclose(rows.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(rows.var(axis=0).mean(), 1.0)


@pytest.mark.parametrize("factor", [1e-300, 1e-20, 1.0, 1e20, 1e150])
def test_units_do_not_matter(factor):
    rows = measure_scaling(X * factor).apply(X * factor)
    np.testing.assert_allclose(rows, measure_scaling(X).apply(X), rtol=1e-9, atol=1e-12)


def test_undo_undoes():
    scaling = measure_scaling(X)
    np.testing.assert_allclose(scaling.undo(scaling.apply(X)), X, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("value", [0.1, -1 / 3, 1e6 + 0.1])
def test_constant_rows_whose_mean_is_rounded_keep_their_scale(value, dtype):
    for n_rows in (50, 1000, 100_000):
        X = np.full((n_rows, 2), value, dtype)
        scaling = measure_scaling(X)
        assert scaling.scale == 1.0
        np.testing.assert_array_equal(scaling.mean, X[0])


def test_constant_rows_that_miss_values_keep_their_scale():
    X = np.full((50, 3), 0.1)
    X[::2, 0], X[:, 2] = np.nan, np.nan
    assert measure_scaling(X, has_missing=True).scale == 1.0


def test_small_differences_of_large_values_are_no_rounding():
    X = 1e6 + 1e-6 * np.random.default_rng(0).normal(size=(10_000, 2))
    assert measure_scaling(X).scale == pytest.approx(1e-6, rel=0.05)


def test_constant_rows_keep_their_scale():
    assert measure_scaling(np.full((4, 2), 7.0)).scale == 1.0


def test_weights_count_as_repetitions():
    weights = RNG.integers(0, 3, 50).astype(float)
    weighted = measure_scaling(X, weights)
    repeated = measure_scaling(np.repeat(X, weights.astype(int), axis=0))
    np.testing.assert_allclose(weighted.mean, repeated.mean)
    np.testing.assert_allclose(weighted.scale, repeated.scale)


def test_blocks_change_nothing(monkeypatch):
    whole = measure_scaling(X)
    monkeypatch.setattr(_blocks, "_BLOCK_BYTES", 8 * 3 * 7)
    np.testing.assert_allclose(measure_scaling(X).scale, whole.scale)


HOLED = np.where(RNG.random(X.shape) < 0.3, np.nan, X)


def test_missing_values_count_for_nothing():
    scaling = measure_scaling(HOLED, has_missing=True)
    np.testing.assert_allclose(scaling.mean, np.nanmean(HOLED, axis=0))
    deviations = HOLED - np.nanmean(HOLED, axis=0)
    np.testing.assert_allclose(scaling.scale, np.sqrt(np.nanmean(deviations**2)))


def test_nothing_missing_changes_nothing():
    found, expected = measure_scaling(X, has_missing=True), measure_scaling(X)
    np.testing.assert_allclose(found.mean, expected.mean)
    np.testing.assert_allclose(found.scale, expected.scale)


def test_weights_count_as_repetitions_of_what_is_there():
    weights = RNG.integers(0, 3, 50).astype(float)
    weighted = measure_scaling(HOLED, weights, has_missing=True)
    repeated = np.repeat(HOLED, weights.astype(int), axis=0)
    np.testing.assert_allclose(weighted.mean, np.nanmean(repeated, axis=0))
    deviations = repeated - np.nanmean(repeated, axis=0)
    np.testing.assert_allclose(weighted.scale, np.sqrt(np.nanmean(deviations**2)))


def test_blocks_with_missing_values_change_nothing(monkeypatch):
    whole = measure_scaling(HOLED, has_missing=True)
    monkeypatch.setattr(_blocks, "_BLOCK_BYTES", 8 * 3 * 7)
    again = measure_scaling(HOLED, has_missing=True)
    np.testing.assert_allclose(again.mean, whole.mean)
    np.testing.assert_allclose(again.scale, whole.scale)


def test_a_feature_that_is_never_there_has_the_mean_of_the_others():
    never = np.column_stack([HOLED, np.full(50, np.nan)])
    scaling = measure_scaling(never, has_missing=True)
    np.testing.assert_allclose(scaling.mean[3], np.nanmean(HOLED))
    np.testing.assert_allclose(scaling.scale, measure_scaling(HOLED, has_missing=True).scale)


def test_a_row_of_weight_zero_does_not_hide_that_others_are_constant():
    rows = np.full((30, 2), 0.1)
    rows[::3] = np.nextafter(rows[::3], 1.0)
    weight, far = np.append(np.ones(30), 0.0), np.vstack([rows, [[1e6, -1e6]]])
    assert measure_scaling(rows).scale == 1.0
    assert measure_scaling(far, weight).scale == 1.0
    lowest, highest = ScaledRows(far, measure_scaling(far, weight), False, weight).extremes()
    assert max(np.abs(lowest).max(), np.abs(highest).max()) < 1e-9


@pytest.mark.parametrize("kept", [0, 2**20], ids=["scaled when read", "kept scaled"])
def test_missing_values_stay_missing(kept, monkeypatch):
    monkeypatch.setattr(_scaling, "_MAX_COPY_BYTES", kept)
    rows = ScaledRows(HOLED, measure_scaling(HOLED, has_missing=True))
    out = np.empty((50, 3), np.float32)
    rows.read(np.arange(50), out)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(HOLED))
    lowest, highest = rows.extremes()
    np.testing.assert_allclose(lowest, np.nanmin(out, axis=0), rtol=1e-6)
    np.testing.assert_allclose(highest, np.nanmax(out, axis=0), rtol=1e-6)


@pytest.mark.parametrize("kept", [0, 2**20], ids=["scaled when read", "kept scaled"])
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array, np.asfortranarray])
def test_rows_are_read_in_their_order(convert, kept, monkeypatch):
    monkeypatch.setattr(_scaling, "_MAX_COPY_BYTES", kept)
    scaling, indices, out = measure_scaling(X), np.array([7, 0, 49]), np.empty((3, 3), np.float32)
    ScaledRows(convert(X), scaling).read(indices, out)
    np.testing.assert_allclose(out, scaling.apply(X)[indices], rtol=1e-6)
