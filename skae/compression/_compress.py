"""Smaller models: weights pruned, then stored as small integers.

The curvature that says how much a weight matters is the mean squared gradient that Adam keeps.
"""

import copy
import pickle
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, validate_params
from sklearn.utils.validation import check_is_fitted

from skae.estimators import BaseAutoencoder
from skae.fitting import DEFAULT_LEARNING_RATE, Origin, Rows, Settings, split_rows, train
from skae.model import pack
from skae.tables import refuse_mask
from skae.training import Hooks

__all__ = ["CompressionReport", "compress"]

# Zhu & Gupta (2018): many weights go early, few at the end.
_N_PRUNINGS, _EXPONENT = 40, 3
_STEPS_BETWEEN = 200
# What is left of the learning rate once all weights went.
_LAST_RATES = (1.0, 0.3, 0.1)
# Early stopping watches other rows in every phase, or a few would decide them all; from this
# progress on always the same, or it would judge by rows that were just trained on.
_LATE = 0.75


class _Phase(NamedTuple):
    """Some epochs after a pruning."""

    sparsity: float
    relative_rate: float
    n_epochs: int
    is_late: bool


@dataclass(frozen=True)
class CompressionReport:
    """What :func:`skae.compress` changed; ``print`` shows it as a table.

    Attributes
    ----------
    n_weights : int
        Weights that could be removed: all but biases.
    sparsity_before, sparsity_after : float
        Share of them that is zero; rounding adds some.
    n_bytes_before, n_bytes_after : int
        Size of the pickled autoencoder, this report included.
    error_before, error_after : float or None
        Mean loss between rows that were held out and their reconstruction, in squared units of the
        rows, or in nats for ``"binary_crossentropy"``; None without such rows.
    """

    n_weights: int
    sparsity_before: float
    sparsity_after: float
    n_bytes_before: int
    n_bytes_after: int
    error_before: float | None = None
    error_after: float | None = None

    def __str__(self):
        lines = [
            ("", "before", "after", "ratio"),
            ("bytes", f"{self.n_bytes_before:,}", f"{self.n_bytes_after:,}",
             f"{self.n_bytes_after / self.n_bytes_before:.3f}"),
            ("sparsity", f"{self.sparsity_before:.3f}", f"{self.sparsity_after:.3f}", ""),
        ]  # fmt: skip
        if self.error_before is not None:
            ratio = self.error_after / self.error_before if self.error_before else float("nan")
            before, after = f"{self.error_before:.4g}", f"{self.error_after:.4g}"
            lines.append(("held-out error", before, after, f"{ratio:.3f}"))
        return "\n".join("{:<14} {:>12} {:>12} {:>8}".format(*line).rstrip() for line in lines)


