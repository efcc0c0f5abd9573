"""Networks in numpy against the same in Keras: every kind, over the product of its parameters."""

from itertools import product
from math import prod

import numpy as np
import pytest
import threadpoolctl

from skae.backend._models import build
from skae.model._scorers import KerasScorer, NumpyScorer, scorer_of
from skae.networks import (
    NUMPY_ACTIVATIONS,
    ConvolutionalNetwork,
    CustomNetwork,
    RecurrentNetwork,
    ResidualNetwork,
    UNetwork,
    _maps,
    filter_size_for,
    given_class,
)
from skae.networks._lines import add_lines
from skae.networks._maps import convolved, grown

RNG = np.random.default_rng(0)
N_ROWS = 3
# Odd sizes, one of which is small enough for kernels to look beyond both its edges.
SHAPES = {1: (7, 2), 2: (5, 6, 2), 3: (3, 4, 2, 1)}
FILTERS = (3, 4)


def drawn_weights(built, size=0.5):
    """Weights that are nowhere zero, and large enough for every layer to matter."""
    return {
        name: (size * RNG.normal(size=variable.shape)).astype(np.float32)
        for name, variable in built.variables().items()
    }


def check_twin(network, rows, size=0.5):
    """Codes and outputs, of distributions too, are those of the Keras models."""
    built = build(network)
    weights = drawn_weights(built, size)
    for name, variable in built.variables().items():
        variable.assign(weights[name])
    scorer = scorer_of(network)
    assert isinstance(scorer, NumpyScorer)

    def weights_as(dtype):
        return {name: weight.astype(dtype) for name, weight in weights.items()}

    expected = np.asarray(built.encoder(rows, training=False))
    if network.is_variational:
        found = np.hstack(scorer.encode_distribution(weights_as, rows))
        check_close(found, expected)
        expected = expected[:, : network.n_components]
    code = scorer.encode(weights_as, rows)
    check_close(code, expected)
    outputs = scorer.decode(weights_as, code)
    check_close(outputs, np.asarray(built.decode(code, training=False)))
    in_double = scorer.encode(weights_as, rows.astype(np.float64))
    assert in_double.dtype == np.float64
    check_close(in_double, code)


def check_close(found, expected):
    assert found.shape == expected.shape
    assert found.dtype in (np.float32, np.float64)
    assert np.isfinite(expected).all()
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(found / scale, expected / scale, rtol=0, atol=1e-5)


def drawn_rows(shape):
    return RNG.normal(size=(N_ROWS, prod(shape))).astype(np.float32)


def convolutional(n_axes=1, **options):
    shape = SHAPES[n_axes]
    settings = {"hidden_layer_sizes": FILTERS, "kernel_size": (3,) * n_axes, "n_components": 4}
    settings |= {"sample_shape": shape, "n_features": prod(shape)}
    return ConvolutionalNetwork(**{**settings, **options})


def recurrent(**options):
    settings = {"hidden_layer_sizes": (3, 4), "n_components": 4, "activation": "tanh"}
    return RecurrentNetwork(sample_shape=(5, 2), n_features=10, **{**settings, **options})


# Convolutional


@pytest.mark.parametrize("pooling", [None, "max", "average"])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_convolutional_twins_equal_keras(n_axes, pooling):
    options = product((1, 2, 3, 4), (True, False), (FILTERS, (2,), (2, 3, 2)))
    # Every fifth combination in turn, so that all pairs are met in the nine of these tests.
    place = 3 * n_axes + (None, "max", "average").index(pooling)
    for size, linear_path, filters in list(options)[place % 5 :: 5]:
        network = convolutional(
            n_axes,
            pooling=pooling,
            kernel_size=tuple(size + i % 2 for i in range(n_axes)),
            linear_path=linear_path,
            hidden_layer_sizes=filters,
            is_variational=linear_path,
        )
        check_twin(network, drawn_rows(network.sample_shape))


