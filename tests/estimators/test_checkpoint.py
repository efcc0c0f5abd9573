"""Fits that go on after their process was killed, with the bits that they would have had."""

import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone

import skae
from skae import Autoencoder, DenoisingAutoencoder
from skae.fitting import _checkpoint

X = np.random.default_rng(0).normal(size=(70, 6)) ** 3
SMALL = {"hidden_layer_sizes": (8,), "random_state": 0, "jit_compile": False}


def normalising(sample_shape, n_components, *args):
    hidden = [layers.Dense(5, "gelu"), layers.BatchNormalization(), layers.Dropout(0.3)]
    return (
        keras.Sequential([keras.Input((6,)), *hidden, layers.Dense(n_components)]),
        keras.Sequential([keras.Input((n_components,)), layers.Dense(6)]),
    )


CASES = {
    "annealed": Autoencoder(2, max_iter=9, early_stopping=False, **SMALL),
    "folds": Autoencoder(2, max_iter=100, **SMALL),
    "held out": Autoencoder(
        2, max_iter=40, early_stopping=True, n_iter_no_change=5, learning_rate=0.02, **SMALL
    ),
    "averages": Autoencoder(
        2, max_iter=9, early_stopping=True, optimizer=keras.optimizers.Adam(use_ema=True), **SMALL
    ),
    "noise": DenoisingAutoencoder(2, max_iter=9, dropout=0.2, early_stopping=True, **SMALL),
    "state of layers": Autoencoder(
        2, network=normalising, max_iter=9, early_stopping=True, **SMALL
    ),
    "two optimizers": skae.AdversarialAutoencoder(2, max_iter=5, **SMALL),
    "layers": skae.StackedAutoencoder(
        2, **{**SMALL, "hidden_layer_sizes": (8, 4)}, pretrain_max_iter=3, max_iter=5
    ),
    "schedule": skae.VariationalAutoencoder(2, max_iter=9, **SMALL),
}


class Killed(Exception):
    pass


@pytest.fixture
def killed_after(monkeypatch):
    """Let the process die, as it were, after so many writings."""
    keep = _checkpoint.Checkpoint.keep
    monkeypatch.setattr(_checkpoint, "INTERVAL", 0.0)

    def let(n_times):
        left = iter(range(n_times))

        def keep_or_die(checkpoint, saved):
            if next(left, None) is None:
                raise Killed
            keep(checkpoint, saved)

        monkeypatch.setattr(_checkpoint.Checkpoint, "keep", keep_or_die)

    return let


def bits(estimator):
    model = estimator._model
    weights = b"".join(model.weights[name].tobytes() for name in sorted(model.weights))
    return weights, estimator.history_["loss"].tobytes(), estimator.best_epoch_


@pytest.mark.parametrize("case", CASES)
def test_a_fit_goes_on_with_the_bits_it_would_have_had(case, killed_after, tmp_path):
    estimator, path = CASES[case], tmp_path / "checkpoint"
    expected = bits(estimator.fit(X))
    for n_times in (1, 2):
        killed_after(n_times)
        with pytest.raises(Killed):
            estimator.fit(X, checkpoint=path)
    killed_after(10**6)
    assert bits(estimator.fit(X, checkpoint=path)) == expected
    assert list(tmp_path.iterdir()) == []


def test_a_table_goes_on_too(killed_after, tmp_path):
    table = skae.TableAutoencoder(CASES["annealed"], random_state=0)
    expected = bits(table.fit(X).autoencoder_)
    killed_after(2)
    with pytest.raises(Killed):
        table.fit(X, checkpoint=tmp_path / "file")
    killed_after(10**6)
    assert bits(table.fit(X, checkpoint=tmp_path / "file").autoencoder_) == expected


def test_a_checkpoint_changes_no_bit(killed_after, tmp_path):
    estimator = CASES["held out"]
    expected = bits(estimator.fit(X))
    assert bits(estimator.fit(X, checkpoint=str(tmp_path / "file"))) == expected


def test_a_checkpoint_of_another_fit_is_refused(killed_after, tmp_path):
    estimator, path = CASES["annealed"], tmp_path / "checkpoint"
    killed_after(1)
    with pytest.raises(Killed):
        estimator.fit(X, checkpoint=path)
    with pytest.raises(ValueError, match=r"other rows, parameters or versions.*delete the file"):
        estimator.fit(X[:-1], checkpoint=path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="is no file of an interrupted fit"):
        estimator.fit(X, checkpoint=path)


