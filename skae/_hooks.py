"""What listens to a fit: scikit-learn's callbacks, Keras callbacks, a line an epoch."""

from contextlib import contextmanager
from time import perf_counter

from skae._time_left import in_words
from skae.training import Hooks, KerasCallbackHooks


@contextmanager
def fit_hooks(estimator, context, about, model):
    """Everything that listens to one fit, for the length of a ``with`` block.

    Parameters
    ----------
    estimator : BaseAutoencoder
    context, about, model
        See ``SklearnCallbackHooks``.
    """
    keras_callbacks = KerasCallbackHooks(estimator.callbacks or (), estimator.max_iter)
    sklearn_callbacks = SklearnCallbackHooks(estimator, context, about, model)
    listeners = [sklearn_callbacks, keras_callbacks]
    if estimator.verbose:
        listeners.append(PrintHooks(estimator.max_iter))
    try:
        yield JoinedHooks(listeners)
    finally:
        keras_callbacks.release()


class JoinedHooks(Hooks):
    """Several listeners as one.

    Parameters
    ----------
    listeners : list of Hooks
    """

    def __init__(self, listeners):
        self.listeners = listeners

    def begin(self, program):
        for listener in self.listeners:
            listener.begin(program)

    def epoch_begin(self, epoch):
        for listener in self.listeners:
            listener.epoch_begin(epoch)

    def epoch_end(self, epoch, logs, weights):
        # A list, not a generator: every listener hears of every epoch.
        return any([listener.epoch_end(epoch, logs, weights) for listener in self.listeners])

    def end(self):
        for listener in self.listeners:
            listener.end()


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

    def __init__(self, estimator, context, about, model):
        self.estimator, self.context, self.about = estimator, context, about
        self.model, self.task = model, None

    def epoch_begin(self, epoch):
        self.task = self.context.subcontext(task_name="epoch")
        self.task.call_on_fit_task_begin(estimator=self.estimator, **self.about)

    def epoch_end(self, epoch, logs, weights):
        return self.task.call_on_fit_task_end(
            estimator=self.estimator,
            **self.about,
            reconstruction_attributes=lambda: self.model.with_weights(
                weights()
            ).fitted_attributes(),
        )


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

    def __init__(self, max_iter, part="", n_past_epochs=0):
        self.max_iter, self.part, self.n_past_epochs = max_iter, part, n_past_epochs
        self.first_ended = None

    def epoch_end(self, epoch, logs, weights):
        numbers = (f"{name} {value:.4g}" for name, value in _each_once(logs).items())
        parts = (self._place(epoch), self.part, *numbers, self._time_left(epoch))
        # Flushed, as a file would keep it for itself until the end.
        print("  ".join(filter(None, parts)), flush=True)
        return False

    def _place(self, epoch):
        if self.max_iter is None:
            return f"Pass {self.n_past_epochs + epoch}"
        return f"Epoch {epoch}/{self.max_iter}"

    def _time_left(self, epoch):
        now = perf_counter()
        if self.first_ended is None:
            # The first may have compiled: it says nothing about the others.
            self.first_ended = now
            return ""
        n_left = self.max_iter - epoch
        seconds = n_left * (now - self.first_ended) / (epoch - 1)
        return f"at most {in_words(seconds)} left" if n_left else ""


def _each_once(logs):
    """The numbers of an epoch without terms that are the whole loss."""
    totals = {"": logs["loss"], "val_": logs.get("val_loss")}
    return {
        name: value
        for name, value in logs.items()
        if name.endswith("loss") or value != totals["val_" * name.startswith("val_")]
    }


def tell_optimum(estimator):
    """What ``verbose`` says of a fit without epochs."""
    if estimator.verbose:
        print("No epochs: a linear network starts at its optimum, which PCA finds.", flush=True)
