"""What estimators whose codes follow a distribution have in common: where samples come from."""

import functools
import pickle
from copy import deepcopy

import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

import skae
from skae import AdversarialAutoencoder, VariationalAutoencoder

WINE = StandardScaler().fit_transform(load_wine().data)
RNG = np.random.default_rng(0)
POINTS = np.array([[0.0, 0.0, 1.0, 0.0], [4.0, 0.0, 0.0, 1.0], [0.0, 3.0, 2.0, 1.0]])
THREE = np.repeat(POINTS, 150, axis=0)
CENTRES = 8.0 * RNG.normal(size=(3, 6))
LABELS = RNG.choice(3, 500, p=[0.93, 0.04, 0.03])
CLUSTERS = CENTRES[LABELS] + RNG.normal(size=(500, 6))

BOTH = pytest.mark.parametrize("cls", [VariationalAutoencoder, AdversarialAutoencoder])


def quick(cls, n_components=2, **parameters):
    # Few steps, which are not traced.
    settings = {"hidden_layer_sizes": (16,), "max_iter": 3, "batch_size": 512, "random_state": 0}
    return cls(n_components, **(settings | parameters))


@functools.cache
def of_wine(cls):
    """A fit that is not to be changed."""
    return quick(cls).fit(WINE)


def nearest(rows, points):
    apart = np.linalg.norm(rows[:, None] - points, axis=2)
    return apart.argmin(axis=1), apart.min(axis=1)


@BOTH
def test_three_distinct_rows_are_the_only_samples(cls):
    fitted = quick(cls).fit(THREE)
    rows = fitted.sample(300, random_state=0)
    which, distance = nearest(rows, fitted.reconstruct(POINTS))
    assert distance.max() < 1e-3
    assert np.bincount(which, minlength=3).min() > 70
    from_prior = fitted.sample(300, random_state=0, codes="prior")
    assert np.mean(nearest(from_prior, fitted.reconstruct(POINTS))[1] > 0.1) > 0.5


@BOTH
def test_rare_kinds_are_drawn_at_their_rate(cls):
    rows = quick(cls, 3).fit(CLUSTERS).sample(3000, random_state=0)
    rates = np.bincount(nearest(rows, CENTRES)[0], minlength=3) / 3000
    np.testing.assert_allclose(rates, np.bincount(LABELS) / 500, atol=0.02)


@BOTH
def test_rows_without_weight_are_never_drawn(cls):
    weights = np.where(LABELS == 0, 0.0, 1.0)
    rows = quick(cls, 3).fit(CLUSTERS, sample_weight=weights).sample(300, random_state=0)
    assert np.mean(nearest(rows, CENTRES)[0] == 0) < 0.02


def test_the_textbook_prior_is_there_too():
    fitted = quick(VariationalAutoencoder).fit(WINE)
    codes = np.random.RandomState(0).standard_normal((5, 2))
    rows = fitted.sample(5, random_state=0, codes="prior")
    np.testing.assert_array_equal(rows, fitted.inverse_transform(codes))


@BOTH
def test_the_posterior_is_the_default(cls):
    rows = [of_wine(cls).sample(5, random_state=0, codes=codes) for codes in (None, "posterior")]
    np.testing.assert_array_equal(*rows)


@pytest.mark.slow
@BOTH
def test_passes_leave_the_prior(cls):
    fitted = deepcopy(of_wine(cls))
    fitted.partial_fit(WINE)
    rows = [fitted.sample(5, random_state=0, codes=codes) for codes in (None, "prior")]
    np.testing.assert_array_equal(*rows)
    with pytest.raises(ValueError, match=r"codes='posterior' needs .* LatentSampler"):
        fitted.sample(codes="posterior")


@BOTH
@pytest.mark.parametrize("codes", ["mixture", 1])
def test_other_origins_are_refused(cls, codes):
    with pytest.raises(ValueError, match=rf"codes={codes!r} should be one of .*'posterior'"):
        of_wine(cls).sample(codes=codes)


@BOTH
def test_copies_draw_the_same_rows_and_are_hardly_larger(cls):
    fitted = quick(cls, hidden_layer_sizes=(256,)).fit(WINE)
    expected = fitted.sample(9, random_state=0)
    data = skops.io.dumps(fitted)
    pickled = pickle.dumps(fitted)
    for again in (pickle.loads(pickled), skops.io.loads(data, trusted=skae.skops_trusted())):
        np.testing.assert_array_equal(again.sample(9, random_state=0), expected)
    del fitted._code_mixture
    assert len(pickled) < 1.05 * len(pickle.dumps(fitted))
    # As an older version saved it.
    assert fitted.sample(9, random_state=0).shape == (9, 13)


@BOTH
def test_equal_seeds_learn_equal_distributions(cls):
    rows = [each.sample(9, random_state=0) for each in (of_wine(cls), quick(cls).fit(WINE))]
    np.testing.assert_array_equal(*rows)


def test_a_compressed_one_draws_from_the_codes_it_has(monkeypatch):
    monkeypatch.setattr("skae.compression._pruning._N_PRUNINGS", 2)
    fitted = quick(VariationalAutoencoder).fit(THREE)
    small = skae.compress(fitted, sparsity=0.5, X=THREE, max_iter=2, random_state=0)
    distance = nearest(small.sample(50, random_state=0), small.reconstruct(POINTS))[1]
    assert distance.max() < 1e-3
