"""What autoencoders, and heads on their codes, answer about rows that are values of a graph."""

from typing import Any

import numpy as np

from skae.estimators import BaseAutoencoder, VariationalAutoencoder
from skae.export._model import GraphModel
from skae.export._tensor import Tensor, as_tensor, xp
from skae.model import lower_bounds
from skae.networks import predictions
from skae.supervised import AutoencoderClassifier, AutoencoderRegressor


def of_autoencoder(estimator: BaseAutoencoder, method: str, rows: Tensor) -> Any:
    """What a method of an autoencoder returns for rows, or for codes."""
    model = GraphModel.of(estimator._model)
    if method == "inverse_transform":
        return model.decode(rows)
    if model.mask_value is not None:
        rows = _without_padding(rows, model.mask_value, model.network.sample_shape)
    if method == "transform":
        return model.encode(rows)
    if method == "reconstruct":
        return model.reconstruct(rows)
    if isinstance(estimator, VariationalAutoencoder):
        return lower_bounds(model, rows)
    return -model.row_errors(rows)


def _without_padding(rows: Tensor, value: float, sample_shape: tuple[int, ...]) -> Tensor:
    """Rows with NaN at the timesteps that are padding."""
    if np.isnan(value):
        return rows
    steps = rows.reshape(-1, *sample_shape)
    # What single precision made of the value counts too.
    differs = (~((steps == value) | (steps == float(np.float32(value))))).astype(np.float32)
    is_padding = differs.max(axis=2, keepdims=True) == np.float32(0)
    marked: Tensor = xp.where(is_padding, np.nan, steps)
    return marked.reshape(-1, int(np.prod(sample_shape)))


def of_classifier(estimator: AutoencoderClassifier, method: str, rows: Tensor) -> Tensor:
    """What a method of a classifier returns for rows."""
    outputs = _outputs(estimator, rows)
    if method == "predict":
        graph = outputs.graph
        (place,) = graph.node("ArgMax", [outputs.name], axis=1, keepdims=0)
        classes = as_tensor(graph, labels_of(estimator.classes_))
        (name,) = graph.node("Gather", [classes.name, place], axis=0)
        return Tensor(graph, name, classes.dtype, (None,))
    kind = {"predict_proba": "Softmax", "predict_log_proba": "LogSoftmax"}[method]
    return outputs.op(kind, axis=1)


def of_regressor(estimator: AutoencoderRegressor, method: str, rows: Tensor) -> Any:
    """What ``predict`` of a regressor returns for rows."""
    values = _outputs(estimator, rows) * estimator._deviation + estimator._mean
    return values[:, 0] if estimator._is_single else values


def labels_of(classes: Any) -> Any:
    """Classes as an array that ONNX has a type for."""
    classes = np.asarray(classes)
    return classes.astype(object) if classes.dtype.kind in "UO" else classes


def _outputs(estimator: Any, rows: Tensor) -> Tensor:
    """Outputs of the head for the code of each row."""
    code = of_autoencoder(estimator.autoencoder_, "transform", rows)
    # In single precision, as the network is: only its results are in double.
    outputs: Any = predictions(estimator._head, code.astype(np.float32))
    in_double: Tensor = outputs.astype(np.float64)
    return in_double
