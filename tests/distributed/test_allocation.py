"""Memory of workers of dask, which ask the allocator to give all of it back at once."""

import numpy as np
import pytest

from skae.distributed._allocation import _glibc, kept_memory

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.skipif(_glibc() is None, reason="needs glibc")


def faults_of_steps():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        np.ones(2**17)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.fixture
def kept_afterwards():
    """Other tests of this process want the memory back as little."""
    yield
    _glibc().mallopt(-1, 2**27)
    _glibc().mallopt(-3, 2**25)


@pytest.mark.usefixtures("kept_afterwards")
def test_arrays_of_steps_are_mapped_once(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    with kept_memory():
        faults_of_steps()
        inside = faults_of_steps()
    # As such a worker is between its calls: a megabyte has 256 pages.
    assert faults_of_steps() > 50 * 200
    assert inside < 500


def test_other_processes_are_left_as_they_are(monkeypatch):
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    called = []
    monkeypatch.setattr("skae.distributed._allocation._glibc", lambda: called.append(1))
    with kept_memory():
        assert not called
