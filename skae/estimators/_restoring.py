"""Images of any size, for estimators whose network has no code."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skae.fitting import Architecture, check_float32_range
from skae.model import Model, restored
from skae.numerics import Array
from skae.tables import refuse_mask

Join = Callable[[list[Array]], Array | list[Array]]

_FILLED = "Pass {name}.astype(float).filled(np.nan) to have such values restored from the others."


def restores(estimator: Any, *, quietly: bool = False) -> bool:
    """Whether the network of an estimator, fitted or not, has no code.

    Raises
    ------
    AttributeError
        If it has one, unless asked quietly.
    """
    model = getattr(estimator, "_model", None)
    if model is not None:
        found = bool(model.network.restores)
    else:
        try:
            found = Architecture.of(estimator).restores
        except (TypeError, ValueError):
            # Parameters that a fit refuses.
            found = False
    if not found and not quietly:
        raise AttributeError(
            f"This {type(estimator).__name__} has a code, which belongs to rows of one size: call "
            "reconstruct. To restore images of any size take network='unet' or 'residual' with "
            "sample_shape=(height, width, channels), and leave n_components at 'auto'."
        )
    return found


def split_images(X: Any, sample_shape: tuple[int, ...], allow_nan: bool) -> tuple[list[Any], Join]:
    """The images of what a user passes, and how to join what becomes of them.

    Raises
    ------
    ValueError
        If an array has neither the axes of one image nor those of several, or if a mask hides
        values.
    """
    refuse_mask(X, "X", _FILLED if allow_nan else f"Fit with noise='masking' first. {_FILLED}")
    parts = X if isinstance(X, list | tuple) else [X]
    if any(issparse(part) for part in parts):
        raise ValueError("X is sparse, which images are not: pass X.toarray(), reshaped.")
    if isinstance(X, list | tuple) and _are_images(X):
        return list(X), lambda outputs: [
            output.reshape(np.shape(image)) for output, image in zip(outputs, X, strict=True)
        ]
    array, n_axes = np.asarray(X), len(sample_shape) - 1
    if 0 in array.shape:
        raise ValueError(f"X is empty, of shape {array.shape}. Pass one image at least.")
    _refuse_rows(array, sample_shape)
    if array.ndim == n_axes + 2:
        return list(array), np.stack
    if array.ndim == n_axes + 1 or (array.ndim == n_axes and sample_shape[-1] == 1):
        return [array], lambda outputs: outputs[0].reshape(array.shape)
    raise ValueError(
        f"X is of shape {array.shape}, but one of {_shape_in_words(sample_shape)} is expected, "
        "several of that along a first axis, or a list of such arrays."
    )


def _are_images(parts: Sequence[Any]) -> bool:
    """Whether a list holds images, and is not one itself, or several of one size, in nested lists.

    Images may be nested lists beside others that are arrays, or that are of other sizes.
    """
    if any(np.ndim(part) for part in parts if hasattr(part, "shape")):
        return True
    try:
        np.shape(parts)
    except ValueError:
        return True
    return False


def _refuse_rows(array: Array, sample_shape: tuple[int, ...]) -> None:
    """Refuse rows as ``fit`` takes them, which are no image, or one of a very odd width."""
    n_axes, n_channels = len(sample_shape) - 1, sample_shape[-1]
    if array.ndim != 2 or array.shape[1] != math.prod(sample_shape):
        return
    if n_axes == 1 and array.shape[1] == n_channels:
        return
    shape = ", ".join(map(str, sample_shape))
    may_be_one = n_axes == 2 and n_channels == 1
    raise ValueError(
        f"X is of shape {array.shape}, which are rows as fit takes them. Call reconstruct, or "
        f"restore(X.reshape(-1, {shape}))"
        f"{'; an image of that size is X[..., None]' if may_be_one else ''}."
    )


def _shape_in_words(sample_shape: tuple[int, ...]) -> str:
    """The shape of an image of any size, such as (height, width, 3)."""
    n_axes = len(sample_shape) - 1
    axes = ("length",) if n_axes == 1 else ("depth", "height", "width")[3 - n_axes :]
    return f"({', '.join(axes)}, {sample_shape[-1]})"


def in_groups(images: list[Array], restore: Callable[[Array], Array]) -> list[Array]:
    """What a function of several images of one size and type makes of each."""
    groups: dict[Any, list[int]] = {}
    for i, image in enumerate(images):
        groups.setdefault((image.shape, image.dtype), []).append(i)
    outputs = list(images)
    for places in groups.values():
        for i, output in zip(places, restore(np.stack([images[i] for i in places])), strict=True):
            outputs[i] = output
    return outputs


def checked_image(image: Any, sample_shape: tuple[int, ...], allow_nan: bool) -> Array:
    """One image as floats, with an axis of channels.

    Raises
    ------
    ValueError
        If it has other axes or channels than those of the fit, or values that are none or too
        large.
    """
    n_axes, n_channels = len(sample_shape) - 1, sample_shape[-1]
    try:
        array = np.asarray(image)
    except ValueError:
        raise ValueError(
            f"An image is a list of lists of unequal lengths, but an array of shape "
            f"{_shape_in_words(sample_shape)} is expected."
        ) from None
    if array.dtype.kind not in "biuf":
        shown = repr(image) if np.ndim(image) == 0 else f"one of type {array.dtype}"
        raise ValueError(
            f"An image holds numbers, but X has {shown}. Pass arrays of shape "
            f"{_shape_in_words(sample_shape)}."
        )
    if array.ndim == n_axes and n_channels == 1:
        array = array[..., None]
    if array.ndim != n_axes + 1 or array.shape[-1] != n_channels or 0 in array.shape:
        raise ValueError(
            f"An image is of shape {np.shape(image)}, but {_shape_in_words(sample_shape)} is "
            f"expected, as in sample_shape={sample_shape}, channels last."
        )
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    is_wrong = np.isinf(array) if allow_nan else ~np.isfinite(array)
    if is_wrong.any():
        raise ValueError(
            f"An image has {int(is_wrong.sum())} values that are infinite or missing. "
            + (
                "Mark what is missing by NaN."
                if allow_nan
                else "To fill missing values (NaN) fit with noise='masking'."
            )
        )
    check_float32_range(array)
    return array


def restored_images(model: Model, images: Array) -> Array:
    """Images of one size, restored; of those that may lack values, the known ones stay.

    Raises
    ------
    ValueError
        If values are so large that what is restored of them is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        output = restored(model, images)
    if not np.isfinite(output).all():
        largest = float(np.nanmax(np.abs(images)))
        raise ValueError(
            f"Input X contains {largest:.3g}, so large that what the network computes of it is "
            "beyond float32. Pass images in the units of those in fit."
        )
    # What may be missing is all that is wrong with such images.
    return np.where(np.isnan(images), output, images) if model.allows_nan else output
