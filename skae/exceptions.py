"""Warnings of skae, in classes of their own so that they can be filtered or turned into errors."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from sklearn.exceptions import ConvergenceWarning, InconsistentVersionWarning

from skae.messages import NetworkChangedWarning
from skae.numerics import Array
from skae.training import DEFAULT_LEARNING_RATE

__all__ = [
    "NetworkChangedWarning",
    "OtherVersionWarning",
    "PrecisionLossWarning",
    "StartKeptWarning",
    "TrainingInterruptedWarning",
]

# Steps were too large if no epoch came near the loss of the start: within a hundredth of it, or of
# a ten-thousandth of what predicting the mean scores.
_HARDLY_WORSE, _NEGLIGIBLE_LOSS = 0.01, 1e-4
# Where noise is drawn the start may just have been lucky, and dropout is not part of its loss.
_NOISY = ("dropout", "noise_level", "beta", "prior")
# Squared error of scaled rows that is rounding.
_NEGLIGIBLE_ERROR = 1e-9
# A fall of the training loss that is no accident, as a share.
_WORTHWHILE = 0.01
# Fewer epochs than the least patience of a default fit say nothing about the rate.
_FEW_EPOCHS = 10
_ANNEALED = ("auto", "cosine")
_MORE_DROPOUT, _MORE_VALIDATION = 0.2, 0.2

History = Mapping[str, Array]
Parameters = Mapping[str, Any]
# A clause that says why, and pieces of advice.
Cause = tuple[str, list[str]]


class OtherVersionWarning(InconsistentVersionWarning):  # type: ignore[misc]  # without types
    """A stored estimator was written by another version of skae or scikit-learn.

    It is loaded all the same, as scikit-learn does with its own: what is written by a version that
    reads the same format mostly works. The page "Persistence and serving" says what is promised.

    Parameters
    ----------
    estimator_name : str
    library : str
        The one whose version differs.
    current_version, original_version : str
        That which reads, and that which wrote.

    See Also
    --------
    skae.load : Reads files of :func:`skae.save`.

    Examples
    --------
    >>> import warnings
    >>> from sklearn.exceptions import InconsistentVersionWarning
    >>> from skae.exceptions import OtherVersionWarning
    >>> issubclass(OtherVersionWarning, InconsistentVersionWarning)
    True
    """

    def __init__(
        self, *, estimator_name: str, library: str, current_version: str, original_version: str
    ) -> None:
        super().__init__(
            estimator_name=estimator_name,
            current_sklearn_version=current_version,
            original_sklearn_version=original_version,
        )
        self.library = library

    def __str__(self) -> str:
        return (
            f"{self.estimator_name} was stored with {self.library} "
            f"{self.original_sklearn_version}, and {self.current_sklearn_version} loads it. It may "
            "answer otherwise, or fail. Load it with the versions that wrote it, or fit again."
        )


class PrecisionLossWarning(UserWarning):
    """A few enormous values leave single precision next to nothing of all other rows.

    Networks compute in single precision, in units of the deviation of all rows. The message names
    the first such value and the way out.

    See Also
    --------
    skae.diagnose : Names such values of an estimator that is fitted already.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from skae import Autoencoder
    >>> from skae.exceptions import PrecisionLossWarning
    >>> rows = np.random.default_rng(0).standard_normal((60, 8))
    >>> rows[3, 2] = 1e8
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     autoencoder = Autoencoder(2, max_iter=50, random_state=0).fit(rows)
    >>> [str(each.message)[:33] for each in caught if each.category is PrecisionLossWarning]
    ['X holds 1e+08 in row 3 of column ']
    """


class StartKeptWarning(ConvergenceWarning):  # type: ignore[misc]  # of a library without types
    """A fit kept the weights that it started from, because no epoch was better.

    With ``init="pca"`` the estimator then reconstructs exactly as PCA does, in a
    :class:`~skae.TableAutoencoder` as factor analysis of mixed data. A variational one is then
    probabilistic PCA, whose likelihood is no less; but its codes are drawn towards zero, so that it
    reconstructs less than PCA. The message says why and what to try.

    See Also
    --------
    skae.diagnose : Says the same of an estimator that is fitted already.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from skae import Autoencoder
    >>> from skae.exceptions import StartKeptWarning
    >>> noise = np.random.default_rng(0).standard_normal((60, 8))
    >>> with warnings.catch_warnings(record=True, category=StartKeptWarning) as caught:
    ...     warnings.simplefilter("always")
    ...     autoencoder = Autoencoder(2, max_iter=50, random_state=0).fit(noise)
    >>> autoencoder.best_epoch_, len(caught)
    (0, 1)
    """


class TrainingInterruptedWarning(UserWarning):
    """Ctrl-C ended a fit, which kept the best weights so far.

    That is so where your own code called ``fit`` of an autoencoder, a classifier or a regressor.
    Inside of anything else, such as a search, a Pipeline or :func:`~skae.compare`, an interruption
    raises ``KeyboardInterrupt``, and leaves the estimator as it was; so does a second Ctrl-C. To
    have the first raise too, turn this warning into an error:
    ``warnings.simplefilter("error", TrainingInterruptedWarning)``.
    """


def linear_start(
    *, of_table: bool = False, restores: bool = False, is_probabilistic: bool = False
) -> str:
    """What ``init="pca"`` starts at, in words."""
    if restores:
        return "the best linear filter"
    if of_table:
        return "factor analysis of mixed data"
    return "probabilistic PCA" if is_probabilistic else "PCA"


def why_start_was_kept(
    history: History,
    parameters: Parameters,
    cross_fit_losses: Mapping[int, float] | None = None,
    *,
    start_at: str = "PCA",
    departs: bool = False,
) -> Cause:
    """Why a fit ended at its start, and what to try.

    Parameters
    ----------
    history : dict of ndarray of shape (n_epochs + 1,)
        Columns of the epochs in which all layers were trained, the start first; one or more.
    parameters : dict
        Of the estimator.
    cross_fit_losses : dict of int to float, optional
        Losses of rows held out by the number of epochs, where folds chose it.
    start_at : str
        What ``init="pca"`` starts at, in words.
    departs : bool
        Whether networks of its kind are trained away from there.

    Returns
    -------
    reason : str
        A clause, without a full stop.
    advice : list of str
        The most promising first.
    """
    n_epochs = len(history["loss"]) - 1
    if cross_fit_losses and _folds_chose_the_start(cross_fit_losses, n_epochs):
        for cause in (_nothing_left, _far_too_large_steps, _large_steps):
            found = cause(history, parameters, n_epochs)
            if found is not None:
                return found
        return _folds_against(cross_fit_losses, parameters)
    causes = [_nothing_left, _far_too_large_steps, _few_epochs]
    if departs and parameters.get("init") == "pca":
        causes.append(_no_way_back)
    for cause in (*causes, _large_steps, _tiny_steps, _overfitting):
        found = cause(history, parameters, n_epochs)
        if found is not None:
            return found
    start = history["loss"][0]
    reason = (
        f"in {_counted(n_epochs)} the loss never fell below {start:.3g}, that of the start: "
        f"{start_at} may be all there is to learn, or a start away from it "
        "find more"
    )
    return reason, [*_other_starts(parameters), _smaller_steps(parameters)]


def _folds_chose_the_start(losses: Mapping[int, float], n_epochs: int) -> bool:
    """Whether folds, rather than the training of all rows, went back to the start."""
    # The fewest epochs are then trained, for a history; otherwise the best number.
    return n_epochs == min(filter(None, losses)) or min(losses.values()) == losses[0]


def _folds_against(losses: Mapping[int, float], parameters: Parameters) -> Cause:
    """Rows held out were reconstructed best by the start."""
    start, tried = losses[0], {n: loss for n, loss in losses.items() if n}
    best = min(tried, key=lambda n: tried[n])
    is_less = (
        " (less, but within half the standard error over folds)" if tried[best] < start else ""
    )
    reason = (
        f"rows held out, folds in turn, had a loss of {start:.3g} at the start and of "
        f"{tried[best]:.3g} at best, after {_counted(best)}{is_less}: what is learned beyond the "
        "start does not hold for them, or they are too few to tell"
    )
    return reason, [advice for advice in _restraints(parameters) if "validation" not in advice]


def _nothing_left(history: History, parameters: Parameters, n_epochs: int) -> Cause | None:
    """The start reconstructs the rows already."""
    # A log-likelihood has no zero.
    errors = history.get("reconstruction", history["loss"])
    is_own = parameters.get("objective") is not None and "reconstruction" not in history
    if "kl" in history or is_own or errors[0] > _NEGLIGIBLE_ERROR:
        return None
    reason = (
        "the start already reconstructs the rows exactly, so that nothing is left to learn (or "
        "exactly beside values that are far larger than all others, which skae.diagnose names)"
    )
    return reason, ["fewer n_components"]


def _far_too_large_steps(history: History, parameters: Parameters, n_epochs: int) -> Cause | None:
    """Every epoch was far worse than predicting the mean, however few there were."""
    start, lowest = history["loss"][0], history["loss"][1:].min()
    if "kl" in history or lowest <= max(10 * abs(start), 3.0):
        return None
    return _large_steps(history, {**parameters, "network": "dense"}, n_epochs)


def _few_epochs(history: History, parameters: Parameters, n_epochs: int) -> Cause | None:
    """Training had no time: max_iter, the patience or a callback ended it."""
    losses, max_iter = history["loss"][1:], parameters.get("max_iter")
    was_cut = n_epochs == max_iter
    # A rate that is annealed has come to its end.
    is_annealed = parameters.get("learning_rate") in _ANNEALED
    if n_epochs >= _FEW_EPOCHS and not (was_cut and losses[-1] < losses[0] and not is_annealed):
        return None
    if was_cut:
        reason = f"training was cut short after {_counted(n_epochs)} by max_iter={max_iter}"
        return reason, [f"max_iter={max(500, 4 * n_epochs)}"]
    patience = parameters.get("n_iter_no_change", "auto")
    if isinstance(patience, Integral) and patience < _FEW_EPOCHS:
        reason = f"training stopped after {_counted(n_epochs)} by n_iter_no_change={patience}"
        return reason, ['n_iter_no_change="auto"']
    return f"training ended after {_counted(n_epochs)}", ["callbacks that let it train longer"]


def _no_way_back(history: History, parameters: Parameters, n_epochs: int) -> Cause | None:
    """A network that begins away from PCA, and is judged by it, did not reach it."""
    losses = history["loss"]
    if losses[1:].min() <= losses[0]:
        return None
    reason = (
        f"training, which begins away from PCA, came down to a loss of {losses[1:].min():.3g} in "
        f"{_counted(n_epochs)}, and PCA's is {losses[0]:.3g}"
    )
    return reason, ["larger hidden_layer_sizes", 'network="dense"', _smaller_steps(parameters)]


def _large_steps(history: History, parameters: Parameters, n_epochs: int) -> Cause | None:
    """No epoch came near the loss of the start."""
    start, lowest = history["loss"][0], history["loss"][1:].min()
    margin = 1.0 if any(parameters.get(name) for name in _NOISY) else _HARDLY_WORSE
    if lowest <= start + margin * abs(start) + _NEGLIGIBLE_LOSS:
        return None
    reason = (
        f"the lowest training loss of {_counted(n_epochs)} was {lowest:.3g}, that of the start "
        f"{start:.3g}: steps were too large"
    )
    return reason, [_smaller_steps(parameters)]


def _tiny_steps(history: History, parameters: Parameters, n_epochs: int) -> Cause | None:
    """The rate is so low that hardly anything moved."""
    rate = _rate(parameters)
    if rate is None or rate >= DEFAULT_LEARNING_RATE / 100:
        return None
    reason = f"in {_counted(n_epochs)} hardly anything moved: steps were too small"
    return reason, [f"learning_rate={DEFAULT_LEARNING_RATE:g}"]


def _overfitting(history: History, parameters: Parameters, n_epochs: int) -> Cause | None:
    """The training loss fell, that of the rows held out did not."""
    start, lowest = history["loss"][0], history["loss"][1:].min()
    if "val_loss" not in history or lowest > start - _WORTHWHILE * abs(start):
        return None
    held_out = history["val_loss"]
    reason = (
        f"in {_counted(n_epochs)} the training loss fell from {start:.3g} to {lowest:.3g}, but "
        f"that of the rows held out rose from {held_out[0]:.3g} to {held_out[1:].min():.3g} at "
        "best: what was learned beyond the start does not hold for them, or they are too few to "
        "tell"
    )
    return reason, _restraints(parameters)


def _restraints(parameters: Parameters) -> list[str]:
    dropout, share = parameters.get("dropout", 0.0), parameters.get("validation_fraction", 0.1)
    return [
        *([f"validation_fraction={_MORE_VALIDATION:g}"] if share < _MORE_VALIDATION else []),
        *([f"dropout={_MORE_DROPOUT:g}"] if dropout < _MORE_DROPOUT else []),
        "more rows",
    ]


def _other_starts(parameters: Parameters) -> list[str]:
    return ['init="random"'] if parameters.get("init") == "pca" else []


def _smaller_steps(parameters: Parameters) -> str:
    rate = _rate(parameters)
    if rate is not None and rate > 4 * DEFAULT_LEARNING_RATE:
        return f"learning_rate={DEFAULT_LEARNING_RATE:g}"
    return f"learning_rate={(DEFAULT_LEARNING_RATE if rate is None else rate) / 4:.2g}"


def _rate(parameters: Parameters) -> float | None:
    """The learning rate, where it is a number and no schedule."""
    rate = parameters.get("learning_rate")
    return float(rate) if isinstance(rate, Real) else None


def _counted(n_epochs: int) -> str:
    return f"{n_epochs} epoch{'s' if n_epochs > 1 else ''}"
