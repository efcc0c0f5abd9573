"""Rows as a few bytes, and back."""

from skae.applications.codec._codec import LatentCodec

__all__ = ["LatentCodec"]
