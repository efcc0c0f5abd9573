"""What numpy's functions are as operators of ONNX.

Only those that scoring uses. Operators that `onnxruntime` has for single precision alone, such as
``Softplus``, are written with others.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import erf, expit

from skae.export._tensor import (
    FUNCTIONS,
    UFUNCS,
    Tensor,
    as_tensor,
    broadcast,
    graph_of,
    promoted,
    xp,
)

_FLOAT = np.float32


def _unary(kind: str) -> Callable[[Tensor], Tensor]:
    return lambda x: x.op(kind)


def _truth(kind: str) -> Callable[[Tensor], Tensor]:
    return lambda x: x.op(kind, dtype=bool)


def _binary(kind: str) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda x, y: x.op(kind, y, shape=broadcast(x.shape, y.shape))


def _comparison(kind: str) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda x, y: x.op(kind, y, dtype=bool, shape=broadcast(x.shape, y.shape))


def _in_single(kind: str) -> Callable[[Tensor], Tensor]:
    """An operator that there is for single precision alone."""
    return lambda x: x.astype(_FLOAT).op(kind).astype(x.dtype)


def _matmul(x: Tensor, y: Tensor) -> Tensor:
    shape = (*broadcast(x.shape[:-2], y.shape[:-2]), x.shape[-2], y.shape[-1])
    return x.op("MatMul", y, shape=shape)


def _logaddexp(x: Tensor, y: Tensor) -> Any:
    return xp.maximum(x, y) + xp.log1p(xp.exp(-xp.abs(x - y)))


def _not_equal(x: Tensor, y: Tensor) -> Any:
    return ~(x == y)


_OF_ELEMENTS: Mapping[Any, Callable[..., Any]] = {
    np.absolute: _unary("Abs"),
    np.add: _binary("Add"),
    np.bitwise_and: _comparison("And"),
    np.bitwise_or: _comparison("Or"),
    np.divide: _binary("Div"),
    np.equal: _comparison("Equal"),
    np.exp: _unary("Exp"),
    np.expm1: lambda x: xp.exp(x) - 1.0,
    np.greater: _comparison("Greater"),
    np.greater_equal: _comparison("GreaterOrEqual"),
    np.invert: _truth("Not"),
    np.isfinite: lambda x: ~(xp.isnan(x) | xp.isinf(x)),
    np.isinf: _truth("IsInf"),
    np.isnan: _truth("IsNaN"),
    np.less: _comparison("Less"),
    np.less_equal: _comparison("LessOrEqual"),
    np.log: _unary("Log"),
    np.log1p: lambda x: xp.log(1.0 + x),
    np.logaddexp: _logaddexp,
    np.logical_and: _comparison("And"),
    np.logical_not: _truth("Not"),
    np.matmul: _matmul,
    np.maximum: _binary("Max"),
    np.minimum: _binary("Min"),
    np.multiply: _binary("Mul"),
    np.negative: _unary("Neg"),
    np.not_equal: _not_equal,
    np.power: _binary("Pow"),
    np.sqrt: _unary("Sqrt"),
    np.square: lambda x: x * x,
    np.subtract: _binary("Sub"),
    np.tanh: _unary("Tanh"),
    erf: _in_single("Erf"),
    expit: _unary("Sigmoid"),
}


def _reduced_shape(x: Tensor, axis: int, keepdims: bool) -> tuple[int | None, ...]:
    kept = (1,) if keepdims else ()
    return (*x.shape[:axis], *kept, *x.shape[axis + 1 :])


def _sum(x: Tensor, axis: int, keepdims: bool = False, dtype: Any = None) -> Tensor:
    x = x if dtype is None else x.astype(dtype)
    axis %= x.ndim
    shape = _reduced_shape(x, axis, keepdims)
    return x.op("ReduceSum", np.array([axis], np.int64), keepdims=int(keepdims), shape=shape)


def _reduction(kind: str) -> Callable[..., Tensor]:
    def reduced(x: Tensor, axis: int, keepdims: bool = False, dtype: Any = None) -> Tensor:
        x = x if dtype is None else x.astype(dtype)
        axis %= x.ndim
        shape = _reduced_shape(x, axis, keepdims)
        return x.op(kind, axes=[axis], keepdims=int(keepdims), shape=shape)

    return reduced


def _without_nan(x: Tensor) -> Any:
    return xp.where(xp.isnan(x), 0.0, x)


def _nansum(x: Tensor, axis: int, dtype: Any = None) -> Any:
    return xp.sum(_without_nan(x if dtype is None else x.astype(dtype)), axis=axis)


def _nanmean(x: Tensor, axis: int, dtype: Any = None) -> Any:
    x = x if dtype is None else x.astype(dtype)
    n_known = xp.sum((~xp.isnan(x)).astype(x.dtype), axis=axis)
    return _nansum(x, axis) / n_known


def _where(given: Any, x: Any, y: Any) -> Tensor:
    graph = graph_of([given, x, y])
    if not isinstance(x, Tensor) and not isinstance(y, Tensor):
        dtype = np.result_type(*(np.asarray(each) for each in (x, y)))
        if not any(isinstance(each, np.ndarray | np.generic) for each in (x, y)):
            dtype = np.dtype(np.float64)
        x, y = (as_tensor(graph, each, dtype) for each in (x, y))
    else:
        x, y = promoted([x, y])
    condition = as_tensor(graph, given)
    shape = broadcast(condition.shape, x.shape, y.shape)
    chosen: Tensor = condition.op("Where", x, y, dtype=x.dtype, shape=shape)
    return chosen


def _clip(x: Tensor, least: Any, most: Any) -> Tensor:
    return x.op("Clip", np.asarray(least, x.dtype), np.asarray(most, x.dtype))


def _concatenate(values: Any, axis: int = 0) -> Tensor:
    first, *others = promoted(values)
    axis %= first.ndim
    sizes = [value.shape[axis] for value in (first, *others)]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    shape = (*first.shape[:axis], total, *first.shape[axis + 1 :])
    return first.op("Concat", *others, axis=axis, shape=shape)


def _stack(values: Any, axis: int = 0) -> Any:
    tensors = promoted(values)
    place = axis % (tensors[0].ndim + 1)
    return _concatenate([value._at(place, None)[0] for value in tensors], axis=place)


def _split(x: Tensor, n_parts: int, axis: int = 0) -> list[Tensor]:
    size = (x.shape[axis] or 0) // n_parts
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, slice(i * size, (i + 1) * size))] for i in range(n_parts)]


def _take(x: Tensor, places: Any, axis: int) -> Tensor:
    return x[(*(slice(None),) * (axis % x.ndim), np.asarray(places))]


def _squeeze(x: Tensor, axis: int) -> Tensor:
    axis %= x.ndim
    return x.op("Squeeze", np.array([axis], np.int64), shape=_reduced_shape(x, axis, False))


def _of_one_value(value: float) -> Callable[..., Any]:
    """A constant that broadcasts to whatever shape."""
    return lambda x, dtype=None: np.asarray(value, dtype or x.dtype)


_OF_ARRAYS: Mapping[Any, Callable[..., Any]] = {
    np.clip: _clip,
    np.concatenate: _concatenate,
    np.max: _reduction("ReduceMax"),
    np.mean: _reduction("ReduceMean"),
    np.nan_to_num: _without_nan,
    np.nanmean: _nanmean,
    np.nansum: _nansum,
    np.ones_like: _of_one_value(1.0),
    np.split: _split,
    np.squeeze: _squeeze,
    np.stack: _stack,
    np.sum: _sum,
    np.take: _take,
    np.where: _where,
    np.zeros_like: _of_one_value(0.0),
}

UFUNCS.update(_OF_ELEMENTS)
FUNCTIONS.update(_OF_ARRAYS)
