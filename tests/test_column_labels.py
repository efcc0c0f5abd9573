"""Labels of columns that are not strings are checked as scikit-learn checks names."""

import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

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
)
from skae.inspection import FeatureContributionDisplay

N_ROWS = 20
VALUES = np.random.default_rng(0).normal(size=(N_ROWS, 3))
Y = np.arange(N_ROWS) % 2
QUICK = {"hidden_layer_sizes": (), "max_iter": 1, "random_state": 0}
HEAD = {"autoencoder": Autoencoder(1, **QUICK), "max_iter": 1, "random_state": 0}

ESTIMATORS = [
    Autoencoder(1, **QUICK),
    VariationalAutoencoder(1, **QUICK),
    AutoencoderClassifier(**HEAD),
    AutoencoderRegressor(**HEAD),
    ReconstructionOutlierDetector(PCA(1), random_state=0),
    ReconstructionImputer(PCA(1)),
    LatentSampler(PCA(1), random_state=0),
    LatentCodec(PCA(1)),
]
METHODS = ["transform", "reconstruct", "score_samples", "predict", "encode"]
METHODS += ["feature_contributions", "decision_function", "predict_proba"]

EVERY = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda each: type(each).__name__)


def labelled(*labels):
    return pd.DataFrame(VALUES, columns=pd.Index(labels))


def methods_of(estimator):
    return [getattr(estimator, name) for name in METHODS if hasattr(estimator, name)]


@EVERY
def test_columns_of_another_order_or_others_are_refused(estimator):
    X = labelled(2, 0, 1)
    fitted = clone(estimator).fit(X, Y)
    copied = pickle.loads(pickle.dumps(fitted))
    for method in [*methods_of(fitted), *methods_of(copied)]:
        for same in (X, X.to_numpy()):
            method(same)
        with pytest.raises(ValueError, match=r"fit, \[2, 0, 1\], but it has the same in another"):
            method(X[[0, 1, 2]])
        with pytest.raises(
            ValueError, match=r"others, \[2, 7, 1\]: column 1 is 7 instead of 0, .*Pass"
        ):
            method(labelled(2, 7, 1))


@EVERY
def test_frames_without_labels_and_arrays_are_the_same(estimator):
    plain = pd.DataFrame(VALUES)
    for X_fit, X in [(VALUES, plain), (plain, VALUES), (labelled(10, 20, 30), plain)]:
        fitted = clone(estimator).fit(X_fit, Y)
        for method in methods_of(fitted):
            method(X)
    fitted = clone(estimator).fit(plain, Y)
    with pytest.raises(ValueError, match="in another order"):
        methods_of(fitted)[0](plain[[0, 2, 1]])


@pytest.mark.parametrize(
    "labels",
    [
        (3.5, 1.5, 2.5),
        (("a", 1), ("a", 2), ("b", 1)),
        tuple(datetime.date(2020, 1, day) for day in (1, 2, 3)),
        (2, np.nan, 1),
        (True, 2.5, None),
    ],
)
def test_labels_of_any_kind(labels):
    fitted = Autoencoder(1, **QUICK).fit(labelled(*labels))
    fitted.transform(labelled(*labels))
    with pytest.raises(ValueError, match="in another order"):
        fitted.transform(labelled(*labels[::-1]))


def test_names_are_left_to_scikit_learn():
    fitted = Autoencoder(1, **QUICK).fit(labelled(5, 6, 7))
    with pytest.warns(UserWarning, match="X has feature names, but"):
        fitted.transform(labelled("a", "b", "c"))
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        fitted.transform(labelled("a", 6, 7))
    with pytest.raises(ValueError, match="X has 2 features, but"):
        fitted.transform(labelled(5, 6, 7)[[5, 6]])


def test_a_fit_on_other_rows_forgets_labels():
    estimator = Autoencoder(1, **QUICK).fit(labelled(2, 0, 1)).fit(VALUES)
    estimator.transform(labelled(0, 1, 2))
    estimator.fit(labelled(7, 8, 9))
    with pytest.raises(ValueError, match="another order"):
        estimator.transform(labelled(9, 8, 7))
    estimator.fit(labelled("a", "b", "c")).transform(labelled("a", "b", "c"))


def test_a_later_pass_is_checked():
    estimator = Autoencoder(1, **QUICK).partial_fit(labelled(2, 0, 1))
    before = dict(vars(estimator))
    with pytest.raises(ValueError, match="another order"):
        estimator.partial_fit(labelled(0, 1, 2))
    assert vars(estimator) == before


@pytest.mark.parametrize("kind", [LatentSampler, LatentCodec, ReconstructionImputer])
@pytest.mark.parametrize("wrap", [lambda reducer: reducer, make_pipeline])
def test_a_frozen_reducer_is_asked_for_its_labels(kind, wrap):
    frozen = FrozenEstimator(wrap(Autoencoder(1, **QUICK)).fit(labelled(2, 0, 1)))
    kind(frozen).fit(labelled(2, 0, 1))
    with pytest.raises(ValueError, match="another order"):
        kind(frozen).fit(labelled(0, 1, 2))


