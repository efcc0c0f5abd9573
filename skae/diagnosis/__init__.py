"""What is wrong with a fit, and which parameter to change."""

from skae.diagnosis._diagnosis import Diagnosis, diagnose
from skae.diagnosis._findings import Finding

__all__ = [
    "Diagnosis",
    "Finding",
    "diagnose",
]
