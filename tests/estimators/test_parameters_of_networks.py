"""Parameters that nothing reads are refused: those of another network, noise, prior or penalty."""

import inspect
import re

import numpy as np
import pytest

from skae import (
    AdversarialAutoencoder,
    Autoencoder,
    AutoencoderRegressor,
    DenoisingAutoencoder,
    RecurrentAutoencoder,
    SparseAutoencoder,
    StackedAutoencoder,
)
from skae.fitting._architecture import DEFAULTS

X = np.random.default_rng(0).normal(size=(20, 6))
QUICK = {"max_iter": 1, "random_state": 0}


@pytest.mark.parametrize(
    ("network", "parameter", "value", "others"),
    [
        ("dense", "cell", "gru", "'recurrent'"),
        ("dense", "bidirectional", True, "'recurrent'"),
        ("dense", "pooling", "max", "'convolutional'"),
        ("dense", "kernel_size", 5, "'convolutional'"),
        ("dense", "kernel_size", (3, 3), "'convolutional'"),
        ("recurrent", "kernel_size", np.array([5]), "'convolutional'"),
        ("convolutional", "bidirectional", True, "'recurrent'"),
    ],
)
def test_what_a_network_has_nothing_of_is_refused(network, parameter, value, others):
    estimator = Autoencoder(2, network=network, **{parameter: value}, **QUICK)
    with pytest.raises(ValueError, match=rf"{parameter}=.* is for network=.*{others}.*Leave it"):
        estimator.fit(X)
    assert not hasattr(estimator, "n_features_in_")


def test_what_is_refused_is_taken_by_its_network():
    RecurrentAutoencoder(2, sample_shape=(3, 2), cell="gru", bidirectional=True, **QUICK).fit(X)


def test_what_is_left_alone_is_the_default():
    given = inspect.signature(Autoencoder).parameters
    assert {name: given[name].default for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("sizes", [{16, 8}, frozenset({4}), {16: 8}, {16: 8}.keys()], ids=str)
def test_sizes_without_an_order_are_refused(sizes):
    one = Autoencoder(2, hidden_layer_sizes=sizes, **QUICK)
    critic = AdversarialAutoencoder(2, critic_hidden_layer_sizes=sizes, **QUICK)
    head = AutoencoderRegressor(Autoencoder(2, **QUICK), hidden_layer_sizes=sizes)
    for estimator in (one, critic, head):
        with pytest.raises(ValueError, match=r"_layer_sizes=.* should be a tuple or a list"):
            estimator.fit(X, X[:, 0])
        assert not hasattr(estimator, "n_features_in_")


SPARSITIES = ("l1", "kl", "topk", "batch_topk", "jumprelu")


@pytest.mark.parametrize(
    ("cls", "parameters", "ignored", "way_out"),
    [
        *(
            (SparseAutoencoder, {"sparsity": sparsity}, {"k": 3}, r"Leave it at None.*'batch_topk'")
            for sparsity in ("l1", "kl", "jumprelu")
        ),
        *(
            (
                SparseAutoencoder,
                {"sparsity": sparsity},
                {"sparsity_weight": 0.1},
                r"'l1' or 'kl' or",
            )
            for sparsity in ("topk", "batch_topk")
        ),
        *(
            (SparseAutoencoder, {"sparsity": sparsity}, {"target_activation": 0.1}, "0.05.*to 'kl'")
            for sparsity in ("l1", "topk", "batch_topk", "jumprelu")
        ),
        (
            DenoisingAutoencoder,
            {"noise": None},
            {"noise_level": 0.3},
            "Leave it at 0.2, or set noi",
        ),
        (DenoisingAutoencoder, {"noise": None}, {"noise_level": (0.1, 0.3)}, "Leave it at 0.2"),
        (DenoisingAutoencoder, {"noise": None}, {"noise_unit": "input"}, "Leave it at 'std'"),
        (StackedAutoencoder, {}, {"pretrain_noise_level": 0.3}, "at 0.2, or set pretrain_noise="),
        (
            StackedAutoencoder,
            {"pretrain_max_iter": 0},
            {"pretrain_noise": "masking"},
            "at None, or",
        ),
        (
            StackedAutoencoder,
            {"pretrain_max_iter": 0},
            {"pretrain_noise_level": 0.3},
            "Leave it at 0.2, or say for how many epochs",
        ),
    ],
)
def test_what_nothing_reads_is_refused(cls, parameters, ignored, way_out):
    estimator = cls(2, **parameters, **ignored, **QUICK)
    ((name, value),) = ignored.items()
    with pytest.raises(ValueError, match=rf"{name}={re.escape(repr(value))} .*{way_out}"):
        estimator.fit(X)
    assert not hasattr(estimator, "n_features_in_")


@pytest.mark.parametrize("sparsity", SPARSITIES)
def test_penalties_are_compared_at_the_defaults_of_all_else(sparsity):
    SparseAutoencoder(2, hidden_layer_sizes=(), sparsity=sparsity, **QUICK)._recipe()
