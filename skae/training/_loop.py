"""The epoch loop: shuffle, train, validate, remember, stop.

Does not know what is trained nor who asked: programs, rows and hooks are handed in.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from skae.training._batches import chunks, shuffled
from skae.training._early_stopping import EarlyStopping
from skae.training._history import History

# Losses are relative to predicting the mean, which scores about 1: this is absurd, not just bad.
_ABSURD_LOSS = 1e3
# Validation rows up to this size are turned into tensors once for the whole fit.
_MAX_STAGED_BYTES = 64 * 2**20
# Random objectives are judged by this many rows, so that a lucky draw of their noise on a small
# table does not decide whether training helped.
_MIN_JUDGED_ROWS, _MAX_DRAWS = 512, 16


class Diverged(Exception):
    """The loss stopped being a sensible number.

    Attributes
    ----------
    epoch : int
    loss : float
    """

    def __init__(self, epoch, loss):
        super().__init__(epoch, loss)
        self.epoch, self.loss = epoch, loss


@dataclass(frozen=True)
class Data:
    """Rows and which of them train.

    Attributes
    ----------
    rows : source of rows
        ``len()``, ``resident`` and ``read(indices, out)``.
    training, validation : ndarray of int
        Validation may be empty: then the training loss is watched instead.
    sample_weight : ndarray of shape (n_rows,) or None
    targets : source of rows or None
        What the rows should become; None for the rows themselves.
    has_gaps : bool
        Whether NaN in targets stands for values that do not count.
    labels : ndarray of shape (n_rows, n_label_values) or None
        What else is known of the rows.
    """

    rows: object
    training: np.ndarray
    validation: np.ndarray
    sample_weight: np.ndarray | None = None
    targets: object = None
    has_gaps: bool = False
    labels: np.ndarray | None = None


@dataclass(frozen=True)
class Plan:
    """How long to train.

    Attributes
    ----------
    max_iter : int
    patience : int or float
    min_delta : float
    n_grace_epochs : int
        Epochs at the beginning that do not count against patience.
    keep_start_if_better : bool
        Without validation rows: end with the starting weights where training made them worse.
    """

    max_iter: int
    patience: float
    min_delta: float
    n_grace_epochs: int = 0
    keep_start_if_better: bool = True


@dataclass(frozen=True)
class Start:
    """What a program is loaded with.

    Attributes
    ----------
    weights : dict of ndarray
    seed : int
    learning_rate : float or None
        None for a schedule.
    scalars : dict
    optimizer_state : list of ndarray or None
    schedule : callable or None
        ``schedule(epoch)`` gives the scalars that differ in training in that epoch. Losses are
        always reported with ``scalars``, so that epochs can be compared.
    n_past_epochs : int
        Epochs trained before this run, for the schedule.
    departure : dict of ndarray or None
        Weights to train from, where those are not the ones to beat.
    kept : dict of ndarray or None
        0 for every weight that stays zero, else 1.
    """

    weights: dict
    seed: int
    learning_rate: float | None
    scalars: dict = field(default_factory=dict)
    optimizer_state: list | None = None
    schedule: Callable | None = None
    n_past_epochs: int = 0
    departure: dict | None = None
    kept: dict | None = None


@dataclass(frozen=True)
class Outcome:
    """What training led to.

    Attributes
    ----------
    weights : dict of ndarray
        The best with validation rows, else the last.
    optimizer_state : list of ndarray
    history : History
    best_loss : float
    best_epoch : int
        0 where the starting weights were kept.
    interrupted : bool
    second_moments : dict of ndarray or None
        Mean squared gradients of the weights, for a program that is pruned.
    """

    weights: dict
    optimizer_state: list
    history: History
    best_loss: float
    best_epoch: int
    interrupted: bool
    second_moments: dict | None = None


class Hooks:
    """What the loop tells the outside; this one listens to nothing."""

    def begin(self, program):
        """Before the first epoch."""

    def epoch_begin(self, epoch):
        """Before an epoch; the first is 1."""

    def epoch_end(self, epoch, logs, weights):
        """After an epoch; ``weights()`` gives its weights. True asks to stop."""
        return False

    def end(self):
        """After the last epoch.

        Returns the epoch whose weights a listener has put in the place of the last ones, or None.
        """


def run(program, data, start, plan, hooks, rng):
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

    Returns
    -------
    Outcome

    Raises
    ------
    Diverged
        When a loss is not finite, or the last one absurd.
    """
    program.load(
        start.weights,
        seed=start.seed,
        learning_rate=start.learning_rate,
        scalars=start.scalars,
        optimizer_state=start.optimizer_state,
        kept=start.kept,
    )
    return _Run(program, data, start, plan, hooks, rng).outcome()


