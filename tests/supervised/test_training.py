"""How encoder and head are trained together."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss

from skae import (
    Autoencoder,
    AutoencoderClassifier,
    VariationalAutoencoder,
)
from skae.backend import _gateway as gateway
from skae.supervised import _supervised
from skae.training import Hooks

from .shared import FROZEN, LABELS, SMALL, SPECIES, X, assert_same_weights, weights_of


def own_network(sample_shape, n_components, hidden_layer_sizes, activation):
    rows, code = keras.Input(sample_shape), keras.Input((n_components,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(4)(rows))
    encoder = keras.Model(rows, keras.layers.Dense(n_components)(hidden))
    return encoder, keras.Model(code, keras.layers.Dense(sample_shape[-1])(code))


@pytest.mark.slow
@pytest.mark.parametrize(("network", "hidden"), [("dense", ()), ("dense", (8,)), (own_network, ())])
def test_without_fine_tuning_only_the_head_is_trained(network, hidden):
    """Also what no update trains: the means and variances of batches."""
    autoencoder = Autoencoder(2, network=network, **SMALL).fit(X)
    settings = {"hidden_layer_sizes": hidden, "fine_tune": False, "random_state": 0}
    fitted = AutoencoderClassifier(from_pretrained=autoencoder, max_iter=3, **settings)
    fitted.fit(X, LABELS)
    assert_same_weights(weights_of(fitted.autoencoder_), weights_of(autoencoder))
    start = clone(fitted).set_params(**FROZEN).fit(X, LABELS)
    assert np.any(start._head["head_output/kernel"] != fitted._head["head_output/kernel"])
    terms = {"loss", "supervised", "val_loss", "val_supervised"}
    assert set(fitted.history_) == {"epoch", *terms}


def test_fine_tuning_trains_encoder_and_decoder(quick, pretrained):
    fitted = quick().fit(X, LABELS)
    trained = zip(weights_of(fitted.autoencoder_), weights_of(pretrained), strict=True)
    for weight, before in trained:
        assert np.any(weight != before)


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


@pytest.mark.slow
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
    assert_same_weights(weights_of(given.autoencoder_), weights_of(theirs.autoencoder_))
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
    assert_same_weights(*(weights_of(fit.autoencoder_) for fit in fits[:2]))
    np.testing.assert_array_equal(fits[1].predict_proba(X), fits[0].predict_proba(X))
    assert np.any(fits[2].predict_proba(X) != fits[0].predict_proba(X))


@pytest.mark.slow
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
