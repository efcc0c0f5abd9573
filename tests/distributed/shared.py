"""Rows, executors and estimators that tests of distributed fits share."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import numpy as np

RNG = np.random.default_rng(0)
X = np.tanh(RNG.normal(size=(240, 3)) @ RNG.normal(size=(3, 6)) + RNG.normal(size=6))
PARAMETERS = {"early_stopping": True, "max_iter": 3, "random_state": 0}


class Here:
    """Runs what is submitted at once, and counts the calls; some of which it loses."""

    def __init__(self, lost=()):
        self.n_calls, self._lost = 0, lost

    def submit(self, function, /, *args):
        self.n_calls += 1
        future = Future()
        if self.n_calls in self._lost:
            future.set_exception(BrokenProcessPool("a worker is gone"))
            return future
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def reconstructed(estimator):
    return estimator.inverse_transform(estimator.transform(X))
