"""MissForest, as its paper and its package for R have it: forests in rounds over all columns."""

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from benchmarks.tables._one_hot import OneHot

MOST_ROUNDS = 10


class MissForest:
    """Holes of mixed tables by random forests (Stekhoven & Buehlmann 2012).

    Columns are filled in turn, those of fewest holes first, by forests of ``n_trees`` over
    the square root of the others, until both kinds of columns change more than in the round before:
    then the one before is the result. Levels of categories go into forests as numbers.
    """

    def __init__(self, seed, n_trees=100):
        self.seed, self.n_trees = seed, n_trees

    def impute(self, frame):
        numbers = set(OneHot().fit(frame).numbers)
        is_hole = frame.isna()
        rows, levels = {}, {}
        for name, column in frame.items():
            if name in numbers:
                rows[name] = column.astype(float).fillna(column.astype(float).mean())
            else:
                codes, levels[name] = pd.factorize(column, sort=True)
                mode = np.bincount(codes[codes >= 0]).argmax()
                rows[name] = pd.Series(np.where(codes >= 0, codes, mode), frame.index)
        filled, before = pd.DataFrame(rows), (np.inf, np.inf)
        for _ in range(MOST_ROUNDS):
            made = self._round(filled, is_hole, numbers)
            changes = changed(filled, made, is_hole, numbers)
            if all(now > then for now, then in zip(changes, before, strict=True)):
                break
            filled, before = made, changes
        return filled.assign(**{n: np.asarray(known)[filled[n]] for n, known in levels.items()})

    def _round(self, filled, is_hole, numbers):
        made = filled.copy()
        for name in is_hole.sum().sort_values(kind="stable").index:
            holes = is_hole[name].to_numpy()
            if not holes.any():
                continue
            kind = RandomForestRegressor if name in numbers else RandomForestClassifier
            others = made.drop(columns=name).to_numpy(float)
            forest = kind(self.n_trees, max_features="sqrt", random_state=self.seed)
            forest.fit(others[~holes], made.loc[~holes, name])
            made.loc[holes, name] = forest.predict(others[holes])
        return made


def changed(before, after, is_hole, numbers):
    """How much one round changed numbers, over their size, and the share of levels that it did."""
    is_number = np.array([name in numbers for name in before])
    asked = is_hole.to_numpy() & ~is_number
    old, new = before.to_numpy(float), after.to_numpy(float)
    n_levels = max(asked.sum(), 1)
    size = max(np.square(new[:, is_number]).sum(), np.finfo(float).tiny)
    moved = np.square(new[:, is_number] - old[:, is_number]).sum() / size
    return moved, (old != new)[asked].sum() / n_levels
