"""Findings on the training and on the columns: what a practitioner looks for first.

A finding is a function of the `Evidence` that returns a `Finding`, or None where all is well. Each
threshold is a constant with the values beside it that healthy and faulty fits gave: the defaults
of all variants on digits, and of three on breast cancer, wine and diabetes (standardised), with
half or three quarters of the rows for training, seen on training rows and on held-out ones; and
fits made faulty on purpose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeGuard

import numpy as np

from skae.diagnosis._evidence import Evidence
from skae.exceptions import Parameters, why_start_was_kept
from skae.numerics import Array
from skae.tables import heavy_columns

# Share of variance left on the rows given, over that in training: healthy 0.9 to 2.3, overfitted 7
# to 100. Below the least gap, nothing is lost by it (diabetes, 8 of 10 components: 0.001).
_OVERFITTED_RATIO, LEAST_GAP = 4.0, 0.05
_MORE_DROPOUT, _LOW_RATE = 0.2, 5e-4
# Penalties from which on they may cost a reconstruction as good as PCA's: the default of "beta",
# and several times the defaults of the others.
_LEAST_PENALTIES = {"beta": 1.0, "noise_level": 0.5, "sparsity_weight": 1.0, "contraction": 0.1}
# Fall of the loss over the last tenth of the epochs, for fits that ran to max_iter: 0.02 to 0.27
# when they were cut short, 0.000 for a VAE that had collapsed long before.
_STILL_FALLING = 0.01
# The same where folds tried several numbers of epochs, each some three times the one before.
_STILL_FALLING_IN_FOLDS = 0.1
# A VAE's loss is half the logarithm of the error, so its falls count double.
_NATS = 0.5
# Over PCA's share of variance left, where nothing is held out: cut short 0.5 to 1.6, training rows
# that were learned by heart 0.01 to 0.18. Of folds, over that of their start: heavy tails 0.51 to
# 0.59, too few rows 0.96 to 1.
_FAR_BELOW_PCA, _FAR_BELOW_PCA_OF_FOLDS = 0.4, 0.65
# Over PCA's share of variance left, on rows PCA has not seen: healthy 0.2 to 1.2 (1.3 with a gap
# of 0.01), faulty 1.5 to 3.
WORSE_THAN_PCA = 1.4
# Share of variance that rounding leaves of rows without noise.
_ROUNDING = 1e-4
# Variance lost between rows seen and not seen, as a share: healthy 0.01 to 0.12 for PCA,
# too few rows 0.15 to 0.43; a network that beats PCA may lose as much, so it must be worse, too:
# healthy 0.2 to 1.1 where there is a gap, too few rows 1.2 to 1.4.
_LOST_UNSEEN, _NO_BETTER_THAN_PCA = 0.15, 1.15
# R2 of a column on held-out rows: healthy 0.05 and above, noise -0.1 to 0. Columns of less than a
# tenth of the mean variance are not judged, nor is any where the median is poor (2 components).
_NOT_RECONSTRUCTED, _OTHERS_FINE, _LEAST_VARIANCE = 0.02, 0.6, 0.1
_MOST_NAMES = 5


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a fit, as `diagnose` saw it.

    Parameters
    ----------
    name : str
        Its name, such as "overfitting".

    message : str
        A sentence or two with the number behind it and what to change.

    value : float
        That number.

    parameter : str
        The change to try first, such as "early_stopping=True".

    See Also
    --------
    diagnose : Make them.

    Examples
    --------
    >>> from skae.diagnosis import Finding
    >>> finding = Finding("dead units", "2 of 8 units never vary.", 2.0, "n_components=6")
    >>> finding.parameter
    'n_components=6'
    """

    name: str
    message: str
    value: float
    parameter: str


def absurd_value(evidence: Evidence) -> Finding | None:
    """Find a value far from all others of its column, such as -9999 for one that is missing."""
    if not evidence.absurd_cells:
        return None
    first, *others = evidence.absurd_cells
    names = evidence.given_names
    again = f" and in {first.n_cells - 1} others" if first.n_cells > 1 else ""
    more = _listed([f"{names[each.column]} ({each.value:g})" for each in others])
    more = f" Likewise {more}." if others else ""
    change = f"ReconstructionImputer(missing_values={first.value:g})"
    how = f"fill it with {change}"
    if evidence.is_table:
        change = f"X.replace({first.value:g}, None)"
        how = f"make it missing, as by {change}"
    return Finding(
        "absurd value",
        f"{names[first.column]} holds {first.value:g} in row {first.row}{again}, {first.ratio:.3g} "
        f"times as far from the median as any other value.{more} Such a value takes the variance, "
        "and the scale of its column, for itself. Mend or drop it, or, where it stands for what is "
        f"missing, {how}.",
        first.value,
        change,
    )


