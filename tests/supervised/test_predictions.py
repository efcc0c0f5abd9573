"""Class weights, scores and predictions of a classifier."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_validate

from skae import (
    AutoencoderClassifier,
)
from skae.supervised._head_targets import units_of

from .shared import FROZEN, LABELLED, LABELS, SPECIES, X


@pytest.fixture(scope="module")
def labelled(pretrained):
    return AutoencoderClassifier(from_pretrained=pretrained, max_iter=1, random_state=0).fit(
        X, LABELS
    )


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


@pytest.mark.parametrize("weight", [np.nan, np.inf, None, "much"])
def test_class_weights_that_are_no_numbers_are_refused_before_anything_is_trained(weight):
    untrained = AutoencoderClassifier(class_weight={0: 1.0, 1: weight})
    begun = []
    untrained._fit_targets = lambda *given: begun.append(given)
    expected = f"class_weight gives class 1 the weight {weight!r}, but a finite number"
    with pytest.raises(ValueError, match=expected):
        untrained.fit(X, LABELS)
    assert not begun


def test_class_weights_of_other_classes(quick):
    with pytest.raises(ValueError, match=r"weights 7, but the classes of y are 0, 1, 2\. Give"):
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
