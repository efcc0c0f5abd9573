"""Fitted estimators in files that run no code when they are read."""

from skae.persistence._saving import content_of, is_saved, load, save
from skae.persistence._skops import skops_trusted

__all__ = ["content_of", "is_saved", "load", "save", "skops_trusted"]
