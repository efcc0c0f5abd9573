"""The model that a fit leaves behind: a network, its weights and its units. Plain numpy.

Scores in numpy where the network has a numpy twin, else in Keras; both give the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from scipy.special import expit

from skae import backend
from skae.model._blocks import dense
from skae.model._packing import PackedArray, pack, unpack
from skae.model._scaling import Scaling
from skae.model._scorers import scorer_of
from skae.model._table_rows import as_rows
from skae.model._whitening import WhitenedScaling
from skae.model._whole import check_state
from skae.networks import DenseNetwork, Network, given_class, names, unit_rows
from skae.numerics import Array, Matrix, Weights
from skae.objectives import (
    COUNTS,
    LOSSES,
    Noise,
    UserLoss,
    bounded,
    column_errors,
    feature_log_variance,
    mean_error,
)
from skae.states import FORMAT, check_format

# Values scored at a time: temporaries stay near 16 MB whatever the number of rows.
_BLOCK_VALUES = 2**21
# The same of dense networks, whose layers then stay in the cache, as numpy takes many small steps.
_DENSE_BLOCK_VALUES = 2**18


@dataclass(eq=False)
class Model:
    """A network with weights, from and to input units.

    Attributes
    ----------
    network : Network
    weights : dict of ndarray, float32
    scaling : Scaling
    loss : str or callable
    sample_shape : tuple of int or None
        Shape that rows may come in; None for flat ones only.
    mask_value : float or None
        What every feature holds at a timestep that is not there; such rows arrive with NaN there.
    packed : dict of PackedArray, or None
        The weights as a pickle keeps them, where that is not as they are.
    principal_directions : ndarray of shape (n_components, n_features), float32, or None
        Those of the rows of the fit, where it began; None where the rows that trained the weights
        are others, or were never decomposed.
    principal_mean : ndarray of shape (n_features,) or None
        What those directions are around, in input units.
    """

    network: Network
    weights: Weights
    scaling: Scaling
    loss: str | UserLoss
    sample_shape: tuple[int, ...] | None = None
    mask_value: float | None = None
    packed: dict[str, PackedArray] | None = None
    principal_directions: Array | None = None
    principal_mean: Array | None = None
    _cast: dict[np.dtype[Any], Weights] = field(default_factory=dict, repr=False)

    def with_weights(self, weights: Weights) -> Self:
        """The same model, trained further."""
        return replace(self, weights=weights, packed=None, _cast={})

    def with_packed(self, packed: dict[str, PackedArray]) -> Self:
        """The same model with the weights that these unpack to."""
        weights = {name: unpack(array) for name, array in packed.items()}
        return replace(
            self,
            weights=weights,
            packed=packed,
            principal_directions=None,
            principal_mean=None,
            _cast={},
        )

    def with_some_weights(self, weights: Weights) -> Self:
        """The same model with other values of some weights, which a pickle keeps as they are."""
        arrays = {name: array.astype(np.float32) for name, array in weights.items()}
        packed = self.packed
        if packed is not None:
            packed = {**packed, **{name: pack(array, None) for name, array in arrays.items()}}
        return replace(self, weights={**self.weights, **arrays}, packed=packed, _cast={})

    def given(self, shares: Array) -> Self:
        """The ordinary model that a conditional one is for a class; see ``given_class``."""
        network, weights = given_class(self.network, self.weights, shares)
        return replace(self, network=network, weights=weights, packed=None, _cast={})

    def fitted_attributes(self) -> dict[str, Any]:
        """Attributes that an estimator needs in order to transform with this model."""
        return {"_model": self, "n_components_": self.network.n_components}

    @property
    def allows_nan(self) -> bool:
        """Whether NaN in rows means something."""
        if self.network.columns is not None or (self.network.restores and self.network.is_masked):
            return True
        return self.mask_value is not None and bool(np.isnan(self.mask_value))

    @property
    def log_noise_variance(self) -> Array:
        """Trained log variance of scaled rows around the output, float64."""
        log_variance: Array = self.weights[names.NOISE].astype(np.float64)
        if self.network.likelihood is None:
            log_variance = bounded(np, log_variance)
        else:
            log_variance = feature_log_variance(np, self.noise)
        return log_variance

    @property
    def noise(self) -> Noise:
        """What is known of the noise of each feature, float64."""
        of = (names.NOISE, names.OUTPUT_UNITS, names.LEAST_NOISE)
        given = (self.weights.get(name) for name in of)
        return Noise(*(None if each is None else each.astype(np.float64) for each in given))

    def encode(self, X: Matrix) -> Array:
        """Code of rows; float32 rows give a float32 code, others float64."""
        n_components = self.network.n_components
        if self.network.restores:
            return self.reconstruct(X)
        return self.in_blocks(X, n_components, lambda rows: self._encode(self.scaling.apply(rows)))

    def decode(self, code: Array) -> Array:
        """Rows of a code, in input units."""
        if self.network.restores:
            return np.array(code)
        return self.in_blocks(code, self.network.n_features, self._decode_to_rows)

    def reconstruct(self, X: Matrix) -> Array:
        """Rows encoded and decoded again."""
        n_features = self.network.n_features
        return self.in_blocks(X, n_features, self._restore)

    def row_errors(self, X: Matrix) -> Array:
        """Loss of each row in input units, float64."""
        return self.in_blocks(X, None, self._errors).astype(np.float64, copy=False)

    def row_errors_to(self, X: Matrix, targets: Matrix) -> Array:
        """Loss between the output of each row and its target, where that is not NaN, float64."""

        def output(rows: Array) -> Array:
            return self.decode_scaled(self._encode(self.scaling.apply(rows)))

        outputs = self.in_blocks(X, self.network.n_features, output)
        if self.network.likelihood in COUNTS:
            return self._count_errors(dense(targets), outputs)
        scaled = self.scaling.apply(dense(targets))
        if isinstance(self.scaling, WhitenedScaling):
            scaled = self.scaling.plain.apply(dense(targets))
            outputs = self.scaling.unwhiten(outputs)
        if self.network.columns is not None:
            return self._mean_of_columns(*self.column_errors(scaled, outputs))
        errors = self._losses(scaled, outputs)
        n_known = np.maximum(np.isfinite(errors).sum(axis=1), 1)
        means: Array = np.nansum(errors, axis=1, dtype=np.float64) / n_known
        return means * self.error_unit

    def keras_models(self) -> tuple[Any, Any]:
        """New Keras models, encoder and decoder, with these weights and units.

        Raises
        ------
        AttributeError
            If the rows are those of a table, whose units no layer knows.
        """
        if self.network.columns is not None:
            raise AttributeError(
                "An autoencoder of the columns of a table has no Keras models in the units of its "
                "rows. Call transform and inverse_transform of the TableAutoencoder instead."
            )
        activation = "sigmoid" if self.ends_in_sigmoid else None
        mean, scale = self.scaling.mean, self.scaling.scale
        whitening = None
        if isinstance(self.scaling, WhitenedScaling):
            whitening = (self.scaling.whitening, self.scaling.unwhitening)
        return backend.models_in_input_units(
            self.network, self.weights, mean, scale, activation, self.mask_value, whitening
        )

    @property
    def atoms(self) -> Array:
        """What one unit of each component adds to a row, in input units, float64.

        Of a network without hidden layers whose outputs are no logits.
        """
        kernel = self.weights[names.kernel(names.linear("decoder"))].astype(np.float64)
        if self.network.has_unit_atoms:
            kernel = unit_rows(kernel)
        if isinstance(self.scaling, WhitenedScaling):
            kernel = self.scaling.unwhiten(kernel)
        atoms: Array = kernel * self.scaling.scale
        return atoms

    @property
    def ends_in_sigmoid(self) -> bool:
        """Whether outputs are logits of probabilities."""
        return self.loss == "binary_crossentropy"

    def encode_distribution(self, scaled: Array) -> list[Array]:
        """Mean and log variance of the code of scaled rows, for a variational network."""
        if self.network.columns is not None:
            scaled = np.nan_to_num(scaled)
        return scorer_of(self.network).encode_distribution(self.weights_as, scaled)

    def decode_scaled(self, code: Array) -> Array:
        """Scaled output of a code: logits where the network ends in a sigmoid."""
        return scorer_of(self.network).decode(self.weights_as, code)

    def column_errors(self, scaled: Array, output: Array) -> tuple[Array, Array]:
        """Error of each column of a table, and whether it has a value, in scaled units."""
        assert self.network.columns is not None
        assert isinstance(self.loss, str)
        errors, present = column_errors(np, self.network.columns, self.loss, scaled, output)
        return errors, present

    def _mean_of_columns(self, errors: Array, present: Array) -> Array:
        weights = self.weights[names.COLUMN_WEIGHTS].astype(np.float64)
        means: Array = mean_error(np, errors, present, weights)
        return means

    def _restore(self, rows: Array) -> Array:
        return self._decode_to_rows(self._encode(self.scaling.apply(rows)))

    def _encode(self, scaled: Array) -> Array:
        if self.network.columns is not None:
            scaled = np.nan_to_num(scaled)
        return scorer_of(self.network).encode(self.weights_as, scaled)

    def _decode_to_rows(self, code: Array) -> Array:
        output = self.decode_scaled(code)
        if self.network.columns is not None:
            return as_rows(self.network.columns, self.scaling, output)
        return expit(output) if self.ends_in_sigmoid else self.scaling.undo(output)

    def _errors(self, rows: Array) -> Array:
        scaled = self.scaling.apply(rows)
        if self.network.columns is not None:
            output = self.decode_scaled(self._encode(scaled))
            return self._mean_of_columns(*self.column_errors(scaled, output))
        if self.network.likelihood in COUNTS:
            return self._count_errors(rows, self.decode_scaled(self._encode(scaled)))
        output = self.decode_scaled(self._encode(scaled))
        if isinstance(self.scaling, WhitenedScaling):
            scaled, output = self.scaling.plain.apply(rows), self.scaling.unwhiten(output)
        error = self._losses(scaled, output)
        mean = np.nanmean if self.network.is_masked else np.mean
        errors: Array = mean(error, axis=1).astype(np.float64) * self.error_unit
        return errors

    def _count_errors(self, counts: Array, output: Array) -> Array:
        """Mean squared error of each row of counts."""
        squares = np.square(counts - self.scaling.undo(output))
        mean: Callable[..., Array] = np.nanmean
        return mean(squares, axis=1, dtype=np.float64)

    def _losses(self, scaled: Array, output: Array) -> Array:
        """Loss of each value; in float64 where a row is so far out that its square overflows."""
        if not isinstance(self.loss, str):
            # In the precision of training; a value a row counts as one feature.
            given = (each.astype(np.float32, copy=False) for each in (scaled, output))
            values = np.asarray(self.loss(*given), np.float64)
            return values if values.ndim > 1 else values[:, None]
        with np.errstate(over="ignore"):
            losses: Array = LOSSES[self.loss](np, scaled, output)
        if losses.dtype == np.float32 and np.isinf(losses).any():
            losses = LOSSES[self.loss](np, scaled.astype(np.float64), output.astype(np.float64))
        return losses

    @property
    def error_unit(self) -> float:
        """Size of one unit of the scaled loss, in input units; a table's columns share none."""
        if self.network.columns is not None or self.network.likelihood in COUNTS:
            return 1.0
        if not isinstance(self.loss, str):
            return 1.0
        if self.loss in ("squared_error", "huber"):
            return float(self.scaling.scale) ** 2
        return float(self.scaling.scale)

    def weights_as(self, dtype: np.dtype[Any]) -> Weights:
        """The weights in a dtype."""
        if dtype == np.float32:
            return self.weights
        if dtype not in self._cast:
            self._cast[dtype] = {name: w.astype(dtype) for name, w in self.weights.items()}
        return self._cast[dtype]

    def in_blocks(
        self, rows: Matrix, n_columns: int | None, function: Callable[[Array], Array]
    ) -> Array:
        """Values of a function of rows, called block by block: one a row, or ``n_columns``."""
        n_rows = rows.shape[0]
        is_dense = isinstance(self.network, DenseNetwork)
        values = _DENSE_BLOCK_VALUES if is_dense else _BLOCK_VALUES
        size = max(1, values // self.network.widest_layer)
        if n_rows <= size:
            return function(_as_float(rows))
        is_single = rows.dtype == np.float32 and n_columns is not None
        dtype = np.float32 if is_single else np.float64
        out = np.empty(n_rows if n_columns is None else (n_rows, n_columns), dtype)
        for start in range(0, n_rows, size):
            out[start : start + size] = function(_as_float(rows[start : start + size]))
        return out

    # Pickling: a format version, and none of the copies made for scoring.

    def __getstate__(self) -> dict[str, Any]:
        left_out = {"_cast"} if self.packed is None else {"_cast", "weights"}
        state = {name: value for name, value in vars(self).items() if name not in left_out}
        return {**state, "format": FORMAT}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        state = dict(state)
        check_format(state.pop("format", None), "This estimator")
        check_state(state)
        packed = state.setdefault("packed", None)
        state = {"principal_directions": None, "principal_mean": None, **state}
        if packed is not None:
            state["weights"] = {name: unpack(array) for name, array in packed.items()}
        vars(self).update(state, _cast={})


def _as_float(rows: Matrix) -> Array:
    values = dense(rows)
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)
