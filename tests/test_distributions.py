"""The Fréchet distance of two sets of rows."""

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.linalg import sqrtm
from sklearn.decomposition import PCA

from skae.metrics import frechet_distance


def _with_moments(mean, deviations, n_rows=40, seed=0):
    """Rows whose mean and whose uncorrelated deviations are exactly these."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n_rows, len(mean)))
    rows -= rows.mean(axis=0)
    whitened = np.linalg.qr(rows)[0] * np.sqrt(n_rows - 1)
    return whitened * deviations + mean


def test_it_is_that_of_two_normal_distributions():
    X, Y = (
        _with_moments([1.0, 2.0, 0.0], [1.0, 2.0, 0.5]),
        _with_moments([0.0, 0.0, 0.0], [3.0, 1.0, 0.5], n_rows=50, seed=1),
    )
    # Of the means 1 + 4, of the deviations 4 + 1 + 0.
    assert frechet_distance(X, Y) == pytest.approx(10.0, rel=1e-12)


def test_it_agrees_with_the_root_of_a_matrix():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((30, 4)) @ rng.standard_normal((4, 4)), rng.uniform(size=(25, 4))
    C, S = np.cov(X.T), np.cov(Y.T)
    shift = np.sum((X.mean(axis=0) - Y.mean(axis=0)) ** 2)
    expected = shift + np.trace(C + S - 2 * sqrtm(C @ S).real)
    assert frechet_distance(X, Y) == pytest.approx(expected, rel=1e-9)


def test_fewer_rows_than_features_are_compared_exactly():
    X, Y = _with_moments([1.0, 0.0], [2.0, 1.0]), _with_moments([0.0, 0.0], [1.0, 1.0], seed=1)
    directions = np.linalg.qr(np.random.default_rng(2).standard_normal((100, 2)))[0].T
    assert frechet_distance(X @ directions, Y @ directions) == pytest.approx(2.0, rel=1e-9)


def test_it_is_zero_of_the_same_rows_far_from_the_origin():
    X = np.random.default_rng(0).standard_normal((20, 3)) + 1e6
    assert frechet_distance(X, X[::-1]) < 1e-9


@pytest.mark.parametrize(("n_features", "n_rows", "n_others"), [(16, 500, 500), (32, 2000, 500)])
def test_few_rows_make_it_as_much_too_large_as_its_notes_say(n_features, n_rows, n_others):
    rng = np.random.default_rng(0)
    X, Y = (rng.standard_normal((8, n, n_features)) for n in (n_rows, n_others))
    bias = (1 / n_rows + 1 / n_others) * (n_features + n_features * (n_features + 1) / 4)
    found = np.mean([frechet_distance(*rows) for rows in zip(X, Y, strict=True)])
    assert found == pytest.approx(bias, rel=0.1)


def _keras_model():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])


def test_encoders_of_all_kinds_give_the_features():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((20, 3)), rng.uniform(size=(20, 3))
    pca, model = PCA(2).fit(X), _keras_model()
    kernel = model.layers[0].kernel.numpy().astype(np.float64)
    for encoder, features in ((pca, pca.transform), (model, kernel), (np.abs, np.abs)):
        first, second = ((r @ features if features is kernel else features(r)) for r in (X, Y))
        expected = frechet_distance(first, second)
        assert frechet_distance(X, Y, encoder=encoder) == pytest.approx(expected, rel=1e-5)


def test_features_of_several_axes_are_flattened():
    X = np.random.default_rng(0).standard_normal((6, 4))
    found = frechet_distance(X, X + 1.0, encoder=lambda rows: rows.reshape(-1, 2, 2))
    assert found == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("X", "Y", "encoder", "message"),
    [
        (np.zeros((1, 2)), np.zeros((3, 2)), None, "minimum of 2"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), None, "X contains NaN"),
        (np.zeros((3, 2)), np.full((3, 2), np.inf), np.sign, "Y has values that are missing or"),
        (np.zeros((3, 2)), np.ones((3, 2)), np.log, "features of X contains inf"),
        (np.zeros((3, 2)), np.zeros((3, 3)), None, "X has 2 features and Y has 3"),
        (np.zeros((3, 2)), np.zeros((3, 2)), np.sum, r"features of shape \(\) for the 3 rows of X"),
        (np.ma.masked_equal(np.eye(3), 1), np.zeros((3, 3)), None, "X is a masked array"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_cannot_be_compared_is_refused(X, Y, encoder, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(X, Y, encoder=encoder)


@pytest.mark.parametrize("wrong", [None, np.nan, pd.NA, np.inf, -np.inf, pd.NaT])
def test_missing_values_of_any_kind_do_not_reach_an_encoder(wrong):
    rows = np.array([[1, "a"], [2, wrong], [3, "c"]], dtype=object)
    for given in (rows, rows.tolist(), pd.DataFrame(rows)):
        with pytest.raises(ValueError, match="Y has values that are missing or infinite"):
            frechet_distance(rows[::2], given, encoder=lambda rows: np.zeros((len(rows), 1)))


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "string", "category", "datetime64[ns]"])
def test_missing_values_of_nullable_columns_do_not_reach_an_encoder(dtype):
    frame = pd.DataFrame({"a": pd.Series(["2001", "2002", "2003", None]).astype(dtype)})
    counts = lambda rows: np.ones((len(rows), 1))  # noqa: E731
    assert frechet_distance(frame[:3], frame[1:3], encoder=counts) == 0.0
    with pytest.raises(ValueError, match="X has values that are missing or infinite"):
        frechet_distance(frame, frame[:3], encoder=counts)


@pytest.mark.parametrize("encoder", ["pca", PCA, 3])
def test_what_is_no_encoder_is_refused(encoder):
    with pytest.raises(TypeError, match="should be a fitted transformer, a Keras model"):
        frechet_distance(np.eye(3), np.eye(3), encoder=encoder)


def test_columns_in_another_order_are_refused():
    frame = pd.DataFrame(_with_moments([0.0, 1.0], [1.0, 1.0]), columns=["a", "b"])
    assert frechet_distance(frame, frame) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match="Column 0 is 'a' in X and 'b' in Y"):
        frechet_distance(frame, frame[["b", "a"]])


def test_numbers_whose_squares_overflow_are_refused():
    rows = _with_moments([0.0, 1.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="too large"):
        frechet_distance(1e200 * rows, rows)
