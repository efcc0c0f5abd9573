"""Learned priors against scipy, numerical derivatives and moments of draws."""

import keras
import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from skae.networks import coupling, prior_weight
from skae.networks._priors import prior_shapes
from skae.objectives import flow_inverse, prior_log_density
from skae.objectives._priors import flow_forward

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(20, 3))
N_PARTS = 4


def no_rows(rows):
    raise AssertionError("nothing is encoded")


def random_prior(kind, n_parts=N_PARTS, n_components=3, n_features=5, size=0.7):
    rng = np.random.default_rng(1)
    shapes = prior_shapes(kind, n_parts, n_components, n_features)
    return {name: size * rng.normal(size=shape) for name, shape in shapes.items()}


def posteriors(rows):
    """Of pseudo-inputs: their first values, and variances that differ."""
    return rows[:, :3], -0.3 * rows[:, 2:5]


def shares_of(prior):
    weights = np.exp(prior[prior_weight("logits")])
    return weights / weights.sum()


def test_a_mixture_has_the_density_of_its_parts():
    prior = random_prior("mixture")
    expected = np.zeros(len(CODES))
    factors = prior[prior_weight("factors")]
    for share, mean, raw in zip(
        shares_of(prior), prior[prior_weight("means")], factors, strict=True
    ):
        upper = np.triu(raw, 1) + np.diag(np.exp(np.diag(raw)))
        covariance = np.linalg.inv(upper @ upper.T)
        expected += share * multivariate_normal(mean, covariance).pdf(CODES)
    found = prior_log_density(np, "mixture", prior, no_rows)(CODES)
    np.testing.assert_allclose(found, np.log(expected), rtol=1e-10)


def test_pseudo_inputs_have_the_density_of_their_posteriors():
    prior = random_prior("vamp")
    means, log_variances = posteriors(prior[prior_weight("rows")])
    deviations = np.exp(0.5 * log_variances)
    parts = norm.pdf(CODES[:, None], means, deviations).prod(axis=2)
    found = prior_log_density(np, "vamp", prior, posteriors)(CODES)
    np.testing.assert_allclose(found, np.log(parts @ shares_of(prior)), rtol=1e-10)


def test_the_log_determinant_of_a_flow_is_that_of_its_derivative():
    prior, step = random_prior("flow"), 1e-6
    _, found = flow_forward(np, prior, CODES)
    for code, log_determinant in zip(CODES, found, strict=True):
        steps = step * np.eye(3)
        ahead, behind = (flow_forward(np, prior, code + way * steps)[0] for way in (1, -1))
        expected = np.linalg.slogdet((ahead - behind) / (2 * step))[1]
        np.testing.assert_allclose(log_determinant, expected, atol=1e-7)


def test_a_flow_is_undone_exactly():
    prior = random_prior("flow", n_parts=6)
    base, _ = flow_forward(np, prior, CODES)
    assert np.abs(base - CODES).max() > 0.5
    np.testing.assert_allclose(flow_inverse(prior, base), CODES, rtol=1e-9, atol=1e-12)


def test_the_density_of_a_flow_sums_to_one():
    prior = random_prior("flow", n_components=2, size=0.15)
    places = np.linspace(-12, 12, 300)
    grid = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    density = np.exp(prior_log_density(np, "flow", prior, no_rows)(grid))
    assert density.sum() * (places[1] - places[0]) ** 2 == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("n_components", [2, 3, 5])
def test_four_couplings_move_every_component(n_components):
    for i in range(4):
        parts = coupling(i, n_components)
        assert len(parts.read)
        assert len(parts.moved)
        joined = np.concatenate([parts.read, parts.moved])[parts.order]
        np.testing.assert_array_equal(joined, np.arange(n_components))
    assert set(coupling(0, n_components).moved) == set(coupling(1, n_components).read)


@pytest.mark.parametrize("kind", ["mixture", "vamp", "flow"])
def test_same_in_keras(kind):
    prior = random_prior(kind)
    single = {name: keras.ops.convert_to_tensor(w.astype("float32")) for name, w in prior.items()}
    found = prior_log_density(keras.ops, kind, single, posteriors)(CODES.astype("float32"))
    expected = prior_log_density(np, kind, prior, posteriors)(CODES)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_far_away_codes_have_finite_densities():
    far = np.full((1, 3), 1e3)
    for kind in ("mixture", "vamp", "flow"):
        found = prior_log_density(np, kind, random_prior(kind), posteriors)(far)
        assert np.isfinite(found).all()
