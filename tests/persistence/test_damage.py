"""Files that are damaged in a byte: refused, or loaded with the same predictions."""

import os

import pytest

from benchmarks.damage import KINDS, MOST_MB, measure_together

N_FILES = 20
pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/clear_refs"), reason="peaks are in /proc"
)


@pytest.fixture(scope="module")
def found():
    """What became of the files of each kind, all read by one process: a start takes seconds."""
    return measure_together(KINDS, N_FILES)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_never_silent(kind, found):
    _, of_kind = found[kind]
    outcomes = {outcome.partition(":")[0] for _, outcome, _, _ in of_kind}
    assert len(of_kind) == N_FILES
    assert outcomes <= {"refused", "other", "equal"}
    assert max(megabytes for *_, megabytes in of_kind) < MOST_MB
