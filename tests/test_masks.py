"""A mask hides values: nobody reads what is under it, everybody says so."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import compare, diagnose, metrics
from skae.inspection import (
    DenoisingDisplay,
    FeatureContributionDisplay,
    LatentSpaceDisplay,
    LatentTraversalDisplay,
    ReconstructionDisplay,
    ReconstructionErrorDisplay,
)

ROWS = np.random.default_rng(0).normal(size=(40, 4)) @ np.diag([4.0, 2.0, 1.0, 0.5])
MASKED = np.ma.masked_array(ROWS, mask=np.zeros(ROWS.shape, bool))
MASKED[3, 1] = np.ma.masked
PLAIN = np.ma.masked_array(ROWS)  # the mask is nomask
UNMASKED = np.ma.masked_array(ROWS, mask=np.zeros(ROWS.shape, bool))
LABELS = np.repeat([0, 1], 20)
REFUSED = "X is a masked array in which 1 of the values are masked"


def quick(cls, **parameters):
    return cls(2, max_iter=2, random_state=0, **parameters)


@pytest.fixture(scope="module")
def fitted():
    return quick(skae.VariationalAutoencoder).fit(ROWS)


@pytest.fixture(scope="module")
def pca():
    return PCA(2).fit(ROWS)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in skae.__all__
        if hasattr(getattr(skae, name), "fit") and name != "distributed"
    ],
)
def test_every_estimator_refuses_a_mask_or_fills_it(name):
    cls = getattr(skae, name)
    is_search = name == "BatchedGridSearchCV"
    around = (skae.Autoencoder(max_iter=1), {"tol": [0.0]}) if is_search else ()
    estimator = cls(*around, **{"error_score": "raise"} if is_search else {})
    if name == "ReconstructionImputer":
        pytest.skip("takes it for missing")
    with pytest.raises(ValueError, match=REFUSED):
        estimator.fit(MASKED, LABELS)
    assert not hasattr(estimator, "n_features_in_")


@pytest.mark.parametrize(
    "method", ["transform", "reconstruct", "score_samples", "score", "log_likelihood"]
)
def test_scoring_refuses_a_mask(fitted, method):
    with pytest.raises(ValueError, match=REFUSED):
        getattr(fitted, method)(MASKED)


def test_partial_fit_refuses_a_mask():
    with pytest.raises(ValueError, match=REFUSED):
        quick(skae.Autoencoder).partial_fit(MASKED)


@pytest.mark.parametrize("rows", [PLAIN, UNMASKED, list(UNMASKED)])
def test_rows_of_which_nothing_is_masked_are_plain(fitted, rows):
    np.testing.assert_array_equal(fitted.transform(rows), fitted.transform(ROWS))


def test_masked_rows_in_a_list_are_found(fitted):
    with pytest.raises(ValueError, match=REFUSED):
        fitted.transform(list(MASKED))


def test_masked_images_are_found():
    images = np.ma.masked_array(np.ones((9, 4, 4, 1)), mask=False)
    images[0, :2] = np.ma.masked
    with pytest.raises(ValueError, match="X is a masked array in which 8 of the values"):
        skae.ConvolutionalAutoencoder(2, sample_shape=(4, 4, 1)).fit(images)


def test_a_mask_on_what_comes_beside_the_rows(fitted):
    weights = np.ma.masked_array(np.ones(40), np.arange(40) == 0)
    with pytest.raises(ValueError, match="sample_weight is a masked array"):
        quick(skae.Autoencoder).fit(ROWS, sample_weight=weights)
    with pytest.raises(ValueError, match="sample_weight is a masked array"):
        fitted.score(ROWS, sample_weight=weights)
    with pytest.raises(ValueError, match="X_clean is a masked array"):
        quick(skae.DenoisingAutoencoder).fit(ROWS, X_clean=MASKED)
    observed = np.ma.masked_array(np.ones(ROWS.shape, bool), MASKED.mask)
    with pytest.raises(ValueError, match="observed is a masked array"):
        quick(skae.Autoencoder).fit(ROWS, observed=observed)
    with pytest.raises(ValueError, match="The code is a masked array"):
        fitted.inverse_transform(MASKED[:, :2])


@pytest.mark.parametrize("cls", [skae.AutoencoderClassifier, skae.AutoencoderRegressor])
def test_masked_targets(cls):
    y = np.ma.masked_array(LABELS, np.arange(40) == 0)
    with pytest.raises(ValueError, match=r"y is a masked array.*unlabelled"):
        cls().fit(ROWS, y)


@pytest.mark.parametrize("score", [metrics.reconstruction_error, metrics.reconstruction_r2_score])
def test_metrics(score, pca):
    with pytest.raises(ValueError, match=REFUSED):
        score(MASKED, ROWS)
    with pytest.raises(ValueError, match="X_reconstructed is a masked array"):
        score(ROWS, MASKED)
    weights = np.ma.masked_array(np.ones(40), np.arange(40) == 0)
    with pytest.raises(ValueError, match="sample_weight is a masked array"):
        score(ROWS, ROWS, sample_weight=weights)
    with pytest.raises(ValueError, match=REFUSED):
        metrics.reconstruction_r2_scorer(pca, MASKED)
    assert score(UNMASKED, PLAIN) == score(ROWS, ROWS)


@pytest.mark.parametrize(
    "look",
    [
        lambda estimator: compare([PCA()], MASKED, n_components=[1, 2]),
        lambda estimator: diagnose(estimator, MASKED),
        lambda estimator: LatentSpaceDisplay.from_estimator(estimator, MASKED),
        lambda estimator: LatentTraversalDisplay.from_estimator(estimator, MASKED),
        lambda estimator: ReconstructionDisplay.from_estimator(estimator, MASKED, n_rows=2),
        lambda estimator: ReconstructionDisplay.from_predictions(ROWS, MASKED, n_rows=2),
        lambda estimator: ReconstructionErrorDisplay.from_estimator(estimator, MASKED),
        lambda estimator: ReconstructionErrorDisplay.from_predictions(MASKED, ROWS),
        lambda estimator: DenoisingDisplay.from_estimator(estimator, MASKED, n_rows=2),
        lambda estimator: DenoisingDisplay.from_predictions(ROWS, MASKED, X_clean=ROWS, n_rows=2),
        lambda estimator: FeatureContributionDisplay.from_predictions(ROWS, MASKED),
        lambda estimator: FeatureContributionDisplay(MASKED[2:5]).plot(),
        lambda estimator: LatentSpaceDisplay(MASKED[:, :2]).plot(),
        lambda estimator: LatentSpaceDisplay(ROWS[:, :2], MASKED[:, 1]).plot(),
        lambda estimator: ReconstructionErrorDisplay(MASKED[:, 1]).plot(),
        lambda estimator: ReconstructionErrorDisplay(ROWS[:, 1], y=MASKED[:, 1]).plot(),
    ],
)
def test_what_looks_at_rows_refuses_a_mask(look, pca):
    with pytest.raises(ValueError, match="is a masked array in which 1 of the values are masked"):
        look(pca)


def test_compress_refuses_a_mask(fitted):
    for estimator in (fitted, make_pipeline(StandardScaler(), clone(fitted)).fit(ROWS)):
        with pytest.raises(ValueError, match=REFUSED):
            skae.compress(estimator, X=MASKED)
