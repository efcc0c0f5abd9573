"""Fits over many workers: of dask, of Ray, or of ``concurrent.futures``."""

from skae.distributed._crew import WorkerLostError
from skae.distributed._fit import fit
from skae.distributed._ray import RayExecutor

__all__ = ["RayExecutor", "WorkerLostError", "fit"]
