"""Rules for Keras callbacks: which of them a fit honours, and what replaces the others.

Loaded on first use only: it imports Keras. docs/keras_options.rst has the same as a table.
"""

from collections.abc import Sequence
from typing import Any

import keras

_BETWEEN_BATCHES = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_begin",
    "on_predict_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)
_SNAPSHOT = (
    "A callback of scikit-learn's protocol, set by set_callbacks, gets a fitted estimator after "
    "every epoch, which can be pickled; early_stopping=True keeps the best weights anyway"
)
# Class -> why it is refused, and the way out.
_REFUSED = {
    "ModelCheckpoint": f"it saves a Keras model, and none is trained. {_SNAPSHOT}",
    "OrbaxCheckpoint": f"it saves a Keras model, and none is trained. {_SNAPSHOT}",
    "BackupAndRestore": "it saves a Keras model, and none is trained. fit(X, checkpoint=path) goes "
    "on after its process was killed",
    "ProgbarLogger": "it shows batches, and whole epochs run in one call. Set verbose=1, or "
    "set_callbacks(sklearn.callback.ProgressBar())",
    "CallbackList": "it is a list of callbacks and no callback. Give those that are in it",
}
# Class -> what it does between batches, that a fit does by itself: it stops where a loss is not
# finite, and judges the averages of the weights. A subclass that changes this is refused.
_DONE_ANYWAY = ("TerminateOnNaN", "SwapEMAWeights")
# These compare epochs, and partial_fit has but one.
_NEEDS_EPOCHS = ("EarlyStopping", "ReduceLROnPlateau")
# Options of TensorBoard -> the value with which it only writes the numbers of each epoch.
_TENSORBOARD = {
    "write_graph": False,
    "write_images": False,
    "histogram_freq": 0,
    "update_freq": "epoch",
    "embeddings_freq": 0,
    "_should_trace": False,
}


def callbacks_to_call(
    callbacks: Sequence[Any], averages: bool, *, is_one_pass: bool = False
) -> list[keras.callbacks.Callback]:
    """The callbacks that a fit has to call.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
    averages : bool
        Whether the optimizer keeps moving averages of the weights.
    is_one_pass : bool
        Whether it is ``partial_fit`` that calls them.

    Raises
    ------
    ValueError
        For a callback that cannot do here what it promises.
    """
    for i, callback in enumerate(callbacks):
        _check(f"callbacks[{i}]={type(callback).__name__}", callback, averages, is_one_pass)
    return [c for c in callbacks if not _is("SwapEMAWeights", c)]


def _check(shown: str, callback: Any, averages: bool, is_one_pass: bool) -> None:
    if isinstance(callback, type) and issubclass(callback, keras.callbacks.Callback):
        raise ValueError(f"{shown} is the class {callback.__name__}; pass an instance.")
    if not isinstance(callback, keras.callbacks.Callback):
        raise ValueError(
            f"{shown} is not a keras.callbacks.Callback. scikit-learn's callbacks are set with "
            "set_callbacks."
        )
    for name, why in _REFUSED.items():
        if _is(name, callback):
            raise ValueError(f"{shown} cannot be used: {why}.")
    if _is("SwapEMAWeights", callback):
        _check_swap(shown, callback, averages)
    if is_one_pass and any(_is(name, callback) for name in _NEEDS_EPOCHS):
        raise ValueError(
            f"{shown} compares epochs, and partial_fit runs one. Call fit, or set callbacks=None "
            "before partial_fit."
        )
    if _is("TensorBoard", callback):
        _check_tensorboard(shown, callback)
    unheard = [name for name in _BETWEEN_BATCHES if not _is_known(callback, name)]
    if unheard:
        raise ValueError(
            f"{shown} has {', '.join(unheard)}, which would never be called: whole epochs run in "
            "one compiled call. Use on_epoch_begin, on_epoch_end, on_train_begin or on_train_end."
        )


def _check_swap(shown: str, callback: keras.callbacks.Callback, averages: bool) -> None:
    if not averages:
        raise ValueError(
            f"{shown} needs an optimizer that averages the weights, such as "
            "optimizer=keras.optimizers.Adam(use_ema=True)."
        )
    if type(callback) is not keras.callbacks.SwapEMAWeights:
        raise ValueError(
            f"{shown} changes how weights are swapped for their averages, which a fit does by "
            "itself. Use keras.callbacks.SwapEMAWeights as it is."
        )


def _check_tensorboard(shown: str, callback: keras.callbacks.Callback) -> None:
    for option, value in _TENSORBOARD.items():
        if getattr(callback, option, value) != value:
            name = "profile_batch" if option == "_should_trace" else option
            usual = 0 if option == "_should_trace" else value
            raise ValueError(
                f"{shown} would write more than the numbers of each epoch, which needs a Keras "
                f"model that is trained in batches. Set {name}={usual!r}."
            )


def _is(name: str, callback: Any) -> bool:
    cls = getattr(keras.callbacks, name, None)
    return cls is not None and isinstance(callback, cls)


def _is_known(callback: keras.callbacks.Callback, name: str) -> bool:
    """Whether a method is Keras' own of a class that may have one."""
    method = getattr(callback, name)
    function = getattr(method, "__func__", method)
    owners = ["Callback", *(n for n in (*_DONE_ANYWAY, "TensorBoard") if _is(n, callback))]
    return any(function is getattr(getattr(keras.callbacks, n), name) for n in owners)
