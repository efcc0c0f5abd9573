"""What tests of compression share: rows, quick estimators, what is zero."""

from contextlib import contextmanager

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import Pipeline

from skae import Autoencoder, compress
from skae.compression import _pruning as pruning

DIGITS = load_digits().data / 16
X, UNSEEN = DIGITS[:200], DIGITS[200:500]
QUICK = {"hidden_layer_sizes": (16,), "max_iter": 20, "jit_compile": False, "random_state": 0}


def quick(cls=Autoencoder, **parameters):
    return cls(4, **QUICK | parameters)


def shrink(estimator, **parameters):
    return compress(estimator, **{"X": X, "max_iter": 2, "random_state": 0} | parameters)


@contextmanager
def prunings(n):
    """So many, and rounds of returns, so that a test takes a fraction of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "_N_PRUNINGS", n)
        patch.setattr(pruning, "_N_RETURNS", n)
        yield


def weights_of(estimator):
    """Weights of both halves, by the names that their Keras models give them."""
    models = (estimator.encoder_, estimator.decoder_)
    return {weight.path: weight.numpy() for model in models for weight in model.weights}


def kernels(estimator):
    """What could be zero: all that has axes for inputs and outputs."""
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    return {name: array for name, array in weights_of(last).items() if name.endswith("kernel")}


def share_of_zeros(estimator):
    joined = np.concatenate([kernel.ravel() for kernel in kernels(estimator).values()])
    return float(np.mean(joined == 0))
