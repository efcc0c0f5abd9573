"""Pretraining of one layer: which weights move, and what is minimised."""

import numpy as np
import pytest

from skae import StackedAutoencoder
from skae.fitting import AT_THE_MODEL, Architecture, Recipe, Rows, Settings, new_model, train
from skae.objectives import layerwise
from skae.training import Hooks

X = np.random.default_rng(0).normal(size=(40, 12)).cumsum(axis=1)


def stacked(network="dense", **parameters):
    settings = {"sample_shape": (3, 4), "hidden_layer_sizes": (5, 4), "learning_rate": 0.01}
    return StackedAutoencoder(2, network=network, **(settings | parameters))


def start_of(estimator, rows=X):
    return new_model(
        Architecture.of(estimator), estimator._recipe(), Rows(rows), np.random.default_rng(0)
    )


def outcome_of(estimator, model, place, noise=None, rows=X):
    """Pretraining of one block of a network with two hidden layers, by batches of all rows."""
    estimator.set_params(early_stopping=False, batch_size=40, max_iter=1)
    recipe = Recipe(
        layerwise(place, 2, noise), scalars={"noise_level": estimator.pretrain_noise_level}
    )
    settings, rng = Settings.of(estimator), np.random.default_rng(0)
    return train(model, Rows(rows), recipe, settings, AT_THE_MODEL, Hooks(), rng)


def moved(before, after):
    """Layers whose weights are not what they were."""
    names = {name for name in before if not np.array_equal(before[name], after[name])}
    return {name.partition("/")[0] for name in names}


@pytest.mark.parametrize(
    ("place", "layers"),
    [
        (0, {"encoder_hidden_1", "decoder_nonlinear"}),
        (1, {"encoder_hidden_2", "decoder_hidden_2"}),
        (2, {"encoder_nonlinear", "decoder_hidden_1"}),
    ],
)
@pytest.mark.parametrize(
    "options",
    [
        {"network": "dense"},
        {"network": "convolutional"},
        {"network": "convolutional", "pooling": "max"},
        {"network": "recurrent"},
        {"network": "recurrent", "cell": "gru", "bidirectional": True},
    ],
    ids=["dense", "convolutional", "pooling", "recurrent", "bidirectional"],
)
def test_only_a_layer_and_its_mirror_change(options, place, layers):
    estimator = stacked(**options, init="random")
    model = start_of(estimator)
    outcome = outcome_of(estimator, model, place)
    assert moved(model.weights, outcome.weights) == layers


def test_the_linear_path_stays():
    estimator = stacked()
    model = start_of(estimator)
    weights = {**model.weights}
    for place in (0, 1):
        weights = outcome_of(estimator, model.with_weights(weights), place).weights
    assert not any("linear/" in name for name in moved(model.weights, weights))


def activations(model, rows=X):
    """Scaled rows and what the hidden layers of a dense tanh encoder make of them, in numpy."""
    values = [model.scaling.apply(rows)]
    for i in (1, 2):
        weights, bias = (model.weights[f"encoder_hidden_{i}/{part}"] for part in ("kernel", "bias"))
        values.append(np.tanh(values[-1] @ weights + bias))
    return values


def loss_at(model, estimator, place, noise=None):
    """Of a network that does not move."""
    still = estimator.set_params(learning_rate=1e-30)
    return outcome_of(still, model, place, noise).history.columns()["loss"][0]


def test_the_first_loss_is_that_of_the_rows():
    estimator = stacked(init="random", activation="tanh")
    model = start_of(estimator)
    rows, hidden, _ = activations(model)
    output = hidden @ model.weights["decoder_nonlinear/kernel"]
    expected = np.mean((output + model.weights["decoder_nonlinear/bias"] - rows) ** 2)
    assert loss_at(model, estimator, 0) == pytest.approx(expected, rel=1e-5)


def test_deeper_losses_are_relative_to_the_variance_of_the_input():
    estimator = stacked(init="random", activation="tanh")
    model = start_of(estimator)
    _, inputs, hidden = activations(model)
    output = np.tanh(hidden @ model.weights["decoder_hidden_2/kernel"])
    expected = np.mean((output - inputs) ** 2) / inputs.var(axis=0).mean()
    assert loss_at(model, estimator, 1) == pytest.approx(expected, rel=1e-5)


def start_loss(noise, level=None, place=1):
    noises = {"pretrain_noise": noise, "pretrain_noise_level": level} if noise else {}
    estimator = stacked(init="random", activation="tanh", **noises)
    return loss_at(start_of(estimator), estimator, place, noise)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("noise", ["gaussian", "masking"])
def test_noise_of_level_zero_changes_nothing(noise, place):
    assert start_loss(noise, 0.0, place) == pytest.approx(start_loss(None, place=place), rel=1e-6)


@pytest.mark.parametrize("noise", ["gaussian", "masking"])
def test_noise_changes_what_a_layer_reads(noise):
    assert start_loss(noise, 1.0) != pytest.approx(start_loss(None), rel=1e-3)


def test_a_layer_that_reads_nothing_should_still_give_its_clean_input():
    """Biases are left. At the start they are zero: the loss is the power over the variance."""
    inputs = activations(start_of(stacked(init="random", activation="tanh")))[1]
    expected = np.mean(inputs**2) / inputs.var(axis=0).mean()
    assert start_loss("masking", 1.0) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [None, "gaussian", "masking"])
def test_missing_timesteps_do_not_become_numbers(noise):
    rows = X.copy()
    rows[::2, 8:] = np.nan
    estimator = stacked("recurrent", mask_value=np.nan, init="random")
    model = start_of(estimator, rows)
    for place in (0, 1, 2):
        outcome = outcome_of(estimator, model, place, noise, rows)
        assert np.isfinite(outcome.history.columns()["loss"]).all()


def test_a_layer_that_gives_a_constant_has_a_finite_loss():
    rows, estimator = np.zeros((40, 12)), stacked(init="random")
    outcome = outcome_of(estimator, start_of(estimator, rows), 1, rows=rows)
    assert np.isfinite(outcome.history.columns()["loss"]).all()
