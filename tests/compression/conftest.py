"""A fitted estimator, and what compression makes of it."""

from types import SimpleNamespace

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae.compression import _pruning as pruning

from .shared import X, prunings, quick, shrink


@pytest.fixture(autouse=True)
def fewer_prunings():
    with prunings(3):
        yield


@pytest.fixture(scope="session")
def fitted():
    return quick().fit(X)


@pytest.fixture(scope="session")
def compressed(fitted):
    # Before any test has fewer.
    with prunings(3):
        return shrink(fitted)


@pytest.fixture(scope="session")
def pipeline():
    return make_pipeline(StandardScaler(), quick()).fit(100 * X)


@pytest.fixture
def phases(monkeypatch):
    """The calls of each phase of training."""
    calls, original = [], pruning.train

    def spy(model, rows, recipe, settings, origin, *args):
        seen = {"rows": rows.X, "trained_on": rows.X[rows.sample_weight > 0], "origin": origin}
        calls.append(SimpleNamespace(settings=settings, recipe=recipe, **seen))
        return original(model, rows, recipe, settings, origin, *args)

    monkeypatch.setattr(pruning, "train", spy)
    return calls
