"""Estimators and rows as anybody might pass them: sensible, at the edge of sense, and wrong."""

import keras
import numpy as np
from hypothesis import strategies as st
from scipy import sparse

import skae

# Classes, and the parameters of their own.
OWN = {
    skae.Autoencoder: {},
    skae.ContractiveAutoencoder: {"contraction": st.sampled_from([0.0, 1e-3, 1.0, 1e6])},
    skae.DenoisingAutoencoder: {
        "noise": st.sampled_from(["gaussian", "masking", "salt_and_pepper", None]),
        "noise_level": st.sampled_from([0.0, 0.1, 1.0, 2.0]),
    },
    skae.SparseAutoencoder: {
        "sparsity": st.sampled_from(["kl", "l1", "topk"]),
        "sparsity_weight": st.sampled_from([0.0, 1e-3, 1.0]),
        "k": st.sampled_from([1, 2, 99]),
    },
    skae.StackedAutoencoder: {"pretrain_max_iter": st.just(1)},
    skae.VariationalAutoencoder: {
        "beta": st.sampled_from([0.0, 1.0, 4.0, 1e6]),
        "likelihood": st.sampled_from(["gaussian", "bernoulli"]),
        "prior": st.sampled_from(["normal", "mixture", "vamp", "flow"]),
    },
}
# Few shapes of network, as each has to be built once.
SHARED = {
    "n_components": st.sampled_from([1, 2, 0.5, 0.999, True, 7]),
    "hidden_layer_sizes": st.sampled_from([(), (3,), 3, (3, 2)]),
    "activation": st.sampled_from(["auto", "relu", "tanh", "softmax", "threshold", "glu"]),
    "dropout": st.sampled_from([0.0, 0.3]),
    "init": st.sampled_from(["pca", "random"]),
    "loss": st.sampled_from(["squared_error", "absolute_error", "huber", "binary_crossentropy"]),
    "optimizer": st.sampled_from(["adam", "SGD", "adamw", "lossscaleoptimizer"]),
    "learning_rate": st.sampled_from(
        ["auto", "constant", "cosine", "plateau", 1e-8, 0.01, 1.0, 1e30, 1e300]
    ),
    "batch_size": st.sampled_from([1, 4, 32, True]),
    "tol": st.sampled_from([0.0, 1e-4, 1e300]),
    "early_stopping": st.sampled_from(["auto", True, False, np.True_]),
    "validation_fraction": st.sampled_from([0.1, 0.5, 0.999]),
    "n_iter_no_change": st.sampled_from(["auto", 1, 10**9]),
    "callbacks": st.sampled_from([None, [], [1]]),
}
NUMBERS = [-1, 0, 1.5, np.nan, np.inf, 10**30, 1e300, np.array(2)]
WRONG = st.sampled_from(
    [*NUMBERS, None, "", "x", [], [0], {}, object(), print, b"x", keras.optimizers.Adam]
)


@st.composite
def estimators(draw):
    """An estimator with some parameters of its own, and maybe one that is wrong."""
    cls = draw(st.sampled_from(list(OWN)))
    known = cls().get_params(deep=False)
    possible = {name: each for name, each in {**SHARED, **OWN[cls]}.items() if name in known}
    names = draw(st.lists(st.sampled_from(sorted(possible)), unique=True, max_size=5))
    given = {name: draw(possible[name]) for name in names}
    if draw(st.integers(0, 4)) == 0:
        given[draw(st.sampled_from(sorted(possible)))] = draw(WRONG)
    # Short enough to run operation by operation.
    return cls(**{"hidden_layer_sizes": (3,), **given}, max_iter=1, random_state=0)


def _numbers():
    usual = st.floats(-10, 10, width=16)
    return st.one_of(usual, usual, st.sampled_from([0.0, 1.0, 1e-30, 1e30, -1e6, 5e-324]))


@st.composite
def rows(draw):
    """Rows: few, of one value, of very different sizes, sparse, in single precision."""
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 4)))
    n_values = shape[0] * shape[1]
    kind = draw(st.sampled_from(["constant", "random", "random", "drawn", "unit"]))
    if kind == "constant":
        X = np.full(shape, draw(_numbers()))
    elif kind == "drawn":
        X = np.reshape(draw(st.lists(_numbers(), min_size=n_values, max_size=n_values)), shape)
    else:
        X = np.random.default_rng(draw(st.integers(0, 9))).random(shape)
        scale, shift = draw(st.sampled_from([1e-30, 1e-3, 1.0, 1e6, 1e36])), draw(_numbers())
        X = X if kind == "unit" else scale * X + shift
    X = X.astype(draw(st.sampled_from([np.float64, np.float32])))
    return draw(st.sampled_from([np.asarray, np.asarray, sparse.csr_array, np.ndarray.tolist]))(X)


@st.composite
def weights(draw, n_rows):
    """Weights of rows: none, zeros among them, all of them, tiny and huge."""
    if draw(st.booleans()):
        return None
    numbers = st.sampled_from([0.0, 1.0, 1.0, 2.0, 0.1])
    drawn = draw(st.lists(numbers, min_size=n_rows, max_size=n_rows))
    return np.array(drawn) * draw(st.sampled_from([1.0, 1e-300, 1e-38, 1e38, 1e300]))
