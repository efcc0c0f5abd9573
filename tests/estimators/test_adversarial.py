"""AdversarialAutoencoder: codes that follow the prior, and a game that stays sane."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from skae import AdversarialAutoencoder, Autoencoder
from skae.fitting import (
    AT_THE_MODEL,
    Architecture,
    Rows,
    Settings,
    new_model,
    train_one_pass,
)
from skae.training import Hooks

DIGITS = load_digits().data[:400]
WINE = StandardScaler().fit_transform(load_wine().data)


def quick(n_components=2, **parameters):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 5, "batch_size": 64, "random_state": 0}
    settings |= {"jit_compile": False}
    return AdversarialAutoencoder(n_components, **(settings | parameters))


def of_few_steps(**parameters):
    """One that takes so few steps that none is compiled."""
    return quick(**{"max_iter": 1, "batch_size": 200, "jit_compile": "auto", **parameters})


def from_chance(**parameters):
    """One whose codes do not start with the moments of the prior."""
    settings = {"hidden_layer_sizes": (64,), "init": "random", "max_iter": 100}
    return quick(8, **(settings | parameters))


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(WINE)


@pytest.fixture(scope="module")
def of_digits():
    return from_chance().fit(DIGITS)


@pytest.fixture(scope="module")
def long_games():
    """Of large steps, by their prior."""
    options = {"max_iter": 150, "learning_rate": 0.01, "early_stopping": False, "tol": 0}
    return {prior: quick(prior=prior, **options).fit(WINE) for prior in ("normal", "mixture")}


# What is learned


@pytest.mark.slow
def test_codes_have_the_moments_of_the_prior(of_digits):
    code = of_digits.transform(DIGITS)
    np.testing.assert_allclose(code.mean(axis=0), 0.0, atol=0.2)
    np.testing.assert_allclose(np.cov(code.T), np.eye(8), atol=0.3)


def test_without_a_critic_codes_leave_the_prior(of_digits):
    """The error alone says nothing of where codes lie."""
    free = from_chance(adversarial_weight=0.0, max_iter=25).fit(DIGITS)
    discrepancies = [each.history_["val_discrepancy"][-1] for each in (of_digits, free)]
    assert discrepancies[0] < 0.2 * discrepancies[1]


def test_rows_are_reconstructed(of_digits):
    assert of_digits.history_["val_reconstruction"][-1] < 0.3


@pytest.mark.slow
def test_codes_follow_a_mixture_too(long_games):
    """Draws from a mixture of ten parts are nearer to their centre than normal draws would be."""
    mixed, rng = long_games["mixture"], np.random.default_rng(0)
    nearest, of_normal = (
        np.linalg.norm(points[:, None] - mixed.prior_means_, axis=2).min(axis=1).mean()
        for points in (mixed.transform(WINE), rng.normal(size=(800, 2)))
    )
    assert nearest < 0.9 * of_normal


# The three updates


def after_one_pass(estimator, model, rows=WINE):
    outcome = train_one_pass(
        model,
        Rows(rows),
        estimator._recipe(),
        Settings.of(estimator),
        AT_THE_MODEL,
        Hooks(),
        np.random.default_rng(0),
    )
    return outcome.weights


def test_without_its_step_the_encoder_learns_as_a_plain_one_does():
    adversarial = quick(adversarial_weight=0.0)
    model = new_model(
        Architecture.of(adversarial), adversarial._recipe(), Rows(WINE), np.random.default_rng(0)
    )
    shared = {k: w for k, w in model.weights.items() if not k.startswith("critic_")}
    plain = replace(model, network=replace(model.network, critic_layer_sizes=None), weights=shared)
    found = after_one_pass(adversarial, model)
    expected = after_one_pass(Autoencoder(2, hidden_layer_sizes=(16,), batch_size=64), plain)
    for name, weight in expected.items():
        np.testing.assert_allclose(found[name], weight, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_the_critic_always_learns(weight):
    adversarial = quick(adversarial_weight=weight)
    model = new_model(
        Architecture.of(adversarial), adversarial._recipe(), Rows(WINE), np.random.default_rng(0)
    )
    found = after_one_pass(adversarial, model)
    critic = [name for name in found if name.startswith("critic_")]
    assert len(critic) == 6
    assert not any(np.array_equal(found[name], model.weights[name]) for name in critic)


def test_the_step_against_the_critic_changes_the_encoder_alone():
    """In a single step: in the next the decoder sees other codes."""
    weights = []
    for weight in (0.0, 5.0):
        adversarial = quick(adversarial_weight=weight)
        model = new_model(
            Architecture.of(adversarial),
            adversarial._recipe(),
            Rows(WINE),
            np.random.default_rng(0),
        )
        weights.append(after_one_pass(adversarial, model, WINE[:64]))
    moved = {k for k in weights[0] if not np.allclose(weights[0][k], weights[1][k], atol=1e-6)}
    assert moved == {k for k in weights[0] if k.startswith("encoder_")}


def test_the_critic_has_the_layers_asked_for():
    weights = of_few_steps(critic_hidden_layer_sizes=(5,)).fit(WINE)._model.weights
    assert weights["critic_hidden_1/kernel"].shape == (2, 5)
    assert weights["critic_output/kernel"].shape == (5, 1)


# How epochs are judged


def test_the_history_holds_both_sides_of_the_game(fitted):
    terms = {"loss", "reconstruction", "critic", "adversarial", "discrepancy"}
    assert set(fitted.history_) == {"epoch"} | terms | {f"val_{name}" for name in terms}


def test_the_loss_is_the_error_and_the_discrepancy(of_digits):
    history = of_digits.history_
    for prefix in ("", "val_"):
        expected = history[f"{prefix}reconstruction"] + 3 * history[f"{prefix}discrepancy"]
        np.testing.assert_allclose(history[f"{prefix}loss"], expected)


def test_the_best_epoch_has_the_lowest_loss(of_digits):
    losses = of_digits.history_["val_loss"]
    assert of_digits.best_epoch_ == np.argmin(losses)
    assert of_digits.best_loss_ == losses.min()


@pytest.mark.parametrize("prior", ["normal", "mixture"])
def test_a_long_game_with_large_steps_stays_finite(prior, long_games):
    history = long_games[prior].history_
    assert len(history["loss"]) > 50
    assert all(np.isfinite(column).all() for column in history.values())
    assert history["reconstruction"][-1] < history["reconstruction"][0]
    assert history["discrepancy"][-20:].mean() < 0.1


def test_passes_go_on():
    estimator = quick(learning_rate=0.01)
    for _ in range(8):
        estimator.partial_fit(WINE)
    assert estimator.n_iter_ == 8
    assert estimator.history_["reconstruction"][-1] < estimator.history_["reconstruction"][0]


# Samples


def test_samples_are_seeded(fitted):
    rows = [fitted.sample(3, random_state=seed) for seed in (0, 0, 1)]
    assert rows[0].shape == (3, 13)
    np.testing.assert_array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])


def test_samples_are_rows_like_those_of_the_data(of_digits):
    rows = of_digits.sample(2000, random_state=0)
    assert np.abs(rows.mean(axis=0) - DIGITS.mean(axis=0)).mean() < 0.1 * DIGITS.std()
    assert 0.5 < rows.var(axis=0).sum() / DIGITS.var(axis=0).sum() < 1.1


def test_samples_of_a_mixture_come_from_every_part():
    """Parts without any width are single rows."""
    mixed = of_few_steps(prior="mixture", n_clusters=3).fit(WINE)
    mixed.prior_deviation_ = 0.0
    rows = mixed.sample(300, random_state=0, codes="prior")
    centres = mixed.inverse_transform(mixed.prior_means_)
    distances = np.linalg.norm(rows[:, None] - centres, axis=2)
    np.testing.assert_allclose(distances.min(axis=1), 0.0, atol=1e-6)
    assert np.bincount(distances.argmin(axis=1)).min() > 70


def test_equal_parameters_share_a_prior():
    means = [
        quick(prior="mixture", random_state=seed, max_iter=1).fit(WINE).prior_means_
        for seed in (0, 1)
    ]
    np.testing.assert_array_equal(*means)


@pytest.mark.parametrize("options", [{}, {"prior": "mixture", "n_clusters": 1}])
def test_a_prior_of_one_part_is_standard_normal(options):
    one = quick(max_iter=1, **options).fit(WINE)
    np.testing.assert_array_equal(one.prior_means_, np.zeros((1, 2)))
    assert one.prior_deviation_ == 1.0


def test_an_unfitted_one_has_no_samples():
    with pytest.raises(NotFittedError):
        quick().sample()


@pytest.mark.parametrize(
    "parameters",
    [
        {"prior": "uniform"},
        {"n_clusters": 0},
        {"adversarial_weight": -1.0},
        {"critic_hidden_layer_sizes": 0},
    ],
)
def test_parameters_out_of_range(parameters):
    with pytest.raises(ValueError, match=f"'{next(iter(parameters))}' parameter"):
        quick(**parameters).fit(WINE)


def test_no_sample_is_not_a_number_of_samples(fitted):
    with pytest.raises(ValueError, match="n_samples=0 must be an integer of 1 or more"):
        fitted.sample(0)
