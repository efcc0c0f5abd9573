"""The form that rows are drawn in: images, series or bars."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Literal, NamedTuple

SMALLEST_IMAGE = 8  # sixteen features are hardly an image
KINDS = ("auto", "image", "series", "bars")

Kind = Literal["auto", "image", "series", "bars"]
Shape = tuple[int, ...]


class RowFormat(NamedTuple):
    """The form of rows, "image", "series" or "bars", and the shape they have in it."""

    kind: Kind
    shape: Shape


def row_format(
    n_features: int, sample_shape: Sequence[int] | None = None, kind: Kind = "auto"
) -> RowFormat:
    """Choose the form that rows are drawn in.

    Parameters
    ----------
    n_features : int
        The number of columns.

    sample_shape : tuple of int or None
        The shape of a row before it is flattened.

    kind : {"auto", "image", "series", "bars"}
        The form that the user asks for.

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
        found = series if len(series) == 2 else None
        return RowFormat(kind, _needed(found, kind, shape, n_features, "(timesteps, features)"))
    return RowFormat("bars", (n_features,))


def _check_shape(n_features: int, sample_shape: Sequence[int] | None) -> Shape | None:
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


def _image_shape(n_features: int, shape: Shape | None) -> Shape | None:
    if shape is None:
        side = math.isqrt(n_features)
        return (side, side) if side**2 == n_features else None
    if len(shape) == 2 or (len(shape) == 3 and shape[2] == 3):
        return shape
    return shape[:2] if len(shape) == 3 and shape[2] == 1 else None


def _natural_kind(shape: Shape | None, image: Shape | None) -> Kind:
    if image is not None and (len(shape or ()) == 3 or min(image[:2]) >= SMALLEST_IMAGE):
        return "image"
    return "series" if shape is not None and len(shape) == 2 else "bars"


def _needed(
    found: Shape | None, kind: str, shape: Shape | None, n_features: int, expected: str
) -> Shape:
    if found is None:
        raise ValueError(
            f"kind={kind!r} needs rows of shape {expected}, but sample_shape={shape} with "
            f"{n_features} features is none; pass a sample_shape, or kind='bars'."
        )
    return found
