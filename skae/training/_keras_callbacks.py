"""Keras callbacks at epoch level, without a Keras model being trained."""

from skae.training._loop import Hooks


class CallbackModel:
    """What a Keras callback finds as ``self.model``.

    Attributes
    ----------
    stop_training : bool
        A callback sets it to stop after the epoch.
    optimizer : keras.optimizers.Optimizer
        Its learning rate may be changed between epochs.
    """

    def __init__(self, program):
        self.stop_training = False
        self.optimizer = program.optimizer
        self._program = program

    def get_weights(self):
        """The weights as a list of arrays."""
        return list(self._program.weights().values())

    def set_weights(self, weights):
        """Replace the weights by a list of arrays, in the order of ``get_weights``."""
        names = self._program.weights()
        self._program.set_weights(dict(zip(names, weights, strict=True)))


class KerasCallbackHooks(Hooks):
    """Calls ``on_train_begin/end`` and ``on_epoch_begin/end`` of a list of Keras callbacks."""

    def __init__(self, callbacks, max_iter):
        self.callbacks, self.max_iter, self.model = callbacks, max_iter, None

    def begin(self, program):
        self.model = CallbackModel(program)
        for callback in self.callbacks:
            callback.set_params({"epochs": self.max_iter, "verbose": 0, "steps": None})
            callback.set_model(self.model)
        self._call("on_train_begin")

    def epoch_begin(self, epoch):
        self._call("on_epoch_begin", epoch - 1)

    def epoch_end(self, epoch, logs, weights):
        self._call("on_epoch_end", epoch - 1, dict(logs))
        return self.model.stop_training

    def end(self):
        self._call("on_train_end")

    def release(self):
        """Let go of the program: callbacks outlive the fit."""
        for callback in self.callbacks:
            callback.set_model(None)

    def _call(self, name, *args):
        for callback in self.callbacks:
            getattr(callback, name)(*args)
