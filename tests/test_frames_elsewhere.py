"""Frames of dask, narwhals and pyarrow: columns are known by names, as those of pandas are."""

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from skae import (
    Autoencoder,
    AutoencoderClassifier,
    AutoencoderRegressor,
    BatchedGridSearchCV,
    LatentCodec,
    LatentSampler,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
    TableAutoencoder,
    compare,
    diagnose,
)

FRAME, SPECIES = load_iris(as_frame=True, return_X_y=True)
NAMES = list(FRAME.columns)
KINDS = SPECIES.map(["setosa", "versicolor", "virginica"].__getitem__)
QUICK = Autoencoder(2, hidden_layer_sizes=(), max_iter=1, random_state=0)


def in_dask(frame):
    dask = pytest.importorskip("dask.dataframe")
    return dask.from_pandas(frame, npartitions=3)


def in_pyarrow(frame):
    return pytest.importorskip("pyarrow").table(frame)


ELSEWHERE = pytest.mark.parametrize("elsewhere", [in_dask, nw.from_native, in_pyarrow])
EACH = {
    "transform": QUICK,
    "predict": AutoencoderClassifier(QUICK, max_iter=1, random_state=0),
    "decision_function": ReconstructionOutlierDetector(QUICK, random_state=0),
    "reconstruct": TableAutoencoder(QUICK),
    "impute": ReconstructionImputer(QUICK, random_state=0),
    "score_samples": LatentSampler(QUICK, random_state=0),
    "encode": LatentCodec(QUICK, random_state=0),
    "score": BatchedGridSearchCV(QUICK, {"tol": [0.0]}, cv=2),
}


def asked(name, estimator, X):
    return getattr(estimator, "transform" if name == "impute" else name)(X)


@pytest.mark.parametrize("name", EACH)
def test_a_frame_of_dask_is_read_as_one_of_pandas(name):
    # A table may hold text.
    frame = FRAME.assign(kind=KINDS) if name == "reconstruct" else FRAME
    rows, names = in_dask(frame), list(frame.columns)
    y = in_dask(SPECIES) if name == "predict" else None
    of_pandas = clone(EACH[name]).fit(frame, SPECIES if name == "predict" else None)
    of_dask = clone(EACH[name]).fit(rows, y)
    assert list(of_dask.feature_names_in_) == names
    found, expected = asked(name, of_dask, rows), asked(name, of_pandas, frame)
    if name == "reconstruct":
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    elif name == "encode":
        assert found == expected
    else:
        # In memory, values of the two may lie in another order, and be added in another.
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    with pytest.raises(ValueError, match="feature names should match"):
        asked(name, of_pandas, rows[names[::-1]])


@ELSEWHERE
def test_names_are_kept_and_checked(elsewhere):
    fitted = clone(QUICK).fit(elsewhere(FRAME))
    assert list(fitted.feature_names_in_) == NAMES
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.transform(elsewhere(FRAME[NAMES[::-1]]))


def test_labels_that_are_numbers_are_kept_and_checked():
    numbered = FRAME.set_axis([10, 11, 12, 13], axis=1)
    fitted = clone(QUICK).fit(in_dask(numbered))
    with pytest.raises(ValueError, match="the same in another order"):
        fitted.transform(numbered[[13, 12, 11, 10]])


def test_targets_and_weights_may_be_of_dask():
    weights = pd.Series(np.linspace(0.5, 2, len(FRAME)), name="weight")
    expected = clone(QUICK).fit(FRAME, sample_weight=weights).transform(FRAME)
    weighted = clone(QUICK).fit(FRAME, sample_weight=in_dask(weights))
    np.testing.assert_allclose(weighted.transform(FRAME), expected, rtol=1e-9, atol=1e-12)
    regressor = AutoencoderRegressor(QUICK, max_iter=1, random_state=0)
    by_dask = clone(regressor).fit(in_dask(FRAME), in_dask(SPECIES.astype(float)))
    expected = regressor.fit(FRAME, SPECIES.astype(float)).predict(FRAME)
    np.testing.assert_allclose(by_dask.predict(in_dask(FRAME)), expected, rtol=1e-9, atol=1e-12)


def test_classes_to_fill_up_may_be_of_dask():
    sampler = LatentSampler(QUICK, random_state=0).fit(FRAME)
    few = FRAME[20:], SPECIES[20:]
    expected = sampler.augment(*few, random_state=0)
    rows, classes = sampler.augment(*map(in_dask, few), random_state=0)
    np.testing.assert_allclose(rows, expected[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(classes, expected[1])


def test_compare_and_diagnose_take_frames_of_dask():
    options = {"n_components": [2], "cv": 2, "random_state": 0}
    found = compare({"a": QUICK}, in_dask(FRAME), **options)
    expected = compare({"a": QUICK}, FRAME, **options)
    r2 = "reconstruction_r2"
    np.testing.assert_allclose(found.scores[r2], expected.scores[r2], rtol=1e-9)
    fitted = clone(QUICK).fit(FRAME)
    assert str(diagnose(fitted, in_dask(FRAME))) == str(diagnose(fitted, FRAME))


@pytest.mark.parametrize("wrapped", [False, True], ids=["polars", "narwhals"])
def test_a_lazy_frame_is_refused_with_the_way_out(wrapped):
    lazy = pl.from_pandas(FRAME).lazy()
    with pytest.raises(TypeError, match=r"X is a LazyFrame, .* Pass X.collect\(\)"):
        clone(QUICK).fit(nw.from_native(lazy) if wrapped else lazy)
