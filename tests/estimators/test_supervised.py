"""AutoencoderClassifier and AutoencoderRegressor: what labels they take and what they learn."""

import os
import pickle
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading

import skae
from skae import (
    Autoencoder,
    AutoencoderClassifier,
    AutoencoderRegressor,
    ConvolutionalAutoencoder,
    RecurrentAutoencoder,
    VariationalAutoencoder,
)
from skae.backend import _gateway as gateway
from skae.supervised import _supervised
from skae.supervised._head_targets import units_of
from skae.training import Hooks

X, SPECIES = load_iris(return_X_y=True)
# Petal width from the other three measures.
PARTS, WIDTH = X[:, :3], X[:, 3]
LABELS = np.where(np.arange(150) % 5 == 0, SPECIES, -1)
LABELLED = LABELS >= 0
NAMES = np.array(["setosa", "versicolor", "virginica"])
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
# Too little to change a weight: what is left is the start.
FROZEN = {"learning_rate": 1e-30, "max_iter": 1}
# The labels' loss decides whether training improved on the start, and soon does.
JUDGED_BY_LABELS = {"unsupervised_weight": 0.01, "early_stopping": False, "random_state": 0}


@pytest.fixture(scope="module")
def pretrained():
    return Autoencoder(2, **SMALL).fit(X)


@pytest.fixture(scope="module")
def pretrained_on_parts():
    return Autoencoder(2, **SMALL).fit(PARTS)


@pytest.fixture
def quick(pretrained):
    """A classifier that begins with what was pretrained."""

    def make(**parameters):
        settings = {"from_pretrained": pretrained, "max_iter": 5, "random_state": 0}
        return AutoencoderClassifier(**(settings | parameters))

    return make


@pytest.fixture
def quick_regressor(pretrained_on_parts):
    def make(**parameters):
        settings = {"from_pretrained": pretrained_on_parts, "max_iter": 5, "random_state": 0}
        return AutoencoderRegressor(**(settings | parameters))

    return make


@pytest.fixture(scope="module")
def labelled(pretrained):
    return AutoencoderClassifier(from_pretrained=pretrained, max_iter=1, random_state=0).fit(
        X, LABELS
    )


def weights_of(classifier):
    return classifier.autoencoder_._model.weights


def assert_same_weights(found, expected):
    assert set(found) == set(expected)
    for name, weight in found.items():
        np.testing.assert_array_equal(weight, expected[name], err_msg=name)


# Labels


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


def test_labels_are_spread_over_the_graph_of_reconstructions(quick, pretrained):
    fitted = quick(max_iter=1).fit(X, LABELS)
    reference = LabelSpreading(kernel="knn", n_neighbors=15, alpha=0.9, max_iter=500)
    expected = reference.fit(pretrained.reconstruct(X), LABELS).transduction_
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
    reference = LabelSpreading(kernel="knn", n_neighbors=15, alpha=0.9, max_iter=500)
    expected = reference.fit(autoencoder.reconstruct(rows), LABELS).transduction_
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


# Class weights


def test_class_weights_of_the_start_are_those_of_logistic_regression(quick, pretrained):
    weights = {0: 1.0, 1: 20.0, 2: 1.0}
    fitted = quick(class_weight=weights, **FROZEN).fit(X, SPECIES)
    code, model = pretrained.transform(X), pretrained._model
    rows = code @ units_of(code, model.decode_scaled(code))
    expected = LogisticRegression(class_weight=weights).fit(rows, SPECIES).predict_proba(rows)
    np.testing.assert_allclose(fitted.predict_proba(X), expected, atol=1e-3)


def test_a_class_of_zero_weight_is_never_predicted(quick):
    fitted = quick(class_weight={0: 1, 1: 1, 2: 0}, max_iter=20).fit(X, LABELS)
    assert set(fitted.predict(X)) == {0, 1}


