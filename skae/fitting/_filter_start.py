"""The start of networks that restore: the best linear filter of corrupted rows (Wiener 1949).

The filter that leaves the least squared error, found from pairs of corrupted and clean values by
its normal equations. It is the floor that training has to beat, as PCA is where there is a code.
"""

from itertools import combinations
from typing import Any

import numpy as np

from skae.fitting._recipe import Recipe
from skae.fitting._rows import Rows
from skae.model import Model, ScaledRows, dense
from skae.networks import ResidualNetwork, names
from skae.numerics import Array, one_blas_thread
from skae.objectives import Corruption, any_deviation, any_level

# Positions for each value that the filter reads, and at most: too few of them cost a share of the
# error, about one over the first.
_POSITIONS_A_TAP, _MOST_POSITIONS = 300, 100_000
# Values of neighbourhoods at a time, and what keeps equations solvable where channels are alike.
_BLOCK_VALUES = 2**22
_RIDGE = 1e-6


def at_best_filter(
    model: Model,
    rows: Rows,
    recipe: Recipe,
    corrupt: Corruption | None,
    rng: np.random.Generator,
) -> Model:
    """A model whose linear filter restores best, of those that read so many neighbours.

    Parameters
    ----------
    model : Model
        Of a network that restores.
    rows : Rows
    recipe : Recipe
        Its scalars are those of the corruption.
    corrupt : callable or None
        What training does to rows; None where they come with clean ones.
    rng : numpy.random.Generator
        Corrupts rows, and draws the positions that are looked at.
    """
    network = model.network
    assert isinstance(network, ResidualNetwork)
    if not network.linear_path:
        return model
    counted = rows.counted()
    n_rows = -(-_n_positions(network) // (network.n_features // network.n_channels))
    taken = rows.taken(np.sort(rng.choice(counted, min(n_rows, len(counted)), replace=False)))
    scaled, clean = (
        model.scaling.apply(dense(each).astype(np.float64))
        for each in (taken.X, taken.X if taken.targets is None else taken.targets)
    )
    weight = np.ones(len(scaled)) if taken.sample_weight is None else taken.sample_weight
    if corrupt is not None:
        batch = {"rows": scaled, "targets": clean, "weights": weight}
        # Scalars ask for units and extremes alone, so that no scaled copy of all rows is made.
        asked = ScaledRows(rows.X, model.scaling, True, rows.sample_weight)
        scalars = recipe.scalars_for(network, asked)
        if "highest_level" in scalars:
            about = (np, len(scaled), scalars, NumpyDraws(rng))
            if network.reads_level:
                level, counts = any_deviation(*about)
                weight = weight * counts[:, 0]
            else:
                level = any_level(*about)
            scalars = {**scalars, "noise_level": level}
        scaled = corrupt(NUMPY, batch, scalars, NumpyDraws(rng))
    with one_blas_thread():
        found = best_filter(network, np.nan_to_num(scaled), clean, weight, rng)
    if found is None:
        return model
    linear, (kernel, bias) = names.linear("encoder"), found
    trained = {**model.weights, names.kernel(linear): kernel, names.bias(linear): bias}
    return model.with_weights(trained)


class NumpyDraws:
    """Random arrays, as objectives ask for them.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def normal(self, shape: tuple[int, ...], /) -> Array:
        """Standard normal."""
        return self._rng.standard_normal(shape)

    def uniform(self, shape: tuple[int, ...], /) -> Array:
        """Uniform in [0, 1)."""
        return self._rng.random(shape)


class _Numpy:
    """Numpy by the names of Keras."""

    @staticmethod
    def cast(values: Array, dtype: str) -> Array:
        return values.astype(dtype)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


NUMPY = _Numpy()


def _n_positions(network: ResidualNetwork) -> int:
    n_taps = int(np.prod(network.filter_size)) * network.n_channels
    return min(_MOST_POSITIONS, _POSITIONS_A_TAP * n_taps)


def best_filter(
    network: ResidualNetwork,
    corrupted: Array,
    clean: Array,
    weight: Array,
    rng: np.random.Generator,
) -> tuple[Array, Array] | None:
    """Kernel and bias, float32, of least squared error over some positions; None for too few.

    Rows count by their weights.

    What lies beyond the edge of a row is what the edge mirrors, as in the network.
    """
    size, shape = network.filter_size, network.sample_shape
    margins = [(0, 0), *((n // 2, n // 2) for n in size), (0, 0)]
    padded = np.pad(corrupted.reshape(-1, *shape), margins, mode="symmetric")
    axes = tuple(range(1, 1 + len(size)))
    # (n_rows, *axes, n_channels, *size): a view.
    # Stubs of numpy 2.3 know one axis alone.
    view: Any = np.lib.stride_tricks.sliding_window_view
    windows: Array = view(padded, size, axis=axes)
    targets = clean.reshape(-1, *shape)
    n_places = targets[..., 0].size
    chosen = rng.permutation(n_places)[: _n_positions(network)]
    n_taps = int(np.prod(size)) * shape[-1]
    products = np.zeros((n_taps + 1, n_taps + 1))
    wanted = np.zeros((n_taps + 1, shape[-1]))
    n_known, n_at_once = 0, max(1, _BLOCK_VALUES // n_taps)
    for start in range(0, len(chosen), n_at_once):
        places = np.unravel_index(chosen[start : start + n_at_once], targets.shape[:-1])
        is_known = np.isfinite(targets[places]).all(axis=1)
        read = np.moveaxis(windows[places][is_known], 1, -1).reshape(-1, n_taps)
        read = np.hstack([read, np.ones((len(read), 1))]).astype(np.float64)
        counted = read.T * weight[places[0]][is_known]
        products += counted @ read
        wanted += counted @ targets[places][is_known]
        n_known += len(read)
    if n_known < n_taps + 1:
        return None
    if network.positions != "one":
        products, wanted = _in_all_positions(network, products, wanted)
    products[np.diag_indices(n_taps)] += _RIDGE * np.trace(products) / (n_taps + 1)
    solved = np.linalg.solve(products, wanted).astype(np.float32)
    return solved[:-1].reshape(*size, shape[-1], shape[-1]), solved[-1]


def _in_all_positions(
    network: ResidualNetwork, products: Array, wanted: Array
) -> tuple[Array, Array]:
    """Normal equations of rows that are mirrored, and turned, in all ways.

    Their filter is the best of those that the mean over these positions leaves as they are.
    """
    axes = tuple(range(len(network.filter_size)))
    taps = np.arange(len(products) - 1).reshape(*network.filter_size, -1)
    turned = [taps, taps.swapaxes(0, 1)] if network.positions == "all" else [taps]
    orders = [
        np.append(np.flip(each, flipped).ravel(), len(products) - 1)
        for each in turned
        for n_flipped in range(len(axes) + 1)
        for flipped in combinations(axes, n_flipped)
    ]
    return (
        np.mean([products[np.ix_(order, order)] for order in orders], axis=0),
        np.mean([wanted[order] for order in orders], axis=0),
    )
