"""Fitted estimators in files that run no code when they are read."""

from skae.persistence._saving import load, save
from skae.persistence._skops import skops_trusted

__all__ = ["load", "save", "skops_trusted"]
