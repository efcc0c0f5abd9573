"""Findings on the code: units that say nothing, and distributions that are not what was asked."""

import numpy as np

from skae.diagnosis._evidence import Evidence
from skae.diagnosis._findings import LEAST_GAP, WORSE_THAN_PCA, Finding
from skae.exceptions import Parameters
from skae.numerics import Array, Bools

# Shares of the deviation of the unit that varies most. Trained codes start whitened (healthy: 0.45
# and above, dead: 0); those of PCA are in the units of the rows, where components differ by powers
# of ten.
_DEAD_TRAINED, _DEAD = 1e-3, 1e-6
# Correlation of two units: healthy up to 0.65, planted duplicates 0.99 and above.
_DUPLICATE = 0.95
# Rows in which a unit differs from its median: those of a sparse code that few rows use may agree
# by chance.
_LEAST_ACTIVE_ROWS = 10
_MOST_PLACES = 5
# Mean divergence of a unit from the prior, in nats: healthy 0.38 to 2.5, collapsed 0.0002 to 0.03.
_COLLAPSED = 0.1
_WARMUP = 50
# Mean and deviation of a unit, posterior and all: healthy up to 0.19 from 0, and 0.76 to 1.41;
# without pressure 0.6 to 5, and 3 to 7, or 0.35 for a critic without training.
_FAR_MEAN, _LEAST_DEVIATION, _MOST_DEVIATION = 1.0, 0.5, 2.0


def dead_units(evidence: Evidence) -> Finding | None:
    """Find units whose code is the same for all rows; collapsed ones are another finding."""
    if evidence.deviations is not None or evidence.restores:
        return None
    is_dead = _dead(evidence)
    n_dead, n_units = int(is_dead.sum()), len(is_dead)
    if not n_dead:
        return None
    first = _revival(evidence.parameters, n_units, n_dead)
    others = " or a lower learning_rate" if evidence.is_trained else ""
    return Finding(
        "dead units",
        f"{n_dead} of {n_units} units do not vary over the {len(evidence.rows)} rows"
        f"{_places(is_dead)}. Try {first}{others}.",
        float(n_dead),
        first,
    )


def _revival(parameters: Parameters, n_units: int, n_dead: int) -> str:
    weight = parameters.get("sparsity_weight")
    if weight is None or parameters.get("sparsity") in ("topk", "batch_topk"):
        return f"n_components={max(1, n_units - n_dead)}"
    return f"sparsity_weight={0.03 if weight == 'auto' else weight / 10:g}"


def duplicate_units(evidence: Evidence) -> Finding | None:
    """Find pairs of units that say the same."""
    if evidence.restores:
        # Neighbours are alike.
        return None
    code = evidence.code
    differs = np.abs(code - np.median(code, axis=0)) > _DEAD_TRAINED * code.std(axis=0).max()
    units = np.flatnonzero(~_silent(evidence) & (differs.sum(axis=0) >= _LEAST_ACTIVE_ROWS))
    if len(units) < 2:
        return None
    correlations = np.triu(np.abs(np.corrcoef(code[:, units], rowvar=False)), 1)
    i, j = np.unravel_index(np.argmax(correlations), correlations.shape)
    if correlations[i, j] < _DUPLICATE:
        return None
    is_copy = (correlations >= _DUPLICATE).any(axis=0)
    first = f"n_components={code.shape[1] - int(is_copy.sum())}"
    return Finding(
        "duplicate units",
        f"Units {units[i]} and {units[j]} say the same: their correlation is "
        f"{correlations[i, j]:.3f}, and {is_copy.sum()} of {code.shape[1]} units copy an earlier "
        f"one. Try {first}.",
        float(correlations[i, j]),
        first,
    )


def posterior_collapse(evidence: Evidence) -> Finding | None:
    """Find units of a variational code that equal the prior for every row, if rows lose by it."""
    if evidence.deviations is None:
        return None
    collapsed = _silent(evidence)
    n_collapsed, n_units = int(collapsed.sum()), len(collapsed)
    if 2 * n_collapsed < n_units or (n_collapsed < n_units and not _misses_pca(evidence)):
        return None
    first, *others = _against_collapse(evidence.parameters)
    return Finding(
        "posterior collapse",
        f"{n_collapsed} of {n_units} units have collapsed to the prior: the row decides their "
        f"distribution by less than {_COLLAPSED} nats (the largest mean divergence of any unit is "
        f"{_divergences(evidence).max():.2g}). Try {', or '.join([first, *others])}.",
        float(n_collapsed),
        first,
    )


