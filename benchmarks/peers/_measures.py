"""What is measured, from inside a process that holds one peer."""

import gc
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from benchmarks._harness import call_seconds, duration, epoch_seconds, seconds, status_mb
from benchmarks.applications._outliers import halves
from benchmarks.peers._task import FULL_RANGE, centred, digits, explained_share


class Plan(NamedTuple):
    """How much of everything; about as many steps to learn one class as to learn all."""

    epochs: int = 50
    step_epochs: tuple = (5, 45)
    search_epochs: int = 20
    outlier_epochs: int = 300
    outlier_classes: tuple = (0, 1, 8)
    memory_fits: int = 100
    row_seconds: float = 0.2
    is_smoke: bool = False  # one sample of everything, in one process for each peer


QUICK = Plan(2, (1, 3), 1, 5, (0,), 2, 0.01, is_smoke=True)


class Session:
    """A recipe and what was fitted with it; the first fit pays for what later ones reuse."""

    def __init__(self, recipe, plan):
        self.recipe, self.plan = recipe, plan
        self.train, self.test = self.prepared(*digits())

    def prepared(self, *rows):
        return centred(*rows) if self.recipe.is_centred else rows

    @cached_property
    def fitted(self):
        return self.recipe.fit(self.train, self.plan.epochs)

    def warm_up(self):
        """Have fitted once, so that what follows is not the first."""
        return self.fitted

    def first_fit(self, turn):
        return seconds(self.warm_up)

    def fit(self, turn):
        self.warm_up()
        return seconds(self.recipe.fit, self.train, self.plan.epochs)

    def step(self, turn):
        fit = partial(self.recipe.long_fit, self.train)
        if turn == 0:
            fit(1)  # compiles
        epoch = epoch_seconds(fit, *self.plan.step_epochs)
        return epoch / self.recipe.steps_an_epoch(len(self.train))

    def one_row(self, turn):
        call = partial(self.recipe.one_row, self.fitted, self.test[:1])
        call()
        number = int(np.clip(self.plan.row_seconds / call_seconds(call, 2), 2, 2000))
        return call_seconds(call, number)

    def search(self, turn):
        """The first search of a process, after a first fit, in which libraries load."""
        self.warm_up()
        return seconds(self.recipe.search, self.train, self.plan.search_epochs)

    def memory(self, turn):
        """MB more after so many fits of a new model than after the first."""
        resident = []
        for n_fits in (1, self.plan.memory_fits):
            for _ in range(n_fits):
                self.recipe.before_fit()
                self.recipe.fit(self.train[:500], 2)
            gc.collect()
            resident.append(status_mb("VmRSS"))
        return resident[1] - resident[0]

    def pickle(self, turn):
        return self.recipe.pickled_size(self.fitted, self.test)

    def r2(self, turn):
        fitted = self.recipe.fit(self.train, self.plan.epochs, turn)
        return explained_share(self.recipe.reconstruct(fitted, self.test), self.test)

    def auroc(self, turn):
        """Mean over the classes that are normal in turn."""
        return float(np.mean([self._area(label, turn) for label in self.plan.outlier_classes]))

    def _area(self, label, seed):
        X, y = load_digits(return_X_y=True)
        X = (X / FULL_RANGE).astype(np.float32)
        train, test, is_normal = halves(X, y == label, seed, standardised=False)
        train, test = self.prepared(train, test)
        fitted = self.recipe.fit(train, self.plan.outlier_epochs, seed)
        return roc_auc_score(is_normal, self.recipe.score_samples(fitted, test))


# Cells


def growth(value):
    return f"{value:.1f} MB"


def kilobytes(value):
    return f"{value / 1e3:.0f} kB"


def share(value):
    return f"{value:.3f}"


class Measure(NamedTuple):
    key: str
    label: str
    repeats: int
    show: object
    is_fresh: bool = False  # needs a process of its own for every turn
    has_ratio: bool = True
    n_discarded: int = 0  # turns before the first that counts: files are read from the disk

    @property
    def turns(self):
        return range(-self.n_discarded, self.repeats)


MEASURES = [
    Measure("import", "import", 5, duration, is_fresh=True, n_discarded=1),
    Measure("first_fit", "first fit", 5, duration, is_fresh=True, n_discarded=1),
    Measure("fit", "later fits", 5, duration),
    Measure("step", "a step", 5, duration),
    Measure("one_row", "one row", 5, duration),
    Measure("search", "search, 19 fits", 3, duration, is_fresh=True),
    Measure("memory", "memory, 100 fits", 1, growth, is_fresh=True, has_ratio=False),
    Measure("pickle", "pickle", 1, kilobytes, has_ratio=False),
    Measure("r2", "held-out R2", 3, share, has_ratio=False),
    Measure("auroc", "AUROC", 2, share, has_ratio=False),
]
