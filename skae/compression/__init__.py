"""Smaller models: weights pruned, then stored as small integers."""

from skae.compression._compress import compress
from skae.compression._report import CompressionReport

__all__ = ["CompressionReport", "compress"]
