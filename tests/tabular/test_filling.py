"""What fills holes: the linear guess, beside what the model says."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from .shared import quick


def correlated(n, seed=0):
    """Five numbers of two factors, in units far apart."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 2)) @ rng.standard_normal((2, 5)) + 0.3 * rng.standard_normal(
        (n, 5)
    )
    return pd.DataFrame(1000 + X * [1e-3, 1, 1e3, 1, 50], columns=list("abcde"))


def linear_guess(frame, holed):
    table = quick(1).fit(frame)
    encoding = table._encoding
    features = encoding.features(table._table(holed).cells)
    return table._holes.linear, table._holes.linear.rows(encoding, features)


def test_a_linear_guess_is_that_of_least_squares():
    frame = correlated(2000)
    holed = frame.assign(c=np.nan)
    _, rows = linear_guess(frame, holed)
    known = frame.drop(columns="c")
    expected = LinearRegression().fit(known, frame["c"]).predict(known)
    np.testing.assert_allclose(rows[:, 2], expected, atol=0.02 * frame["c"].std())


def test_a_linear_guess_learns_from_rows_with_holes():
    # Of pairs of columns alone, covariances of rows that lack half of their cells are off.
    frame = correlated(1000)
    is_hole = np.random.default_rng(1).uniform(size=frame.shape) < 0.5
    some = frame.mask(is_hole & (np.arange(1000) < 900)[:, np.newaxis])
    new = frame[900:]
    _, rows = linear_guess(some, new.assign(c=np.nan))
    of_all = LinearRegression().fit(frame.drop(columns="c"), frame["c"])
    expected = of_all.predict(new.drop(columns="c"))
    assert np.std(rows[:, 2] - expected) < 0.1 * frame["c"].std()


def test_a_number_that_others_say_nothing_of_is_filled_with_its_mean():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((120, 12)), columns=list("abcdefghijkl"))
    frame["told"] = frame["a"] + 0.1 * rng.standard_normal(120)
    new = pd.DataFrame(rng.standard_normal((200, 13)), columns=list(frame))
    table = quick(2).fit(frame)
    made = table.impute(new.assign(l=np.nan))["l"]
    assert np.std(made) < 0.15 * frame["l"].std()
    assert made.mean() == pytest.approx(frame["l"].mean(), abs=0.1)
    shares = table._holes.linear.shares
    assert shares[12] > 0.95
    assert shares[11] < 0.5


def test_numbers_are_filled_by_the_mean_of_the_model_and_a_linear_guess():
    frame = correlated(300)
    holed = frame.assign(c=np.nan)
    table = quick(1).fit(frame)
    linear, rows = linear_guess(frame, holed)
    by_model = table.reconstruct(table.impute(holed))["c"]
    made = table.impute(holed)["c"]
    # The model of one component leaves what the second factor says, which least squares know.
    error = np.std(made - frame["c"])
    assert error < np.std(by_model - frame["c"])
    assert np.std(made - linear.shrunk(rows, slice(5))[:, 2]) > 1e-3 * error
