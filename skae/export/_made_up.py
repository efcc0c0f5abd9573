"""Rows like those of a fit, of which a fitted estimator knows no more than their units."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer

from skae.applications import ReconstructionImputer, ReconstructionOutlierDetector
from skae.estimators import BaseAutoencoder
from skae.numerics import Array
from skae.reducers import steps_of
from skae.supervised import AutoencoderClassifier, AutoencoderRegressor
from skae.tables import is_missing

# How many there are: enough for a spread.
_N_ROWS = 8
# What estimators of scikit-learn call the centre and the width of the columns of their fit.
_CENTRES = ("mean_", "center_", "data_min_", "statistics_", "xbar_")
_WIDTHS = ("scale_", "data_range_")
# What they keep that lies among the rows of their fit.
_ROWS = ("means_", "theta_", "cluster_centers_", "support_vectors_", "_fit_X")


def made_up(steps: list[Any]) -> Iterator[Array]:
    """Rows that steps may take, of which the first that they do not refuse are the likeliest.

    Parameters
    ----------
    steps : list of fitted estimators

    Yields
    ------
    rows : ndarray of shape (8, n_features)
    """
    rows = _rows(steps, np.random.default_rng(0))
    marker = getattr(steps[0], "missing_values", None)
    if isinstance(steps[0], SimpleImputer | ReconstructionImputer):
        holed = rows.copy()
        places = np.arange(min(holed.shape))
        holed[places, places] = np.nan if is_missing(marker) else marker
        yield holed
    yield rows
    positive = np.abs(rows)
    yield positive
    # Counts, and shares.
    yield np.round(positive)
    yield positive / (1.0 + positive.max())


def _rows(steps: list[Any], generator: Any) -> Array:
    first, *others = steps
    width = int(first.n_features_in_)
    if others:
        after = _rows(others, generator)
        before = _back(first, after)
        if before is not None and before.shape == (_N_ROWS, width):
            return before
        if isinstance(first, SimpleImputer) and after.shape == (_N_ROWS, width):
            return after
    centre, spread = _units(first)
    rows: Array = centre + spread * generator.normal(size=(_N_ROWS, width))
    return rows


def _back(step: Any, rows: Array) -> Array | None:
    """Rows before a step, if it knows them."""
    if not hasattr(step, "inverse_transform"):
        return None
    try:
        before = np.asarray(step.inverse_transform(rows), np.float64)
    except Exception:  # it is a guess, and a step may refuse as it likes
        return None
    return before if np.isfinite(before).all() else None


def _units(step: Any) -> tuple[Any, Any]:
    """Centre and width of the columns, as far as a step knows them."""
    if isinstance(step, AutoencoderClassifier | AutoencoderRegressor):
        step = step.autoencoder_
    elif isinstance(step, ReconstructionImputer):
        step = step.initial_imputer_
    elif isinstance(step, ReconstructionOutlierDetector):
        step = steps_of(step.reducers_[0])[0]
    if isinstance(step, BaseAutoencoder):
        scaling = step._model.scaling
        return scaling.mean, scaling.scale
    for name in _ROWS:
        kept = getattr(step, name, None)
        if isinstance(kept, np.ndarray) and kept.shape[1:] == (step.n_features_in_,):
            return kept.mean(axis=0), kept.std(axis=0)
    return next(_numbers(step, _CENTRES), 0.0), next(_numbers(step, _WIDTHS), 1.0)


def _numbers(step: Any, names: tuple[str, ...]) -> Iterator[Array]:
    """Attributes that are one number for each column."""
    for name in names:
        value = np.asarray(getattr(step, name, None))
        if value.dtype.kind == "f" and value.shape == (step.n_features_in_,):
            yield np.nan_to_num(value)
