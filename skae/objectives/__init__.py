"""Objectives: a batch in, named values a row out. Pure functions."""

from skae.objectives._losses import LOSSES
from skae.objectives._objective import RECONSTRUCTION, Objective

__all__ = ["LOSSES", "RECONSTRUCTION", "Objective"]
