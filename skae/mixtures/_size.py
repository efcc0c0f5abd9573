"""How many components a mixture has, and how wide they are at least: by codes held out."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import KFold

from skae.numerics import Array, Integers

# Variances added to each component, as shares of the code's. Where clusters are far apart the
# first is wider than any of them.
_ADDED_VARIANCES = (1e-2, 1e-4, 1e-6)
# Gain of the mean log density of held-out codes, in nats, below which a mixture is no better.
_LEAST_GAIN = 0.01
# Distinct codes for each component, at least.
_CODES_PER_COMPONENT = 4
_FEW_FOLDS = 5


class Effort(NamedTuple):
    """How thorough a search is.

    Attributes
    ----------
    sizes : tuple of int
        Numbers of components that are tried, in this order.
    patience : int
        How many larger ones may be worse before none helps.
    n_judged : int
        Codes at most that are looked at.
    n_folds, n_turns : int
        Into how many folds they are cut, and how many of these are held out in turn.
    few_codes : int
        Up to so many codes there are five folds, and each is held out.
    tol : float
        Gain at which a mixture is fitted well enough, in nats.
    """

    sizes: tuple[int, ...]
    patience: int
    n_judged: int
    n_folds: int
    n_turns: int
    few_codes: int
    tol: float


# Nearly all codes are there to fit to: mixtures of fewer codes want fewer components.
THOROUGH = Effort(
    (1, 2, 3, 4, 6, 8, 12, 16, 24, 32),
    patience=2,
    n_judged=2000,
    n_folds=10,
    n_turns=3,
    few_codes=500,
    tol=1e-3,
)
QUICK = Effort(
    (1, 2, 4, 8, 16), patience=2, n_judged=500, n_folds=5, n_turns=1, few_codes=0, tol=1e-2
)


def choose_size(code: Array, effort: Effort, random_state: int) -> tuple[int, float]:
    """Number of components, and variance added to each, of the highest held-out likelihood.

    Parameters
    ----------
    code : ndarray of shape (n_samples, n_components)
        Different codes.
    effort : Effort
    random_state : int

    Returns
    -------
    n_components : int
    added_variance : float
    """
    variance = float(np.var(code, axis=0).mean()) or 1.0
    order = np.random.RandomState(random_state).permutation(len(code))
    judged = code[order[: effort.n_judged]]
    folds = _folds(len(judged), effort)
    n_trained = min((len(training) for training, _ in folds), default=0)
    sizes = [size for size in effort.sizes if size * _CODES_PER_COMPONENT <= n_trained]
    if not sizes:
        return 1, _ADDED_VARIANCES[0] * variance

    def score(size: int, added: float) -> float:
        mixture = new_mixture(size, added * variance, random_state).set_params(tol=effort.tol)
        return float(np.mean([mixture.fit(judged[a]).score(judged[b]) for a, b in folds]))

    size, added = _climbed(score, sizes, effort.patience)
    return size, added * variance


def new_mixture(n_components: int, added_variance: float, random_state: int) -> GaussianMixture:
    """An unfitted mixture; its fit converges, which in a thousand steps it does."""
    return GaussianMixture(
        n_components, reg_covar=added_variance, max_iter=1000, random_state=random_state
    )


def _climbed(
    score: Callable[[int, float], float], sizes: list[int], patience: int
) -> tuple[int, float]:
    """The best size and added variance.

    Less is added as long as that helps, and sizes go on from the one that was best with more.
    """
    best, chosen = -np.inf, (sizes[0], _ADDED_VARIANCES[0])
    for added in _ADDED_VARIANCES:
        before, n_worse = best, 0
        for size in sizes[sizes.index(chosen[0]) :]:
            found = score(size, added)
            n_worse = 0 if found > best + _LEAST_GAIN else n_worse + 1
            if not n_worse:
                best, chosen = found, (size, added)
            if n_worse == patience:
                break
        if best == before:
            break
    return chosen


def _folds(n_codes: int, effort: Effort) -> list[tuple[Integers, Integers]]:
    is_few = n_codes <= effort.few_codes
    n_folds, n_turns = (_FEW_FOLDS, _FEW_FOLDS) if is_few else (effort.n_folds, effort.n_turns)
    if n_codes < 2 * n_folds:
        return []
    return list(KFold(n_folds).split(np.empty(n_codes)))[:n_turns]
