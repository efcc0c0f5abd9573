"""Evidence of a surprise, by how many rows held out were as surprising."""

import numpy as np
from numpy.testing import assert_allclose

from skae.applications.outliers._surprise import SurpriseScale


def test_what_rounding_moves_is_as_rare_as_before():
    rng = np.random.default_rng(0)
    many_alike = np.repeat(rng.exponential(3.0, size=8), 5)
    surprises = np.column_stack([rng.exponential(3.0, size=40), many_alike, 1e3 * many_alike])
    scale = SurpriseScale(surprises)
    for sign in (-1.0, 1.0):
        moved = surprises * (1 + sign * 1e-7)
        assert_allclose(scale.evidence(moved), scale.evidence(surprises), rtol=1e-4, atol=1e-5)
