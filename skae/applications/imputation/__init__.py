"""Missing values, filled by iterated reconstruction."""

from skae.applications.imputation._imputer import ReconstructionImputer

__all__ = ["ReconstructionImputer"]
