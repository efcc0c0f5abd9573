"""Estimators of scikit-learn whose own converters fail, or write what no runtime loads, as graphs.

`skl2onnx` mixes both precisions in some, and asks `onnxruntime` for operators in double precision
that it has in single alone. Here they are what numpy computes, in double precision.
"""

from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures, PowerTransformer
from sklearn.svm import LinearSVC

from skae.export._autoencoders import labels_of
from skae.export._inverses import forth
from skae.export._refusals import CannotExport
from skae.export._tensor import Tensor, as_tensor, xp
from skae.tables import is_missing


def of_simple_imputer(step: SimpleImputer, method: str, rows: Tensor) -> Tensor:
    """Rows whose gaps hold the statistic of their column."""
    try:
        statistics = np.asarray(step.statistics_, np.float64)
        marker = np.float64(np.nan if is_missing(step.missing_values) else step.missing_values)
    except (TypeError, ValueError):
        raise CannotExport(
            "its SimpleImputer fills text, and only numbers are filled in a graph. Fill text "
            "before."
        ) from None
    gaps = xp.isnan(rows) if np.isnan(marker) else rows == marker
    kept = np.ones(len(statistics), bool) if step.keep_empty_features else ~np.isnan(statistics)
    filled: Tensor = xp.where(gaps, np.nan_to_num(statistics), rows)[:, kept]
    if step.indicator_ is None:
        return filled
    shown = gaps[:, step.indicator_.features_].astype(filled.dtype)
    both: Tensor = xp.concatenate([filled, shown], axis=1)
    return both


def of_polynomials(step: PolynomialFeatures, method: str, rows: Tensor) -> Tensor:
    """Products of columns."""
    n_columns = step.n_features_in_
    factors = [np.repeat(np.arange(n_columns), powers) for powers in step.powers_]
    degree = max(len(each) for each in factors)
    # Those of fewer factors are multiplied by ones, a column behind all others.
    places = np.array(
        [np.pad(each, (0, degree - len(each)), constant_values=n_columns) for each in factors]
    )
    ones = xp.where(xp.isnan(rows[:, :1]), 1.0, 1.0)
    columns = xp.concatenate([rows, ones], axis=1)
    product: Tensor = columns[:, places[:, 0]]
    for others in places.T[1:]:
        product = product * columns[:, others]
    return product


def of_bins(step: KBinsDiscretizer, method: str, rows: Tensor) -> Tensor:
    """In which bin each value is, or a column for each bin."""
    inner = [np.asarray(edges, np.float64)[1:-1] for edges in step.bin_edges_]
    width = max(1, *(len(edges) for edges in inner))
    edges = np.full((len(inner), width), np.inf)
    for column, known in zip(edges, inner, strict=True):
        column[: len(known)] = known
    if step.dtype is not None:
        rows = rows.astype(step.dtype).astype(np.float64)
    bins: Tensor = (rows[:, :, None] >= edges).astype(np.float64).sum(axis=2)
    if step.encode == "ordinal":
        return bins
    columns = np.repeat(np.arange(len(inner)), step.n_bins_)
    numbers = np.concatenate([np.arange(n, dtype=np.float64) for n in step.n_bins_])
    return (bins[:, columns] == numbers).astype(np.float64)  # type: ignore[no-any-return]


def of_powers(step: PowerTransformer, method: str, rows: Tensor) -> Tensor:
    """Rows after a power of each column."""
    powers = np.asarray(step.lambdas_, np.float64)
    if step.method == "box-cox":
        made = _power(xp.log(rows), powers)
    else:
        above = _power(xp.log(1.0 + xp.maximum(rows, 0.0)), powers)
        below = _power(xp.log(1.0 - xp.minimum(rows, 0.0)), 2.0 - powers)
        made = xp.where(rows >= 0.0, above, -below)
    return forth(step._scaler, made) if step.standardize else made


def _power(logarithms: Any, powers: Any) -> Any:
    """``(x ** power - 1) / power`` of values whose logarithms are given."""
    is_zero = powers == 0.0
    some = np.where(is_zero, 1.0, powers)
    return xp.where(is_zero, logarithms, xp.expm1(logarithms * some) / some)


def of_mixture(step: GaussianMixture, method: str, rows: Tensor) -> Tensor:
    """What a method of a mixture of normal distributions returns for rows."""
    densities = xp.stack([_log_density(step, i, rows) for i in range(len(step.means_))], axis=1)
    weighted: Tensor = densities + np.log(step.weights_)
    if method == "predict":
        (place,) = weighted.graph.node("ArgMax", [weighted.name], axis=1, keepdims=0)
        return Tensor(weighted.graph, place, np.int64, (None,))
    if method == "predict_proba":
        return weighted.op("Softmax", axis=1)
    largest = weighted.max(axis=1, keepdims=True)
    total: Tensor = xp.log(xp.exp(weighted - largest).sum(axis=1)) + largest[:, 0]
    return total


def _log_density(step: GaussianMixture, component: int, rows: Tensor) -> Any:
    """Of one component; the precisions are square roots, of which a matrix is triangular."""
    # Centred before they are multiplied, so that rows far from zero keep their digits.
    centred = rows - step.means_[component]
    n_columns = step.means_.shape[1]
    is_tied = step.covariance_type == "tied"
    root = np.asarray(
        step.precisions_cholesky_ if is_tied else step.precisions_cholesky_[component]
    )
    whitened = centred @ root if root.ndim == 2 else centred * root
    diagonal = np.diag(root) if root.ndim == 2 else np.broadcast_to(root, n_columns)
    constant = np.log(diagonal).sum() - 0.5 * n_columns * np.log(2.0 * np.pi)
    return constant - 0.5 * (whitened * whitened).sum(axis=1)


def of_linear_classifier(step: LinearSVC, method: str, rows: Tensor) -> Tensor:
    """What a method of a linear classifier returns for rows."""
    decision: Tensor = rows @ step.coef_.T.astype(np.float64) + step.intercept_
    if len(step.classes_) == 2:
        decision = decision[:, 0]
    if method == "decision_function":
        return decision
    graph, classes = decision.graph, as_tensor(decision.graph, labels_of(step.classes_))
    if len(step.classes_) == 2:
        place = (decision > 0.0).astype(np.int64).name
    else:
        (place,) = graph.node("ArgMax", [decision.name], axis=1, keepdims=0)
    (name,) = graph.node("Gather", [classes.name, place], axis=0)
    return Tensor(graph, name, classes.dtype, (None,))
