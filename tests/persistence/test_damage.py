"""Files that are damaged in a byte: refused, or loaded with the same predictions."""

import os

import pytest

from benchmarks.damage import KINDS, MOST_MB, measure

N_FILES = 20


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="peaks are in /proc")
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_never_silent(kind):
    _, found = measure(kind, N_FILES)
    outcomes = {outcome.partition(":")[0] for _, outcome, _, _ in found}
    assert len(found) == N_FILES
    assert outcomes <= {"refused", "other", "equal"}
    assert max(megabytes for *_, megabytes in found) < MOST_MB
