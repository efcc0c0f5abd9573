"""Processes and places in which Keras cannot train, or should not notice where it is."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_iris

import skae
from skae import Autoencoder
from skae.backend._surroundings import check_process

X = load_iris().data
ROOT = Path(skae.__file__).parents[1]
SETTINGS = {"hidden_layer_sizes": (6,), "max_iter": 2, "early_stopping": False, "random_state": 0}
SETTINGS["init"] = "random"


def keras_network(sample_shape, n_components, hidden_layer_sizes, activation):
    rows, codes = keras.Input(sample_shape), keras.Input((n_components,))
    code = keras.layers.Dense(n_components)(rows)
    return keras.Model(rows, code), keras.Model(codes, keras.layers.Dense(4)(codes))


# What a fit says, and what it has imported by then.
FIT = """
import pickle, sys
import numpy as np
from skae import Autoencoder
{before}
X = np.load("X.npy")
fitted = pickle.load(open("fitted.pickle", "rb"))
np.save("codes.npy", fitted.transform(X))
state = dict(vars(fitted))
{around}
    for estimator in (fitted, Autoencoder(2), Autoencoder(2, network="convolutional")):
        try:
            estimator.fit(X)
        except RuntimeError as error:
            print(error)
assert vars(fitted) == state
print(sorted({{"jax", "torch", "keras", "tensorflow"}} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def fitted():
    return Autoencoder(2, **SETTINGS).fit(X)


def said(tmp_path, fitted, before="", around="if True:", **environment):
    (tmp_path / "fitted.pickle").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "X.npy", X)
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": path, "KERAS_BACKEND": "", **environment}
    found = subprocess.run(
        [sys.executable, "-c", FIT.format(before=before, around=around)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "codes.npy"), fitted.transform(X))
    *errors, imported = found.stdout.splitlines()
    return errors, imported


@pytest.mark.slow
def test_another_backend_is_refused_before_anything_is_imported(tmp_path, fitted):
    errors, imported = said(tmp_path, fitted, KERAS_BACKEND="jax")
    assert imported == "[]"
    assert len(errors) == 3
    for error in errors:
        assert "the environment variable KERAS_BACKEND chooses 'jax'" in error
        assert "set the environment variable KERAS_BACKEND=tensorflow before" in error


@pytest.mark.slow
def test_the_backend_of_the_settings_file_is_refused(tmp_path, fitted):
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    errors, imported = said(tmp_path, fitted, KERAS_HOME=str(tmp_path))
    assert imported == "[]"
    assert all(f"{tmp_path / 'keras.json'} chooses 'torch'" in error for error in errors)
    assert len(errors) == 3


@pytest.fixture
def without_keras(monkeypatch):
    """A process that has not imported Keras yet, as far as one can see."""
    monkeypatch.delitem(sys.modules, "keras")


@pytest.mark.parametrize(
    ("variable", "file", "chosen"),
    [
        ("tensorflow", '{"backend": "torch"}', None),
        ("torch", '{"backend": "tensorflow"}', "torch"),
        ("", '{"backend": "jax"}', "jax"),
        ("", '{"floatx": "float32"}', None),
        ("", "not json", None),
        ("", None, None),
    ],
)
def test_the_backend_is_chosen_as_keras_does(
    tmp_path, monkeypatch, without_keras, variable, file, chosen
):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", variable)
    if file is not None:
        (tmp_path / "keras.json").write_text(file)
    if chosen is None:
        check_process()
    else:
        with pytest.raises(RuntimeError, match=f"chooses '{chosen}'"):
            check_process()


def test_keras_imported_before_with_another_backend_is_refused(fitted, monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    match = "Keras, which is imported already, chooses 'torch'"
    for network in ("dense", "recurrent"):
        with pytest.raises(RuntimeError, match=match):
            Autoencoder(2, network=network, **SETTINGS).fit(X)
    with pytest.raises(RuntimeError, match=match):
        fitted.partial_fit(X)
    assert fitted.transform(X).shape == (150, 2)


@pytest.mark.slow
def test_eager_execution_switched_off_is_refused(tmp_path, fitted):
    before = "import tensorflow as tf; tf.compat.v1.disable_eager_execution()"
    errors, _ = said(tmp_path, fitted, before=before)
    assert len(errors) == 3
    assert all("eager execution, which is switched off here" in error for error in errors)


@pytest.mark.parametrize("network", ["dense", "convolutional", keras_network])
def test_the_scope_of_a_strategy_is_refused(network):
    estimator = Autoencoder(2, network=network, **SETTINGS)
    with (
        tf.distribute.OneDeviceStrategy("CPU:0").scope(),
        pytest.raises(RuntimeError, match=r"scope of a OneDevice.*outside of strategy.scope\(\)"),
    ):
        estimator.fit(X)
    assert not hasattr(estimator, "n_iter_")


def test_an_optimizer_made_for_a_strategy_serves_outside():
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        optimizer = keras.optimizers.Adam(0.01)
    fitted = Autoencoder(2, optimizer=optimizer, **SETTINGS).fit(X)
    same = Autoencoder(2, learning_rate=0.01, **SETTINGS).fit(X)
    np.testing.assert_array_equal(fitted.transform(X), same.transform(X))


def test_a_stateless_scope_is_refused():
    with keras.StatelessScope(), pytest.raises(RuntimeError, match=r"keras\.StatelessScope"):
        Autoencoder(2, **SETTINGS).fit(X)


def test_a_distribution_of_keras_is_refused():
    devices = keras.distribution.DataParallel(devices=["cpu:0"])
    with devices.scope(), pytest.raises(RuntimeError, match="a distribution is set"):
        Autoencoder(2, **SETTINGS).fit(X)


def test_a_graph_is_refused():
    with tf.Graph().as_default(), pytest.raises(RuntimeError, match=r"inside a tf\.Graph"):
        Autoencoder(2, **SETTINGS).fit(X)


def test_functions_that_run_eagerly_give_the_same_bits(fitted):
    tf.config.run_functions_eagerly(True)
    try:
        again = Autoencoder(2, **SETTINGS).fit(X)
    finally:
        tf.config.run_functions_eagerly(False)
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))


