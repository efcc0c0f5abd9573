"""How long to train on a table that is too small to hold rows out: the answer of several folds.

A tenth of a hundred rows says by luck when to stop, the start at PCA has seen them, and training
misses them. So networks are trained without each fold in turn, for a few numbers of epochs, and
the number after which the folds left out are reconstructed best is the one for all rows.

A few rows far from all others must not decide for them. They are what a network without them
reconstructs worst, and what sets the units of one with them: so a far row counts as much as its
distance allows, and folds are compared by the shares that training leaves of what their start left.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, cast

import numpy as np

from skae import backend
from skae.fitting._architecture import Architecture
from skae.fitting._rates import Rate
from skae.fitting._recipe import Recipe
from skae.fitting._rows import Rows
from skae.fitting._settings import Settings
from skae.fitting._start import new_model
from skae.fitting._train import program_spec, tier_of
from skae.folds import HeldOutFolds
from skae.model import Model, ScaledRows, dense
from skae.numerics import Array, Bools
from skae.threads import heard_interruption, map_in_threads, n_threads_allowed
from skae.training import Data, Outcome, Start, Tier, held_out_loss, loss_after

_N_FOLDS = 5
_LEAST_ROWS, _MOST_ROWS, _MOST_VALUES = 10, 2000, 2**24
# Who asks for another share held out is given it.
_USUAL_FRACTION = 0.1
# Steps that are tried, fewest first; and those tried only where the last of them were so much
# better than the ones before.
_STEPS, _MORE_STEPS, _STILL_FALLING = (100, 300, 1000, 3000), 10_000, 0.8
# Where the start leaves less than this share of the variance, nothing is left to learn.
_NOTHING = 1e-9
# Numbers of epochs that are nearer than by this factor are not both tried.
_APART = 1.5
# More epochs are not tried where so many are this much worse than the best number before.
# As a share of what the start leaves, and of predicting the mean.
_HOPELESS, _LITTLE = 0.1, 0.01
# A larger one than the table would be mostly padding.
_USUAL_BATCH = 32
# Losses that differ by less are equal.
_ROUNDING = 1e-6
# Gains over the start that are less are chance.
_STANDARD_ERRORS = 0.5
# Folds are left out until so many rows were.
_ENOUGH_HELD_OUT = 250
# A row farther from the mean than the usual one counts less, from so many times its square.
_FAR = 10.0


@dataclass(frozen=True)
class CrossFit:
    """Losses of rows held out, by the number of epochs.

    Attributes
    ----------
    of_folds : dict of int to list of float
        Mean loss of the rows of each fold, judged by the network that was trained without them, by
        the number of epochs; 0 epochs are the start.
    weights : list of float
        How much each fold counts.
    tier : {"eager", "graph", "xla"}
        How the program was compiled, which can train on all rows too.
    interrupted : bool
        Whether the folds were left before they had an answer; the losses are those so far.
    """

    of_folds: dict[int, list[float]]
    weights: list[float]
    tier: Tier
    interrupted: bool = False

    @property
    def losses(self) -> dict[int, float]:
        """Means over the folds: geometric ones of errors, as log-likelihoods may be negative.

        The units of a fold are those of the other rows. They cancel in ratios, and in differences
        of log-likelihoods.
        """
        means = np.average(self._comparable(), axis=1, weights=self.weights)
        of_epochs = np.exp(means) if self._are_errors else means
        return dict(zip(self.of_folds, of_epochs.tolist(), strict=True))

    def is_hopeless(self, n_epochs: int) -> bool:
        """Whether the loss is so much above the lowest that more epochs will not help."""
        losses = self.losses
        if 0 <= losses[0] < _NOTHING:
            return True
        # Log-likelihoods may be negative; and where little is left, a short run is worse than none.
        enough = min(losses.values()) + max(_HOPELESS * abs(losses[0]), _LITTLE)
        return losses[n_epochs] > enough

    def is_falling(self) -> bool:
        """Whether the last number of epochs was so much better that still more will help."""
        *_, before, last = self.losses.values()
        # No share of a log-likelihood is much.
        return 0 < last < _STILL_FALLING * before

    @property
    def n_epochs(self) -> int:
        """Epochs after which the rows held out are reconstructed best.

        0 where they are not better than the start by more than half a standard error over the folds
        (of Breiman et al. 1984, Classification and Regression Trees, section 3.4.3, half the rule).
        """
        losses = self.losses
        lowest = min(losses.values())
        enough = lowest + _ROUNDING * abs(lowest)
        best = min(n for n, loss in losses.items() if loss <= enough)
        return best if self._is_beyond_chance(best) else 0

    @property
    def _are_errors(self) -> bool:
        return min(map(min, self.of_folds.values())) > 0

    def _comparable(self) -> Array:
        """Losses of shape (n_numbers, n_folds) of which differences have no units."""
        losses = np.array(list(self.of_folds.values()))
        comparable: Array = np.log(losses) if self._are_errors else losses
        return comparable

    def _is_beyond_chance(self, n_epochs: int) -> bool:
        comparable = self._comparable()
        gains = comparable[0] - comparable[list(self.of_folds).index(n_epochs)]
        if len(gains) == 1:
            return True
        error = np.std(gains, ddof=1) / math.sqrt(len(gains))
        return bool(np.average(gains, weights=self.weights) > _STANDARD_ERRORS * error)

    def applied_to(self, settings: Settings) -> Settings:
        """Settings of a fit to all rows for so many epochs."""
        if self.interrupted:
            return settings
        # The history of the start alone would be no history.
        n_epochs = self.n_epochs or min(filter(None, self.losses))
        return replace(settings, early_stopping=False, max_iter=n_epochs)

    def applied_to_outcome(self, outcome: Outcome, model: Model) -> Outcome:
        """The outcome of that fit, with the loss of rows held out; the start, if that is best."""
        if self.interrupted:
            return outcome
        if self.n_epochs == 0:
            outcome = replace(outcome, weights=model.weights, best_epoch=0)
        if outcome.best_epoch != self.n_epochs:
            # Interrupted, stopped, or undone as training rows became worse.
            return outcome
        return replace(outcome, best_loss=self.losses[self.n_epochs])


def is_cross_fitted(
    model: Model,
    recipe: Recipe,
    settings: Settings,
    rows: Rows,
    callbacks: Sequence[Any] | None,
) -> bool:
    """Whether the length of training is found by several folds rather than by rows held out.

    It takes several times the steps of the training itself, so it is for cheap networks on few
    rows; and nothing that somebody asked for may stand against it: a rate for all epochs, patience
    and warm-ups are of one run, callbacks watch rows held out.
    """
    if settings.early_stopping != "auto" or settings.n_iter_no_change != "auto":
        return False
    if settings.validation_fraction != _USUAL_FRACTION or rows.labels is not None:
        return False
    if backend.may_read_rows_held_out(callbacks):
        return False
    n_rows = len(rows.counted())
    if settings.learning_rate != "auto" or settings.batch_size > max(n_rows, _USUAL_BATCH):
        return False
    is_small = _LEAST_ROWS <= n_rows <= _MOST_ROWS and math.prod(rows.X.shape) <= _MOST_VALUES
    is_plain = len(recipe.objective.updates) <= 1 and recipe.schedule is None
    has_time = settings.max_iter * settings.steps_per_epoch(n_rows) >= _STEPS[1]
    is_possible = is_small and is_plain and has_time and model.network.is_cheap
    return is_possible and Rate.of(settings).kind == "cosine"


def cross_fit(
    model: Model,
    architecture: Architecture,
    rows: Rows,
    clean: Rows,
    recipe: Recipe,
    settings: Settings,
    rng: np.random.Generator,
) -> CrossFit:
    """Try numbers of epochs, fewest first, until more is worse.

    Parameters
    ----------
    model : Model
        New, for all rows.
    architecture : Architecture
    rows, clean : Rows
        To train on; and what they should become, without gaps.
    recipe : Recipe
    settings : Settings
    rng : numpy.random.Generator
    """
    rows, clean = rows.here(), clean.here()
    rate = Rate.of(settings, is_bumpy=model.network.is_bumpy)
    seed = int(rng.integers(2**31))
    # As ``is_cross_fitted`` asks for.
    peak = cast(float, rate.value)
    architecture = replace(architecture, n_components=model.network.n_components)
    folds = list(_folds(architecture, rows, clean, recipe, seed))
    per_epoch = settings.steps_per_epoch(len(rows.counted()))
    epochs, more = _candidates(per_epoch, settings.max_iter)
    n_steps = sum(epochs) * per_epoch
    tier = tier_of(model, recipe, settings, len(folds) * n_steps)
    spec = program_spec(model, recipe, settings, rate, tier, folds[0].data)
    crossed = CrossFit({}, [fold.weight for fold in folds], tier)

    @backend.on_this_device
    def loss_of(place: int, n_epochs: int) -> float:
        data, start = folds[place]
        with backend.borrow_program(spec) as program:
            if n_epochs == 0:
                return held_out_loss(program, data, start)
            own_rng = np.random.default_rng([seed, place])
            return loss_after(program, data, start, n_epochs, peak, own_rng)

    n_threads = n_threads_allowed()
    try:
        for n_epochs in [0, *epochs, *more]:
            losses = map_in_threads(
                partial(loss_of, n_epochs=n_epochs), range(len(folds)), n_threads
            )
            crossed.of_folds[n_epochs] = losses
            is_last = n_epochs >= epochs[-1] and not crossed.is_falling()
            if is_last or (n_epochs > 0 and crossed.is_hopeless(n_epochs)):
                break
    except KeyboardInterrupt:
        if not settings.keeps_interrupted:
            raise
        heard_interruption()
        return replace(crossed, interrupted=True)
    return crossed


def _candidates(per_epoch: int, max_iter: int) -> tuple[list[int], list[int]]:
    """Numbers of epochs to try, and those to try where more still help; fewest first."""
    tried: list[int] = []
    for n_steps in reversed(_STEPS):
        n_epochs = min(max_iter, max(1, round(n_steps / per_epoch)))
        if not tried or n_epochs * _APART <= tried[0]:
            tried.insert(0, n_epochs)
    more = min(max_iter, round(_MORE_STEPS / per_epoch))
    return tried, [more] if more >= tried[-1] * _APART else []


class _Fold(NamedTuple):
    data: Data
    start: Start

    @property
    def weight(self) -> float:
        """How much the rows held out count together."""
        weight = cast(Array, self.data.sample_weight)
        return float(weight[self.data.validation].sum())


def _folds(
    architecture: Architecture, rows: Rows, clean: Rows, recipe: Recipe, seed: int
) -> Iterator[_Fold]:
    """For each fold a start made of the other rows, in their units."""
    counted = rows.counted()
    X = dense(rows.X[counted])
    # Rows are copied many times by who weighs them so, too: those would say that training longer
    # helps.
    rng = np.random.RandomState(seed)
    # Rows of a table are equal because it has few kinds of rows: new ones will be of them too.
    is_plain = architecture.columns is None
    folds = HeldOutFolds(X, _N_FOLDS, rng, deals_out_copies=False, keeps_equals=is_plain)
    n_held_out = 0
    for fold in range(folds.n_folds):
        if n_held_out >= _ENOUGH_HELD_OUT:
            return
        is_out = folds.of_rows == fold
        n_held_out += folds.n_different[fold]
        training, validation = counted[~is_out], counted[is_out]
        model = new_model(architecture, recipe, clean.taken(training), np.random.default_rng(seed))
        data = rows.split(model.scaling, 0.0, np.random.default_rng(seed))
        scaled = cast(ScaledRows, data.targets or data.rows)
        scalars = dict(recipe.scalars_for(model.network, scaled))
        start = Start(model.weights, seed=seed, learning_rate=None, scalars=scalars)
        share = _shares_by_distance(model.scaling.apply(X), is_out)
        given = data.sample_weight
        weight = np.ones(len(data.rows)) if given is None else given.copy()
        weight[counted] *= share
        data = replace(data, training=training, validation=validation, sample_weight=weight)
        yield _Fold(data, start)


def _shares_by_distance(rows: Array, is_out: Bools) -> Array:
    """How much of its weight each row keeps: less for rows held out that are far from the mean."""
    distances = np.square(np.nan_to_num(rows)).sum(axis=1)
    limit = _FAR * np.median(distances[~is_out])
    is_far = is_out & (distances > limit) & (limit > 0)
    return np.where(is_far, limit / np.where(is_far, distances, 1.0), 1.0)
