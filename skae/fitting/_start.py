"""The start of training: units, network and first weights, from the rows and the parameters."""

from dataclasses import fields, replace
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np

from skae import backend
from skae.fitting._architecture import Architecture, checked_width
from skae.fitting._class_start import (
    RowsWithinClasses,
    class_means,
    overall_mean,
    weights_of_classes,
)
from skae.fitting._count_start import weights_of_counts
from skae.fitting._priors import with_started_prior
from skae.fitting._recipe import Recipe
from skae.fitting._rows import Rows
from skae.fitting._table_start import weights_of_columns
from skae.fitting._wide_rows import wide_rows
from skae.model import (
    BlockFunction,
    CountScaling,
    Model,
    Scaling,
    alike_everywhere,
    column_variances,
    identity_scaling,
    measure_columns,
    measure_scaling,
    over_blocks,
    whitened,
)
from skae.networks import (
    MAX_COVARIANCE,
    DenseNetwork,
    Network,
    PrincipalDirections,
    ResidualNetwork,
    check_build,
    directions_for_share,
    principal_directions,
)
from skae.numerics import Array, Matrix, Weights, one_blas_thread

# Field of a network -> the parameter that it comes from, and that one's words for its values.
_PARAMETERS: dict[str, tuple[str, dict[Any, Any]]] = {
    "linear_path": ("init", {True: "pca", False: "random"}),
    "is_masked": ("mask_value", {True: "a number", False: None}),
    "kind": ("network", {}),
    "has_noise": ("likelihood", {True: "gaussian", False: "bernoulli"}),
    "likelihood": ("likelihood", {"feature_gaussian": "gaussian", None: "gaussian or bernoulli"}),
    "code": ("sparsity", {}),
    "n_active": ("k", {}),
    "has_unit_atoms": ("unit_norm", {}),
    "counts_idle": ("dead_units", {True: "auxiliary", False: None}),
    "whiten": ("whiten", {None: False}),
    "reads_level": ("noise_level", {True: "a range", False: "a number"}),
    "fills": ("noise", {True: "masking", False: "other than masking"}),
    "prior": ("prior", {None: "normal"}),
    "n_classes": ("conditional", {}),
    "critic_layer_sizes": ("critic_hidden_layer_sizes", {}),
}

# The same, where only the noise of a normal deviation changed.
_OF_NOISE = {"feature_gaussian": "feature", None: "shared"}

# Activation and threshold of a code -> the penalty that it is made sparse by.
_SPARSITIES = {
    ("linear", None): "topk",
    ("relu", None): "l1",
    ("relu", "batch"): "batch_topk",
    ("relu", "jump"): "jumprelu",
    ("sigmoid", None): "kl",
}

# Fields that tell of a user's code, and of scoring alone, for which weights are the same.
_NOT_OF_WEIGHTS = ("builder", "build", "positions")


def new_model(
    architecture: Architecture, recipe: Recipe, rows: Rows, rng: np.random.Generator
) -> Model:
    """A model at its starting weights, for rows that it is to give.

    Parameters
    ----------
    architecture : Architecture
    recipe : Recipe
    rows : Rows
        Only ``X`` and ``sample_weight`` are read, and the classes of a conditional network.
    rng : numpy.random.Generator
    """
    X, sample_weight, labels = rows.X, rows.sample_weight, rows.labels
    if recipe.of_counts:
        X = X.log1p() if hasattr(X, "log1p") else np.log1p(X)
    means = mean_row = None
    if labels is not None and not recipe.of_counts and architecture.init == "pca":
        means = class_means(X, labels, sample_weight)
    if labels is not None and means is not None:
        mean_row = overall_mean(labels, means, sample_weight)
        X = RowsWithinClasses(X, labels, means, mean_row, sample_weight)
    shape = architecture.shape_of(X.shape[1])
    padding = architecture.padding
    has_missing = padding is not None or architecture.fills
    columns = architecture.columns
    with one_blas_thread():
        if columns is not None:
            has_missing, measured = True, measure_columns(columns, X, sample_weight)
        else:
            measured = measure_scaling(X, sample_weight, has_missing=has_missing)
        if architecture.restores:
            measured = alike_everywhere(measured, shape)
        # Rows of a cross-entropy are targets as they are.
        ends_in_sigmoid = recipe.loss == "binary_crossentropy"
        scaling = identity_scaling(X.shape[1]) if ends_in_sigmoid else measured
        centring = replace(measured, scale=scaling.scale)
        given = (architecture, X, sample_weight, centring, rng, has_missing)
        principal = _principal_directions(*given)
        if recipe.whitening is not None:
            scaling = whitened(scaling, X, sample_weight, recipe.whitening)
    # A user's code makes the network, and may fit others there.
    if architecture.restores:
        n_components = X.shape[1]
    else:
        n_components = _count_components(architecture.n_components, principal)
    network = architecture.describe(shape, n_components, recipe.network_options(n_components))
    weights = _random_weights(network, rng)
    if isinstance(network, ResidualNetwork):
        weights = network.identity_weights(weights)
    variances = None
    if network.has_output_units:
        variances = column_variances(X, sample_weight, centring, has_missing=has_missing)
        weights = network.in_units(weights, variances)
    with one_blas_thread():
        if architecture.init == "pca" and principal is not None:
            mean = measured.mean if ends_in_sigmoid else None
            options = {"output_mean": mean, "variances": variances}
            weights = network.pca_weights(weights, principal, rng, **options)
        if columns is not None:
            weights = weights_of_columns(network, weights, measured, rows)
    if recipe.of_counts:
        scaling = CountScaling(measured.mean, measured.scale)
        weights = weights_of_counts(network, weights, scaling, rows.X, sample_weight)
    given_shape = architecture.given_shape(X.shape[1])
    model = Model(network, weights, scaling, recipe.loss, given_shape, padding)
    model = with_started_prior(model, rows.X, sample_weight, rng)
    if network.n_classes:
        model = replace(model, weights=weights_of_classes(model, means, mean_row, rng))
    # Those within classes are not those of the rows.
    if principal is None or network.n_classes:
        return model
    directions = principal.leading(network.n_components)[0].astype(np.float32)
    return replace(model, principal_directions=directions, principal_mean=measured.mean)