OTHERS = {
    "activation": (Autoencoder(2, activation="relu", **SMALL), {"activation": "tanh"}),
    "dropout": (Autoencoder(2, dropout=0.1, **SMALL), {"dropout": 0.3}),
    "no dropout": (Autoencoder(2, **SMALL), {"dropout": 0.3}),
    "cell": (
        skae.RecurrentAutoencoder(2, sample_shape=(3, 2), init="random", **SMALL),
        {"cell": "gru"},
    ),
    "pooling": (
        skae.ConvolutionalAutoencoder(2, sample_shape=(6, 1), **SMALL),
        {"pooling": "max"},
    ),
    "noise": (
        DenoisingAutoencoder(2, noise="masking", noise_level=0.1, **SMALL),
        {"noise": "gaussian"},
    ),
    "loss": (Autoencoder(2, **SMALL), {"loss": "absolute_error"}),
    "epochs": (Autoencoder(2, **SMALL), {"max_iter": 8}),
    "tier": (Autoencoder(2, **SMALL), {"jit_compile": True}),
    "seed": (Autoencoder(2, **SMALL), {"random_state": 1}),
    "batches": (Autoencoder(2, **SMALL), {"batch_size": 7}),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_fit_with_another_parameter_is_another_fit(case, killed_after, tmp_path, monkeypatch):
    estimator, changes = OTHERS[case]
    estimator = clone(estimator).set_params(early_stopping=False, max_iter=9)
    killed_after(1)
    with pytest.raises(Killed):
        estimator.fit(X, checkpoint=tmp_path / "file")
    with pytest.raises(ValueError, match="other rows, parameters or versions"):
        estimator.set_params(**changes).fit(X, checkpoint=tmp_path / "file")
    assert (tmp_path / "file").exists()


def test_another_version_makes_another_fit(killed_after, tmp_path, monkeypatch):
    estimator, path = CASES["annealed"], tmp_path / "checkpoint"
    killed_after(1)
    with pytest.raises(Killed):
        estimator.fit(X, checkpoint=path)
    monkeypatch.setattr("skae.fitting._fit_identity.versions_of_training", lambda: {"keras": "9.9"})
    with pytest.raises(ValueError, match="other rows, parameters or versions"):
        estimator.fit(X, checkpoint=path)


def function_of_a_user():
    """The same code, at another address each time, as in another process."""
    space = {"power": 2}
    exec("def error(rows, output):\n    return abs(rows - output) ** power", space)
    return space["error"]


class Networks:
    """Makes networks, and holds a layer, which pickles to other bytes each time."""

    def __init__(self):
        self.unused = layers.Dense(3)

    def __call__(self, *args):
        return normalising(*args)


@pytest.mark.parametrize("parameter", ["loss", "activation", "network"])
def test_a_function_of_the_user_is_known_by_its_code(parameter, killed_after, tmp_path):
    estimator = Autoencoder(2, max_iter=9, early_stopping=False, **SMALL)
    made = {
        "loss": function_of_a_user,
        "activation": lambda: lambda values: values * 0.5,
        "network": Networks,
    }
    path = tmp_path / "checkpoint"
    expected = bits(clone(estimator).set_params(**{parameter: made[parameter]()}).fit(X))
    killed_after(2)
    with pytest.raises(Killed):
        estimator.set_params(**{parameter: made[parameter]()}).fit(X, checkpoint=path)
    killed_after(10**6)
    estimator.set_params(**{parameter: made[parameter]()})
    assert bits(estimator.fit(X, checkpoint=path)) == expected


DAMAGES = {
    "NaN": lambda kept: kept | {"best_0": np.full_like(kept["best_0"], np.nan)},
    "another shape": lambda kept: kept | {"best_0": kept["best_0"][:1]},
    "one is missing": lambda kept: {n: a for n, a in kept.items() if n != "variable_0"},
    "one too many": lambda kept: kept | {"more": np.zeros(3)},
    "nothing is said": lambda kept: kept | {"about": np.frombuffer(b"{}", np.uint8)},
    "nothing at all": lambda kept: {},
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_was_changed_is_refused_and_kept(damage, packed, killed_after, tmp_path):
    estimator, path = CASES["annealed"], tmp_path / "checkpoint.npz"
    killed_after(1)
    with pytest.raises(Killed):
        estimator.fit(X, checkpoint=path)
    with np.load(path) as file:
        kept = dict(file)
    write = np.savez_compressed if packed else np.savez
    write(path, **DAMAGES[damage](kept))
    before = path.read_bytes()
    with pytest.raises(ValueError, match="is no file of an interrupted fit"):
        estimator.fit(X, checkpoint=path)
    assert path.read_bytes() == before


def test_rows_in_another_order_are_other_rows(killed_after, tmp_path):
    estimator, path = CASES["annealed"], tmp_path / "checkpoint"
    killed_after(1)
    with pytest.raises(Killed):
        estimator.fit(X, checkpoint=path)
    swapped = X.copy()
    swapped[:2] = X[1::-1]
    with pytest.raises(ValueError, match="other rows"):
        estimator.fit(swapped, checkpoint=path)


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs a folder that takes no files")
def test_a_folder_that_takes_no_files_is_refused_before_training(monkeypatch):
    monkeypatch.setattr(Autoencoder, "_fit_in_context", None)
    with pytest.raises(ValueError, match=r"'/proc/file' cannot be written .*Give the path"):
        clone(CASES["annealed"]).fit(X, checkpoint="/proc/file")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="cannot be written"):
        clone(CASES["annealed"]).fit(X, checkpoint=tmp_path)


def test_a_file_that_is_read_only_is_refused_before_training(monkeypatch, tmp_path):
    monkeypatch.setattr(Autoencoder, "_fit_in_context", None)
    path = tmp_path / "file"
    path.touch(0o444)
    with pytest.raises(ValueError, match=r"cannot be written \(This file is read-only"):
        clone(CASES["annealed"]).fit(X, checkpoint=path)


@pytest.mark.parametrize(
    ("parameters", "path", "match"),
    [
        ({"random_state": None}, "a", "needs a random_state"),
        ({"callbacks": [keras.callbacks.TerminateOnNaN()]}, "a", "cannot keep what callbacks"),
        ({}, 3, "should be the path of a file"),
    ],
)
def test_what_cannot_be_kept_is_refused(parameters, path, match):
    with pytest.raises(ValueError, match=match):
        Autoencoder(2, **{"random_state": 0, **parameters}).fit(X, checkpoint=path)


FIT = """
import os, signal, sys
import numpy as np
from skae import Autoencoder
from skae.fitting import _checkpoint

_checkpoint.INTERVAL = 0.0
keep = _checkpoint.Checkpoint.keep
n_kept = 0


def keep_and_die(checkpoint, saved):
    global n_kept
    keep(checkpoint, saved)
    n_kept += 1
    if n_kept == 3:
        os.kill(os.getpid(), signal.SIGKILL)


_checkpoint.Checkpoint.keep = keep_and_die
X = np.random.default_rng(0).normal(size=(70, 6)) ** 3
settings = {"hidden_layer_sizes": (8,), "random_state": 0, "jit_compile": False}
Autoencoder(2, max_iter=9, early_stopping=False, **settings).fit(X, checkpoint=sys.argv[1])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_process_leaves_what_another_goes_on_with(tmp_path):
    path = tmp_path / "checkpoint"
    command = [sys.executable, "-c", FIT, str(path)]
    killed = subprocess.run(command, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert path.exists()
    expected = bits(CASES["annealed"].fit(X))
    assert bits(CASES["annealed"].fit(X, checkpoint=path)) == expected
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_times", [2, 5, 8])
def test_pretrained_layers_are_kept(n_times, killed_after, tmp_path, monkeypatch):
    """Each of three epochs of two layers, and of five of all, is kept once."""
    estimator, path = CASES["layers"], tmp_path / "file"
    expected = bits(estimator.fit(X))
    killed_after(n_times)
    with pytest.raises(Killed):
        estimator.fit(X, checkpoint=path)
    n_kept = 0

    def counted(checkpoint, saved):
        nonlocal n_kept
        n_kept += 1

    killed_after(10**6)
    monkeypatch.setattr(_checkpoint.Checkpoint, "keep", counted)
    assert bits(estimator.fit(X, checkpoint=path)) == expected
    assert n_kept == 11 - n_times
    assert list(tmp_path.iterdir()) == []


LABELS = np.where(np.arange(70) % 3 == 0, X[:, 0] > 0, -1)
HEADS = {
    "classifier": (skae.AutoencoderClassifier, LABELS),
    "regressor": (skae.AutoencoderRegressor, np.where(LABELS < 0, np.nan, X[:, 0])),
}


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("n_times", [2, 7])
def test_a_head_goes_on_in_either_of_its_trainings(kind, n_times, killed_after, tmp_path):
    cls, y = HEADS[kind]
    estimator = cls(CASES["annealed"], max_iter=6, early_stopping=False, random_state=0)
    path, first = tmp_path / "file", tmp_path / "file.autoencoder"
    expected = estimator.fit(X, y)
    whole = bits(expected.autoencoder_), expected._outputs(X).tobytes()
    # The autoencoder is kept after each of its nine epochs.
    killed_after(n_times + 4)
    with pytest.raises(Killed):
        estimator.fit(X, y, checkpoint=path)
    assert first.exists()
    assert path.exists() == (n_times == 7)
    if path.exists():
        with pytest.raises(ValueError, match="other rows, parameters or versions"):
            estimator.fit(X, np.roll(y, 1), checkpoint=path)
    killed_after(10**6)
    again = estimator.fit(X, y, checkpoint=path)
    assert (bits(again.autoencoder_), again._outputs(X).tobytes()) == whole
    assert list(tmp_path.iterdir()) == []


def test_a_head_needs_a_random_state(tmp_path):
    with pytest.raises(ValueError, match="needs a random_state"):
        skae.AutoencoderClassifier(max_iter=1).fit(X, LABELS, checkpoint=tmp_path / "file")