def overfitting(evidence: Evidence) -> Finding | None:
    """Find rows that are reconstructed much worse than those in training."""
    shares = _training_shares(evidence)
    if shares is None or evidence.keeps_start:
        return None
    seen, unseen = shares
    if unseen < _OVERFITTED_RATIO * seen or unseen - seen < LEAST_GAP:
        return None
    ratio = unseen / max(seen, _ROUNDING)
    first, *others = _restraints(evidence.parameters)
    return Finding(
        "overfitting",
        f"The error on rows not trained on is {ratio:.3g} times that of training: {unseen:.1%} of "
        f"the variance is left instead of {seen:.1%}. Try {', '.join([first, *others])}, or fewer "
        "units in hidden_layer_sizes.",
        float(ratio),
        first,
    )


def _restraints(parameters: Parameters) -> list[str]:
    """Return changes that keep a network from memorising its rows, but for those made already."""
    stops, dropout = parameters.get("early_stopping", True), parameters.get("dropout", 0.0)
    return [
        *([] if stops else ["early_stopping=True"]),
        *([f"dropout={_MORE_DROPOUT:g}"] if dropout < _MORE_DROPOUT else []),
        "an optimizer with weight_decay",
    ]


def _training_shares(evidence: Evidence) -> tuple[float, float] | None:
    """Return the variance left of training rows, and of those given or held out in training."""
    seen, unseen = evidence.share_left_in_training, evidence.share_left
    held_out = evidence.history.get("val_reconstruction", ())
    if not evidence.is_trained or seen is None:
        return None
    if len(held_out) and evidence.parameters.get("loss") == "squared_error":
        unseen = max(unseen, float(held_out[evidence.kept_epoch]))
    return seen, unseen


def not_converged(evidence: Evidence) -> Finding | None:
    """Find a loss that was still falling at the last epoch that max_iter allows."""
    if evidence.keeps_start:
        return None
    if evidence.cross_fit_losses:
        return _folds_not_converged(evidence.cross_fit_losses, evidence.parameters["max_iter"])
    max_iter, fall = evidence.parameters.get("max_iter"), _last_fall(evidence)
    if evidence.n_epochs != max_iter or fall < _STILL_FALLING or _memorises(evidence):
        return None
    return Finding(
        "not converged",
        f"The loss was still falling when training ended at max_iter={max_iter}: by {fall:.1%} "
        f"over the last tenth of the epochs. Try max_iter={4 * max_iter}, a higher learning_rate, "
        "and only then larger hidden_layer_sizes.",
        fall,
        f"max_iter={4 * max_iter}",
    )


def _folds_not_converged(losses: Mapping[int, float], max_iter: int) -> Finding | None:
    """Find losses of rows held out that are lowest, by far, after all the epochs of max_iter."""
    last, loss = max(losses.items())
    before = max(n for n in losses if n <= last / 2)
    fall = 1 - loss / losses[before]
    # Log-likelihoods have no ratios.
    if last != max_iter or not 0 < loss <= min(losses.values()) or fall < _STILL_FALLING_IN_FOLDS:
        return None
    return Finding(
        "not converged",
        f"Rows held out, folds in turn, had a loss of {losses[before]:.3g} after {before} epochs "
        f"and of {loss:.3g}, {fall:.1%} less, after {last}, the most that max_iter={max_iter} "
        f"allows. Try max_iter={4 * max_iter}.",
        fall,
        f"max_iter={4 * max_iter}",
    )


