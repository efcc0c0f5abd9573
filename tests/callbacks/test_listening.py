"""Callbacks of scikit-learn and Keras hear every epoch, and may end a fit."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .shared import KerasListener, X, quick


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
    once = quick(max_iter=1, early_stopping=False, learning_rate="constant").fit(X)
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
    # A rate that is annealed depends on how many epochs are to come.
    constant = {"learning_rate": "constant", "early_stopping": early_stopping}
    with pytest.warns(UserWarning, match="interrupted: the best weights so far are kept"):
        fitted = quick(callbacks=[Interrupt()], **constant).fit(X)
    assert fitted.n_iter_ == 5
    whole = quick(max_iter=5, **constant).fit(X)
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
