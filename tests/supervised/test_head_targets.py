"""What a head learns from and where it starts, against scikit-learn."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_iris, make_blobs, make_moons
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.preprocessing import label_binarize
from sklearn.utils import compute_class_weight

from skae.networks import DenseNetwork, predictions, random_head, with_head
from skae.objectives._supervised import cross_entropy, squared_error
from skae.supervised._graph import neighbour_graph, spread_labels, with_class_masses
from skae.supervised._head_targets import (
    class_targets,
    logistic_start,
    ridge_start,
    spread,
    units_of,
    value_targets,
    weighted_by_class,
)

RNG = np.random.default_rng(0)
IRIS, SPECIES = load_iris(return_X_y=True)
IRIS -= IRIS.mean(axis=0)
NETWORK = DenseNetwork(n_features=4, n_components=4, sample_shape=(4,), hidden_layer_sizes=())


def few(y, n_each):
    """Places of the first rows of every class, -1 for the others."""
    places = np.full(len(y), -1)
    for label in np.unique(y):
        kept = np.flatnonzero(y == label)[:n_each]
        places[kept] = label
    return places


# Targets and how often they are visited


def test_classes_are_ones_among_zeros():
    targets = class_targets(SPECIES, 3)
    np.testing.assert_array_equal(targets.values, label_binarize(SPECIES, classes=[0, 1, 2]))
    assert targets.known.all()


def test_rows_without_label_have_no_weight():
    targets = class_targets(np.array([1, -1, 0]), 2)
    np.testing.assert_array_equal(targets.known, [True, False, True])
    np.testing.assert_array_equal(targets.values[1], [0, 0])


def test_of_several_values_some_may_be_unknown():
    targets = value_targets(np.array([[1.0, np.nan], [np.nan, np.nan], [2.0, 3.0]]))
    np.testing.assert_array_equal(targets.weights, [[1, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(targets.known, [True, False, True])


@pytest.mark.parametrize(("n_known", "n_rows"), [(1, 100), (20, 1347), (5, 50)])
def test_a_quarter_of_the_visits_is_to_labelled_rows(n_known, n_rows):
    targets = class_targets(np.where(np.arange(n_rows) < n_known, 0, -1), 1)
    visits = targets.n_visits()
    assert visits[:n_known].sum() / visits.sum() == pytest.approx(0.25, abs=0.01)
    assert set(visits[n_known:]) == {1}


@pytest.mark.parametrize("n_known", [*range(1, 25), 40, 99])
def test_no_other_number_of_visits_comes_nearer_to_a_quarter(n_known):
    targets = class_targets(np.where(np.arange(100) < n_known, 0, -1), 1)
    n_visits = np.arange(1, 100)
    wanted = (100 - n_known) / 3  # visits to labelled rows that would be a quarter
    nearest = n_visits[np.argmin(np.abs(n_visits * n_known - wanted))]
    assert targets.n_visits()[0] == nearest


@pytest.mark.parametrize("n_known", [60, 100])
def test_many_labelled_rows_are_visited_once(n_known):
    targets = class_targets(np.where(np.arange(100) < n_known, 0, -1), 1)
    assert set(targets.n_visits()) == {1}


def over_visits(loss, targets, outputs):
    """Mean of what an epoch sees."""
    visits = targets.n_visits()
    values, weights = np.split(targets.as_labels(visits), 2, axis=1)
    return np.repeat(loss(np, values, weights, outputs), visits).mean()


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1.0, 1: 2.0, 2: 0.5}])
def test_a_mean_over_visits_is_one_over_labelled_rows(class_weight):
    places, outputs = few(SPECIES, 4), RNG.normal(0, 2, (150, 3))
    places[0] = -1
    known = places >= 0
    weights = compute_class_weight(class_weight, classes=np.arange(3), y=places[known])
    targets = weighted_by_class(class_targets(places, 3), weights)
    expected = log_loss(
        places[known], softmax(outputs[known], axis=1), sample_weight=weights[places[known]]
    )
    assert over_visits(cross_entropy, targets, outputs) == pytest.approx(expected, rel=1e-5)


def test_a_mean_over_visits_is_one_over_known_values():
    y, outputs = RNG.normal(size=(100, 2)), RNG.normal(size=(100, 2))
    y[RNG.random((100, 2)) < 0.9] = np.nan
    found = over_visits(squared_error, value_targets(y), outputs)
    assert found == pytest.approx(np.nanmean((y - outputs) ** 2), rel=1e-5)


# Spreading


def test_rows_count_by_the_share_of_their_class():
    places = few(SPECIES, 3)
    targets = spread(class_targets(places, 3), lambda: IRIS, 7)
    belongings = spread_labels(neighbour_graph(IRIS, 7), places, 3)
    shares = with_class_masses(belongings, places)
    unlabelled = places < 0
    np.testing.assert_array_equal(
        targets.values.argmax(axis=1)[unlabelled], shares.argmax(axis=1)[unlabelled]
    )
    np.testing.assert_allclose(targets.weights[unlabelled, 0], shares.max(axis=1)[unlabelled])


def test_two_labels_reach_both_moons():
    X, y = make_moons(200, noise=0.05, random_state=0)
    targets = spread(class_targets(few(y, 1), 2), lambda: X, 7)
    np.testing.assert_array_equal(targets.values.argmax(axis=1), y)


def test_labels_that_are_given_stay():
    places = few(SPECIES, 10)
    # All its neighbours say otherwise.
    places[0] = 2
    targets = spread(class_targets(places, 3), lambda: IRIS, 10)
    assert targets.values[0].argmax() == 2
    np.testing.assert_array_equal(targets.weights[places >= 0], 1.0)


def test_what_no_label_reaches_stays_without():
    X, blob = make_blobs([10, 10], centers=[[0, 0], [100, 100]], random_state=0)
    places = np.where(blob == 0, np.arange(20) % 2, -1)
    places[np.flatnonzero(blob == 0)[4:]] = -1
    targets = spread(class_targets(places, 2), lambda: X, 4)
    np.testing.assert_array_equal(targets.known, blob == 0)


def test_without_neighbours_nothing_is_spread():
    targets = class_targets(few(SPECIES, 3), 3)
    assert spread(targets, lambda: IRIS, None) is targets


def test_more_neighbours_than_rows():
    targets = spread(class_targets(np.array([0, 1, -1]), 2), lambda: IRIS[:3], 15)
    assert targets.known.all()


# Units


def test_units_are_the_lengths_that_the_decoder_makes_of_a_code():
    code, decoder = RNG.normal(size=(500, 3)), RNG.normal(size=(3, 8))
    units = units_of(code, code @ decoder + 5.0)
    step = RNG.normal(size=(20, 3))
    lengths, expected = (np.linalg.norm(step @ matrix, axis=1) for matrix in (units, decoder))
    np.testing.assert_allclose(lengths, expected, rtol=0.05)


def test_a_direction_that_does_not_vary_has_no_units():
    code = np.column_stack([RNG.normal(size=100), np.zeros(100)])
    units = units_of(code, code @ [[2.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(units, [[2.0, 0.0], [0.0, 0.0]], atol=0.05)


# Starts

UNITS = np.diag([1.0, 2.0, 0.5, 1.0])


def a_head(n_outputs, sizes=()):
    return random_head(with_head(NETWORK, sizes, n_outputs), np.random.default_rng(0))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_start_predicts_as_logistic_regression(n_classes):
    rows = np.isin(SPECIES, range(n_classes))
    X, y = IRIS[rows], SPECIES[rows]
    head = logistic_start(a_head(n_classes), X, UNITS, class_targets(y, n_classes))
    expected = LogisticRegression(max_iter=1000).fit(X @ UNITS, y).predict_proba(X @ UNITS)
    found = softmax(predictions(head, X), axis=1)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_the_start_sees_labelled_rows_only():
    places = few(SPECIES, 5)
    head = logistic_start(a_head(3), IRIS, UNITS, class_targets(places, 3))
    known = places >= 0
    alone = logistic_start(a_head(3), IRIS[known], UNITS, class_targets(places[known], 3))
    np.testing.assert_array_equal(predictions(head, IRIS), predictions(alone, IRIS))


def test_a_class_of_weight_two_is_one_whose_rows_are_there_twice():
    weighted = weighted_by_class(class_targets(SPECIES, 3), np.array([1.0, 2.0, 1.0]))
    head = logistic_start(a_head(3), IRIS, UNITS, weighted)
    X, y = np.vstack([IRIS, IRIS[50:100]]), np.append(SPECIES, SPECIES[50:100])
    expected = LogisticRegression(max_iter=1000).fit(X @ UNITS, y).predict_proba(IRIS @ UNITS)
    found = softmax(predictions(head, IRIS), axis=1)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_a_class_without_weight_is_never_predicted():
    weighted = weighted_by_class(class_targets(SPECIES, 3), np.array([1.0, 1.0, 0.0]))
    head = logistic_start(a_head(3), IRIS, UNITS, weighted)
    assert set(predictions(head, IRIS).argmax(axis=1)) == {0, 1}


@pytest.mark.parametrize("start", [logistic_start, ridge_start])
def test_hidden_layers_start_at_random(start):
    head = a_head(3, (8,))
    assert start(head, IRIS, UNITS, class_targets(SPECIES, 3)) is head


def test_one_class_starts_at_random():
    head = a_head(1)
    assert logistic_start(head, IRIS, UNITS, class_targets(np.zeros(150, int), 1)) is head


def test_every_output_starts_as_ridge_regression_on_its_known_rows():
    y = RNG.normal(size=(150, 2))
    y[:140, 0] = y[::2, 1] = np.nan
    head = ridge_start(a_head(2), IRIS, UNITS, value_targets(y))
    for column, values in enumerate(y.T):
        known = ~np.isnan(values)
        ridge = Ridge(1.0).fit(IRIS[known] @ UNITS, values[known])
        found = predictions(head, IRIS)[:, column]
        np.testing.assert_allclose(found, ridge.predict(IRIS @ UNITS), atol=1e-4)
