"""Targets of a head: labels, and those spread to unlabelled rows. And the head that starts."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from skae.networks import names
from skae.numerics import Array, Bools, Integers, Weights
from skae.supervised._graph import neighbour_graph, spread_labels, with_class_masses

# Without its penalty a head on few labels starts wherever it separates them.
_RIDGE = 1.0
# Relative to the mean sum of squares of a component.
_DECODER_RIDGE = 0.01
# An epoch visits labelled rows so often that their share of it is as near to this as whole numbers
# of visits come, and at least once.
_LABELLED_SHARE = 0.25


@dataclass(frozen=True)
class Targets:
    """The outputs that the head should give, and how much each of them counts.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_outputs), float64
        Ones and zeros for classes; 0 where nothing is known.
    weights : ndarray of shape (n_rows, n_outputs), float64
        0 where nothing is known.
    """

    values: Array
    weights: Array

    @property
    def known(self) -> Bools:
        """Rows of which something is known."""
        known: Bools = np.any(self.weights, axis=1)
        return known

    def n_visits(self) -> Integers:
        """Number of visits to each row in an epoch."""
        n_known = np.count_nonzero(self.known)
        wanted = _LABELLED_SHARE / (1 - _LABELLED_SHARE) * (len(self.known) - n_known) / n_known
        return np.where(self.known, max(1, round(wanted)), 1)

    def as_labels(self, n_visits: Integers) -> Array:
        """Both side by side, so weighted that a mean over all visits is one over known rows."""
        total = (n_visits[:, None] * self.weights).sum() / self.weights.shape[1]
        weights = self.weights * (n_visits.sum() / total)
        return np.hstack([self.values, weights]).astype(np.float32)


def class_targets(places: Integers, n_classes: int) -> Targets:
    """Targets of classes by their places; -1 for a row without label."""
    values = np.zeros((len(places), n_classes))
    known = places >= 0
    values[known, places[known]] = 1.0
    return Targets(values, np.repeat(known[:, None], n_classes, axis=1).astype(np.float64))


def value_targets(y: Array) -> Targets:
    """Targets of a regression; NaN for a value that is not known."""
    return Targets(np.nan_to_num(y), (~np.isnan(y)).astype(np.float64))


def spread(targets: Targets, seen: Callable[[], Array], n_neighbors: int | None) -> Targets:
    """Labels for all rows, by spreading those there are over a graph of neighbours.

    Zhou et al. (2004) on what an autoencoder learned, as Iscen et al. (2019): each row without a
    label gets the class that most of the graph around it says, and counts as much as that class's
    share. ``seen()`` are rows by whose distances neighbours are found: not codes, whose units say
    little, as whitened the least component weighs as much as the first.
    """
    known = targets.known
    if known.all() or n_neighbors is None:
        return targets
    places = np.where(known, targets.values.argmax(axis=1), -1)
    graph = neighbour_graph(seen(), n_neighbors)
    belongings = spread_labels(graph, places, targets.values.shape[1])
    # Rows that no label reaches over the graph are left without one.
    shares = with_class_masses(belongings, places)
    reached = class_targets(
        np.where(shares.any(axis=1), shares.argmax(axis=1), -1), shares.shape[1]
    )
    confidence = reached.weights * shares.max(axis=1, keepdims=True)
    return Targets(
        np.where(known[:, None], targets.values, reached.values),
        np.where(known[:, None], targets.weights, confidence),
    )


def weighted_by_class(targets: Targets, class_weights: Array) -> Targets:
    """The same, every row times the weight of its class."""
    factors = class_weights[targets.values.argmax(axis=1)]
    return replace(targets, weights=targets.weights * factors[:, None])


def units_of(code: Array, reconstructed: Array) -> Array:
    """Matrix that turns a code's units into those of rows, on average (n_components, n_components).

    A linear decoder ``V`` moves rows by ``|c V|`` for a step ``c`` of the code: by the length of
    ``c`` times the root of ``V V'``. The decoder's linear part is found by ridge regression, as
    directions in which the code hardly varies would otherwise explain what others do.
    """
    centred = code - code.mean(axis=0)
    ridge = Ridge(_DECODER_RIDGE * max(np.sum(centred**2) / code.shape[1], 1e-12))
    decoder = ridge.fit(centred, reconstructed).coef_.T.reshape(code.shape[1], -1)
    lengths, directions = np.linalg.eigh(decoder @ decoder.T)
    units: Array = (directions * np.sqrt(np.maximum(lengths, 0.0))) @ directions.T
    return units


def logistic_start(head: Weights, code: Array, units: Array, targets: Targets) -> Weights:
    """A linear head as logistic regression on the code finds it; others stay as they are.

    Its penalty is on weights in the units of the rows.
    """
    # Also rows of a class whose weight is 0: the head has an output for it.
    known = targets.values.any(axis=1)
    places = targets.values[known].argmax(axis=1)
    if len(head) > 2 or len(np.unique(places)) < 2:
        return head
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        logistic = LogisticRegression().fit(
            code[known] @ units, places, sample_weight=targets.weights[known, 0]
        )
    kernel, bias = logistic.coef_, logistic.intercept_
    if len(kernel) == 1:  # two classes: one logit, which softmax sees as a difference
        kernel, bias = np.vstack([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    return _linear_head(units @ kernel.T, bias)


def ridge_start(head: Weights, code: Array, units: Array, targets: Targets) -> Weights:
    """A linear head as ridge regression on the code finds it; others stay as they are."""
    if len(head) > 2:
        return head
    kernel, bias = np.zeros((code.shape[1], targets.values.shape[1])), []
    for column, known in enumerate(targets.weights.T > 0):
        ridge = Ridge(_RIDGE).fit(code[known] @ units, targets.values[known, column])
        kernel[:, column] = ridge.coef_
        bias.append(ridge.intercept_)
    return _linear_head(units @ kernel, np.array(bias))


def _linear_head(kernel: Array, bias: Array) -> Weights:
    layer = names.output("head")
    return {
        names.kernel(layer): kernel.astype(np.float32),
        names.bias(layer): bias.astype(np.float32),
    }
