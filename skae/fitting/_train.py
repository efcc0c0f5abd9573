"""Training runs of a model on rows by a recipe, each on a borrowed program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from skae import backend
from skae.fitting._checkpoint import Checkpoint
from skae.fitting._fit_identity import identity_of
from skae.fitting._rates import Rate, patience
from skae.fitting._recipe import Recipe
from skae.fitting._rows import Rows
from skae.fitting._settings import Settings
from skae.model import Model, ScaledRows, WhitenedScaling, row_terms
from skae.networks import MAX_COVARIANCE, Network
from skae.numerics import Array, Weights
from skae.objectives import is_own
from skae.training import (
    Data,
    Diverged,
    History,
    Hooks,
    Outcome,
    Plan,
    ProgramSpec,
    Start,
    Tier,
    choose_tier,
)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The beginning of training, beyond the weights of the model.

    Attributes
    ----------
    departs : bool
        Whether it may begin at other weights than the model's own, which the result then has to
        beat, if the network is of a kind that does.
    pretrained : dict of ndarray or None
        What takes the place of the random ones among those weights.
    mask : dict of ndarray or None
        0 for every weight that stays zero, else 1.
    optimizer_state : list of ndarray or None
        Of an earlier run that goes on.
    n_past_epochs : int
        Epochs of that run.
    """

    departs: bool = False
    pretrained: Weights | None = None
    mask: Weights | None = None
    optimizer_state: list[Array] | None = None
    n_past_epochs: int = 0


AT_THE_MODEL = Origin()
# Strengths beyond this are what is wrong with a loss that diverges.
_LARGE_STRENGTH = 1e4
_OF_HEAD = "unsupervised_"


def train(
    model: Model,
    rows: Rows,
    recipe: Recipe,
    settings: Settings,
    origin: Origin,
    listeners: Hooks,
    rng: np.random.Generator,
    tier: Tier | None = None,
) -> Outcome:
    """Train until ``max_iter`` or until training stops improving.

    Parameters
    ----------
    model : Model
    rows : Rows
    recipe : Recipe
    settings : Settings
    origin : Origin
    listeners : Hooks
    rng : numpy.random.Generator
    tier : {"eager", "graph", "xla"}, optional
        How the program is compiled; by default as pays for this run.

    Raises
    ------
    ValueError
        If the loss stops being a sensible number.
    """
    data = rows.split(model.scaling, settings.held_out_fraction, rng)
    rate = Rate.of(settings, is_bumpy=model.network.is_bumpy)
    n_rows = data.n_in_turn
    n_steps = settings.max_iter * settings.steps_per_epoch(n_rows)
    plan = Plan(
        settings.max_iter,
        patience(settings, n_rows),
        settings.tol,
        recipe.n_grace_epochs,
        annealing=rate.annealing(n_steps),
        n_reductions=rate.n_reductions,
        keeps_interrupted=settings.keeps_interrupted,
    )
    tier = tier or tier_of(model, recipe, settings, n_steps)
    departure = _departure(model, origin.pretrained, rng) if origin.departs else None
    return _run(
        model, rows, data, recipe, settings, rate, origin, departure, plan, tier, listeners, rng
    )


def train_to_the_end(
    model: Model,
    rows: Rows,
    recipe: Recipe,
    settings: Settings,
    peak_rate: float,
    listeners: Hooks,
    rng: np.random.Generator,
) -> Outcome:
    """Train for all of ``max_iter``, holding no rows out, at a rate that falls to nothing.

    The last weights are those of the outcome, as losses of a game do not say which are best.

    Raises
    ------
    ValueError
        If the loss stops being a sensible number.
    """
    data = rows.split(model.scaling, 0.0, rng)
    n_steps = settings.max_iter * settings.steps_per_epoch(data.n_in_turn)
    settings = replace(settings, learning_rate=peak_rate)
    rate = replace(Rate.of(settings, is_bumpy=model.network.is_bumpy), kind="cosine")
    plan = Plan(
        settings.max_iter,
        np.inf,
        0.0,
        keep_start_if_better=False,
        annealing=rate.annealing(n_steps),
        keeps_interrupted=settings.keeps_interrupted,
    )
    tier = tier_of(model, recipe, settings, n_steps)
    return _run(
        model, rows, data, recipe, settings, rate, AT_THE_MODEL, None, plan, tier, listeners, rng
    )


