"""What every test shares: a quiet TensorFlow, no windows, no figure left open."""

import os
import sys

# Read by TensorFlow and matplotlib when they are first imported, so set before any test is.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else the first process takes all
os.environ.setdefault("MPLBACKEND", "Agg")
# A process a core: threads of one would wait for those of the other.
for users in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
    os.environ.setdefault(f"{users}_THREADS", "1")

import pytest


@pytest.fixture(autouse=True)
def close_figures():
    """matplotlib warns at the twenty-first open figure, and warnings are errors."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
