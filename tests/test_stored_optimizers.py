"""Optimizers and schedules of Keras in a pickle: as text, which Keras reads when it is asked."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.base import clone

from skae import Autoencoder
from skae.backend import StoredKeras, stored

X = np.random.default_rng(0).random((20, 4))
SHORT = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
DECAY = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
OPTIMIZERS = [
    keras.optimizers.Adam(0.01, beta_1=0.8, clipnorm=1.0, use_ema=True),
    keras.optimizers.SGD(DECAY, momentum=0.9, nesterov=True),
    keras.optimizers.LossScaleOptimizer(keras.optimizers.RMSprop(DECAY)),
]


class MyOptimizer(keras.optimizers.SGD):
    pass


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: type(each).__name__)
def test_a_pickle_has_the_same_optimizer(optimizer):
    model = Autoencoder(2, optimizer=optimizer, **SHORT).fit(X)
    state = model.__getstate__()
    assert isinstance(state["optimizer"], StoredKeras)
    assert model.optimizer is optimizer
    read = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(read.transform(X), model.transform(X))
    assert type(read.optimizer) is type(optimizer)
    assert read.optimizer.get_config() == optimizer.get_config()
    np.testing.assert_array_equal(clone(read).fit(X).transform(X), model.transform(X))


def test_a_pickle_has_the_same_schedule():
    model = Autoencoder(2, learning_rate=DECAY, **SHORT).fit(X)
    read = pickle.loads(pickle.dumps(model))
    assert read.get_params()["learning_rate"].get_config() == DECAY.get_config()


def excluding():
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


@pytest.mark.parametrize(
    "value", ["adam", 0.1, None, MyOptimizer(0.1), excluding(), DECAY.__class__]
)
def test_what_a_text_does_not_say_stays_as_it_is(value):
    assert stored(value) is value


@pytest.mark.parametrize(
    "bad",
    [
        StoredKeras("os", "system", "{}"),
        StoredKeras("keras.optimizers", "deserialize", "{}"),
        StoredKeras("keras.optimizers", "schedules", "{}"),
        StoredKeras("keras.optimizers", "Adam", '{"unknown": 1}'),
        StoredKeras("keras.optimizers", "Adam", '{"beta_1": {"name": "SGD", "config": {}}}'),
        StoredKeras(
            "keras.optimizers", "Adam", '{"learning_rate": {"module": "os", "config": {}}}'
        ),
        StoredKeras("keras.optimizers", "Adam", "[]"),
    ],
)
def test_text_that_names_anything_else_is_refused(bad):
    with pytest.raises(ValueError, match=r"A stored '\w+' cannot be made again: .*set_params"):
        bad.make()


@pytest.mark.slow
def test_scoring_a_pickle_with_an_optimizer_loads_no_tensorflow(tmp_path):
    model = Autoencoder(2, optimizer=OPTIMIZERS[1], **SHORT).fit(X)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps((model, X, model.transform(X))))
    script = (
        "import pickle, sys\n"
        "model, X, code = pickle.load(open('model.pickle', 'rb'))\n"
        "assert (model.transform(X) == code).all()\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)\n"
        "assert type(model.optimizer).__name__ == 'SGD'\n"
    )
    path = {"PYTHONPATH": str(Path(__file__).parents[1])}
    environment = {**os.environ, **path}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True)


SGD = StoredKeras(
    "keras.optimizers",
    "SGD",
    json.dumps(
        {
            "name": "SGD",
            "clipnorm": None,
            "momentum": 0.5,
            "learning_rate": {
                "name": "ExponentialDecay",
                "config": {"initial_learning_rate": 0.01, "decay_rate": 0.9, "name": None},
            },
        }
    ),
)


def test_stored_ones_are_written_as_in_code():
    assert repr(SGD) == (
        "keras.optimizers.SGD(momentum=0.5, learning_rate=keras.optimizers.schedules."
        "ExponentialDecay(initial_learning_rate=0.01, decay_rate=0.9))"
    )
    assert repr(StoredKeras("keras.optimizers", "SGD", "{")) == "keras.optimizers.SGD(...)"


def test_parameters_are_text_until_keras_is_imported(monkeypatch):
    stored_one = pickle.loads(pickle.dumps(Autoencoder(optimizer=keras.optimizers.SGD(0.5))))
    with monkeypatch.context() as without:
        without.delitem(sys.modules, "keras")
        text = stored_one.get_params()["optimizer"]
        assert isinstance(text, StoredKeras)
        assert "learning_rate=0.5" in repr(stored_one)
        copied = clone(stored_one)
        assert copied.get_params()["optimizer"] == text
    assert isinstance(stored_one.get_params()["optimizer"], keras.optimizers.SGD)
    # What was text when it was copied is no less an optimizer.
    assert isinstance(copied.optimizer, keras.optimizers.SGD)


def test_an_optimizer_is_text_where_keras_is_not_installed(monkeypatch):
    stored_one = pickle.loads(pickle.dumps(Autoencoder(optimizer=keras.optimizers.SGD(0.5))))
    monkeypatch.setitem(sys.modules, "keras", None)
    assert isinstance(stored_one.optimizer, StoredKeras)
    assert stored_one.set_params(verbose=1).verbose == 1
    with pytest.raises(ImportError, match="need keras"):
        stored_one.fit(np.eye(9))
