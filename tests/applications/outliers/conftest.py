"""Rows with a few hidden columns."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def rows():
    """Eight correlated columns of three hidden ones; the last two hardly vary."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(400, 3)) @ rng.normal(size=(3, 8))
    return 5 + (hidden + rng.normal(0, 0.3, hidden.shape)) * [1, 1, 1, 1, 1, 1, 0.1, 0.1]
