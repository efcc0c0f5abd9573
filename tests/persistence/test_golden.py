"""Files of every class, written by a release: this version loads them, and answers alike."""

from pathlib import Path

import numpy as np
import pytest

import skae

from .shared import GOLDEN, GOLDEN_NAMES, KEPT

FILES = sorted(GOLDEN.glob("*/*.skae"))


def test_every_class_has_a_file():
    classes = {
        name
        for name in skae.__all__
        if hasattr(getattr(skae, name), "fit") and name != "distributed"
    }
    assert {name.partition(".")[0] for name in GOLDEN_NAMES} - {"pipeline"} == classes
    assert {path.stem for path in FILES} >= set(GOLDEN_NAMES)


def test_files_are_small():
    assert sum(path.stat().st_size for path in GOLDEN.rglob("*")) < 400_000


# Newer versions of scikit-learn and skae say that an older one wrote them.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_answers_as_it_did(path: Path):
    estimator = skae.load(path)
    with np.load(path.with_suffix(".npz")) as stored:
        expected = dict(stored)
    data = expected.pop("bytes", None)
    if data is None:
        answers = KEPT[path.stem].answers(estimator)
    else:
        # What is rounded may differ by a step where machines differ by a bit.
        answers = {"rows": estimator.decode(data.tobytes())}
    assert answers.keys() == expected.keys()
    for name, value in expected.items():
        if value.dtype.kind == "f":
            np.testing.assert_allclose(answers[name], value, rtol=1e-3, atol=1e-4)
        else:
            np.testing.assert_array_equal(answers[name], value)
