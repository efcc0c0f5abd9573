"""Every callback of Keras does what it promises, or is refused."""

import copy
import csv
import pickle
import re
from dataclasses import dataclass
from pathlib import Path

import joblib
import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .shared import X, quick, weights_of

HONOURED = {
    "Callback": keras.callbacks.Callback,
    "LambdaCallback": lambda: keras.callbacks.LambdaCallback(on_epoch_end=print),
    "EarlyStopping": keras.callbacks.EarlyStopping,
    "ReduceLROnPlateau": keras.callbacks.ReduceLROnPlateau,
    "LearningRateScheduler": lambda: keras.callbacks.LearningRateScheduler(halved),
    "History": keras.callbacks.History,
    "CSVLogger": lambda: keras.callbacks.CSVLogger("log.csv"),
    "RemoteMonitor": keras.callbacks.RemoteMonitor,
    "TensorBoard": lambda: keras.callbacks.TensorBoard("logs", write_graph=False),
    "TerminateOnNaN": keras.callbacks.TerminateOnNaN,
    "SwapEMAWeights": keras.callbacks.SwapEMAWeights,
}
REFUSED = {
    "ModelCheckpoint": (lambda: keras.callbacks.ModelCheckpoint("m.keras"), "can be pickled"),
    "OrbaxCheckpoint": (None, "can be pickled"),
    "BackupAndRestore": (lambda: keras.callbacks.BackupAndRestore("b"), "checkpoint=path"),
    "ProgbarLogger": (keras.callbacks.ProgbarLogger, "Set verbose=1"),
    "CallbackList": (lambda: keras.callbacks.CallbackList([]), "Give those that are in it"),
}


def halved(epoch, rate):
    return rate / 2


def said_of_callbacks():
    page = Path(__file__).parents[2] / "docs" / "keras_options.rst"
    text = page.read_text(encoding="utf-8").split("* - ``keras.callbacks``")[1].split("\n\n")[0]
    return dict(re.findall(r"^   \* - ``(\w+)``\n     - (.+)$", text, re.MULTILINE))


def test_every_callback_of_the_page_is_tested():
    said = said_of_callbacks()
    assert {name for name, word in said.items() if word == "honoured"} == set(HONOURED)
    assert {name for name, word in said.items() if word == "refused"} == set(REFUSED)


@pytest.fixture
def posted(monkeypatch):
    """What is sent to a server."""
    import requests

    sent = []
    monkeypatch.setattr(requests, "post", lambda *args, **options: sent.append(args[1]))
    return sent


@pytest.mark.parametrize("name", HONOURED)
def test_an_honoured_callback_leaves_an_estimator_that_can_be_copied(
    name, tmp_path, monkeypatch, posted
):
    if name == "TensorBoard":
        pytest.importorskip("tensorboard")
    monkeypatch.chdir(tmp_path)
    averaging = keras.optimizers.Adam(0.002, use_ema=name == "SwapEMAWeights")
    callbacks = [HONOURED[name]()]
    fitted = quick(max_iter=2, callbacks=callbacks, optimizer=averaging).fit(X)
    assert fitted.callbacks is callbacks
    expected = fitted.transform(X)
    joblib.dump(fitted, tmp_path / "fitted.joblib")
    others = (copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted)))
    for other in (*others, joblib.load(tmp_path / "fitted.joblib")):
        np.testing.assert_array_equal(other.transform(X), expected)
    again = clone(make_pipeline(StandardScaler(), fitted))[-1]
    assert type(again.callbacks[0]) is type(callbacks[0])
    again.fit(X)
    fitted.fit(X)
    np.testing.assert_array_equal(again.transform(X), expected)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_callback_names_the_way_out(name):
    make, way_out = REFUSED[name]
    if not hasattr(keras.callbacks, name):
        pytest.skip("this Keras has no such callback")
    if make is None:
        make = lambda: object.__new__(getattr(keras.callbacks, name))  # noqa: E731 - not installed
    fitted = quick(max_iter=2).fit(X)
    before = fitted.transform(X)
    for train in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match=rf"callbacks\[0\]={name} cannot .*{way_out}"):
            getattr(fitted.set_params(callbacks=[make()]), train)(X)
    np.testing.assert_array_equal(fitted.transform(X), before)


BETWEEN_BATCHES = [
    name
    for name in dir(keras.callbacks.Callback)
    if name.startswith("on_") and name.split("_")[1] in ("batch", "predict", "test")
] + ["on_train_batch_begin", "on_train_batch_end"]


@pytest.mark.parametrize("method", BETWEEN_BATCHES)
def test_a_method_that_would_never_be_called_is_refused(method):
    own = type("Own", (keras.callbacks.EarlyStopping,), {method: lambda self, *a, **k: None})
    late = keras.callbacks.LambdaCallback(**{method: print})
    for callback in (own(), late):
        with pytest.raises(ValueError, match=rf"has .*{method}.*would never be called"):
            quick(callbacks=[callback]).fit(X)