class _Run:
    """The state of one training run."""

    def __init__(self, program, data, start, plan, hooks, rng):
        self.program, self.data, self.start = program, data, start
        self.plan, self.hooks, self.rng = plan, hooks, rng
        self.judged, self.held_out = map(self._mixed, (data.training, data.validation))
        self.staged_validation = self._stage_validation()
        logs = self._logs(self._training_terms())
        self.start_loss, self.history = logs["loss"], History(logs)
        watched = logs["val_loss" if self.validates else "loss"]
        self.stopping = EarlyStopping(plan.patience, plan.min_delta).update(watched, 0)
        self.best_weights = start.weights
        if start.departure is not None:
            program.set_weights(start.departure)

    @property
    def validates(self):
        return len(self.data.validation) > 0

    def outcome(self):
        interrupted, given = False, None
        try:
            self.hooks.begin(self.program)
            self._epochs()
        except KeyboardInterrupt:
            interrupted = True
        try:
            given = self.hooks.end()
        except KeyboardInterrupt:
            interrupted = True
        weights, best_epoch, loss = self._final_weights() if given is None else self._given(given)
        return Outcome(
            weights=weights,
            optimizer_state=self.program.optimizer_state(),
            history=self.history,
            best_loss=loss,
            best_epoch=best_epoch,
            interrupted=interrupted,
            second_moments=self.program.second_moments() if self.program.spec.is_pruned else None,
        )

    def _epochs(self):
        for epoch in range(1, self.plan.max_iter + 1):
            self.hooks.epoch_begin(epoch)
            logs = self._one_epoch(epoch)
            self.history.append(logs)
            watched = logs["val_loss" if self.validates else "loss"]
            self.stopping = self.stopping.update(watched, epoch)
            if self.validates and self.stopping.improved:
                self.best_weights = self.program.weights()
            stop = self.hooks.epoch_end(epoch, logs, self.program.weights)
            is_patient = epoch < self.plan.n_grace_epochs + self.plan.patience
            if stop or (self.stopping.should_stop and not is_patient):
                return

    def _one_epoch(self, epoch):
        if self.start.schedule is not None:
            scalars = self.start.schedule(self.start.n_past_epochs + epoch)
            self.program.set_training_scalars(scalars)
        order = shuffled(self.data.training, self.data.rows.resident, self.rng)
        sums = [
            self.program.train(staged, int(self.rng.integers(2**31)))
            for staged in self._staged(order, self.rng)
        ]
        logs = self._logs(self._mean_terms(sums, order))
        for name in ("loss", "val_loss"):
            self._finite(logs.get(name, 0.0), epoch)
        return logs

    def _logs(self, terms):
        """Losses and terms of an epoch, given its terms of the training rows."""
        logs = {"loss": self._loss(terms), **terms}
        if self.validates:
            held_out = self._validation_terms()
            logs["val_loss"] = self._loss(held_out)
            logs.update({f"val_{name}": value for name, value in held_out.items()})
        return logs

    def _final_weights(self):
        if self.validates:
            return self.best_weights, self.stopping.best_epoch, self.stopping.best
        weights, n_epochs = self.program.weights(), self.history.n_epochs
        loss = self._training_loss()
        worse = not loss <= self.start_loss
        if worse and self.plan.keep_start_if_better:
            return self.start.weights, 0, self.stopping.best
        if not loss <= _ABSURD_LOSS * max(self.start_loss, 1.0):
            raise Diverged(n_epochs, loss)
        return weights, n_epochs, self.stopping.best

    def _given(self, epoch):
        """Weights that a listener chose: whoever does wants those and no other."""
        terms = self._validation_terms() if self.validates else None
        loss = self._training_loss() if terms is None else self._loss(terms)
        return self.program.weights(), epoch, self._finite(loss, epoch)

    # Losses

    def _finite(self, loss, epoch):
        if not math.isfinite(loss):
            raise Diverged(epoch, loss)
        return loss

    def _loss(self, terms):
        objective = self.program.spec.objective
        return objective.total(terms, self.start.scalars, objective.watched)

    def _mean_terms(self, sums, indices):
        weight = self.data.sample_weight
        total_weight = len(indices) if weight is None else weight[indices].sum()
        means = np.sum(np.asarray(sums, np.float64), axis=0) / total_weight
        names = self.program.spec.objective.terms
        return dict(zip(names, means.tolist(), strict=True))

    def _training_loss(self):
        return self._loss(self._training_terms())

    def _training_terms(self):
        staged = self._staged(self.judged)
        sums = [self.program.evaluate(chunk, self._n_draws) for chunk in staged]
        return self._mean_terms(sums, self.data.training)

    @property
    def _n_draws(self):
        if not self.program.spec.objective.is_random:
            return 1
        n_rows = max(1, len(self.data.training))
        return min(_MAX_DRAWS, -(-_MIN_JUDGED_ROWS // n_rows))

    def _validation_terms(self):
        staged = self.staged_validation or self._staged(self.held_out)
        sums = [self.program.evaluate(chunk) for chunk in staged]
        return self._mean_terms(sums, self.data.validation)

    # Rows

    def _staged(self, indices, rng=None):
        data, spec = self.data, self.program.spec
        about = (data.sample_weight, spec, rng, data.targets, data.labels)
        for chunk in chunks(data.rows, indices, *about):
            yield self.program.stage(chunk)

    def _stage_validation(self):
        n_bytes = 4 * len(self.data.validation) * self.program.spec.n_features
        if n_bytes > _MAX_STAGED_BYTES:
            return None
        return list(self._staged(self.held_out))

    def _mixed(self, indices):
        """The order in which rows are judged, the same each time.

        What is drawn may depend on the other rows of a batch, as swapped values do: those must not
        be neighbours in a table that is sorted.
        """
        if not self.program.spec.objective.is_random:
            return indices
        return shuffled(indices, self.data.rows.resident, np.random.default_rng(self.start.seed))
