"""Scores of each kind, against sums written out anew."""

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    ReconstructionOutlierDetector,
)
from skae.metrics import reconstruction_error_samples

from .shared import Memory, moved, pca_detector


def residuals_by_reducer(detector, rows):
    """Residuals of the rows by each reducer; those that have seen a row leave none."""
    residuals = [rows - r.inverse_transform(r.transform(rows)) for r in detector.reducers_]
    return np.array(residuals)


def test_error_is_the_mean_over_the_reducers_of_new_rows(rows):
    detector = pca_detector("error").fit(rows[:200])
    fresh = rows[200:]
    errors = [
        reconstruction_error_samples(fresh, r.inverse_transform(r.transform(fresh)))
        for r in detector.reducers_
    ]
    np.testing.assert_allclose(-detector.score_samples(fresh), np.mean(errors, axis=0))


def two_halves(scoring, rows, **parameters):
    """Scores of new rows by two reducers, and the residuals each learnt from and judges."""
    detector = ReconstructionOutlierDetector(
        Memory(), scoring=scoring, calibration_fraction=0.5, random_state=0, **parameters
    ).fit(rows[:200])
    train, fresh = residuals_by_reducer(detector, rows[:200]), rows[200:]
    parts = []
    for i, reducer in enumerate(detector.reducers_):
        has_seen = np.all(train[i] == 0, axis=1)
        # What a reducer has seen, the other has not.
        learnt_from = train[1 - i][has_seen]
        parts.append((learnt_from, fresh - reducer.inverse_transform(reducer.transform(fresh))))
    return detector, fresh, parts


def test_mahalanobis_is_the_documented_sum(rows):
    # Of normal rows none is unusual, and folds of 45 do not tell that reducers are unlike.
    train, fresh = rows[:90], rows[90:]
    detector = pca_detector(calibration_fraction=0.5).fit(train)
    folds = detector._panel.folds.of_rows
    has_seen = [folds != fold for fold in (0, 1)]
    made, trusted = np.empty(train.shape), train.copy()
    for seen, reducer in zip(has_seen, detector.reducers_, strict=True):
        made[~seen] = remade(reducer, train[~seen])
    axes = [untrusted_axes(train[seen], made[seen], train.mean(axis=0)) for seen in has_seen]
    for seen, untrusted in zip(has_seen, axes, strict=True):
        trusted[~seen] = trusted_part(train[~seen], made[~seen], train.mean(axis=0), untrusted)
    floor, finest = (least**2 * np.mean(train.var(axis=0)) for least in (1e-5, 1e-7))
    shrinkage = most_shrinkage_within_an_error(trusted, has_seen, finest)
    parts, expected = np.empty((3, len(train))), []
    for seen, reducer, untrusted in zip(has_seen, detector.reducers_, axes, strict=True):
        coarse = LedoitWolf(assume_centered=True).fit((train - made)[seen]).covariance_
        covariances = [shrunk(trusted[seen], shrinkage, finest), coarse + floor * np.eye(8)]
        new = remade(reducer, fresh)
        residuals = [trusted_part(fresh, new, train.mean(axis=0), untrusted), fresh - new]
        expected.append(three_parts(residuals, covariances, new, made[seen]))
        residuals = [trusted[~seen], (train - made)[~seen]]
        parts[:, ~seen] = three_parts(residuals, covariances, made[~seen], made[seen])
    spreads = np.subtract(*np.quantile(parts, [0.75, 0.5], axis=1))
    weights = np.array([0.6, 0.4, 0.3]) * spreads[0] / spreads
    scores = np.mean([weights @ of_new for of_new in expected], axis=0)
    np.testing.assert_allclose(-detector.score_samples(fresh), scores)


def untrusted_axes(rows, made, centre):
    """Principal axes along which reconstructions leave more than the mean row, beyond chance."""
    axes = np.linalg.svd(rows - centre)[2].T
    left, of_mean = (np.mean((part @ axes) ** 2, axis=0) for part in (rows - made, rows - centre))
    return axes[:, left > (1 + 2 / np.sqrt(len(rows))) * of_mean]


def trusted_part(rows, made, centre, untrusted):
    """Residuals, from the mean row along untrusted axes."""
    onto = untrusted @ untrusted.T
    return (rows - made) @ (np.eye(len(onto)) - onto) + (rows - centre) @ onto


def remade(reducer, rows):
    return reducer.inverse_transform(reducer.transform(rows))


def shrunk(residuals, shrinkage, floor):
    moments = residuals.T @ residuals / len(residuals)
    equal = np.eye(len(moments)) * np.trace(moments) / len(moments)
    return (1 - shrinkage) * moments + shrinkage * equal + floor * np.eye(len(moments))


def log_likelihood(rows, covariance):
    """Of normal rows, but for a constant; scipy takes small variances for none."""
    squares = np.sum(rows * np.linalg.solve(covariance, rows.T).T, axis=1)
    return -(len(rows) * np.linalg.slogdet(covariance)[1] + squares.sum()) / 2


def most_shrinkage_within_an_error(held_out, has_seen, floor):
    """Of half decades, that under which half of the rows is likely given the other half."""
    shrinkages = 10.0 ** np.arange(-13, 0.1, 0.5)
    likelihoods = np.array(
        [
            [
                log_likelihood(held_out[~seen], shrunk(held_out[seen], shrinkage, floor))
                for shrinkage in shrinkages
            ]
            for seen in has_seen
        ]
    )
    losses = likelihoods[:, [likelihoods.sum(axis=0).argmax()]] - likelihoods
    is_near = losses.sum(axis=0) <= np.std(losses, axis=0, ddof=1) * np.sqrt(len(losses))
    return shrinkages[is_near].max()


