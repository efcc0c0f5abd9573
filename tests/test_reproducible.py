"""Equal seeds give equal bits, and nobody else's randomness is touched."""

import os
import pickle
import random
import subprocess
import sys

import keras
import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.datasets import load_digits

from skae import Autoencoder

X = load_digits().data[:400]


def bits(seed=0):
    estimator = Autoencoder(4, max_iter=15, dropout=0.1, random_state=seed).fit(X)
    weights = estimator._model.weights
    return b"".join(weight.tobytes() for weight in weights.values())


@pytest.fixture(scope="module")
def expected():
    return bits()


def test_twice_in_one_process(expected):
    assert bits() == expected
    assert bits(seed=1) != expected


@pytest.mark.parametrize("n_threads", ["1", "2"])
def test_in_a_new_process(expected, n_threads):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_reproducible as t;"
        "sys.stdout.buffer.write(t.bits())"
    )
    users = ("OMP_NUM", "OPENBLAS_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    env = os.environ | {f"{user}_THREADS": n_threads for user in users}
    found = subprocess.run(
        [sys.executable, "-c", script, os.path.dirname(__file__)],
        env=env,
        capture_output=True,
        check=True,
    )
    assert found.stdout == expected


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_in_joblib_workers(expected, backend):
    # The function travels by value: workers cannot import this file.
    found = Parallel(n_jobs=2, backend=backend)(delayed(_bits_of)(X) for _ in range(2))
    assert found == [expected, expected]


def _bits_of(X):
    from skae import Autoencoder

    estimator = Autoencoder(4, max_iter=15, dropout=0.1, random_state=0).fit(X)
    return b"".join(weight.tobytes() for weight in estimator._model.weights.values())


def global_states():
    generator = keras.src.backend.common.global_state.get_global_attribute("global_seed_generator")
    return (
        # The legacy generator is the one that others may rely on.
        pickle.dumps(np.random.get_state()),  # noqa: NPY002
        random.getstate(),
        None if generator is None else np.asarray(generator.state).tolist(),
        keras.config.dtype_policy().name,
        keras.config.floatx(),
    )


def test_fit_leaves_global_generators_alone():
    keras.random.normal((1,))
    before = global_states()
    bits()
    with pytest.raises(ValueError, match="NaN"):
        Autoencoder(2, random_state=0).fit(np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="diverged"):
        Autoencoder(2, optimizer="sgd", learning_rate=1e3, random_state=0).fit(X)
    assert global_states() == before


def test_a_global_dtype_policy_does_not_matter(expected):
    keras.config.set_dtype_policy("float16")
    try:
        estimator = Autoencoder(4, hidden_layer_sizes=(11,), max_iter=2, random_state=0).fit(X)
        assert {w.dtype for w in estimator._model.weights.values()} == {np.dtype("float32")}
    finally:
        keras.config.set_dtype_policy("float32")
