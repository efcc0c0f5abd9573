"""The rows of a fit, from what a user passes and the parameters of the estimator."""

from typing import Any

from skae import backend
from skae.fitting._architecture import Architecture
from skae.fitting._recipe import Recipe
from skae.fitting._rows import Rows, UncheckedRows
from skae.fitting._validation import (
    check_clean_rows,
    check_counts,
    check_rows,
    check_unit_interval,
    with_gaps,
    with_missing_steps,
)
from skae.networks import MAX_COVARIANCE
from skae.numerics import ArrayLike, Matrix
from skae.objectives import UserLoss
from skae.tables import check_labels_beside, check_weights


def check_fit_input(
    estimator: Any,
    recipe: Recipe,
    X: ArrayLike,
    sample_weight: ArrayLike | None,
    X_clean: ArrayLike | None,
    observed: ArrayLike | None,
    continues: bool,
) -> tuple[Rows, Rows]:
    """The rows to train on, and those that they should become, without gaps.

    Parameters
    ----------
    estimator : BaseAutoencoder
    recipe : Recipe
    X, sample_weight, X_clean, observed : array-like
        See ``fit``.
    continues : bool
        Whether training goes on from a fit, whose features these rows then have to have.
    """
    architecture, sample_shape = Architecture.of(estimator), estimator.sample_shape
    if recipe.of_pairs and X_clean is None:
        raise ValueError(
            f"noise=None and no X_clean leave network={architecture.kind!r} nothing to learn but "
            "to give rows as they are. Pass the clean version of every row as X_clean, or set "
            "noise."
        )
    if isinstance(X, UncheckedRows):
        rows = X.checked(estimator, recipe, sample_weight, continues=continues)
        return rows, rows
    allow_nan, padding = architecture.allows_nan, architecture.padding
    X = _rows_like_those_before(estimator, X, continues, allow_nan)
    check_labels_beside(X_clean, estimator, "X_clean")
    check_labels_beside(observed, estimator, "observed")
    X_clean = check_clean_rows(X_clean, X, sample_shape, allow_nan=allow_nan)
    shape = architecture.shape_of(X.shape[1])
    if padding is not None:
        X = with_missing_steps(X, shape, padding)
    if padding is not None and X_clean is not None:
        X_clean = with_missing_steps(X_clean, shape, padding)
    clean = X if X_clean is None else X_clean
    if not isinstance(recipe.loss, str):
        _check_own_loss(recipe.loss, architecture, X.shape[1], observed)
    if recipe.loss == "binary_crossentropy":
        check_unit_interval(clean, *estimator._unit_interval)
    if recipe.of_counts:
        check_counts(clean, f"likelihood={estimator.likelihood!r}", is_fit=True)
    if recipe.whitening is not None:
        _check_whitening(architecture, recipe, X.shape[1], observed)
    sample_weight = check_weights(sample_weight, X)
    with_unknown = with_gaps(clean, observed)
    targets = X_clean if with_unknown is None else with_unknown
    return Rows(X, sample_weight, targets), Rows(clean, sample_weight)


def _check_whitening(
    architecture: Architecture, recipe: Recipe, n_features: int, observed: ArrayLike | None
) -> None:
    """Refuse to whiten rows that have values missing, units of their own or too many features."""
    way_out = "Set whiten=False."
    if architecture.columns is not None:
        raise ValueError(
            "whiten mixes the features of a row, but the columns of a table are scaled one by one "
            f"and may be categories. {way_out}"
        )
    if recipe.loss == "binary_crossentropy":
        raise ValueError(
            "whiten makes rows that are no probabilities, but loss='binary_crossentropy' compares "
            f"those. {way_out[:-1]}, or take loss='squared_error'."
        )
    if observed is not None or architecture.padding is not None:
        given = "observed" if observed is not None else f"mask_value={architecture.mask_value!r}"
        raise ValueError(
            f"whiten makes each value of all values of a row, but {given} says that some are "
            f"missing. {way_out}"
        )
    if architecture.init == "pca":
        raise ValueError(
            "init='pca' starts at the directions in which rows vary most, but whitened rows vary "
            "alike in all. Set init='random', or whiten=False."
        )
    if n_features > MAX_COVARIANCE:
        raise ValueError(
            f"whiten decomposes the covariance of all features, of which X has {n_features}: at "
            f"most {MAX_COVARIANCE} are possible. Reduce them first, for example by "
            "sklearn.decomposition.PCA, or set whiten=False."
        )


def _check_own_loss(
    loss: UserLoss, architecture: Architecture, n_features: int, observed: ArrayLike | None
) -> None:
    if architecture.columns is not None:
        raise ValueError(
            f"loss={loss!r} is of rows of numbers, but a table has a loss for each kind of column. "
            "Set loss to a name, which is then that of the numbers."
        )
    is_of_rows = backend.check_loss(loss, n_features)
    lacks_some = observed is not None or architecture.padding is not None
    if is_of_rows and (lacks_some or architecture.fills):
        missing = "are" if lacks_some else "with noise='masking' may be"
        raise ValueError(
            f"loss={loss!r} gives a value a row, but some values of the rows {missing} not there. "
            "Let it give a value a feature, of which those are left out."
        )


def _rows_like_those_before(
    estimator: Any, X: ArrayLike, continues: bool, allow_nan: bool
) -> Matrix:
    options = {"reset": not continues, "allow_nan": allow_nan, "is_fit": True}
    try:
        return check_rows(estimator, X, estimator.sample_shape, **options)
    except ValueError as error:
        # scikit-learn says what differs, and cannot know why it should not.
        is_other = "is expecting" in str(error) or "feature names should match" in str(error)
        if not (is_other and estimator.warm_start):
            raise
        raise ValueError(
            f"{error} Training goes on from the fit before, as warm_start=True: pass rows of the "
            "same features, or start anew with warm_start=False."
        ) from error
