"""Fits in MLflow's log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import time
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skae.messages import needs_extra
from skae.tracking._trained import trained

# What MLflow takes at a time.
_MOST_METRICS, _MOST_PARAMS = 1000, 100
# What MLflow keeps of long values, it ends in different ways.
_COMPARED = 5000


def log_fit(estimator: BaseEstimator, *, run_id: str | None = None) -> str:
    """Log parameters and the loss of every epoch of a fit in MLflow.

    ``mlflow.sklearn.autolog`` watches the classes of scikit-learn alone, and knows no epochs: of a
    Pipeline it logs parameters and the model, of an autoencoder by itself nothing. This adds what
    is missing, of every autoencoder inside what was fitted.

    Parameters
    ----------
    estimator : estimator
        A fitted autoencoder, classifier or regressor of skae, an application around one, or a
        Pipeline, ColumnTransformer or search with some inside, of which the best is logged.
    run_id : str, optional
        The run to log in. By default the active one, or else a new one, which is ended.

    Returns
    -------
    run_id : str
        The run that was logged in.

    Raises
    ------
    TypeError
        If this is no estimator.
    NotFittedError
        If it is not fitted.
    ValueError
        If it holds nothing with a history, such as PCA.
    ImportError
        If MLflow is not installed.
    mlflow.exceptions.MlflowException
        If there is no such run, or if it holds other parameters of these names.

    See Also
    --------
    requirements : What a server needs to load and score a model, without TensorFlow.

    Notes
    -----
    Parameters are those of ``get_params``, named and written as ``autolog`` does, so that both can
    log in one run; those of a search are its own and ``best_...``. Metrics are the columns of
    ``history_``, with the epoch as their step, of which 0 is the start; then come ``best_loss`` and
    ``n_iter``. Where there are several autoencoders, the way to each precedes its metrics, as in
    ``reducers/0/loss``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import mlflow
    >>> import numpy as np
    >>> import skae
    >>> from skae.tracking import log_fit
    >>> X = np.random.default_rng(0).normal(size=(50, 4)) @ np.ones((4, 6))
    >>> linear = skae.Autoencoder(2, hidden_layer_sizes=(), random_state=0).fit(X)
    >>> with TemporaryDirectory() as folder:
    ...     mlflow.set_tracking_uri(Path(folder, "runs").as_uri())  # or that of your server
    ...     data = mlflow.get_run(log_fit(linear)).data
    ...     mlflow.set_tracking_uri(None)
    >>> data.params["n_components"], data.metrics["n_iter"]
    ('2', 0.0)
    """
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise TypeError(
            f"{estimator!r} is not an estimator. Pass a fitted one, such as Autoencoder(8).fit(X), "
            "or a Pipeline."
        )
    check_is_fitted(estimator)
    found = trained(estimator)
    if not found:
        raise ValueError(
            f"This {type(estimator).__name__} holds no fitted estimator of skae, so that there are "
            "no epochs to log. Log others by mlflow.sklearn.autolog."
        )
    with needs_extra("mlflow", "log_fit"):
        import mlflow
    with _run(mlflow, run_id) as run:
        _log(mlflow.MlflowClient(), run, estimator, found)
    known: str = run.info.run_id
    return known


@contextmanager
def _run(mlflow: Any, run_id: str | None) -> Iterator[Any]:
    """The run to log in; what is begun here ends here."""
    if run_id is not None:
        yield mlflow.MlflowClient().get_run(run_id)
    elif (active := mlflow.active_run()) is not None:
        yield mlflow.MlflowClient().get_run(active.info.run_id)
    else:
        with mlflow.start_run() as run:
            yield run


def _log(client: Any, run: Any, estimator: Any, found: dict[str, Any]) -> None:
    from mlflow.entities import Metric, Param

    now, run_id, logged = int(1000 * time()), run.info.run_id, run.data.params
    params = [Param(name, str(value)) for name, value in _parameters(estimator).items()]
    new = [
        each
        for each in params
        if logged.get(each.key, "")[:_COMPARED] != each.value[:_COMPARED] or each.key not in logged
    ]
    for part in _in_parts(new, _MOST_PARAMS):
        client.log_batch(run_id, params=part)
    metrics = [
        Metric(name, value, now, step)
        for way, one in found.items()
        for name, value, step in _metrics(way, one)
    ]
    for part in _in_parts(metrics, _MOST_METRICS):
        client.log_batch(run_id, metrics=part)
    cls = type(estimator)
    for name, value in (
        ("estimator_name", cls.__name__),
        ("estimator_class", f"{cls.__module__}.{cls.__name__}"),
    ):
        client.set_tag(run_id, name, value)


def _parameters(estimator: Any) -> dict[str, Any]:
    is_search = hasattr(estimator, "best_estimator_")
    parameters = dict(estimator.get_params(deep=not is_search))
    best = getattr(estimator, "best_params_", {})
    return parameters | {f"best_{name}": value for name, value in best.items()}


def _metrics(way: str, one: Any) -> Iterator[tuple[str, float, int]]:
    """Name, value and step of all that is logged of an autoencoder."""
    prefix = f"{way}/" if way else ""
    epochs = one.history_["epoch"]
    for name, column in one.history_.items():
        if name == "epoch":
            continue
        for epoch, value in zip(epochs, column, strict=True):
            if not np.isnan(value):
                yield f"{prefix}{name}", float(value), int(epoch)
    last = int(epochs[-1])
    yield f"{prefix}best_loss", float(one.best_loss_), last
    yield f"{prefix}n_iter", float(one.n_iter_), last


def _in_parts(values: list[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
