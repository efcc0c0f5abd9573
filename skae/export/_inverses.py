"""The way back through the steps of a Pipeline, and there and back through a reducer."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from skae.estimators import BaseAutoencoder
from skae.export._autoencoders import of_autoencoder
from skae.export._refusals import CannotExport
from skae.export._tensor import Tensor, xp
from skae.numerics import Array
from skae.reducers import steps_of

_KNOWN = "Autoencoders, PCA, StandardScaler, MinMaxScaler, MaxAbsScaler and RobustScaler"


class Inverse(BaseEstimator):
    """The steps of a Pipeline, to go through from the last to the first.

    Parameters
    ----------
    steps : list of estimators
    """

    def __init__(self, steps: Any = ()) -> None:
        self.steps = steps


def of_inverse(estimator: Inverse, method: str, code: Tensor) -> Tensor:
    """Rows that belong to a code."""
    return _back(estimator.steps, code)


def reconstructed(reducer: Any, rows: Tensor) -> Tensor:
    """Rows, encoded and decoded by a reducer: an estimator or a Pipeline."""
    steps = steps_of(reducer)
    code = rows
    for step in steps:
        code = forth(step, code)
    return _back(steps, code)


def code_width(steps: list[Any]) -> int:
    """How wide the codes are that steps end in."""
    last = steps[-1]
    width = getattr(last, "_n_features_out", None)
    return int(last.n_features_in_ if width is None else width)


def _back(steps: list[Any], code: Tensor) -> Tensor:
    for step in reversed(steps):
        if isinstance(step, BaseAutoencoder):
            code = of_autoencoder(step, "inverse_transform", code)
        elif isinstance(step, PCA):
            components, mean = _of_pca(step)
            code = code @ components + mean
        else:
            offset, factor = _line_of(step)
            code = code / factor + offset
    return code


def forth(step: Any, rows: Tensor) -> Tensor:
    """What a step makes of rows.

    Raises
    ------
    CannotExport
        If it is none of those whose way back has a graph too.
    """
    if isinstance(step, BaseAutoencoder):
        return of_autoencoder(step, "transform", rows)  # type: ignore[no-any-return]
    if isinstance(step, PCA):
        components, mean = _of_pca(step)
        variances = step.explained_variance_ if step.whiten else np.ones(len(components))
        code: Tensor = (rows - mean) @ (components / variances[:, None]).T
        return code
    offset, factor = _line_of(step)
    line: Tensor = (rows - offset) * factor
    if isinstance(step, MinMaxScaler) and step.clip:
        line = xp.clip(line, *step.feature_range)
    return line


def _of_pca(step: PCA) -> tuple[Array, Array]:
    """What codes are multiplied by, and the mean."""
    components = step.components_.astype(np.float64)
    if step.whiten:
        components = np.sqrt(step.explained_variance_)[:, None] * components
    return components, step.mean_.astype(np.float64)


def _line_of(step: Any) -> tuple[Array, Array]:
    """What a scaler takes off every column, and what it multiplies the rest by."""
    n = step.n_features_in_
    zeros, ones = np.zeros(n), np.ones(n)
    if isinstance(step, StandardScaler):
        mean = step.mean_ if step.with_mean else zeros
        return mean, 1.0 / step.scale_ if step.with_std else ones
    if isinstance(step, RobustScaler):
        centre = step.center_ if step.with_centering else zeros
        return centre, 1.0 / step.scale_ if step.with_scaling else ones
    if isinstance(step, MaxAbsScaler):
        return zeros, 1.0 / step.scale_
    if isinstance(step, MinMaxScaler):
        return -step.min_ / step.scale_, step.scale_
    raise CannotExport(
        f"the way back through {type(step).__name__} has no graph. {_KNOWN} have one."
    )
