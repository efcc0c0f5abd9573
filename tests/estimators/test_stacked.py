"""StackedAutoencoder: layer by layer, then all together."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder, StackedAutoencoder, diagnose
from skae.estimators import _stacked
from skae.fitting import Architecture, Rows, Settings, new_model
from skae.inspection import LossCurveDisplay
from skae.networks import CODED
from skae.training import Hooks

WINE = StandardScaler().fit_transform(load_wine().data)
TWELVE = WINE[:, :12]
SHARES = load_digits().data[:200] / 16


def quick(n_components=2, **parameters):
    settings = {
        "hidden_layer_sizes": (12, 8),
        # Few steps are not traced.
        "batch_size": 256,
        "pretrain_max_iter": 3,
        "max_iter": 4,
        "random_state": 0,
    }
    return StackedAutoencoder(n_components, **(settings | parameters))


def small(network, **parameters):
    """Of twelve features, as four timesteps or places."""
    options = {"sample_shape": (4, 3), "activation": "tanh", "hidden_layer_sizes": (6, 4)}
    return quick(network=network, **options, **parameters)


def pretrained(estimator, rows=WINE):
    """The start, the model that pretraining makes of it, and the outcomes of the phases."""
    rng = np.random.default_rng(0)
    start = new_model(Architecture.of(estimator), estimator._recipe(), Rows(rows), rng)
    return start, *estimator._pretrain(start, Rows(rows), Settings.of(estimator), rng)


# Phases


@pytest.mark.slow
@pytest.mark.parametrize(("init", "phases"), [("pca", [1, 2, 3]), ("random", [1, 2, 3, 4])])
def test_a_random_code_is_a_phase_of_its_own(init, phases):
    fitted = quick(init=init).fit(WINE)
    expected = np.repeat(np.array(phases, float), [1 + 3] * (len(phases) - 1) + [1 + 4])
    np.testing.assert_array_equal(fitted.history_["phase"], expected)
    assert fitted.n_pretrain_iter_ == [3] * (len(phases) - 1)


def test_epochs_are_counted_over_all_phases():
    fitted = quick(init="random").fit(WINE)
    assert fitted.n_iter_ == 13
    # Each of the four phases has a start.
    assert all(len(column) == 13 + 4 for column in fitted.history_.values())
    expected = [*range(4), *range(3, 7), *range(6, 10), *range(9, 14)]
    np.testing.assert_array_equal(fitted.history_["epoch"], expected)
    assert fitted.best_epoch_ == 9 + np.argmin(fitted.history_["val_loss"][12:])


@pytest.mark.slow
def test_every_phase_stops_when_it_no_longer_improves():
    settings = {"batch_size": 32, "jit_compile": False, "n_iter_no_change": 2}
    estimator = quick(pretrain_max_iter=200, learning_rate=0.05, **settings)
    assert all(outcome.history.n_epochs < 200 for outcome in pretrained(estimator)[2])


@pytest.mark.parametrize("network", CODED)
def test_every_phase_lowers_its_loss(network):
    estimator = small(network, init="random", pretrain_max_iter=3, learning_rate=0.02)
    for outcome in pretrained(estimator, TWELVE)[2]:
        losses = outcome.history.columns()["loss"]
        assert losses[-1] < losses[0]


# The start of the last phase


@pytest.mark.parametrize("network", CODED)
def test_training_of_all_layers_starts_at_pca(network):
    start, model, _ = pretrained(small(network), TWELVE)
    pca = PCA(2).fit(TWELVE)
    expected = pca.inverse_transform(pca.transform(TWELVE))
    np.testing.assert_allclose(model.reconstruct(TWELVE), expected, atol=1e-4)
    hidden = [name for name in start.weights if name.startswith("encoder_hidden")]
    assert not any(np.array_equal(start.weights[name], model.weights[name]) for name in hidden)


@pytest.mark.slow
def test_training_of_all_layers_starts_where_pretraining_ended():
    """With random weights it is the better start: that is what pretraining is for."""
    settings = {"init": "random", "activation": "tanh", "batch_size": 32}
    start, model, _ = pretrained(quick(**settings, pretrain_max_iter=40, learning_rate=0.01))
    errors = [each.row_errors(WINE).mean() for each in (start, model)]
    assert errors[1] < 0.6 * errors[0]


@pytest.mark.slow
def test_sigmoid_layers_learn_faster_after_pretraining():
    settings = {"activation": "sigmoid", "init": "random", "hidden_layer_sizes": (64, 32, 16)}
    settings |= {"batch_size": 32}
    errors = [
        -quick(8, **settings, pretrain_max_iter=n_epochs, max_iter=10).fit(SHARES).score(SHARES)
        for n_epochs in (0, 30)
    ]
    assert errors[1] < 0.8 * errors[0]


@pytest.mark.parametrize("init", ["pca", "random"])
def test_without_pretraining_it_is_an_autoencoder(init):
    shared = {"hidden_layer_sizes": (12, 8), "max_iter": 4, "random_state": 0, "init": init}
    shared |= {"batch_size": 256}
    plain = Autoencoder(2, **shared).fit(WINE)
    stacked = quick(pretrain_max_iter=0, init=init).fit(WINE)
    np.testing.assert_array_equal(stacked.transform(WINE), plain.transform(WINE))
    assert stacked.n_pretrain_iter_ == []
    np.testing.assert_array_equal(stacked.history_["phase"], np.ones(1 + 4))


def test_a_linear_one_has_nothing_to_pretrain():
    linear = quick(hidden_layer_sizes=()).fit(WINE)
    assert linear.n_iter_ == 0
    assert linear.n_pretrain_iter_ == []


@pytest.mark.slow
def test_equal_seeds_give_equal_bits():
    codes = [quick(pretrain_noise="gaussian").fit(WINE).transform(WINE) for _ in range(2)]
    np.testing.assert_array_equal(*codes)


# Noise and losses


@pytest.mark.parametrize("noise", ["gaussian", "masking"])
def test_noise_changes_what_is_pretrained(noise):
    kernels = [
        pretrained(quick(pretrain_noise=noise, pretrain_noise_level=level))[1].weights[
            "encoder_hidden_2/kernel"
        ]
        for level in (0.0, 0.5)
    ]
    assert not np.allclose(*kernels, atol=1e-4)


def test_a_share_above_one():
    match = r"pretrain_noise_level=1.5 should be at most 1 for pretrain_noise='masking'"
    with pytest.raises(ValueError, match=match):
        quick(pretrain_noise="masking", pretrain_noise_level=1.5).fit(WINE)


@pytest.mark.parametrize("init", ["pca", "random"])
def test_probabilities_are_pretrained_by_their_crossentropy(init):
    settings = {"pretrain_max_iter": 5, "learning_rate": 0.01}
    fitted = quick(4, loss="binary_crossentropy", init=init, **settings).fit(SHARES)
    losses = fitted.history_["loss"]
    # Not knowing anything costs log(2) nats.
    assert losses[0] < 0.75
    assert losses[5] < losses[0]
    assert fitted.reconstruct(SHARES).min() >= 0


@pytest.mark.parametrize(
    "parameters",
    [{"pretrain_max_iter": -1}, {"pretrain_noise": "swap"}, {"pretrain_noise_level": -0.1}],
)
def test_parameters_out_of_range(parameters):
    with pytest.raises(ValueError, match=f"'{next(iter(parameters))}' parameter"):
        quick(**parameters).fit(WINE)


def own_network(sample_shape, n_components, hidden_layer_sizes, activation):
    import keras

    encoder = keras.Sequential([keras.Input(sample_shape), keras.layers.Dense(n_components)])
    decoder = keras.Sequential([keras.Input((n_components,)), keras.layers.Dense(sample_shape[0])])
    return encoder, decoder


def test_the_layers_of_a_custom_network_are_not_known():
    with pytest.raises(ValueError, match=r"does not see the layers.*Use 'dense'.*or Autoencoder"):
        quick(network=own_network).fit(WINE)


# Going on, looking on, stopping


def test_a_warm_start_does_not_pretrain():
    estimator = quick(warm_start=True).fit(WINE).fit(WINE)
    assert estimator.n_pretrain_iter_ == []
    np.testing.assert_array_equal(estimator.history_["phase"], np.ones(1 + 4))


def test_passes_do_not_pretrain():
    estimator = quick().partial_fit(WINE).partial_fit(WINE)
    assert estimator.n_pretrain_iter_ == []
    np.testing.assert_array_equal(estimator.history_["phase"], [1, 1, 1])


def test_passes_after_a_fit_train_all_layers():
    estimator = quick().fit(WINE).partial_fit(WINE)
    assert estimator.n_pretrain_iter_ == [3, 3]
    np.testing.assert_array_equal(
        estimator.history_["phase"], np.repeat([1, 2, 3], [1 + 3, 1 + 3, 1 + 5])
    )


def test_verbose_prints_the_epochs_of_every_phase(capsys):
    quick(verbose=1).fit(WINE)
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split("  ")[0] for line in lines]
    layer = ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert heads == [*layer, *layer, "Epoch 1/4", "Epoch 2/4", "Epoch 3/4", "Epoch 4/4"]
    parts = [line.split("  ")[1] for line in lines]
    assert parts[:6] == ["layer 1 of 2"] * 3 + ["layer 2 of 2"] * 3
    assert all(part.startswith("loss ") for part in parts[6:])


def interrupting(after):
    """Hooks that press Ctrl-C at the end of an epoch, counted over phases."""

    class Interrupt(Hooks):
        n_epochs = 0

        def epoch_end(self, epoch, logs, weights):
            Interrupt.n_epochs += 1
            if Interrupt.n_epochs == after:
                raise KeyboardInterrupt
            return False

    return Interrupt


@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize(("after", "lengths"), [(2, [2]), (5, [3, 2])])
def test_an_interruption_leaves_a_usable_estimator(monkeypatch, after, lengths, early_stopping):
    monkeypatch.setattr(_stacked, "Hooks", interrupting(after))
    with pytest.warns(UserWarning, match="interrupted: the best weights so far are kept"):
        fitted = quick(early_stopping=early_stopping).fit(WINE)
    assert fitted.n_pretrain_iter_ == lengths
    assert fitted.n_iter_ == after
    assert {len(column) for column in fitted.history_.values()} == {after + len(lengths) + 1}
    pca = PCA(2).fit(WINE)
    expected = pca.inverse_transform(pca.transform(WINE))
    np.testing.assert_allclose(fitted.reconstruct(WINE), expected, atol=1e-4)


def test_an_interruption_keeps_the_losses_of_rows_held_out(monkeypatch):
    expected = quick().fit(WINE).history_
    monkeypatch.setattr(_stacked, "Hooks", interrupting(5))
    with pytest.warns(UserWarning, match="interrupted"):
        fitted = quick().fit(WINE)
    for name in ("loss", "val_loss", "reconstruction", "val_reconstruction"):
        # Starts of two layers, three epochs of the first and one of the second.
        np.testing.assert_array_equal(fitted.history_[name][:6], expected[name][:6])
    assert np.isfinite(fitted.loss_curve_).all()
    # Nothing was held out when all layers would have been trained.
    np.testing.assert_array_equal(
        np.isnan(fitted.history_["val_loss"]), fitted.history_["phase"] == 3
    )
    LossCurveDisplay.from_estimator(fitted)
    assert not fitted.partial_fit(WINE).history_["phase"][-1] < 3
    diagnose(fitted, WINE)


def test_an_interruption_of_a_random_start_keeps_what_was_learned(monkeypatch):
    monkeypatch.setattr(_stacked, "Hooks", interrupting(5))
    with pytest.warns(UserWarning, match="interrupted"):
        fitted = quick(init="random").fit(WINE)
    assert np.isfinite(fitted.score(WINE))
    assert fitted.best_loss_ == pytest.approx(-fitted.score(WINE) / WINE.var(), rel=1e-5)


def test_an_interrupted_pretraining_judges_by_what_is_observed(monkeypatch):
    known = np.random.default_rng(0).random(WINE.shape) > 0.3
    guessed = np.where(known, WINE, 1e6)
    monkeypatch.setattr(_stacked, "Hooks", interrupting(1))
    with pytest.warns(UserWarning, match="interrupted"):
        stopped = quick().fit(guessed, observed=known)
    errors = (stopped.reconstruct(guessed) - guessed)[known] ** 2
    per_row = [np.mean(row) for row in np.split(errors, np.cumsum(known.sum(axis=1))[:-1])]
    scale = stopped._model.scaling.scale
    assert stopped.best_loss_ == pytest.approx(np.mean(per_row) / scale**2, rel=1e-4)