@validate_params(
    {
        "sparsity": [Interval(Real, 0, 1, closed="left")],
        "bits": [Options(Integral, {4, 8}), None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def compress(
    estimator,
    sparsity=0.9,
    bits=8,
    X=None,
    *,
    max_iter=200,
    validation_fraction=0.1,
    random_state=None,
):
    """Smaller copy of a fitted autoencoder: most weights are zero, the others take few bits.

    Its pickle has about a tenth of the size, less for wide networks and more for narrow ones.

    With rows to train on, weights are removed gradually, and after each removal the others are
    trained to make up for it [2]_; those go first that matter least to the loss: the smallest
    products of magnitude and root mean squared gradient [4]_. Without rows, the weights of smallest
    magnitude go all at once [1]_. What is left is rounded to integers, with one scale for each
    channel of a layer [3]_.

    The pickle holds those integers and their places. In memory weights are float32 again, so
    scoring is as fast as before and needs TensorFlow only where it did before.

    Parameters
    ----------
    estimator : fitted autoencoder, or fitted Pipeline that ends in one
        It is not changed.
    sparsity : float, default=0.9
        Share of the weights that become zero, of all layers together, in [0, 1). Biases are kept,
        and so is what ``fit`` alone needs (an adversarial autoencoder's critic).
    bits : {8, 4} or None, default=8
        Bits of each weight that is left; None keeps all 32. With 4 the error rises visibly.
    X : array-like or sparse matrix of shape (n_samples, n_features), optional
        Rows to train on while weights are removed, such as those of ``fit``, in the same units (of
        a Pipeline: as its first step takes them). Without them keep ``sparsity`` low: 0.2 loses
        little, but at 0.9 the error is several times what it was.
    max_iter : int, default=200
        Epochs at most after the last removal, and after each of those before. Training stops
        earlier as in ``fit``: by the estimator's ``early_stopping``, ``tol`` and so on.
    validation_fraction : float, default=0.1
        Share of X that is never trained on here but gives the errors of the report. The rows that
        early stopping watches are not among them: those are a share of the others, the
        estimator's own ``validation_fraction``.
    random_state : int, RandomState instance or None, default=None
        Decides which rows these are, and the order of the others. Equal seeds give equal bits on
        one machine.

    Returns
    -------
    compressed : estimator
        Of the same class. It, or the last step of a Pipeline, has ``compression_report_``, a
        :class:`~skae.CompressionReport`, to print. Its history is that of ``fit``.

    Raises
    ------
    TypeError
        If the estimator is not an autoencoder of skae.
    ValueError
        If a parameter is out of range, rows are not like those of ``fit``, or training diverged.
    sklearn.exceptions.NotFittedError
        If the estimator was not fitted.

    Notes
    -----
    Removing and training takes two or three times as long as a fit. The optimizer is Adam, with the
    estimator's learning rate if that is a number for Adam, else 0.002, and with less of it in the
    end. Sample weights, clean rows and callbacks of the fit play no part. Attributes that ``fit``
    measured on its rows, such as ``kl_per_unit_``, are measured anew on those of X, and else stay.

    The report's errors are those of rows that training never saw here. If the estimator was fitted
    on them, its error before looks better than it is: compare on rows that both never saw.

    Training the result further, by ``partial_fit`` or ``warm_start``, makes it an ordinary
    estimator again, in which no weight stays zero.

    References
    ----------
    .. [1] Han, S., Pool, J., Tran, J. & Dally, W. (2015). Learning both weights and connections
       for efficient neural networks. NIPS 2015, 1135-1143.

    .. [2] Zhu, M. & Gupta, S. (2018). To prune, or not to prune: exploring the efficacy of pruning
       for model compression. ICLR 2018 workshop.

    .. [3] Krishnamoorthi, R. (2018). Quantizing deep convolutional networks for efficient
       inference: a whitepaper. arXiv:1806.08342.

    .. [4] LeCun, Y., Denker, J. & Solla, S. (1990). Optimal brain damage. NIPS 1989, 598-605.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import skae
    >>> X = load_digits().data
    >>> fitted = skae.Autoencoder(8, max_iter=20, random_state=0).fit(X[:1500])
    >>> small = skae.compress(fitted, sparsity=0.8, X=X[:1500], max_iter=10, random_state=0)
    >>> small.transform(X[1500:]).shape
    (297, 8)
    >>> report = small.compression_report_
    >>> report.sparsity_after >= 0.8, report.n_bytes_after < report.n_bytes_before / 6
    (True, True)
    """
    options = {
        "sparsity": sparsity,
        "bits": bits,
        "max_iter": max_iter,
        "validation_fraction": validation_fraction,
        "random_state": random_state,
    }
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(last, BaseAutoencoder):
        raise TypeError(
            f"estimator={estimator!r} is neither an autoencoder of skae nor a Pipeline that ends "
            "in one. Pass the fitted autoencoder itself; of a search, its best_estimator_."
        )
    check_is_fitted(estimator)
    if last is estimator:
        return _compress(estimator, X, **options)
    return _compress_last_step(estimator, X, options)


def _compress(estimator, X, *, sparsity, bits, max_iter, validation_fraction, random_state):
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    n_bytes_before = len(pickle.dumps(estimator))
    before, trains, held_out = estimator._model, None, None
    if X is not None:
        X = estimator._check_likely_rows(X)
        training, validation = split_rows(X.shape[0], validation_fraction, rng)
        trains, held_out = np.zeros(X.shape[0]), X[validation]
        trains[training] = 1.0
    weights = _pruned(estimator, before, sparsity, X, trains, max_iter, rng)
    after = before.with_packed(
        {n: pack(w, None if _is_bias(n) else bits) for n, w in weights.items()}
    )
    compressed = copy.deepcopy(estimator)
    vars(compressed).pop("_optimizer_state", None)
    compressed._model = after
    if X is not None:
        compressed._after_fit(X)
        compressed._learn_codes(X)
    compressed.compression_report_ = CompressionReport(
        n_weights=sum(before.weights[name].size for name in _kernels(before.weights)),
        sparsity_before=_sparsity(before.weights),
        sparsity_after=_sparsity(after.weights),
        n_bytes_before=n_bytes_before,
        n_bytes_after=0,
        error_before=_error(before, held_out),
        error_after=_error(after, held_out),
    )
    return _with_size(compressed)


def _with_size(compressed):
    """The size of a pickle that holds this size: the second time it is as long as it says."""
    for _ in range(2):
        n_bytes = len(pickle.dumps(compressed))
        report = replace(compressed.compression_report_, n_bytes_after=n_bytes)
        compressed.compression_report_ = report
    return compressed


def _error(model, rows):
    if rows is None or not rows.shape[0]:
        return None
    return float(model.row_errors(rows).mean())


def _compress_last_step(pipeline, X, options):
    refuse_mask(X, "X")
    if X is not None and len(pipeline.steps) > 1:
        X = pipeline[:-1].transform(X)
    # The other steps too: fitting the result again would fit those of the original.
    compressed = copy.deepcopy(pipeline)
    name, last = pipeline.steps[-1]
    compressed.steps[-1] = (name, _compress(last, X, **options))
    return compressed


def _pruned(estimator, model, sparsity, X, trains, max_iter, rng):
    """Weights of which a share is zero; trained in between where there are rows.

    Rows held out have a weight of zero: those of a memory map stay on its disk.
    """
    if X is None or sparsity == 0:
        mask = _most_salient(model.weights, None, sparsity)
        return {name: array * mask[name] for name, array in model.weights.items()}
    settings, late_seed = _fine_tuning(estimator), int(rng.integers(2**31))
    # Every phase would warm up anew.
    recipe = replace(estimator._recipe(), schedule=None, n_grace_epochs=0)
    weights, moments = model.weights, None
    for phase in _phases(sparsity, settings.steps_per_epoch(int(trains.sum())), max_iter):
        mask = _most_salient(weights, moments, phase.sparsity)
        outcome = train(
            model.with_weights({name: array * mask[name] for name, array in weights.items()}),
            Rows(X, trains),
            recipe,
            replace(
                settings,
                learning_rate=phase.relative_rate * settings.learning_rate,
                max_iter=phase.n_epochs,
            ),
            Origin(mask=mask),
            Hooks(),
            np.random.default_rng(late_seed) if phase.is_late else rng,
        )
        if outcome.interrupted:
            raise KeyboardInterrupt
        weights, moments = outcome.weights, outcome.second_moments
    return weights


def _phases(sparsity, steps_per_epoch, max_iter):
    """The pruning schedule; in the first phase no weight goes, its gradients say which will."""
    n_epochs = int(np.clip(_STEPS_BETWEEN // steps_per_epoch, 1, max_iter))
    for i in range(_N_PRUNINGS):
        progress = i / _N_PRUNINGS
        share = sparsity * (1 - (1 - progress) ** _EXPONENT)
        yield _Phase(share, 1.0, n_epochs, is_late=progress >= _LATE)
    for rate, part in zip(
        _LAST_RATES, np.array_split(range(max_iter), len(_LAST_RATES)), strict=True
    ):
        if len(part):
            yield _Phase(sparsity, rate, len(part), is_late=True)


def _fine_tuning(estimator):
    """The estimator's settings, with the optimizer that says how much a weight matters."""
    rate, is_adam = estimator.learning_rate, str(estimator.optimizer).lower() == "adam"
    learning_rate = rate if is_adam and isinstance(rate, Real) else DEFAULT_LEARNING_RATE
    return replace(Settings.of(estimator), optimizer="adam", learning_rate=learning_rate)


def _kernels(weights):
    """Names of what is pruned: not biases, nor the critic, which scoring does not need."""
    return [
        name
        for name, array in weights.items()
        if array.ndim > 1 and not _is_bias(name) and not name.startswith("critic_")
    ]


def _is_bias(name):
    # A gated recurrent unit's has two axes.
    return name.endswith("bias")


def _most_salient(weights, moments, sparsity):
    """For every weight 1 if it stays, 0 if it is among those that matter least.

    Optimal brain damage (LeCun et al. 1990) with mean squared gradients for the curvature; without
    them, the magnitude.
    """
    kernels = _kernels(weights)
    saliencies = _saliencies({name: weights[name] for name in kernels}, moments)
    joined = np.concatenate([saliency.ravel() for saliency in saliencies])
    stays = np.ones(joined.size, np.float32)
    stays[np.argsort(joined, kind="stable")[: int(np.ceil(sparsity * joined.size))]] = 0.0
    parts = np.split(stays, np.cumsum([weights[name].size for name in kernels])[:-1])
    mask = {name: np.ones_like(array) for name, array in weights.items()}
    for name, part in zip(kernels, parts, strict=True):
        mask[name] = part.reshape(weights[name].shape)
    return mask


def _saliencies(kernels, moments):
    if moments is None:
        return [np.abs(kernel) for kernel in kernels.values()]
    # What a user's model does not train has no gradient: it counts like the others on average.
    slopes = {name: np.sqrt(moments[name]) for name in kernels if name in moments}
    usual = np.mean([slope.mean() for slope in slopes.values()])
    return [np.abs(kernel) * slopes.get(name, usual) for name, kernel in kernels.items()]


def _sparsity(weights):
    kernels = [weights[name] for name in _kernels(weights)]
    return float(sum(np.sum(k == 0) for k in kernels) / sum(k.size for k in kernels))
