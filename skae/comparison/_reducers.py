"""Reducers by name, and the copies of them that a comparison fits."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.utils import check_random_state

from skae.numerics import RandomState
from skae.reducers import TrainableReducer, check_invertible, last_step, refuse_classes

# One reducer, several, or several by name.
Reducers = TrainableReducer | Sequence[TrainableReducer] | Mapping[str, TrainableReducer]


def name_reducers(reducers: Reducers) -> dict[str, Any]:
    """Return a dict of name to reducer for an estimator, a list or a dict of them."""
    if not isinstance(reducers, dict):
        listed = list(reducers) if isinstance(reducers, list | tuple) else [reducers]
        reducers = _unique_names(listed)
    if not reducers:
        raise ValueError("reducers is empty; pass at least one estimator, such as PCA().")
    for name, reducer in reducers.items():
        _check_reducer(name, reducer)
    return dict(reducers)


def name_of_pca(reducers: Mapping[str, object]) -> str | None:
    """Return the name of the first reducer that is PCA, alone or at the end of a Pipeline."""
    is_pca = {name: isinstance(last_step(each), PCA) for name, each in reducers.items()}
    return next((name for name, found in is_pca.items() if found), None)


def prepare(reducer: Any, size: int, seed: int | None) -> Any:
    """Clone a reducer, with this number of components and every `random_state` set to `seed`."""
    reducer = clone(reducer)
    parameter = size_parameter(reducer)
    assert parameter is not None
    parameters = {parameter: size}
    if seed is not None:
        parameters |= dict.fromkeys(_parameters_called("random_state", reducer), seed)
    return reducer.set_params(**parameters)


def draw_seed(random_state: RandomState) -> int | None:
    """Return one integer for everything that draws, or None to leave all as it is."""
    if random_state is None or isinstance(random_state, Integral):
        return None if random_state is None else int(random_state)
    seed: int = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    return seed


def size_parameter(reducer: Any) -> str | None:
    """Return the parameter that sets the width of the code, in a Pipeline the last such one."""
    if "n_components" in reducer.get_params(deep=False):
        return "n_components"
    for name, step in reversed(getattr(reducer, "steps", ())):
        inner = size_parameter(step) if hasattr(step, "get_params") else None
        if inner is not None:
            return f"{name}__{inner}"
    return None


def _unique_names(reducers: Sequence[object]) -> dict[str, Any]:
    names = {}
    for reducer in reducers:
        title, count = _title(reducer), 1
        while (name := title if count == 1 else f"{title} {count}") in names:
            count += 1
        names[name] = reducer
    return names


def _title(reducer: object) -> str:
    if isinstance(reducer, type):
        return reducer.__name__
    steps = [step for _, step in getattr(reducer, "steps", ()) if hasattr(step, "get_params")]
    return " + ".join(map(_title, steps)) if steps else type(reducer).__name__


def _check_reducer(name: str, reducer: Any) -> None:
    if not hasattr(reducer, "get_params") or isinstance(reducer, type):
        raise TypeError(
            f"reducers[{name!r}] is {reducer!r}, not an estimator; pass an instance, such as PCA()."
        )
    check_invertible(reducer)
    refuse_classes(reducer, "compare", "Set conditional=False.")
    if size_parameter(reducer) is None:
        raise TypeError(
            f"reducers[{name!r}] has no parameter n_components, nor has a step of it: "
            f"{reducer!r}; pass a reducer whose number of components can be set."
        )
    # KernelPCA has the method in any case, and would say so only after the first fit.
    for parameter in _parameters_called("fit_inverse_transform", reducer):
        if not reducer.get_params()[parameter]:
            raise ValueError(
                f"reducers[{name!r}] has {parameter}=False and cannot reconstruct; set it to True."
            )


def _parameters_called(name: str, reducer: Any) -> list[str]:
    return [key for key in reducer.get_params() if key == name or key.endswith(f"__{name}")]