DEVICES = """
import numpy as np
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import joblib
from skae import Autoencoder
from skae.fitting import _cross_fitting
effective_n_jobs, joblib.effective_n_jobs = joblib.effective_n_jobs, lambda n_jobs: 2
loss_after, devices = _cross_fitting.loss_after, set()
def seen(*args):
    devices.add(tf.constant(0.0).device.rpartition("/")[2])
    return loss_after(*args)
_cross_fitting.loss_after = seen
X = np.load("X.npy")
with tf.device("CPU:1"):
    Autoencoder(2, hidden_layer_sizes=(4,), max_iter=60, jit_compile=False).fit(X)
print(devices)
joblib.effective_n_jobs = effective_n_jobs
codes = []
for device in ("CPU:1", "CPU:0"):
    with tf.device(device):
        fitted = Autoencoder(
            2, hidden_layer_sizes=(4,), max_iter=3, early_stopping=False, jit_compile=True,
            random_state=0,
        ).fit(X)
    codes.append(fitted.transform(X))
print(np.array_equal(*codes))
"""


@pytest.fixture(scope="module")
def of_two_devices(tmp_path_factory):
    """What a process of two devices says: where folds were, and whether both give the same."""
    folder = tmp_path_factory.mktemp("devices")
    np.save(folder / "X.npy", X)
    run = subprocess.run(
        [sys.executable, "-c", DEVICES],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.splitlines()


@pytest.mark.slow
def test_folds_in_threads_are_on_the_device_of_the_fit(of_two_devices):
    assert of_two_devices[0] == "{'device:CPU:1'}"


def test_a_fit_on_another_device_has_a_program_of_its_own(of_two_devices):
    assert of_two_devices[1] == "True"
