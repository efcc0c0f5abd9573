"""Images of any size, for estimators whose network has no code."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skae.fitting import Architecture
from skae.numerics import Array

Join = Callable[[list[Array]], Array | list[Array]]


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


def split_images(X: Any, sample_shape: tuple[int, ...]) -> tuple[list[Any], Join]:
    """The images of what a user passes, and how to join what becomes of them.

    Raises
    ------
    ValueError
        If an array has neither the axes of one image nor those of several.
    """
    if isinstance(X, list | tuple) and not np.isscalar(X[0] if len(X) else 0) and _are_images(X):
        return list(X), lambda outputs: [
            output.reshape(image.shape) for output, image in zip(outputs, X, strict=True)
        ]
    if issparse(X):
        raise ValueError("X is sparse, which images are not: pass X.toarray(), reshaped.")
    array, n_axes = np.asarray(X), len(sample_shape) - 1
    if 0 in array.shape:
        raise ValueError(f"X is empty, of shape {array.shape}. Pass one image at least.")
    if n_axes > 1 and array.ndim == 2 and array.shape[1] == math.prod(sample_shape):
        raise ValueError(
            f"X is of shape {array.shape}, which are rows as fit takes them. Call reconstruct, or "
            f"restore(X.reshape(-1, {', '.join(map(str, sample_shape))})); an image of that size "
            "is X[..., None]."
        )
    if array.ndim == n_axes + 2:
        return list(array), np.stack
    if array.ndim == n_axes + 1 or (array.ndim == n_axes and sample_shape[-1] == 1):
        return [array], lambda outputs: outputs[0].reshape(array.shape)
    axes = ", ".join(("length",) if n_axes == 1 else ("depth", "height", "width")[3 - n_axes :])
    raise ValueError(
        f"X is of shape {array.shape}, but one of ({axes}, {sample_shape[-1]}) is expected, "
        "several of that along a first axis, or a list of such arrays."
    )


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


def _are_images(X: Any) -> bool:
    return all(isinstance(image, np.ndarray) for image in X)


def checked_image(image: Any, sample_shape: tuple[int, ...], allow_nan: bool) -> Array:
    """One image as floats, with an axis of channels.

    Raises
    ------
    ValueError
        If it has other axes or channels than those of the fit, or values that are none.
    """
    array, n_axes, n_channels = np.asarray(image), len(sample_shape) - 1, sample_shape[-1]
    if array.dtype.kind not in "biuf":
        raise ValueError(f"An image holds numbers, but this one is of type {array.dtype}.")
    if array.ndim == n_axes and n_channels == 1:
        array = array[..., None]
    if array.ndim != n_axes + 1 or array.shape[-1] != n_channels or 0 in array.shape:
        raise ValueError(
            f"An image is of shape {np.shape(image)}, but {n_axes} axes and {n_channels} channels "
            f"at the end are expected, as in sample_shape={sample_shape}."
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
    return array
