import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.decomposition import NMF, PCA, KernelPCA
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.manifold import Isomap
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder, metrics
from skae.metrics import (
    neg_reconstruction_error_scorer,
    reconstruction_error,
    reconstruction_error_samples,
    reconstruction_r2_score,
    reconstruction_r2_scorer,
)

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
SCORERS = [neg_reconstruction_error_scorer, reconstruction_r2_scorer]
INVERTIBLE = [
    PCA(2),
    KernelPCA(2, kernel="rbf", gamma=0.1, fit_inverse_transform=True),
    NMF(2, max_iter=2000),
    make_pipeline(StandardScaler(), PCA(2)),
]


@pytest.fixture
def pair():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(20, 3))
    return X, X + generator.normal(size=X.shape)


def test_public_names_are_sorted_and_exist():
    assert metrics.__all__ == sorted(metrics.__all__)
    assert all(hasattr(metrics, name) for name in metrics.__all__)


def test_error_is_the_mean_squared_difference(pair):
    X, X_reconstructed = pair
    squares = (X - X_reconstructed) ** 2
    assert reconstruction_error(X, X_reconstructed) == pytest.approx(squares.mean())
    np.testing.assert_allclose(
        reconstruction_error(X, X_reconstructed, multioutput="raw_values"), squares.mean(axis=0)
    )
    np.testing.assert_allclose(
        reconstruction_error_samples(X, X_reconstructed), squares.mean(axis=1)
    )


def test_error_of_float32_rows_is_computed_in_float64():
    X = np.full((3, 2), 1e30, dtype=np.float32)  # its square overflows float32
    assert reconstruction_error(X, np.zeros_like(X)) == pytest.approx(1e60)


@pytest.mark.parametrize("metric", [reconstruction_error, reconstruction_r2_score])
def test_a_weight_is_a_number_of_repetitions(metric, pair):
    weight = np.arange(20) % 4
    repeated = [np.repeat(rows, weight, axis=0) for rows in pair]
    assert metric(*pair, sample_weight=weight) == pytest.approx(metric(*repeated))


@pytest.mark.parametrize("n_components", [1, 2, 3])
def test_r2_of_training_rows_is_the_ratio_that_pca_explains(n_components):
    pca = PCA(n_components).fit(X_IRIS)
    score = reconstruction_r2_score(X_IRIS, pca.inverse_transform(pca.transform(X_IRIS)))
    assert score == pytest.approx(pca.explained_variance_ratio_.sum())


def test_r2_is_scikit_learns_weighted_by_variance(pair):
    expected = r2_score(*pair, multioutput="variance_weighted")
    assert reconstruction_r2_score(*pair) == pytest.approx(expected)


def test_errors_in_a_constant_feature_count():
    X = np.array([[0.0, 1.0], [2.0, 1.0]])
    assert reconstruction_r2_score(X, X + np.array([0, 1])) == pytest.approx(0)


def test_rows_without_variance_score_one_or_zero():
    X = np.ones((3, 2))
    assert reconstruction_r2_score(X, X) == 1
    assert reconstruction_r2_score(X, X + 1) == 0


@pytest.mark.parametrize("n_rows", [2, 7, 60, 1000])
def test_rows_that_are_constant_up_to_rounding_have_no_variance(n_rows):
    X = np.tile([0.1, 1e9 + 0.3], (n_rows, 1))
    assert reconstruction_r2_score(X, X) == 1
    assert reconstruction_r2_score(X, X + 0.01) == 0
    weight = np.arange(n_rows)  # the first row does not count
    assert reconstruction_r2_score(X, X + 0.01, sample_weight=weight) == 0


def test_rows_that_do_not_count_add_no_variance():
    X = np.array([[5.0], [0.1], [0.1], [0.1]])
    assert reconstruction_r2_score(X, X + 0.01, sample_weight=[0, 1, 1, 1]) == 0


def test_r2_of_one_row_is_undefined():
    with pytest.warns(UndefinedMetricWarning, match="score at least two"):
        assert np.isnan(reconstruction_r2_score([[1.0, 2.0]], [[1.0, 2.0]]))


