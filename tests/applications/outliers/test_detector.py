"""The detector as an estimator: parameters, copies, reducers, rows, and what is refused."""

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, FastICA, KernelPCA
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import skae
from skae import (
    Autoencoder,
    ReconstructionOutlierDetector,
    SparseAutoencoder,
    VariationalAutoencoder,
)

from .shared import SCORINGS, moved, pca_detector


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
    reducer = Autoencoder(2, max_iter=5, jit_compile=False)
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
    loaded = io.loads(data, trusted=skae.skops_trusted())
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
    [(1e80, "too large. Leave.*divide X"), (1e-80, "too small to compute with. Multiply")],
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
