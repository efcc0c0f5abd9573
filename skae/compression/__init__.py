"""Smaller models: weights pruned, then stored as small integers."""

from skae.compression._compress import CompressionReport, compress

__all__ = ["CompressionReport", "compress"]
