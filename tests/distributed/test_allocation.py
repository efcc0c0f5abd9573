"""Memory of workers of dask, which ask the allocator to give all of it back at once."""

import json
import os
import subprocess
import sys

import pytest

from skae.numerics._allocation import _glibc, kept_memory

pytest.importorskip("resource")

# What the allocator maps anew depends on all that a process did before: a process of its own.
FAULTS = """
import json, resource
import numpy as np
from skae.numerics._allocation import kept_memory

def faults_of_steps():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        np.ones(2**17)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = faults_of_steps()
with kept_memory():
    faults_of_steps()
    inside = faults_of_steps()
print(json.dumps({"before": before, "inside": inside, "after": faults_of_steps()}))
"""


@pytest.mark.skipif(_glibc() is None, reason="needs glibc")
def test_arrays_of_steps_are_mapped_once():
    asked = {**os.environ, "MALLOC_TRIM_THRESHOLD_": "65536"}
    run = [sys.executable, "-c", FAULTS]
    printed = subprocess.run(run, env=asked, check=True, capture_output=True, text=True).stdout
    faults = json.loads(printed)
    # A megabyte has 256 pages.
    assert faults["before"] > 50 * 200
    assert faults["inside"] < 500
    # As such a worker is between its calls.
    assert faults["after"] > 50 * 200


def test_other_processes_are_left_as_they_are(monkeypatch):
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    called = []
    monkeypatch.setattr("skae.numerics._allocation._glibc", lambda: called.append(1))
    with kept_memory():
        assert not called
