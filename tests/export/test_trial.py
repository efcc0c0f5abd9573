"""No file is put in place that does not answer what the estimator does."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, FastICA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostRegressor,
    GradientBoostingRegressor,
    IsolationForest,
    RandomForestRegressor,
)
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
)
from sklearn.svm import SVR, LinearSVC, OneClassSVM

import skae
from tests.export.shared import KINDS, QUICK, WINE, answers, check_alike, check_file

NEAR = WINE[:, :5]
HOLED = NEAR.copy()
HOLED[::4, 1] = HOLED[1::5, 3] = np.nan
FAR = HOLED + 1e6


def quick(n_components=2, **parameters):
    return skae.Autoencoder(n_components, **{"hidden_layer_sizes": (), **QUICK, **parameters})


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(NEAR)


@pytest.fixture(scope="module")
def imputed():
    return make_pipeline(SimpleImputer(), StandardScaler(), quick()).fit(FAR)


# Steps that are written here


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
def test_gaps_are_filled(strategy):
    imputer = SimpleImputer(strategy=strategy, add_indicator=strategy == "median")
    check_file(make_pipeline(imputer, StandardScaler(), PCA(2)).fit(FAR), FAR, "transform")


def test_gaps_are_filled_before_an_autoencoder(imputed):
    check_file(imputed, FAR, "transform", "score_samples")


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.filterwarnings("ignore:Skipping features without any observed values:UserWarning")
def test_columns_of_gaps_alone(keeps):
    X = HOLED.copy()
    X[:, 2] = np.nan
    check_file(SimpleImputer(keep_empty_features=keeps).fit(X), X, "transform")


def test_gaps_that_are_marked_by_a_number():
    X = np.where(np.isnan(HOLED), -9.0, HOLED)
    check_file(SimpleImputer(missing_values=-9).fit(X), X, "transform")


@pytest.mark.parametrize(
    "step",
    [
        PolynomialFeatures(2),
        PolynomialFeatures(3, interaction_only=True, include_bias=False),
        KBinsDiscretizer(3, encode="ordinal", quantile_method="averaged_inverted_cdf"),
        KBinsDiscretizer(4, encode="onehot-dense", quantile_method="averaged_inverted_cdf"),
        PowerTransformer(),
        PowerTransformer("box-cox", standardize=False),
    ],
    ids=lambda step: type(step).__name__,
)
def test_steps_before_others(step):
    check_file(make_pipeline(step, PCA(2)).fit(NEAR), NEAR, "transform")


def test_columns_of_bins_before_an_autoencoder(fitted):
    bins = KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")
    check_file(make_pipeline(bins, quick()).fit(NEAR), NEAR, "transform")


@pytest.mark.parametrize("power", [0.0, 0.5, 2.0])
def test_powers_of_which_a_logarithm_is_left(power):
    X = NEAR - NEAR.mean(axis=0)
    step = PowerTransformer(standardize=False).fit(X)
    step.lambdas_ = np.full(len(step.lambdas_), power)
    check_file(step, X, "transform")


def test_steps_side_by_side_and_inside_others():
    frame = pd.DataFrame(HOLED, columns=list("abcde")).assign(
        kind=np.where(KINDS == 0, "x", "y").astype(object), year=np.arange(len(WINE)) % 3
    )
    columns = ColumnTransformer(
        [
            ("filled", make_pipeline(SimpleImputer(), StandardScaler()), list("abc")),
            ("mixed", SimpleImputer(), ["d", "year"]),
            ("union", FeatureUnion([("p", PolynomialFeatures(2)), ("s", StandardScaler())]), ["e"]),
            ("levels", OneHotEncoder(), ["kind"]),
        ]
    )
    fitted = make_pipeline(columns, PCA(2)).fit(frame)
    feed = {name: frame[[name]].to_numpy() for name in frame}
    model = skae.to_onnx(fitted, X=frame.head(9))
    check_alike(answers(model, feed)[0], fitted.transform(frame))


# Last steps of scikit-learn


@pytest.mark.parametrize(
    ("last", "methods"),
    [
        (AdaBoostRegressor(n_estimators=3, random_state=0), ["predict"]),
        (GaussianMixture(2, random_state=0), ["predict", "predict_proba", "score_samples"]),
        (GradientBoostingRegressor(n_estimators=3), ["predict"]),
        (IsolationForest(n_estimators=3, random_state=0), ["predict", "decision_function"]),
        (KMeans(3, n_init=1, random_state=0), ["predict", "transform"]),
        (LinearSVC(), ["predict", "decision_function"]),
        (LocalOutlierFactor(novelty=True), ["predict", "decision_function"]),
        (OneClassSVM(), ["predict", "decision_function"]),
        (RandomForestRegressor(3, random_state=0), ["predict"]),
        (Ridge(), ["predict"]),
        (SVR(), ["predict"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_last_steps(last, methods):
    y = KINDS if is_classifier(last) else WINE[:, 5]
    check_file(make_pipeline(StandardScaler(), last).fit(NEAR, y), NEAR, *methods)


def test_two_classes_and_a_line_between():
    line = LinearSVC().fit(NEAR, np.where(KINDS == 0, "x", "y"))
    check_file(line, NEAR, "predict", "decision_function")


def test_groups_are_told_by_distances():
    groups = KMeans(3, n_init=1, random_state=0).fit(NEAR)
    model = skae.to_onnx(groups)
    assert [each.name for each in model.graph.output] == ["transform"]
    assert answers(model, NEAR)[0].shape == (len(NEAR), 3)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_mixtures(kind):
    # Of the others scikit-learn multiplies the squares out, and loses the digits.
    X = NEAR + 1e6 if kind in ("full", "tied") else NEAR
    mixture = GaussianMixture(2, covariance_type=kind, random_state=0).fit(X)
    check_file(mixture, X, "predict_proba", "score_samples")


def test_targets_in_one_column_stay_one():
    ridge = Ridge().fit(NEAR, WINE[:, 5:7])
    check_file(ridge, NEAR, "predict")


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float32", "float16"])
def test_labels_of_other_widths(dtype):
    head = skae.AutoencoderClassifier(quick(), max_iter=1, random_state=0)
    head.fit(NEAR, KINDS.astype(dtype))
    found = answers(skae.to_onnx(head), NEAR)[0]
    assert found.tolist() == head.predict(NEAR).tolist()


# What is refused, as it would not answer alike


def test_probabilities_that_its_converter_gets_wrong(tmp_path):
    groups = LinearDiscriminantAnalysis().fit(NEAR, KINDS == 0)
    with pytest.raises(ValueError, match=r"answers for 'predict_proba' is .* off"):
        skae.to_onnx(groups, tmp_path / "model.onnx", method="predict_proba")
    assert not list(tmp_path.iterdir())


def test_the_step_at_fault_is_named(fitted):
    steps = make_pipeline(StandardScaler(), KNNImputer(), PCA(2)).fit(NEAR)
    with pytest.raises(ValueError, match=r"no graph of KNNImputer .*Export the steps after it"):
        skae.to_onnx(steps)


def test_the_step_at_fault_inside_another_is_named():
    frame = pd.DataFrame(NEAR, columns=list("abcde"))
    columns = ColumnTransformer([("s", StandardScaler(), ["a"]), ("k", KNNImputer(), ["b", "c"])])
    with pytest.raises(ValueError, match="no graph of KNNImputer in its ColumnTransformer"):
        skae.to_onnx(make_pipeline(columns, PCA(1)).fit(frame), X=frame)


def test_a_transformer_that_its_converter_takes_for_a_classifier():
    steps = make_pipeline(LinearDiscriminantAnalysis(), StandardScaler()).fit(NEAR, KINDS)
    with pytest.raises(ValueError, match="no graph of LinearDiscriminantAnalysis"):
        skae.to_onnx(steps)


def test_a_step_that_has_no_converter():
    steps = make_pipeline(StandardScaler(), FastICA(2, random_state=0), PCA(1)).fit(NEAR)
    with pytest.raises(ValueError, match=r"graph of FastICA .*has no converter.*the steps after"):
        skae.to_onnx(steps)


def test_tables_before_other_steps():
    frame = pd.DataFrame(NEAR, columns=list("abcde"))
    autoencoder = skae.VariationalAutoencoder(1, hidden_layer_sizes=(), **QUICK)
    tables = make_pipeline(skae.TableAutoencoder(autoencoder), StandardScaler()).fit(frame)
    with pytest.raises(ValueError, match=r"its TableAutoencoder has no graph.*ColumnTransformer"):
        skae.to_onnx(tables, X=frame)


def test_a_subclass_in_the_middle():
    class Own(skae.Autoencoder):
        pass

    steps = make_pipeline(Own(2, hidden_layer_sizes=(), **QUICK), PCA(1)).fit(NEAR)
    check_file(steps, NEAR, "transform")


def test_last_steps_without_a_method():
    last = BayesianGaussianMixture(random_state=0)
    with pytest.raises(TypeError, match="none of the methods that can be exported"):
        skae.to_onnx(make_pipeline(StandardScaler(), last).fit(NEAR))


# Rows to try a file on


def test_rows_that_the_estimator_refuses(fitted):
    with pytest.raises(ValueError, match="X has 3 features, but Autoencoder is expecting 5"):
        skae.to_onnx(fitted, X=NEAR[:, :3])
    with pytest.raises(TypeError, match="X='rows' is text"):
        skae.to_onnx(fitted, X="rows")
    with pytest.raises(ValueError, match="Expected 2D array"):
        skae.to_onnx(fitted, X=NEAR[0])
    with pytest.raises(ValueError, match="X holds no rows"):
        skae.to_onnx(fitted, X=NEAR[:0])
    with pytest.raises(ValueError, match="code has 5 columns"):
        skae.to_onnx(fitted, method="inverse_transform", X=NEAR)


@pytest.mark.parametrize("given", [NEAR[:1], NEAR.tolist(), pd.DataFrame(NEAR)])
def test_rows_of_the_user_do_not_change_the_file(given, fitted):
    assert skae.to_onnx(fitted, X=given) == skae.to_onnx(fitted)


class OnlySevens(StandardScaler):
    def transform(self, X):
        if not (np.asarray(X) == 7).all():
            raise ValueError("all have to be 7")
        return super().transform(X)


def test_rows_that_cannot_be_made_up():
    fitted = make_pipeline(StandardScaler(), OnlySevens()).fit(NEAR)
    pytest.importorskip("skl2onnx").update_registered_converter(
        OnlySevens, "TestOnlySevens", seven_types, seven, overwrite=True
    )
    with pytest.raises(ValueError, match=r"No rows could be made up .*X=rows"):
        skae.to_onnx(fitted)


def seven_types(operator):
    operator.outputs[0].type = operator.inputs[0].type


def seven(scope, operator, container):
    names = operator.inputs[0].full_name, operator.outputs[0].full_name
    container.add_node("Identity", *names, name=scope.get_unique_operator_name("Seven"))


def test_a_wrong_converter_is_found_out():
    skl2onnx = pytest.importorskip("skl2onnx")

    class Doubled(StandardScaler):
        pass

    skl2onnx.update_registered_converter(Doubled, "TestDoubled", seven_types, seven, overwrite=True)
    with pytest.raises(
        ValueError, match=r"no graph of Doubled .*answers for 'transform' is .* off"
    ):
        skae.to_onnx(make_pipeline(Doubled(), PCA(2)).fit(NEAR))


def test_a_detector_is_tried_on_rows_of_its_fit_as_on_new_ones():
    detector = skae.ReconstructionOutlierDetector(PCA(2), random_state=0).fit(NEAR)
    model = skae.to_onnx(detector, X=NEAR)
    check_alike(answers(model, NEAR + 0.01)[0], detector.score_samples(NEAR + 0.01))


def test_without_onnxruntime_the_reference_is_asked(imputed, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    model = skae.to_onnx(imputed)
    check_alike(answers(model, FAR)[0], imputed.transform(FAR))
    with pytest.raises(ValueError, match=r"'predict_proba' is .* off"):
        skae.to_onnx(LinearDiscriminantAnalysis().fit(NEAR, KINDS == 0), method="predict_proba")


# Types and places


@pytest.mark.parametrize("dtype", [np.float32, np.dtype("float32"), "f4"])
def test_types_as_numpy_knows_them(dtype, fitted):
    assert skae.to_onnx(fitted, dtype=dtype) == skae.to_onnx(fitted, dtype="float32")


@pytest.mark.parametrize("dtype", [np.ones(3), None, int, "number"])
def test_types_that_are_none(dtype, fitted):
    with pytest.raises(ValueError, match="should be 'float64' or 'float32'"):
        skae.to_onnx(fitted, dtype=dtype)


def test_a_path_that_is_empty(fitted):
    with pytest.raises(FileNotFoundError, match="An empty path names no file"):
        skae.to_onnx(fitted, "")


def test_folders_are_made(fitted, tmp_path):
    skae.to_onnx(fitted, tmp_path / "new" / "model.onnx")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model.onnx"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that takes no files")
def test_an_error_of_the_system_names_the_file(fitted):
    with pytest.raises(FileNotFoundError) as caught:
        skae.to_onnx(fitted, "/proc/model.onnx")
    assert caught.value.filename == "/proc/model.onnx"
