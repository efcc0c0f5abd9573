"""Parameters of one kind of network are refused where another is asked for."""

import inspect

import numpy as np
import pytest

from skae import Autoencoder, RecurrentAutoencoder
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