def _last_fall(evidence: Evidence) -> float:
    """Return the relative fall of the loss over the last tenth of the epochs.

    It is 0 where it counts for nothing, as where the weights kept are from before.
    """
    tenth = max(1, evidence.n_epochs // 10)
    if evidence.n_epochs < 2 or evidence.kept_epoch <= evidence.n_epochs - 2 * tenth:
        return 0.0
    loss = evidence.history["loss"][1:]
    last = float(loss[-tenth:].mean())
    fall = float(loss[-2 * tenth : -tenth].mean()) - last
    if fall <= evidence.parameters.get("tol", 0.0):
        return 0.0
    return fall / (_NATS if evidence.deviations is not None else abs(last))


def _memorises(evidence: Evidence) -> bool:
    """Return whether the loss may fall because training rows are memorised."""
    if overfitting(evidence) is not None:
        return True
    return (
        not _is_watched(evidence) and evidence.share_left < _FAR_BELOW_PCA * evidence.pca_share_left
    )


def _is_watched(evidence: Evidence) -> bool:
    """Return whether rows were held out when the weights that are kept were trained."""
    held_out = evidence.history.get("val_loss")
    if evidence.cross_fit_losses:
        return True
    return held_out is not None and len(held_out) > 0 and not np.isnan(held_out[-1])


def worse_than_pca(evidence: Evidence) -> Finding | None:
    """Find rows that PCA with as many components reconstructs better."""
    # Levels of a table are learnt by their likelihood, of which squares are no yardstick.
    if not (evidence.is_trained and evidence.is_narrow) or evidence.is_table:
        return None
    ours, pca = evidence.share_left, evidence.pca_share_left
    if ours < WORSE_THAN_PCA * pca or ours - pca < LEAST_GAP:
        return None
    ratio = float(ours / max(pca, _ROUNDING))
    first, *others = _ways_back_to_pca(evidence.parameters)
    asked = ""
    if _has_own_objective(evidence.parameters):
        asked = "An objective of your own was minimised, which may ask for more than that. "
    return Finding(
        "worse than PCA",
        f"{ours:.1%} of the variance is left, {ratio:.2g} times what PCA with "
        f"{evidence.code.shape[1]} components {whose_pca(evidence)} leaves ({pca:.1%}). {asked}Try "
        f"{', '.join([first, *others])}.",
        ratio,
        first,
    )


def whose_pca(evidence: Evidence) -> str:
    """Say which rows PCA was fitted to."""
    return "of the rows of fit" if evidence.knows_pca else "of rows it has not seen"


def start_kept(evidence: Evidence) -> Finding | None:
    """Find a fit of which no epoch was better than the start, which may be PCA."""
    if not evidence.keeps_start:
        return None
    reason, advice = why_start_was_kept(
        evidence.history,
        evidence.parameters,
        evidence.cross_fit_losses,
        start_at=evidence.linear_start,
        departs=evidence.departs,
    )
    is_linear = evidence.parameters.get("init") == "pca"
    linear = f"this is {evidence.linear_start}"
    what = linear if is_linear else "the weights are random"
    return Finding(
        "this is PCA" if is_linear and evidence.linear_start.endswith("PCA") else "start kept",
        f"Training kept its start, so {what}: {reason}. Try {' or '.join(advice)}.",
        float(evidence.history["loss"][0]),
        advice[0],
    )


def _ways_back_to_pca(parameters: Parameters) -> list[str]:
    """Return changes that may improve a reconstruction: of penalties first, then of training."""
    rate = parameters.get("learning_rate")
    lower = rate / 4 if isinstance(rate, Real) else _LOW_RATE
    is_own = _has_own_objective(parameters)
    return [
        *(["objective=None"] if is_own else _milder_penalties(parameters)),
        *([] if parameters.get("init") == "pca" else ['init="pca"']),
        *([] if parameters.get("early_stopping") else ["early_stopping=True"]),
        f"learning_rate={lower:.2g}",
    ]


def _has_own_objective(parameters: Parameters) -> bool:
    return parameters.get("objective") is not None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, Real)


def _milder_penalties(parameters: Parameters) -> list[str]:
    """Return lower weights of what an objective asks for beside the reconstruction, if heavy."""
    values = ((name, parameters.get(name), least) for name, least in _LEAST_PENALTIES.items())
    heavy = [(name, v) for name, v, least in values if _is_number(v) and v >= least]
    return [f"{name}={1 if name == 'beta' and v > 1 else v / 10:g}" for name, v in heavy]


