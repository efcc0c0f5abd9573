"""Equal seeds give equal bits, and nobody else's randomness is touched."""

import json
import os
import pickle
import random
import subprocess
import sys
from hashlib import sha256

import keras
import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV

from skae import Autoencoder

X = load_digits().data[:400]
IMAGES, SEQUENCES = {"sample_shape": (8, 8, 1)}, {"sample_shape": (8, 8)}


def own_network(sample_shape, n_components, hidden_layer_sizes, activation):
    """Layers without seeds: convolutions, noise, and units that add up many values."""
    rows, code = keras.Input(sample_shape), keras.Input((n_components,))
    hidden = keras.layers.Conv2D(16, 3, padding="same", activation=activation)(rows)
    dropped = keras.layers.Dropout(0.1)(keras.layers.Flatten()(hidden))
    opened = keras.layers.Dense(hidden_layer_sizes[0], activation)(code)
    back = keras.layers.Reshape(sample_shape)(keras.layers.Dense(64)(opened))
    return (
        keras.Model(rows, keras.layers.Dense(n_components)(dropped)),
        keras.Model(code, back),
    )


SMALL = {"max_iter": 15, "dropout": 0.1}
# Convolutions and wide layers, which TensorFlow and BLAS share out among cores, and the others.
NETWORKS = {
    "small": SMALL,
    "wide": {"hidden_layer_sizes": (1024, 512), "batch_size": 200, "max_iter": 2},
    "convolutional": {"network": "convolutional", "batch_size": 100, "max_iter": 2, **IMAGES},
    "recurrent": {"network": "recurrent", "batch_size": 100, "max_iter": 2, **SEQUENCES},
    "own": {"network": own_network, "hidden_layer_sizes": (512,), "max_iter": 2, **IMAGES},
}


def bits(seed=0, **parameters):
    estimator = Autoencoder(4, random_state=seed, **(parameters or SMALL)).fit(X)
    return b"".join(weight.tobytes() for weight in weights_of(estimator))


def weights_of(estimator):
    return [*estimator.encoder_.get_weights(), *estimator.decoder_.get_weights()]


def digests():
    return {name: sha256(bits(**NETWORKS[name])).hexdigest() for name in NETWORKS}


def digests_of_process(n_threads):
    """The digests that a new process finds, with so many threads for everything."""
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import test_reproducible as t;"
        "print(json.dumps(t.digests()))"
    )
    users = ("OMP_NUM", "OPENBLAS_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    env = os.environ | {f"{user}_THREADS": str(n_threads) for user in users}
    found = subprocess.run(
        [sys.executable, "-c", script, os.path.dirname(__file__)],
        env=env,
        capture_output=True,
        check=True,
    )
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def expected():
    return bits()


@pytest.fixture(scope="module")
def of_two_processes():
    return [digests_of_process(n_threads=2) for _ in range(2)]


@pytest.mark.slow
def test_twice_in_one_process(expected):
    assert bits() == expected
    assert bits(seed=1) != expected


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_processes_of_as_many_threads_agree(network, of_two_processes):
    first, second = of_two_processes
    assert first[network] == second[network]


def test_small_networks_do_not_depend_on_the_number_of_threads(expected, of_two_processes):
    # This process has one thread.
    assert of_two_processes[0]["small"] == sha256(expected).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_in_joblib_workers(expected, backend):
    # Workers cannot import this file, and a function within another travels by value.
    def bits_in_worker(X):
        from skae import Autoencoder

        estimator = Autoencoder(4, max_iter=15, dropout=0.1, random_state=0).fit(X)
        weights = (*estimator.encoder_.get_weights(), *estimator.decoder_.get_weights())
        return b"".join(weight.tobytes() for weight in weights)

    found = Parallel(n_jobs=2, backend=backend)(delayed(bits_in_worker)(X) for _ in range(2))
    assert found == [expected, expected]


# In the workers of the test above, which have imported TensorFlow.
@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_a_parallel_search_after_a_fit_equals_a_serial_one(backend):
    rows = load_iris().data
    quick = Autoencoder(2, hidden_layer_sizes=(16,), max_iter=10, random_state=0).fit(rows)
    search = GridSearchCV(quick, {"learning_rate": [1e-4, 1e-3]}, cv=2)
    serial = search.fit(rows).cv_results_["mean_test_score"]
    with parallel_config(backend=backend, n_jobs=2):
        parallel = search.fit(rows).cv_results_["mean_test_score"]
    np.testing.assert_allclose(parallel, serial, rtol=1e-12)


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
    Autoencoder(4, random_state=0, **SMALL).fit(X)
    with pytest.raises(ValueError, match="NaN"):
        Autoencoder(2, random_state=0).fit(np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="diverged"):
        Autoencoder(2, optimizer="sgd", learning_rate=1e3, random_state=0).fit(X)
    assert global_states() == before


def test_a_global_dtype_policy_does_not_matter(expected):
    keras.config.set_dtype_policy("float16")
    try:
        estimator = Autoencoder(4, hidden_layer_sizes=(11,), max_iter=2, random_state=0).fit(X)
        assert {weight.dtype for weight in weights_of(estimator)} == {np.dtype("float32")}
    finally:
        keras.config.set_dtype_policy("float32")
