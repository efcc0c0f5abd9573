"""Who may listen to a fit, and stop it."""

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
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder

X = load_iris().data


def quick(**parameters):
    # A start at random: every fit improves on it, and none warns that it did not.
    settings = {"hidden_layer_sizes": (16,), "max_iter": 10, "init": "random", "random_state": 0}
    return Autoencoder(2, **(settings | parameters))


class Listener:
    """A callback of scikit-learn's protocol that writes down what it hears."""

    def __init__(self, stop_after=None):
        self.heard, self.stop_after, self.codes = [], stop_after, []

    def setup(self, estimator, context):
        self.heard.append("setup")

    def teardown(self, estimator, context):
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self.heard.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None, X=None):
        self.heard.append(f"end {context.task_name}")
        self.codes.append(fitted_estimator.transform(X))
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_after


def test_a_scikit_learn_callback_hears_every_epoch():
    listener = Listener()
    quick(max_iter=2).set_callbacks(listener).fit(X)
    assert listener.heard == [
        "setup",
        "begin fit",
        "begin epoch",
        "end epoch",
        "begin epoch",
        "end epoch",
        "end fit",
        "teardown",
    ]


def test_a_scikit_learn_callback_gets_an_estimator_of_that_epoch():
    listener = Listener()
    fitted = quick(max_iter=2, early_stopping=False).set_callbacks(listener).fit(X)
    first, second, final = listener.codes
    assert not np.allclose(first, second)
    np.testing.assert_array_equal(final, fitted.transform(X))


def test_a_scikit_learn_callback_can_stop():
    assert quick().set_callbacks(Listener(stop_after=3)).fit(X).n_iter_ == 3


def test_a_scikit_learn_callback_is_torn_down_after_an_error():
    listener = Listener()
    estimator = quick().set_callbacks(listener)
    with pytest.raises(ValueError, match="NaN"):
        estimator.fit(np.full((5, 2), np.nan))
    assert listener.heard[-1] == "teardown"
    assert not hasattr(estimator, "_callback_fit_ctx")


def test_a_progress_bar_shows_epochs(capsys):
    quick(max_iter=4).set_callbacks(ProgressBar()).fit(X)
    shown = capsys.readouterr().out
    assert "Autoencoder" in shown
    assert "100%" in shown


def test_a_progress_bar_on_a_search_shows_the_epochs_of_each_fit(capsys):
    search = GridSearchCV(quick(max_iter=4), {"learning_rate": [1e-4, 1e-3]}, cv=2)
    search.set_callbacks(ProgressBar()).fit(X)
    shown = capsys.readouterr().out
    assert shown.count("Autoencoder - fit") == 5  # four folds and the refit


def test_a_deep_progress_bar_reaches_into_a_pipeline(capsys):
    pipeline = make_pipeline(StandardScaler(), quick(max_iter=4))
    pipeline.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X)
    assert "Autoencoder - fit" in capsys.readouterr().out