def too_few_rows(evidence: Evidence) -> Finding | None:
    """Find unseen rows that are reconstructed much worse than seen ones, even by PCA."""
    seen, unseen = evidence.pca_shares_left
    n_rows, size = evidence.code.shape
    first = f"n_components={size // 2}" if size > 1 else "more rows"
    advice = f"collect more rows{f' or try {first}' if size > 1 else ''}"
    if unseen - seen > _LOST_UNSEEN and not _generalises(evidence):
        return Finding(
            "too few rows",
            f"{n_rows} rows are few for {size} components of {evidence.rows.shape[1]} features: "
            f"even PCA leaves {seen:.1%} of the variance of rows that it has seen, and "
            f"{unseen:.1%} of others. If these rows are those of fit, {advice}; if not, "
            "diagnose with more.",
            float(unseen - seen),
            first,
        )
    trained, given = evidence.share_left_in_training, evidence.share_left
    stopped = evidence.parameters.get("early_stopping", True)
    if trained is None or not stopped or trained > unseen:
        return None
    if given < _NO_BETTER_THAN_PCA * unseen or given - trained < _LOST_UNSEEN:
        return None
    return Finding(
        "too few rows",
        f"{given:.1%} of the variance of these rows is left, of the rows of fit {trained:.1%}, and "
        f"PCA of these rows alone leaves {unseen:.1%}: the rows of fit are too few for {size} "
        f"components, or of another kind: {advice}.",
        float(given - trained),
        first,
    )


def _generalises(evidence: Evidence) -> bool:
    """Return whether rows held out in training are reconstructed far better than by PCA.

    PCA of rows with heavy tails is unstable, however many there are.
    """
    of_folds = evidence.cross_fit_losses
    if of_folds:
        # The start is PCA of the same rows, so that less is far.
        return min(of_folds.values()) < _FAR_BELOW_PCA_OF_FOLDS * of_folds[0]
    shares = _training_shares(evidence)
    return (
        _is_watched(evidence)
        and shares is not None
        and shares[1] < _FAR_BELOW_PCA * evidence.pca_shares_left[1]
    )


def features_not_reconstructed(evidence: Evidence) -> Finding | None:
    """Find columns of which nothing is reconstructed, while others are."""
    rows = evidence.rows
    variances = rows.var(axis=0)
    counts = variances >= _LEAST_VARIANCE * variances.mean()
    errors = np.mean((rows - evidence.reconstruction) ** 2, axis=0)
    r2 = 1 - errors[counts] / variances[counts]
    lost = r2 <= _NOT_RECONSTRUCTED
    if not lost.any() or np.median(r2) < _OTHERS_FINE or overfitting(evidence) is not None:
        return None
    names = evidence.feature_names[counts][lost][np.argsort(r2[lost])]
    more = f"n_components={evidence.code.shape[1] + len(names)}"
    return Finding(
        "features not reconstructed",
        f"Nothing of {_listed(names)} comes back: R2 {r2.min():.2f}, where the median feature "
        f"has {np.median(r2):.2f}. What no other column tells needs components of its own: try "
        f"{more}, or leave noise out.",
        float(r2.min()),
        more,
    )


def columns_in_different_units(evidence: Evidence) -> Finding | None:
    """Find a few columns that hold nearly all variance, so that the others hardly count."""
    heavy = heavy_columns(evidence.rows)
    if heavy is None:
        return None
    absurd = {evidence.given_names[each.column] for each in evidence.absurd_cells}
    if absurd.issuperset(evidence.feature_names[heavy.places]):
        # They are heavy by one value each, which is a finding of its own.
        return None
    return Finding(
        "columns in different units",
        f"{_listed(evidence.feature_names[heavy.places])} "
        f"{'hold' if len(heavy.places) > 1 else 'holds'} {heavy.share:.1%} of the variance of "
        f"{heavy.n_columns} columns, and all are scaled by "
        "one number, so the others hardly count. Unless they share a unit, put a StandardScaler "
        "before it in a Pipeline.",
        heavy.share,
        "make_pipeline(StandardScaler(), ...)",
    )


def _listed(names: Sequence[Any] | Array) -> str:
    shown = ", ".join(map(str, names[:_MOST_NAMES]))
    n_more = len(names) - _MOST_NAMES
    return f"{shown} and {n_more} more" if n_more > 0 else shown