@pytest.mark.parametrize("kind", [LatentSampler, LatentCodec, ReconstructionImputer])
def test_a_reducer_that_is_not_frozen_forgets_its_columns(kind):
    for labels in ((2, 0, 1), ("b", "c", "a")):
        fitted = PCA(1).fit(labelled(*labels))
        kind(fitted).fit(labelled(*sorted(labels)))


def test_ends_of_a_line_are_checked():
    X = labelled(2, 0, 1)
    sampler = LatentSampler(PCA(1), random_state=0).fit(X)
    sampler.interpolate(X.loc[0], X.loc[1], 3)
    with pytest.raises(ValueError, match="another order"):
        sampler.interpolate(X.loc[0], X[[0, 1, 2]].loc[1], 3)


def test_bounds_by_label_hold_for_the_columns_they_name():
    X = labelled(2, 0, 1)
    X.iloc[::2, 0] = np.nan
    filled = ReconstructionImputer(PCA(1), min_value={2: 5.0}, tol=0).fit(X).transform(X)
    assert filled[::2, 0].min() == 5.0
    assert filled[:, 1:].min() < 0


# Rows that come out


def contributions_of(X_fit, X):
    detector = ReconstructionOutlierDetector(PCA(1), random_state=0).fit(X_fit)
    return detector, detector.feature_contributions(X)


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (labelled(2, 0, 1), [2, 0, 1]),
        (pd.DataFrame(VALUES), [0, 1, 2]),
        (labelled(("a", 1), ("a", 2), ("b", 1)), [("a", 1), ("a", 2), ("b", 1)]),
        (labelled("a", "b", "c"), ["a", "b", "c"]),
        (VALUES, ["x0", "x1", "x2"]),
    ],
)
def test_contributions_have_the_labels_of_the_columns(X, expected):
    detector, contributions = contributions_of(X, X)
    assert contributions.columns.tolist() == expected
    np.testing.assert_allclose(contributions.sum(axis=1), -detector.score_samples(X))


def test_labels_that_are_no_strings_are_drawn():
    X = labelled(2, 0, 1)
    detector = ReconstructionOutlierDetector(PCA(1), random_state=0).fit(X)
    display = FeatureContributionDisplay.from_estimator(detector, X)
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == [
        str(display.feature_names[i]) for i in display.features_[::-1]
    ]


@pytest.mark.parametrize(
    ("X_fit", "names"),
    [
        (pl.DataFrame(VALUES, schema=list("abc")), list("abc")),
        (labelled(2, 0, 1), list("201")),
        (VALUES, ["x0", "x1", "x2"]),
    ],
)
@pytest.mark.filterwarnings("ignore:X has feature names, but:UserWarning")
def test_contributions_of_polars_are_of_polars(X_fit, names):
    X = pl.DataFrame(VALUES, schema=list("abc"))
    detector, contributions = contributions_of(X_fit, X)
    assert isinstance(contributions, pl.DataFrame)
    assert contributions.columns == names
    np.testing.assert_allclose(contributions.to_numpy().sum(axis=1), -detector.score_samples(X))


def test_contributions_of_polars_are_drawn():
    X = pl.DataFrame(VALUES, schema=list("abc"))
    detector, _ = contributions_of(X, X)
    display = FeatureContributionDisplay.from_estimator(detector, X, rows=[0, 1])
    assert list(display.feature_names) == list("abc")


def test_contributions_keep_the_index():
    X = labelled(2, 0, 1).set_axis(range(100, 100 + N_ROWS))
    pd.testing.assert_index_equal(contributions_of(X, X)[1].index, X.index)


def test_frames_that_come_out_have_the_labels_that_came_in():
    X = labelled(2, 0, 1)
    estimator = Autoencoder(1, **QUICK).set_output(transform="pandas").fit(X)
    pd.testing.assert_index_equal(estimator.reconstruct(X).columns, X.columns)
    assert np.all(np.isfinite(X - estimator.reconstruct(X)))
    sampler = LatentSampler(PCA(1), random_state=0).set_output(transform="pandas").fit(X)
    sampler.score_samples(sampler.sample(5, random_state=0))
    names = estimator.set_output(transform="polars").reconstruct(X).columns
    assert names == ["x0", "x1", "x2"]


@pytest.mark.parametrize("labels", [(2, 0, 1), ("b", "c", "a")])
def test_what_comes_beside_rows_has_their_labels(labels):
    X = labelled(*labels)
    denoising, plain = DenoisingAutoencoder(1, **QUICK), Autoencoder(1, **QUICK)
    for beside in (X, VALUES, pd.DataFrame(VALUES, columns=None if "a" in labels else labels)):
        denoising.fit(X, X_clean=beside)
        plain.fit(X, observed=beside < 2)
    reordered = X[sorted(labels)]
    with pytest.raises(ValueError, match="labels of X_clean should match those of X"):
        denoising.fit(X, X_clean=reordered)
    with pytest.raises(ValueError, match="labels of observed should match those of X"):
        plain.fit(X, observed=reordered < 2)
    with pytest.raises(ValueError, match="has others"):
        denoising.fit(X, X_clean=labelled(7, 8, 9))
