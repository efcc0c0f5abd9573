"""What every test shares: a quiet TensorFlow, no windows, no figure left open."""

import os
import sys

# Read by TensorFlow and matplotlib when they are first imported, so set before any test is.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else the first process takes all
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest


def pytest_collection_modifyitems(items):
    """Keep together, for pytest-xdist, what compiles the same networks: files and estimators."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        estimator = parameters.get("cls", type(parameters.get("estimator")))
        is_common = item.path.name == "test_common.py" and isinstance(estimator, type)
        name = estimator.__name__ if is_common else str(item.path)
        item.add_marker(pytest.mark.xdist_group(name))


@pytest.fixture(autouse=True)
def close_figures():
    """matplotlib warns at the twenty-first open figure, and warnings are errors."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
