"""Tables go out as they came in: library, labels, index and the type of every column."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io

import skae

from .shared import KEEPS_START, N, latent, mixed, quick, quick_variational

pytestmark = KEEPS_START
Z = latent()
WORDS = np.select([Z > 0.5, Z < -0.5], ["hi", "lo"], "mid")
HOURS = pd.Series(pd.to_timedelta(np.round(100 * Z), unit="h"))
DAYS = [dt.timedelta(int(value)) for value in np.round(100 * Z)]
MOMENTS = pd.Timestamp("2020-01-01") + HOURS
ORDERED = pd.CategoricalDtype(["lo", "mid", "hi", "never"], ordered=True)


def with_hole(column, nothing):
    column = pd.Series(column)
    column[[3, 7]] = nothing
    return column


PANDAS = {
    "int64": pd.Series(np.round(10 * Z).astype(np.int64)),
    "Int64": with_hole(pd.Series(np.round(10 * Z)).astype("Int64"), pd.NA),
    "uint8": pd.Series(np.round(100 + 10 * Z).astype(np.uint8)),
    "float32": with_hole(Z.astype(np.float32), np.nan),
    "Float64": with_hole(pd.Series(Z).astype("Float64"), pd.NA),
    "bool": pd.Series(Z > 0),
    "boolean": with_hole(pd.Series(Z > 0).astype("boolean"), pd.NA),
    "object": with_hole(pd.Series(WORDS, dtype=object), None),
    "object of NaN": with_hole(pd.Series(WORDS, dtype=object), np.nan),
    "str": with_hole(pd.Series(WORDS, dtype="str"), None),
    "string": with_hole(pd.Series(WORDS, dtype="string"), pd.NA),
    "category": with_hole(pd.Series(WORDS).astype(ORDERED), None),
    "category of int": pd.Series(np.where(Z > 0, 3, 5)).astype("category"),
    "nanoseconds": with_hole(MOMENTS.astype("datetime64[ns]"), pd.NaT),
    "microseconds": with_hole(MOMENTS.astype("datetime64[us]"), pd.NaT),
    "time zone": with_hole(MOMENTS.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"), pd.NaT),
    "timedelta": with_hole(HOURS, pd.NaT),
}
ZONED = pl.Series([dt.datetime(2020, 1, 1) + day for day in DAYS]).dt.replace_time_zone("UTC")
POLARS = {
    "Int64": pl.Series(np.round(10 * Z).astype(np.int64)),
    "UInt8": pl.Series(np.round(100 + 10 * Z).astype(np.uint8)),
    "Float32": pl.Series(Z.astype(np.float32)),
    "Boolean": pl.Series(Z > 0),
    "String": pl.Series(WORDS),
    "Enum": pl.Series(WORDS).cast(pl.Enum(["lo", "mid", "hi", "never"])),
    "Categorical": pl.Series(WORDS).cast(pl.Categorical),
    "Date": pl.Series([dt.date(2020, 1, 1) + day for day in DAYS]),
    "Datetime": ZONED.dt.convert_time_zone("Europe/Berlin"),
    "Duration": pl.Series(DAYS),
    "Time": pl.Series([dt.time(int(value)) for value in np.clip(np.round(9 + Z), 0, 23)]),
    "Decimal": pl.Series([Decimal(f"{value:.2f}") for value in Z]),
}
POLARS = {
    name: pl.select(pl.when(pl.Series(np.arange(N) != 3)).then(c)).to_series()
    for name, c in POLARS.items()
}


def tables_of(frame):
    """Everything that returns a table, in words."""
    table = quick(1).fit(frame)
    return {
        "reconstruct": table.reconstruct(frame),
        "inverse_transform": table.inverse_transform(table.transform(frame)),
        "sample": table.sample(20, random_state=0),
        "impute": table.impute(frame),
        "impute by draws": table.impute(frame, draw=True, random_state=0),
    }


@pytest.mark.parametrize("kind", PANDAS)
def test_columns_of_pandas_keep_their_type(kind):
    frame = pd.DataFrame({"x": Z, "column": PANDAS[kind]}).set_axis(np.arange(N) + 5)
    for made in tables_of(frame).values():
        assert list(made.columns) == ["x", "column"]
        assert made["column"].dtype == frame["column"].dtype


@pytest.mark.parametrize("kind", POLARS)
def test_columns_of_polars_keep_their_type(kind):
    frame = pl.DataFrame({"x": Z, "column": POLARS[kind]})
    for made in tables_of(frame).values():
        assert made.schema == frame.schema


@pytest.mark.parametrize("kind", PANDAS)
def test_imputing_pandas_changes_nothing_but_holes(kind):
    frame = pd.DataFrame({"x": Z, "column": PANDAS[kind]})
    made = quick(1).fit(frame).impute(frame)
    is_known = frame["column"].notna()
    pd.testing.assert_frame_equal(made[is_known], frame[is_known])
    assert made["column"].notna().all()


@pytest.mark.parametrize("kind", POLARS)
def test_imputing_polars_changes_nothing_but_holes(kind):
    frame = pl.DataFrame({"x": Z, "column": POLARS[kind]})
    made = quick(1).fit(frame).impute(frame)
    is_known = frame["column"].is_not_null()
    assert made.filter(is_known).equals(frame.filter(is_known))
    assert made.null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, bool])
def test_arrays_keep_their_type(dtype):
    X = np.column_stack([np.round(5 * Z), np.round(9 * Z)]).clip(-9, 9).astype(dtype)
    for made in tables_of(X).values():
        assert made.dtype == X.dtype
        assert made.shape[1] == 2


def test_arrays_of_objects_hold_numbers_and_text():
    X = np.column_stack([Z.astype(object), WORDS.astype(object)])
    made = quick(1).fit(X).reconstruct(X)
    assert isinstance(made[0, 0], float)
    assert set(made[:, 1]) <= set(WORDS)


def test_numbers_beside_text_in_lists_are_numbers():
    X = [[value, word] for value, word in zip(Z.tolist(), WORDS.tolist(), strict=True)]
    table = quick(1).fit(X)
    assert table._encoding.columns.n_numbers == 1
    assert isinstance(table.impute(X)[0, 0], float)


def test_arrays_of_text_keep_their_type():
    X = np.column_stack([WORDS, WORDS[::-1]])
    for made in tables_of(X).values():
        assert made.dtype == X.dtype


def test_integers_that_floats_cannot_tell_apart_are_identifiers():
    frame = pd.DataFrame({"x": Z, "key": 2**60 + np.arange(N), "kind": 2**60 + np.arange(N) % 3})
    table = quick(1).fit(frame)
    assert "identifiers" in table.left_out_["key"]
    assert set(table.sample(99, random_state=0)["kind"]) == set(frame["kind"])


def test_integers_of_128_bits_keep_their_type():
    frame = pl.DataFrame({"x": Z, "n": pl.Series(np.round(9 * Z)).cast(pl.Int128)})
    assert quick(1).fit(frame).reconstruct(frame).schema == frame.schema


def test_frames_of_both_libraries_give_the_same_bits():
    frame = mixed()
    ours, theirs = quick_variational().fit(frame), quick_variational().fit(pl.from_pandas(frame))
    np.testing.assert_array_equal(ours.transform(frame), theirs.transform(pl.from_pandas(frame)))
    drawn = ours.sample(30, random_state=0)
    assert theirs.sample(30, random_state=0).to_dicts() == pl.from_pandas(drawn).to_dicts()


def test_the_index_of_pandas_stays_also_where_labels_are_there_twice():
    frame = mixed().set_axis(np.arange(N) // 2)
    table = quick().fit(frame)
    for made in (table.reconstruct(frame), table.impute(frame), table.column_scores(frame)):
        assert made.index.equals(frame.index)


def test_columns_that_were_left_out_come_back_as_they_are():
    frame = mixed().assign(name=[f"n{i}" for i in range(N)], big=2**60 + np.arange(N))
    table = quick().fit(frame)
    assert set(table.left_out_) == {"name", "big"}
    made = table.reconstruct(frame)
    pd.testing.assert_frame_equal(made[["name", "big"]], frame[["name", "big"]])


def test_reconstructed_integers_stay_within_their_type():
    frame = pd.DataFrame({"x": Z, "small": np.where(Z > 0, 255, 0).astype(np.uint8)})
    frame.loc[:3, "small"] = 100
    table = quick(2).fit(frame)
    made = table.inverse_transform([[50.0, 50.0], [-50.0, -50.0]])
    assert made["small"].isin([0, 255]).all()


def test_a_frame_of_another_library_is_refused():
    import pyarrow

    with pytest.raises(TypeError, match=r"X is a pyarrow.Table, but .* to_pandas"):
        quick().fit(pyarrow.table({"x": [1.0, 2.0]}))


def test_files_of_models_name_no_types_of_polars():
    frame = pl.DataFrame(
        {
            "z": Z,
            "n": pl.Series(range(len(Z)), dtype=pl.UInt8),
            "level": pl.Series(["a" if z > 0 else "b" for z in Z], dtype=pl.Enum(["a", "b"])),
            "text": ["x" if z > 0 else "y" for z in Z],
            "day": pl.Series(range(len(Z)), dtype=pl.Datetime("ms")),
        }
    )
    table = quick().fit(frame)
    again = skops.io.loads(skops.io.dumps(table), trusted=skae.skops_trusted())
    assert again.reconstruct(frame).equals(table.reconstruct(frame))
    assert again.reconstruct(frame).schema == frame.schema


def test_a_lazy_frame_is_refused():
    with pytest.raises(TypeError, match=r"X is a polars.LazyFrame, but .* collect"):
        quick().fit(pl.LazyFrame({"x": [1.0, 2.0]}))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_dates_keep_having_a_zone_or_having_none(library):
    zoned = pd.DataFrame({"z": Z, "when": MOMENTS.dt.tz_localize("Asia/Tokyo")})
    plain = zoned.assign(when=MOMENTS)
    if library == "polars":
        zoned, plain = pl.from_pandas(zoned), pl.from_pandas(plain)
    table = quick().fit(zoned)
    with pytest.raises(ValueError, match=r"'when' holds dates with no time zone, but had one in"):
        table.transform(plain)
    with pytest.raises(ValueError, match=r"with a time zone, but had none.*tz_localize\(None"):
        quick().fit(plain).transform(zoned)
    elsewhere = (
        zoned.assign(when=zoned["when"].dt.tz_convert("Europe/Berlin"))
        if library == "pandas"
        else zoned.with_columns(pl.col("when").dt.convert_time_zone("Europe/Berlin"))
    )
    np.testing.assert_array_equal(table.transform(elsewhere), table.transform(zoned))


@pytest.mark.parametrize("kind", ["category", "Int64", "string", "time zone", "boolean"])
def test_files_of_models_name_no_types_of_pandas(kind):
    frame = pd.DataFrame({"z": Z, "other": PANDAS[kind]})
    table = quick().fit(frame)
    stored = skops.io.dumps(table)
    again = skops.io.loads(stored, trusted=skae.skops_trusted())
    pd.testing.assert_frame_equal(again.reconstruct(frame), table.reconstruct(frame))
