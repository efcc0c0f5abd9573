"""scikit-learn's ``SimpleImputer``: the operator of ONNX for it runs in single precision alone."""

from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer

from skae.export._converters import convert_by, types_by
from skae.export._refusals import CannotExport
from skae.export._tensor import Tensor, xp
from skae.tables import is_missing


def filled(estimator: SimpleImputer, rows: Tensor) -> Tensor:
    """What ``transform`` returns for rows, in double precision.

    Raises
    ------
    CannotExport
        If it fills values that are no numbers.
    """
    try:
        values = np.asarray(estimator.statistics_).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise CannotExport(
            "its SimpleImputer fills text. Fill text before the file, or encode it."
        ) from error
    marker = estimator.missing_values
    gaps = xp.isnan(rows) if is_missing(marker) else rows == marker
    kept = np.ones(len(values), bool)
    if estimator.strategy != "constant" and not estimator.keep_empty_features:
        kept = ~np.isnan(values)
    result: Tensor = xp.where(gaps, np.where(kept, values, 0.0), rows)[:, kept]
    if estimator.indicator_ is not None:
        shown = gaps[:, estimator.indicator_.features_].astype(result.dtype)
        result = xp.concatenate([result, shown], axis=1)
    return result


def converters() -> dict[str, Any]:
    """How `skl2onnx` is to convert it in one call: others keep its own way."""
    return {
        "custom_conversion_functions": {SimpleImputer: convert_by(filled)},
        "custom_shape_calculators": {SimpleImputer: types_by(filled)},
    }