def test_balanced_counts_the_labels_that_are_given(quick):
    y = LABELS.copy()
    y[np.flatnonzero(y == 2)[2:]] = -1
    counts = np.bincount(y[y >= 0])
    explicit = {label: counts.sum() / (3 * count) for label, count in enumerate(counts)}
    expected = quick(class_weight=explicit).fit(X, y).predict_proba(X)
    found = quick(class_weight="balanced").fit(X, y).predict_proba(X)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("class_weight", [{0: 0, 1: 0, 2: 0}, {0: 1, 1: 1, 2: -1}])
def test_class_weights_that_mean_nothing(quick, class_weight):
    with pytest.raises(ValueError, match=r"class_weight=\{.*not negative"):
        quick(class_weight=class_weight).fit(X, LABELS)


def test_class_weights_of_other_classes(quick):
    with pytest.raises(ValueError, match=r"classes, \[1, 2\], are not in class_weight"):
        quick(class_weight={0: 1.0, 7: 2.0}).fit(X, LABELS)


def test_unlabelled_rows_have_no_class_weight(quick):
    with pytest.raises(ValueError, match=r"weights -1, which is no class here"):
        quick(class_weight={0: 1, 1: 1, 2: 1, -1: 0}).fit(X, LABELS)


# Scores


@pytest.mark.parametrize("missing", [-1, np.nan, None])
def test_unlabelled_rows_do_not_count_in_a_score(labelled, missing):
    y = SPECIES.astype(object)
    y[::3] = missing
    known = np.arange(150) % 3 != 0
    expected = np.average((labelled.predict(X) == SPECIES)[known], weights=X[known, 0])
    assert labelled.score(X, y, sample_weight=X[:, 0]) == pytest.approx(expected)


def test_minus_one_counts_in_a_score_where_it_is_a_class(quick):
    y = np.where(SPECIES == 0, -1, 1)
    fitted = quick(max_iter=1).fit(X, y)
    assert fitted.score(X, y) == np.mean(fitted.predict(X) == y)


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (np.full(150, -1), "y labels none of the 150 rows to score"),
        (np.ma.masked_equal(LABELS, -1), "masked array in which 120"),
        (np.array(["a", 1] * 75, dtype=object), "labels of type int and str"),
    ],
)
def test_labels_that_no_score_can_be_made_of(labelled, y, match):
    with pytest.raises(ValueError, match=match):
        labelled.score(X, y)


def test_a_cross_validation_scores_labelled_rows(quick):
    labels = np.where(LABELLED, SPECIES, np.nan)
    found = cross_validate(
        quick(max_iter=1),
        X,
        labels,
        cv=KFold(2, shuffle=True, random_state=0),
        error_score="raise",
        return_estimator=True,
        return_indices=True,
    )
    for score, fitted, test in zip(
        found["test_score"], found["estimator"], found["indices"]["test"], strict=True
    ):
        known = test[LABELLED[test]]
        assert score == pytest.approx(np.mean(fitted.predict(X[known]) == SPECIES[known]))


# Predictions


def test_probabilities_are_those_of_the_keras_encoder_and_a_linear_head(quick):
    fitted = quick().fit(X, LABELS)
    code = np.asarray(fitted.autoencoder_.encoder_(X.astype(np.float32)))
    logits = code @ fitted._head["head_output/kernel"] + fitted._head["head_output/bias"]
    expected = np.asarray(keras.ops.softmax(logits))
    np.testing.assert_allclose(fitted.predict_proba(X), expected, atol=1e-5)
    np.testing.assert_allclose(fitted.predict_log_proba(X), np.log(expected), atol=1e-4)
    np.testing.assert_array_equal(fitted.predict(X), expected.argmax(axis=1))


