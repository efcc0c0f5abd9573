"""Rows of weight zero decide nothing, however far out they are."""

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

import skae

WINE = load_wine(return_X_y=True)
X, Y = StandardScaler().fit_transform(WINE[0])[::2].astype(np.float32), WINE[1][::2]
FAR = 1000 * X[:6]
ONES = np.ones(len(X))
QUICK = {"hidden_layer_sizes": (8,), "max_iter": 1, "batch_size": 256, "random_state": 0}
SIGNAL = {"n_components": "auto", "sample_shape": (13, 1), "hidden_layer_sizes": (4, 4)}
KINDS = {
    "plain": (skae.Autoencoder, {}),
    "salt and pepper": (skae.DenoisingAutoencoder, {"noise": "salt_and_pepper"}),
    "restoring": (
        skae.DenoisingAutoencoder,
        {"network": "residual", "noise": "salt_and_pepper", **SIGNAL},
    ),
    "l1": (skae.SparseAutoencoder, {}),
    "batch_topk": (skae.SparseAutoencoder, {"sparsity": "batch_topk", "k": 2}),
    "whitened": (skae.SparseAutoencoder, {"whiten": True, "init": "random"}),
    "variational": (skae.VariationalAutoencoder, {}),
    "mixture": (skae.VariationalAutoencoder, {"prior": "mixture", "n_prior_components": 3}),
    "conditional": (skae.VariationalAutoencoder, {"conditional": True}),
    "feature": (skae.VariationalAutoencoder, {"noise_variance": "feature"}),
    "adversarial": (skae.AdversarialAutoencoder, {}),
    "stacked": (skae.StackedAutoencoder, {"pretrain_max_iter": 1}),
}


def made(kind, **parameters):
    cls, own = KINDS[kind]
    return cls(**{"n_components": 3, **QUICK, **own, **parameters})


def learnt(estimator):
    """What is known after a fit: attributes that are numbers, and rows as they come back."""
    known = {"rows": estimator.reconstruct(X)}
    for name, value in vars(estimator).items():
        if name.endswith("_") and np.asarray(value).dtype.kind in "biuf":
            known[name] = value
    return known


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_is_that_of_the_other_rows(kind):
    expected = learnt(made(kind).fit(X, Y, sample_weight=ONES))
    found = learnt(
        made(kind).fit(
            np.vstack([X, FAR]),
            np.append(Y, Y[:6]),
            sample_weight=np.append(ONES, np.zeros(len(FAR))),
        )
    )
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("conditional", [False, True])
def test_units_are_measured_by_the_weights_of_rows(conditional):
    weight = np.linspace(0.2, 3.0, len(X))
    fitted = made("variational", conditional=conditional).fit(X, Y, sample_weight=weight)
    given = {"y": Y} if conditional else {}
    mean, deviation = fitted.transform(X.astype(np.float64), return_std=True, **given)
    divergences = 0.5 * (mean**2 + deviation**2 - 1) - np.log(deviation)
    expected = np.average(divergences, axis=0, weights=weight)
    np.testing.assert_allclose(fitted.kl_per_unit_, expected, rtol=1e-4)
    assert not np.allclose(divergences.mean(axis=0), expected, rtol=1e-3)


def test_activations_are_measured_by_the_weights_of_rows():
    weight = np.linspace(0.0, 3.0, len(X))
    fitted = made("l1").fit(X, sample_weight=weight)
    expected = np.average(np.abs(fitted.transform(X)), axis=0, weights=weight)
    np.testing.assert_allclose(fitted.mean_activations_, expected, rtol=1e-4)


def test_a_filter_starts_by_the_weights_of_rows():
    """As it does where rows come as often as they count; so few that all are looked at."""
    n_times = np.where(np.arange(len(X)) % 2, 5, 1)
    clean = np.where(n_times[:, None] == 5, np.roll(X, 1, axis=1), X)
    start, expected, unweighted = (
        made("restoring", noise=None, max_iter=1, early_stopping=False)
        .fit(np.repeat(X, n, axis=0), X_clean=np.repeat(clean, n, axis=0), sample_weight=weight)
        .loss_curve_[0]
        for n, weight in ((1, n_times), (n_times, None), (1, None))
    )
    assert start == pytest.approx(expected, rel=1e-4)
    assert start != pytest.approx(unweighted, rel=0.1)
