"""What a recipe is: how one trains, asks and searches with one library."""

from itertools import product
from pickle import dumps, loads

import numpy as np
from sklearn.model_selection import KFold

from benchmarks.peers._task import BATCH_SIZE, LEARNING_RATES, N_FOLDS, SIZES


class Recipe:
    """One way of having an autoencoder; what it fits is any object that it knows itself.

    Attributes
    ----------
    is_centred : bool
        Whether rows are centred and scaled before; those of the others are pixels in [0, 1].
    """

    is_centred = True

    def fit(self, X, epochs, seed=0):
        raise NotImplementedError

    def long_fit(self, X, epochs):
        """A fit as the library runs the many epochs whose steps are timed."""
        return self.fit(X, epochs)

    def steps_an_epoch(self, n_rows):
        return -(-n_rows // BATCH_SIZE)

    def one_row(self, fitted, row):
        """Whatever the library offers for one new row: its code, or its reconstruction."""
        return fitted.transform(row)

    def reconstruct(self, fitted, X):
        return fitted.inverse_transform(fitted.transform(X))

    def score_samples(self, fitted, X):
        """Higher for normal rows."""
        return -np.mean((X - self.reconstruct(fitted, X)) ** 2, axis=1)

    def search(self, X, epochs):
        """The best of a grid, fitted to all rows at the end."""
        raise NotImplementedError

    def before_fit(self):
        """What a careful user does between many fits."""

    def pickled_size(self, fitted, X):
        """Bytes of a pickle that gives the same scores when it is loaded again."""
        pickled = dumps(fitted)
        before, after = (self.score_samples(each, X) for each in (fitted, loads(pickled)))
        np.testing.assert_allclose(after, before, rtol=1e-4)
        return len(pickled)


class LoopSearch(Recipe):
    """A recipe whose library has no search; ``fit`` also takes hidden layers and learning rate."""

    def search(self, X, epochs):
        candidates = list(product(SIZES, LEARNING_RATES))
        errors = [self.validation_error(X, epochs, *each) for each in candidates]
        best = candidates[int(np.argmin(errors))]
        self.fit(X, epochs, 0, *best)
        return best

    def validation_error(self, X, epochs, hidden, learning_rate):
        errors = []
        for train, test in KFold(N_FOLDS).split(X):
            self.before_fit()
            fitted = self.fit(X[train], epochs, 0, hidden, learning_rate)
            errors.append(np.mean((X[test] - self.reconstruct(fitted, X[test])) ** 2))
        return np.mean(errors)