def test_log_probabilities_are_finite_where_probabilities_are_zero(quick):
    fitted = quick(**FROZEN).fit(X, SPECIES)
    far = X.mean(axis=0) + 1e5 * (X[:1] - X.mean(axis=0))
    assert fitted.predict_proba(far).min() == 0
    logarithms = fitted.predict_log_proba(far)
    assert np.isfinite(logarithms).all()
    assert logarithms.min() < np.log(np.finfo(float).tiny)


# Regression


def several_outputs():
    """Two outputs, each unknown in other rows, and some rows without any."""
    y = np.column_stack([WIDTH, -3 * X[:, 2]])
    y[::2, 0] = y[1::3, 1] = y[:10] = np.nan
    return y


def test_few_targets_teach_a_regression(quick_regressor):
    y = np.where(LABELLED, WIDTH, np.nan)
    fitted = quick_regressor(max_iter=50).fit(PARTS, y)
    assert fitted.score(PARTS[~LABELLED], WIDTH[~LABELLED]) > 0.85


def test_units_of_the_target_do_not_matter(quick_regressor):
    expected = quick_regressor().fit(PARTS, WIDTH).predict(PARTS)
    found = quick_regressor().fit(PARTS, 1e6 * WIDTH + 1e8).predict(PARTS)
    np.testing.assert_allclose((found - 1e8) / 1e6, expected, atol=1e-4)


@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_targets_whose_squares_no_float_holds(quick_regressor, factor):
    plain = quick_regressor(max_iter=1).fit(PARTS, WIDTH)
    fitted = quick_regressor(max_iter=1).fit(PARTS, factor * WIDTH)
    np.testing.assert_allclose(fitted.predict(PARTS) / factor, plain.predict(PARTS), rtol=1e-4)
    score = r2_score(WIDTH, plain.predict(PARTS))
    assert fitted.score(PARTS, factor * WIDTH) == pytest.approx(score, rel=1e-4)


def test_a_score_is_of_the_targets_that_are_known(quick_regressor):
    y = several_outputs()
    fitted = quick_regressor(max_iter=1).fit(PARTS, y)
    known, predicted = ~np.isnan(y), fitted.predict(PARTS)
    expected = [
        r2_score(y[known[:, k], k], predicted[known[:, k], k], sample_weight=X[known[:, k], 0])
        for k in range(2)
    ]
    score = fitted.score(PARTS, y, sample_weight=X[:, 0])
    assert score == pytest.approx(np.mean(expected))


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (np.full(150, np.nan), "Output 0 of y is NaN in all 150 rows"),
        (np.ma.masked_greater(WIDTH, 1), "masked array in which 93"),
        (several_outputs(), "y has 2 outputs, but this estimator was fitted to 1"),
    ],
)
def test_targets_that_no_score_can_be_made_of(quick_regressor, y, match):
    fitted = quick_regressor(max_iter=1).fit(PARTS, WIDTH)
    with pytest.raises(ValueError, match=match):
        fitted.score(PARTS, y)


def test_a_constant_target(quick_regressor):
    fitted = quick_regressor(max_iter=1).fit(PARTS, np.full(150, 7.0))
    np.testing.assert_allclose(fitted.predict(PARTS), 7.0, atol=0.01)


def test_outputs_start_each_on_its_own_rows(quick_regressor):
    y = several_outputs()
    together = quick_regressor(**FROZEN).fit(PARTS, y).predict(PARTS)
    for column in range(2):
        alone = quick_regressor(**FROZEN).fit(PARTS, y[:, column]).predict(PARTS)
        np.testing.assert_allclose(together[:, column], alone, rtol=1e-5)


def test_several_outputs_are_learnt(quick_regressor):
    fitted = quick_regressor(max_iter=50).fit(PARTS, several_outputs())
    assert fitted.score(PARTS, np.column_stack([WIDTH, -3 * X[:, 2]])) > 0.85


@pytest.mark.parametrize("shape", [(150,), (150, 1)])
def test_predictions_have_the_shape_of_y(quick_regressor, shape):
    fitted = quick_regressor(max_iter=1).fit(PARTS, WIDTH.reshape(shape))
    assert fitted.predict(PARTS).shape == shape


