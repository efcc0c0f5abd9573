"""What is not a number is refused with the name of its column, wherever rows come in."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skae import (
    Autoencoder,
    AutoencoderClassifier,
    AutoencoderRegressor,
    DenoisingAutoencoder,
    LatentCodec,
    LatentSampler,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
    VariationalAutoencoder,
    diagnose,
)
from skae.inspection import LatentSpaceDisplay, ReconstructionDisplay
from skae.metrics import (
    reconstruction_error,
    reconstruction_error_samples,
    reconstruction_r2_score,
    reconstruction_r2_scorer,
)
from skae.tables._columns import check_array

N_ROWS = 20
NUMBERS = pd.DataFrame(np.random.default_rng(0).normal(size=(N_ROWS, 3)), columns=list("abc"))
TOWNS = ["Ulm", "Bonn"] * (N_ROWS // 2)
DAY = datetime.date(2020, 1, 31)
HALF = N_ROWS // 2
QUICK = {"hidden_layer_sizes": (), "max_iter": 1, "random_state": 0}

TOWN = "Column 'town' of X is not numeric: row 0 holds 'Ulm', which is text"
ENCODE = r"Encode text, .*OneHotEncoder\(\), \['town'\]\), .*or drop the column\."


def test_numbers_beyond_floats_are_refused_with_their_column():
    rows = np.full((60, 3), 1, dtype=object)
    rows[7, 1] = 10**400
    with pytest.raises(ValueError, match=r"Column 1 of X.*row 7 holds 1000.*too large for a float"):
        Autoencoder(1).fit(rows)


def beside(values):
    """The numbers with one more column."""
    return NUMBERS.assign(town=values)


def polars(values, **options):
    return pl.DataFrame({"a": NUMBERS["a"].to_list(), "town": pl.Series(values, **options)})


TABLES = {
    "text": (beside(TOWNS), "row 0 holds 'Ulm', which is text. Encode"),
    "objects": (beside(np.array(TOWNS, dtype=object)), "row 0 holds 'Ulm', which is text. Encode"),
    "categories": (beside(pd.Categorical(TOWNS)), "row 0 holds 'Ulm', which is text. Encode"),
    "text and NA": (
        beside(pd.array([pd.NA, "Ulm"] * HALF, dtype="string")),
        "row 0 holds <NA>, which is missing. Fill",
    ),
    "a slip": (
        beside([*range(N_ROWS - 1), "n. a."]),
        f"row {N_ROWS - 1} holds 'n. a.', which is text in a column of numbers. Mend",
    ),
    "dates": (beside(pd.Timestamp(DAY)), "row 0 holds 2020-01-31 .*, which is a date. Make"),
    "dates to a nanosecond": (
        beside(np.full(N_ROWS, DAY, dtype="datetime64[ns]")),
        "row 0 holds 2020-01-31 .*, which is a date. Make",
    ),
    "dates of a zone": (beside(pd.Timestamp(DAY, tz="UTC")), "holds 2020-01-31 .* a date. Make"),
    "dates of Python": (beside(DAY), "row 0 holds 2020-01-31, which is a date. Make numbers"),
    "periods": (beside(pd.Period("2020-01")), "row 0 holds 2020-01, which is a date. Make"),
    "only dates": (beside(pd.Timestamp(DAY))[["town"]], "row 0 holds .* a date. Make numbers"),
    "no date": (beside(pd.NaT), "row 0 holds NaT, which is a date. Make numbers"),
    "durations": (beside(pd.Timedelta("1h")), "row 0 holds 1:00:00, which is a duration. Make"),
    "NA among objects": (
        beside(np.array([1.5, pd.NA] * HALF, dtype=object)),
        "row 1 holds <NA>, which is missing. Fill what is missing",
    ),
    "polars text": (polars(TOWNS), "row 0 holds 'Ulm', which is text. Encode"),
    "polars categories": (polars(TOWNS, dtype=pl.Categorical), "row 0 holds 'Ulm', which is text"),
    "polars dates": (polars([DAY] * N_ROWS), "row 0 holds 2020-01-31, which is a date. Make"),
    "polars times": (polars([datetime.time(3)] * N_ROWS), "row 0 holds 03:00:00, .* a time of day"),
}


@pytest.mark.parametrize("table", TABLES)
def test_the_column_an_example_and_a_way_out_are_named(table):
    X, expected = TABLES[table]
    message = rf"^Column 'town' of X is not numeric: .*{expected}.*or drop the column\.$"
    with pytest.raises(ValueError, match=message):
        Autoencoder(1, **QUICK).fit(X)
    with pytest.raises(ValueError, match=message):
        reconstruction_error(X, X)


@pytest.mark.parametrize(
    ("rows", "example"),
    [
        (beside(TOWNS).to_numpy(dtype=object), "'Ulm', which is text"),
        (beside(TOWNS).to_numpy(dtype=object).tolist(), "'Ulm', which is text"),
        (np.array([["0", "1", "2", "Ulm"]] * N_ROWS), "'Ulm', which is text"),
        (np.array([[b"0", b"1", b"2", b"Ulm"]] * N_ROWS), "b'Ulm', which is text"),
        (beside(TOWNS).set_axis([0, 1, 2, 3], axis=1), "'Ulm', which is text"),
    ],
)
def test_without_names_the_place_of_the_column_is_told(rows, example):
    message = rf"^Column 3 of X is not numeric: row 0 holds {example}.*OneHotEncoder\(\), \[3\]\)"
    with pytest.raises(ValueError, match=message):
        Autoencoder(1, **QUICK).fit(rows)


def test_dates_alone_are_no_numbers():
    rows = np.full((N_ROWS, 2), np.datetime64("2020-01-31"))
    with pytest.raises(
        ValueError, match=r"Column 0 .* a date\. Nor is 1 \(a date\)\. .*columns\.$"
    ):
        Autoencoder(1, **QUICK).fit(rows)


def test_several_columns_are_told_with_a_way_out_for_each_kind():
    X = beside(TOWNS).assign(day=pd.Timestamp(DAY), **{f"k{i}": "x" for i in range(7)})
    message = (
        r"Nor are 'day' \(a date\), 'k0' \(text\), .* and 3 more\. Encode text, .*"
        r"\['town', 'k0', .*; make numbers of dates, .*; or drop the columns\.$"
    )
    with pytest.raises(ValueError, match=message):
        Autoencoder(1, **QUICK).fit(X)


def test_long_text_is_cut():
    with pytest.raises(ValueError, match=r"row 0 holds 'a{26}\.\.\., which"):
        check_array(beside("a" * 1000))


def test_other_objects_are_named_with_their_type():
    with pytest.raises(
        TypeError, match=r"Column 'town' .* of type dict.*argument must be a string"
    ):
        check_array(beside([{}] * N_ROWS), dtype=np.float64)
    with pytest.raises(ValueError, match=r"Column 'town' .* row 0 holds \[1\], which is of type"):
        check_array(beside([[1]] * N_ROWS), dtype=np.float64)


@pytest.mark.parametrize(
    "values",
    [
        [True, False] * HALF,
        np.array([True, False] * HALF, dtype=object),
        pd.Categorical([1, 2] * HALF),
        pd.array([1, 2] * HALF, dtype="Int64"),
        pd.array([True, False] * HALF, dtype="boolean"),
        ["1.5", "2"] * HALF,
    ],
)
def test_what_is_a_number_by_another_name_is_taken(values):
    assert Autoencoder(1, **QUICK).fit(beside(values)).n_features_in_ == 4


@pytest.mark.parametrize(
    "X",
    [
        beside([1.0, np.nan] * HALF),
        beside(np.array([1.0, None] * HALF, dtype=object)),
        beside(pd.array([1, pd.NA] * HALF, dtype="Int64")),
        beside(pd.array([1.5, pd.NA] * HALF, dtype="Float64")),
        beside(pd.array([True, pd.NA] * HALF, dtype="boolean")),
        polars([1, None] * HALF),
        polars([1.5, None] * HALF),
    ],
)
def test_missing_values_are_placed(X):
    message = (
        "^Input X contains NaN: column 'town' in 10 of 20 rows, the first is row 1. Fill what is "
        "missing, for example with SimpleImputer of scikit-learn, or drop these rows.$"
    )
    with pytest.raises(ValueError, match=message):
        Autoencoder(1, **QUICK).fit(X)
    with pytest.raises(ValueError, match="contains NaN: column 'town' in 10 of 20 rows"):
        reconstruction_error(X, X)


def test_missing_values_of_an_array_are_placed_block_by_block(monkeypatch, tmp_path):
    monkeypatch.setattr("skae.tables._columns._BLOCK_BYTES", 100)
    rows = np.memmap(tmp_path / "rows", np.float64, "w+", shape=(N_ROWS, 3))
    rows[:] = NUMBERS
    rows[[7, 8, 19], 1] = rows[[0, 3], 2] = np.nan
    message = "^Input X contains NaN: column 1 in 3 of 20 rows, the first is row 7[.]"
    with pytest.raises(ValueError, match=message):
        Autoencoder(1, **QUICK).fit(rows)


def test_infinite_values_are_placed():
    X = NUMBERS.to_numpy().copy()
    X[3, 1] = np.inf
    with pytest.raises(
        ValueError, match=r"infinity .*: column 1 in 1 of 20 rows, the first is row 3"
    ):
        Autoencoder(1, **QUICK).fit(X)
    with pytest.raises(
        ValueError, match=r"infinity .*: column 1 in 1 of 20 rows, the first is row 3"
    ):
        Autoencoder(1, **QUICK).fit(csr_array(X))


APPLICATIONS = [
    Autoencoder(1, **QUICK),
    DenoisingAutoencoder(1, **QUICK),
    VariationalAutoencoder(1, **QUICK),
    ReconstructionOutlierDetector(PCA(1)),
    ReconstructionImputer(PCA(1)),
    LatentSampler(PCA(1)),
    LatentCodec(Autoencoder(1, **QUICK)),
]


@pytest.mark.parametrize("estimator", APPLICATIONS, ids=lambda estimator: type(estimator).__name__)
def test_every_method_names_the_column(estimator):
    with pytest.raises(ValueError, match=f"{TOWN}.*{ENCODE}"):
        clone(estimator).fit(beside(TOWNS))
    fitted = clone(estimator).fit(beside(1.0))
    methods = ("transform", "reconstruct", "score_samples", "score", "predict", "encode")
    for name in ("decision_function", "feature_contributions", *methods):
        if hasattr(fitted, name):
            with pytest.raises(ValueError, match=f"{TOWN}.*{ENCODE}"):
                getattr(fitted, name)(beside(TOWNS))
    if hasattr(fitted, "partial_fit"):
        with pytest.raises(ValueError, match=TOWN):
            fitted.partial_fit(beside(TOWNS))


@pytest.mark.parametrize("estimator_class", [AutoencoderClassifier, AutoencoderRegressor])
def test_estimators_with_a_head_name_the_column(estimator_class):
    quick = estimator_class(Autoencoder(1, **QUICK), max_iter=1)
    fitted = quick.fit(beside(1.0), np.arange(N_ROWS) % 2)
    with pytest.raises(ValueError, match=TOWN):
        fitted.predict(beside(TOWNS))


def test_clean_rows_are_told_from_rows():
    with pytest.raises(ValueError, match="Column 'town' of X_clean is not numeric"):
        DenoisingAutoencoder(1, **QUICK).fit(beside(1.0), X_clean=beside(TOWNS))


def test_a_fit_that_is_refused_leaves_the_estimator_as_it_was():
    fitted = Autoencoder(1, **QUICK).fit(NUMBERS)
    before = dict(vars(fitted))
    with pytest.raises(ValueError, match=TOWN):
        fitted.fit(beside(TOWNS))
    assert vars(fitted) == before


def test_columns_that_fit_did_not_see_are_told_first():
    fitted = Autoencoder(1, **QUICK).fit(NUMBERS)
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.transform(beside(TOWNS))


@pytest.mark.parametrize(
    "metric", [reconstruction_error, reconstruction_error_samples, reconstruction_r2_score]
)
def test_metrics_say_which_of_the_tables(metric):
    with pytest.raises(ValueError, match=TOWN):
        metric(beside(TOWNS), beside(1.0))
    with pytest.raises(ValueError, match="Column 'town' of X_reconstructed is not numeric"):
        metric(beside(1.0), beside(TOWNS))


def test_scorers_and_displays_name_the_column():
    fitted = Autoencoder(1, **QUICK).fit(beside(1.0))
    for refused in (
        lambda: reconstruction_r2_scorer(fitted, beside(TOWNS)),
        lambda: diagnose(fitted, beside(TOWNS)),
        lambda: ReconstructionDisplay.from_estimator(fitted, beside(TOWNS)),
        lambda: LatentSpaceDisplay.from_estimator(fitted, beside(TOWNS)),
    ):
        with pytest.raises(ValueError, match=f"{TOWN}.*{ENCODE}"):
            refused()


def test_the_way_out_is_one():
    encode = make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough")
    pipeline = make_pipeline(encode, Autoencoder(1, **QUICK))
    assert pipeline.fit_transform(beside(TOWNS)).shape == (N_ROWS, 1)
