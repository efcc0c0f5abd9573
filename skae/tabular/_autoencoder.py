"""An autoencoder around the columns of a table."""

from collections.abc import Hashable, Sequence
from contextlib import nullcontext
from numbers import Integral
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions

from skae.estimators import BaseAutoencoder, VariationalAutoencoder, heed_interruption
from skae.fitting import (
    all_or_nothing,
    check_resumable,
    check_weights,
    granting,
    interruption,
    keeps_interrupted,
)
from skae.mixtures import CodeMixture, fit_code_mixture, rows_to_look_at
from skae.numerics import Array, ArrayLike, RandomState
from skae.parameter_checks import checks_parameters
from skae.states import StampedEstimator
from skae.tabular._drawing import TableDrawingMixin
from skae.tabular._encoding import Encoding
from skae.tabular._filling import HoleErrors
from skae.tabular._frames import Container
from skae.tabular._input import Table, check_template, checked_table, known_names, no_column_left
from skae.tabular._scores import UsualErrors
from skae.tabular._sound import check_table
from skae.threads import deferring_interruptions

# Components of the default autoencoder, where the table has as many columns, and what their
# divergence counts.
_MOST_COMPONENTS, _BETA = 32, 0.3


class TableAutoencoder(TableDrawingMixin, StampedEstimator):
    """Autoencoder of tables as people have them: numbers, text, categories, dates and holes.

    For whoever has such a table and wants codes, new rows, holes filled or strange rows found
    without encoding columns by hand. Each column is learnt as what it is: numbers by their squared
    error, categories by the likelihood of their levels, and whether a value is missing as a flag of
    its own. Training starts at factor analysis of mixed data [1]_, which is to such tables what
    PCA is to numbers.

    Parameters
    ----------
    autoencoder : autoencoder of skae or None, default=None
        Which objective, code width and training; it is cloned. Its network has to be dense. None
        means ``VariationalAutoencoder(beta=0.3)`` with as many components as there are columns
        (and flags of missing values), 32 at most: a model of the table. For fewer dimensions pass
        one of a smaller ``n_components``.

    categorical_features : "from_dtype" or array-like of labels or of bool, default="from_dtype"
        The columns of categories, by their labels (positions for an array) or by a mask.
        ``"from_dtype"`` takes text, categories, truth values and other objects for such. Others
        have to be numbers, dates or spans of time.

    drop : "auto" or array-like of labels, default="auto"
        Columns to leave out. ``"auto"`` leaves out what cannot help: columns of text of which most
        values differ, such as names and free text, those of which no level is frequent enough, and
        whole numbers that number the rows. What
        is empty or constant is left out whatever is given, and so are lists and other values that
        cannot be told apart. ``left_out_`` says which, and why.

    min_frequency : int or float, default=0.002
        Levels of a category that fewer rows have are pooled. A float is a share of the rows, of at
        least five.

    max_categories : int, default=100
        A category has at most so many levels of its own, the most frequent ones; the others are
        pooled.

    random_state : int, RandomState instance or None, default=None
        Given to the autoencoder where its own is None.

    Attributes
    ----------
    autoencoder_ : estimator
        The fitted autoencoder of the features.
    n_components_ : int
        Width of the code.
    left_out_ : dict
        Labels of the columns that are not used (of an array, their places), and why.
    n_features_in_ : int
        Number of columns of the table.
    feature_names_in_ : ndarray of str
        Their names, where all are strings.

    See Also
    --------
    VariationalAutoencoder : The default objective, for numbers alone.
    LatentSampler : New rows from any density of the code.
    ReconstructionImputer : Imputation, of numbers alone by any reducer.
    ReconstructionOutlierDetector : Rows that others make improbable, and why.

    Notes
    -----
    Columns are taken by their place. Where labels are known, those of later tables must be the
    same, in the same order, as scikit-learn asks for names.

    Levels that ``fit`` has not seen count as one of the pool, or as missing where there is none.
    Numbers are drawn and imputed within the range of the rows in ``fit``, and as whole as they
    were there. Numbers far from normal are learnt by their normal scores.

    Limits: numbers are computed in single precision, so that integers beyond 2**24 and moments are
    reconstructed roughly, and dates have no seasons: a moment is one number. Times of day, periods,
    dates that are mere Python objects, and integers beyond 2**53 count as categories. Text is never
    read, only told apart. Arrays of dates are refused; frames of them are not. The autoencoder
    inside, ``autoencoder_``, sees features and not the table; it has no Keras models and cannot be
    compressed. ``LatentCodec`` reads rows of numbers alone.

    References
    ----------
    .. [1] Pagès, J. (2004). Analyse factorielle de données mixtes. Revue de statistique appliquée
       52(4), 93-111.

    Examples
    --------
    >>> import pandas as pd
    >>> from skae import Autoencoder, TableAutoencoder
    >>> size = [1.0, 1.2, 5.1, 5.3, 1.1, 4.9] * 10
    >>> kind = ["large" if value > 3 else "small" for value in size]
    >>> frame = pd.DataFrame({"size": size, "kind": kind})
    >>> table = TableAutoencoder(Autoencoder(1, max_iter=50), random_state=0).fit(frame)
    >>> table.reconstruct(frame[:3])["kind"].tolist()
    ['small', 'small', 'large']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "autoencoder": [BaseAutoencoder, None],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like"],
        "drop": [StrOptions({"auto"}), "array-like"],
        "min_frequency": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
        "max_categories": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        autoencoder: BaseAutoencoder | None = None,
        *,
        categorical_features: Literal["from_dtype"] | Sequence[Any] = "from_dtype",
        drop: Literal["auto"] | Sequence[Hashable] = "auto",
        min_frequency: float = 0.002,
        max_categories: int = 100,
        random_state: RandomState = None,
    ) -> None:
        self.autoencoder = autoencoder
        self.categorical_features = categorical_features
        self.drop = drop
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.random_state = random_state

    @checks_parameters
    def fit(
        self,
        X: Any,
        y: object = None,
        sample_weight: ArrayLike | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Self:
        """Learn the columns of a table, and to encode and reconstruct its rows.

        Parameters
        ----------
        X : DataFrame of pandas or polars, or array-like, of shape (n_samples, n_columns)
            At least two rows, with or without missing values.
        y : object, ignored
            Accepted so that pipelines can pass it.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts: in the units, in the start and in the loss. What levels,
            ranges and missing values columns have is read off all rows whose weight is not 0.
        checkpoint : str or path-like, optional
            As in :meth:`Autoencoder.fit`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If X is a lazy frame, or one of another library.
        ValueError
            If no column is left to learn from, two have one name, or one holds infinite values, if
            a parameter is out of range or names columns that X lacks, if the autoencoder is one
            that cannot learn columns, or if training diverged. The estimator is then as it was
            before.
        """
        check_resumable(self, checkpoint)
        with all_or_nothing(self):
            self._fit(X, sample_weight, checkpoint)
        return self

    def _fit(
        self, X: Any, sample_weight: ArrayLike | None, checkpoint: str | PathLike[str] | None
    ) -> None:
        check_template(self.autoencoder)
        table = checked_table(self, X, None)
        weight = check_weights(sample_weight, np.empty((table.n_rows, 0)))
        encoding = self._encoding_of(table, weight)
        if not encoding.used:
            raise no_column_left(encoding.left_out)
        features = encoding.features({name: table.cells[name] for name in encoding.used})
        autoencoder = self._new_autoencoder(encoding)
        autoencoder._columns = encoding.columns
        keeps = keeps_interrupted(self)
        with granting(keeps):
            autoencoder.fit(features, sample_weight=weight, checkpoint=checkpoint)
        keeps = keeps and not autoencoder._was_interrupted
        with deferring_interruptions() if keeps else nullcontext():
            self.autoencoder_, self._encoding = autoencoder, encoding
            self.n_components_ = autoencoder.n_components_
            self.left_out_ = dict(encoding.left_out)
            self._learn_usual(features, weight)
        if keeps:
            heed_interruption(autoencoder, interruption())

    def _encoding_of(self, table: Table, weight: Array | None) -> Encoding:
        _, container, cells = table
        counted = np.arange(table.n_rows) if weight is None else np.flatnonzero(weight)
        return Encoding.of(
            container,
            {name: column.at(counted) for name, column in cells.items()},
            categorical=self._categorical(container),
            left_out=self._left_out(container),
            min_frequency=self.min_frequency,
            max_categories=self.max_categories,
        )

    def _learn_usual(self, features: Array, weight: Array | None = None) -> None:
        rows, counts = rows_to_look_at(len(features), weight)
        self._usual = UsualErrors.of(self.autoencoder_._model, features[rows], counts)
        self._holes = HoleErrors.of(self.autoencoder_._model, self._encoding, features[rows])
        self._mixture = _mixture_of(self.autoencoder_, features[rows], counts)

    def _new_autoencoder(self, encoding: Encoding) -> BaseAutoencoder:
        n_components = min(_MOST_COMPONENTS, encoding.columns.n_columns)
        given = self.autoencoder
        template = VariationalAutoencoder(n_components, beta=_BETA) if given is None else given
        autoencoder: BaseAutoencoder = clone(template)
        if autoencoder.random_state is None:
            seed = check_random_state(self.random_state).randint(2**31)
            autoencoder.random_state = seed
        return autoencoder

    def _check_stored(self) -> None:
        check_table(vars(self))

    def _left_out(self, container: Container) -> list[Hashable] | None:
        given = self.drop
        return None if isinstance(given, str) else known_names(given, container, "drop")

    def _categorical(self, container: Container) -> list[Hashable] | None:
        given = self.categorical_features
        if isinstance(given, str):
            return None
        listed = list(given)
        if listed and all(isinstance(value, bool | np.bool_) for value in listed):
            if len(listed) != len(container.names):
                raise ValueError(
                    f"categorical_features holds {len(listed)} truth values, but X has "
                    f"{len(container.names)} columns. Give one for each."
                )
            return [n for n, is_one in zip(container.names, listed, strict=True) if is_one]
        return known_names(listed, container, "categorical_features")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags


def _mixture_of(
    autoencoder: BaseAutoencoder, features: Array, sample_weight: Array | None
) -> CodeMixture:
    found: CodeMixture | None = getattr(autoencoder, "_code_mixture", None)
    if found is not None:
        return found
    code = autoencoder._model.encode(features).astype(np.float64)
    return fit_code_mixture(code, None, sample_weight)
