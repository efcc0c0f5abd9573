"""Targets of a regression, of which some are unknown."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import r2_score

from .shared import FROZEN, LABELLED, PARTS, WIDTH, X


def several_outputs():
    """Two outputs, each unknown in other rows, and some rows without any."""
    y = np.column_stack([WIDTH, -3 * X[:, 2]])
    y[::2, 0] = y[1::3, 1] = y[:10] = np.nan
    return y


def test_few_targets_teach_a_regression(quick_regressor):
    y = np.where(LABELLED, WIDTH, np.nan)
    fitted = quick_regressor(max_iter=50).fit(PARTS, y)
    assert fitted.score(PARTS[~LABELLED], WIDTH[~LABELLED]) > 0.85


def test_units_of_the_target_do_not_matter(quick_regressor):
    expected = quick_regressor().fit(PARTS, WIDTH).predict(PARTS)
    found = quick_regressor().fit(PARTS, 1e6 * WIDTH + 1e8).predict(PARTS)
    np.testing.assert_allclose((found - 1e8) / 1e6, expected, atol=1e-4)


@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_targets_whose_squares_no_float_holds(quick_regressor, factor):
    plain = quick_regressor(max_iter=1).fit(PARTS, WIDTH)
    fitted = quick_regressor(max_iter=1).fit(PARTS, factor * WIDTH)
    np.testing.assert_allclose(fitted.predict(PARTS) / factor, plain.predict(PARTS), rtol=1e-4)
    score = r2_score(WIDTH, plain.predict(PARTS))
    assert fitted.score(PARTS, factor * WIDTH) == pytest.approx(score, rel=1e-4)


def test_a_score_is_of_the_targets_that_are_known(quick_regressor):
    y = several_outputs()
    fitted = quick_regressor(max_iter=1).fit(PARTS, y)
    known, predicted = ~np.isnan(y), fitted.predict(PARTS)
    expected = [
        r2_score(y[known[:, k], k], predicted[known[:, k], k], sample_weight=X[known[:, k], 0])
        for k in range(2)
    ]
    score = fitted.score(PARTS, y, sample_weight=X[:, 0])
    assert score == pytest.approx(np.mean(expected))


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (np.full(150, np.nan), "Output 0 of y is NaN in all 150 rows"),
        (np.ma.masked_greater(WIDTH, 1), "masked array in which 93"),
        (several_outputs(), "y has 2 outputs, but this estimator was fitted to 1"),
    ],
)
def test_targets_that_no_score_can_be_made_of(quick_regressor, y, match):
    fitted = quick_regressor(max_iter=1).fit(PARTS, WIDTH)
    with pytest.raises(ValueError, match=match):
        fitted.score(PARTS, y)


def test_a_constant_target(quick_regressor):
    fitted = quick_regressor(max_iter=1).fit(PARTS, np.full(150, 7.0))
    np.testing.assert_allclose(fitted.predict(PARTS), 7.0, atol=0.01)


def test_outputs_start_each_on_its_own_rows(quick_regressor):
    y = several_outputs()
    together = quick_regressor(**FROZEN).fit(PARTS, y).predict(PARTS)
    for column in range(2):
        alone = quick_regressor(**FROZEN).fit(PARTS, y[:, column]).predict(PARTS)
        np.testing.assert_allclose(together[:, column], alone, rtol=1e-5)


def test_several_outputs_are_learnt(quick_regressor):
    fitted = quick_regressor(max_iter=50).fit(PARTS, several_outputs())
    assert fitted.score(PARTS, np.column_stack([WIDTH, -3 * X[:, 2]])) > 0.85


@pytest.mark.parametrize("shape", [(150,), (150, 1)])
def test_predictions_have_the_shape_of_y(quick_regressor, shape):
    fitted = quick_regressor(max_iter=1).fit(PARTS, WIDTH.reshape(shape))
    assert fitted.predict(PARTS).shape == shape


def test_an_output_without_targets(quick_regressor):
    y = several_outputs()
    y[:, 1] = np.nan
    with pytest.raises(ValueError, match="Output 1 of y is NaN in all 150 rows"):
        quick_regressor().fit(PARTS, y)


@pytest.mark.parametrize(
    "kind",
    [
        lambda y: y.astype(object),
        lambda y: pd.Series(y, dtype="Float64"),
        lambda y: pd.Series(y).astype(object).where(~np.isnan(y), pd.NA),
        lambda y: np.array([None if np.isnan(value) else value for value in y]),
        lambda y: [pd.NA if np.isnan(value) else value for value in y],
        lambda y: pl.Series(y),
        lambda y: pd.DataFrame({"width": pd.array(y, dtype="Float64")}),
    ],
)
def test_missing_targets_of_any_kind(quick_regressor, kind):
    y = np.where(LABELLED, WIDTH, np.nan)
    expected = quick_regressor().fit(PARTS, y).predict(PARTS)
    given = quick_regressor().fit(PARTS, kind(y)).predict(PARTS)
    np.testing.assert_array_equal(np.ravel(given), expected)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (lambda dates: dates, "dates such as 2020-01-0"),
        (lambda dates: dates.to_numpy(), "dates such as"),
        (lambda dates: dates.dt.tz_localize("UTC"), "dates such as"),
        (lambda dates: dates.to_list(), "dates such as"),
        (lambda dates: dates.to_frame(), "dates such as"),
        (lambda dates: pl.from_pandas(dates), "dates such as"),
        (lambda dates: dates - dates.min(), r"spans of time .* y / np.timedelta64\(1, 'D'\)"),
    ],
)
def test_dates_are_no_targets(quick_regressor, kind, expected):
    """numpy makes numbers of them, and of missing ones the least that there is."""
    dates = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(np.round(WIDTH), "D"))
    dates = dates.where(LABELLED)
    with pytest.raises(ValueError, match=f"y holds {expected}"):
        quick_regressor().fit(PARTS, kind(dates))
    days = (dates - dates.min()) / np.timedelta64(1, "D")
    assert quick_regressor().fit(PARTS, days).predict(PARTS).max() < 10


def test_infinite_targets(quick_regressor):
    with pytest.raises(ValueError, match="Input y contains infinity"):
        quick_regressor().fit(PARTS, np.append(WIDTH[1:], np.inf))


def test_targets_of_three_axes(quick_regressor):
    with pytest.raises(ValueError, match=r"dim 3|shape \(150, 1, 1\)"):
        quick_regressor().fit(PARTS, WIDTH.reshape(150, 1, 1))
