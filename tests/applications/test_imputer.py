"""ReconstructionImputer: what is missing becomes what a reducer reconstructs there."""

import itertools
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.decomposition import NMF, PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler, minmax_scale

import skae
from skae import Autoencoder, DenoisingAutoencoder, ReconstructionImputer

NAN = np.nan
RNG = np.random.default_rng(0)


def holed(X, share=0.15, seed=0):
    """The same rows with cells missing at random, at least one of each row known."""
    is_missing = np.random.default_rng(seed).random(X.shape) < share
    is_missing[:, 0] &= ~is_missing.all(axis=1)
    return np.where(is_missing, NAN, X), is_missing


LOW_RANK = RNG.normal(size=(60, 2)) @ RNG.normal(size=(2, 8)) + RNG.normal(size=8)
LOW_RANK_HOLED, IS_MISSING = holed(LOW_RANK)
X_IRIS = load_iris().data
X_IRIS_HOLED, IRIS_MISSING = holed(X_IRIS)


def quick(**parameters):
    """A small autoencoder, and few rounds."""
    reducer = Autoencoder(2, hidden_layer_sizes=(8,), max_iter=5)
    return ReconstructionImputer(reducer, **({"max_iter": 2, "random_state": 0} | parameters))


def exact(n_components=2, **parameters):
    """Plain iteration until nothing changes."""
    settings = {"max_iter": 20_000, "tol": 1e-10} | parameters
    return ReconstructionImputer(PCA(n_components, svd_solver="full"), **settings)


class Spy(TransformerMixin, BaseEstimator):
    """Reconstructs ones, and remembers what its fit was given."""

    values = itertools.repeat(1.0)

    def fit(self, X, y=None, observed=None):
        self.seen_ = {"X": X.copy(), "observed": observed}
        self.value_ = next(self.values)
        return self

    def transform(self, X):
        return X

    def inverse_transform(self, X):
        return np.full_like(X, self.value_)


class UnmaskedSpy(Spy):
    def fit(self, X, y=None):
        return super().fit(X)


def counting(spy):
    """A spy that reconstructs the number of its fit."""
    return type("Counting", (spy,), {"values": itertools.count(1.0)})()


ONE_MISSING = np.array([[NAN, 5.0], [2.0, 6.0], [4.0, 7.0]])


# Plain iteration


def test_rows_near_the_end_of_float32_say_so():
    rows = np.random.default_rng(0).normal(size=(60, 6))
    rows = (rows / np.abs(rows).max() * 3e38).astype(np.float32)
    reducer = Autoencoder(2, hidden_layer_sizes=(8,), max_iter=3, random_state=0)
    with pytest.raises(ValueError, match=r"sums of values beyond 5.67e\+36 are too large"):
        ReconstructionImputer(reducer).fit(rows)
    with pytest.raises(ValueError, match=r"up to 1e\+37 can be learnt"):
        ReconstructionImputer(reducer).fit(rows.astype(np.float64))


def test_pca_recovers_rows_of_its_rank():
    filled = exact().fit_transform(LOW_RANK_HOLED)
    np.testing.assert_allclose(filled, LOW_RANK, atol=1e-6)


def iterated_svd(X, n_components, n_rounds):
    is_missing = np.isnan(X)
    filled = np.where(is_missing, np.nanmean(X, axis=0), X)
    for _ in range(n_rounds):
        mean = filled.mean(axis=0)
        left, sizes, right = np.linalg.svd(filled - mean, full_matrices=False)
        left, sizes, right = left[:, :n_components], sizes[:n_components], right[:n_components]
        filled = np.where(is_missing, (left * sizes) @ right + mean, X)
    return filled, right


def test_pca_ends_where_iterated_svd_does():
    X, _ = holed(LOW_RANK + RNG.normal(size=LOW_RANK.shape))
    expected, directions = iterated_svd(X, 2, 5000)
    imputer = exact().fit(X)
    np.testing.assert_allclose(imputer.transform(X), expected, atol=1e-6)
    found = imputer.reducers_[-1].components_
    np.testing.assert_allclose(np.abs(np.sum(found * directions, axis=1)), 1.0, atol=1e-9)


@pytest.mark.parametrize("n_rounds", [1, 2, 5])
def test_each_round_is_a_step_of_iterated_svd(n_rounds):
    X, _ = holed(LOW_RANK + RNG.normal(size=LOW_RANK.shape))
    _, directions = iterated_svd(X, 2, n_rounds)
    with pytest.warns(ConvergenceWarning):
        imputer = exact(max_iter=n_rounds).fit(X)
    assert imputer.n_iter_ == n_rounds
    found = imputer.reducers_[-1].components_
    np.testing.assert_allclose(np.abs(np.sum(found * directions, axis=1)), 1.0, atol=1e-9)


