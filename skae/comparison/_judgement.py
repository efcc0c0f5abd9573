"""Which differences between the reducers of a comparison count."""

import numpy as np

# Two points of explained variance, or of accuracy: less is nobody's reason to change the model.
MARGIN = 0.02


class Judgement:
    """The scores of a comparison, by name and position of the size, and the rules to judge them.

    A gain is clear where it exceeds both the deviations over the folds and two points. PCA leads
    unless another reducer explains clearly more.

    Parameters
    ----------
    comparison : Comparison
        The scores.
    """

    def __init__(self, comparison):
        self.names = list(comparison.reducers)
        self.sizes = list(comparison.n_components)
        self.scores = comparison.scores
        # What the others are to beat; None where no PCA was compared.
        self.baseline = comparison.baseline if comparison.baseline in self.names else None
        self.n_folds = self.scores["reconstruction_r2"].shape[2]
        self.places = range(len(self.sizes))
        self.n_features = comparison.originals.shape[1]

    def mean(self, name, j, metric="reconstruction_r2"):
        """Return the mean over the folds at the size in place `j`."""
        return float(self._folds(name, j, metric).mean())

    def best(self):
        """Return the largest mean of all."""
        return max(self.mean(name, j) for name in self.names for j in self.places)

    def deviation(self, name, j, metric="reconstruction_r2"):
        """Return the standard deviation over the folds."""
        return float(self._folds(name, j, metric).std())

    def seconds(self, name):
        """Return the usual fit time: one slow fit of many, which loads or waits, says nothing."""
        return float(np.median(self.scores["fit_seconds"][self.names.index(name)]))

    def gain(self, name, other, j, metric="reconstruction_r2"):
        """Return by how much the mean of `name` is above that of `other`."""
        return self.mean(name, j, metric) - self.mean(other, j, metric)

    def is_clear(self, name, other, j, metric="reconstruction_r2"):
        """Tell whether `name` is above `other` by more than the deviations and the margin."""
        noise = max(self.deviation(name, j, metric), self.deviation(other, j, metric))
        return self.gain(name, other, j, metric) > max(noise, MARGIN)

    def challenger(self, j):
        """Return the best of the others than PCA, or None."""
        others = [name for name in self.names if name != self.baseline]
        return max(others, key=lambda name: self.mean(name, j), default=None)

    def leader(self, j):
        """Return the best reducer, which is PCA unless another is clearly better."""
        challenger = self.challenger(j)
        if self.baseline is None:
            return challenger
        if challenger is None or not self.is_clear(challenger, self.baseline, j):
            return self.baseline
        return challenger

    def gains_places(self):
        """Return the places of the sizes where another reducer than PCA leads."""
        return [j for j in self.places if self.leader(j) != self.baseline]

    def equal_size(self, name, j):
        """Return how many components PCA needs for as much, within the deviations, or None."""
        for k in self.places[j:] if self.baseline is not None else ():
            noise = max(self.deviation(name, j), self.deviation(self.baseline, k))
            if self.mean(self.baseline, k) >= self.mean(name, j) - noise:
                return self.sizes[k]
        return None

    def enough(self, places):
        """Return the first of `places` whose leader is close to the best of all leaders there."""
        best = max(places, key=lambda j: self.mean(self.leader(j), j))
        tolerance = max(MARGIN, self.deviation(self.leader(best), best))
        floor = self.mean(self.leader(best), best) - tolerance
        return next(j for j in places if self.mean(self.leader(j), j) >= floor)

    def equals(self, name, j):
        """Return the other reducers than PCA that explain as much within the deviations."""
        others = [other for other in self.names if other not in (name, self.baseline)]
        return [other for other in others if not self._differ(name, other, j)]

    def _differ(self, name, other, j):
        noise = max(self.deviation(name, j), self.deviation(other, j))
        return abs(self.gain(name, other, j)) > noise

    def _folds(self, name, j, metric):
        return self.scores[metric][self.names.index(name), j]
