"""Callbacks that set weights, rates and counters, and passes of ``partial_fit``."""

import keras
import numpy as np
import pytest

from .shared import KerasListener, X, quick, weights_of


@pytest.mark.parametrize("early_stopping", [True, False])
def test_restored_weights_are_the_result_and_their_epoch_the_best(early_stopping):
    # The worst loss is the first one: what is restored differs from the last and from the best.
    stopper = keras.callbacks.EarlyStopping(
        "loss", mode="max", patience=3, restore_best_weights=True
    )
    settings = {"early_stopping": early_stopping, "init": "random", "learning_rate": "constant"}
    fitted = quick(callbacks=[stopper], **settings).fit(X)
    once = quick(max_iter=1, **settings)
    weights = {}

    class Reader(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            weights[epoch + 1] = self.model.get_weights()

    once.set_params(callbacks=[Reader()]).fit(X)
    for kept, of_first in zip(weights_of(fitted), weights[1], strict=True):
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
    for kept, wanted in zip(weights_of(fitted), expected, strict=True):
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