def test_an_output_without_targets(quick_regressor):
    y = several_outputs()
    y[:, 1] = np.nan
    with pytest.raises(ValueError, match="Output 1 of y is NaN in all 150 rows"):
        quick_regressor().fit(PARTS, y)


@pytest.mark.parametrize(
    "kind",
    [
        lambda y: y.astype(object),
        lambda y: pd.Series(y, dtype="Float64"),
        lambda y: pd.Series(y).astype(object).where(~np.isnan(y), pd.NA),
        lambda y: np.array([None if np.isnan(value) else value for value in y]),
        lambda y: [pd.NA if np.isnan(value) else value for value in y],
        lambda y: pl.Series(y),
        lambda y: pd.DataFrame({"width": pd.array(y, dtype="Float64")}),
    ],
)
def test_missing_targets_of_any_kind(quick_regressor, kind):
    y = np.where(LABELLED, WIDTH, np.nan)
    expected = quick_regressor().fit(PARTS, y).predict(PARTS)
    given = quick_regressor().fit(PARTS, kind(y)).predict(PARTS)
    np.testing.assert_array_equal(np.ravel(given), expected)


def test_infinite_targets(quick_regressor):
    with pytest.raises(ValueError, match="Input y contains infinity"):
        quick_regressor().fit(PARTS, np.append(WIDTH[1:], np.inf))


def test_targets_of_three_axes(quick_regressor):
    with pytest.raises(ValueError, match=r"dim 3|shape \(150, 1, 1\)"):
        quick_regressor().fit(PARTS, WIDTH.reshape(150, 1, 1))


# Training


def own_network(sample_shape, n_components, hidden_layer_sizes, activation):
    rows, code = keras.Input(sample_shape), keras.Input((n_components,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(4)(rows))
    encoder = keras.Model(rows, keras.layers.Dense(n_components)(hidden))
    return encoder, keras.Model(code, keras.layers.Dense(sample_shape[-1])(code))


@pytest.mark.parametrize(("network", "hidden"), [("dense", ()), ("dense", (8,)), (own_network, ())])
def test_without_fine_tuning_only_the_head_is_trained(network, hidden):
    """Also what no update trains: the means and variances of batches."""
    autoencoder = Autoencoder(2, network=network, **SMALL).fit(X)
    settings = {"hidden_layer_sizes": hidden, "fine_tune": False, "random_state": 0}
    fitted = AutoencoderClassifier(from_pretrained=autoencoder, max_iter=3, **settings)
    fitted.fit(X, LABELS)
    assert_same_weights(weights_of(fitted), autoencoder._model.weights)
    start = clone(fitted).set_params(**FROZEN).fit(X, LABELS)
    assert np.any(start._head["head_output/kernel"] != fitted._head["head_output/kernel"])
    terms = {"loss", "supervised", "val_loss", "val_supervised"}
    assert set(fitted.history_) == {"epoch", *terms}


def test_fine_tuning_trains_encoder_and_decoder(quick, pretrained):
    fitted = quick().fit(X, LABELS)
    for name, weight in weights_of(fitted).items():
        assert np.any(weight != pretrained._model.weights[name]), name


def test_more_weight_on_the_rows_reconstructs_them_better(quick):
    errors = [
        -quick(unsupervised_weight=weight, learning_rate=0.02, max_iter=40, early_stopping=False)
        .fit(X, SPECIES)
        .autoencoder_.score(X)
        for weight in (0.0, 100.0)
    ]
    assert errors[1] < 0.5 * errors[0]


def test_hidden_layers_learn(quick):
    assert quick(hidden_layer_sizes=(8,), max_iter=100).fit(X, SPECIES).score(X, SPECIES) > 0.9


def test_history_has_the_terms_of_both(quick):
    fitted = quick(max_iter=3, unsupervised_weight=0.5).fit(X, LABELS)
    history = fitted.history_
    for prefix in ("", "val_"):
        expected = history[f"{prefix}supervised"] + 0.5 * history[f"{prefix}reconstruction"]
        np.testing.assert_allclose(history[f"{prefix}loss"], expected, rtol=1e-6)
    assert fitted.n_iter_ == len(fitted.loss_curve_) - 1 == 3


def test_best_epoch_is_that_of_the_lowest_loss_on_rows_held_out(quick):
    fitted = quick(max_iter=30).fit(X, LABELS)
    held_out = fitted.history_["val_loss"]
    assert fitted.best_epoch_ > 0
    assert fitted.best_loss_ == held_out[fitted.best_epoch_] == held_out.min()


def test_strengths_of_the_autoencoder_hold_within_its_weight():
    autoencoder = VariationalAutoencoder(2, beta=4.0, **SMALL)
    fitted = AutoencoderClassifier(
        autoencoder, unsupervised_weight=0.5, max_iter=2, random_state=0
    ).fit(X, LABELS)
    history = fitted.history_
    unsupervised = history["reconstruction"] + 4.0 * history["kl"]
    expected = history["supervised"] + 0.5 * unsupervised
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-6)


