"""Labels of classes: which rows have one, and of which type they stay."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.semi_supervised import LabelSpreading

from skae import (
    Autoencoder,
)
from skae.supervised._graph import neighbour_graph, with_class_masses
from skae.supervised._head_targets import units_of

from .shared import FROZEN, LABELLED, LABELS, PARTS, SMALL, SPECIES, WIDTH, X

NAMES = np.array(["setosa", "versicolor", "virginica"])


# Labels


@pytest.mark.slow
def test_few_labels_teach_all_classes(quick):
    fitted = quick(max_iter=50).fit(X, LABELS)
    assert fitted.score(X[~LABELLED], SPECIES[~LABELLED]) > 0.85


def test_strings_and_minus_one_in_one_array(quick):
    y = np.full(150, -1, object)
    y[LABELLED] = NAMES[SPECIES[LABELLED]]
    fitted = quick().fit(X, y)
    np.testing.assert_array_equal(fitted.classes_, NAMES)
    np.testing.assert_array_equal(fitted.predict(X), NAMES[quick().fit(X, LABELS).predict(X)])


def test_a_frame_of_strings_and_minus_one(quick):
    y = pd.Series(NAMES[SPECIES]).where(LABELLED, -1)
    expected = quick().fit(X, LABELS).predict_proba(X)
    np.testing.assert_array_equal(quick().fit(X, y).predict_proba(X), expected)


def test_strings_alone(quick):
    fitted = quick(max_iter=50).fit(X, NAMES[SPECIES])
    assert np.mean(fitted.predict(X) == NAMES[SPECIES]) > 0.85


@pytest.mark.parametrize("dtype", [int, float, object, str])
def test_minus_one_and_one_alone_are_two_classes(quick, dtype):
    y = np.where(SPECIES == 0, -1, 1).astype(dtype)
    fitted = quick(max_iter=50).fit(X, y)
    assert set(fitted.classes_.tolist()) == set(y.tolist())
    assert np.mean(fitted.predict(X) == y) > 0.95


def test_minus_one_is_no_string(quick):
    y = np.full(150, -1, object)
    y[LABELS == 0] = "setosa"
    np.testing.assert_array_equal(quick(max_iter=1).fit(X, y).classes_, ["setosa"])


def test_minus_one_that_became_a_string(quick):
    y = np.where(LABELLED, NAMES[SPECIES], "-1")
    with pytest.raises(ValueError, match=r"the string '-1', which numpy makes.*dtype=object"):
        quick().fit(X, y)


def missing_where_unlabelled(labels, missing):
    y = labels.astype(object)
    y[~LABELLED] = missing
    return y


@pytest.mark.parametrize("kind", [pd.Series, np.asarray])
def test_dates_are_classes_and_missing_ones_unlabelled(quick, kind):
    dates = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "datetime64[us]")
    y = np.where(LABELLED, dates[SPECIES], np.datetime64("NaT"))
    fitted = quick().fit(X, kind(y))
    np.testing.assert_array_equal(fitted.classes_, dates)
    expected = quick().fit(X, LABELS).predict_proba(X)
    np.testing.assert_array_equal(fitted.predict_proba(X), expected)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, -1])
@pytest.mark.parametrize("kind", [np.asarray, list, pd.Series])
def test_rows_whose_label_is_missing_are_unlabelled(quick, missing, kind):
    for labels in (SPECIES, NAMES[SPECIES]):
        fitted = quick().fit(X, kind(missing_where_unlabelled(labels, missing)))
        np.testing.assert_array_equal(fitted.classes_, np.unique(labels))
        assert fitted.classes_.dtype.kind == labels.dtype.kind
        expected = quick().fit(X, LABELS).predict_proba(X)
        np.testing.assert_array_equal(fitted.predict_proba(X), expected)


@pytest.mark.parametrize(
    "y",
    [
        np.where(LABELLED, SPECIES, np.nan),
        np.where(LABELLED, SPECIES, np.nan).astype(np.float32),
        np.where(LABELLED, SPECIES, np.nan).tolist(),
        pd.Series(SPECIES).where(LABELLED),
        pd.Series(SPECIES, dtype="Int64").where(LABELLED),
        pd.Series(SPECIES, dtype="Float64").where(LABELLED),
        pd.Series(pd.Categorical(SPECIES)).where(LABELLED),
        pl.Series(np.where(LABELLED, SPECIES, np.nan)),
        pl.Series([int(label) if label >= 0 else None for label in LABELS]),
    ],
    ids=["float64", "float32", "list", "Series", "Int64", "Float64", "category", "NaN", "null"],
)
def test_integer_classes_stay_integers_beside_missing_ones(quick, y):
    fitted = quick(max_iter=1).fit(X, y)
    assert fitted.classes_.dtype.kind == "i"
    np.testing.assert_array_equal(fitted.classes_, [0, 1, 2])
    assert fitted.predict(X).dtype.kind == fitted.transduction_.dtype.kind == "i"


@pytest.mark.parametrize("y", [SPECIES / 1.0, np.where(LABELLED, SPECIES / 2.0, np.nan)])
def test_other_floats_stay_floats(quick, y):
    if not np.isnan(y).any():
        np.testing.assert_array_equal(quick(max_iter=1).fit(X, y).classes_, [0.0, 1.0, 2.0])
        return
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        quick().fit(X, y)


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(SPECIES == 0, dtype="boolean").where(LABELLED),
        missing_where_unlabelled(SPECIES == 0, None),
        pl.Series([bool(label == 0) if label >= 0 else None for label in LABELS]),
    ],
)
def test_truth_values_stay_truth_values(quick, y):
    assert quick(max_iter=1).fit(X, y).classes_.tolist() == [False, True]


@pytest.mark.parametrize("dtype", ["string", "str", "category"])
def test_missing_strings_of_a_frame(quick, dtype):
    y = pd.Series(NAMES[SPECIES]).where(LABELLED).astype(dtype)
    assert quick(max_iter=1).fit(X, y).classes_.tolist() == NAMES.tolist()


def test_minus_one_is_a_class_beside_one_other_though_labels_are_missing(quick):
    y = np.where(LABELLED, np.where(SPECIES == 0, -1.0, 1.0), np.nan)
    assert quick(max_iter=1).fit(X, y).classes_.tolist() == [-1, 1]


def test_minus_one_and_missing_are_both_unlabelled(quick):
    y = LABELS.astype(float)
    y[~LABELLED & (SPECIES == 1)] = np.nan
    expected = quick().fit(X, LABELS).predict_proba(X)
    np.testing.assert_array_equal(quick().fit(X, y).predict_proba(X), expected)


@pytest.mark.parametrize("y", [[None] * 150, np.full(150, np.nan), np.full(150, -1)])
def test_no_labels(quick, y):
    with pytest.raises(ValueError, match="y labels none of its 150 rows: -1, NaN, None and pandas"):
        quick().fit(X, y)


def test_nan_that_became_a_string(quick):
    y = np.array([*NAMES[SPECIES[:149]], np.nan])
    with pytest.raises(ValueError, match=r"the string 'nan', which numpy makes.*dtype=object"):
        quick().fit(X, y)


def test_a_class_may_be_called_nan(quick):
    y = np.where(SPECIES == 0, "nan", "other").astype(object)
    assert quick(max_iter=1).fit(X, y).classes_.tolist() == ["nan", "other"]


def test_numbers_and_strings(quick):
    y = SPECIES.astype(object)
    y[7] = "setosa"
    with pytest.raises(ValueError, match=r"y holds labels of type int and str.*Put -1 or None"):
        quick().fit(X, y)


def test_labels_that_are_no_classes(quick):
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        quick().fit(X, WIDTH)


def test_no_y(quick, quick_regressor):
    with pytest.raises(ValueError, match="requires y to be passed"):
        quick().fit(X, None)
    with pytest.raises(ValueError, match="requires y to be passed"):
        quick_regressor().fit(PARTS, None)


def test_one_class_is_certain(quick):
    fitted = quick(max_iter=1).fit(X, np.full(150, 7))
    np.testing.assert_array_equal(fitted.predict_proba(X), np.ones((150, 1)))
    assert set(fitted.predict(X)) == {7}


def spread_by_sklearn(rows, reconstructed):
    """Classes by scikit-learn's label spreading on the graph of rows and reconstructions."""
    graph = neighbour_graph(np.hstack([rows, reconstructed]), 5).toarray()
    spreading = LabelSpreading(kernel=lambda *_: graph, alpha=0.99, tol=1e-9, max_iter=5000)
    places = np.where(LABELLED, SPECIES, -1)
    # Rows sum to one, which masses would see: they are those of the harmonic solution.
    normalised = graph / np.sqrt(np.outer(graph.sum(axis=0), graph.sum(axis=1)))
    given = np.eye(3)[SPECIES] * LABELLED[:, None]
    belongings = np.linalg.solve(np.eye(len(rows)) - 0.99 * normalised, given)
    shares = belongings / belongings.sum(axis=1, keepdims=True)
    found = spreading.fit(rows, places).label_distributions_
    np.testing.assert_allclose(found, shares, atol=1e-4)
    return with_class_masses(belongings, places).argmax(axis=1)


