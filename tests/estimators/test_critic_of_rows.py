"""A critic of rows that teaches the decoder of a variational autoencoder in the end."""

import importlib
import os
import pickle
import signal
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import load_digits

import skae
from skae.exceptions import TrainingInterruptedWarning
from skae.fitting import PrintHooks, _checkpoint
from skae.fitting._interruption import forget_interruption
from skae.networks import names
from skae.objectives import against_critic_of_rows

X = load_digits().data[:300] / 16
IMAGES = {"sample_shape": (8, 8, 1), "likelihood": "bernoulli", "random_state": 0}


def quick(**parameters):
    small = {"network": "convolutional", "hidden_layer_sizes": (4,), "max_iter": 2}
    small |= {"batch_size": 150, "jit_compile": False}
    return skae.VariationalAutoencoder(4, **(IMAGES | small | parameters))


@pytest.fixture(scope="module")
def plain():
    return quick().fit(X)


@pytest.fixture(scope="module")
def taught():
    return quick(adversarial_max_iter=3, adversarial_weight=2.0).fit(X)


def softplus(x):
    return np.logaddexp(0, x)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_terms_in_numpy(likelihood):
    rng = np.random.default_rng(0)
    rows, codes = expit(rng.normal(size=(6, 5))), rng.normal(size=(9, 2))
    mean, decoder, critic = (rng.normal(size=shape) for shape in ((5, 2), (2, 5), 5))
    log_variance, noise = np.full((6, 2), -1.0), -0.7
    normal, uniform = rng.normal(size=(6, 2)), rng.uniform(size=6)
    squared = likelihood == "gaussian"

    def error(targets, output):
        if squared:
            return np.mean((targets - output) ** 2, axis=1)
        return np.mean(softplus(output) - targets * output, axis=1)

    network = SimpleNamespace(
        ops=keras.ops,
        encode_distribution=lambda given: (given @ mean, log_variance),
        decode=lambda code: np.asarray(code) @ decoder,
        criticise=lambda given: np.asarray(given) @ critic,
        gradient=lambda function, given: np.tile(critic, (6, 1)),
        error=error,
        log_noise_variance=lambda: keras.ops.convert_to_tensor(noise),
    )
    random = SimpleNamespace(normal=lambda shape: normal, uniform=lambda shape: uniform)
    terms = against_critic_of_rows(likelihood).function(
        network, {"rows": rows, "targets": rows}, {"codes": codes}, random
    )

    found = error(rows, (rows @ mean + np.exp(-0.5) * normal) @ decoder)
    if squared:
        found = 0.5 * (np.log(2 * np.pi) + noise + found / np.exp(noise))
    made = codes[(uniform * 9).astype(int)] @ decoder
    logits = (made if squared else expit(made)) @ critic
    penalty = 0.25 * np.sum(critic**2)
    expected = {
        "reconstruction": found,
        "critic": softplus(-rows @ critic) + softplus(logits) + penalty,
        "adversarial": softplus(-logits),
    }
    assert set(terms) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(terms[name], values, rtol=1e-4, err_msg=name)


@pytest.mark.slow
def test_codes_and_all_but_the_decoder_stay(plain, taught):
    np.testing.assert_array_equal(taught.transform(X), plain.transform(X))
    changed = {
        name
        for name, weight in taught._model.weights.items()
        if not np.array_equal(weight, plain._model.weights[name])
    }
    assert changed == {name for name in plain._model.weights if name.startswith(names.DECODER)}


def test_the_critic_does_not_stay(plain, taught):
    assert taught._model.network == plain._model.network
    assert set(taught._model.weights) == set(plain._model.weights)


def test_the_history_before_is_the_same(plain, taught):
    for name, column in plain.history_.items():
        np.testing.assert_array_equal(taught.history_[name], column)
    assert not hasattr(plain, "adversarial_history_")


@pytest.mark.slow
def test_a_pass_without_the_critic_leaves_no_history_of_it(taught):
    copied = pickle.loads(pickle.dumps(taught)).set_params(
        adversarial_max_iter=0, adversarial_weight=1.0
    )
    assert hasattr(skae.compress(copied, 0.2), "adversarial_history_")
    assert not hasattr(copied.partial_fit(X), "adversarial_history_")


def test_the_critic_has_a_history_of_its_own(taught):
    columns = taught.adversarial_history_
    assert set(columns) == {"epoch", "loss", "reconstruction", "critic", "adversarial"}
    np.testing.assert_array_equal(columns["epoch"], [0, 1, 2, 3])
    expected = columns["reconstruction"] + 2 * 0.064 * columns["adversarial"]
    np.testing.assert_allclose(columns["loss"], expected, rtol=1e-6)
    # Of a critic that knows nothing it is twice log(2).
    assert columns["critic"][-1] < columns["critic"][1]


def test_a_critic_without_weight_changes_as_training_on_does(plain):
    model = quick(adversarial_max_iter=3, adversarial_weight=0.0).fit(X)
    assert model.score(X) > plain.score(X)


def test_equal_seeds_give_equal_bits(taught):
    again = clone(taught).fit(X)
    np.testing.assert_array_equal(again.sample(3, 0), taught.sample(3, 0))


def test_stored_ones_decode_alike(taught, tmp_path):
    skae.save(taught, tmp_path / "taught.skae")
    for copied in (skae.load(tmp_path / "taught.skae"), pickle.loads(pickle.dumps(taught))):
        np.testing.assert_array_equal(copied.sample(3, 0), taught.sample(3, 0))
        np.testing.assert_array_equal(
            copied.adversarial_history_["critic"], taught.adversarial_history_["critic"]
        )