def test_without_early_stopping_no_rows_are_held_out(quick):
    fitted = quick(max_iter=3, early_stopping=False).fit(X, LABELS)
    assert set(fitted.history_) == {"epoch", "loss", "supervised", "reconstruction"}


def test_the_learning_rate_is_the_autoencoders_unless_given(pretrained, quick):
    autoencoder = clone(pretrained).set_params(learning_rate=0.01)
    settings = {"from_pretrained": None, "autoencoder": autoencoder, "max_iter": 2}
    theirs = quick(**settings).fit(X, LABELS)
    given = quick(**settings, learning_rate=0.01).fit(X, LABELS)
    assert_same_weights(weights_of(given), weights_of(theirs))
    other = quick(**settings, learning_rate=0.001).fit(X, LABELS)
    assert np.any(other.predict_proba(X) != theirs.predict_proba(X))


def test_verbose_prints_epochs(quick, capsys):
    quick(max_iter=2, verbose=1).fit(X, LABELS)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["Epoch 1/2", "Epoch 2/2"]


def test_equal_seeds_give_equal_bits(pretrained):
    autoencoder = clone(pretrained).set_params(random_state=None, max_iter=2)
    settings = {"hidden_layer_sizes": (4,), "max_iter": 2}
    fits = [
        AutoencoderClassifier(autoencoder, random_state=seed, **settings).fit(X, LABELS)
        for seed in (0, 0, 1)
    ]
    assert_same_weights(weights_of(fits[1]), weights_of(fits[0]))
    np.testing.assert_array_equal(fits[1].predict_proba(X), fits[0].predict_proba(X))
    assert np.any(fits[2].predict_proba(X) != fits[0].predict_proba(X))


@pytest.mark.parametrize("cls", [Autoencoder, VariationalAutoencoder])
def test_another_weight_or_learning_rate_compiles_nothing(monkeypatch, cls):
    pool = type(gateway.POOL)(gateway.POOL._build)
    monkeypatch.setattr(gateway, "POOL", pool)

    def counts():
        programs = [program for idle in pool._idle.values() for program in idle]
        return pool.n_built, sum(program.n_traces for program in programs)

    autoencoder = cls(2, **SMALL | {"max_iter": 1}).fit(X)
    classifier = AutoencoderClassifier(from_pretrained=autoencoder, max_iter=20, random_state=0)
    classifier.fit(X, LABELS)
    before = counts()
    clone(classifier).set_params(unsupervised_weight=0.3, learning_rate=1e-4).fit(X, SPECIES)
    assert counts() == before


def interrupting(after):
    """Hooks that press Ctrl-C at the beginning of an epoch."""

    class Interrupt(Hooks):
        def epoch_begin(self, epoch):
            if epoch > after:
                raise KeyboardInterrupt

    return Interrupt


