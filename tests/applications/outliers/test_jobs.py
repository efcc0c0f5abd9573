"""Folds fitted in threads: the same detector, bit for bit."""

import pickle
import threading

import joblib
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder, ReconstructionOutlierDetector
from skae.exceptions import StartKeptWarning

from .shared import SCORINGS, Memory

# Compiled once for all fits, threads included.
BRIEF = {"max_iter": 3, "early_stopping": False, "jit_compile": False}


def fitted(rows, n_jobs, reducer, **parameters):
    detector = ReconstructionOutlierDetector(
        reducer, n_jobs=n_jobs, calibration_fraction=0.34, random_state=0, **parameters
    )
    return detector.fit(rows)


def assert_equal(one, other, rows):
    np.testing.assert_array_equal(one.score_samples(rows), other.score_samples(rows))
    np.testing.assert_array_equal(one.offset_, other.offset_)


@pytest.mark.parametrize(
    "reducer",
    [
        Autoencoder(2, **BRIEF),
        Autoencoder(0.5, **BRIEF),
        make_pipeline(StandardScaler(), Autoencoder(0.5, **BRIEF)),
        Autoencoder(2, **BRIEF, random_state=np.random.RandomState(3)),
    ],
    ids=["of one size", "of a share", "in a Pipeline", "with its own generator"],
)
def test_threads_change_no_bit(rows, reducer):
    alone = fitted(rows[:80], None, reducer)
    for n_jobs in (2, -1):
        assert_equal(fitted(rows[:80], n_jobs, reducer), alone, rows)


@pytest.mark.parametrize("scoring", SCORINGS)
def test_threads_change_no_bit_of_any_scoring(rows, scoring):
    both = [fitted(rows[:60], n_jobs, PCA(0.5), scoring=scoring) for n_jobs in (None, 3)]
    assert_equal(*both, rows)


def test_reducers_are_fitted_in_as_many_threads(rows):
    class InThread(PCA):
        def fit(self, X, y=None):
            self.thread_ = threading.get_ident()
            barrier.wait(timeout=30)
            return super().fit(X, y)

    # Passed only by all three at once.
    barrier = threading.Barrier(3)
    detector = fitted(rows, 3, InThread(2))
    assert len({reducer.thread_ for reducer in detector.reducers_}) == 3


def test_no_more_threads_than_folds_are_started(rows):
    before, most = threading.active_count(), []

    class Counting(PCA):
        def fit(self, X, y=None):
            most.append(threading.active_count() - before)
            return super().fit(X, y)

    fitted(rows, 10**6, Counting(2))
    # Three folds, and what joblib keeps to serve them.
    assert max(most) < 10


def test_a_context_of_processes_gets_threads_all_the_same(rows):
    with joblib.parallel_backend("loky", n_jobs=2), pytest.warns(StartKeptWarning):
        fitted(rows[:60], None, Autoencoder(2, max_iter=1, learning_rate=1e-12))


@pytest.mark.parametrize("backend", ["threading", "sequential"])
def test_threads_of_a_joblib_context(rows, backend):
    alone = fitted(rows[:80], None, Autoencoder(0.5, **BRIEF))
    with joblib.parallel_backend(backend, n_jobs=2):
        within = fitted(rows[:80], None, Autoencoder(0.5, **BRIEF))
    assert_equal(within, alone, rows)


def test_detectors_in_threads_of_joblib(rows):
    alone = fitted(rows[:60], None, Autoencoder(2, **BRIEF))
    many = joblib.Parallel(n_jobs=2, prefer="threads")(
        joblib.delayed(fitted)(rows[:60], 2, Autoencoder(2, **BRIEF)) for _ in range(2)
    )
    for each in many:
        assert_equal(each, alone, rows)


def test_kept_starts_of_threads_are_told_of_once(rows):
    # At this rate no epoch is better than PCA.
    reducer = Autoencoder(2, max_iter=2, learning_rate=1e-12)
    with pytest.warns(StartKeptWarning) as caught:
        fitted(rows, 3, reducer)
    assert len(caught) == 1
    assert "3 of the reducers" in str(caught[0].message)


def test_a_pickle_of_one_fitted_in_threads(rows):
    detector = fitted(rows[:60], 2, PCA(2))
    assert_equal(pickle.loads(pickle.dumps(detector)), detector, rows)


def test_an_error_of_a_thread_is_raised(rows):
    class Failing(Memory):
        def fit(self, X, y=None):
            raise RuntimeError("no such rows")

    with pytest.raises(RuntimeError, match="no such rows"):
        fitted(rows, 2, Failing())


@pytest.mark.parametrize("n_jobs", [0, 1.5, "all", [2]])
def test_other_numbers_of_jobs_are_refused(rows, n_jobs):
    with pytest.raises(ValueError, match="The 'n_jobs' parameter of Reconstruction"):
        fitted(rows, n_jobs, PCA(2))