def test_new_rows_are_filled_by_least_squares():
    """Iterated projection ends at the point of the subspace nearest to what is known."""
    pca = PCA(2).fit(LOW_RANK)
    rows, is_missing = holed(LOW_RANK[:10] + RNG.normal(size=(10, 8)), 0.3, seed=1)
    filled = exact().fit(LOW_RANK).transform(rows)
    for row, gaps, found in zip(rows, is_missing, filled, strict=True):
        basis = pca.components_.T
        code = np.linalg.lstsq(basis[~gaps], (row - pca.mean_)[~gaps])[0]
        np.testing.assert_allclose(found[gaps], (basis @ code + pca.mean_)[gaps], atol=1e-6)


def test_nmf_fills_with_what_is_not_negative():
    reducer = NMF(2, init="nndsvda", max_iter=2000, tol=1e-3)
    imputer = ReconstructionImputer(reducer, max_iter=5, tol=1, random_state=0)
    filled = imputer.fit_transform(X_IRIS_HOLED)
    assert filled.min() >= 0
    error = np.mean((filled - X_IRIS)[IRIS_MISSING] ** 2)
    mean = SimpleImputer().fit_transform(X_IRIS_HOLED)
    assert error < 0.7 * np.mean((mean - X_IRIS)[IRIS_MISSING] ** 2)


# Rounds


def test_rounds_that_do_not_converge_warn():
    message = r"still change by .* in round 2, which is more than tol=1e-10. Raise max_iter"
    with pytest.warns(ConvergenceWarning, match=message):
        imputer = exact(max_iter=2).fit(LOW_RANK_HOLED)
    assert imputer.n_iter_ == 2


def test_rounds_end_below_tol():
    few, many = (exact(tol=tol).fit(LOW_RANK_HOLED) for tol in (1e-1, 1e-6))
    assert 1 < few.n_iter_ < many.n_iter_ < 20_000


def test_tol_is_in_standard_deviations():
    other_units = LOW_RANK_HOLED * 1e6
    expected = exact(tol=1e-2).fit(LOW_RANK_HOLED).n_iter_
    assert exact(tol=1e-2).fit(other_units).n_iter_ == expected


def test_random_fits_do_not_warn():
    imputer = quick(max_iter=3).fit(X_IRIS_HOLED)
    assert imputer.n_iter_ == 3
    assert len(imputer.reducers_) == 3


def test_auto_means_few_rounds_of_random_fits():
    imputer = ReconstructionImputer(counting(Spy)).fit(ONE_MISSING)
    assert imputer.n_iter_ == len(imputer.reducers_) == 5


def test_auto_means_many_rounds_of_others():
    with pytest.warns(ConvergenceWarning):
        imputer = ReconstructionImputer(counting(UnmaskedSpy)).fit(ONE_MISSING)
    assert imputer.n_iter_ == 100


def test_rounds_of_random_fits_are_averaged():
    filled = ReconstructionImputer(counting(Spy), max_iter=4).fit_transform(ONE_MISSING)
    # What the rounds after the first reconstruct, weighted 1, 2 and 3.
    assert filled[0, 0] == pytest.approx((1 * 2 + 2 * 3 + 3 * 4) / 6)


def test_the_last_fit_of_others_counts():
    imputer = ReconstructionImputer(counting(UnmaskedSpy), max_iter=4, tol=0).fit(ONE_MISSING)
    assert len(imputer.reducers_) == 1
    assert imputer.transform(ONE_MISSING)[0, 0] == 4.0


def test_no_rounds_leave_the_initial_filling():
    imputer = quick(max_iter=0).fit(X_IRIS_HOLED)
    assert imputer.n_iter_ == 0
    expected = SimpleImputer().fit_transform(X_IRIS_HOLED)
    np.testing.assert_array_equal(imputer.transform(X_IRIS_HOLED), expected)


def test_verbose_prints_a_line_a_round(capsys):
    quick(max_iter=3, verbose=1).fit(X_IRIS_HOLED)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("[ReconstructionImputer] Round 3 of 3: largest change ")


