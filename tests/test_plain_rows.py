"""Rows that scikit-learn would return as they are need not be asked about; all others are."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.decomposition import PCA
from sklearn.utils import validation

from skae.tables import validate_data

OPTIONS = {"reset": False, "accept_sparse": "csr", "dtype": [np.float64, np.float32]}
ROWS = np.random.default_rng(0).normal(size=(6, 3))
HUGE = np.full((4, 3), 3e38, np.float32)  # its sum is infinite, its values are not

PLAIN = {
    "double": ROWS,
    "single": ROWS.astype(np.float32),
    "one row": ROWS[:1],
    "in columns": np.asfortranarray(ROWS),
    "every second": ROWS[::2],
}
OTHERS = {
    "huge": HUGE,
    "NaN": np.where(ROWS > 1, np.nan, ROWS),
    "infinite": np.where(ROWS > 1, np.inf, ROWS),
    "both infinities": np.array([[np.inf, -np.inf, 0.0]]),
    "whole numbers": np.arange(6).reshape(2, 3),
    "half": ROWS.astype(np.float16),
    "other byte order": ROWS.astype(">f8"),
    "text": ROWS.astype(str),
    "no rows": ROWS[:0],
    "two columns": ROWS[:, :2],
    "one axis": ROWS[0],
    "three axes": ROWS[None],
    "list": ROWS.tolist(),
    "sparse": csr_array(ROWS),
    "frame": pd.DataFrame(ROWS, columns=list("abc")),
    "matrix": ROWS.view(np.matrix),
    "masked": np.ma.masked_array(ROWS),
}
FITTED = PCA(2).fit(ROWS)
FITTED_TO_NAMES = PCA(2).fit(pd.DataFrame(ROWS, columns=list("abc")))


def outcome(check, estimator, X, **options):
    """What comes of a check: type, dtype and values, or the type of the error; and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")  # they are compared, also those said before
        try:
            checked = check(estimator, X, **{**OPTIONS, **options})
        except (TypeError, ValueError) as error:
            result = type(error)
        else:
            dense = checked.toarray() if hasattr(checked, "toarray") else checked
            result = type(checked), checked.dtype.str, repr(dense)
    # That of sums over both infinities is an accident of scikit-learn's.
    said = [str(each.message) for each in caught if each.category is not RuntimeWarning]
    return result, said


@pytest.mark.parametrize("estimator", [FITTED, FITTED_TO_NAMES], ids=["array", "frame"])
@pytest.mark.parametrize("finite", [True, "allow-nan"])
@pytest.mark.parametrize("rows", {**PLAIN, **OTHERS})
def test_the_same_comes_of_rows_as_of_scikit_learn(rows, finite, estimator):
    X = {**PLAIN, **OTHERS}[rows]
    ours, theirs = (
        outcome(check, estimator, X, ensure_all_finite=finite)
        for check in (validate_data, validation.validate_data)
    )
    assert ours == theirs


@pytest.mark.parametrize("rows", PLAIN)
def test_plain_rows_come_back_without_asking(rows, monkeypatch):
    monkeypatch.delattr(validation, "validate_data")
    assert validate_data(FITTED, PLAIN[rows], **OPTIONS) is PLAIN[rows]


@pytest.mark.parametrize(
    "option", [{"order": "C"}, {"copy": True}, {"ensure_min_samples": 7}, {"dtype": "numeric"}]
)
def test_what_else_is_asked_of_rows_is_heard(option):
    X = np.asfortranarray(ROWS)
    ours, theirs = (
        outcome(check, FITTED, X, **option) for check in (validate_data, validation.validate_data)
    )
    assert ours == theirs
    if "copy" in option:
        assert validate_data(FITTED, X, **OPTIONS, **option) is not X
