"""How long to train on a table that is too small to hold rows out: the answer of several folds.

A tenth of a hundred rows says by luck when to stop, the start at PCA has seen them, and training
misses them. So networks are trained without each fold in turn, for a few numbers of epochs, and
the number after which the folds left out are reconstructed best is the one for all rows.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple, cast

import numpy as np
from sklearn.model_selection import KFold

from skae import backend
from skae.fitting._architecture import Architecture
from skae.fitting._rates import Rate
from skae.fitting._recipe import Recipe
from skae.fitting._rows import Rows
from skae.fitting._settings import Settings
from skae.fitting._start import new_model
from skae.fitting._train import program_spec, tier_of
from skae.model import Model, ScaledRows
from skae.training import Data, Outcome, Start, Tier, held_out_loss, loss_after

_N_FOLDS = 5
_LEAST_ROWS, _MOST_ROWS, _MOST_VALUES = 10, 2000, 2**24
# Who asks for another share held out is given it.
_USUAL_FRACTION = 0.1
# Steps that are tried, fewest first.
_STEPS = (100, 300, 1000, 3000)
# More epochs are not tried where so many are this much worse than the best number before.
# As a share of what the start leaves, and of predicting the mean.
_HOPELESS, _LITTLE = 0.1, 0.01
# Losses that differ by less are equal.
_ROUNDING = 1e-6
# Folds are left out until so many rows were.
_ENOUGH_HELD_OUT = 250


@dataclass(frozen=True)
class CrossFit:
    """Losses of rows held out, by the number of epochs.

    Attributes
    ----------
    losses : dict of int to float
        Means over all rows, each judged by the network that was trained without it; 0 epochs are
        the start.
    tier : {"eager", "graph", "xla"}
        How the program was compiled, which can train on all rows too.
    interrupted : bool
        Whether the folds were left before they had an answer; the losses are those so far.
    """

    losses: dict[int, float]
    tier: Tier
    interrupted: bool = False

    @property
    def n_epochs(self) -> int:
        """Epochs after which the rows held out are reconstructed best."""
        lowest = min(self.losses.values())
        enough = lowest + _ROUNDING * abs(lowest)
        return min(n for n, loss in self.losses.items() if loss <= enough)

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
    if settings.validation_fraction != _USUAL_FRACTION:
        return False
    if backend.may_read_rows_held_out(callbacks):
        return False
    n_rows = len(rows.counted())
    if settings.learning_rate != "auto" or settings.batch_size > n_rows:
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
    rate, seed = Rate.of(settings), int(rng.integers(2**31))
    # As ``is_cross_fitted`` asks for.
    peak = cast(float, rate.value)
    architecture = replace(architecture, n_components=model.network.n_components)
    folds = list(_folds(architecture, rows, clean, recipe, seed))
    sizes = np.array([len(fold.data.validation) for fold in folds])
    epochs = _candidates(settings, len(rows.counted()))
    n_steps = sum(epochs) * settings.steps_per_epoch(len(rows.counted()))
    tier = tier_of(model, recipe, settings, len(folds) * n_steps)
    spec = program_spec(model, recipe, settings, rate, tier, folds[0].data.has_gaps)
    losses: dict[int, float] = {}
    with backend.borrow_program(spec) as program:
        try:
            at_start = [held_out_loss(program, fold.data, fold.start) for fold in folds]
            losses[0] = float(np.average(at_start, weights=sizes))
            for n_epochs in epochs:
                each = [
                    loss_after(program, *fold, n_epochs, peak, np.random.default_rng([seed, place]))
                    for place, fold in enumerate(folds)
                ]
                losses[n_epochs] = float(np.average(each, weights=sizes))
                if _is_hopeless(losses[n_epochs], losses):
                    break
        except KeyboardInterrupt:
            return CrossFit(losses, tier, interrupted=True)
    return CrossFit(losses, tier)


def _is_hopeless(loss: float, losses: Mapping[int, float]) -> bool:
    """Whether a loss is so much above the lowest that more epochs will not help."""
    # Log-likelihoods may be negative; and where little is left, a short run is worse than none.
    return loss > min(losses.values()) + max(_HOPELESS * abs(losses[0]), _LITTLE)


def _candidates(settings: Settings, n_rows: int) -> list[int]:
    """Numbers of epochs to try for so many rows, fewest first."""
    per_epoch = settings.steps_per_epoch(n_rows)
    return sorted({min(settings.max_iter, max(1, round(n / per_epoch))) for n in _STEPS})


class _Fold(NamedTuple):
    data: Data
    start: Start


def _folds(
    architecture: Architecture, rows: Rows, clean: Rows, recipe: Recipe, seed: int
) -> Iterator[_Fold]:
    """For each fold a start made of the other rows, in their units."""
    counted = rows.counted()
    folds = KFold(_N_FOLDS, shuffle=True, random_state=seed)
    n_used = min(_N_FOLDS, math.ceil(_ENOUGH_HELD_OUT * _N_FOLDS / len(counted)))
    for others, held_out in islice(folds.split(counted), n_used):
        training, validation = counted[others], counted[held_out]
        model = new_model(architecture, recipe, clean.taken(training), np.random.default_rng(seed))
        data = rows.split(model.scaling, 0.0, np.random.default_rng(seed))
        scaled = cast(ScaledRows, data.targets or data.rows)
        scalars = dict(recipe.scalars_for(model.network, scaled))
        start = Start(model.weights, seed=seed, learning_rate=None, scalars=scalars)
        yield _Fold(replace(data, training=training, validation=validation), start)
