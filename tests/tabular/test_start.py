"""Training starts at factor analysis of mixed data, and errors are those of each column's kind."""

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax
from scipy.stats import entropy

from skae import TableAutoencoder, VariationalAutoencoder
from skae.model import entropies, measure_columns
from skae.networks import Columns
from skae.objectives import column_errors

from .shared import KEEPS_START, QUICK, N, latent, mixed, quick

# Two numbers, a flag, and categories of 2 and 3 levels.
COLUMNS = Columns(2, 1, (2, 3))


def one_row(*values):
    return np.array([values], float)


def factor_analysis(numbers, categories, n_components):
    """Numbers reconstructed by factor analysis of mixed data, written from its definition."""
    centred = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
    ones = np.hstack([pd.get_dummies(column).to_numpy(float) for column in categories])
    shares = ones.mean(axis=0)
    table = np.hstack([centred, (ones - shares) / np.sqrt(shares)])
    left, values, right = np.linalg.svd(table, full_matrices=False)
    low_rank = (left * values)[:, :n_components] @ right[:n_components]
    return low_rank[:, : numbers.shape[1]] * numbers.std(axis=0) + numbers.mean(axis=0)


@KEEPS_START
@pytest.mark.parametrize("n_components", [1, 3])
def test_the_start_reconstructs_numbers_as_factor_analysis_of_mixed_data_does(n_components):
    z = latent(200)
    noise = np.random.default_rng(1).normal(size=(2, 200))
    frame = pd.DataFrame(
        {
            "a": z + 0.5 * noise[0],
            "b": 30 * z + 20 * noise[1] - 7,
            "is_high": z > 0.4,
            "level": np.select([z > 0.5, z < -0.5], ["top", "low"], "mid"),
        }
    )
    table = quick(n_components)
    table.autoencoder.set_params(learning_rate=1e-12)
    found = table.fit(frame).reconstruct(frame)[["a", "b"]].to_numpy()
    numbers = frame[["a", "b"]].to_numpy()
    expected = factor_analysis(numbers, [frame["is_high"], frame["level"]], n_components)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * numbers.std())


@KEEPS_START
def test_flags_and_levels_are_as_probable_at_the_start_as_they_are_frequent():
    table = quick()
    table.autoencoder.set_params(learning_rate=1e-12)
    features = table.fit(mixed())._encoding.features(table._table(mixed()).cells)
    found = table.autoencoder_._model.reconstruct(features)
    first = table._encoding.columns.n_numbers
    np.testing.assert_allclose(
        found.mean(axis=0)[first:], np.nanmean(features, axis=0)[first:], atol=1e-3
    )


def test_units_are_deviations_of_numbers_and_roots_of_frequencies_of_levels():
    X = np.array([[1.0, 5, 1, 1, 0, 1, 0, 0], [3, 5, 0, 1, 0, 0, 1, 0], [5, 5, 0, 0, 1, 1, 0, 0]])
    scaling = measure_columns(COLUMNS, X)
    np.testing.assert_allclose(scaling.mean, X.mean(axis=0))
    assert scaling.scale[0] == pytest.approx(X[:, 0].std())
    assert scaling.scale[1] == 1.0  # a constant keeps its own unit
    np.testing.assert_allclose(scaling.scale[3:7], np.sqrt(X[:, 3:7].mean(axis=0)))


def test_units_leave_out_what_is_missing_and_rows_of_no_weight():
    columns = Columns(1)
    X = np.array([[1.0], [3.0], [np.nan], [1000.0]])
    scaling = measure_columns(columns, X, np.array([1.0, 1.0, 1.0, 0.0]))
    assert (scaling.mean[0], scaling.scale[0]) == (2.0, 1.0)


def test_entropies_are_those_of_the_frequencies():
    mean = np.array([0.0, 9.0, 0.2, 0.5, 0.5, 0.1, 0.9, 0.0])
    expected = [1, 1, entropy([0.2, 0.8]), entropy([0.5, 0.5]), entropy([0.1, 0.9])]
    np.testing.assert_allclose(entropies(COLUMNS, mean), expected)


def test_errors_of_categories_are_cross_entropies_of_softmax():
    output = one_row(0.5, -1.0, 0.7, 1.0, -2.0, 0.1, 0.2, 0.3)
    target = one_row(1.5, -1.0, 0.3, -0.5, 0.5, -0.2, -0.3, 0.5)
    errors, present = column_errors(np, COLUMNS, "squared_error", target, output)
    expected = [
        1.0,
        0.0,
        np.log1p(np.exp(-0.7)),
        -log_softmax([1.0, -2.0])[1],
        -log_softmax([0.1, 0.2, 0.3])[2],
    ]
    np.testing.assert_allclose(errors[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(present, np.ones((1, 5)))


def test_what_is_missing_has_no_error():
    nan = np.nan
    target = one_row(nan, 1.0, nan, nan, nan, -0.2, -0.3, 0.5)
    output = np.ones((1, 8))
    errors, present = column_errors(np, COLUMNS, "squared_error", target, output)
    np.testing.assert_array_equal(present, [[0, 1, 0, 0, 1]])
    np.testing.assert_allclose(errors[0], [0, 0, 0, 0, np.log(3)], rtol=1e-6)


@KEEPS_START
def test_a_linear_network_is_trained_as_its_start_is_no_optimum_of_cross_entropies():
    frame = mixed()
    table = quick()
    table.autoencoder.set_params(**{**QUICK, "hidden_layer_sizes": (), "max_iter": 2})
    assert table.fit(frame).autoencoder_.n_iter_ == 2


@KEEPS_START
@pytest.mark.parametrize("by_name", [True, False])
def test_gradients_of_tables_are_cut_unless_a_user_made_the_optimizer(by_name):
    x = latent()
    frame = pd.DataFrame({"x": x, "y": x + latent()[::-1], "z": np.abs(x) < 1})
    optimizer = "sgd" if by_name else keras.optimizers.SGD(1e-3)

    def weights(max_iter):
        inner = VariationalAutoencoder(
            2, **{**QUICK, "max_iter": max_iter, "batch_size": N}, beta=1000.0, optimizer=optimizer
        )
        inner.set_params(learning_rate=1e-3 if by_name else "auto")
        fitted = TableAutoencoder(inner, random_state=0).fit(frame).autoencoder_
        return np.concatenate([value.ravel() for value in fitted._model.weights.values()])

    step = np.linalg.norm(weights(1) - weights(0)) / 1e-3
    assert (0.1 < step < 1.01) if by_name else (step > 3)
