"""New rows: valid values, as frequent as in the rows of the fit, and with values that are given."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.special import softmax

from .shared import KEEPS_START, latent, mixed, quick, quick_variational

pytestmark = KEEPS_START


@pytest.fixture(scope="module")
def table():
    return quick_variational(max_iter=150).fit(mixed())


@pytest.mark.slow
def test_drawn_values_are_those_of_the_columns(table):
    frame, drawn = mixed(), table.sample(500, random_state=0)
    assert set(drawn["city"].dropna()) <= set(frame["city"].dropna())
    assert drawn["age"].between(frame["age"].min(), frame["age"].max()).all()
    assert drawn["income"].dropna().between(frame["income"].min(), frame["income"].max()).all()


def test_values_are_missing_about_as_often_as_in_the_fit(table):
    drawn = table.sample(5000, random_state=0).isna().mean()
    np.testing.assert_allclose(drawn, mixed().isna().mean(), atol=0.04)


def test_no_value_is_missing_if_none_is_to_be(table):
    assert table.sample(500, random_state=0, with_missing=False).notna().all(axis=None)


def test_levels_are_about_as_frequent_as_in_the_fit(table):
    drawn = table.sample(5000, random_state=0)["city"].value_counts(normalize=True)
    seen = mixed()["city"].value_counts(normalize=True)
    np.testing.assert_allclose(drawn[seen.index], seen, atol=0.1)


def test_equal_seeds_draw_equal_rows(table):
    pd.testing.assert_frame_equal(table.sample(9, random_state=1), table.sample(9, random_state=1))


def test_drawn_numbers_have_the_decimals_of_the_fit():
    frame = pd.DataFrame({"price": np.round(latent(), 2), "x": latent()})
    drawn = quick(1).fit(frame).sample(50, random_state=0)["price"]
    assert (drawn == drawn.round(2)).all()


@pytest.mark.parametrize(("unit", "code"), [("D", "D"), ("h", "h"), ("s", "s")])
def test_drawn_moments_are_as_round_as_those_of_the_fit(unit, code):
    spans = pd.to_timedelta(np.round(1000 * latent()), unit=unit)
    frame = pd.DataFrame({"at": pd.Timestamp("2020-01-01") + spans, "x": latent()})
    drawn = quick(1).fit(frame).sample(50, random_state=0)["at"]
    assert (drawn == drawn.dt.floor(code)).all()


@pytest.mark.parametrize(
    "given", [{"city": "rich"}, {"owns": True}, {"age": 55}, {"city": "poor", "owns": False}]
)
def test_rows_have_the_values_that_are_given(table, given):
    drawn = table.sample(40, random_state=0, given=given)
    for name, value in given.items():
        assert (drawn[name] == value).all()


def test_what_is_given_says_something_about_other_columns(table):
    rich, poor = (
        table.sample(300, random_state=0, given={"city": city})["age"].mean()
        for city in ("rich", "poor")
    )
    assert rich > poor + 5


def test_a_moment_can_be_given():
    at = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.round(100 * latent()), unit="D")
    frame = pd.DataFrame({"at": at, "x": latent()})
    drawn = quick(1).fit(frame).sample(5, random_state=0, given={"at": dt.datetime(2020, 2, 1)})
    assert (drawn["at"] == pd.Timestamp("2020-02-01")).all()
    assert drawn["at"].dtype == frame["at"].dtype


@pytest.mark.parametrize(
    ("name", "given", "wrong"),
    [
        ("city", "fair", "Rome"),
        ("enum", "fair", "Rome"),
        ("age", 40, "old"),
        ("owns", True, "yes"),
        ("day", dt.date(2020, 2, 1), "soon"),
    ],
)
def test_rows_of_polars_have_the_values_that_are_given(name, given, wrong):
    days = [dt.date(2020, 1, 1) + dt.timedelta(int(value)) for value in np.round(100 * latent())]
    frame = pl.from_pandas(mixed()).with_columns(
        day=pl.Series(days), enum=pl.col("city").cast(pl.Enum(["poor", "fair", "rich", "never"]))
    )
    table = quick().fit(frame)
    drawn = table.sample(4, random_state=0, given={name: given})
    assert (drawn[name] == given).all()
    assert drawn.schema == frame.schema
    with pytest.raises(ValueError, match=f"given asks for '{name}' = '{wrong}', which"):
        table.sample(4, given={name: wrong})


def test_a_category_that_no_row_had_is_refused():
    table = quick().fit(mixed().astype({"city": "category"}))
    with pytest.raises(ValueError, match=r"'city' = 'Rome', which no row had"):
        table.sample(given={"city": "Rome"})


def test_rows_can_be_asked_to_lack_a_value(table):
    assert table.sample(5, random_state=0, given={"income": None})["income"].isna().all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"town": "x"},
            r"names 'town', which is no column that was learnt from. Name one of 'age'",
        ),
        ({"city": "Rome"}, r"'city' = 'Rome', which no row had in fit. Its levels are 'fair'"),
        ({"age": "old"}, r"'age' = 'old', which is no value for a column of type int64"),
        ({"age": np.inf}, r"Column 'age' holds inf in row 0, but finite numbers"),
        ({"age": 40.5}, r"'age' = 40.5, which no row had in fit, where all values were whole"),
        ({"age": None}, r"'age' = None, which no row had in fit"),
        ({"owns": "yes"}, r"'owns' = 'yes', which no row had in fit. Its levels are"),
        ({"city": ["Rome"]}, r"'city' = \['Rome'\], which"),
    ],
)
def test_values_that_no_row_can_have_are_refused(table, given, message):
    with pytest.raises(ValueError, match=message):
        table.sample(given=given)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5])
def test_the_number_of_rows_is_a_positive_integer(table, n_samples):
    with pytest.raises(ValueError, match="n_samples"):
        table.sample(n_samples)


def test_an_array_takes_values_by_the_places_of_columns():
    X = np.column_stack([latent(), np.round(latent())])
    drawn = quick(1).fit(X).sample(5, random_state=0, given={1: 1.0})
    np.testing.assert_array_equal(drawn[:, 1], np.ones(5))


@pytest.mark.parametrize("draw", [False, True])
def test_imputed_values_follow_the_other_columns(draw):
    frame = pd.DataFrame({"x": latent(), "y": 3 * latent(), "z": latent() > 0})
    holed = frame.copy()
    holed.loc[:9, "y"] = np.nan
    made = quick(1).fit(frame).impute(holed, draw=draw, random_state=0)
    assert np.corrcoef(made.loc[:9, "y"], frame.loc[:9, "y"])[0, 1] > 0.9


def test_holes_of_a_constant_are_filled_and_those_of_a_left_out_column_stay():
    frame = mixed().assign(same="a", name=[f"n{i}" for i in range(60)])
    frame.loc[3, ["same", "name"]] = None
    made = quick().fit(frame).impute(frame)
    assert made.loc[3, "same"] == "a"
    assert pd.isna(made.loc[3, "name"])


def test_a_type_without_missing_values_is_imputed_in_the_type_that_has_them():
    frame = pd.DataFrame({"x": latent(), "n": np.round(9 * latent()).astype(np.int64)})
    holed = frame.astype({"n": "float64"})
    holed.loc[0, "n"] = np.nan
    made = quick(1).fit(frame).impute(holed)
    assert made["n"].dtype == np.float64
    assert made["n"].notna().all()


def test_a_level_that_the_given_type_lacks_is_imputed():
    frame = mixed().astype({"city": "category"})
    other = mixed()
    other["city"] = pd.Categorical(other["city"].where(other["city"] == "fair"))
    assert quick().fit(frame).impute(other)["city"].notna().all()


def test_scores_of_columns_name_them_in_order(table):
    scores = table.column_scores(mixed())
    assert list(scores.columns) == list(mixed().columns)
    assert np.isfinite(scores).all(axis=None)


def test_a_strange_value_stands_out_in_its_column(table):
    frame = mixed()
    plain = table.column_scores(frame)
    frame.loc[1, "income"] = 40.0
    strange = table.column_scores(frame)
    assert (strange.loc[1] - plain.loc[1]).idxmax() == "income"


def test_strange_rows_have_low_scores(table):
    frame = mixed()
    frame.loc[1, "income"] = 40.0
    assert table.score_samples(frame).argmin() == 1


def test_levels_are_drawn_as_surely_as_the_codes_of_rows_allow():
    frame = mixed()[["age", "city"]].dropna()
    table = quick_variational(max_iter=3).fit(frame)
    model, encoding = table.autoencoder_._model, table._encoding
    features = encoding.features(table._table(frame).cells)
    levels = slice(encoding.columns.first_level, None)
    factor = table._usual.sharpness[levels][0]
    logits = model.decode_scaled(model.encode(features))[:, levels]
    shares = softmax(factor * logits, axis=1)
    # At the most likely factor the mean of the logits is that of the rows themselves.
    np.testing.assert_allclose(
        np.sum(shares * logits), np.sum(features[:, levels] * logits), rtol=1e-3
    )
    assert np.all(table._usual.sharpness[:1] == 1.0)


def test_drawn_holes_are_as_far_off_as_hidden_values_are():
    rng = np.random.default_rng(3)
    x = rng.normal(size=400)
    frame = pd.DataFrame({"x": x, "y": 2 * x + 1.5 * rng.normal(size=400)})
    table = quick_variational(1, max_iter=60).fit(frame)
    holed = frame.assign(y=np.nan)
    draws = np.stack([table.impute(holed, draw=True, random_state=i)["y"] for i in range(8)])
    around = draws - table.impute(holed)["y"].to_numpy()
    assert np.std(around) == pytest.approx(1.5, rel=0.25)


def test_a_skewed_number_is_filled_with_its_mean_not_with_its_median():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"skewed": rng.lognormal(0, 1.5, 600), "x": rng.normal(size=600)})
    frame["y"] = frame["x"] + rng.normal(size=600)
    table = quick(1).fit(frame)
    filled = table.impute(frame.assign(skewed=np.nan))["skewed"]
    assert filled.mean() == pytest.approx(frame["skewed"].mean(), rel=0.3)
    assert filled.mean() > 2 * frame["skewed"].median()


@pytest.mark.slow
def test_drawn_levels_of_holes_are_as_frequent_as_the_levels():
    rng = np.random.default_rng(4)
    kind = rng.choice(["a", "b"], 400)
    likely = np.where(kind == "a", 0.9, 0.4)
    frame = pd.DataFrame({"kind": kind, "x": rng.normal(size=400), "is": rng.random(400) < likely})
    table = quick_variational(2, max_iter=60).fit(frame)
    drawn = table.impute(frame.assign(**{"is": None}), draw=True, random_state=0)["is"]
    for level in ("a", "b"):
        rows = frame["kind"] == level
        assert drawn[rows].mean() == pytest.approx(frame["is"][rows].mean(), abs=0.12)


@pytest.mark.parametrize(("offset", "unit"), [(0.0, 1e-12), (1e9, 1e-3), (1e6, 1e-7), (0.0, 1e30)])
def test_numbers_of_any_size_are_drawn_with_their_differences(offset, unit):
    frame = mixed().assign(small=offset + unit * latent()[::-1])
    drawn = quick().fit(frame).sample(50, random_state=0)["small"]
    assert drawn.nunique() > 25
    assert drawn.std() == pytest.approx(frame["small"].std(), rel=0.8)
