"""The epoch loop: shuffle, train, validate, remember, stop.

Does not know what is trained nor who asked: programs, rows and hooks are handed in.
"""

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from skae.numerics import Weights
from skae.threads import (
    check_stop,
    deferring_interruptions,
    heard_interruption,
    interruption_waits,
)
from skae.training._annealing import AnnealedRate
from skae.training._early_stopping import EarlyStopping
from skae.training._history import History
from skae.training._hooks import Hooks
from skae.training._judge import Diverged, Judge, finite
from skae.training._long_calls import Epochs
from skae.training._program import Program
from skae.training._resuming import Keeper, Saved
from skae.training._values import Data, Outcome, Plan, Start

# Losses are relative to predicting the mean, which scores about 1: this is absurd, not just bad.
_ABSURD_LOSS = 1e3
# The learning rate is multiplied by this where patience has run out.
_REDUCTION = 0.2


def run(
    program: Program,
    data: Data,
    start: Start,
    plan: Plan,
    hooks: Hooks,
    rng: np.random.Generator,
    keeper: Keeper | None = None,
    *,
    judge_of: Callable[[Any, Data, Start], Judge] = Judge,
    epochs_of: Callable[..., Epochs] = Epochs,
) -> Outcome:
    """Train a program on some rows.

    Parameters
    ----------
    program : Program
        Borrowed for the duration.
    data : Data
    start : Start
    plan : Plan
    hooks : Hooks
    rng : numpy.random.Generator
    keeper : Keeper, optional
        Of what a run needs that begins again.
    judge_of, epochs_of : callable
        Make what judges weights and what trains for an epoch; others where the rows lie elsewhere.

    Returns
    -------
    Outcome

    Raises
    ------
    Diverged
        When a loss is not finite, or the last one absurd.
    KeyboardInterrupt
        Unless the plan keeps what was learned; also at a second one.
    """
    program.load(
        start.weights,
        seed=start.seed,
        learning_rate=start.learning_rate,
        scalars=start.scalars,
        optimizer_state=start.optimizer_state,
        mask=start.mask,
    )
    judge = judge_of(program, data, start)
    state, interrupted, given = _begin(judge, plan), False, None
    annealed = None
    if plan.annealing is not None:
        # Callbacks are listeners; nothing else reaches the optimizer of a run.
        annealed = AnnealedRate(program, plan.annealing, is_shared=hooks.listens)
    if start.departure is not None:
        program.set_weights(start.departure)
    state, first = _resumed(state, program, annealed, rng, keeper)
    try:
        hooks.begin(program)
        is_heard = hooks.listens or plan.keeps_interrupted or keeper is not None
        epochs = epochs_of(judge, annealed, rng, is_heard=is_heard)
        for epoch in range(first, plan.max_iter + 1):
            hooks.epoch_begin(epoch)
            state = _step(state, judge, epoch, epochs, _n_certain(state, plan, epoch))
            stop = hooks.epoch_end(epoch, state.logs, program.weights)
            is_impatient = _is_out_of_patience(state, plan, epoch)
            if stop or (is_impatient and state.n_reductions == 0):
                break
            if is_impatient:
                state = _reduce(state, judge)
            if keeper is not None and keeper.is_due:
                keeper.keep(_saved(state, program, annealed, rng))
    except KeyboardInterrupt:
        if not plan.keeps_interrupted:
            raise
        interrupted = True
        heard_interruption()
    try:
        given = hooks.end()
    except KeyboardInterrupt:
        # A second one means it.
        if interrupted or not plan.keeps_interrupted:
            raise
        interrupted = True
        heard_interruption()
    with deferring_interruptions() if plan.keeps_interrupted and not interrupted else nullcontext():
        outcome = _end(state, judge, plan, given, interrupted=interrupted)
    if plan.keeps_interrupted and interruption_waits():
        if interrupted:
            check_stop()
        interrupted, outcome = True, replace(outcome, interrupted=True)
        heard_interruption()
    if keeper is not None and not interrupted:
        keeper.done()
    return outcome


@dataclass(frozen=True)
class _State:
    """The state of the loop after an epoch.

    Attributes
    ----------
    logs : dict of float
        Losses and terms of the epoch.
    history : History
        Of all epochs so far.
    stopping : EarlyStopping
    best_weights : dict of ndarray
        Those of the best epoch by the rows held out; without such rows, of the start.
    start_loss : float
        Loss of the training rows at the start.
    n_reductions : int
        How often patience may still run out.
    """

    logs: dict[str, float]
    history: History
    stopping: EarlyStopping
    best_weights: Weights
    start_loss: float
    n_reductions: int


def _saved(
    state: _State, program: Program, annealed: AnnealedRate | None, rng: np.random.Generator
) -> Saved:
    numbers = {
        "history": state.history.rows(),
        "stopping": asdict(state.stopping),
        "start_loss": state.start_loss,
        "n_reductions": state.n_reductions,
        "annealed": None if annealed is None else annealed.state(),
        "rng": rng.bit_generator.state,
    }
    return Saved(numbers, state.best_weights, program.variables())