def test_a_subclass_is_refused_where_its_base_is():
    class Mine(keras.callbacks.ModelCheckpoint):
        pass

    with pytest.raises(ValueError, match=r"callbacks\[0\]=Mine cannot be used: it saves"):
        quick(callbacks=[Mine("m.keras")]).fit(X)


def test_a_callback_of_scikit_learn_is_refused_among_those_of_keras():
    with pytest.raises(ValueError, match=r"not a keras.callbacks.Callback.*set_callbacks"):
        quick(callbacks=[ProgressBar()]).fit(X)


def test_a_callback_is_refused_where_no_epoch_is_needed():
    with pytest.raises(ValueError, match="ProgbarLogger cannot be used"):
        quick(hidden_layer_sizes=(), callbacks=[keras.callbacks.ProgbarLogger()]).fit(X)


@pytest.mark.parametrize(
    "option",
    [
        {"write_graph": True},
        {"histogram_freq": 1},
        {"update_freq": "batch"},
        {"profile_batch": 2},
        {"embeddings_freq": 1},
    ],
    ids=str,
)
def test_what_tensorboard_cannot_get_is_refused(option, tmp_path):
    board = keras.callbacks.TensorBoard(tmp_path, **{"write_graph": False, **option})
    with pytest.raises(ValueError, match=f"Set {next(iter(option))}="):
        quick(callbacks=[board]).fit(X)


def test_tensorboard_gets_the_numbers_of_each_epoch(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing import event_accumulator

    board = keras.callbacks.TensorBoard(tmp_path, write_graph=False)
    fitted = quick(max_iter=3, callbacks=[board]).fit(X)
    for part, column in (("train", "loss"), ("validation", "val_loss")):
        events = event_accumulator.EventAccumulator(str(tmp_path / part), {"tensors": 0}).Reload()
        values = [keras.ops.convert_to_numpy(_value(e)) for e in events.Tensors("epoch_loss")]
        np.testing.assert_allclose(values, fitted.history_[column][-3:], rtol=1e-6)
    train = event_accumulator.EventAccumulator(str(tmp_path / "train"), {"tensors": 0}).Reload()
    assert "epoch_learning_rate" in train.Tags()["tensors"]


def _value(event):
    import tensorflow as tf

    return tf.make_ndarray(event.tensor_proto)


def test_swapped_averages_need_an_optimizer_that_keeps_them():
    with pytest.raises(ValueError, match=r"SwapEMAWeights needs .*use_ema=True"):
        quick(callbacks=[keras.callbacks.SwapEMAWeights()]).fit(X)


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_other_callbacks_get_the_averages(swap_on_epoch):
    heard = []

    class Reader(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            heard.append(self.model.get_weights())

    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch)
    averaging = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5)
    settings = {"max_iter": 3, "early_stopping": False, "optimizer": averaging, "init": "random"}
    fitted = quick(callbacks=[swap, Reader()], **settings).fit(X)
    for heard_last, kept in zip(heard[-1], weights_of(fitted), strict=True):
        np.testing.assert_array_equal(heard_last, kept)


def test_a_csv_log_has_the_columns_of_the_history(tmp_path):
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv", append=True)
    fitted = quick(max_iter=3, callbacks=[log]).fit(X)
    losses = fitted.history_["val_loss"][-3:]
    fitted.partial_fit(X)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2", str(fitted.n_iter_ - 1)]
    np.testing.assert_allclose([float(row["val_loss"]) for row in rows[:3]], losses)


def test_a_function_that_a_fit_left_behind_does_not_hinder_pickles():
    class Local(keras.callbacks.Callback):
        def __init__(self, given):
            super().__init__()
            self.given = given

        def on_train_begin(self, logs=None):
            self.left = lambda: None

    fitted = quick(max_iter=2, callbacks=[Local(lambda: 1)]).fit(X)
    again = clone(fitted).callbacks[0]
    assert (again.left, again.given()) == (None, 1)


@dataclass
class Counter(keras.callbacks.Callback):
    """Has no hash."""

    n_epochs: int = 0

    def on_epoch_end(self, epoch, logs=None):
        self.n_epochs += 1


def test_a_callback_without_a_hash_is_called_and_copied():
    counter = Counter()
    fitted = quick(max_iter=2, callbacks=[counter]).fit(X)
    assert counter.n_epochs == 2
    assert pickle.loads(pickle.dumps(fitted)).callbacks == [counter]


def test_what_a_callback_keeps_open_does_not_hinder_copies_and_stays(tmp_path):
    class Opener(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.file, self.heard = (tmp_path / "own.txt").open("w"), []

        def on_epoch_end(self, epoch, logs=None):
            self.heard.append(epoch)

    opener = Opener()
    fitted = quick(max_iter=2, callbacks=(opener,)).fit(X)
    again = clone(fitted)
    assert isinstance(again.callbacks, tuple)
    assert again.callbacks[0].file is None
    assert again.callbacks[0].heard == [0, 1]
    assert not opener.file.closed
    opener.file.close()
