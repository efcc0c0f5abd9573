"""Rows unlike the others."""

from skae.applications.outliers._detector import ReconstructionOutlierDetector

__all__ = ["ReconstructionOutlierDetector"]
