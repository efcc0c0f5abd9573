"""One fit over many workers."""

from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal, TypeVar

import numpy as np

from skae.distributed._crew import Crew, no_executor
from skae.distributed._pace import Pace
from skae.distributed._rows import ShardedRows
from skae.distributed._shards import shards_of
from skae.estimators import BaseAutoencoder
from skae.fitting import granting

Estimator = TypeVar("Estimator", bound=BaseAutoencoder)

# docs/design.md says how it was chosen, and what else was tried.
_MOMENTUM = 0.5


def fit(
    estimator: Estimator,
    shards: Any,
    *,
    executor: Any,
    sample_weight: Any = None,
    outer_momentum: float = _MOMENTUM,
    steps_per_round: int | Literal["auto"] = "auto",
    checkpoint: str | PathLike[str] | None = None,
) -> Estimator:
    """Fit an autoencoder to rows that lie in several shards, by several workers.

    In a round each shard trains from the same weights on its rows, on whatever worker is free; then
    weights, and what the optimizers know, are averaged (local SGD [1]_), with momentum from round
    to round [2]_. Centre, scale and the start at PCA are those of all rows, as
    sums over shards. A share of each shard is held out, and early stopping judges the averages by
    all of these rows.

    The same shards and ``random_state`` give the same bits, whatever workers there are and
    whichever of them are lost, on machines of one kind and with the same number of threads a
    worker. One shard gives the bits of ``estimator.fit``.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Is fitted, as its ``fit`` would do: ``skae.Autoencoder`` and all other autoencoders of rows
        of numbers, with any network. Not those that learn classes or tables.
    shards : list, dask array or dask frame
        A list of arrays, sparse matrices or frames of pandas, polars or pyarrow, all of the same
        columns; of paths of ``.npy``, ``.parquet`` or ``.zarr``, which the workers have to see; or
        of futures of the executor. A dask array is cut as its blocks of rows are, and a dask frame
        as its parts. Each shard has to fit into the memory of a worker. Empty ones are passed over.
    executor : object or callable
        Has ``submit(function, *args)``, which returns a future with ``result()`` and ``cancel()``:
        a client of dask, a pool of ``concurrent.futures``, or a
        :class:`~skae.distributed.RayExecutor`. Or a function that makes one, such as
        ``lambda: ProcessPoolExecutor(2, mp_context=get_context("spawn"))``, which is called again
        where a process ends and breaks the pool, and whose executors are shut down in the end.
        Processes that are forked from one in which TensorFlow is loaded cannot train.
    sample_weight : list of array-like, or array-like of shape (n_samples,), optional
        How much each row counts: an array for each shard, or one for the rows of all in their
        order.
    outer_momentum : float, default=0.5
        Momentum of the steps that rounds make, at least 0 and below 1; 0 takes plain means. Of no
        account for a single shard.
    steps_per_round : int or "auto", default="auto"
        Steps of the largest shard from one average to the next, at most; never more than an epoch,
        and those of an epoch are cut into parts of one size. ``"auto"`` takes whole epochs, as they
        cost the least to carry, but 16 steps where shards are too small to take enough steps in
        larger batches (see Notes). Of no account for a single shard.
    checkpoint : str or path-like, optional
        A file in which this process keeps, each half minute, what it needs to go on, as
        ``estimator.fit`` does: if it is killed, the same call ends with the bits that it would have
        had. Needs a ``random_state``.

    Returns
    -------
    estimator : BaseAutoencoder
        The one that was passed, fitted. ``history_`` has a row for each round.

    Raises
    ------
    TypeError
        If the estimator is not one of those.
    ValueError
        As ``estimator.fit`` does, naming the shard where one is to blame; if shards have different
        columns; or for parameters that no round can honour. The estimator is then as it was.
    WorkerLostError
        If workers are lost time and again, or one of a pool that cannot be made anew. The
        estimator is then as it was.
    KeyboardInterrupt
        At Ctrl-C. The estimator is then as it was; what has begun ends on the workers.

    See Also
    --------
    RayExecutor : Workers of Ray.

    Notes
    -----
    ``validation_fraction``, ``early_stopping`` and ``learning_rate`` mean what they mean in
    ``fit``, for each shard: a rate that is annealed falls over the steps of a shard. So does
    ``batch_size``, where each shard takes 3000 steps, or as many as ``fit`` would take; where
    shards are smaller, their batches are, down to ``batch_size`` rows for all shards together,
    with which each takes as many steps as ``fit``.

    ``callbacks`` and optimizers with ``use_ema=True`` are refused, as no process has the weights of
    all steps; ``conditional=True`` too, as are estimators of tables, classifiers and regressors,
    whose columns and classes one process learns from all rows. Where ``fit`` chooses the number of
    epochs by folds, of at most 2000 rows, the caller's process does.

    What only looks at some rows, as the mixture of codes behind ``sample`` does, and the statistics
    of codes of sparse and variational autoencoders, are computed in the caller's process, to which
    each shard then comes once.

    References
    ----------
    .. [1] Stich, S. U. (2019). Local SGD converges fast and communicates little. ICLR 2019.

    .. [2] Douillard, A. et al. (2023). DiLoCo: distributed low-communication training of language
       models. arXiv:2311.08105.

    Examples
    --------
    >>> import numpy as np
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from sklearn.datasets import load_digits
    >>> from skae import Autoencoder
    >>> from skae.distributed import fit
    >>> X = load_digits().data
    >>> with ThreadPoolExecutor(2) as executor:
    ...     autoencoder = fit(
    ...         Autoencoder(8, max_iter=5, early_stopping=True, random_state=0),
    ...         np.array_split(X, 4),
    ...         executor=executor,
    ...     )
    >>> autoencoder.transform(X).shape
    (1797, 8)
    """
    _check(estimator, executor, outer_momentum, steps_per_round)
    crew = Crew(executor, shards_of(shards, executor))
    try:
        pace = Pace(float(outer_momentum), steps_per_round)
        rows: Any = ShardedRows(crew, pace, is_kept=checkpoint is not None)
        about: dict[str, Any] = {"sample_weight": sample_weight, "checkpoint": checkpoint}
        # An average of rounds that some shards had not ended would be of no use.
        with granting(False):
            return estimator.fit(rows, **about)
    finally:
        crew.end()