@pytest.mark.parametrize(
    ("parameters", "value"),
    [
        ({}, 0.0),
        ({"min_value": 0.5, "grid": 2}, 2.0),
        ({"initial_strategy": "constant", "fill_value": 7.0}, 7.0),
    ],
)
def test_a_pixel_that_no_image_shows_stays_and_is_filled(parameters, value):
    images = np.where(np.arange(8) == 3, NAN, LOW_RANK_HOLED).reshape(-1, 2, 4)
    reducer = Autoencoder(2, sample_shape=(2, 4), hidden_layer_sizes=(4,), max_iter=1)
    imputer = ReconstructionImputer(reducer, max_iter=1, random_state=0, **parameters)
    with pytest.warns(UserWarning, match=r"columns \[3\]\. They stay.*sample_shape=\(2, 4\)"):
        filled = imputer.fit_transform(images)
    assert filled.shape == LOW_RANK.shape
    np.testing.assert_array_equal(filled[:, 3], value)
    np.testing.assert_array_equal(imputer.transform(images), filled)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
def test_first_reducer_sees_the_initial_filling(strategy):
    given = {"fill_value": 7.0} if strategy == "constant" else {}
    imputer = ReconstructionImputer(Spy(), max_iter=1, initial_strategy=strategy, **given)
    imputer.fit(X_IRIS_HOLED)
    expected = SimpleImputer(strategy=strategy, **given).fit_transform(X_IRIS_HOLED)
    np.testing.assert_array_equal(imputer.reducers_[0].seen_["X"], expected)


# Reducers that learn from known values only


@pytest.mark.parametrize(
    "wrap",
    [
        lambda spy: spy,
        lambda spy: make_pipeline(StandardScaler(), spy),
        lambda spy: make_pipeline("passthrough", MinMaxScaler(), make_pipeline(spy)),
        lambda spy: make_pipeline(FrozenEstimator(StandardScaler().fit(X_IRIS)), spy),
    ],
    ids=["alone", "pipeline", "nested", "frozen scaler"],
)
@pytest.mark.parametrize("routing", [False, True])
def test_known_values_are_passed_as_observed(wrap, routing):
    with config_context(enable_metadata_routing=routing):
        imputer = ReconstructionImputer(wrap(Spy()), max_iter=2).fit(X_IRIS_HOLED)
    for reducer in imputer.reducers_:
        while isinstance(reducer, Pipeline):
            reducer = reducer[-1]
        np.testing.assert_array_equal(reducer.seen_["observed"], ~IRIS_MISSING)


@pytest.mark.parametrize(
    "reducer",
    [UnmaskedSpy(), make_pipeline(PCA(), Spy()), make_pipeline(StandardScaler(), UnmaskedSpy())],
    ids=["does not take it", "other columns", "last does not take it"],
)
def test_others_are_fitted_without(reducer):
    imputer = ReconstructionImputer(reducer, max_iter=1, tol=100).fit(X_IRIS_HOLED)
    (fitted,) = imputer.reducers_
    last = fitted[-1] if isinstance(fitted, Pipeline) else fitted
    assert last.seen_["observed"] is None


def test_an_autoencoder_is_fitted_to_known_values():
    (fitted,) = quick(max_iter=1).fit(X_IRIS_HOLED).reducers_
    filled = SimpleImputer().fit_transform(X_IRIS_HOLED)
    masked = clone(fitted).fit(filled, observed=~IRIS_MISSING)
    np.testing.assert_array_equal(fitted.transform(filled), masked.transform(filled))
    plain = clone(fitted).fit(filled)
    assert not np.array_equal(fitted.transform(filled), plain.transform(filled))


def test_default_is_better_than_the_mean_and_pca():
    X = minmax_scale(load_breast_cancer().data)[::3]
    X_holed, is_missing = holed(X, 0.2)

    def error(imputer):
        return np.mean((imputer.fit_transform(X_holed) - X)[is_missing] ** 2)

    ours = error(ReconstructionImputer(max_iter=2, random_state=0))
    assert ours < 0.35 * error(SimpleImputer())
    assert ours < 0.9 * error(ReconstructionImputer(PCA(2)))


def test_holes_in_new_images_are_painted():
    """Bars and stripes: what is left of an image says what the hole held."""
    images = np.zeros((200, 6, 6))
    for image, line, is_row in zip(
        images, RNG.integers(6, size=200), RNG.random(200) < 0.5, strict=True
    ):
        image[(line, slice(None)) if is_row else (slice(None), line)] = 1.0
    hole = np.zeros((6, 6), bool)
    hole[2:4, 2:4] = True
    rows, hole = images.reshape(200, 36), hole.ravel()
    reducer = DenoisingAutoencoder(10, noise="swap", max_iter=50, hidden_layer_sizes=(64,))
    imputer = ReconstructionImputer(reducer, random_state=0).fit(rows[:150])
    test = rows[150:]
    painted = imputer.transform(np.where(hole, NAN, test))[:, hole]
    error = np.mean((painted - test[:, hole]) ** 2)
    assert error < 0.3 * test[:, hole].var()


