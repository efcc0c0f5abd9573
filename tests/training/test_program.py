"""Programs: what compiles anew and what does not, and that tiers agree."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from skae import Autoencoder, _keras
from skae.networks._keras_models import with_weights
from skae.training import choose_tier

X = load_iris().data


@pytest.fixture
def pool(monkeypatch):
    fresh = type(_keras.POOL)(_keras.POOL._build)
    monkeypatch.setattr(_keras, "POOL", fresh)
    return fresh


def count_traces(pool):
    return sum(program.n_traces for programs in pool._idle.values() for program in programs)


@pytest.mark.parametrize("tier", [False, True], ids=["graph", "xla"])
def test_the_second_fit_of_an_architecture_compiles_nothing(pool, tier):
    first = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=3, jit_compile=tier, random_state=0)
    first.fit(X)
    assert (pool.n_built, count_traces(pool)) == (1, 2)
    second = clone(first).set_params(random_state=1, learning_rate=1e-4)
    second.fit(X[:70])
    second.fit(X[:70], sample_weight=np.linspace(1, 2, 70))
    assert (pool.n_built, count_traces(pool)) == (1, 2)


def test_an_interleaved_fit_leaves_no_trace_in_another(pool):
    estimator = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=5, random_state=0)
    alone = estimator.fit(X).transform(X)
    clone(estimator).set_params(random_state=3, optimizer="adam").fit(X[::2])
    np.testing.assert_array_equal(clone(estimator).fit(X).transform(X), alone)


def test_tiers_agree():
    codes = []
    for jit_compile in ("auto", False, True):
        estimator = Autoencoder(
            2, max_iter=2, batch_size=64, jit_compile=jit_compile, random_state=0
        )
        codes.append(estimator.fit(X).transform(X))
    np.testing.assert_allclose(codes[1], codes[0], atol=1e-4)
    np.testing.assert_allclose(codes[2], codes[0], atol=1e-4)


def test_the_tier_depends_on_the_planned_steps():
    assert choose_tier("auto", 1, 500) == "eager"
    assert choose_tier("auto", 100, 500) == "graph"
    assert choose_tier("auto", 10**6, 500) == "xla"
    assert choose_tier("auto", 10**6, np.inf) == "graph"
    assert choose_tier(False, 10**6, 500) == "graph"
    assert choose_tier(True, 1, 500) == "xla"


def reference_fit(model, loss_rows, optimizer, n_steps):
    """The same training, written by hand with Keras, one full batch a step."""
    import tensorflow as tf

    for _ in range(n_steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(loss_rows) - loss_rows))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
    return model


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda: keras.optimizers.Adam(0.01),
        lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        lambda: keras.optimizers.Adam(0.01, clipnorm=0.01),
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)),
    ],
    ids=["adam", "momentum", "clipnorm", "weight decay", "schedule"],
)
def test_updates_are_those_of_keras(make_optimizer):
    """One batch, so that the order of rows does not matter; the start is the same."""
    common = {"batch_size": 150, "early_stopping": False, "random_state": 0, "init": "random"}
    fitted = Autoencoder(2, optimizer=make_optimizer(), max_iter=6, **common).fit(X)
    # An all but frozen fit has the starting weights.
    start = Autoencoder(2, optimizer="sgd", learning_rate=1e-30, max_iter=1, **common).fit(X)
    scaled = start._model.scaling.apply(X).astype(np.float32)
    built = with_weights(start._model.network, start._model.weights)
    encoder, decoder = built.encoder, built.decoder
    model = keras.Model(encoder.input, decoder(encoder.output))
    reference_fit(model, scaled, make_optimizer(), n_steps=6)
    np.testing.assert_allclose(
        fitted.transform(X), encoder(scaled), atol=2e-4, err_msg="the update differs"
    )


def test_an_optimizer_given_as_an_instance_is_never_changed():
    optimizer = keras.optimizers.Adam(0.01)
    Autoencoder(2, optimizer=optimizer, learning_rate=1e-3, max_iter=2).fit(X)
    assert not optimizer.built
    assert float(optimizer.learning_rate) == pytest.approx(0.01)
