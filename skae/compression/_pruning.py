"""Weights that matter least become zero, and the others are trained to make up for it.

The curvature that says how much a weight matters is the mean squared gradient that Adam keeps.
"""

from collections.abc import Iterator
from dataclasses import replace
from numbers import Real
from typing import NamedTuple

import numpy as np

from skae.estimators import BaseAutoencoder
from skae.fitting import Origin, Rows, Settings, train
from skae.model import Model
from skae.networks import names
from skae.numerics import Array, Matrix, Weights
from skae.training import DEFAULT_LEARNING_RATE, Hooks

# Zhu & Gupta (2018): many weights go early, few at the end.
_N_PRUNINGS, _EXPONENT = 40, 3
_STEPS_BETWEEN = 200
# Shares of the learning rate that are left once all weights went.
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


def pruned_weights(
    estimator: BaseAutoencoder,
    model: Model,
    sparsity: float,
    X: Matrix | None,
    trains: Array | None,
    max_iter: int,
    rng: np.random.Generator,
) -> Weights:
    """Weights of which a share is zero; trained in between where there are rows.

    Rows held out have a weight of zero: those of a memory map stay on its disk.
    """
    if X is None or trains is None or sparsity == 0:
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
        weights, moments = outcome.weights, outcome.second_moments
    return weights


def _phases(sparsity: float, steps_per_epoch: int, max_iter: int) -> Iterator[_Phase]:
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


def _fine_tuning(estimator: BaseAutoencoder) -> Settings:
    """The estimator's settings, with the optimizer that says how much a weight matters."""
    rate, is_adam = estimator.learning_rate, str(estimator.optimizer).lower() == "adam"
    learning_rate = rate if is_adam and isinstance(rate, Real) else DEFAULT_LEARNING_RATE
    return replace(Settings.of(estimator), optimizer="adam", learning_rate=learning_rate)


def kernel_names(weights: Weights) -> list[str]:
    """Names of what is pruned: not biases, the prior, or the critic, which only ``fit`` needs."""
    return [
        name
        for name, array in weights.items()
        if array.ndim > 1
        and not names.is_bias(name)
        and not name.startswith((names.CRITIC, names.PRIOR))
    ]


def _most_salient(weights: Weights, moments: Weights | None, sparsity: float) -> Weights:
    """For every weight 1 if it stays, 0 if it is among those that matter least.

    Optimal brain damage (LeCun et al. 1990) with mean squared gradients for the curvature; without
    them, the magnitude.
    """
    kernels = kernel_names(weights)
    saliencies = _saliencies({name: weights[name] for name in kernels}, moments)
    joined = np.concatenate([saliency.ravel() for saliency in saliencies])
    stays = np.ones(joined.size, np.float32)
    stays[np.argsort(joined, kind="stable")[: int(np.ceil(sparsity * joined.size))]] = 0.0
    parts = np.split(stays, np.cumsum([weights[name].size for name in kernels])[:-1])
    mask = {name: np.ones_like(array) for name, array in weights.items()}
    for name, part in zip(kernels, parts, strict=True):
        mask[name] = part.reshape(weights[name].shape)
    return mask


def _saliencies(kernels: Weights, moments: Weights | None) -> list[Array]:
    if moments is None:
        return [np.abs(kernel) for kernel in kernels.values()]
    # Weights that a user's model does not train have no gradient: they count as the average one.
    slopes = {name: np.sqrt(moments[name]) for name in kernels if name in moments}
    usual = np.mean([slope.mean() for slope in slopes.values()])
    return [np.abs(kernel) * slopes.get(name, usual) for name, kernel in kernels.items()]


def share_of_zeros(weights: Weights) -> float:
    kernels = [weights[name] for name in kernel_names(weights)]
    return float(sum(np.sum(k == 0) for k in kernels) / sum(k.size for k in kernels))
