"""Corruption: what is changed, how often, and to what."""

import keras
import numpy as np
import pytest

from skae.backend._random import RandomDraws
from skae.objectives import CORRUPTIONS

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(400, 50)).astype(np.float32)


def corrupted(noise, level, rows=ROWS, weights=None, seed=0, **scalars):
    weights = np.ones(len(rows), np.float32) if weights is None else weights
    batch = {"rows": keras.ops.convert_to_tensor(rows), "weights": weights}
    random = RandomDraws(keras.ops.convert_to_tensor([seed, 0], "int32"))
    scalars = {"noise_level": np.float32(level), **scalars}
    return np.asarray(CORRUPTIONS[noise](keras.ops, batch, scalars, random))


def test_gaussian_noise_has_its_deviation():
    noise = corrupted("gaussian", 0.3) - ROWS
    assert noise.std() == pytest.approx(0.3, rel=0.03)
    assert abs(noise.mean()) < 0.01


@pytest.mark.parametrize("noise", ["masking", "salt_and_pepper", "swap"])
@pytest.mark.parametrize("level", [0.0, 0.25, 1.0])
def test_the_share_of_changed_values(noise, level):
    extremes = {"lowest": ROWS.min(axis=0), "highest": ROWS.max(axis=0)}
    changed = corrupted(noise, level, **extremes) != ROWS
    assert changed.mean() == pytest.approx(level, abs=0.02)


def test_masked_values_are_the_mean():
    values = corrupted("masking", 0.5)
    assert set(np.unique(values[values != ROWS])) == {0.0}


def test_salt_and_pepper_are_the_extremes_of_their_feature():
    lowest, highest = ROWS.min(axis=0), ROWS.max(axis=0)
    values = corrupted("salt_and_pepper", 1.0, lowest=lowest, highest=highest)
    is_high = values == highest
    assert np.all(is_high | (values == lowest))
    assert is_high.mean() == pytest.approx(0.5, abs=0.02)


def test_swapped_values_come_from_the_same_feature_of_real_rows():
    rows = np.where(np.arange(400)[:, None] < 10, ROWS, 99.0).astype(np.float32)
    weights = (np.arange(400) < 10).astype(np.float32)
    values = corrupted("swap", 1.0, rows, weights)
    for feature in range(50):
        assert set(values[:10, feature]) <= set(rows[:10, feature])


def test_every_seed_corrupts_anew():
    assert np.array_equal(corrupted("gaussian", 1.0), corrupted("gaussian", 1.0))
    assert not np.array_equal(corrupted("gaussian", 1.0), corrupted("gaussian", 1.0, seed=1))
