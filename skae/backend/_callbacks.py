"""Keras callbacks at epoch level, without a Keras model being trained."""

import hashlib

from skae.training import Hooks

# Where a callback keeps the names of what fits have left in it; weak dictionaries ask for a hash,
# which a dataclass does not have.
LEFT_BY_FITS = "_left_by_fits_of_skae"


class CallbackModel:
    """What a Keras callback finds as ``self.model``.

    Attributes
    ----------
    stop_training : bool
        A callback sets it to stop after the epoch.
    optimizer : OptimizerView
        Its learning rate may be changed between epochs.
    """

    def __init__(self, program):
        self.stop_training = False
        self.optimizer = OptimizerView(program.optimizer)
        self._program, self._epoch, self._seen, self._replaced = program, 0, {}, None

    def get_weights(self):
        """The weights as a list of arrays."""
        arrays = list(self._program.weights().values())
        self._seen[_digest(arrays)] = self._epoch
        return arrays

    def set_weights(self, weights):
        """Replace the weights by a list of arrays, in the order of ``get_weights``."""
        names = self._program.weights()
        self._program.set_weights(dict(zip(names, weights, strict=True)))
        self._replaced = self._seen.get(_digest(weights), self._epoch)

    def __getattr__(self, name):
        # Only for what is not there, such as `save`, `layers` or `predict`.
        raise AttributeError(
            f"A callback asked for self.model.{name}, but skae trains without a Keras model: "
            "there are get_weights, set_weights, stop_training and optimizer. A callback that is "
            "set by set_callbacks gets a fitted estimator after every epoch, with encoder_ and "
            "decoder_."
        )


class OptimizerView:
    """A program's optimizer as callbacks see it: they may read it all, and set its learning rate.

    Anything else is compiled into a program that other fits use too.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
    """

    def __init__(self, optimizer):
        vars(self)["_optimizer"] = optimizer

    @property  # type: ignore[misc]  # of an object it can be set, here it only says what lies behind
    def __class__(self):
        return type(self._optimizer)

    def __getattr__(self, name):
        return getattr(self._optimizer, name)

    def __setattr__(self, name, value):
        if name != "learning_rate":
            raise ValueError(
                f"A callback set optimizer.{name}, which is compiled and cannot change in a fit: "
                "only optimizer.learning_rate can. Set it in the optimizer that the estimator gets."
            )
        if callable(value):
            raise ValueError(
                f"A callback set optimizer.learning_rate to {value!r}, but it should be a number. "
                "Give a schedule to the estimator, learning_rate=..."
            )
        self._optimizer.learning_rate = value


class KerasCallbackHooks(Hooks):
    """Calls ``on_train_begin/end`` and ``on_epoch_begin/end`` of a list of Keras callbacks.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
    max_iter : int
        Epochs at most, those before this run included.
    n_past_epochs : int
        Epochs before this run.
    """

    def __init__(self, callbacks, max_iter, n_past_epochs=0):
        self.callbacks, self.max_iter, self.model = callbacks, max_iter, None
        self.n_past_epochs, self.logs = n_past_epochs, None
        self._before = [dict(vars(callback)) for callback in callbacks]

    def begin(self, program):
        self.model = CallbackModel(program)
        for callback in self.callbacks:
            callback.set_params({"epochs": self.max_iter, "verbose": 0, "steps": None})
            callback.set_model(self.model)
        self._call("on_train_begin")

    def epoch_begin(self, epoch):
        self._call("on_epoch_begin", self.n_past_epochs + epoch - 1)

    def epoch_end(self, epoch, logs, weights):
        # What was set before the epoch has been trained since.
        self.model._epoch, self.model._replaced = epoch, None
        self.logs = dict(logs)
        self._call("on_epoch_end", self.n_past_epochs + epoch - 1, self.logs)
        return self.model.stop_training

    def end(self):
        self._call("on_train_end", self.logs)
        return self.model._replaced

    def release(self):
        """Let go of the program: callbacks outlive the fit."""
        for callback, before in zip(self.callbacks, self._before, strict=True):
            callback.set_model(None)
            changed = {name for name, v in vars(callback).items() if before.get(name) is not v}
            vars(callback)[LEFT_BY_FITS] = changed | before.get(LEFT_BY_FITS, set())

    def _call(self, name, *args):
        for callback in self.callbacks:
            getattr(callback, name)(*args)


def _digest(arrays):
    """What tells the weights of one epoch from those of another."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).digest()
