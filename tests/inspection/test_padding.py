"""Timesteps that only fill a sequence up are neither counted as error nor drawn."""

import numpy as np
import pytest

from skae import RecurrentAutoencoder, inspection
from skae.inspection import FeatureContributionDisplay, ReconstructionErrorDisplay

MASK_VALUES = [-9.0, np.nan]


def padded(mask_value):
    """Sequences of six timesteps of two features, a quarter of them two steps shorter."""
    rows = np.random.default_rng(0).normal(size=(40, 6, 2))
    rows[::4, 4:] = mask_value
    return rows.reshape(40, 12)


def fit(mask_value):
    return RecurrentAutoencoder(
        3, sample_shape=(6, 2), mask_value=mask_value, max_iter=2, random_state=0
    ).fit(padded(mask_value))


@pytest.mark.parametrize("mask_value", MASK_VALUES)
def test_padding_is_no_error(mask_value):
    autoencoder, X = fit(mask_value), padded(mask_value)
    display = ReconstructionErrorDisplay.from_estimator(autoencoder, X)
    squares = (X - autoencoder.reconstruct(X)) ** 2
    np.testing.assert_allclose(display.errors[0], squares[0, :8].mean())
    np.testing.assert_allclose(display.errors[1], squares[1].mean())


@pytest.mark.parametrize("mask_value", MASK_VALUES)
@pytest.mark.parametrize("name", ["ReconstructionDisplay", "DenoisingDisplay"])
def test_padding_is_not_drawn(name, mask_value):
    autoencoder, X = fit(mask_value), padded(mask_value)
    display = getattr(inspection, name).from_estimator(autoencoder, X, n_rows=2)
    assert display.axes_[0, 0].lines
    for ax in display.axes_[0]:
        for line in ax.lines:
            values = np.asarray(line.get_ydata(), dtype=float)
            assert np.isfinite(values[:4]).all()
            assert np.isnan(values[4:6]).all()
        low, high = ax.get_ylim()
        assert -6 < low < high < 6


def test_missing_values_add_nothing_to_a_score():
    X = np.array([[1.0, np.nan, 2.0], [0.0, 0.1, 0.0]])
    display = FeatureContributionDisplay.from_predictions(X, np.zeros((2, 3)))
    np.testing.assert_allclose(display.contributions, [[0.5, 0.0, 2.0]])


def test_gaps_are_no_error():
    X = np.array([[1.0, np.nan], [3.0, 4.0]])
    display = ReconstructionErrorDisplay.from_predictions(X, np.zeros((2, 2)))
    np.testing.assert_allclose(display.errors, [1.0, 12.5])


def test_a_row_without_values_is_refused():
    X = np.array([[1.0, 2.0], [np.nan, np.nan]])
    with pytest.raises(ValueError, match="Row 1 of X has no values"):
        ReconstructionErrorDisplay.from_predictions(X, np.zeros((2, 2)))
