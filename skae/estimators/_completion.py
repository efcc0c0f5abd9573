"""What is left to do of a fit once its network is trained."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from skae.estimators._telling import heed_interruption, warn_about
from skae.fitting import CrossFit, Rows, Settings, interruption, joined_history
from skae.model import Model
from skae.threads import deferring_interruptions
from skae.training import Outcome


@dataclass(frozen=True)
class Trained:
    """A network that was trained, and how.

    Attributes
    ----------
    model : Model
        As it was before the last phase.
    outcome : Outcome
        Of that.
    phases : list of Outcome
        Those before.
    crossed : CrossFit or None
    """

    model: Model
    outcome: Outcome
    phases: Sequence[Outcome]
    crossed: CrossFit | None


def complete(
    estimator: Any, trained: Trained, rows: Rows, settings: Settings, rng: np.random.Generator
) -> None:
    """Set all that a fit learns.

    A first Ctrl-C would lose what is trained for the little that is left: it waits until that is
    done, and is told as one in training is. A critic of rows that has not begun is left out.
    """
    keeps = settings.keeps_interrupted and not trained.outcome.interrupted
    with deferring_interruptions() if keeps else nullcontext():
        _set(estimator, trained)
        estimator._learn_from(rows, codes=True)
        estimator._finish(rows, settings, rng)
    if keeps:
        heed_interruption(estimator, interruption())


def _set(estimator: Any, trained: Trained) -> None:
    outcome, crossed, phases = trained.outcome, trained.crossed, trained.phases
    estimator.__dict__.pop("cross_fit_losses_", None)
    if crossed is not None and not crossed.interrupted:
        estimator.cross_fit_losses_ = crossed.losses
        outcome = crossed.applied_to_outcome(outcome, trained.model)
    warn_about(estimator, outcome, crossed)
    estimator._set_fitted(trained.model, outcome, joined_history(*phases, outcome))
    estimator.best_loss_ = outcome.best_loss
    estimator.best_epoch_ = outcome.best_epoch + sum(phase.history.n_epochs for phase in phases)
    estimator._was_interrupted = outcome.interrupted