def _random_weights(network: Network, rng: np.random.Generator) -> Weights:
    try:
        if isinstance(network, DenseNetwork):
            return network.random_weights(rng)
        return backend.random_weights(network, rng)
    except MemoryError as error:
        sizes = ", ".join(map(str, network.hidden_layer_sizes))
        raise MemoryError(
            f"hidden_layer_sizes=({sizes}) and n_components={network.n_components} on rows of "
            f"{network.n_features} values make a network that does not fit into memory ({error}). "
            "Lower them."
        ) from error


def _count_components(asked: int | float, principal: PrincipalDirections | None) -> int:
    """Width of the code: as asked, or as many components as explain a share of the variance."""
    if isinstance(asked, Integral):
        return checked_width(int(asked))
    assert principal is not None
    return principal.count_for_share(asked)


def continued_model(architecture: Architecture, recipe: Recipe, fitted: Model) -> Model:
    """The fitted model to train further.

    Raises
    ------
    ValueError
        If the parameters describe another.
    """
    n_features, n_components = fitted.network.n_features, fitted.network.n_components
    wanted = architecture.describe(
        architecture.shape_of(n_features), n_components, recipe.network_options(n_components)
    )
    if isinstance(wanted, ResidualNetwork) and isinstance(fitted.network, ResidualNetwork):
        # Older fits do not, and their weights have no place for it.
        wanted = replace(wanted, reads_contrast=fitted.network.reads_contrast)
    now = _fields(wanted) | {"loss": recipe.loss, "whiten": recipe.whitening}
    if isinstance(architecture.n_components, Integral):
        now["n_components"] = architecture.n_components
    floor = getattr(fitted.scaling, "floor", None)
    before = _fields(fitted.network) | {"loss": fitted.loss, "whiten": floor}
    # Kinds of networks have fields of their own, which say less than the kind.
    compared = ["kind"] if before["kind"] != now["kind"] else {**before, **now}
    changed = [
        _change(field, before.get(field), now.get(field))
        for field in compared
        if before.get(field) != now.get(field)
    ]
    if changed:
        raise ValueError(
            "Training would go on from the fitted network, but the parameters now describe "
            f"another: {'; '.join(changed)}. Restore them, or start anew: fit with "
            "warm_start=False."
        )
    if wanted.build is not None and fitted.network.build is not None:
        check_build(fitted.network.build, wanted.build)
    return replace(
        fitted,
        # With the code as it is now, which is what will be trained.
        network=wanted,
        sample_shape=architecture.given_shape(n_features),
        mask_value=architecture.padding,
        packed=None,
        principal_directions=None,
        principal_mean=None,
        _cast={},
    )


def _fields(network: Network) -> dict[str, Any]:
    # Of a network that was stored before a field was added too.
    values = {each.name: getattr(network, each.name) for each in fields(network)}
    known = {name: value for name, value in values.items() if name not in _NOT_OF_WEIGHTS}
    of_code = known.pop("code_activation"), known.pop("code_threshold")
    return {"kind": network.kind, "code": _SPARSITIES.get(of_code, of_code), **known}


def _change(field: str, before: Any, now: Any) -> str:
    """In the words of an estimator's parameters."""
    name, words = _PARAMETERS.get(field, (field, {}))
    if field == "likelihood" and {before, now} == set(_OF_NOISE):
        name, words = "noise_variance", _OF_NOISE
    if field == "n_classes":
        before, now = before > 0, now > 0
    if field == "critic_layer_sizes" and None in (before, now):
        name, words = "divergence", {before or now: "critic", None: "energy or mmd"}
    before, now = (words.get(value, value) if words else value for value in (before, now))
    return f"{name} was {before!r} and is now {now!r}"


def _principal_directions(
    architecture: Architecture,
    X: Matrix,
    sample_weight: Array | None,
    centring: Scaling,
    rng: np.random.Generator,
    has_missing: bool,
) -> PrincipalDirections | None:
    if architecture.restores:
        return None
    is_share = not isinstance(architecture.n_components, Integral)
    if architecture.init != "pca" and not is_share:
        return None
    if is_share and X.shape[1] > MAX_COVARIANCE:
        wide = wide_rows(X, sample_weight, centring, has_missing=has_missing)
        return directions_for_share(wide, float(architecture.n_components), rng)

    def sum_over(function: BlockFunction) -> list[Any]:
        # A missing value counts as its feature's mean.
        whole = partial(_of_mean_filled, function) if has_missing else function
        return over_blocks(whole, X, sample_weight, centring)

    return principal_directions(
        sum_over,
        X.shape[1],
        None if is_share else int(architecture.n_components),
        rng,
    )


def _of_mean_filled(function: BlockFunction, rows: Array, weights: Array) -> tuple[Any, ...]:
    return function(np.nan_to_num(rows), weights)
