"""Draws from densities of codes."""

from copy import copy
from inspect import signature

import numpy as np


def draw_codes(density, n_samples, rng):
    """Draws in random order, whatever the density returns and wherever it takes its seed."""
    seed = rng.randint(2**31)
    if "random_state" in signature(density.sample).parameters:
        code = density.sample(n_samples, random_state=seed)
    else:
        density = copy(density)
        if "random_state" in density.get_params():
            density.set_params(random_state=seed)
        code = density.sample(n_samples)
    # Mixtures return the component of each draw too, and sort by it.
    code = code[0] if isinstance(code, tuple) else code
    return rng.permutation(code)


def covariance_within(code, of_row):
    """Covariance of codes around the mean of their class; that of all counts as one more row."""
    n_classes = of_row.max() + 1
    means = np.stack([code[of_row == index].mean(axis=0) for index in range(n_classes)])
    within, around = code - means[of_row], code - code.mean(axis=0)
    total = around.T @ around / len(code)
    return (within.T @ within + total) / (len(code) - n_classes + 1)


def perturbed(code, covariance, n_samples, rng):
    """Draws from a kernel density of a few codes."""
    n_rows, n_components = code.shape
    width = n_rows ** (-1 / (n_components + 4))
    origin = np.zeros(n_components)
    noise = rng.multivariate_normal(origin, covariance, n_samples, check_valid="ignore")
    return code[rng.randint(n_rows, size=n_samples)] + width * noise
