"""What fuzzing found, and files that it starts from, are read or refused in words."""

import contextlib
from pathlib import Path

import pytest

from fuzz._targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_is_read_or_refused(name):
    target = TARGETS[name]()
    files = sorted((CORPUS / name).iterdir())
    assert files
    for file in files:
        with contextlib.suppress(target.refusals):
            target.read(file.read_bytes())