def _resumed(
    state: _State,
    program: Program,
    annealed: AnnealedRate | None,
    rng: np.random.Generator,
    keeper: Keeper | None,
) -> tuple[_State, int]:
    """The state to go on from, and the epoch that comes next."""
    saved = None if keeper is None else keeper.found()
    if saved is None:
        return state, 1
    numbers = saved.numbers
    program.resume(saved.variables)
    if annealed is not None:
        annealed.resume(numbers["annealed"])
    rng.bit_generator.state = numbers["rng"]
    history = History.of_rows(numbers["history"])
    logs = {name: value for name, value in numbers["history"][-1].items() if name != "epoch"}
    stopping = EarlyStopping(**numbers["stopping"])
    before = (numbers["start_loss"], numbers["n_reductions"])
    return _State(logs, history, stopping, saved.best_weights, *before), history.n_epochs + 1


def _begin(judge: Judge, plan: Plan) -> _State:
    """The state at the start, which is to be beaten."""
    logs = judge.logs(judge.training_terms())
    stopping = EarlyStopping(plan.patience, plan.min_delta).update(logs[judge.watched], 0)
    best = judge.start.weights
    return _State(logs, History(logs), stopping, best, logs["loss"], plan.n_reductions)


def _step(state: _State, judge: Judge, epoch: int, epochs: Epochs, n_certain: float) -> _State:
    """The state after one more epoch."""
    logs = _one_epoch(judge, epoch, epochs, n_certain)
    for name in ("loss", "val_loss"):
        finite(logs.get(name, 0.0), epoch if math.isfinite(state.start_loss) else 0)
    state.history.append(logs)
    stopping = state.stopping.update(logs[judge.watched], epoch)
    is_best = judge.validates and stopping.improved
    weights = judge.program.weights() if is_best else state.best_weights
    return replace(state, logs=logs, stopping=stopping, best_weights=weights)


def _reduce(state: _State, judge: Judge) -> _State:
    """Go on from the best weights at a lower rate, with new patience."""
    program = judge.program
    if judge.validates:
        program.set_weights(state.best_weights)
    program.set_learning_rate(_REDUCTION * program.learning_rate())
    stopping = replace(state.stopping, waited=0)
    return replace(state, stopping=stopping, n_reductions=state.n_reductions - 1)


def _one_epoch(judge: Judge, epoch: int, epochs: Epochs, n_certain: float) -> dict[str, float]:
    program, start = judge.program, judge.start
    if start.schedule is not None:
        program.set_training_scalars(start.schedule(start.n_past_epochs + epoch))
    sums, order = epochs.train(epoch, n_certain)
    logs = judge.logs(judge.mean_terms(sums, order))
    return logs


def _n_certain(state: _State, plan: Plan, epoch: int) -> float:
    """Epochs that will follow each other from this one on, however they turn out."""
    n_left = plan.max_iter - epoch + 1
    n_patient = plan.patience - state.stopping.waited
    n_in_grace = plan.n_grace_epochs + plan.patience - epoch + 1
    return max(1, min(n_left, max(n_patient, n_in_grace)))


def _is_out_of_patience(state: _State, plan: Plan, epoch: int) -> bool:
    in_grace = epoch < plan.n_grace_epochs + plan.patience
    return state.stopping.should_stop and not in_grace


def _end(
    state: _State, judge: Judge, plan: Plan, given_epoch: int | None, *, interrupted: bool
) -> Outcome:
    """The outcome; ``given_epoch`` is that of the weights a listener chose, or None."""
    if given_epoch is None:
        weights, best_epoch, loss = _final_weights(state, judge, plan)
    else:
        weights, best_epoch, loss = _given_weights(judge, given_epoch)
    program = judge.program
    return Outcome(
        weights=weights,
        optimizer_state=program.optimizer_state(),
        history=state.history,
        best_loss=loss,
        best_epoch=best_epoch,
        interrupted=interrupted,
        gradient_moments=program.gradient_moments() if program.spec.is_pruned else None,
    )


def _final_weights(state: _State, judge: Judge, plan: Plan) -> tuple[Weights, int, float]:
    if judge.validates:
        return state.best_weights, state.stopping.best_epoch, state.stopping.best
    weights, n_epochs = judge.program.weights(), state.history.n_epochs
    loss = judge.loss(judge.training_terms())
    worse = not loss <= state.start_loss
    if worse and plan.keep_start_if_better:
        return judge.start.weights, 0, state.stopping.best
    if not loss <= _ABSURD_LOSS * max(state.start_loss, 1.0):
        raise Diverged(n_epochs, loss)
    return weights, n_epochs, state.stopping.best


def _given_weights(judge: Judge, epoch: int) -> tuple[Weights, int, float]:
    """Weights that a listener chose: whoever does wants those and no other."""
    terms = judge.validation_terms() if judge.validates else judge.training_terms()
    return judge.program.weights(), epoch, finite(judge.loss(terms), epoch)
