"""DenoisingAutoencoder: removes noise, from known pairs too."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import DenoisingAutoencoder
from skae.backend import _gateway as gateway
from skae.estimators._pairs import warn_of_clean_rows

X = load_digits().data
NOISY = X + np.random.default_rng(0).normal(0, 4, X.shape)
TRAIN, TEST = slice(0, 1300), slice(1300, None)


def quick(n_components=16, **parameters):
    settings = {"hidden_layer_sizes": (64,), "max_iter": 15, "random_state": 0}
    settings |= {"jit_compile": False}
    return DenoisingAutoencoder(n_components, **(settings | parameters))


def test_removes_more_noise_than_pca():
    pca = PCA(16).fit(X[TRAIN])
    by_pca = mean_squared_error(X[TEST], pca.inverse_transform(pca.transform(NOISY[TEST])))
    fitted = quick(noise_level=0.9).fit(X[TRAIN])
    assert mean_squared_error(X[TEST], fitted.reconstruct(NOISY[TEST])) < 0.9 * by_pca


@pytest.mark.parametrize("noise", ["gaussian", "masking", "salt_and_pepper", "swap", None])
def test_every_noise_improves_its_loss(noise):
    fitted = quick(noise=noise, max_iter=5).fit(X[TRAIN])
    assert fitted.history_["val_loss"][-1] < fitted.history_["val_loss"][0]


def test_pairs_teach_what_is_clean():
    """Half of the columns are to vanish: only pairs can tell."""
    clean = X.copy()
    clean[:, ::2] = 0.0
    fitted = quick(noise=None).fit(X[TRAIN], X_clean=clean[TRAIN])
    restored = fitted.reconstruct(X[TEST])
    assert mean_squared_error(clean[TEST], restored) < 0.3 * clean[TEST].var()
    assert np.abs(restored[:, ::2]).max() < 0.5


def test_pairs_are_routed_through_a_pipeline():
    with config_context(enable_metadata_routing=True):
        denoiser = quick(noise=None, max_iter=2).set_fit_request(X_clean=True)
        centre = StandardScaler(with_std=False)
        pipeline = make_pipeline(centre, denoiser).fit(NOISY, X_clean=X)
    direct = quick(noise=None, max_iter=2).fit(NOISY - NOISY.mean(axis=0), X_clean=X)
    rows = NOISY[:5] - NOISY.mean(axis=0)
    np.testing.assert_allclose(pipeline[-1].transform(rows), direct.transform(rows), rtol=1e-6)


def test_partial_fit_takes_pairs():
    fitted = quick(noise=None)
    for _ in range(5):
        fitted.partial_fit(NOISY[TRAIN], X_clean=X[TRAIN])
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]


def test_another_level_compiles_nothing():
    quick(max_iter=2).fit(X)
    n_built = gateway.POOL.n_built
    quick(max_iter=2, noise_level=0.5).fit(X)
    assert gateway.POOL.n_built == n_built


def test_pairs_of_another_shape():
    with pytest.raises(ValueError, match=r"X_clean has shape \(3, 64\), but X has shape \(5, 64\)"):
        quick().fit(X[:5], X_clean=X[:3])


def test_pairs_with_missing_values():
    with pytest.raises(ValueError, match="X_clean contains NaN"):
        quick().fit(X[:5], X_clean=np.full((5, 64), np.nan))


FEW, FEW_CLEAN = NOISY[:20], X[:20]
SHORT = {"max_iter": 1, "hidden_layer_sizes": (), "early_stopping": False}


@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_transform"])
def test_clean_rows_in_the_place_of_labels_are_told(method):
    with pytest.warns(UserWarning, match=r"y, of shape \(20, 64\).*X_clean=y") as caught:
        getattr(quick(2, **SHORT), method)(FEW, FEW_CLEAN)
    told = [each for each in caught if "X_clean" in str(each.message)]
    assert [Path(each.filename).name for each in told] == ["test_denoising.py"]


@pytest.mark.parametrize("form", [np.ndarray.tolist, csr_array, pd.DataFrame])
@pytest.mark.parametrize("shape", [(64,), (8, 8, 1)])
def test_clean_rows_of_any_kind_are_told_from_labels(form, shape):
    with pytest.warns(UserWarning, match=r"X_clean=y"):
        warn_of_clean_rows(FEW.reshape(-1, *shape), form(FEW_CLEAN), None)
    with pytest.warns(UserWarning, match=r"X_clean=y"):
        warn_of_clean_rows(form(FEW), FEW_CLEAN.reshape(-1, *shape), None)


@pytest.mark.parametrize(
    "y",
    [
        np.arange(20),
        list("ab" * 10),
        np.ones((20, 1)),
        np.ones((20, 3)),
        np.ones((19, 64)),
        [[1], [2, 3]],
        FEW.copy(),
        FEW.tolist(),
        csr_array(FEW),
        pd.DataFrame(FEW),
        object(),
        {"shape": 3},
    ],
    ids=lambda y: f"{type(y).__name__}{np.shape(y) if hasattr(y, 'shape') else ''}",
)
def test_labels_and_the_rows_themselves_are_not_told_of(y):
    warn_of_clean_rows(FEW, y, None)
    warn_of_clean_rows(csr_array(FEW), y, None)
    with_holes = np.where(FEW > 10, np.nan, FEW)
    warn_of_clean_rows(with_holes, with_holes.copy(), None)
    warn_of_clean_rows(FEW, FEW_CLEAN, FEW_CLEAN)


def test_a_share_above_one():
    with pytest.raises(ValueError, match=r"noise_level=1.5 should be at most 1 for noise='swap'"):
        quick(noise="swap", noise_level=1.5).fit(X)


def test_a_linear_network_is_trained_on_pairs():
    """PCA is the optimum only where rows are their own targets."""
    clean = 0.5 * X
    options = {"hidden_layer_sizes": (), "noise": None, "max_iter": 30}
    linear = quick(**options).fit(X, X_clean=clean)
    start = quick(**options).fit(clean)
    assert linear.n_iter_ > 0
    error = mean_squared_error(clean, linear.reconstruct(X))
    assert error < 0.7 * mean_squared_error(clean, start.reconstruct(X))


@pytest.mark.parametrize("seed", [19, 37])
def test_a_lucky_draw_of_noise_raises_no_warning(seed):
    X_few = np.random.RandomState(0).uniform(size=(20, 3))
    DenoisingAutoencoder(3, noise="swap", noise_level=0.2, random_state=seed).fit(X_few)