def test_few_filters_of_many_channels_equal_keras():
    for pooling, n_axes in product((None, "max"), (1, 2)):
        network = convolutional(n_axes, pooling=pooling, hidden_layer_sizes=(16, 17))
        check_twin(network, drawn_rows(network.sample_shape))


def test_without_hidden_layers_there_is_the_linear_path():
    for network in (convolutional(hidden_layer_sizes=()), recurrent(hidden_layer_sizes=())):
        check_twin(network, drawn_rows(network.sample_shape))


def pooled(**options):
    return convolutional(pooling="max", **options)


def gated(**options):
    return recurrent(cell="gru", **options)


@pytest.mark.parametrize(
    ("kind", "activation"),
    [
        *product((convolutional, pooled), sorted(NUMPY_ACTIVATIONS)),
        # Both cells take theirs from the same table.
        *product((recurrent, gated), ("exponential", "relu", "tanh")),
    ],
)
def test_every_activation_equals_keras(kind, activation):
    network = kind(activation=activation, hidden_layer_sizes=(3,))
    # A recurrence of exponentials of large values leaves all bounds.
    size = 0.05 if activation == "exponential" else 0.3
    check_twin(network, drawn_rows(network.sample_shape), size)


@pytest.mark.parametrize(
    "options",
    [
        {"code_activation": "sigmoid"},
        {"n_active": 2},
        {"n_active": 2, "code_activation": "relu"},
        {"code_threshold": "jump", "code_activation": "relu", "counts_idle": True},
        {"code_threshold": "batch", "n_active": 2, "code_activation": "relu"},
        {"has_noise": True, "likelihood": "student_t", "is_variational": True},
        {"critic_layer_sizes": (2,), "head_layer_sizes": (2,), "n_predicted": 2},
        {"dropout": 0.5},
    ],
    ids=lambda options: next(iter(options.values())),
)
def test_what_is_made_of_the_code_equals_keras(options):
    for kind in (convolutional, recurrent):
        network = kind(**options)
        check_twin(network, drawn_rows(network.sample_shape))


@pytest.mark.parametrize("pooling", [None, "average"])
def test_the_network_of_a_class_equals_the_conditional_one(pooling):
    network = convolutional(2, n_classes=3, pooling=pooling)
    built = build(network)
    weights = drawn_weights(built)
    for name, variable in built.variables().items():
        variable.assign(weights[name])
    rows, told = drawn_rows(network.sample_shape), np.eye(3, dtype=np.float32)[[1] * N_ROWS]
    plain, plain_weights = given_class(network, weights, np.eye(3)[1])
    code = plain.encode(plain_weights, rows)
    check_close(code, np.asarray(built.encoder(np.hstack([rows, told]), training=False)))
    expected = built.decoder(np.hstack([code, told]), training=False)
    check_close(plain.decode(plain_weights, code), np.asarray(expected))


# Recurrent


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("is_masked", [False, True])
def test_recurrent_twins_equal_keras(cell, bidirectional, is_masked):
    # Both linear paths with both depths, in turn.
    is_odd = (cell == "gru") + bidirectional + is_masked
    depths = ((3,), (3, 4)) if is_odd % 2 else ((3, 4), (3,))
    for linear_path, sizes in zip((True, False), depths, strict=True):
        network = recurrent(
            cell=cell,
            bidirectional=bidirectional,
            is_masked=is_masked,
            linear_path=linear_path,
            hidden_layer_sizes=sizes,
            is_variational=not linear_path,
        )
        rows = drawn_rows((5, 2)).reshape(N_ROWS, 5, 2)
        if is_masked:
            # A gap, padding at both ends, and nothing at all; a step with one value is there.
            rows[0, 2] = rows[0, 4:] = rows[1, :2] = rows[2] = np.nan
            rows[0, 0, 1] = np.nan
        check_twin(network, rows.reshape(N_ROWS, -1))


# Restoring


