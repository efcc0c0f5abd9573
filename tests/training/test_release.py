"""What TensorFlow holds of a program that was let go."""

import gc

import numpy as np
import pytest
from tensorflow.python.eager import context
from tensorflow.python.framework import func_graph, ops

from skae import Autoencoder
from skae.backend import _gateway as gateway, _release

ROWS = np.random.default_rng(0).normal(size=(40, 5))
FEW = {"max_iter": 2, "early_stopping": False, "jit_compile": False, "random_state": 0}


@pytest.fixture
def pool(monkeypatch):
    """Programs of a test alone."""
    monkeypatch.setattr(gateway, "POOL", type(gateway.POOL)(gateway.POOL._build, max_idle=1))
    return gateway.POOL


def fit(n_hidden):
    return Autoencoder(2, hidden_layer_sizes=(n_hidden,), **FEW).fit(ROWS)


def graphs():
    gc.collect()
    return sum(isinstance(each, func_graph.FuncGraph) for each in gc.get_objects())


@pytest.mark.slow
def test_graphs_and_functions_are_freed(pool):
    fit(3)
    n_graphs, names = graphs(), len(context.context().list_function_names())
    registered = set(ops.gradient_registry.list())
    for n_hidden in (4, 5):
        fit(n_hidden)
    assert set(ops.gradient_registry.list()) == registered
    assert graphs() == n_graphs
    assert len(context.context().list_function_names()) == names


@pytest.mark.slow
def test_programs_go_on_where_kernels_were_cleared(pool, monkeypatch):
    expected = fit(3).transform(ROWS)
    monkeypatch.setattr(_release, "_PROGRAMS_A_CLEARING", 1)
    fit(4)
    np.testing.assert_array_equal(fit(3).transform(ROWS), expected)
