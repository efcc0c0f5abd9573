"""Searches that hand over all fits at once; scikit-learn's own search is the oracle."""

import os
import pickle
import signal
import threading
import time

import numpy as np
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skae import Autoencoder, BatchedGridSearchCV, VariationalAutoencoder
from skae.backend._program import Program

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 6))
y = (X[:, 0] > 0).astype(int)
SHORT = {"max_iter": 4, "early_stopping": False, "jit_compile": False, "random_state": 0}
AUTOENCODER = Autoencoder(2, hidden_layer_sizes=(5,), **SHORT)
RATES = {"learning_rate": [0.001, 0.004]}
GRID = {**RATES, "hidden_layer_sizes": [(5,), (3,)]}


def both(estimator, grid, *fitted_to, params=None, **options):
    """The two searches of the same; scikit-learn's in this thread."""
    options = {"cv": 3, **options}
    ours = BatchedGridSearchCV(clone(estimator), grid, **options)
    theirs = GridSearchCV(clone(estimator), grid, **{**options, "n_jobs": None})
    return [search.fit(*fitted_to, **(params or {})) for search in (ours, theirs)]


def assert_equal_results(ours, theirs):
    assert list(ours.cv_results_) == list(theirs.cv_results_)
    for name, column in theirs.cv_results_.items():
        if "time" not in name:
            np.testing.assert_array_equal(ours.cv_results_[name], column, err_msg=name)
            assert type(ours.cv_results_[name]) is type(column)


def test_results_are_those_of_grid_search():
    ours, theirs = both(AUTOENCODER, GRID, X, return_train_score=True)
    assert_equal_results(ours, theirs)
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == theirs.best_score_
    assert ours.n_splits_ == theirs.n_splits_
    np.testing.assert_array_equal(ours.transform(X), theirs.transform(X))
    assert (ours.cv_results_["mean_fit_time"] > 0).all()


def test_fits_are_made_in_threads(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads_of_a_search(monkeypatch, n_jobs=2) == {"other"}


@pytest.mark.parametrize("n_jobs", [1, None])
def test_one_thread_is_this_thread(monkeypatch, n_jobs):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads_of_a_search(monkeypatch, n_jobs=n_jobs) == {"main"}


def test_threads_of_joblib_are_ours(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with parallel_config(backend="threading", n_jobs=2):
        assert threads_of_a_search(monkeypatch, n_jobs=None) == {"other"}


def threads_of_a_search(monkeypatch, n_jobs):
    seen = set()

    def told(train):
        def told_train(program, *args):
            is_main = threading.current_thread() is threading.main_thread()
            seen.add("main" if is_main else "other")
            return train(program, *args)

        return told_train

    for name in ("train", "train_long"):
        monkeypatch.setattr(Program, name, told(getattr(Program, name)))
    BatchedGridSearchCV(AUTOENCODER, RATES, cv=2, n_jobs=n_jobs, refit=False).fit(X)
    return seen


def test_no_threads_are_refused():
    with pytest.raises(ValueError, match=r"n_jobs=0 has no meaning"):
        BatchedGridSearchCV(AUTOENCODER, RATES, n_jobs=0).fit(X)


class Counting(TransformerMixin, BaseEstimator):
    fits = 0

    def __init__(self, factor=1.0):
        self.factor = factor

    def fit(self, X, y=None):
        type(self).fits += 1
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return self.factor * np.asarray(X)

    def inverse_transform(self, X):
        return np.asarray(X) / self.factor


@pytest.fixture(autouse=True)
def nothing_counted():
    Counting.fits = 0


def test_steps_that_nothing_changes_are_fitted_once_for_each_split():
    pipeline = Pipeline(
        [("count", Counting()), ("scale", StandardScaler()), ("autoencoder", AUTOENCODER)]
    )
    grid = {"autoencoder__learning_rate": [0.001, 0.002, 0.004]}
    ours = BatchedGridSearchCV(pipeline, grid, cv=3, refit=False).fit(X)
    assert Counting.fits == 3
    theirs = GridSearchCV(pipeline, grid, cv=3, refit=False).fit(X)
    assert Counting.fits == 3 + 9
    assert_equal_results(ours, theirs)


def test_steps_that_candidates_change_are_fitted_for_each():
    pipeline = Pipeline([("count", Counting()), ("autoencoder", AUTOENCODER)])
    grid = {"count__factor": [1.0, 2.0], "autoencoder__learning_rate": [0.001, 0.004]}
    ours = BatchedGridSearchCV(pipeline, grid, cv=3).fit(X)
    assert Counting.fits == 2 * 3 + 1
    assert_equal_results(ours, GridSearchCV(pipeline, grid, cv=3).fit(X))
    assert ours.best_estimator_.memory is None


def test_steps_after_a_changed_one_are_not_shared():
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("count", Counting()), ("autoencoder", AUTOENCODER)]
    )
    grid = {"scale": [StandardScaler(), PCA(3), "passthrough"]}
    ours = BatchedGridSearchCV(pipeline, grid, cv=2, refit=False).fit(X)
    assert Counting.fits == 3 * 2
    assert_equal_results(ours, GridSearchCV(pipeline, grid, cv=2, refit=False).fit(X))


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_rows_of_shared_steps_may_be_written_into(n_jobs):
    steps = [("same", StandardScaler()), ("scale", MinMaxScaler(copy=False)), ("last", Ridge())]
    grid = {"scale__feature_range": [(0, 1), (5, 9)], "last__alpha": [1, 2]}
    ours, theirs = both(Pipeline(steps), grid, X, y, n_jobs=n_jobs, return_train_score=True)
    assert_equal_results(ours, theirs)


