"""The learning rate of a fit, and how long training takes by it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from skae import backend
from skae.fitting._rows import Rows
from skae.fitting._settings import Settings
from skae.training import DEFAULT_LEARNING_RATE, DEFAULT_PEAK_RATE, Annealing

if TYPE_CHECKING:
    from skae.backend._optimizers import OptimizerConfig

RateKind = Literal["constant", "cosine", "plateau"]

# Steps of an annealed fit whose length is not asked for, on so many rows in batches of so many.
# They grow like the square root of the rows, which hold more to learn and are seen less often, and
# fall like that of the batch.
_PLANNED_STEPS, _ROWS, _BATCH = 3000, 2000, 32
# Of the gradients of all weights together, where single rows may have huge ones.
_MOST_NORM = 1.0
# A warm-up takes at most this share of the epochs that are planned: what follows is trained with
# what it leads to.
_WARMING = 0.8
# How often patience that has run out lowers the rate of "plateau".
_N_REDUCTIONS = 3


@dataclass(frozen=True)
class Rate:
    """An optimizer and its learning rate.

    Attributes
    ----------
    optimizer : OptimizerConfig
    value : float or None
        The rate, the highest of one that is annealed; None for a schedule of Keras.
    kind : {"constant", "cosine", "plateau"}
    """

    optimizer: "OptimizerConfig"
    value: float | None
    kind: RateKind

    @classmethod
    def of(cls, settings: Settings, *, is_bumpy: bool = False) -> "Rate":
        """That of a whole fit.

        Parameters
        ----------
        settings : Settings
        is_bumpy : bool
            Whether single rows may have gradients far larger than others, which are then cut,
            unless somebody has made an optimizer.

        Raises
        ------
        ValueError
            If a schedule is to be annealed.
        """
        kind = _kind(settings)
        default = DEFAULT_PEAK_RATE if kind == "cosine" else DEFAULT_LEARNING_RATE
        optimizer, value = backend.optimizer_settings(
            settings.optimizer,
            settings.given_rate,
            default,
            most_norm=_MOST_NORM if is_bumpy and isinstance(settings.optimizer, str) else None,
        )
        if kind != "constant" and value is None:
            raise ValueError(
                f"learning_rate={settings.learning_rate!r} changes the rate of the optimizer, but "
                f"{type(settings.optimizer).__name__} brings a schedule of its own. Set "
                "learning_rate='auto' to follow that, or give the optimizer a number."
            )
        return cls(optimizer, value, kind)

    @classmethod
    def of_one_pass(cls, settings: Settings, *, is_bumpy: bool = False) -> "Rate":
        """That of one pass of ``partial_fit``, which does not know how many will follow.

        Raises
        ------
        ValueError
            If a rate is asked for that depends on the end of training.
        """
        if settings.learning_rate in ("cosine", "plateau"):
            raise ValueError(
                f"learning_rate={settings.learning_rate!r} is planned for a whole fit, but "
                "partial_fit does not know how many passes will follow. Set learning_rate="
                "'constant', a number or a schedule of Keras."
            )
        settings = replace(settings, learning_rate=settings.given_rate or "constant")
        return cls.of(settings, is_bumpy=is_bumpy)

    def annealing(self, n_steps: int) -> Annealing | None:
        """How the rate changes over so many steps; None if it does not."""
        if self.kind != "cosine" or self.value is None:
            return None
        return Annealing(self.value, n_steps)

    @property
    def n_reductions(self) -> int:
        """How often patience that has run out lowers the rate."""
        return _N_REDUCTIONS if self.kind == "plateau" else 0


def optimizer_kind(settings: Settings) -> str:
    """A name for all optimizers of which one can go on with the state of another."""
    optimizer = Rate.of_one_pass(settings).optimizer
    cls = (optimizer.inner or optimizer).cls
    return f"{cls.__module__}.{cls.__qualname__}{' with averages' * optimizer.averages}"


def optimizer_averages(settings: Settings) -> bool:
    """Whether the optimizer itself keeps moving averages of the weights."""
    return Rate.of_one_pass(settings).optimizer.averages


def _kind(settings: Settings) -> RateKind:
    asked: Any = settings.learning_rate
    if not isinstance(asked, str):
        return "constant"
    if asked == "auto":
        # Who makes an optimizer chooses its rate.
        return "cosine" if isinstance(settings.optimizer, str) else "constant"
    return cast(RateKind, asked)


def steered(settings: Settings, callbacks: Sequence[Any] | None) -> Settings:
    """Settings whose rate is left to callbacks, if those set it or end training."""
    if settings.learning_rate != "auto" or not backend.steer_the_rate(callbacks):
        return settings
    return replace(settings, learning_rate="constant")


def planned(settings: Settings, rows: Rows, n_grace_epochs: int = 0) -> Settings:
    """Settings with ``max_iter`` as the number of epochs that an annealed rate takes.

    Parameters
    ----------
    settings : Settings
    rows : Rows
        Of which a share will be held out.
    n_grace_epochs : int
        Epochs of a warm-up, for which there is room in any case.
    """
    is_planned = settings.learning_rate == "auto" and settings.early_stopping
    if not is_planned or _kind(settings) != "cosine":
        return settings
    n_rows = len(rows.counted())
    n_rows = max(1, n_rows - math.ceil(settings.held_out_fraction * n_rows))
    n_steps = _PLANNED_STEPS * math.sqrt(max(1.0, n_rows / _ROWS) * _BATCH / settings.batch_size)
    n_epochs = math.ceil(n_steps / settings.steps_per_epoch(n_rows))
    n_epochs = max(n_epochs, math.ceil(n_grace_epochs / _WARMING))
    return replace(settings, max_iter=min(settings.max_iter, n_epochs))


def patience(settings: Settings, n_rows: int) -> float:
    """Epochs without improvement before training ends; an annealed rate improves at its end."""
    if _kind(settings) == "cosine" and isinstance(settings.n_iter_no_change, str):
        return np.inf
    return float(settings.patience(n_rows))
