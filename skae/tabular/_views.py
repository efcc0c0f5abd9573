"""A table and its autoencoder as what looks at numbers sees them: features with names."""

from typing import Any

import numpy as np

from skae.numerics import Array, ArrayLike
from skae.reducers import before_last_step, last_step, thawed
from skae.tables import in_frame_like
from skae.tabular._around import features_of, reads_tables
from skae.tabular._rows import native_rows


class FeatureView:
    """A fitted TableAutoencoder on rows of features: numbers, and shares of flags and levels.

    Parameters
    ----------
    table : fitted TableAutoencoder
    """

    def __init__(self, table: Any) -> None:
        self.table = table

    def transform(self, X: ArrayLike) -> Array:
        """Code of each row."""
        code: Array = self.table.autoencoder_._model.encode(np.asarray(X)).astype(np.float64)
        return code

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Features that codes stand for."""
        rows: Array = self.table.autoencoder_._model.decode(np.asarray(X))
        return rows

    def get_feature_names_out(self) -> Array:
        """Names of the components."""
        names: Array = self.table.get_feature_names_out()
        return names


def as_numbers(estimator: Any, X: Any) -> tuple[Any, Any]:
    """An estimator and rows, or of a table what can be drawn as numbers.

    Parameters
    ----------
    estimator : fitted estimator
        Also a Pipeline or a search.
    X : array-like or frame

    Returns
    -------
    estimator, X
        As given, unless the last step is a TableAutoencoder: then a FeatureView of it, and a frame
        of features, NaN where a value is missing.
    """
    table = last_step(estimator)
    if not reads_tables(table):
        return estimator, X
    table, X = thawed(table), native_rows(before_last_step(estimator, X))
    names = feature_names(table)
    return FeatureView(table), in_frame_like(X, features_of(table, X), names, "this")


def feature_names(table: Any) -> list[str]:
    """What features stand for: ``"age"``, ``"job = fixed"``, ``"job is missing"``."""
    encoding = thawed(table)._encoding
    names = [str(name) for name in encoding.numbers]
    names += [f"{name} = {flag.levels[1]}" for name, flag in encoding.flags.items()]
    names += [f"{name} is missing" for name in encoding.missing]
    for name, column in encoding.categories.items():
        names += [f"{name} = {level}" for level in column.levels]
        names += [f"{name} = another"] if column.pooled else []
    return names