def train_one_pass(
    model: Model,
    rows: Rows,
    recipe: Recipe,
    settings: Settings,
    origin: Origin,
    listeners: Hooks,
    rng: np.random.Generator,
) -> Outcome:
    """Train for one pass over the rows, of which none is held out.

    Raises
    ------
    ValueError
        If the loss stops being a sensible number.
    """
    data = rows.split(model.scaling, 0.0, rng)
    plan = Plan(1, np.inf, 0.0, keep_start_if_better=False)
    # Streams call this often: compile once rather than run every pass slowly.
    tier: Tier = "xla" if settings.jit_compile is True else "graph"
    rate = Rate.of_one_pass(settings, is_bumpy=model.network.is_bumpy)
    return _run(model, rows, data, recipe, settings, rate, origin, None, plan, tier, listeners, rng)


def without_training(model: Model, rows: Rows, *, interrupted: bool = False) -> Outcome:
    """The outcome of zero epochs."""
    terms = {
        name: float(np.average(values, weights=rows.sample_weight))
        for name, values in row_terms(model, rows.X, rows.targets).items()
    }
    loss = float(sum(terms.values()))
    return Outcome(
        weights=model.weights,
        optimizer_state=None,
        history=History({"loss": loss, **terms}),
        best_loss=loss,
        best_epoch=0,
        interrupted=interrupted,
    )


def joined_history(*outcomes: Outcome) -> dict[str, Array]:
    """Columns of one fit in several phases, which each have a start of their own.

    The column ``phase``, which counts from 1, says which; there is none where one phase is all.
    Columns that a phase has not are NaN there: one that an interruption left without training held
    no rows out.
    """
    columns: list[dict[str, Array]] = []
    n_before = 0
    for place, outcome in enumerate(outcomes, 1):
        own = outcome.history.columns()
        phase = {"phase": np.full(len(own["epoch"]), float(place))} if len(outcomes) > 1 else {}
        columns.append({**own, "epoch": n_before + own["epoch"], **phase})
        n_before += outcome.history.n_epochs
    names = {name: None for phase in columns for name in phase}
    return {
        name: np.concatenate([c.get(name, np.full(len(c["epoch"]), np.nan)) for c in columns])
        for name in names
    }


def continued_history(past: Mapping[str, Array], later: Mapping[str, Array]) -> dict[str, Array]:
    """The history so far and the only epoch of a later pass, which did not begin at the start."""
    n_past = len(past["epoch"])
    columns = {}
    for name in {**past, **later}:
        # A pass holds no rows out, and a loss that was added by a later pass has no past.
        before = past.get(name, np.full(n_past, np.nan))
        columns[name] = np.append(before, later.get(name, [np.nan, np.nan])[1:])
    return {**columns, "epoch": np.append(past["epoch"], past["epoch"][-1] + 1)}


def starts_at_optimum(network: Network, recipe: Recipe) -> bool:
    """Whether no training can improve a new model's loss on rows that are their own targets.

    A linear autoencoder's squared error has no other minima than PCA's subspace (Baldi & Hornik
    1989), a linear variational one's bound none but probabilistic PCA (Lucas et al. 2019): there
    ``init="pca"`` starts. With a noise for each feature it starts at factor analysis, unless the
    features are too many.
    """
    # What is missing, and categories, have losses of their own.
    is_plain = not network.is_masked and network.columns is None
    is_linear = network.is_linear and is_plain
    if network.has_output_units and network.n_features > MAX_COVARIANCE:
        return False
    return is_linear and network.linear_path and recipe.pca_is_optimum


def tier_of(model: Model, recipe: Recipe, settings: Settings, n_steps: int) -> Tier:
    """How a program is compiled that takes so many steps."""
    # XLA compiles every update of a step, and one pays back no faster than another.
    on_gpu = settings.jit_compile == "auto" and backend.is_on_gpu()
    xla_from_steps = model.network.steps_from_which_xla_pays(on_gpu)
    xla_from_steps *= max(1, len(recipe.objective.updates))
    tier = choose_tier(settings.jit_compile, n_steps, xla_from_steps)
    # What a user wrote works, or does not, whatever the number of rows.
    return "graph" if tier == "eager" and is_own(recipe.objective) else tier


def program_spec(
    model: Model,
    recipe: Recipe,
    settings: Settings,
    rate: Rate,
    tier: Tier,
    data: Data,
    *,
    is_pruned: bool = False,
) -> ProgramSpec:
    """The description of the program that trains a model."""
    return ProgramSpec(
        network=model.network,
        objective=recipe.objective,
        loss=model.loss,
        optimizer=rate.optimizer,
        n_features=model.network.n_features,
        batch_size=settings.batch_size_for(data.most_rows),
        tier=tier,
        masks_missing=model.network.is_masked or data.has_gaps or model.network.columns is not None,
        is_pruned=is_pruned,
    )


