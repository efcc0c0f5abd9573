"""Chunks: every row once, the rest with zero weight."""

import numpy as np
import pytest

from skae.training import ProgramSpec, chunks
from skae.training._batches import shuffled


class Rows:
    resident = True

    def __init__(self, n_rows):
        self.values = np.arange(2.0 * n_rows).reshape(n_rows, 2)

    def read(self, indices, out):
        out[:] = self.values[indices]


def spec(batch_size):
    return ProgramSpec(None, None, "squared_error", "", 2, batch_size, "graph")


@pytest.mark.parametrize("n_rows", [1, 3, 4, 5, 700])
def test_every_row_once_in_order(n_rows):
    order = np.random.default_rng(0).permutation(n_rows)
    rows = Rows(n_rows)
    parts = list(chunks(rows, order, None, spec(4)))
    kept = np.concatenate([chunk.rows[chunk.weights > 0] for chunk in parts])
    np.testing.assert_array_equal(kept, rows.values[order])
    assert sum(chunk.n_steps for chunk in parts) == -(-n_rows // 4)


def test_all_chunks_have_one_shape():
    shapes = {chunk.rows.shape for chunk in chunks(Rows(700), np.arange(700), None, spec(4))}
    assert shapes == {(64, 4, 2)}


def test_sample_weights_follow_their_rows():
    weights = np.linspace(1, 2, 6)
    (chunk,) = chunks(Rows(6), np.array([5, 0, 3]), weights, spec(4))
    np.testing.assert_allclose(chunk.weights[0], [2.0, 1.0, weights[3], 0.0], rtol=1e-6)


@pytest.mark.parametrize("resident", [True, False])
def test_shuffling_keeps_every_row(resident):
    order = shuffled(np.arange(1000), resident, np.random.default_rng(0))
    assert not np.array_equal(order, np.arange(1000))
    np.testing.assert_array_equal(np.sort(order), np.arange(1000))


def test_labels_follow_their_rows_and_padding_has_none():
    labels = np.arange(18.0).reshape(6, 3)
    (chunk,) = chunks(Rows(6), np.array([5, 0, 5]), None, spec(4), labels=labels)
    np.testing.assert_array_equal(chunk.labels[0, :3], labels[[5, 0, 5]])
    assert not chunk.labels[0, 3].any()
    assert not chunk.labels[1:].any()


def test_mixed_rows_keep_their_labels():
    rows, order = Rows(300), np.arange(300)
    rows.resident = False
    parts = chunks(rows, order, None, spec(4), np.random.default_rng(0), labels=rows.values)
    for chunk in parts:
        held = chunk.weights > 0
        np.testing.assert_array_equal(chunk.labels[held], chunk.rows[held])
        assert not np.array_equal(chunk.rows[0], rows.values[:4])
