"""Devices of TensorFlow, which every thread chooses for itself."""

import functools
from collections.abc import Callable
from contextlib import nullcontext
from typing import ParamSpec, TypeVar

import tensorflow as tf

P = ParamSpec("P")
Result = TypeVar("Result")


def on_this_device(function: Callable[P, Result]) -> Callable[P, Result]:
    """A function that runs on the device of this thread, in whatever thread it is called."""
    device = this_device()

    @functools.wraps(function)
    def placed(*args: P.args, **kwargs: P.kwargs) -> Result:
        with nullcontext() if this_device() == device else tf.device(device):
            return function(*args, **kwargs)

    return placed


def this_device() -> str:
    """The device on which operations of this thread run: the one of its ``tf.device`` block."""
    # An integer would be on the host whatever was chosen.
    device: str = tf.constant(0.0).device
    return device


def is_gpu(device: str) -> bool:
    """Whether the name of a device is that of a GPU."""
    return ":GPU:" in device