def test_a_later_fit_without_a_critic_forgets_it(taught):
    model = clone(taught).set_params(max_iter=1, adversarial_max_iter=1).fit(X)
    model.set_params(adversarial_max_iter=0, adversarial_weight=1.0).fit(X)
    assert not hasattr(model, "adversarial_history_")


@pytest.mark.slow
def test_gaussian_rows_of_a_learned_prior_learn_too():
    # Few steps, which are not compiled.
    model = quick(likelihood="gaussian", prior="mixture", adversarial_max_iter=1)
    model.set_params(jit_compile="auto", max_iter=1)
    model.fit(X, sample_weight=np.arange(300) % 2)
    assert np.isfinite(model.adversarial_history_["critic"]).all()
    assert np.isfinite(model.score(X))


def test_epochs_are_printed(capsys):
    quick(adversarial_max_iter=1, verbose=1).fit(X)
    assert "critic of rows" in capsys.readouterr().out


def test_an_interruption_keeps_what_was_taught_so_far(plain, monkeypatch):
    ended = PrintHooks.epoch_end

    def pressed(hooks, epoch, logs, weights):
        if hooks.part and epoch == 2:
            raise KeyboardInterrupt
        return ended(hooks, epoch, logs, weights)

    monkeypatch.setattr(PrintHooks, "epoch_end", pressed)
    with pytest.warns(TrainingInterruptedWarning, match="critic of rows") as caught:
        model = quick(adversarial_max_iter=4, verbose=1).fit(X)
    forget_interruption()
    assert caught[0].filename == __file__
    assert len(model.adversarial_history_["epoch"]) <= 3
    assert not np.array_equal(model.sample(3, 0), plain.sample(3, 0))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sample_shape": None, "network": "dense"}, "sample_shape=None .* is of none"),
        ({"network": "dense"}, "network='dense' is of none"),
        ({"sample_shape": (8, 8), "network": "recurrent"}, "network='recurrent' is of none"),
        ({"likelihood": "student_t"}, "output of likelihood='student_t' is none"),
        ({"conditional": True}, "knows no classes"),
        ({"mask_value": np.nan, "likelihood": "gaussian"}, "mask_value=nan says"),
        ({"adversarial_max_iter": 0, "adversarial_weight": 2.0}, "adversarial_max_iter=0 leaves"),
        ({"adversarial_max_iter": -1}, "'adversarial_max_iter' parameter"),
        ({"adversarial_weight": -1.0}, "'adversarial_weight' parameter"),
    ],
)
def test_what_a_critic_cannot_read_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        quick(**{"adversarial_max_iter": 1, **parameters}).fit(X, np.arange(300) % 3)


def test_unknown_values_are_refused():
    observed = np.ones(X.shape, bool)
    observed[0, 0] = False
    with pytest.raises(ValueError, match="observed says that some values are not known"):
        quick(adversarial_max_iter=1).fit(X, observed=observed)


def test_passes_are_refused():
    with pytest.raises(ValueError, match="partial_fit does not know which pass is the last"):
        quick(adversarial_max_iter=1).partial_fit(X)


def test_tables_are_refused():
    table = skae.TableAutoencoder(skae.VariationalAutoencoder(adversarial_max_iter=1))
    with pytest.raises(ValueError, match="sample_shape=None"):
        table.fit(X[:, :4])


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
@pytest.mark.parametrize(
    ("module", "name", "n_rows"),
    [
        ("skae.estimators._sampling", "fit_code_mixture", None),
        ("skae.fitting._critic_of_rows", "against_critic_of_rows", 1),
    ],
)
def test_an_interruption_before_the_game_keeps_all_that_was_trained(
    module, name, n_rows, plain, monkeypatch
):
    called = getattr(importlib.import_module(module), name)

    def pressed(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return called(*arguments)

    monkeypatch.setattr(f"{module}.{name}", pressed)
    forget_interruption()
    with pytest.warns(TrainingInterruptedWarning, match="critic of rows") as caught:
        model = quick(adversarial_max_iter=4).fit(X)
    forget_interruption()
    assert [each.category for each in caught].count(TrainingInterruptedWarning) == 1
    np.testing.assert_array_equal(model.sample(3, 0), plain.sample(3, 0))
    history = getattr(model, "adversarial_history_", None)
    assert (None if history is None else len(history["epoch"])) == n_rows


def test_a_kill_in_the_game_does_not_cost_the_training(taught, monkeypatch, tmp_path):
    class Killed(Exception):
        pass

    def die(hooks, epoch, logs, weights):
        if hooks.part:
            raise Killed
        ended(hooks, epoch, logs, weights)

    ended, path = PrintHooks.epoch_end, tmp_path / "file"
    estimator = quick(adversarial_max_iter=3, adversarial_weight=2.0, verbose=1)
    monkeypatch.setattr(_checkpoint, "INTERVAL", 0.0)
    monkeypatch.setattr(PrintHooks, "epoch_end", die)
    with pytest.raises(Killed):
        estimator.fit(X, checkpoint=path)
    monkeypatch.setattr(PrintHooks, "epoch_end", ended)
    n_kept = []
    monkeypatch.setattr(_checkpoint.Checkpoint, "keep", lambda *_: n_kept.append(1))
    again = estimator.fit(X, checkpoint=path)
    assert n_kept == []  # no epoch of the first training is left to make
    np.testing.assert_array_equal(again.sample(5, 0), taught.sample(5, 0))
    assert list(tmp_path.iterdir()) == []
