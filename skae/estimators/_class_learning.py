"""What a fit learns of the classes that its network is told."""

import numpy as np

from skae.estimators._sampling import SamplerMixin
from skae.fitting import Architecture, Labels, Rows, one_hot
from skae.mixtures import CodeMixture, fit_code_mixture, rows_to_look_at
from skae.model import by_class, given_place, posterior_deviations, unit_statistics
from skae.numerics import Array, Integers
from skae.tables import classes_to_learn, places_among

_KINDS = ("convolutional", "dense")
_OF_CLASSES = ("classes_", "class_count_", "class_prior_", "_class_mixtures")


class ClassLearningMixin(SamplerMixin):
    """Reads classes, counts them, and learns how the codes of each are distributed."""

    conditional: bool
    prior: str
    classes_: Array
    class_count_: Array
    class_prior_: Array
    # Of the codes of each class; there are none after ``partial_fit``.
    _class_mixtures: list[CodeMixture | None]

    def _measure(self, statistics: Array) -> None:
        """Set what is known of units, from their statistics of each row; a class says what."""
        raise NotImplementedError

    def _read_classes(self, y: object, continues: bool) -> Labels | None:
        if not self.conditional:
            if not continues:
                self._forget_classes()
            return None
        self._check_possible()
        labels = classes_to_learn(y, "conditional=True")
        if not (continues and hasattr(self, "classes_")):
            self.classes_ = np.unique(labels)
            self.class_count_ = np.zeros(len(self.classes_))
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
        kind = Architecture.of(self).kind
        if kind not in _KINDS:
            raise ValueError(
                f"conditional=True tells the class to a dense or a convolutional network, but "
                f"network={self._network_name(kind)}. Set network='dense' or "
                "network='convolutional', or conditional=False."
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
        self._measure(by_class(self._model, places, rows.X, unit_statistics))
        # A pass moves the codes of rows that it does not see.
        self.__dict__.pop("_class_mixtures", None)
        self.__dict__.pop("_code_mixture", None)
        if codes:
            self._class_mixtures = [
                self._mixture_of(place, rows, places) for place in range(len(counts))
            ]

    def _mixture_of(self, place: int, rows: Rows, places: Integers) -> CodeMixture | None:
        """The distribution of the codes of a class; None if it has no rows that count."""
        own, weight = np.flatnonzero(places == place), rows.sample_weight
        of_own = None if weight is None else weight[own]
        counted, of_own = rows_to_look_at(len(own), of_own)
        if not len(counted):
            return None
        model, X = given_place(self._model, place), rows.X[own[counted]]
        return fit_code_mixture(model.encode(X), posterior_deviations(model, X), of_own)
