"""Convolutions of images, line by line: a third of the copies that windows of three lines take."""

import numpy as np
from scipy.linalg.blas import get_blas_funcs

from skae.numerics import Array


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
    lines = np.empty((height + n_lines - 1, width, n_values), maps.dtype)
    flat = lines.reshape(-1, n_values)
    gemm = get_blas_funcs("gemm", (lines,))
    for image, output in zip(maps, outputs, strict=True):
        # `as_strided` takes as long as a small product.
        lines[...] = np.ndarray(lines.shape, maps.dtype, image.data, 0, image.strides)
        into = output.reshape(-1, n_filters)
        np.matmul(flat[: height * width], taps[0], out=into)
        for i in range(1, n_lines):
            seen = flat[i * width : (i + height) * width]
            # Fortran's order is that of the transposed, which are not copied.
            gemm(1.0, taps[i].T, seen.T, 1.0, into.T, overwrite_c=True)
