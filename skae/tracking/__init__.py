"""Fits in MLflow's log: parameters, the loss of every epoch, and models that need no TensorFlow."""

from skae.tracking._log_fit import log_fit
from skae.tracking._requirements import requirements

__all__ = ["log_fit", "requirements"]
