"""Classification from the code, with labels for some rows."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from os import PathLike
from typing import Any, ClassVar, Literal, Self

from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_consistent_length

from skae.estimators import documented
from skae.fitting import all_or_nothing, check_resumable, check_weights
from skae.numerics import Array, ArrayLike
from skae.parameter_checks import checks_parameters
from skae.supervised._head_targets import (
    Targets,
    class_targets,
    logistic_start,
    spread,
    weighted_by_class,
)
from skae.supervised._labels import ClassWeight, class_weights, labels_to_score, places_of
from skae.supervised._supervised import SupervisedAutoencoder
from skae.tables import in_memory


@documented
@dataclass(eq=False, repr=False)
class AutoencoderClassifier(ClassifierMixin, SupervisedAutoencoder):
    """Classifier on the code of an autoencoder, for tables of which few rows are labelled.

    An autoencoder learns from all rows. Labels are spread from the rows that have one to those that
    have none, over a graph of neighbours: near each other as rows and as reconstructions [2]_ [3]_.
    A head, the layer that predicts classes from the code, starts as logistic regression; then head
    and autoencoder are trained together [1]_: on the labels and, so that the code keeps what it
    learned from all rows, on the autoencoder's own loss.

    Rows with the label -1 are unlabelled, as in :mod:`sklearn.semi_supervised`, and so are those
    with NaN, None or ``pandas.NA``; beside strings, -1 and NaN need a list or an array of
    ``dtype=object``.

    Parameters
    ----------
    {head_parameters}

    class_weight : dict, "balanced" or None, default=None
        Weight of each class, as in :class:`~sklearn.linear_model.LogisticRegression`; counts are
        those of the labels given.

    n_neighbors : int or None, default=5
        Neighbours of each row in the graph over which labels are spread. A neighbour counts by its
        distance over what is usual around both rows [4]_. None spreads none: unlabelled rows then
        only train the autoencoder.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted. Whole numbers are integers if labels are missing, as NaN makes floats
        of them.

    transduction_ : ndarray of shape (n_samples,)
        Label of every row in ``fit``: the one given, or the one spread to it. A row that no label
        reaches (with ``n_neighbors=None``, every unlabelled one) has the first class. Each
        class spreads as much in total as it has of the labels [5]_, but a row gets the class that
        is largest there: a class of few labels may be largest nowhere.

    {head_attributes}

    See Also
    --------
    AutoencoderRegressor : The same for numbers.
    sklearn.semi_supervised.LabelSpreading : Spreads labels over a graph of the rows themselves.

    Notes
    -----
    Where -1 and one other number are all that y holds, both are classes: one class alone cannot be
    learnt, and -1 and 1 are a usual coding of two.

    ``score``, and so a search or a cross-validation without ``scoring``, compares labelled rows
    only. scikit-learn's own scores count each prediction for a row with -1 as wrong, and refuse
    labels that are missing; so do its stratified folds, the default: where labels are NaN or None,
    pass ``cv=KFold(...)``.

    References
    ----------
    .. [1] Vincent, P. et al. (2010). Stacked denoising autoencoders: learning useful
       representations in a deep network with a local denoising criterion. JMLR 11, 3371-3408.

    .. [2] Zhou, D. et al. (2004). Learning with local and global consistency. NIPS 2003, 321-328.

    .. [3] Iscen, A., Tolias, G., Avrithis, Y. & Chum, O. (2019). Label propagation for deep
       semi-supervised learning. CVPR 2019, 5070-5079.

    .. [4] Zelnik-Manor, L. & Perona, P. (2004). Self-tuning spectral clustering. NIPS 2004,
       1601-1608.

    .. [5] Zhu, X., Ghahramani, Z. & Lafferty, J. (2003). Semi-supervised learning using Gaussian
       fields and harmonic functions. ICML 2003, 912-919.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderClassifier, DenoisingAutoencoder
    >>> X, y = load_digits(return_X_y=True)
    >>> labels = np.full_like(y[:1500], -1)
    >>> labels[:50] = y[:50]
    >>> autoencoder = DenoisingAutoencoder(16, noise_level=1.0, max_iter=5)
    >>> classifier = AutoencoderClassifier(autoencoder, max_iter=10, random_state=0)
    >>> classifier.fit(X[:1500], labels).score(X[1500:], y[1500:]) > 0.8
    True
    """

    _: KW_ONLY
    class_weight: ClassWeight = None
    n_neighbors: int | None = 5

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SupervisedAutoencoder._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left"), None],
    }
    _loss: ClassVar[Literal["cross_entropy", "squared_error"]] = "cross_entropy"
    _head_start = staticmethod(logistic_start)

    @checks_parameters
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Self:
        """Learn from all rows, and from the labels of some.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_features)
            Rows, as the autoencoder takes them. A frame of pandas or polars may hold text,
            categories, dates and missing values.
        y : array-like of shape (n_samples,)
            Labels, numbers or strings; -1, NaN, None or ``pandas.NA`` where there is none.
        checkpoint : str or path-like, optional
            A file in which training keeps, each half minute, what it needs to go on: if its process
            is killed, the same call ends with the bits that it would have had, and removes it. The
            autoencoder before it has a file beside, whose name ends in ``.autoencoder``. Needs a
            ``random_state``, and no callbacks of the autoencoder.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If ``from_pretrained`` is not an autoencoder.
        ValueError
            If no row has a label, if labels are masked or of several types, or for what the
            autoencoder refuses. The estimator is then as it was before.
        """
        check_resumable(self, checkpoint)
        X, y = in_memory(X), in_memory(y)
        with all_or_nothing(self):
            self._check_rows(X, reset=True)
            classes, places = places_of(y)
            check_consistent_length(X, places)
            weights = class_weights(self.class_weight, classes, places)
            targets = class_targets(places, len(classes))

            def targets_of(seen: Callable[[], Array]) -> Targets:
                labelled = spread(targets, seen, self.n_neighbors)
                self.transduction_ = classes[labelled.values.argmax(axis=1)]
                return weighted_by_class(labelled, weights)

            self._fit_targets(X, targets_of, checkpoint)
            self.classes_ = classes
        return self

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probability of each class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), float64
            In the order of ``classes_``; each row sums to 1.
        """
        probabilities: Array = softmax(self._outputs(X), axis=1)
        return probabilities

    def predict_log_proba(self, X: ArrayLike) -> Array:
        """Logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes), float64
            In the order of ``classes_``.
        """
        log_probabilities: Array = log_softmax(self._outputs(X), axis=1)
        return log_probabilities

    def predict(self, X: ArrayLike) -> Array:
        """Most probable class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Values of ``classes_``.
        """
        places = self._outputs(X).argmax(axis=1)
        labels: Array = self.classes_[places]
        return labels

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Share of the labelled rows whose class is predicted.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        y : array-like of shape (n_samples,)
            Labels; rows with NaN, None or ``pandas.NA``, and with -1 unless that is a class, are
            left out.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        score : float
            1 where all are right.

        Raises
        ------
        ValueError
            If no row has a label, or labels are masked or of several types.
        """
        predicted = self.predict(X)
        labels, is_known = labels_to_score(y, self.classes_)
        check_consistent_length(predicted, is_known)
        weights = check_weights(sample_weight, predicted[:, None])
        weights = None if weights is None else weights[is_known]
        return float(accuracy_score(labels, predicted[is_known], sample_weight=weights))
