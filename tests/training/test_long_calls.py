"""Calls that run many epochs: bits are those of a call for every chunk."""

from contextlib import nullcontext

import numpy as np
import pytest

from skae import (
    AdversarialAutoencoder,
    Autoencoder,
    AutoencoderClassifier,
)
from skae.backend._program import Program
from skae.threads import long_calls

rng = np.random.default_rng(0)
X = rng.normal(size=(70, 3)) @ rng.normal(size=(3, 6))
LABELS = (X[:, 0] > 0).astype(int)
PLAIN = {
    "hidden_layer_sizes": (5,),
    "batch_size": 8,
    "max_iter": 12,
    "early_stopping": False,
    "jit_compile": False,
    "random_state": 0,
}


@pytest.fixture
def n_long(monkeypatch):
    """How many chunks each long call ran; nothing here is called by a user's code."""
    monkeypatch.setattr("skae.estimators._base.keeps_interrupted", lambda estimator: False)
    # As long as a test takes on any machine.
    monkeypatch.setattr("skae.training._long_calls._MOMENT", 1e6)
    sizes, train_long = [], Program.train_long

    def told(program, chunks):
        sizes.append(len(chunks.n_steps))
        return train_long(program, chunks)

    monkeypatch.setattr(Program, "train_long", told)
    return sizes


def assert_equal_fits(estimator, X, *args, **params):
    plain = estimator.fit(X, *args, **params)
    parts = plain.__getstate__()
    with long_calls():
        joined = estimator.fit(X, *args, **params)
    assert joined.loss_curve_ == parts["loss_curve_"]
    assert joined.n_iter_ == parts["n_iter_"]
    for name, weights in parts["_model"].weights.items():
        np.testing.assert_array_equal(joined._model.weights[name], weights, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator",
    [
        Autoencoder(2, **PLAIN),
        Autoencoder(2, **{**PLAIN, "jit_compile": True}),
        Autoencoder(2, **PLAIN, optimizer="sgd", learning_rate=0.01, dropout=0.1),
        AdversarialAutoencoder(2, **PLAIN),
    ],
    ids=lambda estimator: repr(estimator)[:60],
)
def test_bits_are_those_of_single_calls(n_long, estimator):
    assert_equal_fits(estimator, X)
    assert n_long
    assert max(n_long) > 1


def test_weights_of_rows_count(n_long):
    assert_equal_fits(Autoencoder(2, **PLAIN), X, sample_weight=rng.uniform(0, 2, size=70))
    assert n_long == [1, 11]


def test_missing_steps_and_labels_go_along(n_long):
    classifier = AutoencoderClassifier(
        Autoencoder(2, **PLAIN), **{name: PLAIN[name] for name in ("max_iter", "random_state")}
    )
    labels = np.where(np.arange(70) % 3, LABELS, -1)
    plain = classifier.fit(X, labels).predict_proba(X)
    with long_calls():
        joined = classifier.fit(X, labels).predict_proba(X)
    np.testing.assert_array_equal(joined, plain)


def test_epochs_of_several_chunks(n_long):
    many = rng.normal(size=(800, 3))
    # 100 batches an epoch: chunks of 64 and of 36.
    assert_equal_fits(Autoencoder(2, **PLAIN), many)
    assert n_long == [1, 1, 20, 2]


@pytest.mark.slow
def test_folds_of_default_fits(n_long):
    estimator = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=120, random_state=0)
    assert_equal_fits(estimator, X)
    assert n_long


@pytest.mark.parametrize("patience", [1, 3])
def test_training_ends_where_patience_does(n_long, patience):
    estimator = Autoencoder(
        2, **{**PLAIN, "max_iter": 60}, n_iter_no_change=patience, learning_rate=0.003, tol=0.02
    )
    assert_equal_fits(estimator, X)
    assert estimator.n_iter_ < 60
    assert n_long


@pytest.mark.parametrize(
    "changed",
    [
        {"early_stopping": True},
        {"verbose": 1},
        {"batch_size": 32, "max_iter": 2, "jit_compile": "auto"},
    ],
    ids=repr,
)
def test_epochs_that_somebody_looks_at_are_calls_of_their_own(n_long, changed):
    assert_equal_fits(Autoencoder(2, **{**PLAIN, **changed}), X)
    assert n_long == []


def test_callbacks_hear_of_every_epoch(n_long):
    keras = pytest.importorskip("keras")

    class Counter(keras.callbacks.Callback):
        n_epochs = 0

        def on_epoch_end(self, epoch, logs=None):
            type(self).n_epochs += 1

    with long_calls():
        Autoencoder(2, **PLAIN, callbacks=[Counter()]).fit(X)
    assert Counter.n_epochs == 12
    assert n_long == []


def test_divergence_names_its_epoch(n_long):
    estimator = Autoencoder(2, **PLAIN, optimizer="sgd", learning_rate=1e4)
    messages = []
    for joins in (nullcontext, long_calls):
        with joins(), pytest.raises(ValueError, match="Training diverged in epoch") as error:
            estimator.fit(X)
        messages.append(str(error.value))
    assert messages[0] == messages[1]
    assert n_long


def test_calls_take_a_moment(n_long, monkeypatch):
    monkeypatch.setattr("skae.training._long_calls._MOMENT", 0.0)
    assert_equal_fits(Autoencoder(2, **PLAIN), X)
    assert n_long == 12 * [1]


def test_nothing_joins_outside(n_long):
    Autoencoder(2, **PLAIN).fit(X)
    assert n_long == []