@pytest.mark.parametrize("after", [0, 2])
def test_an_interruption_keeps_a_fitted_estimator(quick, monkeypatch, after):
    monkeypatch.setattr(_supervised, "Hooks", interrupting(after))
    with pytest.warns(UserWarning, match="interrupted: the best weights so far") as caught:
        fitted = quick().fit(X, LABELS)
    assert [warning.filename for warning in caught] == [__file__]
    assert fitted.n_iter_ == after
    assert fitted.score(X, SPECIES) > 0.8


class InterruptAfter(keras.callbacks.Callback):
    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.n_epochs:
            raise KeyboardInterrupt


def test_an_interruption_of_pretraining_ends_the_fit():
    autoencoder = Autoencoder(2, callbacks=[InterruptAfter(2)], **SMALL)
    with pytest.warns(UserWarning, match="interrupted: the best weights so far") as caught:
        fitted = AutoencoderClassifier(autoencoder, random_state=0).fit(X, LABELS)
    assert len(caught) == 1
    assert (fitted.autoencoder_.n_iter_, fitted.n_iter_) == (2, 0)
    assert fitted.score(X, SPECIES) > 0.8


def test_a_head_alone_sees_the_code_that_it_predicts_from():
    noisy = Autoencoder(2, dropout=0.5, **SMALL).fit(X)
    settings = {"fine_tune": False, "early_stopping": False, "random_state": 0} | FROZEN
    fitted = AutoencoderClassifier(from_pretrained=noisy, **settings).fit(X, SPECIES)
    expected = log_loss(SPECIES, fitted.predict_proba(X))
    assert fitted.loss_curve_ == pytest.approx([expected, expected], rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "rows", "y", "match"),
    [
        ({}, X[:, :2], np.full(150, -1), "labels none"),
        ({}, np.where(X > 7, np.nan, X), SPECIES, "contains NaN"),
        ({}, X, SPECIES[:10], "inconsistent numbers of samples"),
        ({"learning_rate": 1e6, "max_iter": 50}, X, SPECIES, "diverged"),
    ],
    ids=["labels", "rows", "lengths", "training"],
)
def test_a_fit_that_raises_changes_nothing(quick, changes, rows, y, match):
    fitted = quick(max_iter=1).fit(X, LABELS).set_params(**changes)
    before = dict(vars(fitted))
    with pytest.raises(ValueError, match=match):
        fitted.fit(rows, y)
    assert {name: id(value) for name, value in vars(fitted).items()} == {
        name: id(value) for name, value in before.items()
    }


# The autoencoder, given or pretrained


def test_the_autoencoder_given_is_cloned():
    autoencoder = Autoencoder(2, **SMALL)
    fitted = AutoencoderClassifier(autoencoder, max_iter=1, random_state=0).fit(X, LABELS)
    assert not hasattr(autoencoder, "n_iter_")
    assert fitted.autoencoder_ is not autoencoder
    assert isinstance(fitted.autoencoder_.score(X), float)


def test_pretraining_is_a_fit_of_the_autoencoder(pretrained, quick):
    inside = quick(from_pretrained=None, autoencoder=clone(pretrained)).fit(X, LABELS)
    outside = quick().fit(X, LABELS)
    assert_same_weights(weights_of(inside), weights_of(outside))


def test_what_was_pretrained_is_not_changed(pretrained, quick):
    before = pickle.dumps(pretrained)
    quick().fit(X, LABELS)
    assert pickle.dumps(pretrained) == before


def test_what_was_pretrained_survives_clone_and_search(pretrained, quick):
    pipeline = make_pipeline(StandardScaler(), quick(max_iter=1))
    assert clone(pipeline)[-1].from_pretrained is pretrained
    search = GridSearchCV(quick(max_iter=1), {"unsupervised_weight": [0.0, 1.0]}, cv=2)
    search.fit(X, SPECIES)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.from_pretrained is pretrained


