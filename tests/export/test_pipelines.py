"""Whole Pipelines answer in a file what they do in Python."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC

import skae
from tests.export.shared import (
    KINDS,
    QUICK,
    WINE,
    answers,
    check_alike,
    check_back,
    check_file,
)

FAR = WINE + 1e6
NEW = WINE[::2] + 0.01


def quick(cls=skae.Autoencoder, n_components=3, **parameters):
    return cls(n_components, **{"hidden_layer_sizes": (8,), **QUICK, **parameters})


def scaled(*steps):
    return make_pipeline(StandardScaler(), *steps)


@pytest.fixture(scope="module")
def pipeline():
    return scaled(quick()).fit(FAR)


@pytest.fixture(scope="module")
def frame():
    """Numbers of three types, text and truth values."""
    columns = pd.DataFrame(FAR[:, :4], columns=["alcohol", "acid", "ash", "alkali"])
    kind = np.where(WINE[:, 4] > 100, "rich", "poor").astype(object)
    return columns.assign(kind=kind, year=np.arange(len(WINE)) % 3, sweet=WINE[:, 0] > 13)


@pytest.fixture(scope="module")
def of_columns(frame):
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["alcohol", "acid", "ash", "alkali"]),
            ("levels", OneHotEncoder(), ["kind"]),
            ("years", OneHotEncoder(), ["year"]),
            ("rest", "passthrough", ["sweet"]),
        ]
    )
    return make_pipeline(columns, quick(), LogisticRegression()).fit(frame, KINDS)


def columns_of(frame):
    return {name: frame[[name]].to_numpy() for name in frame}


def test_rows_scaled_before(pipeline):
    check_file(pipeline, FAR, "transform", "score_samples")


@pytest.mark.parametrize("scaler", [MinMaxScaler(), MaxAbsScaler(), RobustScaler(), PCA(6)])
def test_the_way_back(scaler):
    fitted = make_pipeline(scaler, quick()).fit(WINE)
    check_back(fitted, fitted.transform(WINE))


def test_columns_of_a_frame(of_columns, frame):
    feed, methods = columns_of(frame), ["predict", "predict_proba"]
    model = skae.to_onnx(of_columns, X=frame.head(1), method=methods)
    for name, found in zip(methods, answers(model, feed), strict=True):
        check_alike(found, getattr(of_columns, name)(frame))


def test_columns_in_single_precision(of_columns, frame):
    model = skae.to_onnx(of_columns, X=frame, dtype="float32")
    near = frame.assign(**{name: frame[name].astype(np.float32) for name in frame.columns[:4]})
    found = answers(model, columns_of(near))[0]
    assert found.tolist() == of_columns.predict(near).tolist()


@pytest.mark.parametrize("last", [KNeighborsClassifier(), SVC()], ids=lambda last: str(last))
def test_classifiers_of_scikit_learn(last):
    check_file(scaled(quick(), last).fit(FAR, KINDS), FAR, "predict")


@pytest.mark.parametrize(
    "labels", [KINDS, KINDS > 1, KINDS * 2.0, np.array(["a", "b", "c"])[KINDS]]
)
def test_labels_of_all_types(labels):
    head = skae.AutoencoderClassifier(quick(), max_iter=2, random_state=0).fit(WINE, labels)
    check_file(head, WINE, "predict", "predict_proba", "predict_log_proba")


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_regressor(n_outputs):
    y = WINE[:, 0] if n_outputs == 1 else WINE[:, :2]
    head = skae.AutoencoderRegressor(quick(), max_iter=2, random_state=0)
    check_file(scaled(head).fit(FAR, y), FAR, "predict")


@pytest.mark.parametrize("scoring", ["mahalanobis", "error", "top_features"])
@pytest.mark.parametrize("reducer", [quick(), scaled(quick())], ids=["plain", "Pipeline"])
def test_a_detector_of_new_rows(scoring, reducer):
    detector = skae.ReconstructionOutlierDetector(
        reducer, scoring=scoring, calibration_fraction=0.5, random_state=0
    )
    fitted = scaled(detector).fit(WINE)
    check_file(fitted, NEW, "score_samples", "decision_function", "predict")


def test_a_detector_by_likelihood():
    detector = skae.ReconstructionOutlierDetector(
        quick(skae.VariationalAutoencoder),
        scoring="likelihood",
        calibration_fraction=0.5,
        random_state=0,
    )
    check_file(detector.fit(WINE[::4]), NEW[::4], "score_samples")


def holed():
    X = (WINE - WINE.mean(axis=0)) / WINE.std(axis=0)
    X[np.random.default_rng(0).uniform(size=X.shape) < 0.1] = np.nan
    X[3] = np.nan
    return X


@pytest.mark.parametrize(
    "options",
    [
        {"reducer": quick()},
        {"reducer": PCA(4), "max_iter": 10, "tol": 0.05, "add_indicator": True},
        {"max_iter": 2, "min_value": -1},
    ],
    ids=["autoencoder", "PCA", "default"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_imputer(options):
    X = holed()[3::6]  # the first of which lacks everything
    check_file(skae.ReconstructionImputer(random_state=0, **options).fit(X), X, "transform")


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.filterwarnings("ignore:Skipping features without any observed values:UserWarning")
def test_an_imputer_of_columns_that_nobody_knows(keeps):
    X = holed()
    X[:, 2] = np.nan
    imputer = skae.ReconstructionImputer(
        PCA(4), max_iter=5, tol=0.0, keep_empty_features=keeps, random_state=0
    )
    check_file(imputer.fit(X), X, "transform")


def test_a_search_is_its_best_estimator(pipeline):
    search = GridSearchCV(scaled(quick()), {"autoencoder__n_components": [2]}, cv=2).fit(WINE)
    check_file(search, WINE, "transform")


def test_a_frozen_step():
    frozen = FrozenEstimator(quick().fit(WINE))
    fitted = make_pipeline(frozen, LogisticRegression(max_iter=5000)).fit(WINE, KINDS)
    check_file(fitted, WINE, "predict_proba")


def test_a_step_of_what_skl2onnx_converts(pipeline):
    skl2onnx = pytest.importorskip("skl2onnx")
    of_rows = skl2onnx.common.data_types.DoubleTensorType([None, FAR.shape[1]])
    skae.to_onnx(pipeline)
    model = skl2onnx.convert_sklearn(
        pipeline,
        initial_types=[("X", of_rows)],
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    check_alike(answers(model, FAR)[0], pipeline.transform(FAR))


def with_holes(marker=np.nan):
    rows = WINE[:, :5].copy()
    rows[::3, 1], rows[1::4, 3], rows[:, 4] = marker, marker, marker
    return rows


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strategy": "median", "add_indicator": True},
        {"strategy": "most_frequent", "keep_empty_features": True},
        {"strategy": "constant", "fill_value": 3.5},
        {"missing_values": -1.0},
    ],
    ids=str,
)
def test_holes_filled_before(options):
    rows = with_holes(options.get("missing_values", np.nan))
    columns = slice(4) if "keep_empty_features" not in options else slice(5)
    rows = rows[:, columns]
    filled = make_pipeline(SimpleImputer(**options), StandardScaler(), quick())
    check_file(filled.fit(rows), rows, "transform", "score_samples")


@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")
def test_a_column_without_values_is_left_out():
    rows = with_holes()
    check_file(make_pipeline(SimpleImputer(), quick()).fit(rows), rows, "transform")


def test_holes_filled_in_columns_of_a_frame(frame):
    frame = frame[["alcohol", "acid"]].mask(frame["year"] == 0)
    columns = ColumnTransformer([("filled", SimpleImputer(), ["alcohol", "acid"])])
    fitted = make_pipeline(columns, quick(n_components=1)).fit(frame)
    model = skae.to_onnx(fitted, X=frame)
    check_alike(answers(model, columns_of(frame))[0], fitted.transform(frame))


def test_holes_in_text_are_not_filled(frame):
    columns = ColumnTransformer(
        [
            (
                "text",
                make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
                ["kind"],
            )
        ]
    )
    fitted = make_pipeline(columns, quick(n_components=1)).fit(frame)
    with pytest.raises(ValueError, match=r"cannot be exported, as .*text.*before"):
        skae.to_onnx(fitted, X=frame)


def test_skl2onnx_keeps_its_own_way_for_others(pipeline):
    from skl2onnx import to_onnx

    skae.to_onnx(pipeline)
    rows = with_holes()[:, :4].astype(np.float32)
    nodes = to_onnx(SimpleImputer().fit(rows), rows[:1]).graph.node
    assert [node.op_type for node in nodes] == ["Imputer"]
