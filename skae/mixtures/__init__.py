"""Gaussian mixtures over codes, as large as codes held out want.

Knows numpy and scikit-learn only: estimators and applications use it on codes from anywhere.
"""

from skae.mixtures._code_mixture import CodeMixture, fit_code_mixture, rows_to_look_at
from skae.mixtures._mixture import fit_mixture

__all__ = ["CodeMixture", "fit_code_mixture", "fit_mixture", "rows_to_look_at"]
