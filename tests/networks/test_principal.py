"""Principal directions against scikit-learn's PCA."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skae.networks import _principal, principal_directions


def blocks_of(rows, weights=None, n_blocks=3):
    weights = np.ones(len(rows)) if weights is None else weights
    halves = zip(np.array_split(rows, n_blocks), np.array_split(weights, n_blocks), strict=True)
    pairs = list(halves)
    return lambda function: [sum(each) for each in zip(*(function(*p) for p in pairs), strict=True)]


@pytest.fixture
def rows():
    X = load_digits().data[:300]
    return X - X.mean(axis=0)


@pytest.mark.parametrize("max_covariance", [2000, 0], ids=["covariance", "sketch"])
def test_directions_are_those_of_pca(rows, max_covariance, monkeypatch):
    monkeypatch.setattr(_principal, "MAX_COVARIANCE", max_covariance)
    found = principal_directions(blocks_of(rows), 64, 4, np.random.default_rng(0))
    pca = PCA(4).fit(rows)
    overlaps = np.abs(np.sum(found.directions[:4] * pca.components_, axis=1))
    np.testing.assert_allclose(overlaps, 1.0, atol=1e-6)
    n = len(rows)
    np.testing.assert_allclose(
        found.deviations[:4] ** 2, pca.explained_variance_ * (n - 1) / n, rtol=1e-6
    )
    np.testing.assert_allclose(found.total_variance, rows.var(axis=0).sum())


def test_weights_count_as_repetitions(rows):
    weights = np.random.default_rng(0).integers(0, 4, len(rows)).astype(float)
    mean = np.average(rows, axis=0, weights=weights)
    weighted = principal_directions(blocks_of(rows - mean, weights), 64, 3, None)
    repeated = np.repeat(rows - mean, weights.astype(int), axis=0)
    expected = principal_directions(blocks_of(repeated), 64, 3, None)
    np.testing.assert_allclose(weighted.directions[:3], expected.directions[:3], atol=1e-8)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_share_counts_as_pca_does(rows, share):
    found = principal_directions(blocks_of(rows), 64, None, None)
    assert found.count_for_share(share) == PCA(share).fit(rows).n_components_


def test_share_of_constant_rows_is_one_component():
    found = principal_directions(blocks_of(np.zeros((6, 3))), 3, None, None)
    assert found.count_for_share(0.9) == 1
    assert len(found.leading(2)[1]) == 0