# What stays as it is


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_known_values_come_back_as_they_came(dtype):
    X = (1e4 * X_IRIS_HOLED).astype(dtype)
    filled = quick().fit_transform(X)
    assert filled.dtype == dtype
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[~IRIS_MISSING], X[~IRIS_MISSING])


def test_input_is_left_alone():
    X = X_IRIS_HOLED.copy()
    quick().fit_transform(X)
    np.testing.assert_array_equal(X, X_IRIS_HOLED)


def test_complete_rows_need_one_fit():
    imputer = quick(max_iter=5).fit(X_IRIS)
    assert imputer.n_iter_ == 1
    np.testing.assert_array_equal(imputer.transform(X_IRIS), X_IRIS)


def test_rows_that_are_entirely_missing():
    X = X_IRIS_HOLED.copy()
    X[3] = NAN
    imputer = quick().fit(X)
    expected = SimpleImputer().fit_transform(X)[3]
    np.testing.assert_array_equal(imputer.transform(X)[3], expected)
    np.testing.assert_array_equal(imputer.transform([[NAN] * 4])[0], expected)
    others = quick().fit(np.delete(X, 3, axis=0))
    np.testing.assert_array_equal(others.transform(X), imputer.transform(X))


@pytest.mark.parametrize("strategy", ["mean", "constant"])
def test_empty_columns_are_dropped(strategy):
    X = np.insert(X_IRIS_HOLED, 1, NAN, axis=1)
    with pytest.warns(UserWarning, match="Skipping features without any observed values"):
        imputer = quick(initial_strategy=strategy).fit(X)
    with pytest.warns(UserWarning, match="Skipping features without any observed values"):
        filled = imputer.transform(X)
    np.testing.assert_array_equal(
        filled, quick(initial_strategy=strategy).fit_transform(X_IRIS_HOLED)
    )
    assert imputer.get_feature_names_out().tolist() == ["x0", "x2", "x3", "x4"]


@pytest.mark.parametrize(("strategy", "value"), [("mean", 0.0), ("constant", 7.0)])
def test_empty_columns_are_kept_on_demand(strategy, value):
    X = np.insert(X_IRIS_HOLED, 1, NAN, axis=1)
    parameters = {"initial_strategy": strategy, "fill_value": 7.0}
    imputer = quick(keep_empty_features=True, **parameters).fit(X)
    filled = imputer.transform(X)
    assert np.all(filled[:, 1] == value)
    expected = quick(**parameters).fit_transform(X_IRIS_HOLED)
    np.testing.assert_array_equal(np.delete(filled, 1, axis=1), expected)
    X[:5, 1] = 3.0
    assert imputer.transform(X)[:6, 1].tolist() == [3.0] * 5 + [value]


@pytest.mark.parametrize("keep", [False, True])
def test_nothing_known_at_all(keep):
    X = np.full((5, 3), NAN)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipping features", UserWarning)
        filled = quick(keep_empty_features=keep).fit_transform(X)
        expected = SimpleImputer(keep_empty_features=keep).fit_transform(X)
    np.testing.assert_array_equal(filled, expected)


def test_a_single_column_is_filled_at_first_and_left():
    X = X_IRIS_HOLED[:, 1:2]
    imputer = quick().fit(X)
    assert (imputer.n_iter_, imputer.reducers_) == (0, [])
    np.testing.assert_array_equal(imputer.transform(X), SimpleImputer().fit_transform(X))


@pytest.mark.slow
def test_a_constant_column_stays_constant_enough():
    X = X_IRIS_HOLED.copy()
    X[:, 2] = np.where(IRIS_MISSING[:, 2], NAN, 4.0)
    filled = exact(1, tol=1e-6).fit_transform(X)
    np.testing.assert_allclose(filled[:, 2], 4.0, atol=1e-9)


# New rows


def test_rows_of_fit_end_as_fit_transform_says():
    imputer = quick()
    expected = imputer.fit_transform(X_IRIS_HOLED)
    np.testing.assert_array_equal(imputer.transform(X_IRIS_HOLED), expected)


