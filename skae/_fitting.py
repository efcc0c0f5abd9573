"""From parameters and rows to a training run on a borrowed program."""

from dataclasses import dataclass

import numpy as np

from skae import _keras
from skae._scaling import ScaledRows
from skae._validation import is_on_disk, split_rows
from skae.training import (
    Data,
    Diverged,
    History,
    Outcome,
    Plan,
    ProgramSpec,
    Start,
    choose_tier,
    run,
)

# Chosen by `python -m benchmarks.quality`; docs/design.md says what else was tried.
_DEFAULT_LEARNING_RATE = 2e-3
_PATIENT_STEPS, _LEAST_PATIENCE, _MOST_PATIENCE = 1000, 10, 50


@dataclass(frozen=True)
class Labels:
    """What is known of rows beside their features.

    Attributes
    ----------
    values : ndarray of shape (n_rows, 2 m), float32
        Targets, and a weight for each; see ``skae.objectives.supervised``.
    n_visits : ndarray of int of shape (n_rows,)
        How often an epoch visits each row.
    """

    values: np.ndarray
    n_visits: np.ndarray


def fit_epochs(
    estimator,
    model,
    X,
    sample_weight,
    hooks,
    rng,
    targets=None,
    *,
    objective=None,
    max_iter=None,
    departs=False,
    pretrained=None,
    labels=None,
    more_scalars=None,
    kept=None,
):
    """Train until ``max_iter`` or until training stops improving; returns an ``Outcome``.

    ``objective`` and ``max_iter`` are the estimator's unless they are given. A model that
    ``departs`` may be trained from other weights than its own, which it then has to beat; what is
    random in them is taken from ``pretrained`` weights where there are any. ``labels`` are
    for objectives that need them, as ``more_scalars`` are: a function of the estimator's own.
    ``kept`` says which weights do not stay zero.
    """
    max_iter = max_iter or estimator.max_iter
    fraction = estimator.validation_fraction if estimator.early_stopping else 0.0
    data = _data(model, X, sample_weight, fraction, rng, targets, labels)
    steps_per_epoch = -(-len(data.training) // estimator.batch_size)
    patience = _patience(estimator, steps_per_epoch)
    plan = Plan(max_iter, patience, estimator.tol, estimator._n_grace_epochs())
    objective = objective or estimator._objective()
    # XLA compiles every update of a step, and one pays back no faster than another.
    xla_from_steps = model.network.xla_from_steps * max(1, len(objective.updates))
    tier = choose_tier(estimator.jit_compile, max_iter * steps_per_epoch, xla_from_steps)
    departure = _departure(estimator, model, rng, pretrained) if departs else None
    start = {"departure": departure, "kept": kept}
    return _run(
        estimator,
        model,
        data,
        plan,
        tier,
        hooks,
        rng,
        objective=objective,
        more_scalars=more_scalars,
        **start,
    )


def _departure(estimator, model, rng, pretrained):
    network = model.network
    if estimator.init != "pca" or network.is_linear or not network.departs_from_pca:
        return None
    return network.departure(model.weights, pretrained or _keras.random_weights(network, rng))


def starts_at_optimum(estimator, network):
    """Whether no training can improve the loss of a new model on rows that are their own targets.

    A linear autoencoder's squared error has no other minima than PCA's subspace (Baldi & Hornik
    1989), a linear variational one's bound none but probabilistic PCA (Lucas et al. 2019): there
    ``init="pca"`` starts.
    """
    is_linear = network.is_linear and not network.is_masked
    return is_linear and estimator.init == "pca" and estimator._pca_is_optimal_when_linear()


def without_training(estimator, model, X, sample_weight, *, interrupted=False):
    """The outcome of zero epochs."""
    row_terms = estimator._row_terms(model, X)
    terms = {name: np.average(rows, weights=sample_weight) for name, rows in row_terms.items()}
    loss = float(sum(terms.values()))
    return Outcome(
        weights=model.weights,
        optimizer_state=None,
        history=History({"loss": loss, **terms}),
        best_loss=loss,
        best_epoch=0,
        interrupted=interrupted,
    )


def fit_one_pass(
    estimator, model, X, sample_weight, hooks, rng, state, targets=None, n_past_epochs=0
):
    """Train for one pass over the rows; returns an ``Outcome``."""
    data = _data(model, X, sample_weight, 0.0, rng, targets)
    plan = Plan(1, np.inf, 0.0, keep_start_if_better=False)
    # Streams call this often: compile once rather than run every pass slowly.
    tier = "xla" if estimator.jit_compile is True else "graph"
    past = {"optimizer_state": state, "n_past_epochs": n_past_epochs}
    return _run(estimator, model, data, plan, tier, hooks, rng, **past)


def _patience(estimator, steps_per_epoch):
    """Epochs without improvement: an epoch of a small table is too little to judge by."""
    if estimator.n_iter_no_change != "auto":
        return estimator.n_iter_no_change
    return int(np.clip(_PATIENT_STEPS // steps_per_epoch, _LEAST_PATIENCE, _MOST_PATIENCE))


def _data(model, X, sample_weight, validation_fraction, rng, targets, labels=None):
    kept = np.arange(X.shape[0]) if sample_weight is None else np.flatnonzero(sample_weight)
    training, validation = (kept[part] for part in split_rows(len(kept), validation_fraction, rng))
    if labels is not None:
        training = np.repeat(training, labels.n_visits[training])
    return Data(
        rows=ScaledRows(X, model.scaling, on_disk=is_on_disk(X)),
        training=training,
        validation=validation,
        sample_weight=sample_weight,
        targets=None if targets is None else ScaledRows(targets, model.scaling),
        labels=None if labels is None else labels.values,
        has_gaps=isinstance(targets, np.ndarray) and bool(np.isnan(targets).any()),
    )


def _run(
    estimator, model, data, plan, tier, hooks, rng, *, objective=None, more_scalars=None, **start
):
    optimizer, learning_rate = _keras.optimizer_settings(
        estimator.optimizer, estimator.learning_rate, _DEFAULT_LEARNING_RATE
    )
    spec = ProgramSpec(
        network=model.network,
        objective=objective or estimator._objective(),
        loss=model.loss,
        optimizer=optimizer,
        n_features=model.network.n_features,
        batch_size=estimator.batch_size,
        tier=tier,
        masks_missing=model.network.is_masked or data.has_gaps,
        is_pruned=start.get("kept") is not None,
    )
    scalars = estimator._scalars(model, data.targets or data.rows)
    start = Start(
        model.weights,
        seed=int(rng.integers(2**31)),
        learning_rate=learning_rate,
        scalars=scalars if more_scalars is None else scalars | more_scalars(scalars),
        schedule=estimator._schedule(),
        **start,
    )
    with _keras.borrow_program(spec) as program:
        try:
            return run(program, data, start, plan, hooks, rng)
        except Diverged as error:
            raise ValueError(_divergence_message(error, estimator, learning_rate)) from None


def _divergence_message(error, estimator, learning_rate):
    now = "its schedule" if learning_rate is None else f"{learning_rate:g}"
    return (
        f"Training diverged in epoch {error.epoch}: the loss became {error.loss:g}. Lower "
        f"learning_rate (now {now}), or clip gradients, for example with "
        "optimizer=keras.optimizers.Adam(clipnorm=1.0). The estimator is as it was before."
    )
