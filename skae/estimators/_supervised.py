"""Classification and regression from the code, with labels for some rows."""

import copy
import warnings
from dataclasses import KW_ONLY, dataclass, replace
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy.special import expit, log_softmax, softmax
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    _clone_parametrized,
    _fit_context,
    clone,
)
from sklearn.frozen import FrozenEstimator
from sklearn.utils import (
    assert_all_finite,
    check_array,
    check_random_state,
    column_or_1d,
    compute_class_weight,
)
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skae._base import BaseAutoencoder, all_or_nothing
from skae._docstring import documented
from skae._fitting import Labels, fit_epochs
from skae._hooks import PrintHooks
from skae._parameters import allows_nan, layer_sizes
from skae._scaling import ScaledRows, measure_scaling
from skae._validation import check_rows
from skae.estimators._denoising import DenoisingAutoencoder
from skae.estimators._head_targets import (
    class_targets,
    logistic_start,
    ridge_start,
    spread,
    units_of,
    value_targets,
    weighted_by_class,
)
from skae.networks import predictions, random_head, with_head, without_head
from skae.objectives import supervised
from skae.training import Hooks

UNLABELLED = -1


@dataclass(eq=False, repr=False)
class _SupervisedAutoencoder(BaseEstimator):
    """An autoencoder, pretrained on all rows, and a head trained with it on some."""

    autoencoder: object = None
    _: KW_ONLY
    hidden_layer_sizes: tuple = ()
    fine_tune: bool = True
    unsupervised_weight: float = 1.0
    from_pretrained: object = None
    learning_rate: float | None = None
    max_iter: int = 200
    tol: float = 1e-4
    early_stopping: bool = True
    validation_fraction: float = 0.1
    n_iter_no_change: int | str = "auto"
    verbose: int = 0
    random_state: object = None

    _parameter_constraints: ClassVar[dict] = {
        "autoencoder": [BaseAutoencoder, None],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "fine_tune": ["boolean"],
        "unsupervised_weight": [Interval(Real, 0, None, closed="left")],
        "from_pretrained": [BaseEstimator, None],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }
    _loss: ClassVar[str]

    def __sklearn_clone__(self):
        # A clone of what was pretrained would not be trained any more.
        bare = copy.copy(self)
        bare.from_pretrained = None
        copied = _clone_parametrized(bare)
        copied.from_pretrained = self.from_pretrained
        return copied

    def _check_rows(self, X, *, reset):
        """Flat rows, as the autoencoder takes them."""
        autoencoder = self._template() if reset else self.autoencoder_
        shape, allow_nan = autoencoder.sample_shape, allows_nan(autoencoder)
        return check_rows(self, X, shape, reset=reset, allow_nan=allow_nan)

    def _template(self):
        """The autoencoder that the parameters ask for, not to be changed."""
        if self.from_pretrained is None:
            return _default_autoencoder() if self.autoencoder is None else self.autoencoder
        given = self.from_pretrained
        given = given.estimator if isinstance(given, FrozenEstimator) else given
        if not isinstance(given, BaseAutoencoder):
            raise TypeError(
                f"from_pretrained={self.from_pretrained!r} is not an autoencoder of skae. Pass a "
                "fitted one, such as Autoencoder(16).fit(X_other)."
            )
        check_is_fitted(
            given,
            msg="from_pretrained is a %(name)s that is not fitted. Fit it on the other table "
            "first, or pass it as autoencoder.",
        )
        return given

    def _fit_targets(self, X, targets_of):
        """Pretrain, then train head and encoder on what ``targets_of(reconstructed)`` gives."""
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        autoencoder = self._pretrained(X, int(rng.integers(2**31)))
        rows, model = autoencoder._check_likely_rows(X), autoencoder._model
        code = model.encode(rows).astype(np.float64, copy=False)
        reconstructed = _reconstructions(model, code, rows)
        targets = targets_of(reconstructed)
        sizes = layer_sizes(self.hidden_layer_sizes)
        network = with_head(model.network, sizes, targets.values.shape[1])
        head = self._head_start(
            random_head(network, rng), code, units_of(code, reconstructed), targets
        )
        start = replace(model, network=network, weights={**model.weights, **head}, _cast={})
        outcome = self._train(autoencoder, start, rows, targets, rng)
        own, self._head = without_head(outcome.weights)
        if self.fine_tune:
            # Otherwise means and variances of batches, which no update trains, would have changed.
            autoencoder._model = model.with_weights(own)
            autoencoder._after_fit(rows)
        self.autoencoder_ = autoencoder
        self.history_ = outcome.history.columns()
        self.loss_curve_ = self.history_["loss"].tolist()
        self.n_iter_ = len(self.loss_curve_)

    def _pretrained(self, X, seed):
        """A fitted autoencoder that is ours to change."""
        template = self._template()
        if self.from_pretrained is not None:
            if template.n_features_in_ != self.n_features_in_:
                raise ValueError(
                    f"from_pretrained was fitted on {template.n_features_in_} features, but X has "
                    f"{self.n_features_in_}. Both tables need the same columns."
                )
            return copy.deepcopy(template)
        autoencoder = clone(template)
        if autoencoder.random_state is None:
            autoencoder.set_params(random_state=seed)
        return autoencoder.fit(X)

    def _train(self, autoencoder, start, rows, targets, rng):
        settings = self._settings(autoencoder)
        base = settings._objective()
        own = settings._scalars(start, ScaledRows(rows, start.scaling))
        weight = self.unsupervised_weight
        strengths = {f"unsupervised_{name}": weight * own[name] for _, name in base.strengths}
        n_visits = targets.n_visits()
        outcome = fit_epochs(
            settings,
            start,
            rows,
            None,
            PrintHooks(self.max_iter) if self.verbose else Hooks(),
            rng,
            objective=supervised(base if self.fine_tune else None, self._loss),
            labels=Labels(targets.as_labels(n_visits), n_visits),
            scalars={"unsupervised_weight": weight, **strengths},
        )
        if outcome.interrupted:
            warnings.warn("Training interrupted: the best weights so far are kept.", stacklevel=5)
        return outcome

    def _settings(self, autoencoder):
        """The autoencoder's parameters, with ours where both have them."""
        shared = ("max_iter", "tol", "early_stopping", "validation_fraction", "n_iter_no_change")
        settings = clone(autoencoder).set_params(**{name: getattr(self, name) for name in shared})
        if self.learning_rate is not None:
            settings.set_params(learning_rate=self.learning_rate)
        return settings

    def _outputs(self, X):
        """What the head makes of the code of each row, float64."""
        check_is_fitted(self)
        self._check_rows(X, reset=False)
        code = np.asarray(self.autoencoder_.transform(X))
        return predictions(self._head, code).astype(np.float64, copy=False)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _reconstructions(model, code, rows):
    """What the decoder makes of a code, in units in which the mean variance of a feature is 1."""
    output = model.in_blocks(code, model.network.n_features, model.decode_scaled)
    if not model.ends_in_sigmoid:
        return output
    # Distances of logits would be those of the surest values alone.
    scaling = measure_scaling(rows, has_missing=model.mask_value is not None)
    return expit(output) / scaling.scale


