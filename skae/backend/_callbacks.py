"""Keras callbacks at epoch level, without a Keras model being trained."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from skae.numerics import Array, Weights
from skae.training import Hooks, Program

# A callback keeps under this name the names of what fits have left in it; weak dictionaries ask
# for a hash, which a dataclass does not have.
LEFT_BY_FITS = "_left_by_fits_of_skae"
# Attributes that can be set in a Keras model, but not in a compiled program.
_COMPILED = (
    "trainable",
    "optimizer",
    "loss",
    "loss_weights",
    "metrics",
    "jit_compile",
    "run_eagerly",
    "steps_per_execution",
    "auto_scale_loss",
    "dtype_policy",
    "train_function",
    "weights",
)


# Classes of Keras by what they do; a subclass does it too.
_STEERING = {"EarlyStopping", "ReduceLROnPlateau", "LearningRateScheduler"}
_RECORDING = {
    "CSVLogger",
    "History",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
}


def steer_the_rate(callbacks: Sequence[Any] | None) -> bool:
    """Whether callbacks set the learning rate, or end training, by what they see of epochs."""
    return any(_classes_of(callback) & _STEERING for callback in callbacks or ())


def may_read_rows_held_out(callbacks: Sequence[Any] | None) -> bool:
    """Whether callbacks do more than to record what there is."""
    return any(not _classes_of(callback) & _RECORDING for callback in callbacks or ())


def _classes_of(callback: Any) -> set[str]:
    return {cls.__name__ for cls in type(callback).__mro__}


class CallbackModel:
    """Stand-in for a Keras model, which callbacks find as ``self.model``.

    Attributes
    ----------
    stop_training : bool
        A callback sets it to stop after the epoch.
    optimizer : OptimizerView
        Its learning rate may be changed between epochs.
    """

    optimizer: "OptimizerView"

    def __init__(self, program: Program) -> None:
        self.stop_training = False
        vars(self)["optimizer"] = OptimizerView(program.optimizer)
        self._program, self._epoch = program, 0
        self._seen: dict[bytes, int] = {}
        self._replaced: int | None = None

    def get_weights(self) -> list[Array]:
        """The weights as a list of arrays."""
        arrays = list(self._program.weights().values())
        self._seen[_digest(arrays)] = self._epoch
        return arrays

    def set_weights(self, weights: Sequence[npt.ArrayLike]) -> None:
        """Replace the weights by a list of arrays, in the order of ``get_weights``."""
        before = self._program.weights()
        found = [np.asarray(weight) for weight in weights]
        shapes = [weight.shape for weight in found]
        expected = [weight.shape for weight in before.values()]
        if shapes != expected:
            raise ValueError(
                f"A callback set weights of shapes {_listed(shapes)}, but {_listed(expected)} were "
                "expected. Pass arrays in the order of get_weights."
            )
        pairs = zip(found, before.values(), strict=True)
        found = [weight.astype(old.dtype) for weight, old in pairs]
        if not all(np.isfinite(weight).all() for weight in found):
            raise ValueError(
                "A callback set weights that hold NaN or infinity, but finite numbers were "
                "expected."
            )
        self._program.set_weights(dict(zip(before, found, strict=True)))
        self._replaced = self._seen.get(_digest(found), self._epoch)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _COMPILED:
            raise ValueError(
                f"A callback set self.model.{name}, but skae trains without a Keras model, and "
                "what it compiled cannot change in a fit. Give it to the estimator, or set "
                "weights, stop_training or optimizer.learning_rate."
            )
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> NoReturn:
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

    def __init__(self, optimizer: Any) -> None:
        vars(self)["_optimizer"] = optimizer

    @property  # type: ignore[misc]  # of an object it can be set, here it only says what lies behind
    def __class__(self) -> type[Any]:
        return type(self._optimizer)

    @property
    def learning_rate(self) -> Any:
        """Learning rate as Keras gives it; a view of it where it is a variable."""
        return self._optimizer.learning_rate if self._rate is None else RateView(self._rate)

    @property
    def _rate(self) -> Any:
        """The variable that holds the learning rate; None for a schedule."""
        rate = getattr(self._optimizer, "inner_optimizer", self._optimizer)._learning_rate
        return rate if hasattr(rate, "assign") else None

    def check_rate(self) -> None:
        """Refuse a rate that nothing can be trained with, however it was set.

        Raises
        ------
        ValueError
            If it is negative or not finite.
        """
        rate = 0.0 if self._rate is None else float(self._rate.numpy())
        if not 0 <= rate < np.inf:
            raise ValueError(
                f"A callback set the learning rate to {rate:g}, but a finite number that is not "
                "negative was expected."
            )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._optimizer, name)

    def __setattr__(self, name: str, value: Any) -> None:
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


class RateView(np.lib.mixins.NDArrayOperatorsMixin):
    """The variable of a learning rate, of which numpy makes an array without a warning.

    Keras reads the rate by ``np.array``, and numpy warns of each object that cannot be told
    whether to copy.

    Parameters
    ----------
    variable : keras.Variable
    """

    def __init__(self, variable: Any) -> None:
        self._variable = variable

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self._variable.numpy(), dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = [np.asarray(x) if isinstance(x, RateView) else x for x in inputs]
        return getattr(ufunc, method)(*arrays, **options)

    def __float__(self) -> float:
        return float(self._variable.numpy())

    def __repr__(self) -> str:
        return repr(self._variable)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._variable, name)


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

    def __init__(self, callbacks: Sequence[Any], max_iter: int, n_past_epochs: int = 0) -> None:
        self.callbacks, self.max_iter, self.n_past_epochs = callbacks, max_iter, n_past_epochs
        self.model: CallbackModel | None = None
        self.logs: dict[str, float] | None = None
        self._before = [dict(vars(callback)) for callback in callbacks]

    @property
    def listens(self) -> bool:
        return bool(self.callbacks)

    def begin(self, program: Program) -> None:
        self.model = CallbackModel(program)
        for callback in self.callbacks:
            callback.set_params({"epochs": self.max_iter, "verbose": 0, "steps": None})
            callback.set_model(self.model)
        self._call("on_train_begin")

    def epoch_begin(self, epoch: int) -> None:
        self._call("on_epoch_begin", self.n_past_epochs + epoch - 1)

    def epoch_end(self, epoch: int, logs: dict[str, float], weights: Callable[[], Weights]) -> bool:
        assert self.model is not None
        # Weights that were set before the epoch have been trained since.
        self.model._epoch, self.model._replaced = epoch, None
        self.logs = dict(logs)
        self._call("on_epoch_end", self.n_past_epochs + epoch - 1, self.logs)
        return self.model.stop_training

    def end(self) -> int | None:
        if self.model is None:  # interrupted before it began
            return None
        self._call("on_train_end", self.logs)
        return self.model._replaced

    def release(self) -> None:
        """Let go of the program: callbacks outlive the fit."""
        for callback, before in zip(self.callbacks, self._before, strict=True):
            callback.set_model(None)
            changed = {name for name, v in vars(callback).items() if before.get(name) is not v}
            vars(callback)[LEFT_BY_FITS] = changed | before.get(LEFT_BY_FITS, set())

    def _call(self, name: str, *args: Any) -> None:
        assert self.model is not None
        for i, callback in enumerate(self.callbacks):
            with _named(f"callbacks[{i}]={type(callback).__name__}", callback, name):
                getattr(callback, name)(*args)
                self.model.optimizer.check_rate()


@contextmanager
def _named(shown: str, callback: Any, method: str) -> Iterator[None]:
    """Say in an error which callback it comes from; what a user's code raises keeps its class."""
    try:
        yield
    except Exception as error:
        where = f"{shown} raised this in {method}"
        is_ours = type(callback).__module__.startswith("keras.") and type(error) is ValueError
        if not is_ours:
            error.add_note(f"{where}.")
            raise
        raise ValueError(f"{where}: {error}") from error


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes)) or "none"


def _digest(arrays: Sequence[Array]) -> bytes:
    """Hash that tells the weights of one epoch from those of another."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).digest()
