"""Listeners to a fit: scikit-learn's callbacks, Keras callbacks, a line an epoch."""

import copy
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from skae.backend import LEFT_BY_FITS, KerasCallbackHooks, callbacks_to_call
from skae.fitting._cross_fitting import CrossFit
from skae.fitting._settings import Settings
from skae.messages import in_words
from skae.model import Model
from skae.numerics import Weights
from skae.training import Hooks, Program


@contextmanager
def fit_listeners(
    callbacks: Sequence[Any] | None,
    settings: Settings,
    verbose: int,
    sklearn_callbacks: "SklearnCallbackHooks",
) -> Iterator["JoinedHooks"]:
    """Everything that listens to one fit, for the length of a ``with`` block.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback or None
    settings : Settings
    verbose : int
    sklearn_callbacks : SklearnCallbackHooks
    """
    to_call = honoured_callbacks(callbacks, settings)
    keras_callbacks = KerasCallbackHooks(to_call, settings.max_iter)
    listeners: list[Hooks] = [sklearn_callbacks, keras_callbacks]
    if verbose:
        listeners.append(PrintHooks(settings.max_iter))
    try:
        yield JoinedHooks(listeners)
    finally:
        keras_callbacks.release()


@contextmanager
def one_pass_listeners(
    callbacks: Sequence[Any] | None, settings: Settings, verbose: int, n_past_epochs: int
) -> Iterator["JoinedHooks"]:
    """Everything that listens to one pass of ``partial_fit``, for the length of a block."""
    to_call = honoured_callbacks(callbacks, settings, is_one_pass=True)
    keras_callbacks = KerasCallbackHooks(to_call, n_past_epochs + 1, n_past_epochs)
    printed = [PrintHooks(None, n_past_epochs=n_past_epochs)] if verbose else []
    try:
        yield JoinedHooks([keras_callbacks, *printed])
    finally:
        keras_callbacks.release()


def honoured_callbacks(
    callbacks: Sequence[Any] | None, settings: Settings, *, is_one_pass: bool = False
) -> list[Any]:
    """The Keras callbacks that a fit has to call.

    Raises
    ------
    ValueError
        For one that cannot do here what it promises.
    """
    if not callbacks:
        return []
    optimizer, learning_rate = settings.optimizer, settings.given_rate
    return callbacks_to_call(callbacks, optimizer, learning_rate, is_one_pass=is_one_pass)


def portable(callbacks: Any) -> Any:
    """Callbacks without what a fit has left in them and no copy can hold, such as an open file.

    Parameters
    ----------
    callbacks : list, tuple or None

    Returns
    -------
    callbacks : list, tuple or None
        The same object where there is nothing to leave out.
    """
    if not isinstance(callbacks, list | tuple):
        return callbacks
    parts = [_portable(callback) for callback in callbacks]
    is_same = all(part is callback for part, callback in zip(parts, callbacks, strict=True))
    return callbacks if is_same else type(callbacks)(parts)


def _portable(callback: Any) -> Any:
    # A class in place of an instance is for a fit to refuse.
    held = {} if isinstance(callback, type) else getattr(callback, "__dict__", {})
    lost = [name for name in held if not _is_portable(held, name)]
    if not lost:
        return callback
    twin = copy.copy(callback)
    for name in lost:
        vars(twin)[name] = None
    return twin


def _is_portable(held: Mapping[str, Any], name: str) -> bool:
    # A user's own values, such as a lambda, may be for a pickler that can do more than pickle.
    is_left, value = name in held.get(LEFT_BY_FITS, ()), held[name]
    return _can_be_copied(copy.deepcopy, value) and (
        not is_left or _can_be_copied(pickle.dumps, value)
    )


def _can_be_copied(make_copy: Callable[[Any], object], value: Any) -> bool:
    try:
        make_copy(value)
    except Exception:
        return False
    return True


class JoinedHooks(Hooks):
    """Several listeners as one.

    Parameters
    ----------
    listeners : list of Hooks
    """

    def __init__(self, listeners: Sequence[Hooks]) -> None:
        self.listeners = listeners

    @property
    def listens(self) -> bool:
        return any(listener.listens for listener in self.listeners)

    def begin(self, program: Program) -> None:
        for listener in self.listeners:
            listener.begin(program)

    def epoch_begin(self, epoch: int) -> None:
        for listener in self.listeners:
            listener.epoch_begin(epoch)

    def epoch_end(self, epoch: int, logs: dict[str, float], weights: Callable[[], Weights]) -> bool:
        # A list, not a generator: every listener hears of every epoch.
        return any([listener.epoch_end(epoch, logs, weights) for listener in self.listeners])

    def end(self) -> int | None:
        given = [listener.end() for listener in self.listeners]
        return next((epoch for epoch in given if epoch is not None), None)