class KerasListener(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.heard = []

    def on_train_begin(self, logs=None):
        self.heard.append("train begin")

    def on_train_end(self, logs=None):
        self.heard.append("train end")

    def on_epoch_begin(self, epoch, logs=None):
        self.heard.append(f"begin {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.heard.append(f"end {epoch} {sorted(logs)}")


def test_a_keras_callback_hears_every_epoch():
    listener = KerasListener()
    quick(max_iter=2, callbacks=[listener]).fit(X)
    columns = ["loss", "reconstruction", "val_loss", "val_reconstruction"]
    assert listener.heard == [
        "train begin",
        "begin 0",
        f"end 0 {columns}",
        "begin 1",
        f"end 1 {columns}",
        "train end",
    ]
    assert listener.model is None


def test_keras_early_stopping_stops():
    stopper = keras.callbacks.EarlyStopping("loss", min_delta=10.0, patience=2)
    assert quick(callbacks=[stopper]).fit(X).n_iter_ == 3


def test_a_keras_callback_can_change_the_learning_rate():
    frozen = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-30)
    fitted = quick(callbacks=[frozen], early_stopping=False).fit(X)
    start = quick(learning_rate=1e-30, early_stopping=False).fit(X)
    np.testing.assert_allclose(fitted.transform(X), start.transform(X), atol=1e-6)


def test_a_keras_callback_can_restore_weights():
    stopper = keras.callbacks.EarlyStopping(
        "loss", mode="max", patience=2, restore_best_weights=True
    )
    fitted = quick(callbacks=[stopper], early_stopping=False).fit(X)
    once = quick(max_iter=1, early_stopping=False).fit(X)
    np.testing.assert_allclose(fitted.transform(X), once.transform(X), atol=1e-6)


def test_an_estimator_with_callbacks_clones_and_fits_again():
    estimator = quick(max_iter=2, callbacks=[KerasListener()])
    estimator.fit(X)
    clone(estimator).fit(X)


class Interrupt(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 4:
            raise KeyboardInterrupt


@pytest.mark.parametrize("early_stopping", [True, False])
def test_an_interruption_keeps_the_best_so_far(early_stopping):
    with pytest.warns(UserWarning, match="interrupted: the best weights so far are kept"):
        fitted = quick(callbacks=[Interrupt()], early_stopping=early_stopping).fit(X)
    assert fitted.n_iter_ == 5
    whole = quick(max_iter=5, early_stopping=early_stopping).fit(X)
    np.testing.assert_array_equal(fitted.transform(X), whole.transform(X))


@pytest.mark.parametrize(("method", "n_epochs"), [("on_train_begin", 0), ("on_train_end", 3)])
def test_an_interruption_before_or_after_all_epochs_keeps_the_fit(method, n_epochs):
    def interrupt(logs=None):
        raise KeyboardInterrupt

    callback = keras.callbacks.LambdaCallback(**{method: interrupt})
    with pytest.warns(UserWarning, match="interrupted: the best weights so far are kept"):
        fitted = quick(callbacks=[callback], max_iter=3).fit(X)
    assert fitted.n_iter_ == n_epochs
    if n_epochs:
        whole = quick(max_iter=n_epochs).fit(X)
        np.testing.assert_array_equal(fitted.transform(X), whole.transform(X))


def test_a_callback_that_raises_loses_nothing():
    class Broken(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("broken")

    fitted = quick().fit(X)
    before = fitted.transform(X)
    with pytest.raises(RuntimeError, match="broken"):
        fitted.set_params(callbacks=[Broken()]).fit(X)
    np.testing.assert_array_equal(fitted.transform(X), before)


# Every callback of Keras does what it promises, or is refused.

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
    "BackupAndRestore": (lambda: keras.callbacks.BackupAndRestore("b"), "warm_start=True"),
    "ProgbarLogger": (keras.callbacks.ProgbarLogger, "Set verbose=1"),
    "CallbackList": (lambda: keras.callbacks.CallbackList([]), "Give those that are in it"),
}


def halved(epoch, rate):
    return rate / 2


def said_of_callbacks():
    page = Path(__file__).parents[1] / "docs" / "keras_options.rst"
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
    for heard_last, kept in zip(heard[-1], fitted._model.weights.values(), strict=True):
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


# Restored weights are the result.


@pytest.mark.parametrize("early_stopping", [True, False])
def test_restored_weights_are_the_result_and_their_epoch_the_best(early_stopping):
    # The worst loss is the first one: what is restored differs from the last and from the best.
    stopper = keras.callbacks.EarlyStopping(
        "loss", mode="max", patience=3, restore_best_weights=True
    )
    settings = {"early_stopping": early_stopping, "init": "random"}
    fitted = quick(callbacks=[stopper], **settings).fit(X)
    once = quick(max_iter=1, **settings)
    weights = {}

    class Reader(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            weights[epoch + 1] = self.model.get_weights()

    once.set_params(callbacks=[Reader()]).fit(X)
    for kept, of_first in zip(fitted._model.weights.values(), weights[1], strict=True):
        np.testing.assert_allclose(kept, of_first, atol=1e-6)
    assert fitted.best_epoch_ == 1
    assert fitted.n_iter_ == 4
    if early_stopping:
        assert fitted.best_loss_ == pytest.approx(fitted.history_["val_loss"][-4])


def test_weights_of_no_epoch_are_kept_and_judged():
    class Mean(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seen = []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(self.model.get_weights())

        def on_train_end(self, logs=None):
            self.model.set_weights([np.mean(each, axis=0) for each in zip(*self.seen, strict=True)])

    mean = Mean()
    fitted = quick(max_iter=4, callbacks=[mean]).fit(X)
    expected = [np.mean(each, axis=0) for each in zip(*mean.seen, strict=True)]
    for kept, wanted in zip(fitted._model.weights.values(), expected, strict=True):
        np.testing.assert_array_equal(kept, wanted)
    assert fitted.best_epoch_ == 4
    assert np.isfinite(fitted.best_loss_)


def test_weights_set_between_epochs_are_trained_further():
    class Reset(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.first = self.model.get_weights()

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                self.model.set_weights(self.first)

    settings = {"early_stopping": False, "optimizer": "sgd", "learning_rate": 0.01}
    reset = quick(max_iter=2, batch_size=150, callbacks=[Reset()], **settings).fit(X)
    once = quick(max_iter=1, batch_size=150, **settings).fit(X)
    assert reset.best_epoch_ == 2
    np.testing.assert_allclose(reset.transform(X), once.transform(X), atol=1e-5)


# Rates.


def test_a_plateau_lowers_the_rate_as_in_keras():
    rates = []

    class Reader(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rates.append(logs["learning_rate"])

    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2, min_delta=10.0)
    quick(max_iter=6, callbacks=[plateau, Reader()]).fit(X)
    # The first epoch is the best; two later ones without a gain of ten halve the rate, and so on.
    np.testing.assert_allclose(rates, [0.002, 0.002, 0.002, 0.001, 0.001, 0.0005], rtol=1e-6)


def test_a_compiled_option_cannot_be_changed_by_a_callback():
    class Meddler(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.beta_1 = 0.1

    with pytest.raises(ValueError, match=r"A callback set optimizer.beta_1, which is compiled"):
        quick(callbacks=[Meddler()]).fit(X)


class Acting(keras.callbacks.Callback):
    """Does something to its model after each epoch."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def on_epoch_end(self, epoch, logs=None):
        self.act(self.model)


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda model: setattr(model, "trainable", False), "set self.model.trainable, but"),
        (lambda model: setattr(model, "optimizer", None), "set self.model.optimizer, but"),
        (
            lambda model: model.set_weights([w[:1] for w in model.get_weights()]),
            r"weights of shapes \(1, .*, but \(4, 16\), .* were expected",
        ),
        (lambda model: model.set_weights([]), "weights of shapes none, but"),
        (
            lambda model: model.set_weights([np.nan * w for w in model.get_weights()]),
            "weights that hold NaN",
        ),
        (lambda model: setattr(model.optimizer, "learning_rate", -0.1), "rate to -0.1, but"),
        (lambda model: model.optimizer.learning_rate.assign(-0.1), "rate to -0.1, but"),
        (lambda model: setattr(model.optimizer, "learning_rate", np.inf), "rate to inf, but"),
    ],
)
def test_what_a_program_cannot_do_is_refused(act, match):
    with pytest.raises(ValueError, match=match):
        quick(callbacks=[Acting(act)], max_iter=2).fit(X)


def test_a_counter_of_steps_that_a_callback_sets_is_counted_from():
    # The rate falls to nothing after the first epoch, unless its step comes again.
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([4], [0.01, 0.0])
    settings = {"max_iter": 2, "learning_rate": schedule, "early_stopping": False}
    again = Acting(lambda model: model.optimizer.iterations.assign(0))
    plain, reset = quick(**settings).fit(X), quick(callbacks=[again], **settings).fit(X)
    assert not np.allclose(plain.transform(X), reset.transform(X))


@pytest.mark.filterwarnings("error")
def test_a_rate_is_read_without_a_warning():
    rates = []

    def read(model):
        rate = model.optimizer.learning_rate
        rates.append([float(rate), np.array(rate).item(), (2 * rate).item() / 2, rate.numpy()])

    quick(callbacks=[Acting(read), keras.callbacks.ReduceLROnPlateau("loss")], max_iter=1).fit(X)
    np.testing.assert_allclose(rates, 0.002, rtol=1e-6)


def test_a_callback_that_asks_for_a_keras_model_is_told_what_there_is():
    class Asker(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.predict(X)

    with pytest.raises(AttributeError, match=r"asked for self.model.predict.*set_callbacks"):
        quick(callbacks=[Asker()]).fit(X)


# Passes of partial_fit.


def test_partial_fit_calls_callbacks_as_one_epoch():
    listener = KerasListener()
    estimator = quick(callbacks=[listener]).partial_fit(X)
    n_before = estimator.n_iter_
    estimator.partial_fit(X)
    columns = ["loss", "reconstruction"]
    assert listener.heard[:4] == ["train begin", "begin 0", f"end 0 {columns}", "train end"]
    assert listener.heard[5:7] == [f"begin {n_before}", f"end {n_before} {columns}"]
    assert listener.model is None


def test_a_scheduler_sets_the_rate_of_a_pass():
    frozen = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 1e-30)
    fitted = quick(callbacks=[frozen]).partial_fit(X)
    start = quick(learning_rate=1e-30).partial_fit(X)
    np.testing.assert_allclose(fitted.transform(X), start.transform(X), atol=1e-6)


@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau"])
def test_partial_fit_refuses_what_compares_epochs(name):
    estimator = quick(callbacks=[getattr(keras.callbacks, name)()])
    with pytest.raises(ValueError, match=f"{name} compares epochs, and partial_fit runs one"):
        estimator.partial_fit(X)
    assert not hasattr(estimator, "n_iter_")


def test_a_loss_that_is_not_finite_ends_every_fit():
    for callbacks in (None, [keras.callbacks.TerminateOnNaN()]):
        estimator = quick(optimizer="sgd", learning_rate=1e6, callbacks=callbacks)
        with pytest.raises(ValueError, match="Training diverged in epoch 1"):
            estimator.fit(X)