def _against_collapse(parameters: Parameters) -> list[str]:
    """Return changes that let a code say more than its prior, the most promising first."""
    beta, warmup = parameters.get("beta", 1.0), parameters.get("kl_warmup", 0)
    # Half of the epochs at most, so that training has some left with all of beta.
    most = parameters.get("max_iter", np.inf) // 2
    n_epochs = int(min(max(_WARMUP, 2 * warmup), most))
    longer = [f"kl_warmup={n_epochs}"] if n_epochs > warmup else []
    milder = [f"beta={beta / 10:g}"]
    return [
        *(milder + longer if beta > 1 else longer + milder),
        *([] if parameters.get("init") == "pca" else ['init="pca"']),
    ]


def code_far_from_prior(evidence: Evidence) -> Finding | None:
    """Find a code that does not follow its prior, where that has mean 0 and deviation 1.

    A prior that is learned goes where the code is.
    """
    is_variational = evidence.deviations is not None
    if is_variational and evidence.parameters.get("prior", "normal") != "normal":
        return None
    if not (is_variational or hasattr(evidence.reducer, "prior_means_")):
        return None
    means, variances = evidence.code.mean(axis=0), evidence.code.var(axis=0)
    if evidence.deviations is not None:
        variances = variances + np.mean(evidence.deviations**2, axis=0)
    deviations = np.sqrt(variances)
    is_far = np.abs(means) > _FAR_MEAN
    is_far |= (deviations < _LEAST_DEVIATION) | (deviations > _MOST_DEVIATION)
    if not is_far.any():
        return None
    worst = int(np.argmax(np.abs(means) + np.abs(np.log(np.maximum(deviations, 1e-9)))))
    first = _pull(evidence, is_variational)
    return Finding(
        "code far from its prior",
        f"{is_far.sum()} of {len(is_far)} units do not follow the prior, which has mean 0 and "
        f"deviation 1: unit {worst} has mean {means[worst]:.2f} and deviation "
        f"{deviations[worst]:.2f}, so rows drawn by sample will not look like these. Try {first}.",
        float(deviations[worst]),
        first,
    )


def _pull(evidence: Evidence, is_variational: bool) -> str:
    """Return the change that draws the code to its prior."""
    if is_variational:
        beta = evidence.parameters.get("beta", 1.0)
        return "beta=1" if beta < 1 else f"beta={2 * beta:g}"
    if evidence.parameters.get("divergence", "critic") != "critic":
        weight = evidence.reducer.divergence_weight_
        return f"divergence_weight={2 * weight:g}" if weight else "divergence_weight='auto'"
    weight = evidence.parameters.get("adversarial_weight", 1.0)
    return f"adversarial_weight={2 * weight:g}" if weight else "adversarial_weight=1"


def _dead(evidence: Evidence) -> Bools:
    deviations = evidence.code.std(axis=0)
    share = _DEAD_TRAINED if evidence.is_trained else _DEAD
    is_dead: Bools = deviations <= share * deviations.max()
    return is_dead


def _silent(evidence: Evidence) -> Bools:
    """Return a mask of the units that say nothing of the row."""
    if evidence.deviations is None:
        return _dead(evidence)
    return _divergences(evidence) < _COLLAPSED


def _divergences(evidence: Evidence) -> Array:
    """Return the mean divergence of each unit from the prior, in nats.

    The prior is the normal distribution of its moments, which is standard normal by default.
    """
    assert evidence.deviations is not None
    variances, code = evidence.deviations**2, evidence.code
    moments = getattr(evidence.reducer, "prior_parameters_", None)
    if moments is not None:
        code = (code - moments["mean"]) / np.sqrt(moments["variance"])
        variances = variances / moments["variance"]
    terms = code**2 + variances - 1 - np.log(np.maximum(variances, 1e-30))
    divergences: Array = 0.5 * terms.mean(axis=0)
    return divergences


def _misses_pca(evidence: Evidence) -> bool:
    """Return whether units are missed: a code wider than the rows need leaves some unused."""
    ours, pca = evidence.share_left, evidence.pca_share_left
    return evidence.is_narrow and ours > WORSE_THAN_PCA * pca and ours - pca > LEAST_GAP


def _places(is_dead: Bools) -> str:
    places = np.flatnonzero(is_dead)
    if len(places) > _MOST_PLACES:
        return ""
    return f" (unit{'s' if len(places) > 1 else ''} {', '.join(map(str, places))})"