def _check(estimator: Any, executor: Any, outer_momentum: Any, steps_per_round: Any) -> None:
    if isinstance(estimator, type) or not isinstance(estimator, BaseAutoencoder):
        raise TypeError(
            f"estimator is {_named(estimator)}, but an autoencoder of rows of numbers was "
            "expected, such as skae.Autoencoder(8). What learns classes or tables looks at all "
            "rows before it trains: fit it on one machine, where a memory map, or a part of the "
            "rows, is enough."
        )
    if getattr(estimator, "conditional", False):
        raise ValueError(
            "conditional=True learns the classes of all rows, which shards do not tell. Set "
            "conditional=False, or fit on one machine."
        )
    if getattr(estimator, "adversarial_max_iter", 0):
        raise ValueError(
            f"adversarial_max_iter={estimator.adversarial_max_iter!r} is a game of one network and "
            "one critic, but each shard trains its own. Set adversarial_max_iter=0, or fit on one "
            "machine."
        )
    if hasattr(estimator, "_check_warmup"):
        estimator._check_warmup()
    if estimator.callbacks:
        raise ValueError(
            "callbacks watch the steps of one network, but each shard trains its own. Set "
            "callbacks=None; verbose=1 prints a line each round."
        )
    if not (hasattr(executor, "submit") or callable(executor)):
        raise TypeError(no_executor(executor))
    if not _is_number(outer_momentum, Real) or not 0 <= outer_momentum < 1:
        raise ValueError(
            f"outer_momentum={outer_momentum!r} should be a number of at least 0 and below 1; "
            "0 takes plain means."
        )
    is_word = isinstance(steps_per_round, str) and steps_per_round == "auto"
    if not is_word and not (_is_number(steps_per_round, Integral) and steps_per_round >= 1):
        raise ValueError(
            f"steps_per_round={steps_per_round!r} should be an integer of at least 1, or 'auto', "
            "which takes epochs, and less of small shards."
        )


def _is_number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool | np.bool_)


def _named(estimator: Any) -> str:
    if isinstance(estimator, type):
        return f"the class {estimator.__name__}"
    return f"a {type(estimator).__name__}"
