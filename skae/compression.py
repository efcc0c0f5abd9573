"""Smaller models: weights pruned, then stored as small integers.

The curvature that says how much a weight matters is the mean squared gradient that Adam keeps.
"""

import copy
import pickle
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, validate_params
from sklearn.utils.validation import check_is_fitted

from skae._base import BaseAutoencoder
from skae._fitting import fit_epochs
from skae._packing import pack
from skae._validation import split_rows
from skae.training import Hooks

__all__ = ["CompressionReport", "compress"]

# Zhu & Gupta (2018): many weights go early, few at the end.
_N_PRUNINGS, _EXPONENT = 20, 3
_STEPS_BETWEEN = 400


@dataclass(frozen=True)
class CompressionReport:
    """What :func:`skae.compress` changed.

    Attributes
    ----------
    n_weights : int
        Entries of the kernels, which are what is pruned.
    sparsity_before, sparsity_after : float
        Share of them that is zero.
    n_bytes_before, n_bytes_after : int
        Size of the pickled autoencoder.
    error_before, error_after : float or None
        Mean reconstruction error of rows held out, in the units of ``-score``; None without rows.
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
        "estimator": [BaseAutoencoder, Pipeline],
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
    """A fitted autoencoder with most weights zero and the others in a few bits.

    With rows to train on weights are pruned gradually, each time followed by some epochs in which
    the others make up for it [2]_; those go that matter least to the loss: the smallest product of
    magnitude and root mean squared gradient [4]_. Without rows the smallest go at once [1]_. What
    is left is rounded to integers with one scale for each output of a layer [3]_. The pickle keeps
    those integers and where they stand; scoring needs no TensorFlow where it needed none before.

    Parameters
    ----------
    estimator : fitted autoencoder, or fitted Pipeline that ends in one
        It is not changed.
    sparsity : float, default=0.9
        Share of the weights that become zero, of all layers together; biases are kept.
    bits : {8, 4} or None, default=8
        Bits a weight; None leaves them in 32.
    X : array-like of shape (n_samples, n_features), optional
        Rows to train on while weights are taken away, in the units of those in ``fit``. Without
        them much of the accuracy is lost at high sparsity.
    max_iter : int, default=200
        Epochs at most after the last weights were taken; the estimator's early stopping holds.
    validation_fraction : float, default=0.1
        Share of X that is only used for the errors in the report.
    random_state : int, RandomState instance or None, default=None
        Decides which rows these are, and the order of the others.

    Returns
    -------
    compressed : estimator
        A copy with ``compression_report_`` (of a Pipeline its last step), a
        :class:`~skae.CompressionReport`. Its history is that of the fit before.

    Raises
    ------
    ValueError
        If a parameter is out of range, or rows are not like those of the fit.
    sklearn.exceptions.NotFittedError
        If the estimator was not fitted.

    Notes
    -----
    Training the result further, by ``warm_start`` or ``partial_fit``, makes it an ordinary one
    again. The report's errors are those of rows that training never saw here; if the estimator was
    fitted on them, its error before looks better than on new rows.

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
    if isinstance(estimator, Pipeline):
        return _compress_last_step(estimator, X, options)
    return _compress(estimator, X, **options)


def _compress(estimator, X, *, sparsity, bits, max_iter, validation_fraction, random_state):
    check_is_fitted(estimator)
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    before, rows, held_out = estimator._model, None, None
    if X is not None:
        X = estimator._check_likely_rows(X)
        training, validation = split_rows(X.shape[0], validation_fraction, rng)
        rows, held_out = X[training], X[validation]
    weights = _pruned(estimator, before, sparsity, rows, max_iter, rng)
    after = before.with_packed({name: pack(array, bits) for name, array in weights.items()})
    compressed = copy.deepcopy(estimator)
    vars(compressed).pop("_optimizer_state", None)
    vars(compressed).pop("compression_report_", None)
    compressed._model = after
    if rows is not None:
        compressed._after_fit(rows)
    compressed.compression_report_ = CompressionReport(
        n_weights=sum(before.weights[name].size for name in _kernels(before.weights)),
        sparsity_before=_sparsity(before.weights),
        sparsity_after=_sparsity(after.weights),
        n_bytes_before=len(pickle.dumps(estimator)),
        n_bytes_after=len(pickle.dumps(compressed)),
        error_before=_error(before, held_out),
        error_after=_error(after, held_out),
    )
    return compressed


