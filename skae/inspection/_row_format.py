"""What rows are drawn as: images, series or bars."""

import math
from numbers import Integral
from typing import NamedTuple

SMALLEST_IMAGE = 8  # sixteen features are hardly an image
KINDS = ("auto", "image", "series", "bars")


class RowFormat(NamedTuple):
    """How rows are drawn, as "image", "series" or "bars", and the shape they have then."""

    kind: str
    shape: tuple


def row_format(n_features, sample_shape=None, kind="auto"):
    """Decide how rows are drawn.

    Parameters
    ----------
    n_features : int
        The number of columns.

    sample_shape : tuple of int or None
        What a row is before it is flattened.

    kind : {"auto", "image", "series", "bars"}
        What it is drawn as.

    Returns
    -------
    row_format : RowFormat
        Images have the shape (height, width) or (height, width, 3), series
        (timesteps, features).

    Raises
    ------
    ValueError
        If the shape does not fit the number of features or the kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} is not known; choose from {KINDS}.")
    shape = _check_shape(n_features, sample_shape)
    image = _image_shape(n_features, shape)
    if kind == "auto":
        kind = _natural_kind(shape, image)
    if kind == "image":
        return RowFormat(kind, _needed(image, kind, shape, n_features, "(height, width)"))
    if kind == "series":
        series = (n_features, 1) if shape is None or len(shape) == 1 else shape
        series = series if len(series) == 2 else None
        return RowFormat(kind, _needed(series, kind, shape, n_features, "(timesteps, features)"))
    return RowFormat("bars", (n_features,))


def _check_shape(n_features, sample_shape):
    if sample_shape is None:
        return None
    shape = tuple(sample_shape)
    if not shape or any(not isinstance(n, Integral) or n < 1 for n in shape):
        raise ValueError(
            f"sample_shape={sample_shape!r} must be a tuple of integers of 1 or more, such as "
            "(height, width) or (timesteps, features)."
        )
    if math.prod(shape) != n_features:
        raise ValueError(
            f"sample_shape={shape} is a row of {math.prod(shape)} features, but the rows have "
            f"{n_features}; pass a shape of {n_features} values, or None."
        )
    return shape


def _image_shape(n_features, shape):
    if shape is None:
        side = math.isqrt(n_features)
        return (side, side) if side**2 == n_features else None
    if len(shape) == 2 or (len(shape) == 3 and shape[2] == 3):
        return shape
    return shape[:2] if len(shape) == 3 and shape[2] == 1 else None


def _natural_kind(shape, image):
    if image is not None and (len(shape or ()) == 3 or min(image[:2]) >= SMALLEST_IMAGE):
        return "image"
    return "series" if shape is not None and len(shape) == 2 else "bars"


def _needed(found, kind, shape, n_features, expected):
    if found is None:
        raise ValueError(
            f"kind={kind!r} needs rows of shape {expected}, but sample_shape={shape} with "
            f"{n_features} features is none; pass a sample_shape, or kind='bars'."
        )
    return found
