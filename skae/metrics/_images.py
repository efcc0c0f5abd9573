"""Quality of restored images, by the measures that papers on them report."""

import math
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from scipy import ndimage

from skae.numerics import Array, ArrayLike
from skae.tables import check_array, check_order, check_weights, refuse_mask

# Constants of Wang et al.: the deviation of the window, how many of them it reaches, and what keeps
# quotients of small means and variances finite, as shares of the range.
_DEVIATION, _REACH = 1.5, 3.5
_K1, _K2 = 0.01, 0.03
_MARGIN = int(_REACH * _DEVIATION + 0.5)
# In units of the range: its square times any number of values is finite.
_LARGEST = 1e150


def peak_signal_noise_ratio(
    X: ArrayLike,
    X_restored: ArrayLike,
    *,
    data_range: float,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the mean over images of their peak signal-to-noise ratio.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        True images, one a row: flat, or of any number of axes.

    X_restored : array-like of the shape of X
        What is to be like them.

    data_range : float
        Difference of the largest and the least value that images can have: 1 for images in
        [0, 1], 255 for bytes.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the images.

    Returns
    -------
    ratio : float
        In decibels; infinite where all are equal. For the ratio of the mean error of all images
        pass them as one, ``X[None]``.

    See Also
    --------
    peak_signal_noise_ratio_samples : The ratio of each image.

    Examples
    --------
    >>> import numpy as np
    >>> from skae.metrics import peak_signal_noise_ratio
    >>> images = np.full((2, 4, 4), 0.5)
    >>> round(peak_signal_noise_ratio(images, images + 0.1, data_range=1.0), 6)
    20.0
    """
    ratios = peak_signal_noise_ratio_samples(X, X_restored, data_range=data_range)
    return _mean(ratios, sample_weight)


def peak_signal_noise_ratio_samples(
    X: ArrayLike, X_restored: ArrayLike, *, data_range: float
) -> Array:
    """Return the peak signal-to-noise ratio of each image.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        True images, one a row: flat, or of any number of axes.

    X_restored : array-like of the shape of X
        What is to be like them.

    data_range : float
        Difference of the largest and the least value that images can have.

    Returns
    -------
    ratios : ndarray of shape (n_samples,)
        ``10 log10(data_range**2 / mean squared error)``, in decibels.

    Examples
    --------
    >>> from skae.metrics import peak_signal_noise_ratio_samples
    >>> peak_signal_noise_ratio_samples([[0.0, 1.0]], [[0.1, 0.9]], data_range=1.0).round(6)
    array([20.])
    """
    X, X_restored, data_range = _in_moderate_units(*_checked_pair(X, X_restored), data_range)
    errors = np.mean((X - X_restored).reshape(len(X), -1) ** 2, axis=1)
    with np.errstate(divide="ignore"):
        ratios: Array = 10.0 * np.log10(data_range**2 / errors)
    return ratios


def structural_similarity(
    X: ArrayLike,
    X_restored: ArrayLike,
    *,
    data_range: float,
    channel_axis: int | Literal["auto"] | None = "auto",
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the mean over images of their structural similarity.

    Means, variances and covariances of both images under a moving Gaussian window are compared
    [1]_: unlike a mean error it notices lost texture more than a shade that is a little off.

    Parameters
    ----------
    X : array-like of shape (n_samples, ..., n_channels) or (n_samples, ...)
        True images, signals or volumes, of 11 values along each axis but that of channels, at
        least.

    X_restored : array-like of the shape of X
        What is to be like them.

    data_range : float
        Difference of the largest and the least value that images can have: 1 for images in
        [0, 1], 255 for bytes.

    channel_axis : int, "auto" or None, default="auto"
        The axis of channels; None says that there is none, as in grey images of shape
        (n_samples, height, width). ``"auto"`` means the last one of four axes or more. Three may be
        grey images or signals with channels (-1), which has to be said.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the images.

    Returns
    -------
    similarity : float
        1 for equal images, at most; a mean over channels.

    See Also
    --------
    structural_similarity_samples : The similarity of each image.

    References
    ----------
    .. [1] Wang, Z., Bovik, A. C., Sheikh, H. R. & Simoncelli, E. P. (2004). Image quality
       assessment: from error visibility to structural similarity. IEEE Trans. Image Processing
       13(4), 600-612.

    Examples
    --------
    >>> from sklearn.datasets import load_sample_image
    >>> from skae.metrics import structural_similarity
    >>> images = load_sample_image("china.jpg")[None, :64, :64] / 255.0
    >>> structural_similarity(images, images, data_range=1.0)
    1.0
    """
    similarities = structural_similarity_samples(
        X, X_restored, data_range=data_range, channel_axis=channel_axis
    )
    return _mean(similarities, sample_weight)


def structural_similarity_samples(
    X: ArrayLike,
    X_restored: ArrayLike,
    *,
    data_range: float,
    channel_axis: int | Literal["auto"] | None = "auto",
) -> Array:
    """Return the structural similarity of each image; see `structural_similarity`.

    Parameters
    ----------
    X : array-like of shape (n_samples, ..., n_channels) or (n_samples, ...)
        True images, signals or volumes, of 11 values along each axis but that of channels, at
        least.

    X_restored : array-like of the shape of X
        What is to be like them.

    data_range : float
        Difference of the largest and the least value that images can have.

    channel_axis : int, "auto" or None, default="auto"
        The axis of channels, None for none; see `structural_similarity`.

    Returns
    -------
    similarities : ndarray of shape (n_samples,)
        1 for equal images, at most.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae.metrics import structural_similarity_samples
    >>> images = load_digits().images[:2].repeat(2, axis=1).repeat(2, axis=2)
    >>> similarities = structural_similarity_samples(
    ...     images, images[::-1], data_range=16.0, channel_axis=None
    ... )
    >>> similarities.round(2)
    array([-0.43, -0.43])
    """
    X, X_restored = _checked_pair(X, X_restored)
    X, X_restored = (_channels_last(each, channel_axis) for each in (X, X_restored))
    if X.ndim < 3 or min(X.shape[1:-1]) < 2 * _MARGIN + 1:
        raise ValueError(
            f"X has images of shape {X.shape[1:]}, channels last, but at least {2 * _MARGIN + 1} "
            "values along each axis but that of channels are expected. Reshape rows to their "
            "sample_shape first; images without channels need channel_axis=None."
        )
    X, X_restored, data_range = _in_moderate_units(X, X_restored, data_range)
    pairs = zip(X, X_restored, strict=True)
    return np.array([_similarity(image, restored, data_range) for image, restored in pairs])


def _channels_last(images: Array, channel_axis: int | Literal["auto"] | None) -> Array:
    n_axes, axis = images.ndim, channel_axis
    if axis is None:
        return images[..., None]
    if isinstance(axis, str) and axis == "auto":
        if n_axes == 3:
            raise ValueError(
                f"X is of shape {images.shape}, which may be grey images or signals with channels. "
                "Pass channel_axis=None for images of one channel, or channel_axis=-1 where the "
                "last axis is that of channels."
            )
        return images
    is_whole = isinstance(axis, Integral) and not isinstance(axis, bool)
    if not is_whole or axis == 0 or not -n_axes < axis < n_axes:
        raise ValueError(
            f"channel_axis={axis!r} should be one of the {n_axes} axes of X but the first, which "
            "counts images; 'auto'; or None where images have no channels."
        )
    return np.moveaxis(images, int(axis), -1)


def _similarity(image: Array, restored: Array, data_range: float) -> float:
    deviations = (*[_DEVIATION] * (image.ndim - 1), 0.0)

    def local_mean(values: Array) -> Array:
        means: Array = ndimage.gaussian_filter(values, deviations, truncate=_REACH)
        return means

    # Small differences of large numbers: what the images share is taken off first.
    level = image.mean()
    image, restored = image - level, restored - level
    mean, other_mean = local_mean(image), local_mean(restored)
    variance = local_mean(image**2) - mean**2
    other_variance = local_mean(restored**2) - other_mean**2
    covariance = local_mean(image * restored) - mean * other_mean
    mean, other_mean = mean + level, other_mean + level
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    lightness = (2 * mean * other_mean + c1) / (mean**2 + other_mean**2 + c1)
    structure = (2 * covariance + c2) / (variance + other_variance + c2)
    inside = tuple(slice(_MARGIN, size - _MARGIN) for size in image.shape[:-1])
    return float(np.mean((lightness * structure)[inside]))


def _checked_pair(X: ArrayLike, X_restored: ArrayLike) -> tuple[Array, Array]:
    check_order(X_restored, X, "X_restored")
    images, others = _as_float64(X, "X"), _as_float64(X_restored, "X_restored")
    if images.shape != others.shape or images.ndim < 2 or images.size == 0:
        raise ValueError(
            f"X is of shape {images.shape} and X_restored of shape {others.shape}, but two arrays "
            "of equal shape are expected, with one image a row. A single one is X[None]."
        )
    for name, each in (("X", images), ("X_restored", others)):
        if not np.isfinite(each).all():
            raise ValueError(
                f"{name} has values that are missing or infinite. Fill them, or leave those "
                "images out."
            )
    return images, others


def _as_float64(images: ArrayLike, name: str) -> Array:
    refuse_mask(images, name, "Fill {name} first, or leave those images out.")
    # Shapes and values that are not finite are refused where both are known.
    checked: Array = check_array(
        images,
        dtype=np.float64,
        input_name=name,
        ensure_2d=False,
        allow_nd=True,
        ensure_all_finite=False,
        ensure_min_samples=0,
        ensure_min_features=0,
    )
    return checked


def _in_moderate_units(X: Array, X_restored: Array, data_range: Any) -> tuple[Array, Array, float]:
    """Images and their range over a power of two, so that the range is 0.5 to 1.

    Nothing is rounded, and squares neither over- nor underflow.
    """
    size = _checked_range(data_range)
    exponent = math.frexp(size)[1]
    with np.errstate(over="ignore"):
        images, others = np.ldexp(X, -exponent), np.ldexp(X_restored, -exponent)
    if not max(np.abs(images).max(), np.abs(others).max()) < _LARGEST:
        largest = max(np.abs(X).max(), np.abs(X_restored).max())
        raise ValueError(
            f"data_range={data_range!r} should be the difference of the largest and the least "
            f"value that images can have, but there are values of {largest:.3g}, and squares of "
            "such quotients are too large for float64."
        )
    return images, others, math.ldexp(size, -exponent)


def _checked_range(data_range: Any) -> float:
    is_number = isinstance(data_range, Real) and not isinstance(data_range, bool)
    try:
        size = float(data_range) if is_number else math.nan
    except OverflowError:
        size = math.inf
    if not 0 < size < math.inf:
        raise ValueError(
            f"data_range={data_range!r} should be a positive number, the difference of the largest "
            "and the least value that images can have: 1.0, or 255 for bytes."
        )
    return size


def _mean(values: Array, sample_weight: ArrayLike | None) -> float:
    weights = check_weights(sample_weight, values[:, None])
    if weights is None:
        return float(values.mean())
    # The ratio of a perfect image is infinite, also where it does not count.
    counts = weights > 0
    return float(np.average(values[counts], weights=weights[counts]))
