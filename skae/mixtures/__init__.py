"""Gaussian mixtures over codes, as large as codes held out want.

Knows numpy and scikit-learn only: estimators and applications use it on codes from anywhere.
"""

from skae.mixtures._code_mixture import CodeMixture, fit_code_mixture, rows_to_look_at
from skae.mixtures._mixture import fit_mixture
from skae.mixtures._parts import Parts, fit_parts

__all__ = [
    "CodeMixture",
    "Parts",
    "fit_code_mixture",
    "fit_mixture",
    "fit_parts",
    "rows_to_look_at",
]
