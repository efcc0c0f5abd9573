"""How well values are found again, and in which unit it is told."""

import numpy as np
import pandas as pd
import pytest

from skae.cli._recovery import kind_of, recoveries

DAYS = pd.date_range("2020-01-01", periods=4, freq="2D")
TRUTH = pd.DataFrame(
    {
        "size": [1.0, 2.0, 3.0, 4.0],
        "seen": DAYS,
        "zoned": DAYS.tz_localize("Europe/Paris"),
        "took": pd.to_timedelta([1, 2, 3, 4], "h"),
        "owns": [True, False, True, True],
        "kind": ["a", "b", "a", "a"],
    }
)
KINDS = ["number", "date", "date", "span", "category", "category"]


def test_kinds_are_told():
    assert [kind_of(TRUTH[name]) for name in TRUTH] == KINDS


def test_errors_of_dates_and_spans_are_days():
    guess = TRUTH.assign(
        size=TRUTH["size"] + 0.5,
        seen=TRUTH["seen"] + pd.Timedelta(36, "h"),
        zoned=TRUTH["zoned"] - pd.Timedelta(12, "h"),
        took=TRUTH["took"] + pd.Timedelta(6, "h"),
        kind="a",
    )
    found = recoveries(TRUTH, guess, TRUTH, list(TRUTH))
    assert [one.kind for one in found] == KINDS
    np.testing.assert_allclose([one.found for one in found], [0.5, 1.5, 0.5, 0.25, 1, 0.75])
    assert found[1].plain == pytest.approx(2 * np.std(np.arange(4)))
    # R2, by the sums of squares.
    assert found[1].gain == pytest.approx(1 - 1.5**2 / np.var([0, 2, 4, 6]))
    assert [one.cells()[:2] for one in found[:4]] == [
        ["number", "0.5"],
        ["date", "1.5 days"],
        ["date", "0.5 days"],
        ["span", "0.25 days"],
    ]
    assert found[5].cells() == ["category", "75.0 %", "75.0 %", "0 %"]
