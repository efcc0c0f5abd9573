"""What a fit warns of at its end."""

from typing import Any

from skae.exceptions import (
    StartKeptWarning,
    TrainingInterruptedWarning,
    linear_start,
    why_start_was_kept,
)
from skae.fitting import Architecture, CrossFit, interruption, remember_interruption
from skae.messages import warn
from skae.threads import heard_interruption, interruption_waits
from skae.training import Outcome


def warn_about(estimator: Any, outcome: Outcome, crossed: CrossFit | None) -> None:
    """Warn of an interruption, or that the start was kept."""
    if outcome.interrupted:
        remember_interruption()
        warn(interruption(crossed), TrainingInterruptedWarning)
        return
    if outcome.best_epoch > 0 or outcome.history.n_epochs == 0:
        return
    columns, losses = outcome.history.columns(), crossed.losses if crossed else None
    known = (columns, estimator.get_params(deep=False), losses)
    reason, advice = why_start_was_kept(
        *known, start_at=_linear(estimator), departs=estimator._departs_from_pca
    )
    warn(
        f"{type(estimator).__name__} keeps {_start_described(estimator)}, as no epoch was better"
        f"{' by more than chance' if crossed else ''}: {reason}. Try {' or '.join(advice)}.",
        StartKeptWarning,
    )


def heed_interruption(estimator: Any, said: str) -> bool:
    """Warn of the first Ctrl-C of a fit, if one waits for that; whether one did.

    A second one is left to whoever raises it.
    """
    if estimator._was_interrupted or not interruption_waits():
        return False
    heard_interruption()
    tell_interruption(estimator, said)
    return True


def tell_interruption(estimator: Any, said: str) -> None:
    """Warn of an interruption that the estimator outlived."""
    estimator._was_interrupted = True
    remember_interruption()
    warn(said, TrainingInterruptedWarning)


def _start_described(estimator: Any) -> str:
    """The weights of a fit that ends at its start, in words."""
    if estimator.warm_start and hasattr(estimator, "_model"):
        return "the weights of the fit before"
    is_linear = estimator.init == "pca"
    return f"its start at {_linear(estimator)}" if is_linear else "the random weights of its start"


def _linear(estimator: Any) -> str:
    restores = Architecture.of(estimator).restores
    return linear_start(
        of_table=hasattr(estimator, "_columns"),
        restores=restores,
        is_probabilistic=hasattr(estimator, "beta"),
    )