def test_a_frozen_autoencoder_serves_too(pretrained, quick):
    expected = quick(max_iter=2).fit(X, LABELS).predict_proba(X)
    frozen = quick(max_iter=2, from_pretrained=FrozenEstimator(pretrained)).fit(X, LABELS)
    np.testing.assert_array_equal(frozen.predict_proba(X), expected)


def test_rows_of_another_table_pretrain(quick):
    other = Autoencoder(2, **SMALL).fit(X[SPECIES > 0])
    fitted = quick(from_pretrained=other, max_iter=50).fit(X[LABELLED], SPECIES[LABELLED])
    assert fitted.score(X, SPECIES) > 0.85


def test_what_was_pretrained_must_be_fitted(quick):
    with pytest.raises(NotFittedError, match="from_pretrained is a Autoencoder that is not fitted"):
        quick(from_pretrained=Autoencoder(2)).fit(X, LABELS)


@pytest.mark.parametrize(
    "other", [PCA(2), GridSearchCV(Autoencoder(2, **SMALL), {"n_components": [1]}, cv=2)]
)
def test_what_was_pretrained_must_be_an_autoencoder(quick, other):
    with pytest.raises(TypeError, match=r"(?s)from_pretrained=.* is not an autoencoder"):
        quick(from_pretrained=other).fit(X, LABELS)


