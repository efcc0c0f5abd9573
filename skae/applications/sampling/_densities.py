"""Draws from densities of codes."""

from copy import copy
from inspect import signature
from typing import Any, Protocol

import numpy as np
from scipy.special import logsumexp
from sklearn.base import clone

from skae.mixtures import fit_mixture
from skae.numerics import Array, Integers
from skae.reducers import seeded


class Density(Protocol):
    """A distribution of codes, as an estimator."""

    def fit(self, X: Any, /) -> Any:
        """Learn from codes; returns the density itself."""

    def sample(self, n_samples: int = 1, /) -> Any:
        """Draw codes."""

    def score_samples(self, X: Any, /) -> Any:
        """Return the log density of each code."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name."""

    def set_params(self, **params: Any) -> Any:
        """Set parameters."""


def fit_to_class(
    density: Density, code: Array, label: object, rng: np.random.RandomState
) -> Density:
    """Fit a copy of a density to the codes of a class."""
    try:
        fitted: Density = seeded(clone(density), rng).fit(code)
    except ValueError as error:
        raise ValueError(
            f"density={density!r} cannot be fitted to the {len(code)} rows of class {label}: "
            f"{error} Use density=None, which a single row is enough for, or pass more rows of "
            "that class."
        ) from error
    return fitted


def draw_codes(density: Any, n_samples: int, rng: np.random.RandomState) -> Array:
    """Draw codes in random order, whatever the density returns and wherever it takes its seed."""
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


def covariance_within(code: Array, of_row: Integers) -> Array:
    """Return the covariance of codes around the mean of their class.

    The covariance of all codes counts as one more row.
    """
    n_classes = of_row.max() + 1
    means = np.stack([code[of_row == index].mean(axis=0) for index in range(n_classes)])
    within, around = code - means[of_row], code - code.mean(axis=0)
    total = around.T @ around / len(code)
    covariance: Array = (within.T @ within + total) / (len(code) - n_classes + 1)
    return covariance


def perturbed(code: Array, covariance: Array, n_samples: int, rng: np.random.RandomState) -> Array:
    """Draw from a kernel density of a few codes."""
    n_rows, n_components = code.shape
    width = n_rows ** (-1 / (n_components + 4))
    origin = np.zeros(n_components)
    noise = rng.multivariate_normal(origin, covariance, n_samples, check_valid="ignore")
    draws: Array = code[rng.randint(n_rows, size=n_samples)] + width * noise
    return draws


def fit_by_class(
    density: Density | None,
    code: Array,
    of_row: Integers,
    classes: Array,
    rng: np.random.RandomState,
) -> list[Any]:
    """Fit a density to the codes of each class: copies of one, or by default a mixture."""
    fitted: list[Any] = []
    for index, label in enumerate(classes):
        own = code[of_row == index]
        if density is None:
            fitted.append(fit_mixture(own, rng.randint(2**31)))
        else:
            fitted.append(fit_to_class(density, own, label, rng))
    return fitted


def draw_by_class(densities: list[Any], of_row: Integers, rng: np.random.RandomState) -> Array:
    """Draw a code from the density of each of these classes."""
    drawn = {
        index: draw_codes(densities[index], int(np.sum(of_row == index)), rng)
        for index in np.unique(of_row)
    }
    code = np.empty((len(of_row), next(iter(drawn.values())).shape[1]))
    for index, own in drawn.items():
        code[of_row == index] = own
    return code


def log_density_by_class(densities: list[Any], prior: Array, code: Array) -> Array:
    """Log density of codes under all classes, each as frequent as it is."""
    of_classes = [density.score_samples(code) for density in densities]
    total: Array = logsumexp(np.stack(of_classes, axis=1) + np.log(prior), axis=1)
    return total
