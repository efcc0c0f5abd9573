"""What listens to a fit: scikit-learn's callbacks, Keras callbacks, a line an epoch."""

from contextlib import contextmanager

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
    """One line an epoch.

    Parameters
    ----------
    max_iter : int
    """

    def __init__(self, max_iter):
        self.max_iter = max_iter

    def epoch_end(self, epoch, logs, weights):
        columns = "  ".join(f"{name} {value:.6f}" for name, value in logs.items())
        print(f"Epoch {epoch}/{self.max_iter}  {columns}")
        return False
