"""The graph over which labels are spread, against scikit-learn and closed forms."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_blobs
from sklearn.metrics import pairwise_distances
from sklearn.semi_supervised import LabelSpreading

from skae.supervised._graph import neighbour_graph, spread_labels, with_class_masses

DIGITS, LABELS = (values[:200] for values in load_digits(return_X_y=True))


def places_of_first(y, n_each):
    places = np.full(len(y), -1)
    for label in np.unique(y):
        places[np.flatnonzero(y == label)[:n_each]] = label
    return places


# Affinities


def test_affinities_are_those_of_local_scales():
    distances = pairwise_distances(DIGITS)
    order = np.argsort(distances, axis=1)[:, 1:6]
    scales = np.take_along_axis(distances, order, axis=1)[:, -1]
    expected = np.zeros((200, 200))
    for i, near in enumerate(order):
        for j in near:
            expected[i, j] = expected[j, i] = np.exp(
                -(distances[i, j] ** 2) / (scales[i] * scales[j])
            )
    np.testing.assert_allclose(neighbour_graph(DIGITS, 5).toarray(), expected, atol=1e-8)


def test_affinities_do_not_depend_on_units():
    graphs = [neighbour_graph(factor * DIGITS, 5).toarray() for factor in (1.0, 1e-3, 1e6)]
    for graph in graphs[1:]:
        np.testing.assert_allclose(graph, graphs[0], rtol=1e-6)


def test_a_sparse_region_is_as_near_as_a_dense_one():
    """One blob is the other, a hundred times as large: each has the graph of the other."""
    blob = np.random.default_rng(0).normal(size=(30, 2))
    graph = neighbour_graph(np.vstack([blob, 100 * blob + 10_000]), 5).toarray()
    np.testing.assert_allclose(graph[:30, :30], graph[30:, 30:], rtol=1e-6)
    assert not graph[:30, 30:].any()


def test_equal_rows_have_the_affinity_one():
    graph = neighbour_graph(np.repeat([[0.0], [5.0]], 4, axis=0), 3).toarray()
    block = 1 - np.eye(4)
    np.testing.assert_array_equal(graph, np.kron(np.eye(2), block))


def test_a_single_row_has_no_neighbours():
    assert neighbour_graph(np.ones((1, 3)), 7).nnz == 0


# Spreading


def test_belongings_are_those_of_label_spreading_on_the_same_graph():
    places, graph = places_of_first(LABELS, 3), neighbour_graph(DIGITS, 7)
    reference = LabelSpreading(
        kernel=lambda *_: graph.toarray(), alpha=0.99, tol=1e-12, max_iter=20_000
    ).fit(DIGITS, places)
    found = spread_labels(graph, places, 10)
    shares = found / found.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, reference.label_distributions_, atol=1e-4)


def test_a_pair_of_rows_is_the_closed_form():
    """With S = [[0, 1], [1, 0]] the inverse of I - a S is [[1, a], [a, 1]] / (1 - a^2)."""
    graph = sparse.csr_array(np.array([[0.0, 3.0], [3.0, 0.0]]))
    found = spread_labels(graph, np.array([0, -1]), 1)
    np.testing.assert_allclose(found.ravel(), np.array([1, 0.99]) * 0.01 / (1 - 0.99**2))


def test_two_blobs_belong_to_their_labels_alone():
    X, blob = make_blobs([20, 20], centers=[[0, 0], [100, 100]], random_state=0)
    places = places_of_first(blob, 1)
    shares = with_class_masses(spread_labels(neighbour_graph(X, 15), places, 2), places)
    np.testing.assert_array_equal(shares, np.eye(2)[blob])


def test_what_no_label_reaches_belongs_to_none():
    X, blob = make_blobs([20, 20], centers=[[0, 0], [100, 100]], random_state=0)
    places = np.where(blob == 0, 0, -1)
    found = spread_labels(neighbour_graph(X, 5), places, 1)
    np.testing.assert_array_equal(found.ravel() > 0, blob == 0)
    assert not with_class_masses(found, places)[blob == 1].any()


def test_a_label_reaches_the_whole_of_a_long_chain():
    rows = np.arange(300.0)[:, np.newaxis]
    graph, places = neighbour_graph(rows, 2), np.full(300, -1)
    places[[0, -1]] = 0, 1
    np.testing.assert_array_equal(
        spread_labels(graph, places, 2).argmax(axis=1), rows.ravel() > 149
    )


# Masses


@pytest.mark.parametrize("counts", [(1, 1, 1), (5, 2, 1)])
def test_masses_before_shares_are_those_of_labels(counts):
    belongings = np.random.default_rng(0).random((50, 3)) * [1.0, 10.0, 0.1]
    places = np.full(50, -1)
    places[: sum(counts)] = np.repeat([0, 1, 2], counts)
    weighted = belongings * (np.array(counts) + 1) / belongings.sum(axis=0)
    expected = weighted / weighted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(with_class_masses(belongings, places), expected)
