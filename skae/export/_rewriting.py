"""Pipelines as `skl2onnx` is to convert them."""

import copy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostRegressor,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestRegressor,
)
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import SVR, NuSVR, OneClassSVM
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor

from skae.export._answers import answers_of
from skae.export._converters import Asked
from skae.reducers import steps_of, thawed

# Of these ONNX has operators in single precision alone. Trees read single precision in Python too.
_IN_SINGLE = (
    AdaBoostRegressor,
    DecisionTreeRegressor,
    ExtraTreeRegressor,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    IsolationForest,
    NuSVR,
    OneClassSVM,
    RandomForestRegressor,
    SVR,
)


def pipeline_of(steps: list[Any]) -> Any:
    """One estimator of fitted steps, for `skl2onnx`."""
    known: list[Any] = []
    for step in steps:
        if isinstance(step, _IN_SINGLE):
            from skl2onnx.sklapi import CastTransformer

            known.append(CastTransformer(dtype=np.float32))
        known.append(_rewritten(step))
    if len(known) == 1:
        return known[0]
    return Pipeline([(f"step_{i}", step) for i, step in enumerate(known)])


def _rewritten(step: Any) -> Any:
    """A step, with what is inside it that is converted here."""
    step = thawed(step)
    if not isinstance(step, BaseEstimator) or isinstance(step, Asked):
        return step
    if isinstance(step, ColumnTransformer):
        other = copy.copy(step)
        other.transformers_ = [
            (name, _rewritten(inner), columns) for name, inner, columns in step.transformers_
        ]
        return other
    if isinstance(step, FeatureUnion):
        other = copy.copy(step)
        other.transformer_list = [
            (name, _rewritten(inner)) for name, inner in step.transformer_list
        ]
        return other
    if isinstance(step, Pipeline):
        inner = steps_of(step)
        return pipeline_of(inner) if inner else "passthrough"
    found = answers_of(step)
    return step if found is None else Asked(step, found.methods[:1])