def test_labels_are_spread_over_the_graph_of_rows_and_reconstructions(quick, pretrained):
    fitted = quick(max_iter=1).fit(X, LABELS)
    expected = spread_by_sklearn(X, pretrained.reconstruct(X))
    np.testing.assert_array_equal(fitted.transduction_[~LABELLED], expected[~LABELLED])
    np.testing.assert_array_equal(fitted.transduction_[LABELLED], SPECIES[LABELLED])


@pytest.fixture(scope="module")
def probabilities():
    """Rows in [0, 1], and an autoencoder whose output is a probability."""
    rows = X / X.max()
    return rows, Autoencoder(2, loss="binary_crossentropy", **SMALL).fit(rows)


def test_probabilities_are_compared_as_such(quick, probabilities):
    rows, autoencoder = probabilities
    fitted = quick(from_pretrained=autoencoder, max_iter=1).fit(rows, LABELS)
    expected = spread_by_sklearn(rows, autoencoder.reconstruct(rows))
    np.testing.assert_array_equal(fitted.transduction_[~LABELLED], expected[~LABELLED])


def test_the_start_has_units_in_which_rows_have_variance_one(quick, probabilities):
    rows, autoencoder = probabilities
    fitted = quick(from_pretrained=autoencoder, **FROZEN).fit(rows, SPECIES)
    code = autoencoder.transform(rows)
    deviation = np.sqrt(rows.var(axis=0).mean())
    rows = code @ units_of(code, autoencoder.reconstruct(rows) / deviation)
    expected = LogisticRegression().fit(rows, SPECIES).predict_proba(rows)
    np.testing.assert_allclose(fitted.predict_proba(X / X.max()), expected, atol=1e-3)


def test_without_spreading_the_start_sees_labelled_rows_only(quick):
    wrong = np.where(LABELLED, SPECIES, 0)
    alone = quick(n_neighbors=None, **FROZEN).fit(X, LABELS).predict_proba(X)
    told = quick(n_neighbors=None, **FROZEN).fit(X, wrong).predict_proba(X)
    assert np.abs(alone - told).max() > 0.1
    assert quick(n_neighbors=None, **FROZEN).fit(X, LABELS).score(X, SPECIES) > 0.85
