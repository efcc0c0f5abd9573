"""Objects of scikit-learn, and attributes of any, that no fit leaves: they are refused."""

import copy

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.dummy import DummyRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import all_estimators

import skae
from skae.persistence._names import Names
from skae.states import FORMAT, checksum, versions
from skae.states._stamp import _checksum_of

from .shared import fitted, hostile, rows

X = rows()
Y = (X[:, 0] > 0).astype(int)
A = np.arange(4.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "estimator.skae"


def of_class(name, *nodes):
    """Nodes, and an object whose attributes are the last of them."""
    return [*nodes, ["object", name, {"n": len(nodes) - 1}]]


STANDARD = "sklearn.preprocessing._data.StandardScaler"
FUNCTION = "sklearn.preprocessing._function_transformer.FunctionTransformer"
R2 = ["named", "sklearn.metrics._regression.r2_score"]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (
            of_class("sklearn.ensemble._stacking.StackingRegressor", ["dict", "dict", [], []]),
            "Stack",
        ),
        (of_class(FUNCTION, R2, ["dict", "dict", ["func"], [{"n": 0}]]), "names sklearn.*Function"),
        (of_class(STANDARD, R2, ["dict", "dict", ["transform"], [{"n": 0}]]), "called 'transform'"),
        (of_class(STANDARD, R2, ["dict", "dict", ["__class__"], [{"n": 0}]]), "called '__class__'"),
        (of_class(STANDARD, ["list", ["ab"]]), "StandardScaler without names"),
        (of_class(STANDARD, ["dict", "dict", [3], [3]]), "called a int"),
        (
            of_class("sklearn.pipeline.Pipeline", ["dict", "dict", ["steps"], [5]]),
            "steps of a Pipeline is no list",
        ),
        (
            of_class(
                "sklearn.pipeline.Pipeline",
                *(["dict", "Bunch", [], []], ["tuple", ["a", {"n": 0}]], ["list", [{"n": 1}]]),
                ["dict", "dict", ["steps"], [{"n": 2}]],
            ),
            "a part of a Pipeline is a Bunch and no estimator",
        ),
        (
            of_class(
                "sklearn.metrics._scorer._Scorer", ["dict", "dict", ["_response_method"], ["x"]]
            ),
            "no method of predictions",
        ),
        ([["made", "sklearn.linear_model._sgd_fast.Hinge", [1.0], 5]], "with attributes"),
        ([["tuple of names", "sklearn.decomposition._pca.PCA", [1]]], "a PCA of 1 values"),
        ([["array", -1, "<f8", [4]]], "no array is at -1"),
        ([["array", True, "<f8", [4]]], "no array is at True"),
        ([["list", []]], "a list is no estimator"),
        ([["float", "nan"]], "a float is no estimator"),
        ([["dict", "Bunch", [], []]], "a Bunch is no estimator"),
    ],
)
def test_objects_that_no_fit_leaves_are_refused(nodes, message, path):
    path.write_bytes(hostile(nodes, [A]))
    with pytest.raises(ValueError, match=message):
        skae.load(path)


def test_a_root_is_no_number(path):
    path.write_bytes(hostile([], root=5))
    with pytest.raises(ValueError, match="a int is no estimator"):
        skae.load(path)


@pytest.mark.parametrize(
    ("starts", "indices", "shape"),
    [
        ([0, 2_000_000_000, -7, -5], [0], [3, 6]),
        ([0, -5], [0], [1, 6]),
        ([0, 1], [6], [1, 6]),
        ([0, 1], [-1], [1, 6]),
        ([1, 1], [0], [1, 6]),
        ([0, 2, 1], [0], [2, 6]),
        ([0, 1], [0], [True, 6]),
        ([0, 1], [0], [1, -6]),
    ],
)
def test_sparse_matrices_that_lead_out_of_themselves_are_refused(starts, indices, shape, path):
    arrays = [np.ones(1), np.array(indices, np.int32), np.array(starts, np.int32)]
    nodes = [
        ["array", 0, "<f8", [1]],
        ["array", 1, "<i4", [len(indices)]],
        ["array", 2, "<i4", [len(starts)]],
        ["sparse", "csr_matrix", shape, [{"n": 0}, {"n": 1}, {"n": 2}]],
        ["dict", "dict", ["coef_"], [{"n": 3}]],
        ["object", "sklearn.linear_model._ridge.Ridge", {"n": 4}],
    ]
    path.write_bytes(hostile(nodes, arrays))
    with pytest.raises(ValueError, match="sparse matrix"):
        skae.load(path)