def _error(model, rows):
    if rows is None or not rows.shape[0]:
        return None
    return float(model.row_errors(rows).mean())


def _compress_last_step(pipeline, X, options):
    *_, (name, last) = pipeline.steps
    if not isinstance(last, BaseAutoencoder):
        raise TypeError(
            f"The Pipeline ends in {last!r}, which is not an autoencoder of skae. Compress the "
            "autoencoder itself and put it in its place."
        )
    check_is_fitted(pipeline)
    if X is not None and len(pipeline.steps) > 1:
        X = pipeline[:-1].transform(X)
    compressed = copy.copy(pipeline)
    compressed.steps = [*pipeline.steps[:-1], (name, _compress(last, X, **options))]
    return compressed


def _pruned(estimator, model, sparsity, X, max_iter, rng):
    """Weights of which a share is zero; trained in between where there are rows."""
    if X is None:
        kept = _most_salient(model.weights, None, sparsity)
        return {name: array * kept[name] for name, array in model.weights.items()}
    settings = _fine_tuning(estimator)
    n_epochs = int(np.clip(_STEPS_BETWEEN // -(-X.shape[0] // settings.batch_size), 1, max_iter))
    weights, moments = model.weights, None
    for step in range(_N_PRUNINGS + 1):
        share = sparsity * (1 - (1 - step / _N_PRUNINGS) ** _EXPONENT)
        kept = _most_salient(weights, moments, share)
        outcome = fit_epochs(
            settings,
            model.with_weights({name: array * kept[name] for name, array in weights.items()}),
            X,
            None,
            Hooks(),
            rng,
            max_iter=max_iter if step == _N_PRUNINGS else n_epochs,
            kept=kept,
        )
        if outcome.interrupted:
            raise KeyboardInterrupt
        weights, moments = outcome.weights, outcome.second_moments
    return weights


def _fine_tuning(estimator):
    """The estimator's parameters, with the optimizer that says how much a weight matters."""
    rate = estimator.learning_rate
    return clone(estimator).set_params(
        optimizer="adam", learning_rate=rate if isinstance(rate, Real) else None, callbacks=None
    )


def _kernels(weights):
    """Names of what is pruned: not vectors, nor the critic, which scoring does not need."""
    return [
        name for name, array in weights.items() if array.ndim > 1 and not name.startswith("critic_")
    ]


def _most_salient(weights, moments, sparsity):
    """For every weight 1 if it stays, 0 if it is among those that matter least.

    Optimal brain damage (LeCun et al. 1990) with mean squared gradients for the curvature; without
    them, the magnitude.
    """
    kernels = _kernels(weights)
    saliencies = [
        np.abs(weights[name]) * (1.0 if moments is None else np.sqrt(moments[name]))
        for name in kernels
    ]
    joined = np.concatenate([saliency.ravel() for saliency in saliencies])
    stays = np.ones(joined.size, np.float32)
    stays[np.argsort(joined, kind="stable")[: int(np.ceil(sparsity * joined.size))]] = 0.0
    parts = np.split(stays, np.cumsum([weights[name].size for name in kernels])[:-1])
    kept = {name: np.ones_like(array) for name, array in weights.items()}
    for name, part in zip(kernels, parts, strict=True):
        kept[name] = part.reshape(weights[name].shape)
    return kept


def _sparsity(weights):
    kernels = [weights[name] for name in _kernels(weights)]
    return float(sum(np.sum(k == 0) for k in kernels) / sum(k.size for k in kernels))
