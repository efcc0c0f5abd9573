"""Every network, class and activation answers in a file what it does in numpy."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from skae import (
    AdversarialAutoencoder,
    Autoencoder,
    ContractiveAutoencoder,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    RecurrentAutoencoder,
    SparseAutoencoder,
    StackedAutoencoder,
    VariationalAutoencoder,
)
from skae.networks import NUMPY_ACTIVATIONS
from tests.export.shared import DIGITS, QUICK, check_autoencoder, check_file

IMAGES = {"sample_shape": (6, 6, 1), "hidden_layer_sizes": (3, 4)}
SERIES = {"sample_shape": (6, 6), "hidden_layer_sizes": (3, 4)}


def fitted(cls, n_components=3, X=DIGITS, **parameters):
    """One whose nonlinear paths say something, which at a start at PCA they do not."""
    return cls(n_components, **{"init": "random", **QUICK, **parameters}).fit(X)


@pytest.fixture(scope="module")
def dense():
    return fitted(Autoencoder, hidden_layer_sizes=(5,))


@pytest.mark.parametrize(
    "cls", [AdversarialAutoencoder, ContractiveAutoencoder, SparseAutoencoder, StackedAutoencoder]
)
def test_classes(cls):
    check_autoencoder(fitted(cls, hidden_layer_sizes=(5,)), DIGITS)


def with_activation(estimator, activation):
    """The same weights with another activation, which no fit needs to have had."""
    other, model = copy.copy(estimator), estimator._model
    other._model = replace(model, network=replace(model.network, activation=activation))
    return other


@pytest.mark.parametrize("activation", sorted(map(str, NUMPY_ACTIVATIONS)))
def test_activations(activation, dense):
    check_file(with_activation(dense, activation), DIGITS, "transform", "reconstruct")


# Of softmax the axis matters. Each is another model of Keras to compare with, which takes its time.
@pytest.mark.parametrize("activation", ["elu", "softmax"])
@pytest.mark.parametrize("kind", ["convolutional", "recurrent", "restoring"])
def test_activations_of_other_networks(kind, activation, of_kinds):
    check_file(with_activation(of_kinds[kind], activation), DIGITS[:3], "transform", "reconstruct")


@pytest.fixture(scope="module")
def of_kinds():
    return {
        "convolutional": fitted(ConvolutionalAutoencoder, **IMAGES),
        "recurrent": fitted(RecurrentAutoencoder, **SERIES),
        "restoring": fitted(DenoisingAutoencoder, "auto", **IMAGES),
    }


@pytest.mark.parametrize(
    ("kernel_size", "pooling"), [(1, None), (2, None), (3, None), (4, None), (2, "average")]
)
def test_convolutions(kernel_size, pooling):
    options = {"kernel_size": kernel_size, "pooling": pooling, "loss": "absolute_error"}
    check_autoencoder(fitted(ConvolutionalAutoencoder, **IMAGES, **options), DIGITS)


@pytest.mark.parametrize("shape", [(7, 5), (3, 4, 3, 1)])
def test_odd_sizes_of_one_to_three_axes(shape):
    X = DIGITS[:, : np.prod(shape)]
    network = {"sample_shape": shape, "hidden_layer_sizes": (3, 4), "pooling": "max"}
    check_autoencoder(fitted(ConvolutionalAutoencoder, X=X, **network), X)


@pytest.mark.parametrize(("cell", "bidirectional"), [("lstm", False), ("gru", False)])
def test_recurrences(cell, bidirectional):
    options = {"cell": cell, "bidirectional": bidirectional}
    check_autoencoder(fitted(RecurrentAutoencoder, **SERIES, **options), DIGITS)


@pytest.mark.slow
@pytest.mark.parametrize(("cell", "mask_value"), [("lstm", np.nan), ("gru", -0.1)])
def test_timesteps_that_are_not_there(cell, mask_value):
    X = DIGITS.copy()
    X[::3, 30:] = X[::5, 12:18] = mask_value
    options = {"mask_value": mask_value, "cell": cell, "bidirectional": True}
    check_autoencoder(fitted(RecurrentAutoencoder, X=X, **SERIES, **options), X)


@pytest.mark.parametrize(
    ("network", "options"),
    [
        ("residual", {"noise_level": (0.1, 0.5)}),
        ("unet", {"noise_level": (0.1, 0.5), "pooling": "average"}),
        ("unet", {"noise": "masking"}),
    ],
)
def test_networks_that_restore(network, options):
    estimator = fitted(DenoisingAutoencoder, "auto", network=network, **IMAGES, **options)
    X = DIGITS.copy()
    if options.get("noise") == "masking":
        X[:, 20:24] = np.nan
    check_autoencoder(estimator, X)


@pytest.mark.parametrize(
    "options",
    [
        {"sparsity": "topk", "k": 3},
        {"sparsity": "batch_topk", "k": 3},
        {"sparsity": "jumprelu", "whiten": True},
        {"sparsity": "kl"},
    ],
    ids=lambda options: options["sparsity"],
)
def test_sparse_codes(options):
    check_autoencoder(fitted(SparseAutoencoder, 16, **options), DIGITS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"prior": "mixture", "n_prior_components": 3},
        {"prior": "vamp", "n_prior_components": 3},
        {"prior": "flow", "n_prior_components": 2},
        {"noise_variance": "feature"},
        {"likelihood": "student_t"},
        {"likelihood": "zero_inflated_negative_binomial"},
        {"likelihood": "poisson"},
    ],
    ids=lambda options: next(iter(options.values())),
)
def test_bounds_of_likelihoods(options):
    check_autoencoder(fitted(VariationalAutoencoder, hidden_layer_sizes=(5,), **options), DIGITS)


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "binary_crossentropy"])
def test_losses(loss):
    X = DIGITS / 16
    check_autoencoder(fitted(Autoencoder, X=X, hidden_layer_sizes=(5,), loss=loss), X)


@pytest.mark.parametrize("shift", [1e6, -1e9])
def test_rows_far_from_zero(shift):
    X = DIGITS + shift
    check_autoencoder(fitted(Autoencoder, X=X, hidden_layer_sizes=(5,), init="pca"), X)


def test_single_precision_in_and_out(dense):
    check_file(dense, DIGITS.astype(np.float32), "transform", "score_samples", dtype="float32")
