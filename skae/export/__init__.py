"""Fitted estimators for other programs than Python."""

import skae.export._functions  # noqa: F401  # what numpy's functions are in a graph
from skae.export._to_onnx import to_onnx

__all__ = ["to_onnx"]
