"""What tests of the detector share: rows, and reducers that make a point."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA

from skae import (
    ReconstructionOutlierDetector,
)

SCORINGS = ["mahalanobis", "error", "top_features", "likelihood"]


def moved(rows, column, by):
    """The same rows, but for one column that moved."""
    rows = rows.copy()
    rows[:, column] += by
    return rows


def pca_detector(scoring="mahalanobis", **parameters):
    return ReconstructionOutlierDetector(PCA(3), scoring=scoring, random_state=0, **parameters)


class Memory(TransformerMixin, BaseEstimator):
    """Reconstructs the rows it was fitted to exactly, and others as the nearest of those."""

    def fit(self, X, y=None):
        self.rows_ = X
        return self

    def transform(self, X):
        distances = ((X[:, np.newaxis] - self.rows_) ** 2).sum(axis=2)
        return distances.argmin(axis=1)[:, np.newaxis]

    def inverse_transform(self, X):
        return self.rows_[X[:, 0].astype(int)]