def three_parts(residuals, covariances, made, known):
    """Two Mahalanobis distances of residuals, and that of reconstructions from twenty known."""
    squares = [
        np.sum(part * np.linalg.solve(covariance, part.T).T, axis=1)
        for part, covariance in zip(residuals, covariances, strict=True)
    ]
    distances, _ = NearestNeighbors(n_neighbors=20).fit(known).kneighbors(made)
    return np.array([*squares, np.sqrt(np.mean(distances**2, axis=1))])


def test_rows_far_beyond_all_others_are_outliers_though_they_are_reconstructed():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1)) @ np.ones((1, 6)) + rng.normal(0, 0.1, (300, 6))
    far = np.full((1, 6), 16.0)
    detector = ReconstructionOutlierDetector(PCA(1), scoring="error", random_state=0).fit(X)
    assert detector.predict(far) == 1
    assert detector.set_params(scoring="mahalanobis").fit(X).predict(far) == -1


def test_top_features_are_residuals_given_the_others(rows):
    detector, fresh, parts = two_halves("top_features", rows, top_fraction=0.25)
    expected = []
    for learnt_from, residuals in parts:
        most = 3.0 * np.sqrt(np.mean(learnt_from**2, axis=0))
        cut = np.minimum(np.maximum(learnt_from, -most), most)
        covariance = LedoitWolf(assume_centered=True).fit(cut).covariance_
        usual, unusual = (surprises(covariance, part) for part in (learnt_from, residuals))
        variances = np.sqrt(np.mean(usual**4, axis=0) / 3) + 0.01 * np.mean(usual**2)
        expected.append(np.sort(unusual**2 / variances, axis=1)[:, -2:].mean(axis=1))
    np.testing.assert_allclose(-detector.score_samples(fresh), np.mean(expected, axis=0))


def surprises(covariance, residuals):
    """What a regression on the other columns does not predict of each, in deviations of it."""
    # Rows that have just this covariance.
    sample = np.linalg.cholesky(covariance).T * np.sqrt(len(covariance))
    surprise = np.empty(residuals.shape)
    for j in range(len(covariance)):
        others = np.delete(np.arange(len(covariance)), j)
        model = LinearRegression(fit_intercept=False).fit(sample[:, others], sample[:, j])
        deviation = np.sqrt(np.mean((sample[:, j] - model.predict(sample[:, others])) ** 2))
        surprise[:, j] = (residuals[:, j] - model.predict(residuals[:, others])) / deviation
    return surprise


def test_likelihood_is_that_of_pca(rows):
    detector = pca_detector("likelihood").fit(rows[:200])
    expected = np.mean([pca.score_samples(rows[200:]) for pca in detector.reducers_], axis=0)
    np.testing.assert_allclose(detector.score_samples(rows[200:]), expected)


def test_likelihood_of_a_pipeline(rows):
    pipe = make_pipeline(StandardScaler(), PCA(3))
    detector = ReconstructionOutlierDetector(pipe, scoring="likelihood").fit(rows[:200])
    expected = np.mean([r.score_samples(rows[200:]) for r in detector.reducers_], axis=0)
    np.testing.assert_allclose(detector.score_samples(rows[200:]), expected)


def test_top_features_find_a_broken_column_that_drowns_in_the_error():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(600, 2)) @ rng.normal(size=(2, 100))
    X = hidden + rng.normal(size=hidden.shape) * np.where(np.arange(100) == 7, 0.1, 1)
    normal, broken = X[300:450], moved(X[450:], 7, 2.0)
    is_normal = np.repeat([1, 0], 150)
    areas = {}
    for scoring in ("error", "top_features"):
        detector = ReconstructionOutlierDetector(PCA(2), scoring=scoring, random_state=0)
        scores = detector.fit(X[:300]).score_samples(np.concatenate([normal, broken]))
        areas[scoring] = roc_auc_score(is_normal, scores)
    assert areas["error"] < 0.6
    assert areas["top_features"] > 0.9
    named = detector.feature_contributions(broken).idxmax(axis=1)
    assert np.mean(named == "x7") > 0.9


def test_mahalanobis_sees_what_a_noisy_column_hides_from_the_error():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(600, 8)) * [3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    X = rng.normal(0, 10, size=(600, 1)) + noise
    test, is_normal = np.concatenate([X[300:450], moved(X[450:], 5, 1.0)]), np.repeat([1, 0], 150)
    areas = {}
    for scoring in ("error", "mahalanobis"):
        detector = ReconstructionOutlierDetector(PCA(1), scoring=scoring, random_state=0)
        areas[scoring] = roc_auc_score(is_normal, detector.fit(X[:300]).score_samples(test))
    assert areas["error"] < 0.7
    assert areas["mahalanobis"] > 0.95


def test_trim_helps_where_training_rows_hold_outliers():
    X, y = load_digits(return_X_y=True)
    zeros, others = X[y == 0], X[y == 1]
    train = np.concatenate([zeros[:90], others[:25]])
    test = np.concatenate([zeros[90:], others[25:]])
    is_normal = np.arange(len(test)) < len(zeros) - 90
    areas = {}
    for trim in (0.0, 0.3):
        detector = ReconstructionOutlierDetector(PCA(8), trim=trim, random_state=0)
        areas[trim] = roc_auc_score(is_normal, detector.fit(train).score_samples(test))
    assert areas[0.3] > areas[0.0] + 0.02
    assert areas[0.3] > 0.98
