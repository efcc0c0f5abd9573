"""Codes for a display, and the components that are shown."""

from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skae.inspection._drawing._style import Names
from skae.numerics import Array, ArrayLike
from skae.tables import refuse_mask


def encode(estimator: Any, X: ArrayLike) -> Array:
    """Return the code of rows as an array.

    Raises
    ------
    TypeError
        If the estimator cannot encode new rows.
    """
    if not hasattr(estimator, "transform"):
        raise TypeError(
            f"{type(estimator).__name__} has no transform, so it has no code for these rows; use "
            "an estimator with transform, such as PCA or an autoencoder, or pass an embedding to "
            "LatentSpaceDisplay(embedding).plot()."
        )
    refuse_mask(X, "X")
    return as_array(estimator.transform(X))


def as_array(X: ArrayLike) -> Array:
    """Return a frame or a sparse matrix as an array."""
    return X.toarray() if issparse(X) else np.asarray(X)


def names_of_code(estimator: Any, n_components: int) -> list[str] | None:
    """Return the estimator's names of its components, or None if it has none."""
    if not hasattr(estimator, "get_feature_names_out"):
        return None
    try:
        names = list(map(str, estimator.get_feature_names_out()))
    # A Pipeline has the method even where one of its steps has not.
    except (AttributeError, TypeError, ValueError):
        return None
    return names if len(names) == n_components else None


def check_names_of_code(names: Names | None, n_components: int) -> list[str]:
    """Return the names of all components: those given, or their numbers."""
    if names is None:
        return [f"component {k}" for k in range(n_components)]
    if len(names) != n_components:
        raise ValueError(
            f"component_names holds {len(names)} names, but the code has {n_components} "
            "components; pass one for each, or None."
        )
    return list(map(str, names))


def check_components(components: Any, n_components: int, name: str = "components") -> list[int]:
    """Return components as a list of different ones that exist.

    Raises
    ------
    ValueError
        For anything else.
    """
    listed = [components] if np.ndim(components) == 0 else list(components)
    if not listed or any(not isinstance(k, Integral) or isinstance(k, bool) for k in listed):
        raise ValueError(f"{name}={components!r} must be one or more integers, such as (0, 1).")
    if len(set(listed)) < len(listed):
        raise ValueError(f"{name}={components!r} names a component twice; name each once.")
    wrong = [k for k in listed if not 0 <= k < n_components]
    if wrong:
        raise ValueError(
            f"{name}={components!r} asks for component {wrong[0]}, but the code has {n_components} "
            f"components; they are counted from 0 to {n_components - 1}."
        )
    return [int(k) for k in listed]


def widest_components(code: Array, n_most: int) -> list[int]:
    """Return the components that vary most, in the order of the code."""
    widest: list[int] = np.sort(np.argsort(-code.std(axis=0), kind="stable")[:n_most]).tolist()
    return widest