def _departure(
    model: Model, pretrained: Weights | None, rng: np.random.Generator
) -> Weights | None:
    network = model.network
    if not network.linear_path or network.is_linear or not network.departs_from_pca:
        return None
    return network.departure(model.weights, pretrained or backend.random_weights(network, rng))


def _run(
    model: Model,
    rows: Rows,
    data: Data,
    recipe: Recipe,
    settings: Settings,
    rate: Rate,
    origin: Origin,
    departure: Weights | None,
    plan: Plan,
    tier: Tier,
    listeners: Hooks,
    rng: np.random.Generator,
) -> Outcome:
    spec = program_spec(
        model, recipe, settings, rate, tier, data, is_pruned=origin.mask is not None
    )
    # As ``Rows.split`` makes them.
    scaled = cast(ScaledRows, data.targets or data.rows)
    start = Start(
        model.weights,
        seed=int(rng.integers(2**31)),
        learning_rate=rate.value,
        scalars=dict(recipe.scalars_for(model.network, scaled)),
        optimizer_state=origin.optimizer_state,
        schedule=recipe.schedule,
        n_past_epochs=origin.n_past_epochs,
        departure=departure,
        mask=origin.mask,
    )
    checkpoint = None
    if settings.checkpoint is not None:
        units = [np.asarray(model.scaling.mean), np.asarray(model.scaling.scale)]
        if isinstance(model.scaling, WhitenedScaling):
            units.append(model.scaling.whitening)
        checkpoint = Checkpoint(settings.checkpoint, identity_of(spec, data, start, plan, units))
    try:
        return rows.train(spec, data, start, plan, listeners, rng, checkpoint)
    except Diverged as error:
        suspects = _suspects(model.network, recipe)
        large = _large_strengths(start.scalars, recipe)
        said = _divergence_message(error, rate.value, large, suspects)
        if is_own(recipe.objective):
            said += (
                " If the objective itself gives NaN: targets, and rows of padded sequences, hold "
                "NaN where values are missing, which network.error leaves out."
            )
        raise ValueError(said) from None


def _suspects(network: Network, recipe: Recipe) -> list[str]:
    """What a loss that is no number from the start may come from, the user's own first."""
    given = {"activation": network.activation, "loss": recipe.loss}
    own = [f"{name}={value!r}" for name, value in given.items() if callable(value)]
    if is_own(recipe.objective):
        own.append("objective")
    if network.kind == "custom":
        own.append("network")
    return own or [f"{name}={value!r}" for name, value in given.items()]


def _large_strengths(scalars: Mapping[str, Any], recipe: Recipe) -> list[str]:
    """Parameters that are too large for a loss to be a sensible number, each once."""
    found: dict[str, str] = {}
    for name, value in scalars.items():
        # Of a head: what a number of the autoencoder is multiplied to.
        if name.startswith(_OF_HEAD) and name.removeprefix(_OF_HEAD) in scalars:
            continue
        is_large = isinstance(value, int | float) and value > _LARGE_STRENGTH
        origin = recipe.origins.get(name, (name, value))
        if is_large and origin is not None:
            parameter, given = origin
            shown = f"{given:g}" if isinstance(given, int | float) else repr(given)
            found[parameter] = f"{parameter} (now {shown})"
    return list(found.values())


def _divergence_message(
    error: Diverged, learning_rate: float | None, large: Sequence[str], suspects: Sequence[str]
) -> str:
    if large:
        return (
            f"Training diverged in epoch {error.epoch}: the loss became {error.loss:g}. Lower "
            f"{' or '.join(large)}: losses are near 1. The estimator is as it was before."
        )
    if not error.epoch:
        return (
            f"The loss is {error.loss:g} from the start, before any step, so that it is not the "
            f"rate: {' or '.join(suspects)} gives it. Use what is finite for all rows. The "
            "estimator is as it was before."
        )
    now = "its schedule" if learning_rate is None else f"{learning_rate:g}"
    return (
        f"Training diverged in epoch {error.epoch}: the loss became {error.loss:g}. Lower "
        f"learning_rate (now {now}), or clip gradients, for example with "
        "optimizer=keras.optimizers.Adam(clipnorm=1.0). The estimator is as it was before."
    )
