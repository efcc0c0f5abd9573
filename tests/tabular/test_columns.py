"""Which columns are learnt from, which levels have features, and which tables are refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError

from skae import TableAutoencoder

from .shared import KEEPS_START, N, latent, mixed, quick

pytestmark = KEEPS_START


def widths(table):
    return {name: column.width for name, column in table._encoding.categories.items()}


def features(table, frame):
    return table._encoding.features(table._table(frame).cells)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ([None] * N, "it is empty"),
        (["a"] * N, "it holds nothing but 'a'"),
        ([7] * N, "it holds nothing but 7"),
        ([f"row {i}" for i in range(N)], "all of its values differ, as names"),
        ([f"row {i // 2}" if i < 50 else "x" for i in range(N)], None),
        ([f"row {i}" if i < 50 else "x" for i in range(N)], "51 of 60 of its values differ"),
        (list(range(3, 3 + N)), "it numbers the rows"),
        ([[i % 2] for i in range(N)], "such as one of type list, are no levels"),
    ],
)
def test_columns_that_cannot_help_are_left_out_and_say_why(column, reason):
    frame = mixed().assign(extra=column)
    left_out = quick().fit(frame).left_out_
    assert list(left_out) == ([] if reason is None else ["extra"])
    assert reason is None or reason in left_out["extra"]


def test_nothing_that_can_help_is_left_out_if_nothing_is_to_be():
    frame = mixed().assign(name=[f"n{i}" for i in range(N)], same=1)
    assert quick(drop=[]).fit(frame).left_out_ == {"same": "it holds nothing but 1"}


def test_columns_are_left_out_as_asked():
    frame = mixed().assign(name=[f"n{i}" for i in range(N)])
    table = quick(drop=["city"], min_frequency=1).fit(frame)
    assert table.left_out_ == {"city": "as asked"}
    assert "city" not in table.sample(2, random_state=0)


def test_labels_of_several_levels_can_be_left_out():
    frame = pd.DataFrame({("a", 1): latent(), ("b", 2): latent()[::-1]})
    assert list(quick(1, drop=[("a", 1)]).fit(frame).left_out_) == [("a", 1)]


def test_a_table_without_anything_to_learn_from_is_refused():
    frame = pd.DataFrame({"same": [1] * N, "name": [f"n{i}" for i in range(N)]})
    with pytest.raises(
        ValueError, match=r"'same': it holds nothing but 1; 'name': all .* drop=\[\]"
    ):
        quick().fit(frame)


@pytest.mark.parametrize("parameter", ["drop", "categorical_features"])
def test_labels_that_are_none_of_the_table_are_refused(parameter):
    with pytest.raises(ValueError, match=rf"{parameter} names 'town', .* 'age', 'income'"):
        quick(**{parameter: ["town"]}).fit(mixed())


def test_rare_levels_are_pooled():
    kinds = ["a"] * 30 + ["b"] * 20 + ["c"] * 4 + ["d"] * 4 + ["e"] * 2
    table = quick().fit(mixed().assign(kind=kinds))
    assert widths(table)["kind"] == 3
    assert set(table.sample(900, random_state=0)["kind"]) == set("abcde")


def test_a_share_of_the_rows_says_which_levels_are_rare():
    kinds = ["a"] * 30 + ["b"] * 18 + ["c"] * 6 + ["d"] * 6
    frame = mixed().assign(kind=kinds)
    assert widths(quick(min_frequency=0.11).fit(frame))["kind"] == 3
    assert widths(quick(min_frequency=0.09).fit(frame))["kind"] == 4


def test_a_column_of_which_no_level_is_frequent_is_left_out():
    frame = mixed().assign(kind=[f"k{n // 4}" for n in range(N)])
    expected = {"kind": "none of its 15 levels has more than 4 rows, which are too few"}
    assert quick().fit(frame).left_out_ == expected
    assert quick(min_frequency=4).fit(frame).left_out_ == {}


def test_numbers_far_from_zero_keep_their_differences():
    frame = mixed()
    far = frame.assign(income=frame["income"] + 1e9)
    codes = [quick().fit(each).transform(each) for each in (frame, far)]
    np.testing.assert_allclose(codes[1], codes[0], atol=1e-3)


def test_a_number_that_varies_by_rounding_alone_is_constant():
    frame = mixed().assign(sum=[0.1 + 0.2, 0.3] * (N // 2))
    table = quick().fit(frame)
    assert "sum" in table.left_out_
    np.testing.assert_allclose(table.sample(3, random_state=0)["sum"], 0.3)


def test_a_single_rare_level_is_itself():
    kinds = ["a"] * 30 + ["b"] * 28 + ["c"] * 2
    assert widths(quick().fit(mixed().assign(kind=kinds)))["kind"] == 3


def test_the_most_frequent_levels_have_features():
    kinds = ["a"] * 5 + ["b"] * 25 + ["c"] * 20 + ["d"] * 10
    table = quick(max_categories=3).fit(mixed().assign(kind=kinds))
    assert table._encoding.categories["kind"].levels == ("b", "c")


def test_levels_that_fit_has_not_seen_count_as_missing_or_as_the_pool():
    frame = mixed()
    table, other = quick().fit(frame), frame.copy()
    other.loc[1, "city"] = "elsewhere"
    missing = features(table, frame.assign(city=None))[1]
    is_level = slice(table._encoding.columns.first_level, None)
    np.testing.assert_array_equal(features(table, other)[1, is_level], missing[is_level])
    pooling = quick(min_frequency=20).fit(frame)
    assert features(pooling, other)[1, -1] == 1.0


def test_numbers_can_be_categories():
    frame = mixed().assign(code=np.arange(N) % 3)
    table = quick(categorical_features=["city", "code"]).fit(frame)
    assert widths(table)["code"] == 3
    assert table.reconstruct(frame)["code"].dtype == np.int64


def test_a_mask_names_categories():
    X = np.column_stack([latent(), np.arange(N) % 3])
    assert widths(quick(1, categorical_features=[False, True]).fit(X)) == {1: 3}


def test_a_mask_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"holds 1 truth values, but X has 4 columns"):
        quick(categorical_features=[True]).fit(mixed())


def test_text_that_nobody_calls_a_category_is_refused():
    with pytest.raises(ValueError, match=r"'city' holds 'rich', which is no number"):
        quick(categorical_features=["owns"]).fit(mixed().assign(city="rich"))


def test_a_column_of_one_name_twice_is_refused():
    frame = mixed().set_axis(["a", "b", "a", "c"], axis=1)
    with pytest.raises(ValueError, match=r"X has several columns named 'a'"):
        quick().fit(frame)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame({"x": []}), r"0 sample\(s\).* minimum of 2 is required by TableAutoencoder"),
        (pd.DataFrame({"x": [1]}), r"1 sample\(s\).* minimum of 2 is required by TableAutoencoder"),
        (pl.DataFrame({"x": [1]}), r"1 sample\(s\).* minimum of 2 is required by TableAutoencoder"),
        (np.ones((1, 3)), r"1 sample\(s\).* minimum of 2 is required by TableAutoencoder"),
        (pd.DataFrame(index=range(3)), r"0 feature\(s\)"),
        (pd.Series([1.0, 2.0]), r"Expected a 2-dimensional container"),
        (np.ma.masked_less(np.arange(8.0).reshape(4, 2), 2), r"X is a masked array"),
    ],
)
def test_tables_that_are_too_small_or_masked_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        quick().fit(X)


def test_a_frame_without_rows_has_no_codes():
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        quick().fit(mixed()).transform(mixed()[:0])


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.drop(columns="age"),
        lambda frame: frame.assign(more=1),
        lambda frame: frame[frame.columns[::-1]],
    ],
    ids=["one is missing", "one more", "another order"],
)
@pytest.mark.parametrize("convert", [lambda frame: frame, pl.from_pandas], ids=["pandas", "polars"])
def test_columns_are_those_of_the_fit_in_their_order(change, convert):
    table = quick().fit(mixed())
    with pytest.raises(ValueError, match="feature names should match"):
        table.transform(convert(change(mixed())))


def test_labels_that_are_numbers_are_checked_too():
    frame = pd.DataFrame({3: latent(), 5: latent() ** 2})
    table = quick(1).fit(frame)
    with pytest.raises(ValueError, match="the same in another order"):
        table.transform(frame[[5, 3]])


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_an_array_is_taken_by_the_places_of_its_columns():
    frame = pd.DataFrame({"a": latent(), "b": latent() ** 2})
    table = quick(1).fit(frame)
    np.testing.assert_array_equal(table.transform(frame.to_numpy()), table.transform(frame))
    assert list(table.reconstruct(frame.to_numpy())) == ["a", "b"]


@pytest.mark.parametrize("name", ["income", "city", "owns"])
@pytest.mark.parametrize("convert", [lambda frame: frame, pl.from_pandas], ids=["pandas", "polars"])
def test_a_column_may_be_missing_altogether_later(name, convert):
    frame = mixed()
    table = quick().fit(convert(frame))
    frame[name] = None
    assert np.isfinite(table.transform(convert(frame))).all()
    assert table.impute(convert(frame))[name].to_list().count(None) == 0


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("age", "old", r"'age' holds text values, but held number values in fit"),
        ("age", pd.Timestamp("2020-01-01"), r"'age' holds date values, but held number values"),
        ("city", 3, r"'city' holds number values, but held others, such as 'fair'"),
        ("city", True, r"'city' holds boolean values, but held others, such as 'fair'"),
        ("owns", "yes", r"'owns' holds text values, but held others, such as"),
        ("city", [[1]] * N, r"'city' holds unknown values"),
    ],
)
def test_a_column_of_another_type_than_in_the_fit_is_refused(name, values, message):
    table = quick().fit(mixed().assign(city=lambda f: f["city"].fillna("rich")))
    with pytest.raises(ValueError, match=message):
        table.transform(mixed().assign(**{name: values}))


def test_categories_and_text_are_of_one_type():
    table = quick().fit(mixed())
    codes = table.transform(mixed().astype({"city": "category"}))
    np.testing.assert_array_equal(codes, table.transform(mixed()))


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
def test_numbers_that_no_network_holds_are_refused_by_name(value):
    frame = mixed()
    frame.loc[4, "income"] = value
    with pytest.raises(ValueError, match=r"'income' holds .* in row 4, but finite numbers up to"):
        quick().fit(frame)
    with pytest.raises(ValueError, match=r"'income' holds .* in row 4, but finite numbers up to"):
        quick().fit(mixed()).transform(frame)


def test_nothing_can_be_asked_before_a_fit():
    with pytest.raises(NotFittedError):
        TableAutoencoder().transform(mixed())
