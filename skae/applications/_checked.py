"""scikit-learn's check of parameters, as a decorator that keeps the type of what it decorates."""

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.base import _fit_context

Function = TypeVar("Function", bound=Callable[..., Any])


def checks_parameters(fit: Function) -> Function:
    """Decorate a method that fits: it checks the parameters of its estimator first."""
    decorated: Function = _fit_context(prefer_skip_nested_validation=False)(fit)
    return decorated
