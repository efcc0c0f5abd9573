"""What a fit learns of the classes that its network is told."""

import numpy as np

from skae.estimators._sampling import SamplerMixin
from skae.fitting import Architecture, Labels, Rows, one_hot
from skae.mixtures import CodeMixture, fit_code_mixture, rows_to_look_at
from skae.model import (
    by_class,
    given_place,
    mean_divergences,
    posterior_deviations,
    unit_statistics,
)
from skae.networks import CODED, KINDS
from skae.numerics import Array, ArrayLike, Bools, Integers
from skae.tables import classes_to_learn, places_among

_OF_CLASSES = ("classes_", "class_count_", "class_prior_", "_class_mixtures", "_class_statistics")
# A code by itself does not say how those of its class lie.
_LEAST_ROWS = 2


class ClassLearningMixin(SamplerMixin):
    """Reads classes, counts them, and learns how the codes of each are distributed."""

    conditional: bool
    prior: str
    classes_: Array
    class_count_: Array
    class_prior_: Array
    # Of the codes of each class; there are none after ``partial_fit``, and none of classes that
    # have too few rows.
    _class_mixtures: list[CodeMixture | None]
    # Mean divergence of each unit, and variance of its code, among the rows of each class: of shape
    # (n_classes, 2, n_components_).
    _class_statistics: Array

    def _measure(self, statistics: Array, sample_weight: Array | None) -> None:
        """Set what is known of units, from their statistics of each row; a class says what."""
        raise NotImplementedError

    def _set_unit_statistics(self, divergences: Array, variances: Array) -> None:
        """Set what is known of units, from mean divergences and variances of their codes."""
        raise NotImplementedError

    def _read_classes(
        self, y: object, sample_weight: ArrayLike | None, continues: bool
    ) -> Labels | None:
        if not self.conditional:
            if not continues:
                self._forget_classes()
            return None
        self._check_possible()
        labels = classes_to_learn(y, "conditional=True")
        counted = _counted(sample_weight, len(labels))
        if not (continues and hasattr(self, "classes_")):
            self.classes_ = np.unique(labels[counted])
            self.class_count_ = np.zeros(len(self.classes_))
        # Rows of weight 0 are not trained on, and may be of classes that no other row has.
        labels = np.where(counted, labels, self.classes_[0])
        places = places_among(labels, self.classes_, len(labels))
        return one_hot(places, len(self.classes_))

    def _check_possible(self) -> None:
        if getattr(self, "_columns", None) is not None:
            raise ValueError(
                "conditional=True is of rows of numbers, but this is the autoencoder of a table, "
                "which learns the class as one of its columns: TableAutoencoder.sample(given=...) "
                "draws rows of a class. Set conditional=False."
            )
        if self.prior != "normal":
            raise ValueError(
                "conditional=True learns codes that say what the class does not, under "
                f"prior='normal', but prior={self.prior!r}. Set one of them to its default."
            )
        network = Architecture.of(self).network_class
        if not network.takes_classes:
            possible = [repr(kind) for kind in CODED if KINDS[kind].takes_classes]
            raise ValueError(
                f"conditional=True tells classes to network={' or '.join(possible)}, but network="
                f"{self._network_name(network.kind)}. Set one of those, or conditional=False."
            )

    def _network_name(self, kind: str) -> str:
        return repr(kind) if kind != "custom" else "an object of your own"

    def _forget_classes(self) -> None:
        for name in _OF_CLASSES:
            self.__dict__.pop(name, None)

    def _learn_from(self, rows: Rows, *, codes: bool) -> None:
        if rows.labels is None:
            super()._learn_from(rows, codes=codes)
            return
        values, places = rows.labels.values, rows.labels.values.argmax(axis=1)
        weight = rows.sample_weight
        counts = (values if weight is None else values * weight[:, None]).sum(axis=0)
        # A fit is of all rows, a pass of some more.
        self.class_count_ = counts.astype(np.float64) + (0.0 if codes else self.class_count_)
        self.class_prior_ = self.class_count_ / self.class_count_.sum()
        counted = rows.counted()
        places_counted, weight = places[counted], None if weight is None else weight[counted]
        statistics = by_class(self._model, places_counted, rows.X[counted], unit_statistics)
        self._measure(statistics, weight)
        self._class_statistics = np.stack(
            [
                self._measured(statistics, weight, places_counted == place)
                for place in range(len(counts))
            ]
        )
        # A pass moves the codes of rows that it does not see.
        self.__dict__.pop("_class_mixtures", None)
        self.__dict__.pop("_code_mixture", None)
        if codes:
            self._class_mixtures = [
                self._mixture_of(place, rows, places) for place in range(len(counts))
            ]

    @staticmethod
    def _measured(statistics: Array, weight: Array | None, is_own: Bools) -> Array:
        """Of the rows of a class; of all where it has none."""
        own = is_own if is_own.any() else np.ones_like(is_own)
        return np.stack(mean_divergences(statistics[own], None if weight is None else weight[own]))

    def _mixture_of(self, place: int, rows: Rows, places: Integers) -> CodeMixture | None:
        """The distribution of the codes of a class; None if too few of its rows count."""
        own, weight = np.flatnonzero(places == place), rows.sample_weight
        of_own = None if weight is None else weight[own]
        counted, of_own = rows_to_look_at(len(own), of_own)
        if len(counted) < _LEAST_ROWS:
            return None
        model, X = given_place(self._model, place), rows.X[own[counted]]
        return fit_code_mixture(model.encode(X), posterior_deviations(model, X), of_own)


def _counted(sample_weight: ArrayLike | None, n_rows: int) -> Bools:
    """Which rows have a weight other than 0; all, where weights are such as a fit refuses."""
    weight = np.asarray(1.0 if sample_weight is None else sample_weight)
    if weight.shape != (n_rows,) or weight.dtype.kind not in "biuf" or not weight.any():
        return np.ones(n_rows, np.bool_)
    counted: Bools = weight != 0
    return counted