@pytest.mark.parametrize("reads", ["values", "gaps", "level", "contrast", "contrast, level"])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_restoring_twins_equal_keras(n_axes, reads):
    shape = SHAPES[n_axes]
    n_features = prod(shape)
    kinds = [(ResidualNetwork, None), *((UNetwork, pool) for pool in (None, "max", "average"))]
    for i, (kind, pooling) in enumerate(kinds):
        # With the other linear path for another number of axes.
        linear_path = (i + n_axes) % 2 == 0
        network = kind(
            sample_shape=shape,
            n_features=n_features,
            n_components=n_features,
            hidden_layer_sizes=(3, 2, 4),
            activation="relu",
            kernel_size=(3, 2, 3)[:n_axes],
            filter_size=filter_size_for(shape),
            pooling=pooling,
            linear_path=linear_path,
            fills=reads == "gaps",
            reads_level="level" in reads,
            reads_contrast="contrast" in reads,
        )
        rows = drawn_rows(shape)
        if reads == "gaps":
            rows[0, ::3] = np.nan
        check_twin(network, rows)


# What is scored where


def test_networks_of_ones_own_are_scored_in_keras():
    network = CustomNetwork(
        n_features=4, n_components=2, sample_shape=(4,), hidden_layer_sizes=(), builder=print
    )
    assert isinstance(scorer_of(network), KerasScorer)


def test_many_rows_score_as_few_do():
    """Rows are taken in parts that fit the cache."""
    for network in (convolutional(2, hidden_layer_sizes=(40, 50)), recurrent(cell="gru")):
        weights = drawn_weights(build(network))
        n = 2**19 // network.widest_layer + 2
        rows = RNG.normal(size=(n, network.n_features)).astype(np.float32)
        few = np.vstack([network.encode(weights, rows[:5]), network.encode(weights, rows[-5:])])
        check_close(network.encode(weights, rows)[[*range(5), *range(-5, 0)]], few)


def test_large_images_are_taken_line_by_line():
    network = convolutional(2, sample_shape=(90, 90, 1), n_features=8100, hidden_layer_sizes=(5, 5))
    check_twin(network, drawn_rows((90, 90, 1)))


def test_rows_far_out_raise_no_warning():
    """Squares of what goes into gelu overflow in float32."""
    network = convolutional()
    weights = drawn_weights(build(network))
    rows = np.full((1, network.n_features), 1e25, np.float32)
    code = network.encode(weights, rows)
    assert np.isfinite(code).all()


@pytest.mark.parametrize("window", [(3, 3), (2, 5), (4, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_images_multiplied_line_by_line(window, dtype):
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(3, 9, 8, 5)).astype(dtype)
    kernel = rng.normal(size=(*window, 5, 6)).astype(dtype)
    outputs = np.full((3, 10 - window[0], 9 - window[1], 6), np.nan, dtype)
    add_lines(maps, kernel, outputs)
    windows = np.lib.stride_tricks.sliding_window_view(maps, window, axis=(1, 2))
    expected = np.einsum("nyxcij,ijcf->nyxf", windows, kernel)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("axes", [(5,), (4, 3), (2, 3, 2)])
def test_windows_of_two_grow_to_blocks_of_two(axes):
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(3, *axes, 4)).astype(np.float32)
    kernel = rng.normal(size=(*(2,) * len(axes), 6, 4)).astype(np.float32)
    found = grown(maps, kernel, None, tuple(2 * n for n in axes))
    for place in product(*(range(2 * n) for n in axes)):
        source = (slice(None), *(at // 2 for at in place))
        expected = maps[source] @ kernel[tuple(at % 2 for at in place)].T
        np.testing.assert_allclose(found[(slice(None), *place)], expected, rtol=1e-4, atol=1e-5)


def test_two_libraries_of_blas_share_no_processor(monkeypatch):
    """With threads of both, images took forty times as long."""
    threads = []

    def counted(*arrays):
        found = threadpoolctl.threadpool_info()
        threads.extend(each["num_threads"] for each in found if each["user_api"] == "blas")
        add_lines(*arrays)

    monkeypatch.setattr(_maps, "add_lines", counted)
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        convolved(np.ones((1, 40, 40, 8), np.float32), np.ones((3, 3, 8, 8), np.float32))
    assert set(threads) == {1}
