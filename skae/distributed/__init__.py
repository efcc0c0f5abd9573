"""Fits over many workers: of dask, of Ray, or of ``concurrent.futures``."""

from skae.distributed._fit import fit

__all__ = ["fit"]