def test_autoencoders_in_front_are_fitted_once_for_each_split():
    pipeline = Pipeline([("autoencoder", AUTOENCODER), ("classify", LogisticRegression())])
    ours, theirs = both(pipeline, {"classify__C": [0.1, 1.0, 10.0]}, X, y)
    assert_equal_results(ours, theirs)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_array_equal(ours.classes_, [0, 1])


def test_steps_without_a_name_of_their_own_are_not_shared():
    pipeline = Pipeline([("count", Counting(factor=lambda: 1)), ("autoencoder", AUTOENCODER)])
    pipeline.set_params(count__factor=Unpicklable(1.0))
    BatchedGridSearchCV(
        pipeline, {"autoencoder__learning_rate": [0.001, 0.004]}, cv=2, refit=False
    ).fit(X)
    assert Counting.fits == 4


class Unpicklable(float):
    def __reduce__(self):
        raise TypeError("not to be pickled")

    def __deepcopy__(self, memo):
        return self


def test_another_estimator_is_searched_as_ever(monkeypatch):
    def not_ours(*args):
        raise AssertionError("this is no search of ours")

    monkeypatch.setattr("skae.model_selection._workers._run", not_ours)
    ours, theirs = both(LogisticRegression(), {"C": [0.1, 1.0]}, X, y)
    assert_equal_results(ours, theirs)


def test_an_autoencoder_may_stand_in_the_grid_alone():
    pipeline = Pipeline([("scale", StandardScaler()), ("reduce", PCA(2))])
    grid = [{"reduce": [PCA(2)]}, {"reduce": [AUTOENCODER], "reduce__learning_rate": [0.004]}]
    ours, theirs = both(pipeline, grid, X, scoring=first_feature)
    assert_equal_results(ours, theirs)


def first_feature(estimator, X, y=None):
    return float(estimator.transform(X)[:, 0].mean())


def two_scores(estimator, X, y=None):
    codes = estimator.transform(X)
    return {"mean": codes.mean(), "spread": codes.std()}


def test_several_scores():
    ours, theirs = both(AUTOENCODER, RATES, X, scoring=two_scores, refit="spread")
    assert_equal_results(ours, theirs)
    assert ours.best_index_ == theirs.best_index_
    assert ours.score(X) == theirs.score(X)


@pytest.mark.parametrize("refit", [False, True, lambda results: len(results["params"]) - 1])
def test_refit(refit):
    ours, theirs = both(AUTOENCODER, RATES, X, refit=refit)
    assert_equal_results(ours, theirs)
    assert ours.best_index_ == theirs.best_index_
    assert hasattr(ours, "best_estimator_") == hasattr(theirs, "best_estimator_")


def test_weights_and_groups_reach_fits_scores_and_splits():
    params = {"sample_weight": rng.uniform(1, 3, size=60), "groups": np.arange(60) % 4}
    ours, theirs = both(AUTOENCODER, RATES, X, y, cv=GroupKFold(4), params=params)
    assert_equal_results(ours, theirs)
    unweighted = BatchedGridSearchCV(AUTOENCODER, RATES, cv=KFold(3)).fit(X)
    assert unweighted.best_score_ != ours.best_score_


def test_metadata_are_routed():
    params = {"sample_weight": rng.uniform(1, 3, size=60)}
    with config_context(enable_metadata_routing=True):
        estimator = clone(AUTOENCODER).set_fit_request(sample_weight=True)
        estimator.set_score_request(sample_weight=False)
        assert_equal_results(*both(estimator, RATES, X, params=params))


