"""Weights that matter least become zero, and the others are trained to make up for it.

The curvature that says how much a weight matters is the mean squared gradient that Adam keeps. Once
all went that shall go, some come back in the place of others: a weight that went early may be worth
more than one that stayed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, NamedTuple, Self

import numpy as np

from skae.estimators import BaseAutoencoder
from skae.fitting import Origin, Recipe, Rows, Settings, planned, train
from skae.model import Model
from skae.networks import names
from skae.numerics import Array, Weights
from skae.training import DEFAULT_LEARNING_RATE, GradientMoments, Hooks, Outcome

# Zhu & Gupta (2018): many weights go early, few at the end.
_N_PRUNINGS, _EXPONENT = 40, 3
_STEPS_BETWEEN = 200
# Rounds in which weights come back, and the share of those left that do in the first of them, which
# falls to none like a cosine (Evci et al. 2020).
_N_RETURNS, _FIRST_SHARE = 15, 0.3
# How much the latest phase counts in the mean squared gradients: those of one phase are noisy.
_NEWS = 0.3
# Shares of the learning rate that are left once all weights went.
_LAST_RATES = (1.0, 0.3, 0.1)
# Early stopping watches other rows in every phase, or a few would decide them all; from this
# progress on always the same, or it would judge by rows that were just trained on.
_LATE = 0.75
# Where fewer weights are left for each value to learn from, they learn none by heart: they are
# trained without early stopping, at a rate that falls to nothing, in so many steps of it.
_FEW, _N_RATES = 0.1, 20


@dataclass(frozen=True)
class Course:
    """How a model is trained while weights are removed.

    Attributes
    ----------
    rows : Rows
        Those held out have a weight of zero: those of a memory map stay on its disk.
    recipe : Recipe
    settings : Settings
    max_iter : int
        Epochs at most after the last removal.
    rng : numpy.random.Generator
    late_seed : int
        Of the rows that early stopping watches in the end.
    """

    rows: Rows
    recipe: Recipe
    settings: Settings
    max_iter: int
    rng: np.random.Generator
    late_seed: int

    @classmethod
    def of(
        cls,
        estimator: BaseAutoencoder,
        rows: Rows,
        max_iter: int,
        rng: np.random.Generator,
    ) -> Self:
        """With the estimator's settings; the weight of a row is 0 if it is held out, else 1."""
        # Every phase would warm up anew.
        recipe = replace(estimator._recipe(), schedule=None, n_grace_epochs=0)
        settings, late_seed = _fine_tuning(estimator), int(rng.integers(2**31))
        return cls(rows, recipe, settings, max_iter, rng, late_seed)

    @property
    def n_rows(self) -> int:
        """Rows that train."""
        assert self.rows.sample_weight is not None
        return int(self.rows.sample_weight.sum())

    @property
    def n_between(self) -> int:
        """Epochs between two removals."""
        n_steps = self.settings.steps_per_epoch(self.n_rows)
        return int(np.clip(_STEPS_BETWEEN // n_steps, 1, self.max_iter))

    @property
    def n_annealed(self) -> int:
        """Epochs in which a rate falls to nothing: as many as a fit of these rows would take."""
        settings = replace(self.settings, learning_rate="auto", early_stopping=True)
        return planned(replace(settings, max_iter=self.max_iter), self.rows).max_iter

    @property
    def to_the_end(self) -> Self:
        """The same without early stopping, so that all rows train."""
        return replace(self, settings=replace(self.settings, early_stopping=False))


class _Phase(NamedTuple):
    """Some epochs after a pruning."""

    sparsity: float
    relative_rate: float
    n_epochs: int
    is_late: bool
    is_stopped: bool = True
    # Share of the weights left that others take the place of.
    returning: float = 0.0
    # Whether the optimizer goes on from the phase before.
    goes_on: bool = False


def pruned_weights(model: Model, sparsity: float, course: Course | None) -> Weights:
    """Weights of which a share is zero; trained in between where there are rows.

    Parameters
    ----------
    model : Model
    sparsity : float
        With 0 the weights are only trained.
    course : Course or None
        None for no rows to train on.
    """
    if course is None:
        mask = _most_salient(model.weights, None, sparsity)
        return {name: array * mask[name] for name, array in model.weights.items()}
    weights, state = model.weights, None
    moments: GradientMoments | None = None
    is_stopped = _is_stopped(model, sparsity, course)
    for phase in (
        *_removals(sparsity, course),
        *_returns(sparsity, course, is_stopped),
        *_last_phases(sparsity, course, is_stopped),
    ):
        mask = _most_salient(weights, moments and moments.mean_squares, phase.sparsity)
        if phase.returning and moments is not None:
            mask = _with_returned(mask, weights, moments, phase.returning)
        outcome = fine_tuned(
            model.with_weights(weights),
            mask,
            course if phase.is_stopped else course.to_the_end,
            phase.relative_rate,
            phase.n_epochs,
            is_late=phase.is_late,
            optimizer_state=state if phase.goes_on else None,
        )
        weights, state = outcome.weights, outcome.optimizer_state
        moments = _with_news(moments, outcome.gradient_moments)
    return weights


def _with_news(
    moments: GradientMoments | None, latest: GradientMoments | None
) -> GradientMoments | None:
    """The latest means, and mean squares in which the phases before count too."""
    if moments is None or latest is None:
        return latest
    before = moments.mean_squares
    squares = {
        name: (1 - _NEWS) * before[name] + _NEWS * array
        for name, array in latest.mean_squares.items()
    }
    return latest._replace(mean_squares=squares)


def fine_tuned(
    model: Model,
    mask: Weights,
    course: Course,
    relative_rate: float,
    n_epochs: int,
    *,
    is_late: bool,
    optimizer_state: list[Array] | None = None,
) -> Outcome:
    """The outcome of some epochs, in which weights whose mask is 0 are and stay zero."""
    return train(
        model.with_weights({name: array * mask[name] for name, array in model.weights.items()}),
        course.rows,
        course.recipe,
        replace(
            course.settings,
            learning_rate=relative_rate * course.settings.learning_rate,
            max_iter=n_epochs,
        ),
        Origin(mask=mask, optimizer_state=optimizer_state),
        Hooks(),
        np.random.default_rng(course.late_seed) if is_late else course.rng,
    )


def _removals(sparsity: float, course: Course) -> Iterator[_Phase]:
    """The pruning schedule; in the first phase no weight goes, its gradients say which will."""
    for i in range(_N_PRUNINGS if sparsity else 0):
        progress = i / _N_PRUNINGS
        share = sparsity * (1 - (1 - progress) ** _EXPONENT)
        yield _Phase(share, 1.0, course.n_between, is_late=progress >= _LATE)


def _is_stopped(model: Model, sparsity: float, course: Course) -> bool:
    """Whether the weights left are so many that early stopping has to watch them."""
    n_left = (1 - sparsity) * n_weights(model.weights)
    return n_left >= _FEW * course.n_rows * model.network.n_features


def _returns(sparsity: float, course: Course, is_stopped: bool) -> Iterator[_Phase]:
    """Phases at the beginning of which some weights come back and as many others go."""
    for i in range(_N_RETURNS if sparsity else 0):
        returning = _FIRST_SHARE * _half_cosine(i / _N_RETURNS)
        yield _Phase(
            sparsity,
            1.0,
            course.n_between,
            is_late=True,
            is_stopped=is_stopped,
            returning=float(returning),
        )


def _last_phases(sparsity: float, course: Course, is_stopped: bool) -> Iterator[_Phase]:
    """What follows the last removal, with lower and lower rates."""
    if is_stopped:
        rates, n_epochs = np.array(_LAST_RATES), course.max_iter
    else:
        n_epochs = course.n_annealed
        n_rates = min(_N_RATES, n_epochs)
        places = (np.arange(n_rates) + 0.5) / n_rates
        rates = _half_cosine(places)
    for rate, part in zip(rates, np.array_split(range(n_epochs), len(rates)), strict=True):
        if len(part):
            yield _Phase(
                sparsity,
                float(rate),
                len(part),
                is_late=True,
                is_stopped=is_stopped,
                goes_on=True,
            )


def _half_cosine(place: Any) -> Any:
    """What falls from 1 at the beginning, place 0, to nothing at the end, place 1."""
    return 0.5 * (1 + np.cos(np.pi * place))


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


def _most_salient(weights: Weights, mean_squares: Weights | None, sparsity: float) -> Weights:
    """For every weight 1 if it stays, 0 if it is among those that matter least."""
    saliencies = _joined(_saliencies(weights, mean_squares), weights)
    stays = np.ones(saliencies.size, np.float32)
    n_zero = int(np.ceil(sparsity * saliencies.size))
    stays[np.argsort(saliencies, kind="stable")[:n_zero]] = 0.0
    return _as_mask(stays, weights)


def _with_returned(
    mask: Weights, weights: Weights, moments: GradientMoments, share: float
) -> Weights:
    """A mask in which a share of the weights that stay goes, and others come back in their place.

    Those go that matter least, and those come back whose gradients are the largest (RigL, Evci et
    al. 2020); a weight without a gradient does neither.
    """
    saliencies = _joined(_saliencies(weights, moments.mean_squares), weights)
    slopes = _joined({name: np.abs(array) for name, array in moments.means.items()}, weights)
    stays = _joined(mask, weights)
    kept, gone = np.flatnonzero(stays), np.flatnonzero((stays == 0) & (slopes > 0))
    n = min(int(share * len(kept)), len(gone))
    stays[kept[np.argsort(saliencies[kept], kind="stable")[:n]]] = 0.0
    stays[gone[np.argsort(-slopes[gone], kind="stable")[:n]]] = 1.0
    return _as_mask(stays, weights)


def _joined(arrays: Weights, weights: Weights) -> Array:
    """One value for each weight that could be zero; 0 for those of arrays that are not there."""
    return np.concatenate(
        [
            arrays[name].ravel() if name in arrays else np.zeros(weights[name].size)
            for name in kernel_names(weights)
        ]
    )


def _as_mask(stays: Array, weights: Weights) -> Weights:
    """Such values taken apart, and 1 for every weight that could not be zero."""
    kernels = kernel_names(weights)
    parts = np.split(stays, np.cumsum([weights[name].size for name in kernels])[:-1])
    mask = {name: np.ones_like(array) for name, array in weights.items()}
    for name, part in zip(kernels, parts, strict=True):
        mask[name] = part.reshape(weights[name].shape)
    return mask


def _saliencies(weights: Weights, mean_squares: Weights | None) -> Weights:
    """How much each weight that could be zero matters.

    Optimal brain damage (LeCun et al. 1990) with mean squared gradients for the curvature; without
    them, the magnitude.
    """
    kernels = {name: weights[name] for name in kernel_names(weights)}
    if mean_squares is None:
        return {name: np.abs(kernel) for name, kernel in kernels.items()}
    # Weights that a user's model does not train have no gradient: they count as the average one.
    slopes = {name: np.sqrt(mean_squares[name]) for name in kernels if name in mean_squares}
    usual = np.mean([slope.mean() for slope in slopes.values()])
    return {name: np.abs(kernel) * slopes.get(name, usual) for name, kernel in kernels.items()}


def n_weights(weights: Weights) -> int:
    """Number of the weights that could be zero."""
    return sum(weights[name].size for name in kernel_names(weights))


def n_nonzero(weights: Weights) -> int:
    """Number of the weights that could be zero and are not."""
    return sum(int(np.count_nonzero(weights[name])) for name in kernel_names(weights))
