"""Rows as a few bytes: codes of an autoencoder, rounded and entropy-coded."""

import re
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import check_is_fitted

from skae import Autoencoder
from skae.applications.codec._fingerprint import N_PROBES, fingerprint_of
from skae.applications.codec._format import pack, unpack
from skae.applications.codec._padding import PaddingCoder, fit_padding_coder
from skae.applications.codec._quantiser import Quantiser, SymbolTable, fit_quantiser
from skae.numerics import Array, ArrayLike, RandomState, one_blas_thread
from skae.parameter_checks import checks_all_parameters
from skae.reducers import (
    Reducer,
    TrainableReducer,
    allows_nan,
    check_names,
    decoded,
    encoded,
    find_padding_before_fit,
    fit_reducer,
    given_rows,
    padding_value,
    reducer_to_fit,
    sample_shape_of,
)
from skae.states import (
    StampedEstimator,
    demand,
    demand_estimator,
    demand_integer,
    demand_number,
)
from skae.tables import (
    FrameOutputMixin,
    check_array,
    in_container,
    validate_data,
)

_FINGERPRINT = re.compile("[0-9a-f]{16}")
_DTYPES = (np.float64, np.float32)


class LatentCodec(FrameOutputMixin, StampedEstimator):
    """Lossy compression of rows to bytes by the code of an autoencoder or another reducer.

    The code is turned into coordinates along which a small change moves the decoded row equally
    far and which are not correlated, rounded to multiples of one step, and entropy-coded with the
    frequencies of the training rows [1]_. Directions of the code that matter little to the rows so
    take few bits, or none (reverse water-filling). Around PCA this is the classical transform
    code: its scores, rounded with one step.

    Parameters
    ----------
    reducer : estimator with ``transform`` and ``inverse_transform``, default=None
        Any reducer, PCA too; it is cloned. A fitted one in a
        :class:`~sklearn.frozen.FrozenEstimator` is used as it is. None means
        ``Autoencoder(0.95)``.

    bits : float, default=8
        Bits for each component of the code, in the mean of all components and of the training
        rows: a row takes about ``bits * n_components_ / 8`` bytes. The step is found to meet it. It
        may be a fraction, up to 16. At most 65,536 levels are used along the widest coordinate; if
        that is less than what ``bits`` asks for, rows take fewer.

    random_state : int, RandomState instance or None, default=None
        Seeds each ``random_state`` of the reducer that is None.

    Attributes
    ----------
    reducer_ : estimator
        The fitted reducer.

    n_components_ : int
        Size of its code.

    step_ : float
        Step of the rounding, in the units of the rows. Rounding adds about
        ``n_components_ * step_**2 / 12`` to the squared error of a row while the step is small.

    bits_per_row_ : float
        Bits that a new row takes, estimated on the training rows with each left out of the
        frequencies. The header's 30 bytes are added once for all rows.

    fingerprint_ : str
        Of the model, in hexadecimal: bytes are decoded only by a model that makes the same rows of
        them, to a small part of a step.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen in ``fit``, if they are all strings. They are not in the bytes.

    See Also
    --------
    skae.metrics.reconstruction_error : The distortion.

    Notes
    -----
    ``fit`` needs scikit-learn only; ``encode`` and ``decode`` need constriction [2]_, which
    ``pip install "skae[codec]"`` brings. The bytes do not hold the model: keep the fitted codec,
    by :func:`skae.save`.

    The entropy coder works from integer tables made in ``fit``, so a codec and its copies in other
    processes read the same integers from the same bytes. Rows may differ in their last digits
    between machines, and with the number of threads, as the decoder's do; bytes may too, where a
    coordinate lies between two steps.

    A codec that is fitted again, to equal rows with equal parameters and seeds, reads the bytes of
    the first where its reducer comes out the same to rounding: a dense autoencoder with an
    activation that numpy knows, or PCA, whatever the number of threads. Where the
    code is computed in single precision, as other networks do, only on as many threads of an equal
    machine; other codes can change a table, and the bytes are refused.

    At equal bytes, more components with fewer bits each are often better: of the sizes tried on
    images of MNIST, those with two to three bits a component were best.

    Around an autoencoder with a ``mask_value``, which timesteps are padding is in the bytes too:
    decoded rows are filled up as the encoded ones were. Lengths take a few bits a row beside those
    of ``bits``. In a Pipeline only NaN can be told from what the steps before make.

    Bytes stand for a bounded number of rows, so that ``decode`` needs no more memory than their
    length lets one expect: 2**22 values, and for each byte 2**16 more, or eight rows if that is
    more.

    Coordinates outside the range of the training rows are not clipped: they cost some 40 bits
    each. Rows with one 2**31 steps or more from the mean are refused.

    References
    ----------
    .. [1] Ballé, J., Laparra, V. & Simoncelli, E. P. (2017). End-to-end optimized image
       compression. ICLR 2017.

    .. [2] Bamler, R. (2022). Understanding entropy coding with asymmetric numeral systems (ANS): a
       statistician's perspective. arXiv:2201.01741.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skae import Autoencoder, LatentCodec
    >>> from skae.metrics import reconstruction_r2_score
    >>> train, test = train_test_split(load_digits().data, random_state=0)
    >>> codec = LatentCodec(Autoencoder(8, max_iter=6), bits=4, random_state=0).fit(train)
    >>> data = codec.encode(test)
    >>> 4.0 < len(data) / len(test) < 4.3
    True
    >>> codec.decode(data).shape
    (450, 64)
    >>> reconstruction_r2_score(test, codec.decode(data)) > 0.7
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "reducer": [HasMethods(["fit", "transform", "inverse_transform"]), None],
        "bits": [Interval(Real, 0, 16, closed="right")],
        "random_state": ["random_state"],
    }

    # Codecs saved by an older version have none.
    _padding: PaddingCoder | None = None

    def __init__(
        self,
        reducer: TrainableReducer | None = None,
        bits: float = 8,
        *,
        random_state: RandomState = None,
    ) -> None:
        self.reducer = reducer
        self.bits = bits
        self.random_state = random_state

    @checks_all_parameters
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Fit the reducer, and learn how to round its code and how frequent each value is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in any units.
        y : object, ignored
            Accepted so that pipelines can pass it.

        Returns
        -------
        self : object
            The fitted codec.

        Raises
        ------
        ValueError
            If X holds missing or infinite values, or is a frame with text, categories or dates, a
            parameter is out of range, or the reducer raises. The codec is then as it was before.
        """
        reducer = reducer_to_fit(self.reducer, _default, self.random_state)
        X = given_rows(reducer, X)
        finite = "allow-nan" if allows_nan(reducer) else True
        rows = check_array(
            X, dtype=_DTYPES, ensure_all_finite=finite, estimator=self, input_name="X"
        )
        check_names(reducer, X)
        fit_reducer(reducer, X, y)
        padding = _padding_coder(reducer, rows)
        # The tables are of counts, which the last bit of a code may change.
        with one_blas_thread():
            code = _code_of(reducer, X)
            n_bits = self.bits * code.shape[1]
            quantiser = fit_quantiser(lambda code: decoded(reducer, code), code, n_bits)
            fingerprint = fingerprint_of(reducer, quantiser, padding, code[:N_PROBES])
        validate_data(self, X, skip_check_array=True)
        self.reducer_, self._quantiser, self._padding = reducer, quantiser, padding
        self.n_components_, self.step_ = code.shape[1], quantiser.step
        self.bits_per_row_ = quantiser.bits_per_row + (padding.bits_per_row if padding else 0.0)
        self.fingerprint_ = fingerprint
        return self

    def encode(self, X: ArrayLike) -> bytes:
        """Encode rows as bytes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the units of those in ``fit``; none at all, and one, are taken too.

        Returns
        -------
        data : bytes
            30 bytes of header and checksum, and the entropy-coded rows.

        Raises
        ------
        ImportError
            If constriction is not installed.
        ValueError
            If X holds missing or infinite values, another number of features, a row so far from
            those of ``fit`` that its coordinates have no integers, or so many rows of less than a
            bit each that ``decode`` would not take their bytes; encode them in parts.
        """
        check_is_fitted(self)
        X = given_rows(self.reducer_, X)
        rows = validate_data(
            self,
            X,
            reset=False,
            dtype=_DTYPES,
            ensure_all_finite="allow-nan" if allows_nan(self.reducer_) else True,
            ensure_min_samples=0,
        )
        # Reducers refuse to transform no rows at all.
        code = _code_of(self.reducer_, X) if len(rows) else np.empty((0, self.n_components_))
        symbols = self._quantiser.symbols(code)
        if self._padding is not None:
            is_padding = find_padding_before_fit(self.reducer_, rows)
            assert is_padding is not None
            symbols = np.hstack([symbols, self._padding.symbols(is_padding)])
        fingerprint = bytes.fromhex(self.fingerprint_)
        return pack(symbols, self._tables, rows.dtype, fingerprint, self.n_features_in_)

    @property
    def _tables(self) -> list[SymbolTable]:
        more = [] if self._padding is None else self._padding.tables
        return [*self._quantiser.tables, *more]

    def decode(self, data: bytes) -> Any:
        """Decode bytes to rows.

        Parameters
        ----------
        data : bytes
            What ``encode`` returned.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features)
            What the reducer's ``inverse_transform`` makes of the rounded codes: float32 if
            the encoded rows were, and float64 otherwise; the frame that ``set_output`` asks for.

        Raises
        ------
        ImportError
            If constriction is not installed.
        TypeError
            If ``data`` is not bytes.
        ValueError
            If the bytes are cut, damaged, followed by others, of another version or of another
            model.
        """
        check_is_fitted(self)
        fingerprint = bytes.fromhex(self.fingerprint_)
        symbols, dtype = unpack(data, self._tables, fingerprint, self.n_features_in_)
        if not len(symbols):
            return in_container(self, np.empty((0, self.n_features_in_), dtype))
        n_axes = len(self._quantiser.tables)
        rows = decoded(self.reducer_, self._quantiser.code(symbols[:, :n_axes]))
        if self._padding is not None:
            rows = self._padding.filled_up(rows, symbols[:, n_axes:])
        return in_container(self, rows.astype(dtype))

    def _check_stored(self) -> None:
        if not hasattr(self, "reducer_"):
            return
        demand_estimator("the reducer of a codec", self.reducer_)
        quantiser, padding = vars(self).get("_quantiser"), self._padding
        demand(isinstance(quantiser, Quantiser), "a codec without a quantiser")
        demand(padding is None or isinstance(padding, PaddingCoder), "a codec of no padding")
        n_components = len(self._quantiser.centre)
        demand_integer("n_components_", self.n_components_, n_components, n_components)
        demand_number("step_", self.step_, positive=True)
        demand(self.step_ == self._quantiser.step, f"step_ is {self.step_!r}, not its quantiser's")
        digits = self.fingerprint_
        is_one = isinstance(digits, str) and _FINGERPRINT.fullmatch(digits)
        demand(is_one, "a fingerprint that is no 16 hexadecimal digits")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = allows_nan(self.reducer)
        return tags


def _default() -> Autoencoder:
    return Autoencoder(0.95)


def _padding_coder(reducer: Reducer, rows: Array) -> PaddingCoder | None:
    """Return a coder of the padding of rows, or None if the reducer knows of no padding."""
    is_padding, value = find_padding_before_fit(reducer, rows), padding_value(reducer)
    if is_padding is None or value is None:
        return None
    shape = sample_shape_of(reducer)
    return fit_padding_coder(is_padding, 1 if shape is None else shape[-1], value)


def _code_of(reducer: Reducer, X: ArrayLike) -> Array:
    code: Array = check_array(encoded(reducer, X), dtype=np.float64, input_name="code")
    return code
