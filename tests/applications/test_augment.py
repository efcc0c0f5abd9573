"""Rows of all classes in equal number: those given, and new ones for the rarer classes."""

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity, KNeighborsClassifier

from skae import LatentSampler

X_IRIS, Y_IRIS = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def sampler():
    return LatentSampler(PCA(2), random_state=0).fit(X_IRIS)


UNEQUAL = np.r_[0:50, 50:60, 100:101]


@pytest.mark.parametrize("density", [None, KernelDensity(bandwidth=0.1)], ids=["default", "kernel"])
def test_classes_are_filled_up_to_the_largest(density):
    sampler = LatentSampler(PCA(2), density, random_state=0).fit(X_IRIS)
    X, y = sampler.augment(X_IRIS[UNEQUAL], Y_IRIS[UNEQUAL], random_state=0)
    assert Counter(y) == {0: 50, 1: 50, 2: 50}
    np.testing.assert_array_equal(X[: len(UNEQUAL)], X_IRIS[UNEQUAL])
    np.testing.assert_array_equal(y[: len(UNEQUAL)], Y_IRIS[UNEQUAL])
    assert X.shape == (150, 4)


def test_classes_are_filled_up_to_a_number(sampler):
    _, y = sampler.augment(X_IRIS[UNEQUAL], Y_IRIS[UNEQUAL], 20, random_state=0)
    assert Counter(y) == {0: 50, 1: 20, 2: 20}


def test_balanced_classes_stay_as_they_are(sampler):
    X, y = sampler.augment(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(X, X_IRIS)
    np.testing.assert_array_equal(y, Y_IRIS)
    assert not np.shares_memory(X, X_IRIS)


def test_new_rows_belong_to_their_class(sampler):
    few = np.r_[0:50, 60:65]
    X, y = sampler.augment(X_IRIS[few], Y_IRIS[few], random_state=0)
    teacher = KNeighborsClassifier(1).fit(X_IRIS[:100], Y_IRIS[:100])
    np.testing.assert_array_equal(teacher.predict(X[55:]), y[55:])


def test_single_row_borrows_the_spread_of_the_other_classes():
    rng = np.random.default_rng(0)
    X = rng.multivariate_normal([0, 0], [[4, 1.5], [1.5, 1]], 2000)
    X, y = np.append(X, [[20, 10]], axis=0), np.append(np.zeros(2000), 1)
    rows, labels = LatentSampler(PCA()).fit(X).augment(X, y, 20_000, random_state=0)
    new = rows[len(X) :][labels[len(X) :] == 1]
    np.testing.assert_allclose(new.mean(axis=0), [20, 10], atol=0.1)
    np.testing.assert_allclose(np.cov(new.T), [[4, 1.5], [1.5, 1]], rtol=0.1)


def test_classes_of_one_row_each_are_taken(sampler):
    X, y = sampler.augment(X_IRIS[[0, 50, 100]], ["a", "b", "c"], 4, random_state=0)
    assert Counter(y) == {"a": 4, "b": 4, "c": 4}
    assert np.isfinite(X).all()


def test_augmented_rows_keep_their_dtype(sampler):
    X, _ = sampler.augment(X_IRIS[UNEQUAL].astype(np.float32), Y_IRIS[UNEQUAL], random_state=0)
    assert X.dtype == np.float32


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (np.array(["a", 1] * 75, dtype=object), "classes of type int and str, but strings alone"),
        (["a", 1] * 75, "classes of type int and str"),
        (np.array(["a", None] * 75, dtype=object), "75 of 150 rows have no class.*is row 1"),
        (np.append(np.ones(149), np.nan), "1 of 150 rows have no class"),
    ],
)
def test_classes_of_several_types_or_none_are_refused(sampler, y, match):
    with pytest.raises(ValueError, match=match):
        sampler.augment(X_IRIS, y)


@pytest.mark.parametrize("dtype", [object, str])
def test_augmented_classes_are_of_the_type_given(sampler, dtype):
    labels = Y_IRIS[UNEQUAL]
    _, expected = sampler.augment(X_IRIS[UNEQUAL], labels, random_state=0)
    _, found = sampler.augment(X_IRIS[UNEQUAL], labels.astype(dtype), random_state=0)
    np.testing.assert_array_equal(found, expected if dtype is object else expected.astype(str))


@pytest.mark.parametrize(
    "dtype", ["int8", "category", "Int64", "string", object, "bool", "boolean", "float32"]
)
@pytest.mark.parametrize("n", [None, 50, 1])
def test_augmented_classes_in_a_series_stay_as_they_were(sampler, dtype, n):
    labels = Y_IRIS[UNEQUAL] > 0 if "bool" in str(dtype) else Y_IRIS[UNEQUAL]
    y = pd.Series(labels, index=UNEQUAL + 7, name="kind").astype(dtype)
    _, found = sampler.augment(X_IRIS[UNEQUAL], y, n, random_state=0)
    _, expected = sampler.augment(X_IRIS[UNEQUAL], labels, n, random_state=0)
    pd.testing.assert_series_equal(found, pd.Series(expected, name="kind").astype(dtype))
    _, plain = sampler.augment(X_IRIS[UNEQUAL], y.array, n, random_state=0)
    pd.testing.assert_extension_array_equal(
        pd.array(plain, dtype=y.dtype), pd.array(found, dtype=y.dtype)
    )
    assert plain.dtype == y.array.dtype


@pytest.mark.parametrize("dtype", [np.int8, bool, "U3", object])
def test_augmented_classes_in_an_array_keep_their_dtype(sampler, dtype):
    _, y = sampler.augment(X_IRIS[UNEQUAL], Y_IRIS[UNEQUAL].astype(dtype), random_state=0)
    assert isinstance(y, np.ndarray)
    assert y.dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", [pl.Int8, pl.String, pl.Categorical])
def test_augmented_classes_of_polars_are_of_polars(sampler, dtype):
    y = pl.Series("kind", Y_IRIS[UNEQUAL].astype(str)).cast(dtype)
    _, found = sampler.augment(X_IRIS[UNEQUAL], y, random_state=0)
    assert (found.dtype, found.name) == (dtype, "kind")
    assert Counter(found.cast(pl.String)) == {"0": 50, "1": 50, "2": 50}


def test_augmentation_is_reproducible(sampler):
    first, second, other = (
        sampler.augment(X_IRIS[UNEQUAL], Y_IRIS[UNEQUAL], random_state=seed)[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_density_must_fit_the_rows_of_each_class():
    sampler = LatentSampler(PCA(2), GaussianMixture(2)).fit(X_IRIS)
    message = "cannot be fitted to the 1 rows of class 2: .* Use density=None"
    with pytest.raises(ValueError, match=message):
        sampler.augment(X_IRIS[UNEQUAL], Y_IRIS[UNEQUAL])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y_IRIS[:10], "inconsistent numbers of samples"),
        (np.linspace(0, 1, 150), "Unknown label type"),
    ],
)
def test_each_row_has_a_class(y, message, sampler):
    with pytest.raises(ValueError, match=message):
        sampler.augment(X_IRIS, y)


@pytest.mark.parametrize("n", [0, 2.5])
def test_number_a_class_is_checked(n, sampler):
    with pytest.raises(ValueError, match=f"n={n} must be an integer"):
        sampler.augment(X_IRIS, Y_IRIS, n)
