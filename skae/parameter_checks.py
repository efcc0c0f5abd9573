"""scikit-learn's checks of parameters, as decorators that keep the types of what they decorate."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sklearn.base import _fit_context
from sklearn.utils._param_validation import validate_params

__all__ = ["checks_all_parameters", "checks_arguments", "checks_parameters"]

Function = TypeVar("Function", bound=Callable[..., Any])


def checks_parameters(fit: Function) -> Function:
    """Decorate a method that fits: it checks the parameters of its estimator first.

    Estimators that it makes and fits itself are not checked again.
    """
    decorated: Function = _fit_context(prefer_skip_nested_validation=True)(fit)
    return decorated


def checks_all_parameters(fit: Function) -> Function:
    """Decorate a method that fits: like ``checks_parameters``, but all inside are checked too.

    That is for estimators around those of users.
    """
    decorated: Function = _fit_context(prefer_skip_nested_validation=False)(fit)
    return decorated


def checks_arguments(constraints: Mapping[str, list[Any]]) -> Callable[[Function], Function]:
    """Decorate a function: it checks its arguments against these constraints first."""
    decorator: Callable[[Function], Function] = validate_params(
        constraints, prefer_skip_nested_validation=True
    )
    return decorator