class SklearnCallbackHooks(Hooks):
    """Reports each epoch as a task of scikit-learn's callback protocol.

    Parameters
    ----------
    estimator : estimator
    context : sklearn.callback.CallbackContext
        Of the fit; every epoch is a child of it.
    about : dict
        ``X``, ``y`` and ``metadata`` of the fit.
    model : Model
        At its start; callbacks may ask for an estimator with the weights of an epoch.
    """

    def __init__(
        self, estimator: Any, context: Any, about: Mapping[str, Any], model: Model
    ) -> None:
        self.estimator, self.context, self.about = estimator, context, about
        self.model = model
        # Of scikit-learn, which ships no types: the context of an epoch.
        self.task: Any = None

    @property
    def listens(self) -> bool:
        # scikit-learn offers no other way to ask whether there are any.
        return bool(getattr(self.context, "_callbacks", True))

    def epoch_begin(self, epoch: int) -> None:
        self.task = self.context.subcontext(task_name="epoch")
        self.task.call_on_fit_task_begin(estimator=self.estimator, **self.about)

    def epoch_end(self, epoch: int, logs: dict[str, float], weights: Callable[[], Weights]) -> bool:
        asks_to_stop = self.task.call_on_fit_task_end(
            estimator=self.estimator,
            **self.about,
            reconstruction_attributes=lambda: self.model.with_weights(
                weights()
            ).fitted_attributes(),
        )
        return bool(asks_to_stop)


class PrintHooks(Hooks):
    """One line an epoch, with every number once and, from the second, the time left at most.

    Parameters
    ----------
    max_iter : int or None
        Epochs at most; None for a single one, a pass of ``partial_fit``.
    part : str
        What is trained, where it is not all.
    n_past_epochs : int
        Passes before this one.
    """

    def __init__(self, max_iter: int | None, part: str = "", n_past_epochs: int = 0) -> None:
        self.max_iter, self.part, self.n_past_epochs = max_iter, part, n_past_epochs
        self.first_ended: float | None = None

    def epoch_end(self, epoch: int, logs: dict[str, float], weights: Callable[[], Weights]) -> bool:
        numbers = (f"{name} {value:.4g}" for name, value in _each_once(logs).items())
        parts = (self._place(epoch), self.part, *numbers, self._time_left(epoch))
        # Flushed, as a file would keep it for itself until the end.
        print("  ".join(filter(None, parts)), flush=True)
        return False

    def _place(self, epoch: int) -> str:
        if self.max_iter is None:
            return f"Pass {self.n_past_epochs + epoch}"
        return f"Epoch {epoch}/{self.max_iter}"

    def _time_left(self, epoch: int) -> str:
        now = perf_counter()
        if self.first_ended is None or self.max_iter is None:
            # The first may have compiled: it says nothing about the others.
            self.first_ended = now
            return ""
        n_left = self.max_iter - epoch
        seconds = n_left * (now - self.first_ended) / (epoch - 1)
        return f"at most {in_words(seconds)} left" if n_left else ""


def _each_once(logs: Mapping[str, float]) -> dict[str, float]:
    """The numbers of an epoch without terms that are the whole loss."""
    totals = {"": logs["loss"], "val_": logs.get("val_loss")}
    return {
        name: value
        for name, value in logs.items()
        if name.endswith("loss") or value != totals["val_" * name.startswith("val_")]
    }


def tell_optimum(verbose: int) -> None:
    """Print that a fit has no epochs, and why, where ``verbose`` asks for it."""
    if verbose:
        print("No epochs: a linear network starts at its optimum, which PCA finds.", flush=True)


def tell_cross_fit(crossed: CrossFit, verbose: int) -> None:
    """Print how many epochs the folds ask for, where ``verbose`` asks for it."""
    if verbose and not crossed.interrupted:
        tried = ", ".join(f"{n} epochs {loss:.4g}" for n, loss in crossed.losses.items())
        answer = f"Training takes {crossed.n_epochs} epochs of all rows."
        if crossed.n_epochs == 0:
            answer = (
                "The start will be kept, as none is better by more than chance; the epochs that "
                "follow are its history."
            )
        print(f"Loss of rows held out, mean over folds: {tried}. {answer}", flush=True)
