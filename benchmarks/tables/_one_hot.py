"""Mixed tables as numbers, for the peers that know nothing else, and factor analysis of them."""

import numpy as np
import pandas as pd


class OneHot:
    """Numbers, then a column of ones and zeros for each level; NaN where a value is missing."""

    def fit(self, frame):
        self.columns = list(frame)
        self.numbers = [c for c in frame if pd.api.types.is_numeric_dtype(frame[c])]
        self.levels = {
            c: sorted(frame[c].dropna().unique()) for c in frame if c not in self.numbers
        }
        return self

    def array(self, frame):
        parts = [frame[self.numbers].to_numpy(float)]
        for name, levels in self.levels.items():
            codes = np.asarray(pd.Categorical(frame[name], categories=levels).codes)
            block = np.eye(len(levels))[codes]
            block[codes < 0] = np.nan
            parts.append(block)
        return np.hstack(parts)

    def frame(self, X):
        """The table that rows of numbers stand for: the largest level of each category."""
        n = len(self.numbers)
        made = dict(zip(self.numbers, X[:, :n].T, strict=True))
        for name, levels in self.levels.items():
            made[name] = np.array(levels, object)[X[:, n : n + len(levels)].argmax(axis=1)]
            n += len(levels)
        return pd.DataFrame(made)[self.columns]

    def _ends(self):
        """Place of the last level of each category."""
        return len(self.numbers) - 1 + np.cumsum([len(levels) for levels in self.levels.values()])

    def without_last(self, X):
        return np.delete(X, self._ends(), axis=1)

    def with_last(self, X):
        parts, n = [X[:, : len(self.numbers)]], len(self.numbers)
        for levels in self.levels.values():
            block = X[:, n : n + len(levels) - 1]
            parts += [block, 1 - block.sum(axis=1, keepdims=True)]
            n += len(levels) - 1
        return np.hstack(parts)


class FactorAnalysis:
    """Factor analysis of mixed data (Pagès 2004), what is missing counts as the mean.

    Numbers are standardised, ones and zeros are centred and divided by the root of the share of
    their level; then it is PCA.
    """

    def __init__(self, n_components):
        self.n_components = n_components

    def fit(self, frame):
        self.one_hot = OneHot().fit(frame)
        X = self.one_hot.array(frame)
        self.mean, self.scale = np.nanmean(X, axis=0), np.nanstd(X, axis=0)
        n = len(self.one_hot.numbers)
        self.scale[n:] = np.sqrt(self.mean[n:])
        self.scale[self.scale == 0] = 1.0
        axes = np.linalg.svd(self._scaled(frame), full_matrices=False)[2]
        self.axes = axes[: self.n_components]
        return self

    def _scaled(self, frame):
        return np.nan_to_num((self.one_hot.array(frame) - self.mean) / self.scale)

    def transform(self, frame):
        return self._scaled(frame) @ self.axes.T

    def reconstruct(self, frame):
        return self.one_hot.frame(self.transform(frame) @ self.axes * self.scale + self.mean)