def _default_autoencoder():
    return DenoisingAutoencoder(16, noise_level=1.0)


@documented
@dataclass(eq=False, repr=False)
class AutoencoderClassifier(ClassifierMixin, _SupervisedAutoencoder):
    """Classifier on the code of an autoencoder, for tables of which few rows are labelled.

    An autoencoder learns from all rows. Labels are spread from the rows that have one to those that
    have none, over a graph of reconstructions [2]_ [3]_. A head, the layer that predicts classes
    from the code, starts as logistic regression; then head and autoencoder are trained together
    [1]_: on the labels and, so that the code keeps what it learned from all rows, on the
    autoencoder's own loss.

    Rows with the label -1 are unlabelled, as in :mod:`sklearn.semi_supervised`; beside strings, -1
    needs an array of ``dtype=object``.

    Parameters
    ----------
    {head_parameters}

    class_weight : dict, "balanced" or None, default=None
        Weight of each class, as in :class:`~sklearn.linear_model.LogisticRegression`; counts are
        those of the labels given.

    n_neighbors : int or None, default=15
        Neighbours of each row in the graph over which labels are spread. None spreads none:
        unlabelled rows then only train the autoencoder.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.

    transduction_ : ndarray of shape (n_samples,)
        Label of every row in ``fit``: the one given, or the one spread to it. A row that no label
        reaches (with ``n_neighbors=None``, every unlabelled one) has the first class.

    {head_attributes}

    See Also
    --------
    AutoencoderRegressor : The same for numbers.
    sklearn.semi_supervised.LabelSpreading : Spreads labels over a graph of the rows themselves.

    Notes
    -----
    Where -1 and one other number are all that y holds, both are classes: one class alone cannot be
    learnt, and -1 and 1 are a usual coding of two.

    A search or a cross-validation over rows without label counts each prediction for them as wrong,
    as -1 is no class: compare its scores with each other, or score labelled rows alone.

    References
    ----------
    .. [1] Vincent, P. et al. (2010). Stacked denoising autoencoders: learning useful
       representations in a deep network with a local denoising criterion. JMLR 11, 3371-3408.

    .. [2] Zhou, D. et al. (2004). Learning with local and global consistency. NIPS 2003, 321-328.

    .. [3] Iscen, A., Tolias, G., Avrithis, Y. & Chum, O. (2019). Label propagation for deep
       semi-supervised learning. CVPR 2019, 5070-5079.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skae import AutoencoderClassifier, DenoisingAutoencoder
    >>> X, y = load_digits(return_X_y=True)
    >>> labels = np.full_like(y[:1500], -1)
    >>> labels[:50] = y[:50]
    >>> autoencoder = DenoisingAutoencoder(16, noise_level=1.0, max_iter=20)
    >>> classifier = AutoencoderClassifier(autoencoder, max_iter=20, random_state=0)
    >>> classifier.fit(X[:1500], labels).score(X[1500:], y[1500:]) > 0.8
    True
    """

    _: KW_ONLY
    class_weight: object = None
    n_neighbors: int | None = 15

    _parameter_constraints: ClassVar[dict] = {
        **_SupervisedAutoencoder._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left"), None],
    }
    _loss: ClassVar[str] = "cross_entropy"
    _head_start = staticmethod(logistic_start)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn from all rows, and from the labels of some.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows, as the autoencoder takes them.
        y : array-like of shape (n_samples,)
            Labels, numbers or strings; -1 where there is none.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If ``from_pretrained`` is not an autoencoder.
        ValueError
            If no row has a label, if labels are missing or of several types, or for what the
            autoencoder refuses. The estimator is then as it was before.
        """
        with all_or_nothing(self):
            self._check_rows(X, reset=True)
            classes, places = _places_of(y)
            check_consistent_length(X, places)
            weights = _class_weights(self.class_weight, classes, places)
            targets = class_targets(places, len(classes))

            def targets_of(reconstructed):
                labelled = spread(targets, reconstructed, self.n_neighbors)
                self.transduction_ = classes[labelled.values.argmax(axis=1)]
                return weighted_by_class(labelled, weights)

            self._fit_targets(X, targets_of)
            self.classes_ = classes
        return self

    def predict_proba(self, X):
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
        return softmax(self._outputs(X), axis=1)

    def predict_log_proba(self, X):
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
        return log_softmax(self._outputs(X), axis=1)

    def predict(self, X):
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
        return self.classes_[places]


def _places_of(y):
    """Classes, and the place of each label among them; -1 for a row without label.

    Where -1 and one other number are all there is, -1 is a class: one alone cannot be learnt.
    """
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    y = column_or_1d(y, warn=True)
    is_known = np.array([not _is_unlabelled(label) for label in y], bool)
    if not is_known.any():
        raise ValueError(
            f"y labels none of its {len(y)} rows: {UNLABELLED} means unlabelled. Label some rows "
            "of every class."
        )
    known = _of_one_type(y[is_known])
    is_number = known.dtype.kind in "iuf"
    if is_number and not is_known.all() and len(np.unique(known)) == 1:
        is_known, known = np.ones(len(y), bool), _of_one_type(y)
    check_classification_targets(known)
    places = np.full(len(y), UNLABELLED)
    classes, places[is_known] = np.unique(known, return_inverse=True)
    return classes, places


def _is_unlabelled(label):
    return isinstance(label, Real) and label == UNLABELLED


def _of_one_type(labels):
    """Numbers or strings; those that stand beside -1 or in a frame may come as objects."""
    if labels.dtype == object:
        labels = _from_objects(labels)
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    if labels.dtype.kind == "U" and len(np.unique(labels)) > 2 and str(UNLABELLED) in labels:
        raise ValueError(
            f"y holds the string '{UNLABELLED}', which numpy makes of {UNLABELLED} beside strings. "
            "Pass np.array(y, dtype=object) if it means unlabelled; if it is a class, rename it."
        )
    return labels


def _from_objects(labels):
    plain = np.array(labels.tolist())
    if plain.dtype == object or len({isinstance(label, str) for label in labels}) > 1:
        types = " and ".join(sorted({type(label).__name__ for label in labels}))
        raise ValueError(
            f"y holds labels of type {types}, but strings alone or numbers alone were expected. "
            f"Put {UNLABELLED} (beside strings in an array of dtype=object) where one is missing."
        )
    return plain


def _class_weights(class_weight, classes, places):
    """Weight of each class; its rows count those that were labelled."""
    labels = classes[places[places >= 0]]
    weights = compute_class_weight(class_weight, classes=classes, y=labels)
    if weights.min() < 0 or weights.max() == 0:
        raise ValueError(
            f"class_weight={class_weight!r} should give every class of y a weight that is not "
            "negative, and some class a positive one."
        )
    return weights


@documented
@dataclass(eq=False, repr=False)
class AutoencoderRegressor(RegressorMixin, _SupervisedAutoencoder):
    """Regression on the code of an autoencoder, for tables of which few rows have a target.

    An autoencoder learns from all rows. A head, the layer that predicts targets from the code,
    starts as ridge regression; then head and autoencoder are trained together [1]_: on the targets
    and, so that the code keeps what it learned from all rows, on the autoencoder's own loss.

    Rows whose target is NaN are unlabelled; of several outputs some may be. Targets may be in any
    units: they are standardised within.

    Parameters
    ----------
    {head_parameters}

    Attributes
    ----------
    {head_attributes}

    See Also
    --------
    AutoencoderClassifier : The same for classes.

    Notes
    -----
    scikit-learn's scores refuse targets that are NaN: score, and search over, rows with targets.

    References
    ----------
    .. [1] Vincent, P. et al. (2010). Stacked denoising autoencoders: learning useful
       representations in a deep network with a local denoising criterion. JMLR 11, 3371-3408.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skae import AutoencoderRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> y[100:342] = float("nan")
    >>> regressor = make_pipeline(StandardScaler(), AutoencoderRegressor(random_state=0))
    >>> regressor.fit(X[:342], y[:342]).score(X[342:], y[342:]) > 0.3
    True
    """

    _loss: ClassVar[str] = "squared_error"
    _head_start = staticmethod(ridge_start)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn from all rows, and from the targets of some.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows, as the autoencoder takes them.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; NaN where there is none.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If ``from_pretrained`` is not an autoencoder.
        ValueError
            If an output has no target in any row, or for what the autoencoder refuses. The
            estimator is then as it was before.
        """
        with all_or_nothing(self):
            self._check_rows(X, reset=True)
            y = _check_values(y)
            check_consistent_length(X, y)
            values = y.reshape(len(y), -1)
            self._mean, self._deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
            self._deviation[self._deviation == 0] = 1.0
            targets = value_targets((values - self._mean) / self._deviation)
            self._fit_targets(X, lambda reconstructed: targets)
            self._is_single = y.ndim == 1
        return self

    def predict(self, X):
        """Predicted targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        values : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            In the shape of y.
        """
        outputs = self._outputs(X)
        values = outputs * self._deviation + self._mean
        return values[:, 0] if self._is_single else values

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _check_values(y):
    """Targets as float64, some of which may be NaN, but none of them always."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    y = check_array(
        y, ensure_2d=False, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y"
    )
    if y.ndim > 2:
        raise ValueError(f"y has shape {y.shape}, but one or two axes were expected.")
    is_empty = np.isnan(y.reshape(len(y), -1)).all(axis=0)
    if is_empty.any():
        raise ValueError(
            f"Output {np.flatnonzero(is_empty)[0]} of y is NaN in all {len(y)} rows: NaN means "
            "unlabelled. Give the target of some rows."
        )
    return y
