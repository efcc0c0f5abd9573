"""Whether a model that was read from a file is whole: numbers that can be computed with."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from skae import TableAutoencoder
from skae.states import check_attributes

# What training left to be looked at, where NaN says that nothing was measured.
_MEASURED = ("history_", "loss_curve_", "best_loss_")
_POSITIVE = ("scale", "unit")


def unsound(model: Any) -> str:
    """Say what is wrong with a model, or nothing.

    Parameters
    ----------
    model : TableAutoencoder

    Returns
    -------
    reason : str
    """
    if not _is_whole(model):
        return "its parts are not those of such a model"
    for name, value in _numbers("", model, set()):
        if not np.isfinite(value).all():
            return "it holds values that are no numbers"
        if name in _POSITIVE and not (value > 0).all():
            return f"a {name} in it is not above 0"
    weights = model.autoencoder_._model.weights
    if not any(np.any(value) for value in weights.values()):
        return "all of its weights are 0"
    try:
        model.sample(1, random_state=0)
        features = np.zeros((1, model.autoencoder_.n_features_in_), np.float32)
        n_codes = model.autoencoder_.transform(features).shape[1]
    except Exception:
        return "its parts do not fit each other"
    return "" if n_codes == model.n_components_ else "its parts do not fit each other"


def _is_whole(model: Any) -> bool:
    """Whether a table and its autoencoder are what they should be, before either is asked."""
    if type(model) is not TableAutoencoder:
        return False
    try:
        for part in (model, vars(model).get("autoencoder_")):
            check_attributes(type(part), vars(part))
        TableAutoencoder._check_stored(model)
    except (TypeError, ValueError):
        return False
    return "autoencoder_" in vars(model)


def _numbers(name: str, value: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield all floats and arrays of floats that an object consists of, with what they are called.

    Parameters
    ----------
    name : str
    value : object
    seen : set of int
        Identities of objects that were looked at.
    """
    if isinstance(value, float | np.floating):
        yield name, np.asarray(value)
    elif isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            yield name, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _numbers(str(key), one, seen)
    elif isinstance(value, list | tuple):
        names = getattr(value, "_fields", [name] * len(value))
        for key, one in zip(names, value, strict=True):
            yield from _numbers(key, one, seen)
    elif type(value).__module__.startswith("skae.") and id(value) not in seen:
        seen.add(id(value))
        for key, one in vars(value).items():
            if key not in _MEASURED:
                yield from _numbers(key, one, seen)
