"""The default imputer's size, and how far its columns are trusted: by cells that were hidden."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer

from skae import ReconstructionImputer
from skae.applications.imputation._judge import trusted_shares
from skae.applications.imputation._size import hidden_cells, size_for_hidden_cells, size_for_share

NAN = np.nan


def low_rank(n_rows, n_columns, rank, noise, seed=0):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n_rows, rank)) @ rng.normal(size=(rank, n_columns))
    return factors / np.sqrt(rank) + noise * rng.normal(size=(n_rows, n_columns))


def at_random(shape, share=0.2, seed=0):
    return np.random.default_rng(seed).random(shape) < share


def in_blocks(shape, seed=0):
    """A third of the rows misses neighbouring columns, a fifth of all."""
    rng, is_missing = np.random.default_rng(seed), np.zeros(shape, bool)
    width = max(1, shape[1] // 5)
    for row in rng.permutation(shape[0])[: shape[0] // 3]:
        start = rng.integers(shape[1] - width)
        is_missing[row, start : start + width] = True
    return is_missing


def error(filled, X, is_missing):
    return np.sqrt(np.mean((filled - X)[is_missing] ** 2))


def default_and_mean(X, is_missing, **parameters):
    """Errors of the default, and of the mean of what is known; and the fitted default."""
    holed = np.where(is_missing, NAN, X)
    imputer = ReconstructionImputer(random_state=0, **parameters)
    filled = imputer.fit_transform(holed)
    np.testing.assert_array_equal(imputer.transform(holed), filled)
    ours = error(filled, X, is_missing)
    return ours, error(SimpleImputer().fit_transform(holed), X, is_missing), imputer


# Tables whose variance is mostly noise


@pytest.mark.slow
@pytest.mark.parametrize("missing", [at_random, in_blocks])
def test_wide_tables_are_filled_better_than_by_the_mean(missing):
    X = low_rank(40, 200, 2, noise=0.8)
    ours, mean, imputer = default_and_mean(X, missing(X.shape), max_iter=2)
    assert ours < 0.9 * mean
    assert imputer.n_components_ <= 4


@pytest.mark.slow
def test_noise_is_filled_by_the_mean():
    X = np.random.default_rng(0).normal(size=(80, 15))
    ours, mean, _ = default_and_mean(X, at_random(X.shape), max_iter=2)
    assert ours < 1.01 * mean


@pytest.mark.slow
def test_columns_of_noise_do_not_spoil_the_others():
    X = np.hstack([low_rank(150, 6, 1, noise=0.1), np.random.default_rng(1).normal(size=(150, 6))])
    is_missing = at_random(X.shape)
    _, _, imputer = default_and_mean(X, is_missing, max_iter=2)
    filled = imputer.transform(np.where(is_missing, NAN, X))
    mean = SimpleImputer().fit_transform(np.where(is_missing, NAN, X))
    for columns, largest in ((slice(0, 6), 0.5), (slice(6, 12), 1.05)):
        gaps = is_missing[:, columns]
        ours, theirs = (error(f[:, columns], X[:, columns], gaps) for f in (filled, mean))
        assert ours < largest * theirs


@pytest.mark.slow
def test_wide_complete_rows_choose_their_size_too():
    X = low_rank(40, 200, 2, noise=0.8)
    imputer = ReconstructionImputer(max_iter=1, random_state=0).fit(X[:30])
    assert imputer.n_components_ <= 4
    assert imputer.n_iter_ == 1
    is_missing = at_random((10, 200))
    filled = imputer.transform(np.where(is_missing, NAN, X[30:]))
    mean = np.broadcast_to(X[:30].mean(axis=0), filled.shape)
    assert error(filled, X[30:], is_missing) < error(mean, X[30:], is_missing)


# The size that was chosen


def test_the_size_is_that_of_all_rounds():
    X = load_iris().data
    imputer = default_and_mean(X, at_random(X.shape), max_iter=2)[2]
    sizes = [reducer[-1].n_components_ for reducer in imputer.reducers_]
    assert sizes == [imputer.n_components_] * 2


@pytest.mark.parametrize("parameters", [{"reducer": PCA(2), "tol": 100}, {"max_iter": 0}])
def test_there_is_no_size_where_none_was_chosen(parameters):
    X = np.where(at_random((150, 4)), NAN, load_iris().data)
    assert ReconstructionImputer(**parameters).fit(X).n_components_ is None


def test_the_usual_size_explains_most_of_the_variance():
    X = load_iris().data
    scaled = (X - X.min(axis=0)) / np.ptp(X, axis=0)
    shares = np.cumsum(PCA().fit(scaled).explained_variance_ratio_)
    assert size_for_share(X) == np.sum(shares <= 0.95) + 1
    assert size_for_share(np.ones((5, 3))) == 1


@pytest.mark.parametrize(
    ("shape", "rank", "noise"),
    [((60, 300), 3, 1.0), ((50, 100), 1, 1.0), ((200, 20), 4, 0.3), ((400, 30), 2, 1.0)],
)
@pytest.mark.parametrize("missing", [at_random, in_blocks])
def test_hidden_cells_find_the_rank(shape, rank, noise, missing):
    X = low_rank(*shape, rank, noise)
    is_missing = missing(shape)
    filled = SimpleImputer().fit_transform(np.where(is_missing, NAN, X))
    rng = np.random.RandomState(0)
    found = size_for_hidden_cells(filled, is_missing, X.std(axis=0), min(shape), rng)
    assert rank <= found <= 2 * rank


@pytest.mark.parametrize("shape", [(2, 2), (2, 5), (7, 1), (5, 3)])
def test_tiny_tables_have_one_component(shape):
    X, is_missing = low_rank(*shape, 1, 0.1), np.zeros(shape, bool)
    rng = np.random.RandomState(0)
    assert size_for_hidden_cells(X, is_missing, X.std(axis=0), 1, rng) == 1


# Cells that are hidden


@pytest.mark.parametrize("missing", [at_random, in_blocks])
def test_known_cells_are_hidden_and_enough_are_left(missing):
    is_missing = missing((50, 20))
    is_hidden = hidden_cells(is_missing, np.random.RandomState(0))
    is_left = ~(is_missing | is_hidden)
    assert not np.any(is_hidden & is_missing)
    assert is_left.any(axis=1).all()
    assert is_left.sum(axis=0).min() >= 2
    assert 0.05 < is_hidden.mean() < 0.3
    assert is_hidden.any(axis=0).all()


def test_blocks_are_hidden_where_blocks_are_missing():
    is_missing = np.zeros((60, 20), bool)
    is_missing[:20, 5:10] = True
    is_hidden = hidden_cells(is_missing, np.random.RandomState(0))
    whole = is_hidden[20:, 5:10].sum(axis=1)
    assert np.sum(whole >= 4) > 5


# How far a column is trusted


def predictions(slopes, n_rows=60, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    predicted = rng.normal(size=(n_rows, len(slopes)))
    return predicted, slopes * predicted + noise * rng.normal(size=predicted.shape)


def test_columns_go_as_far_as_pays():
    slopes = np.array([1.0, 1.0, 0.5, 0.0, -0.5])
    predicted, truth = predictions(slopes, n_rows=500)
    shares = trusted_shares(predicted, truth, np.ones(predicted.shape, bool))
    np.testing.assert_allclose(shares, np.clip(slopes, 0, 1), atol=0.1)


def test_columns_with_few_cells_go_as_far_as_the_others():
    predicted, truth = predictions(np.full(50, 0.8), n_rows=6, noise=0.6)
    shares = trusted_shares(predicted, truth, np.ones(predicted.shape, bool))
    np.testing.assert_allclose(shares, 0.8, atol=0.15)


@pytest.mark.parametrize("seed", range(5))
def test_predictions_of_noise_are_not_trusted(seed):
    predicted, truth = predictions(np.zeros(10), n_rows=20, noise=1.0, seed=seed)
    assert trusted_shares(predicted, truth, np.ones(predicted.shape, bool)).max() < 0.3


def test_exact_predictions_are_trusted():
    predicted, truth = predictions(np.array([1.0, 0.25]), noise=0.0)
    shares = trusted_shares(predicted, truth, np.ones(predicted.shape, bool))
    np.testing.assert_allclose(shares, [1.0, 0.25])


def test_the_mean_itself_is_trusted_nowhere():
    nothing = np.zeros((5, 3))
    assert trusted_shares(nothing, nothing + 1, np.ones((5, 3), bool)).tolist() == [0, 0, 0]