def changed(fitted_one, attributes):
    """A copy with other attributes."""
    made = copy.deepcopy(fitted_one)
    vars(made).update(attributes)
    return made


# As the checks of saving would refuse them, they are left out there.
def write_unchecked(estimator, path, monkeypatch):
    with monkeypatch.context() as without:
        without.setattr("skae.persistence._describing.check_library_state", lambda *given: None)
        without.setattr("skae.persistence._describing.needs_trust", lambda *given: False)
        skae.save(estimator, path)


LEVELS = np.array([["a", 1], ["b", 2], ["c", 3], ["c", 3]], dtype=object)
ONE_HOT = OneHotEncoder(min_frequency=2).fit(LEVELS)
NUMBERS = OneHotEncoder(drop="first").fit(np.array([[1.0], [2.0], [3.0]]))


@pytest.mark.parametrize(
    ("estimator", "attributes", "message"),
    [
        (StandardScaler(), {"scale_": np.full(6, np.nan)}, "scale_ of a StandardScaler lacks"),
        (StandardScaler(), {"scale_": np.zeros(6)}, "scale_ of a StandardScaler is 0"),
        (StandardScaler(), {"scale_": np.ones(5)}, "of 6 features"),
        (StandardScaler(), {"n_features_in_": 5}, "of 5 features"),
        (StandardScaler(), {"n_features_in_": "x"}, "n_features_in_ of a StandardScaler is 'x'"),
        (PCA(2), {"components_": np.full((2, 6), np.inf)}, "components_ of a PCA holds"),
        (PCA(2), {"components_": [[1.0] * 6]}, "components_ of a PCA is no array"),
        (Ridge(), {"coef_": np.ones(7)}, "of 6 features"),
        (Ridge(), {"coef_": np.array(["x"] * 6)}, "coef_ of a Ridge holds <U1"),
        (DummyRegressor(), {"n_outputs_": 10**8}, "outputs of a dummy"),
        (FrozenEstimator(PCA().fit(X)), {"estimator": np.eye(2)}, "is a ndarray and no estimator"),
        (NUMBERS, {"categories_": [np.array([3.0, 2.0, 1.0])]}, "numbers in no order"),
        (NUMBERS, {"categories_": [np.array([3, 2, 1], dtype=object)]}, "numbers in no order"),
        (NUMBERS, {"_n_features_outs": [1]}, "columns of an encoder"),
        (NUMBERS, {"_drop_idx_after_grouping": np.array([9], dtype=object)}, "that is dropped"),
        (ONE_HOT, {"_n_features_outs": [1, 1]}, "columns of an encoder"),
        (ONE_HOT, {"_default_to_infrequent_mappings": [np.array([9] * 3)] * 2}, "lead to none"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(estimator, attributes, message, path, monkeypatch):
    fitted_one = estimator if isinstance(estimator, OneHotEncoder) else estimator.fit(X, Y)
    skae.save(fitted_one, path)
    skae.load(path)
    hostile_one = changed(fitted_one, attributes)
    with pytest.raises(ValueError, match=message):
        skae.save(hostile_one, path)
    write_unchecked(hostile_one, path, monkeypatch)
    with pytest.raises(ValueError, match=message):
        skae.load(path)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_feature_that_was_never_there_is_none(path):
    lacking = X.copy()
    lacking[:, 1] = np.nan
    scaler = StandardScaler().fit(lacking)
    skae.save(scaler, path)
    np.testing.assert_array_equal(skae.load(path).transform(lacking), scaler.transform(lacking))


@pytest.mark.parametrize("name", ["transform", "_check_stored", "__getstate__"])
def test_methods_are_not_replaced(name):
    """By pickle and skops, which give objects any attributes too."""
    estimator = fitted("Autoencoder")
    state = estimator._unstamped()
    state |= {name: np.exp}
    stamp = {"format": FORMAT, **versions()}
    digest = _checksum_of(type(estimator), state, stamp)
    made = type(estimator).__new__(type(estimator))
    with pytest.raises(ValueError, match="would hide what its class does"):
        made.__setstate__({**state, "_stored": {**stamp, "checksum": digest}})


def test_methods_of_parts_are_not_called_while_they_are_read():
    called = []
    scaling = copy.copy(fitted("Autoencoder")._model.scaling)
    object.__setattr__(scaling, "__getstate__", lambda: called.append(1) or {})
    checksum([scaling])
    assert not called
    with pytest.raises(ValueError, match="Scaling holds an attribute that is called '__getstate__"):
        checksum([scaling], is_read=True)


# What is listed

# Families whose state goes to compiled code, or names methods, files or sizes.
COMPILED = {
    *("cluster", "covariance", "ensemble", "feature_extraction", "gaussian_process", "isotonic"),
    *("kernel_approximation", "kernel_ridge", "manifold", "multiclass", "multioutput"),
    *("neighbors", "neural_network", "semi_supervised", "svm", "tree"),
}


def listed(cls):
    return Names().has_class(f"{cls.__module__}.{cls.__name__}")


def test_no_estimator_of_compiled_code_is_listed():
    families = {cls.__module__.split(".")[1] for _, cls in all_estimators() if listed(cls)}
    assert not families & COMPILED
    names = {cls.__name__ for _, cls in all_estimators() if listed(cls)}
    assert not names & {"PolynomialFeatures", "RFE", "SelectFromModel", "SplineTransformer"}


WRAPPED = {
    "CalibratedClassifierCV": {"estimator": LogisticRegression(), "cv": 2},
    "ColumnTransformer": {"transformers": [("a", "passthrough", [0]), ("b", PCA(1), [1, 2])]},
    "FeatureUnion": {"transformer_list": [("a", PCA(1)), ("b", StandardScaler())]},
    "FrozenEstimator": {"estimator": PCA(2).fit(X)},
    "GaussianRandomProjection": {"n_components": 2},
    "GridSearchCV": {"estimator": Ridge(), "param_grid": {"alpha": [1, 2]}, "cv": 2},
    "Pipeline": {"steps": [("a", StandardScaler()), ("b", Ridge())]},
    "QuantileTransformer": {"n_quantiles": 5},
    "RandomizedSearchCV": {
        "estimator": Ridge(),
        "param_distributions": {"alpha": [1, 2]},
        "n_iter": 2,
        "cv": 2,
    },
    "SparseRandomProjection": {"n_components": 2},
    "LogisticRegressionCV": {"l1_ratios": (0.0,)},
    "MissingIndicator": {"error_on_new": False},
}
POSITIVE = {"CategoricalNB", "ComplementNB", "MultinomialNB"}


def rows_for(name):
    if name in POSITIVE:
        return np.digitize(X, [-0.5, 0.5])
    return Y if name.startswith("Label") else X


def answers(estimator, data):
    for method in ("transform", "predict", "score_samples"):
        if hasattr(estimator, method):
            yield getattr(estimator, method)(data)


# Scikit-learn's own, of what changes in its next versions among others.
@pytest.mark.filterwarnings("ignore::Warning:sklearn")
@pytest.mark.parametrize(
    "cls", [cls for _, cls in all_estimators() if listed(cls)], ids=lambda cls: cls.__name__
)
def test_every_listed_estimator_comes_back(cls, path):
    name = cls.__name__
    estimator = cls(**WRAPPED.get(name, {}))
    data = rows_for(name)
    target = np.column_stack([Y, X[:, 0]]) if name.startswith("MultiTask") else Y
    estimator.fit(data) if name.startswith("Label") else estimator.fit(data, target)
    skae.save(estimator, path)
    for again, expected in zip(
        answers(skae.load(path), data), answers(estimator, data), strict=True
    ):
        again, expected = (
            each.toarray() if hasattr(each, "toarray") else each for each in (again, expected)
        )
        np.testing.assert_array_equal(again, expected)
