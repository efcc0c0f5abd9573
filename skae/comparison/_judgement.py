"""Which differences between the reducers of a comparison count."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skae.numerics import Array

if TYPE_CHECKING:
    from skae.comparison._comparison import Comparison


# Two points of explained variance, or of accuracy: less is nobody's reason to change the model.
MARGIN = 0.02


class Words(NamedTuple):
    """The words for what is compared.

    Attributes
    ----------
    metric : str
        The score by which reducers are judged.
    whole : str
        Of what it is a share.
    linear : str
        What the baseline is called.
    """

    metric: str
    whole: str
    linear: str


OF_NUMBERS = Words("reconstruction_r2", "variance", "PCA")
OF_TABLES = Words("explained_share", "table", "FAMD")


def words_of(scores: Collection[str]) -> Words:
    """Return the words for a comparison of which these are the scores."""
    return OF_TABLES if OF_TABLES.metric in scores else OF_NUMBERS


class Judgement:
    """The scores of a comparison, by name and position of the size, and the rules to judge them.

    A gain is clear where it exceeds both the deviations over the folds and two points. PCA leads
    unless another reducer explains clearly more.

    Parameters
    ----------
    comparison : Comparison
        The scores.
    """

    def __init__(self, comparison: "Comparison") -> None:
        self.words = words_of(comparison.scores)
        self.names = list(comparison.reducers)
        self.sizes = list(comparison.n_components)
        self.scores = comparison.scores
        # The others are judged against PCA; None where it was not compared.
        self.baseline = comparison.baseline if comparison.baseline in self.names else None
        self.others = [name for name in self.names if name != self.baseline]
        self.n_folds = self.scores[self.words.metric].shape[2]
        self.places = range(len(self.sizes))
        self.n_features = comparison.originals.shape[1]

    @property
    def pca(self) -> str:
        """The name of PCA, which has to be among the reducers compared."""
        assert self.baseline is not None
        return self.baseline

    def mean(self, name: str, j: int, metric: str | None = None) -> float:
        """Return the mean over the folds at the size in place `j`, usually of what is explained."""
        return float(self._folds(name, j, metric).mean())

    def best(self) -> float:
        """Return the largest mean of all."""
        return max(self.mean(name, j) for name in self.names for j in self.places)

    def deviation(self, name: str, j: int, metric: str | None = None) -> float:
        """Return the standard deviation over the folds."""
        return float(self._folds(name, j, metric).std())

    def seconds(self, name: str) -> float:
        """Return the usual fit time: one slow fit of many, which loads or waits, says nothing."""
        return float(np.median(self.scores["fit_seconds"][self.names.index(name)]))

    def gain(self, name: str, other: str, j: int, metric: str | None = None) -> float:
        """Return by how much the mean of `name` is above that of `other`."""
        return self.mean(name, j, metric) - self.mean(other, j, metric)

    def is_clear(self, name: str, other: str, j: int, metric: str | None = None) -> bool:
        """Tell whether `name` is above `other` by more than the deviations and the margin."""
        noise = max(self.deviation(name, j, metric), self.deviation(other, j, metric))
        return self.gain(name, other, j, metric) > max(noise, MARGIN)

    def challenger(self, j: int) -> str:
        """Return the best of the others than PCA, of which there has to be one."""
        return max(self.others, key=lambda name: self.mean(name, j))

    def leader(self, j: int) -> str:
        """Return the best reducer, which is PCA unless another is clearly better."""
        if not self.others:
            return self.pca
        challenger = self.challenger(j)
        if self.baseline is None or self.is_clear(challenger, self.baseline, j):
            return challenger
        return self.baseline

    def gains_places(self) -> list[int]:
        """Return the places of the sizes where another reducer than PCA leads."""
        return [j for j in self.places if self.leader(j) != self.baseline]

    def equal_size(self, name: str, j: int) -> int | None:
        """Return how many components PCA needs for as much, within the deviations, or None."""
        if self.baseline is None:
            return None
        for k in self.places[j:]:
            noise = max(self.deviation(name, j), self.deviation(self.baseline, k))
            if self.mean(self.baseline, k) >= self.mean(name, j) - noise:
                return self.sizes[k]
        return None

    def enough(self, places: Sequence[int]) -> int:
        """Return the first of `places` whose leader is close to the best of all leaders there."""
        best = max(places, key=lambda j: self.mean(self.leader(j), j))
        tolerance = max(MARGIN, self.deviation(self.leader(best), best))
        floor = self.mean(self.leader(best), best) - tolerance
        return next(j for j in places if self.mean(self.leader(j), j) >= floor)

    def equals(self, name: str, j: int) -> list[str]:
        """Return the other reducers than PCA that explain as much within the deviations."""
        others = [other for other in self.others if other != name]
        return [other for other in others if not self._differ(name, other, j)]

    def _differ(self, name: str, other: str, j: int) -> bool:
        noise = max(self.deviation(name, j), self.deviation(other, j))
        return abs(self.gain(name, other, j)) > noise

    def _folds(self, name: str, j: int, metric: str | None) -> Array:
        scores: Array = self.scores[metric or self.words.metric][self.names.index(name), j]
        return scores