def test_what_was_pretrained_must_have_the_same_columns(pretrained_on_parts, quick):
    with pytest.raises(ValueError, match="from_pretrained was fitted on 3 features, but X has 4"):
        quick(from_pretrained=pretrained_on_parts).fit(X, LABELS)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Autoencoder", {"hidden_layer_sizes": ()}),
        ("Autoencoder", {"dropout": 0.2}),
        ("Autoencoder", {"init": "random"}),
        ("DenoisingAutoencoder", {"noise": "salt_and_pepper"}),
        ("SparseAutoencoder", {"sparsity": "kl", "n_components": 8}),
        ("SparseAutoencoder", {"sparsity": "topk", "n_components": 8, "k": 4}),
        ("ContractiveAutoencoder", {}),
        ("StackedAutoencoder", {"pretrain_max_iter": 1}),
        ("VariationalAutoencoder", {"kl_warmup": 2}),
        ("AdversarialAutoencoder", {"critic_hidden_layer_sizes": (4,)}),
        ("RecurrentAutoencoder", {"sample_shape": (2, 2), "hidden_layer_sizes": (3,)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_every_kind_of_autoencoder_serves(name, options):
    """Few enough steps to run without compiling."""
    autoencoder = getattr(skae, name)(**{"n_components": 2, **SMALL, "max_iter": 1, **options})
    autoencoder.set_params(batch_size=75)
    fitted = AutoencoderClassifier(autoencoder, max_iter=3, **JUDGED_BY_LABELS).fit(X, LABELS)
    assert fitted.score(X, SPECIES) > 0.5
    terms = {name for name in fitted.autoencoder_.history_ if not name.startswith("val_")}
    assert set(fitted.history_) == terms - {"phase"} | {"supervised"}
    start = clone(autoencoder).fit(X)._model.weights
    assert any(np.any(w != start[name]) for name, w in weights_of(fitted).items())


def test_what_the_autoencoder_says_of_rows_is_of_its_last_weights():
    autoencoder = VariationalAutoencoder(2, **SMALL).fit(X)
    classifier = AutoencoderClassifier(from_pretrained=autoencoder, max_iter=1, **JUDGED_BY_LABELS)
    after = classifier.fit(X, SPECIES).autoencoder_
    assert after.noise_variance_ == after._model.noise_variance
    assert after.noise_variance_ != autoencoder.noise_variance_


# Rows


def test_images_in_their_own_shape_or_flat():
    digits, y = load_digits(return_X_y=True)
    digits, y = digits[:100], np.where(np.arange(100) < 60, y[:100], -1)
    autoencoder = ConvolutionalAutoencoder(
        4, sample_shape=(8, 8, 1), hidden_layer_sizes=(2,), max_iter=2, random_state=0
    )
    classifier = AutoencoderClassifier(autoencoder, max_iter=2, random_state=0)
    images = digits.reshape(-1, 8, 8, 1)
    expected = classifier.fit(images, y).predict_proba(images)
    np.testing.assert_array_equal(classifier.predict_proba(digits), expected)
    np.testing.assert_array_equal(classifier.fit(digits, y).predict_proba(digits), expected)
    with pytest.raises(ValueError, match=r"rows of sample_shape=\(8, 8, 1\) were expected"):
        classifier.predict(images.reshape(-1, 4, 16, 1))


def test_timesteps_that_are_padding():
    padded = X.copy()
    padded[:50, 2:] = np.nan
    autoencoder = RecurrentAutoencoder(
        2, sample_shape=(2, 2), mask_value=np.nan, **SMALL | {"max_iter": 1}
    )
    fitted = AutoencoderClassifier(autoencoder, max_iter=1, random_state=0).fit(padded, LABELS)
    assert fitted.score(padded, SPECIES) > 0.6


def test_sparse_rows(quick):
    fitted, expected = quick().fit(sparse.csr_array(X), LABELS), quick().fit(X, LABELS)
    for rows in (sparse.csr_array(X), sparse.csc_array(X), X):
        np.testing.assert_allclose(fitted.predict_proba(rows), expected.predict_proba(X), atol=1e-4)


def test_float32_rows(quick):
    found = quick().fit(X.astype(np.float32), LABELS).predict_proba(X.astype(np.float32))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, quick().fit(X, LABELS).predict_proba(X), atol=1e-3)


def test_frames_have_names(quick):
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    autoencoder = Autoencoder(2, **SMALL).set_output(transform="pandas")
    fitted = quick(from_pretrained=None, autoencoder=autoencoder).fit(frame, LABELS)
    np.testing.assert_array_equal(fitted.feature_names_in_, frame.columns)
    np.testing.assert_array_equal(fitted.predict(frame), quick().fit(X, LABELS).predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame.rename(columns={"a": "z"}))


def test_a_scaler_goes_before_it():
    scaled = StandardScaler().fit_transform(X)
    classifier = AutoencoderClassifier(Autoencoder(2, **SMALL), max_iter=2, random_state=0)
    expected = clone(classifier).fit(scaled, LABELS).predict_proba(scaled)
    pipeline = make_pipeline(StandardScaler(), classifier).fit(X, LABELS)
    np.testing.assert_allclose(pipeline.predict_proba(X), expected, rtol=1e-6)


# Elsewhere

SERVE = """
import pickle, sys
import numpy as np
fitted, X = pickle.load(open(sys.argv[1], "rb"))
np.save(sys.argv[2], fitted.predict_proba(X))
assert not {"tensorflow", "keras"} & set(sys.modules), "TensorFlow was imported"
"""


def test_a_pickle_predicts_the_same_without_tensorflow(quick, tmp_path):
    fitted = quick(hidden_layer_sizes=(4,)).fit(X, LABELS).set_params(from_pretrained=None)
    (tmp_path / "fitted.pickle").write_bytes(pickle.dumps((fitted, X)))
    paths = [tmp_path / "fitted.pickle", tmp_path / "probabilities.npy"]
    subprocess.run([sys.executable, "-c", SERVE, *paths], env=os.environ, check=True)
    np.testing.assert_array_equal(np.load(paths[1]), fitted.predict_proba(X))


def test_a_pickled_regressor_predicts_the_same(quick_regressor):
    fitted = quick_regressor().fit(PARTS, WIDTH)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(PARTS), fitted.predict(PARTS))
