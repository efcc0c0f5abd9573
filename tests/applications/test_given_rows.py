"""What people pass to the applications: images, frames, frozen reducers, masks, pandas.NA."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from sklearn import config_context
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import (
    Autoencoder,
    AutoencoderClassifier,
    ConvolutionalAutoencoder,
    LatentCodec,
    LatentSampler,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
    VariationalAutoencoder,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) @ RNG.normal(size=(3, 16)) + RNG.normal(0, 0.3, (60, 16))
IMAGES = X.reshape(60, 4, 4, 1)
FRAME = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(16)], index=np.arange(60) + 100)
HOLED = np.where(RNG.random(X.shape) < 0.1, np.nan, X)


class ShapedPCA(PCA):
    """PCA that knows what a row is."""

    def __init__(self, n_components=2, sample_shape=(4, 4, 1)):
        super().__init__(n_components)
        self.sample_shape = sample_shape


def score(detector, rows):
    return detector.score_samples(rows)


def fill(imputer, rows):
    return imputer.transform(rows)


def log_density(sampler, rows):
    return sampler.score_samples(rows)


def round_trip(codec, rows):
    return codec.decode(codec.encode(rows))


APPLICATIONS = {
    "detector": (
        lambda reducer: ReconstructionOutlierDetector(reducer, random_state=0),
        score,
    ),
    "imputer": (lambda reducer: ReconstructionImputer(reducer, tol=0.01), fill),
    "sampler": (
        lambda reducer: LatentSampler(reducer, GaussianMixture(), random_state=0),
        log_density,
    ),
    "codec": (lambda reducer: LatentCodec(reducer, random_state=0), round_trip),
}
EVERY = pytest.mark.parametrize("name", APPLICATIONS)


# Images


@EVERY
@pytest.mark.parametrize(
    "wrap",
    [
        lambda reducer: reducer,
        lambda reducer: make_pipeline(StandardScaler(), reducer),
        lambda reducer: make_pipeline("passthrough", make_pipeline(reducer)),
        lambda reducer: FrozenEstimator(reducer.fit(X)),
        lambda reducer: make_pipeline(StandardScaler().fit(X), FrozenEstimator(reducer.fit(X))),
    ],
    ids=["alone", "scaled", "nested", "frozen", "frozen step"],
)
def test_images_are_taken_by_the_shape_of_the_reducer(name, wrap):
    make, use = APPLICATIONS[name]
    expected = use(make(wrap(ShapedPCA(3))).fit(X), X)
    for rows in (IMAGES, IMAGES.tolist()):
        fitted = make(wrap(ShapedPCA(3))).fit(rows)
        assert fitted.n_features_in_ == 16
        np.testing.assert_array_equal(use(fitted, rows), expected)
        np.testing.assert_array_equal(use(fitted, X), expected)


@EVERY
def test_images_that_nobody_knows_the_shape_of(name):
    make, use = APPLICATIONS[name]
    message = (
        r"X has shape \(60, 4, 4, 1\).*dim 4.*Pass sample_shape=\(4, 4, 1\) to an autoencoder "
        r"inside, or flatten the rows: X.reshape\(len\(X\), -1\)"
    )
    for reducer in (PCA(2), make_pipeline(StandardScaler(), PCA(2)), None):
        with pytest.raises(ValueError, match=message):
            make(reducer).fit(IMAGES)
    with pytest.raises(ValueError, match=message):
        use(make(PCA(2)).fit(X), IMAGES)


@EVERY
def test_images_of_another_shape(name):
    make, use = APPLICATIONS[name]
    with pytest.raises(ValueError, match=r"rows of sample_shape=\(4, 4, 1\) were expected"):
        make(ShapedPCA()).fit(X.reshape(60, 2, 8, 1))
    with pytest.raises(ValueError, match=r"rows of sample_shape=\(4, 4, 1\) were expected"):
        use(make(ShapedPCA()).fit(IMAGES), X.reshape(60, 8, 2, 1))


def test_images_to_every_method():
    detector = ReconstructionOutlierDetector(ShapedPCA(3), random_state=0).fit(IMAGES)
    for method in ("predict", "decision_function", "feature_contributions"):
        given, expected = getattr(detector, method)(IMAGES), getattr(detector, method)(X)
        np.testing.assert_array_equal(given, expected)
    sampler = LatentSampler(ShapedPCA(3), GaussianMixture(), random_state=0).fit(IMAGES)
    expected = sampler.interpolate(X[0], X[1], 3)
    for a, b in ((IMAGES[0], IMAGES[1]), (IMAGES[:1], IMAGES[1:2]), (X[:1], IMAGES[1])):
        np.testing.assert_array_equal(sampler.interpolate(a, b, 3), expected)
    y = np.arange(60) < 20
    given, _ = sampler.augment(IMAGES, y, random_state=0)
    np.testing.assert_array_equal(given, sampler.augment(X, y, random_state=0)[0])


def test_images_with_holes():
    expected = ReconstructionImputer(ShapedPCA(3), tol=0.01).fit_transform(HOLED)
    given = ReconstructionImputer(ShapedPCA(3), tol=0.01).fit_transform(HOLED.reshape(60, 4, 4, 1))
    np.testing.assert_array_equal(given, expected)


def test_images_in_a_convolutional_autoencoder():
    reducer = ConvolutionalAutoencoder(
        2, sample_shape=(4, 4, 1), hidden_layer_sizes=(4,), max_iter=2, random_state=0
    )
    detector = ReconstructionOutlierDetector(reducer, calibration_fraction=0.5, random_state=0)
    assert detector.fit(IMAGES).predict(IMAGES).shape == (60,)
    classifier = AutoencoderClassifier(reducer, max_iter=1, random_state=0)
    assert classifier.fit(IMAGES, np.arange(60) % 2).predict(IMAGES).shape == (60,)


# Frozen reducers


@EVERY
@pytest.mark.parametrize(
    "fitted",
    [
        lambda X: PCA(3).fit(X),
        lambda X: IncrementalPCA(3).partial_fit(X[:30]).partial_fit(X[30:]),
        lambda X: make_pipeline(StandardScaler(), PCA(3)).fit(X),
    ],
    ids=["fit", "partial_fit", "pipeline"],
)
def test_a_frozen_reducer_is_used_as_it_is(name, fitted):
    make, use = APPLICATIONS[name]
    reducer = fitted(X)
    application = make(FrozenEstimator(reducer)).fit(X[:40])
    before = reducer.transform(X)
    used = use(application, X)
    assert len(used)
    np.testing.assert_array_equal(reducer.transform(X), before)
    inside = getattr(application, "reducer_", None) or application.reducers_[0]
    np.testing.assert_array_equal(inside.transform(X), before)


@EVERY
def test_a_frozen_step_of_a_pipeline(name):
    make, use = APPLICATIONS[name]
    pca = PCA(3).fit(StandardScaler().fit_transform(X))
    components = pca.components_.copy()
    application = make(make_pipeline(StandardScaler(), FrozenEstimator(pca))).fit(X[:40])
    assert len(use(application, X))
    np.testing.assert_array_equal(pca.components_, components)


@EVERY
def test_a_frozen_step_fitted_on_a_frame(name):
    make, use = APPLICATIONS[name]
    pipeline = make_pipeline(FrozenEstimator(StandardScaler().fit(FRAME)), PCA(3))
    assert len(use(make(pipeline).fit(FRAME), FRAME))


@EVERY
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_reducer_fitted_on_a_frame(name, frame):
    make, use = APPLICATIONS[name]
    rows = frame(X, FRAME.columns.tolist()) if frame is pl.DataFrame else FRAME
    fitted = make(FrozenEstimator(PCA(3).fit(rows))).fit(rows)
    assert len(use(fitted, rows))
    with pytest.raises(ValueError, match="feature names should match"):
        make(FrozenEstimator(PCA(3).fit(rows))).fit(FRAME.iloc[:, ::-1])


@EVERY
def test_a_frozen_reducer_of_other_columns(name):
    make, _ = APPLICATIONS[name]
    with pytest.raises(ValueError, match="X has 16 features, but PCA is expecting 5"):
        make(FrozenEstimator(PCA(2).fit(X[:, :5]))).fit(X)


@EVERY
def test_a_frozen_reducer_has_to_be_fitted(name):
    make, _ = APPLICATIONS[name]
    with pytest.raises(NotFittedError):
        make(FrozenEstimator(PCA(2))).fit(X)


def test_the_threshold_is_that_of_the_rows_of_fit():
    pca = PCA(3).fit(X)
    detector = ReconstructionOutlierDetector(
        FrozenEstimator(pca), scoring="error", contamination=0.1, random_state=0
    ).fit(X[:40])
    errors = np.mean((X - pca.inverse_transform(pca.transform(X))) ** 2, axis=1)
    np.testing.assert_allclose(-detector.score_samples(X), errors)
    expected = np.quantile(-errors[:40], 0.1, method="weibull")
    np.testing.assert_allclose(detector.offset_, expected)


@pytest.mark.parametrize("scoring", ["mahalanobis", "error", "top_features", "likelihood"])
def test_every_scoring_takes_a_frozen_reducer(scoring):
    detector = ReconstructionOutlierDetector(
        FrozenEstimator(PCA(3).fit(X)), scoring=scoring, random_state=0
    ).fit(X)
    assert np.mean(detector.predict(X) == 1) > 0.8
    assert detector.predict(100 * X[:1]) == -1


def test_an_autoencoder_trained_in_chunks():
    autoencoder = Autoencoder(3, hidden_layer_sizes=(8,), random_state=0)
    for chunk in np.split(X, 2):
        autoencoder.partial_fit(chunk)
    detector = ReconstructionOutlierDetector(FrozenEstimator(autoencoder), scoring="error").fit(X)
    np.testing.assert_allclose(detector.score_samples(X), autoencoder.score_samples(X), rtol=1e-4)


# Masks and pandas.NA


def test_a_mask_means_missing():
    expected = ReconstructionImputer(PCA(3), tol=0.01).fit_transform(HOLED)
    is_missing = np.isnan(HOLED)
    masked = np.ma.masked_array(np.where(is_missing, 1e6, X), is_missing)
    half = np.ma.masked_array(HOLED.copy(), is_missing & (np.arange(60) < 30)[:, np.newaxis])
    for rows in (masked, half, list(masked), np.ma.masked_array(HOLED)):
        given = ReconstructionImputer(PCA(3), tol=0.01).fit_transform(rows)
        assert type(given) is np.ndarray
        np.testing.assert_array_equal(given, expected)


def test_a_mask_beside_a_number_that_means_missing():
    is_missing = np.isnan(HOLED)
    expected = ReconstructionImputer(PCA(3), tol=0.01).fit_transform(HOLED)
    rows = np.where(is_missing, -99.0, X)
    rows = np.ma.masked_array(rows, is_missing & (np.arange(60) < 30)[:, np.newaxis])
    rows.data[rows.mask] = 5.0
    given = ReconstructionImputer(PCA(3), tol=0.01, missing_values=-99).fit_transform(rows)
    np.testing.assert_array_equal(given, expected)


def test_masked_integers():
    counts = np.round(3 * X).astype(int)
    is_missing = np.isnan(HOLED)
    expected = ReconstructionImputer(PCA(3), tol=0.01).fit_transform(
        np.where(is_missing, np.nan, counts)
    )
    given = ReconstructionImputer(PCA(3), tol=0.01).fit_transform(
        np.ma.masked_array(counts, is_missing)
    )
    np.testing.assert_array_equal(given, expected)


NULLABLE = pd.DataFrame(
    {
        "count": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
        "is_new": pd.array([True, False, None, True, True, False], dtype="boolean"),
        "size": pd.array([0.5, 1.0, 2.0, None, 3.0, 2.5], dtype="Float64"),
        "plain": [1.0, 2.0, 2.5, 4.0, 5.5, 6.0],
    }
)
OBJECTS = NULLABLE.astype(object)


@pytest.mark.parametrize("missing_values", [np.nan, pd.NA])
@pytest.mark.parametrize(
    "rows",
    [NULLABLE, OBJECTS, OBJECTS.to_numpy(), OBJECTS.to_numpy().tolist(), pl.from_pandas(NULLABLE)],
    ids=["nullable", "objects", "array", "list", "polars"],
)
def test_what_stands_for_missing_in_frames(rows, missing_values):
    floats = NULLABLE.astype("Float64").to_numpy(float, na_value=np.nan)
    settings = {"max_iter": 300, "add_indicator": True}
    expected = ReconstructionImputer(PCA(1), **settings).fit_transform(floats)
    imputer = ReconstructionImputer(PCA(1), missing_values=missing_values, **settings)
    np.testing.assert_array_equal(imputer.fit_transform(rows), expected)


def test_nullable_integers_get_integers():
    imputer = ReconstructionImputer(
        PCA(1), missing_values=pd.NA, grid="integers", min_value="observed", max_value="observed"
    ).set_output(transform="pandas")
    filled = imputer.fit_transform(NULLABLE)
    assert filled.columns.tolist() == NULLABLE.columns.tolist()
    restored = filled.astype({"count": "int64", "is_new": "bool"})
    assert restored["count"].between(1, 6).all()
    np.testing.assert_array_equal(restored["is_new"], filled["is_new"])


# Frames out


def fitted_variational():
    return VariationalAutoencoder(2, hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(FRAME)


def frames_of(fitted, library):
    """All rows that an autoencoder or an application makes, by method."""
    if isinstance(fitted, VariationalAutoencoder):
        code = fitted.transform(FRAME)
        return {
            "reconstruct": fitted.reconstruct(FRAME),
            "inverse_transform": fitted.inverse_transform(code),
            "sample": fitted.sample(60, random_state=0),
        }
    if isinstance(fitted, LatentSampler):
        return {
            "sample": fitted.sample(60, random_state=0),
            "interpolate": fitted.interpolate(FRAME.iloc[0], FRAME.iloc[1], 60),
            "augment": fitted.augment(FRAME, np.arange(60) < 30, random_state=0)[0],
        }
    if isinstance(fitted, LatentCodec):
        return {"decode": fitted.decode(fitted.encode(FRAME))}
    return {"transform": fitted.transform(FRAME)}


MAKERS = {
    "autoencoder": fitted_variational,
    "sampler": lambda: LatentSampler(PCA(2), GaussianMixture(), random_state=0).fit(FRAME),
    "codec": lambda: LatentCodec(PCA(2), random_state=0).fit(FRAME),
    "imputer": lambda: ReconstructionImputer(PCA(2)).fit(FRAME),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("library", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_frames_are_what_set_output_asks_for(name, library, kind):
    expected = frames_of(MAKERS[name](), None)
    given = frames_of(MAKERS[name]().set_output(transform=library), library)
    with config_context(transform_output=library):
        configured = frames_of(MAKERS[name](), library)
    for method, rows in expected.items():
        assert isinstance(rows, np.ndarray), method
        for frame in (given[method], configured[method]):
            assert isinstance(frame, kind), method
            assert list(frame.columns) == list(FRAME.columns)
            np.testing.assert_allclose(frame.to_numpy(), rows)


def test_the_index_goes_with_the_rows():
    vae = fitted_variational().set_output(transform="pandas")
    pd.testing.assert_index_equal(vae.reconstruct(FRAME).index, FRAME.index)
    pd.testing.assert_index_equal(vae.inverse_transform(vae.transform(FRAME)).index, FRAME.index)
    assert vae.reconstruct(FRAME.iloc[:3].reset_index(drop=True)).index.tolist() == [0, 1, 2]


def test_columns_without_names_are_numbered():
    vae = VariationalAutoencoder(2, hidden_layer_sizes=(4,), max_iter=1).fit(X)
    columns = vae.set_output(transform="pandas").sample(2).columns
    assert columns.tolist() == [f"x{i}" for i in range(16)]


def test_frames_go_through_a_pipeline_backwards():
    pipeline = make_pipeline(StandardScaler(), Autoencoder(2, hidden_layer_sizes=(4,), max_iter=2))
    pipeline.set_params(autoencoder__random_state=0).fit(FRAME)
    expected = pipeline.inverse_transform(pipeline.transform(FRAME))
    pipeline.set_output(transform="pandas").fit(FRAME)
    given = pipeline.inverse_transform(pipeline.transform(FRAME))
    np.testing.assert_allclose(given, expected)


# Saved


@EVERY
def test_what_an_older_version_saved_works(name):
    make, use = APPLICATIONS[name]
    fitted = make(PCA(3)).fit(X)
    expected = use(fitted, X)
    for later in ("_limits", "_padding"):
        vars(fitted).pop(later, None)
    np.testing.assert_array_equal(use(pickle.loads(pickle.dumps(fitted)), X), expected)


@pytest.mark.parametrize(
    "application",
    [
        LatentSampler(
            PCA(2),
            GaussianMixture(),
            min_value="observed",
            grid={0: 1, 1: "observed"},
            random_state=0,
        ),
        ReconstructionImputer(PCA(2), max_value=3, grid="observed", tol=0.01),
        LatentCodec(PCA(2)),
    ],
)
def test_skops_keeps_what_is_new(application):
    fitted = application.fit(X)
    dump = skops.io.dumps(fitted)
    again = skops.io.loads(dump, trusted=skae.skops_trusted())
    if isinstance(application, LatentSampler):
        given, expected = (each.sample(5, random_state=0) for each in (again, fitted))
    elif isinstance(application, LatentCodec):
        given, expected = (each.decode(each.encode(X)) for each in (again, fitted))
    else:
        given, expected = (each.transform(HOLED) for each in (again, fitted))
    np.testing.assert_array_equal(given, expected)
