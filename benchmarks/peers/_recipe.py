"""What a recipe is: how one trains, asks and searches with one library."""

from pickle import dumps, loads

import numpy as np

from benchmarks.peers._task import BATCH_SIZE


class Recipe:
    """One way of having an autoencoder; what it fits is any object that it knows itself."""

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

    def pickled_size(self, fitted, X):
        """Bytes of a pickle that gives the same scores when it is loaded again."""
        pickled = dumps(fitted)
        before, after = (self.score_samples(each, X) for each in (fitted, loads(pickled)))
        np.testing.assert_allclose(after, before, rtol=1e-4)
        return len(pickled)
