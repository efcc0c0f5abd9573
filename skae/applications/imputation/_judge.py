"""The first fit of the default imputer, judged by cells that it did not see.

Of the mean over rounds the first one counts nothing, so it may do without some known cells. They
say how many components predict them best, and how far each column's prediction can be trusted.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skae.applications.imputation._size import (
    hidden_cells,
    known_means,
    size_for_hidden_cells,
    size_for_share,
)
from skae.numerics import Array, Bools
from skae.reducers import reconstructed

# Rows for each component below which the share of the variance is not trusted.
_ROWS_PER_COMPONENT = 6
# Those below which rounds do not go on from each other, and hold rows out: networks that train on
# would learn noise by heart that the first, which is judged, has not yet.
_ROWS_TO_GO_ON = 20
# Share from which a column goes all the way.
_ENOUGH = 0.5


class Judgement(NamedTuple):
    """The size and the trust that predictions of hidden cells suggest.

    Attributes
    ----------
    n_components : int
        Size that predicts them best.
    shares : ndarray of shape (n_features,)
        Share of its predicted distance from the mean that each column goes: 0 for one that cannot
        be predicted, 1 for one that can.
    is_alone : bool
        Whether each round is fitted as if there were no other: where there is too little to learn
        from for rounds that go on from each other.
    reducer : fitted estimator or None
        What predicted them; None if no fit was judged.
    """

    n_components: int
    shares: Array
    is_alone: bool
    reducer: Any = None


def judged(
    new_reducer: Callable[..., Any],
    fit: Callable[[Any, Array, Bools], Any],
    rows: Array,
    is_missing: Bools,
    unit: Array,
    rng: np.random.RandomState,
) -> Judgement:
    """Choose a size, and judge the fit of it.

    Parameters
    ----------
    new_reducer : callable
        Makes an unfitted reducer, by the arguments of ``default_reducer``.
    fit : callable
        Fits a reducer to rows of which some cells are missing.
    rows : ndarray of shape (n_samples, n_features)
        Filled by other means.
    is_missing : ndarray of bool of the same shape
    unit : ndarray of shape (n_features,)
    rng : numpy.random.RandomState

    Returns
    -------
    judgement : Judgement
    """
    n_components = size_for_share(rows)
    is_alone = len(rows) < _ROWS_TO_GO_ON * n_components
    if len(rows) < _ROWS_PER_COMPONENT * n_components:
        n_components = size_for_hidden_cells(rows, is_missing, unit, n_components, rng)
    if not is_missing.any():
        return Judgement(n_components, np.ones(rows.shape[1]), is_alone=True)
    is_hidden = hidden_cells(is_missing, rng)
    if not is_hidden.any():
        return Judgement(n_components, np.ones(rows.shape[1]), is_alone)
    is_unseen = is_missing | is_hidden
    mean = known_means(rows, ~is_unseen)
    given = np.where(is_hidden, mean, rows).astype(rows.dtype)
    unfitted = new_reducer(n_components=n_components, n_rows=len(rows), is_alone=is_alone)
    reducer = fit(unfitted, given, is_unseen)
    predicted, truth = (
        np.where(is_hidden, (values - mean) / unit, 0.0)
        for values in (reconstructed(reducer, given), rows)
    )
    shares = trusted_shares(predicted, truth, is_hidden)
    # From a half on, going all the way is better than the mean; and the rounds end as the mean of
    # several networks, which deserves more trust than this one.
    shares = np.where(shares >= _ENOUGH, 1.0, shares)
    return Judgement(n_components, shares, is_alone, reducer)


def trusted_shares(predicted: Array, truth: Array, is_hidden: Bools) -> Array:
    """Return the slope of the truth on its prediction in each column, drawn towards a common one.

    Slopes are those of a random-effects model [1]_: a column's own counts the more, the more hidden
    cells it has and the more columns differ.

    Parameters
    ----------
    predicted, truth : ndarray of shape (n_samples, n_features)
        Distances from the mean, zero but for hidden cells.
    is_hidden : ndarray of bool of the same shape

    Returns
    -------
    shares : ndarray of shape (n_features,)
        From 0 to 1.

    References
    ----------
    .. [1] DerSimonian, R. & Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical
       Trials 7, 177-188.
    """
    power = np.sum(predicted**2, axis=0)
    is_predicted = power > 0
    if not is_predicted.any():
        return np.zeros(len(power))
    agreement = np.sum(predicted * truth, axis=0)
    common = agreement.sum() / power.sum()
    own = agreement / np.where(is_predicted, power, 1.0)
    n_free = max(is_hidden.sum() - is_predicted.sum(), 1)
    noise = np.sum((truth - own * predicted) ** 2) / n_free
    shares: Array
    if noise == 0:
        shares = np.clip(own, 0.0, 1.0)
        return shares
    weights = power / noise
    n_others = is_predicted.sum() - 1
    excess = np.sum(weights * (own - common) ** 2) - n_others - 2 * np.sqrt(2.0 * n_others)
    spread = weights.sum() - np.sum(weights**2) / weights.sum()
    between = max(excess, 0.0) / spread if spread > 0 else 0.0
    common -= 2 * weights.sum() ** -0.5
    trust = between * weights / (1 + between * weights)
    shares = np.clip(trust * own + (1 - trust) * common, 0.0, 1.0)
    return shares