def test_a_failed_fit_has_the_score_asked_for():
    grid = {"learning_rate": [0.001, -1.0]}
    found = []
    for cls in (BatchedGridSearchCV, GridSearchCV):
        with pytest.warns(match=r"3 fits failed out of a total of 6"):
            found.append(cls(AUTOENCODER, grid, cv=3, error_score=-7.0).fit(X))
    assert_equal_results(*found)
    assert found[0].cv_results_["mean_test_score"][1] == -7.0


def test_a_failed_fit_raises_where_asked():
    search = BatchedGridSearchCV(AUTOENCODER, {"learning_rate": [-1.0]}, error_score="raise")
    with pytest.raises(ValueError, match="learning_rate"):
        search.fit(X)
    assert not hasattr(search, "cv_results_")


def test_settings_of_scikit_learn_reach_the_threads():
    with config_context(transform_output="pandas"):
        assert_equal_results(*both(AUTOENCODER, RATES, X, scoring=is_frame, n_jobs=2))


def is_frame(estimator, X, y=None):
    return float(hasattr(estimator.transform(X), "columns"))


def test_random_states_are_copied_for_each_fit():
    estimator = clone(AUTOENCODER).set_params(random_state=np.random.RandomState(3))
    assert_equal_results(*both(estimator, RATES, X))


@pytest.mark.slow
def test_folds_of_default_fits_give_equal_bits():
    estimator = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=60, random_state=0)
    assert_equal_results(*both(estimator, {"activation": ["gelu", "tanh"]}, X, cv=2, n_jobs=2))


@pytest.mark.slow
def test_strengths_of_a_variational_one():
    estimator = VariationalAutoencoder(2, hidden_layer_sizes=(5,), **SHORT)
    pipeline = Pipeline([("scale", StandardScaler()), ("autoencoder", estimator)])
    assert_equal_results(*both(pipeline, {"autoencoder__beta": [0.1, 1.0]}, X))


class Listener:
    """A callback of scikit-learn, which hears of all fits of a search and of their epochs."""

    max_propagation_depth = None

    def __init__(self):
        self.heard = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **about):
        self.heard.append(("begin", type(estimator).__name__[-12:], context.task_name))

    def on_fit_task_end(self, estimator, context, **about):
        self.heard.append(("end", type(estimator).__name__[-12:], context.task_name))


def test_callbacks_hear_of_every_fit_and_epoch():
    heard = []
    for cls in (BatchedGridSearchCV, GridSearchCV):
        listener = Listener()
        cls(AUTOENCODER, RATES, cv=2, refit=False).set_callbacks(listener).fit(X)
        heard.append(sorted(listener.heard))
    assert heard[0] == heard[1]
    assert ("end", "Autoencoder", "epoch") in heard[0]


def test_it_says_what_it_does(capsys):
    BatchedGridSearchCV(AUTOENCODER, RATES, cv=2, verbose=2, refit=False).fit(X)
    printed = capsys.readouterr().out
    assert "Fitting 2 folds for each of 2 candidates, totalling 4 fits" in printed
    assert printed.count("[CV] END") == 4


def test_it_can_be_cloned_and_pickled():
    search = BatchedGridSearchCV(AUTOENCODER, RATES, cv=2).fit(X)
    assert clone(search).get_params().keys() == search.get_params().keys()
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.transform(X), search.transform(X))
    assert_equal_results(again, search)
    assert "BatchedGridSearchCV" in search._repr_html_()


def test_output_is_set_on_the_estimator():
    estimator = clone(AUTOENCODER).set_output(transform="pandas")
    search = BatchedGridSearchCV(estimator, RATES, cv=2).fit(X)
    assert list(search.transform(X).columns) == ["autoencoder0", "autoencoder1"]


def test_searches_may_stand_inside_searches():
    inner = BatchedGridSearchCV(AUTOENCODER, RATES, cv=2)
    reference = GridSearchCV(AUTOENCODER, RATES, cv=2)
    grid = {"estimator__hidden_layer_sizes": [(5,), (3,)]}
    ours = BatchedGridSearchCV(inner, grid, cv=2, n_jobs=2).fit(X)
    theirs = GridSearchCV(reference, grid, cv=2).fit(X)
    np.testing.assert_array_equal(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"]
    )


# It may fall into a finalizer, where Python tells of it and loses it: the search ends all the same.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_interruption_ends_all_fits(n_jobs):
    endless = clone(AUTOENCODER).set_params(max_iter=10**6, n_iter_no_change=10**6, tol=0.0)
    search = BatchedGridSearchCV(endless, RATES, n_jobs=n_jobs)
    pressed = []

    def press():
        time.sleep(1.0)
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    before = threading.active_count()
    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        search.fit(X)
    # Two seconds, on a machine that does nothing else.
    assert time.monotonic() - pressed[0] < 5.0
    assert not hasattr(search, "cv_results_")
    assert threading.active_count() <= before
