import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.stats import multivariate_normal
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA, FastICA, KernelPCA
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from skae import (
    Autoencoder,
    ReconstructionOutlierDetector,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from skae.metrics import reconstruction_error_samples

SCORINGS = ["mahalanobis", "error", "top_features", "likelihood"]


@pytest.fixture(scope="module")
def rows():
    """Eight correlated columns of three hidden ones; the last two hardly vary."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(400, 3)) @ rng.normal(size=(3, 8))
    return 5 + (hidden + rng.normal(0, 0.3, hidden.shape)) * [1, 1, 1, 1, 1, 1, 0.1, 0.1]


def moved(rows, column, by):
    """The same rows, but for one column that moved."""
    rows = rows.copy()
    rows[:, column] += by
    return rows


def pca_detector(scoring="mahalanobis", **parameters):
    return ReconstructionOutlierDetector(PCA(3), scoring=scoring, random_state=0, **parameters)


class Memory(TransformerMixin, BaseEstimator):
    """Reconstructs the rows it was fitted to exactly, and others as the nearest of those."""

    def fit(self, X, y=None):
        self.rows_ = X
        return self

    def transform(self, X):
        distances = ((X[:, np.newaxis] - self.rows_) ** 2).sum(axis=2)
        return distances.argmin(axis=1)[:, np.newaxis]

    def inverse_transform(self, X):
        return self.rows_[X[:, 0].astype(int)]


# The scikit-learn contract; the common tests run the default.


@parametrize_with_checks([ReconstructionOutlierDetector(PCA(1), scoring=s) for s in SCORINGS])
def test_scikit_learn_checks_with_pca(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", ["check_outliers_train", "check_outliers_fit_predict"])
def test_scikit_learn_outlier_checks_with_an_autoencoder(check):
    detector = ReconstructionOutlierDetector(Autoencoder(0.5, max_iter=5), random_state=0)
    getattr(estimator_checks, check)("ReconstructionOutlierDetector", detector)


def test_parameters_are_validated():
    name = ReconstructionOutlierDetector.__name__
    estimator_checks.check_param_validation(name, ReconstructionOutlierDetector(PCA(1)))


def test_the_default_is_an_autoencoder(rows):
    detector = ReconstructionOutlierDetector(calibration_fraction=0.5, random_state=0).fit(
        rows[:30]
    )
    assert [type(reducer) for reducer in detector.reducers_] == [Autoencoder] * 2


def test_the_default_with_a_likelihood_is_a_variational_autoencoder(rows):
    detector = ReconstructionOutlierDetector(
        scoring="likelihood", calibration_fraction=0.5, random_state=0
    )
    reducers = detector.fit(rows[:30]).reducers_
    assert [type(reducer) for reducer in reducers] == [VariationalAutoencoder] * 2
    fresh = rows[30:40]
    expected = np.mean([reducer.score_samples(fresh) for reducer in reducers], axis=0)
    np.testing.assert_allclose(detector.score_samples(fresh), expected)


def test_the_users_reducer_is_left_alone(rows):
    pca = PCA(3)
    ReconstructionOutlierDetector(pca).fit(rows)
    assert not hasattr(pca, "components_")


def test_equal_seeds_give_equal_scores(rows):
    reducer = Autoencoder(2, max_iter=5)
    detectors = [
        ReconstructionOutlierDetector(reducer, calibration_fraction=0.5, random_state=seed).fit(
            rows[:60]
        )
        for seed in (0, 0, 1)
    ]
    first, again, other = (detector.score_samples(rows) for detector in detectors)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_clone_and_pickle(rows):
    detector = pca_detector().fit(rows[:200])
    assert clone(detector).get_params()["reducer"].n_components == 3
    loaded = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(loaded.score_samples(rows), detector.score_samples(rows))


def test_skops(rows):
    io = pytest.importorskip("skops.io")
    detector = pca_detector().fit(rows[:200])
    data = io.dumps(detector)
    loaded = io.loads(data, trusted=io.get_untrusted_types(data=data))
    np.testing.assert_array_equal(loaded.score_samples(rows), detector.score_samples(rows))


def test_grid_search(rows):
    # Only three components leave what is odd about shuffled columns.
    odd = np.random.default_rng(0).permuted(rows[:50], axis=0)
    X, y = np.concatenate([rows, odd]), np.repeat([1, -1], [len(rows), len(odd)])
    fold = np.where((np.arange(len(X)) % 2 == 0) & (y == 1), -1, 0)
    search = GridSearchCV(
        pca_detector(),
        {"reducer__n_components": [1, 3, 7]},
        scoring="roc_auc",
        cv=PredefinedSplit(fold),
        refit=False,
    ).fit(X, y)
    assert search.best_params_ == {"reducer__n_components": 3}


def test_fit_that_raises_leaves_the_detector_as_it_was(rows):
    detector = pca_detector().fit(rows)
    before = dict(vars(detector))
    with pytest.raises(ValueError, match="n_components=3"):
        detector.fit(rows[:, :2])
    assert vars(detector) == before


# Threshold


def test_threshold_comes_from_held_out_rows(rows):
    # Rows reconstruct themselves exactly, so errors on training rows would be zero.
    detector = ReconstructionOutlierDetector(
        Memory(), scoring="error", contamination=0.1, random_state=0
    ).fit(rows[:200])
    assert detector.offset_ < -0.01
    assert 0.03 <= np.mean(detector.predict(rows[200:]) == -1) <= 0.17


@pytest.mark.parametrize("scoring", SCORINGS)
def test_contamination_is_the_share_of_the_rows_in_fit(rows, scoring):
    labels = pca_detector(scoring, contamination=0.1).fit_predict(rows)
    assert np.sum(labels == -1) == 40


def test_rows_in_fit_are_scored_by_the_reducer_that_has_not_seen_them(rows):
    detector = ReconstructionOutlierDetector(
        Memory(), scoring="error", calibration_fraction=0.5
    ).fit(rows[:100])
    errors = [
        reconstruction_error_samples(rows[:100], r.inverse_transform(r.transform(rows[:100])))
        for r in detector.reducers_
    ]
    # One has seen it and makes no error.
    np.testing.assert_allclose(-detector.score_samples(rows[:100]), np.max(errors, axis=0))


def test_equal_rows_share_a_fold(rows):
    twice = np.concatenate([rows[:50], rows[:50]])
    detector = ReconstructionOutlierDetector(Memory(), scoring="error", random_state=0).fit(twice)
    assert np.all(detector.score_samples(twice) < 0)


def test_a_row_in_fit_is_known_by_its_values(rows):
    detector = pca_detector().fit(rows)
    expected = detector.score_samples(rows)
    frame = pd.DataFrame(rows[::-1])
    np.testing.assert_allclose(detector.score_samples(frame), expected[::-1])
    np.testing.assert_allclose(detector.score_samples(rows[:7]), expected[:7])


def test_auto_takes_far_rows_and_few_others(rows):
    detector = pca_detector().fit(rows)
    assert np.mean(detector.predict(rows) == -1) < 0.06
    assert np.all(detector.predict(moved(rows[:20], 0, 9.0)) == -1)


@pytest.mark.parametrize("n_rows", [50, 400])
def test_auto_is_three_quartile_distances_below_the_quartile_and_more_for_few_rows(rows, n_rows):
    detector = pca_detector("error").fit(rows[:n_rows])
    quartile, median = np.quantile(detector.score_samples(rows[:n_rows]), [0.25, 0.5])
    distance = 3 * (1 + 20 / n_rows) * (median - quartile)
    np.testing.assert_allclose(detector.offset_, quartile - distance)


# Scores


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
    floor = 1e-10 * np.mean(train.var(axis=0))
    shrinkage = most_shrinkage_within_an_error(trusted, has_seen, floor)
    parts, expected = np.empty((3, len(train))), []
    for seen, reducer, untrusted in zip(has_seen, detector.reducers_, axes, strict=True):
        coarse = LedoitWolf(assume_centered=True).fit((train - made)[seen]).covariance_
        covariances = [shrunk(trusted[seen], shrinkage, floor), coarse + floor * np.eye(8)]
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


def most_shrinkage_within_an_error(held_out, has_seen, floor):
    """Of half decades, that under which half of the rows is likely given the other half."""
    shrinkages = 10.0 ** np.arange(-7, 0.1, 0.5)
    likelihoods = np.array(
        [
            [
                multivariate_normal(cov=shrunk(held_out[seen], shrinkage, floor))
                .logpdf(held_out[~seen])
                .sum()
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
        covariance = LedoitWolf(assume_centered=True).fit(learnt_from).covariance_
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


# Contributions


@pytest.mark.parametrize("scoring", SCORINGS)
def test_contributions_sum_to_the_anomaly_score(rows, scoring):
    detector = pca_detector(scoring).fit(rows[:200])
    total = detector.feature_contributions(rows).sum(axis=1)
    np.testing.assert_allclose(total, -detector.score_samples(rows))


def test_contributions_of_a_variational_autoencoder_sum_to_its_score(rows):
    vae = VariationalAutoencoder(2, max_iter=2)
    detector = ReconstructionOutlierDetector(
        vae, scoring="likelihood", calibration_fraction=0.5, random_state=0
    )
    detector.fit(rows[:50])
    total = detector.feature_contributions(rows[45:55]).sum(axis=1)
    np.testing.assert_allclose(total, -detector.score_samples(rows[45:55]))


def test_likelihood_contributions_of_a_normal_distribution(rows):
    # Of half of d' P d, column j has d_j (P d)_j / 2; the constant is shared evenly.
    detector = pca_detector("likelihood", calibration_fraction=0.5).fit(rows[:200])
    fresh, expected = rows[200:], []
    for pca in detector.reducers_:
        deviations = fresh - pca.mean_
        constant = -pca.score_samples(pca.mean_[np.newaxis]) / 8
        expected.append(deviations * (deviations @ pca.get_precision()) / 2 + constant)
    contributions = detector.feature_contributions(fresh)
    np.testing.assert_allclose(contributions, np.mean(expected, axis=0))


def test_contributions_keep_the_names_and_the_index_of_a_frame(rows):
    frame = pd.DataFrame(rows, columns=list("abcdefgh"), index=np.arange(len(rows)) + 1000)
    contributions = pca_detector().fit(frame).feature_contributions(frame)
    assert list(contributions.columns) == list("abcdefgh")
    assert list(contributions.index) == list(frame.index)


def test_contributions_of_an_array_have_plain_names(rows):
    contributions = pca_detector().fit(rows).feature_contributions(rows[:3])
    assert list(contributions.columns) == [f"x{i}" for i in range(8)]
    assert list(contributions.index) == [0, 1, 2]


@pytest.mark.parametrize("scoring", SCORINGS)
def test_contributions_name_the_column_that_moved(scoring):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 20)) + rng.normal(0, 0.2, (300, 20))
    detector = ReconstructionOutlierDetector(PCA(2), scoring=scoring, random_state=0).fit(X[:200])
    contributions = detector.feature_contributions(moved(X[200:], 3, 3.0))
    assert np.mean(contributions.idxmax(axis=1) == "x3") > 0.75


def test_contributions_without_pandas_say_what_to_install(rows, monkeypatch):
    detector = pca_detector().fit(rows)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        ImportError, match=r'pandas, which is not installed; pip install "skae\[compare\]"'
    ):
        detector.feature_contributions(rows)


# Reducers and rows


@pytest.mark.parametrize(
    "reducer",
    [
        make_pipeline(StandardScaler(), PCA(3)),
        KernelPCA(3, fit_inverse_transform=True),
        Autoencoder(3, max_iter=30),
        SparseAutoencoder(3, max_iter=30),
    ],
    ids=lambda reducer: type(reducer).__name__,
)
def test_any_reducer_that_reconstructs(rows, reducer):
    detector = ReconstructionOutlierDetector(reducer, calibration_fraction=0.5, random_state=0).fit(
        rows[:100]
    )
    odd = moved(rows[100:150], 3, 20.0)
    assert detector.score_samples(odd).max() < detector.score_samples(rows[100:]).min()


def test_residuals_are_in_units_of_the_rows(rows):
    pipe = make_pipeline(StandardScaler(), PCA(3))
    detector = ReconstructionOutlierDetector(pipe, scoring="error", random_state=0).fit(rows[:200])
    larger = clone(detector).fit(100 * rows[:200])
    np.testing.assert_allclose(
        larger.score_samples(100 * rows[200:]), 1e4 * detector.score_samples(rows[200:])
    )


def test_frames_inside_a_reducer_change_nothing(rows):
    plain = pca_detector().fit(rows)
    with config_context(transform_output="pandas"):
        framed = pca_detector().fit(rows)
        np.testing.assert_allclose(framed.score_samples(rows), plain.score_samples(rows))
    pipe = make_pipeline(StandardScaler(), PCA(3)).set_output(transform="pandas")
    detector = ReconstructionOutlierDetector(pipe).fit(rows)
    assert detector.score_samples(rows).shape == (400,)


def test_sparse_rows_are_scored_as_dense_ones(rows):
    dense = np.where(rows > 6, rows, 0)
    sparse = pca_detector().fit(csr_array(dense))
    plain = pca_detector().fit(dense)
    np.testing.assert_allclose(sparse.score_samples(csr_array(dense)), plain.score_samples(dense))
    assert sparse.offset_ == pytest.approx(plain.offset_)


def test_columns_that_never_vary():
    X = np.hstack([load_iris().data, np.full((150, 1), 3.0)])
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(X)
    odd = moved(X[:5], 4, 1.0)
    assert np.all(detector.predict(odd) == -1)
    assert np.all(detector.feature_contributions(odd).idxmax(axis=1) == "x4")


def test_rows_that_are_reconstructed_exactly(rows):
    detector = ReconstructionOutlierDetector(PCA(8), random_state=0).fit(rows)
    assert np.all(np.isfinite(detector.score_samples(rows)))


def test_few_rows(rows):
    detector = pca_detector().fit(rows[:6])
    assert detector.score_samples(rows[:6]).shape == (6,)
    # Four rows, four folds.
    assert len(ReconstructionOutlierDetector(PCA(1)).fit(rows[:4]).reducers_) == 4


# What is refused


def test_too_few_different_rows(rows):
    with pytest.raises(ValueError, match=r"Only 3 different rows .* at least 4 are needed"):
        pca_detector().fit(np.repeat(rows[:3], 5, axis=0))


@pytest.mark.parametrize("parameters", [{}, {"trim": 0.2}])
def test_constant_rows(parameters):
    with pytest.raises(ValueError, match=r"All 30 rows to fit are equal, .* pass rows that vary"):
        ReconstructionOutlierDetector(**parameters).fit(np.full((30, 4), 0.1))


def test_trim_that_leaves_too_few_rows(rows):
    with pytest.raises(ValueError, match=r"Only 3 different rows .* after trim=0.4"):
        ReconstructionOutlierDetector(PCA(1), trim=0.4).fit(rows[:5])


@pytest.mark.parametrize(
    ("reducer", "reason"),
    [
        (Autoencoder(2), "that of Autoencoder is an error"),
        (make_pipeline(StandardScaler(), Autoencoder(2)), "that of Autoencoder is an error"),
        (KernelPCA(2, fit_inverse_transform=True), "that of KernelPCA is missing"),
        (FastICA(2), "that of FastICA is missing"),
    ],
)
def test_likelihood_of_a_reducer_without_one(rows, reducer, reason):
    detector = ReconstructionOutlierDetector(reducer, scoring="likelihood")
    with pytest.raises(TypeError, match=rf"{reason}; use PCA or VariationalAutoencoder"):
        detector.fit(rows)


def test_a_reducer_that_cannot_reconstruct(rows):
    with pytest.raises(TypeError, match="SelectorOnly has no inverse_transform"):
        ReconstructionOutlierDetector(SelectorOnly()).fit(rows)


class SelectorOnly(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[:, :1]


def test_missing_values(rows):
    missing = rows.copy()
    missing[3, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        pca_detector().fit(missing)


@pytest.mark.parametrize(
    "parameters",
    [
        {"contamination": 0.0},
        {"contamination": 0.6},
        {"calibration_fraction": 0.6},
        {"scoring": "mse"},
        {"top_fraction": 0.0},
        {"trim": 0.5},
    ],
)
def test_parameters_out_of_range(rows, parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"The '{name}' parameter of Reconstruction"):
        ReconstructionOutlierDetector(PCA(1), **parameters).fit(rows)


@pytest.mark.parametrize(
    ("factor", "message"),
    [(1e80, "too large to compute with.*divide X"), (1e-80, "too small to compute with. Multiply")],
)
def test_rows_whose_squares_no_float_holds_are_refused(factor, message):
    X = np.random.default_rng(0).normal(size=(60, 3))
    detector = ReconstructionOutlierDetector(PCA(1), random_state=0)
    with pytest.raises(ValueError, match=message):
        detector.fit(X * factor)
    X[5, 1] = np.finfo(float).min
    with pytest.raises(ValueError, match=r"-1\.8e\+308 in row 5 of column 1"):
        detector.fit(X)
    with pytest.raises(ValueError, match="in row 5 of column 1"):
        detector.fit(np.delete(X, 5, axis=0)).predict(X)
