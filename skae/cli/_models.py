"""The models that the command line knows by name."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.decomposition import NMF, PCA, FastICA, KernelPCA, TruncatedSVD

import skae
from skae.numerics import Array


def known_models() -> dict[str, Callable[[Array], Any]]:
    """Return the makers of models by name: scikit-learn's, and all dense autoencoders.

    Returns
    -------
    makers : dict of str to callable
        Called with the rows, each returns an estimator.
    """
    makers = {
        "fastica": lambda X: FastICA(max_iter=1000),
        "kernelpca": _kernel_pca,
        "nmf": _nmf,
        "pca": lambda X: PCA(),
        "truncatedsvd": lambda X: TruncatedSVD(),
    }
    for name in skae.__all__:
        if name.endswith("Autoencoder") and _takes_any_table(getattr(skae, name)):
            makers[name.lower()] = _with_defaults(getattr(skae, name))
    return dict(sorted(makers.items()))


def table_models() -> dict[str, type[Any]]:
    """Return the classes of autoencoders that learn tables, by the names of ``known_models``."""
    classes = (getattr(skae, name) for name in skae.__all__ if name.endswith("Autoencoder"))
    found = {one.__name__.lower(): one for one in classes if _network(one) == "dense"}
    return dict(sorted(found.items()))


def models_of_tables(names: Sequence[str], table: str) -> dict[str, Any]:
    """Return models by what they are called on a table that is not all numbers.

    Parameters
    ----------
    names : sequence of str
        Of `known_models`.
    table : str
        The name of the file, for the error.

    Raises
    ------
    ValueError
        For those that know numbers alone.
    """
    models: dict[str, Any] = {}
    for name in names:
        if name == "pca":
            models["FAMD"] = PCA()
        elif name.endswith("autoencoder"):
            model = known_models()[name](np.empty((0, 0)))
            models[type(model).__name__] = model
        else:
            raise ValueError(
                f"--models {name} reads numbers alone, but {table} holds other values, or none in "
                "some places; choose pca, which stands for factor analysis of mixed data, and "
                "autoencoders."
            )
    return models


def _with_defaults(estimator_class: Callable[..., Any]) -> Callable[[Array], Any]:
    return lambda X: estimator_class()


def _takes_any_table(estimator_class: Callable[..., Any]) -> bool:
    # What is around the columns of a table is no model of its own.
    if estimator_class is skae.TableAutoencoder:
        return False
    # Convolutional and recurrent networks need a sample_shape, which no option gives.
    return _network(estimator_class) in (None, "auto", "dense")


def _network(estimator_class: Callable[..., Any]) -> object:
    """Return the kind of network that a class has by default, None where it has no such choice."""
    network = inspect.signature(estimator_class).parameters.get("network")
    return None if network is None else network.default


def _kernel_pca(X: Array) -> Any:
    # gamma as SVC's "scale": the default, 1 / n_features, is useless for columns in other units.
    # The default alpha of 1 shrinks most of the reconstruction away.
    gamma = float(1 / (X.shape[1] * (X.var() or 1)))
    return KernelPCA(kernel="rbf", gamma=gamma, alpha=1e-3, fit_inverse_transform=True)


def _nmf(X: Array) -> Any:
    if X.min() < 0:
        raise ValueError(
            f"--models nmf needs numbers of 0 or more, but there is {X.min():g}; "
            "leave nmf out, or --scale if you gave it."
        )
    return NMF(max_iter=1000)