def test_new_rows_may_miss_other_columns():
    train = X_IRIS.copy()
    train[::3, 0] = NAN
    test, is_missing = X_IRIS[1::2].copy(), np.zeros((75, 4), bool)
    is_missing[::2, 2] = is_missing[1::2, 3] = True
    filled = exact(tol=1e-6).fit(train).transform(np.where(is_missing, NAN, test))
    np.testing.assert_array_equal(filled[~is_missing], test[~is_missing])
    mean = np.broadcast_to(np.nanmean(train, axis=0), test.shape)
    error = np.mean((filled - test)[is_missing] ** 2)
    assert error < 0.1 * np.mean((mean - test)[is_missing] ** 2)


def test_rows_do_not_depend_on_each_other():
    imputer = exact(tol=1e-2).fit(X_IRIS_HOLED)
    together = imputer.transform(X_IRIS_HOLED)
    alone = np.concatenate([imputer.transform(row[None]) for row in X_IRIS_HOLED])
    np.testing.assert_allclose(together, alone, rtol=1e-12)


# Indicators, names, containers


def test_indicators_are_those_of_missing_indicator():
    X = X_IRIS_HOLED.copy()
    X[:, 2] = X_IRIS[:, 2]
    imputer = quick(add_indicator=True).fit(X)
    filled = imputer.transform(X_IRIS_HOLED)
    indicator = MissingIndicator(error_on_new=False).fit(X)
    np.testing.assert_array_equal(filled[:, 4:], indicator.transform(X_IRIS_HOLED))
    np.testing.assert_array_equal(filled[:, :4], quick().fit(X).transform(X_IRIS_HOLED))
    names = SimpleImputer(add_indicator=True).fit(X).get_feature_names_out()
    assert imputer.get_feature_names_out().tolist() == names.tolist()
    assert isinstance(imputer.indicator_, MissingIndicator)
    assert quick().fit(X).indicator_ is None


@pytest.mark.parametrize("missing_values", [-1, 0.5])
def test_missing_values_may_be_a_number(missing_values):
    X = np.where(IRIS_MISSING, missing_values, 10 + X_IRIS)
    found = quick(missing_values=missing_values).fit_transform(X)
    expected = quick().fit_transform(np.where(IRIS_MISSING, NAN, 10 + X_IRIS))
    np.testing.assert_array_equal(found, expected)


def test_pandas_output_has_names_and_index():
    frame = pd.DataFrame(X_IRIS_HOLED, columns=list("abcd"), index=range(100, 250))
    imputer = quick(add_indicator=True).set_output(transform="pandas")
    filled = imputer.fit_transform(frame)
    indicators = [f"missingindicator_{name}" for name in "abcd"]
    assert filled.columns.tolist() == [*"abcd", *indicators]
    assert filled.index.equals(frame.index)
    np.testing.assert_array_equal(filled[list("abcd")], quick().fit_transform(X_IRIS_HOLED))


def test_polars_in_and_out():
    frame = pl.DataFrame(X_IRIS_HOLED, schema=list("abcd"))
    filled = quick().set_output(transform="polars").fit_transform(frame)
    assert filled.columns == list("abcd")
    np.testing.assert_array_equal(filled.to_numpy(), quick().fit_transform(X_IRIS_HOLED))


@pytest.mark.slow
@pytest.mark.parametrize("reducer", [None, PCA(2), make_pipeline(StandardScaler(), PCA(2))])
def test_output_settings_of_others_change_nothing(reducer):
    parameters = {"max_iter": 1, "tol": 100, "random_state": 0}
    expected = ReconstructionImputer(reducer, **parameters).fit_transform(X_IRIS_HOLED)
    with config_context(transform_output="pandas"):
        found = ReconstructionImputer(reducer, **parameters).fit_transform(X_IRIS_HOLED)
    np.testing.assert_array_equal(found, expected)


# Reproducible, and kept