@pytest.mark.parametrize("convert", [csr_array, np.ndarray.tolist, pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("metric", [reconstruction_error, reconstruction_r2_score])
def test_other_containers_are_read_as_arrays(metric, convert, pair):
    assert metric(*map(convert, pair)) == pytest.approx(metric(*pair))


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"has shape \(2, 2\) but X has shape \(2, 3\).*inverse"):
        reconstruction_error(np.ones((2, 3)), np.ones((2, 2)))


@pytest.mark.parametrize("metric", [reconstruction_error, reconstruction_r2_score])
def test_weights_are_positive_numbers_of_any_size(metric, pair):
    weight = np.arange(1.0, len(pair[0]) + 1)
    expected = metric(*pair, sample_weight=weight)
    assert metric(*pair, sample_weight=weight / weight[-1] * 1e308) == pytest.approx(expected)
    weight[1] = -1
    with pytest.raises(ValueError, match="sample_weight holds -1 at row 1"):
        metric(*pair, sample_weight=weight)


@pytest.mark.parametrize("metric", [reconstruction_error, reconstruction_r2_score])
def test_columns_in_another_order_are_refused(metric):
    frame = pd.DataFrame([[0.0, 1.0], [2.0, 3.0]], columns=["a", "b"])
    others = (pd.DataFrame(frame.to_numpy()), frame.add_suffix("2"))
    assert metric(frame, frame) == metric(frame, others[0]) == metric(frame, others[1])
    with pytest.raises(ValueError, match="labels of X_reconstructed should match those of X"):
        metric(frame, frame[["b", "a"]])


def test_missing_values_are_refused():
    with pytest.raises(ValueError, match="X_reconstructed contains NaN"):
        reconstruction_error(np.ones((1, 1)), [[np.nan]])


@pytest.mark.parametrize("estimator", INVERTIBLE, ids=lambda estimator: type(estimator).__name__)
def test_scorers_measure_in_the_units_of_the_input(estimator):
    estimator.fit(X_IRIS)
    X_reconstructed = estimator.inverse_transform(estimator.transform(X_IRIS))
    error = ((X_IRIS - X_reconstructed) ** 2).mean()
    assert neg_reconstruction_error_scorer(estimator, X_IRIS) == pytest.approx(-error)
    r2 = 1 - error / X_IRIS.var(axis=0).mean()
    assert reconstruction_r2_scorer(estimator, X_IRIS, Y_IRIS) == pytest.approx(r2)


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize("estimator", [PCA(2), NMF(2, max_iter=2000)])
def test_scorers_read_frames_from_transform(estimator, container):
    frame = pd.DataFrame(X_IRIS, columns=list("abcd"))
    if container == "polars":
        frame = pl.from_pandas(frame)
    expected = reconstruction_r2_scorer(estimator.fit(X_IRIS), X_IRIS)
    framed = clone(estimator).set_output(transform=container).fit(frame)
    assert reconstruction_r2_scorer(framed, frame) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("estimator", "who"),
    [
        (Isomap(), "^Isomap has no inverse_transform"),
        (make_pipeline(StandardScaler(), Isomap()), r"^step 'isomap' \(Isomap\) of the Pipeline"),
    ],
)
def test_scorers_name_what_cannot_reconstruct(estimator, who):
    with pytest.raises(TypeError, match=f"{who}.*PCA, KernelPCA"):
        reconstruction_r2_scorer(estimator, X_IRIS)


@pytest.mark.parametrize("scorer", SCORERS, ids=repr)
def test_scorers_can_be_pickled(scorer):
    copy = pickle.loads(pickle.dumps(scorer))
    pca = PCA(2).fit(X_IRIS)
    assert repr(copy) == repr(scorer)
    assert copy(pca, X_IRIS) == scorer(pca, X_IRIS)


def test_scorers_work_in_cross_validation_one_by_one_and_together():
    scores = {"r2": reconstruction_r2_scorer, "error": neg_reconstruction_error_scorer}
    together = cross_validate(PCA(2), X_IRIS, Y_IRIS, scoring=scores)
    for name, scorer in scores.items():
        alone = cross_val_score(PCA(2), X_IRIS, Y_IRIS, scoring=scorer)
        np.testing.assert_array_equal(together[f"test_{name}"], alone)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_search_compares_pca_and_an_autoencoder():
    pipe = make_pipeline(StandardScaler(), PCA())
    candidates = [PCA(2), Autoencoder(2, hidden_layer_sizes=(4,), max_iter=2, random_state=0)]
    search = GridSearchCV(pipe, {"pca": candidates}, scoring=reconstruction_r2_scorer, cv=2)
    scores = search.fit(X_IRIS[::3]).cv_results_["mean_test_score"]
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()
    assert reconstruction_r2_scorer(search, X_IRIS) == search.score(X_IRIS)


def test_weights_reach_a_scorer_through_metadata_routing():
    weight = np.arange(150.0)
    scorer = reconstruction_r2_scorer.set_score_request(sample_weight=True)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = cross_val_score(
            PCA(2), X_IRIS, scoring=scorer, params={"sample_weight": weight}, cv=2
        )
    pca = PCA(2).fit(X_IRIS[75:])
    assert routed[0] == reconstruction_r2_scorer(pca, X_IRIS[:75], sample_weight=weight[:75])


def test_requesting_weights_leaves_the_shared_scorer_alone():
    before = str(reconstruction_r2_scorer.get_metadata_routing())
    reconstruction_r2_scorer.set_score_request(sample_weight=True)
    assert str(reconstruction_r2_scorer.get_metadata_routing()) == before
