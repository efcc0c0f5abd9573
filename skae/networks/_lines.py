"""Convolutions of images, line by line: a third of the copies that windows of three lines take."""

import numpy as np
from scipy.linalg.blas import get_blas_funcs

from skae.numerics import Array

# Multiplications at a time: OpenBLAS rearranges nothing of so few, and what is copied for them and
# what they add to stay near the processor.
_AT_A_TIME = 10**6


def add_lines(maps: Array, kernel: Array, outputs: Array) -> None:
    """Set outputs to products of windows of images and a kernel.

    Windows are copied along lines alone, so that each tap along the other axis reads the same copy,
    that many lines further down; BLAS adds up what they make.

    Parameters
    ----------
    maps : ndarray of shape (n_rows, height, width, n_channels)
        Contiguous, with zeros beyond the edges if there are to be any.
    kernel : ndarray of shape (n_lines, n_taps, n_channels, n_filters)
    outputs : ndarray of shape (n_rows, height - n_lines + 1, width - n_taps + 1, n_filters)
        Contiguous; overwritten.
    """
    n_lines, n_taps, n_channels, n_filters = kernel.shape
    _, height, width, _ = outputs.shape
    n_values = n_taps * n_channels
    taps = np.ascontiguousarray(kernel, maps.dtype).reshape(n_lines, n_values, n_filters)
    n_at_once = max(1, min(height, _AT_A_TIME // (width * n_values * n_filters)))
    lines = np.empty((n_at_once + n_lines - 1, width, n_values), maps.dtype)
    flat = lines.reshape(-1, n_values)
    gemm = get_blas_funcs("gemm", (lines,))
    for image, output in zip(maps, outputs, strict=True):
        for start in range(0, height, n_at_once):
            into = output[start : start + n_at_once].reshape(-1, n_filters)
            n_places = len(into)
            n_read = n_places // width + n_lines - 1
            shape = (n_read, width, n_values)
            # `as_strided` takes as long as a small product.
            lines[:n_read] = np.ndarray(shape, maps.dtype, image[start:].data, 0, image.strides)
            np.matmul(flat[:n_places], taps[0], out=into)
            for i in range(1, n_lines):
                seen = flat[i * width : i * width + n_places]
                # Fortran's order is that of the transposed, which are not copied.
                gemm(1.0, taps[i].T, seen.T, 1.0, into.T, overwrite_c=True)