def test_equal_seeds_give_equal_bits():
    first, again, other = (
        quick(random_state=seed).fit_transform(X_IRIS_HOLED) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_round_has_a_seed_of_its_own():
    imputer = quick(max_iter=3).fit(X_IRIS_HOLED)
    assert len({reducer.random_state for reducer in imputer.reducers_}) == 3


def test_the_reducer_is_cloned():
    reducer = PCA(2)
    imputer = ReconstructionImputer(reducer, tol=0.1).fit(X_IRIS_HOLED)
    assert imputer.reducer is reducer
    assert not hasattr(reducer, "components_")


def test_a_frozen_reducer_is_used_as_it_is():
    pca = PCA(1).fit(X_IRIS)
    imputer = ReconstructionImputer(FrozenEstimator(pca), max_iter=1000, tol=1e-6)
    filled = imputer.fit_transform(X_IRIS_HOLED)
    again = pca.inverse_transform(pca.transform(filled))
    np.testing.assert_allclose(filled[IRIS_MISSING], again[IRIS_MISSING], atol=1e-5)


def test_a_frozen_autoencoder_takes_few_rounds():
    autoencoder = Autoencoder(2, hidden_layer_sizes=(8,), max_iter=5, random_state=0).fit(X_IRIS)
    imputer = ReconstructionImputer(FrozenEstimator(autoencoder)).fit(X_IRIS_HOLED)
    assert imputer.n_iter_ == 5


def test_pickle_and_skops_keep_the_imputer():
    imputer = quick(add_indicator=True).fit(X_IRIS_HOLED)
    expected = imputer.transform(X_IRIS_HOLED)
    dump = skops.io.dumps(imputer)
    trusted = skae.skops_trusted()
    for again in (pickle.loads(pickle.dumps(imputer)), skops.io.loads(dump, trusted=trusted)):
        np.testing.assert_array_equal(again.transform(X_IRIS_HOLED), expected)


def test_a_fit_that_raises_changes_nothing():
    imputer = quick(add_indicator=True).fit(X_IRIS_HOLED)
    expected = imputer.transform(X_IRIS_HOLED)
    with pytest.raises(ValueError, match="n_components"):
        imputer.set_params(reducer=PCA(50)).fit(X_IRIS_HOLED[:, :3])
    np.testing.assert_array_equal(imputer.transform(X_IRIS_HOLED), expected)
    fresh = ReconstructionImputer(PCA(50))
    with pytest.raises(ValueError, match="n_components"):
        fresh.fit(X_IRIS_HOLED)
    assert not hasattr(fresh, "n_features_in_")


# Errors


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"reducer": LinearRegression()}, ValueError, "'reducer' parameter of Reconstruction"),
        ({"reducer": StandardScaler}, TypeError, "is not an estimator; pass an instance"),
        ({"reducer": Nystroem()}, TypeError, "Nystroem has no inverse_transform"),
        ({"initial_strategy": "median of means"}, ValueError, "'initial_strategy' parameter"),
        ({"max_iter": -1}, ValueError, "'max_iter' parameter"),
        ({"tol": -0.1}, ValueError, "'tol' parameter"),
        ({"missing_values": "?"}, ValueError, "'missing_values' parameter"),
        ({"initial_strategy": "constant", "fill_value": "x"}, ValueError, "fill_value='x'"),
    ],
)
def test_wrong_parameters_are_named(parameters, error, message):
    with pytest.raises(error, match=message):
        ReconstructionImputer(**parameters).fit(X_IRIS_HOLED)


def test_infinite_values_are_refused():
    X = X_IRIS_HOLED.copy()
    X[0, 0] = np.inf
    with pytest.raises(ValueError, match="Input X contains infinity"):
        quick().fit(X)
    imputer = quick().fit(X_IRIS_HOLED)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        imputer.transform(X)


def test_nan_is_refused_where_a_number_stands_for_it():
    with pytest.raises(ValueError, match="Input X contains NaN"):
        quick(missing_values=-1).fit(X_IRIS_HOLED)


def test_unfitted():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        quick().transform(X_IRIS_HOLED)


def test_a_constant_column_does_not_keep_the_rounds_going():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(60, 3)), np.full(60, 0.1)])
    X[::7, 3] = X[::5, 1] = NAN
    assert np.nanstd(X[:, 3]) > 0  # as its mean is rounded
    nmf = make_pipeline(MinMaxScaler((0.1, 1)), NMF(2, max_iter=500, random_state=0))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ReconstructionImputer(nmf, max_iter=2, tol=1e-9).fit(X)
    (warning,) = [w for w in caught if "still change by" in str(w.message)]
    change = float(str(warning.message).split("change by ")[1].split()[0])
    assert change < 10


def test_a_known_value_whose_square_no_float_holds_is_named():
    X = np.random.default_rng(0).normal(size=(40, 3))
    X[0, 0], X[3, 1] = np.nan, 1e300
    with pytest.raises(ValueError, match=r"1e\+300 in row 3 of column 1"):
        ReconstructionImputer(PCA(1)).fit(X)
