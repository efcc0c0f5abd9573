"""What every test shares: a quiet TensorFlow, no windows, no figure left open."""

import gc
import os
import signal
import sys

# Read by TensorFlow and matplotlib when they are first imported, so set before any test is.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else the first process takes all
os.environ.setdefault("MPLBACKEND", "Agg")
# Runs are logged in files, which MLflow allows to those who ask, and nobody is told of them.
os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# One thread each, as there is a process for every core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import pytest

# A shell that starts a run in the background has interruptions ignored, for which tests would wait.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Modules and tests stay until the end: a look through them takes a third of a second, each time.
gc.disable()


# Folders whose files share fits of a whole session, which each process would make for itself.
SHARING = ("tests/compression/", "tests/persistence/", "tests/supervised/")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give a process all files of such a folder, and a file of any other."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByFolder(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return next((folder for folder in SHARING if file.startswith(folder)), file)

    return ByFolder(config, log)


def pytest_collection_finish():
    """Collect garbage again, of what is made from here on."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def forget_interruptions():
    """An interruption soon after another is raised, and tests follow each other at once."""
    yield
    if "skae.fitting._interruption" in sys.modules:
        sys.modules["skae.fitting._interruption"].forget_interruption()


@pytest.fixture(autouse=True)
def close_figures():
    """matplotlib warns at the twenty-first open figure, and warnings are errors."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def blank_pictures(monkeypatch):
    """Pages of commands get white pictures: drawing them takes nine tenths of a run."""
    from matplotlib.figure import Figure
    from PIL import Image

    def save_blank(figure, file, *, format, dpi):
        width, height = (int(inches * dpi) for inches in figure.get_size_inches())
        Image.new("L", (width, height), "white").save(file, format)

    monkeypatch.setattr(Figure, "savefig", save_blank)
