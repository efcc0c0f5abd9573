"""A fitted estimator in other places: pickles, skops, fresh processes, forks, threads."""

import importlib
import json
import logging
import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import Autoencoder

X = load_iris().data


def quick(**parameters):
    return Autoencoder(2, hidden_layer_sizes=(16,), max_iter=10, random_state=0, **parameters)


@pytest.fixture(scope="module")
def fitted():
    return make_pipeline(StandardScaler(), quick()).fit(X)


def test_a_display_and_a_list_of_attributes_build_no_keras_model(fitted, monkeypatch):
    def built(*args, **options):
        raise AssertionError("a Keras model was built")

    monkeypatch.setattr("skae.model.Model.keras_models", built)
    shown = fitted._repr_html_()
    assert "loss_curve_" in shown
    assert {"encoder_", "decoder_", "transform"} <= set(dir(fitted[-1]))
    assert not {"encoder_", "components_"} & set(dir(quick()))


def test_a_pickle_scores_the_same(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(again.score_samples(X), fitted.score_samples(X))


def test_scoring_does_not_grow_the_pickle(fitted):
    before = pickle.dumps(fitted[-1])
    fitted[-1].transform(X)
    fitted[-1].reconstruct(X)
    assert pickle.dumps(fitted[-1]) == before


def test_a_pickle_is_little_more_than_its_weights(fitted):
    halves = (fitted[-1].encoder_, fitted[-1].decoder_)
    n_bytes = sum(weight.nbytes for half in halves for weight in half.get_weights())
    assert len(pickle.dumps(fitted[-1])) < n_bytes + 6000


def test_a_newer_format_is_refused(fitted):
    state = fitted[-1]._model.__getstate__()
    with pytest.raises(ValueError, match="saved in format 99 by a newer skae"):
        type(fitted[-1]._model).__new__(type(fitted[-1]._model)).__setstate__(
            state | {"format": 99}
        )


def test_skops_asks_to_trust_what_is_listed(fitted, tmp_path):
    skops.io.dump(fitted, tmp_path / "pipeline.skops")
    again = skops.io.load(tmp_path / "pipeline.skops", trusted=skae.skops_trusted())
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))


SERVE = """
import pickle, sys
import numpy as np
pipeline = pickle.load(open(sys.argv[1], "rb"))
X = np.load(sys.argv[2])
code = pipeline.transform(X)
pipeline.inverse_transform(code), pipeline.score_samples(X)
assert not {"tensorflow", "keras"} & set(sys.modules), "TensorFlow was imported"
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(line.split()[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")
def test_a_fresh_process_scores_without_tensorflow(fitted, tmp_path):
    (tmp_path / "pipeline.pickle").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "X.npy", X)
    found = subprocess.run(
        [sys.executable, "-c", SERVE, tmp_path / "pipeline.pickle", tmp_path / "X.npy"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(found.stdout) < 250 * 1024


SCORE = """
import pickle, sys
import numpy as np
fitted = pickle.load(open(sys.argv[1], "rb"))
X = np.load(sys.argv[2])
np.savez(sys.argv[3], **{name: estimator.transform(X) for name, estimator in fitted.items()})
"""
OWN_NETWORK = """
import keras

def network(sample_shape, n_components, hidden_layer_sizes, activation):
    encoder, decoder = keras.Input(sample_shape), keras.Input((n_components,))
    code = keras.layers.Dense(n_components)(keras.layers.Flatten()(encoder))
    return keras.Model(encoder, code), keras.Model(decoder, keras.layers.Dense(4)(decoder))
"""


@pytest.mark.slow
def test_networks_of_keras_score_the_same_in_a_fresh_process(tmp_path, monkeypatch):
    (tmp_path / "own_network.py").write_text(OWN_NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    networks = {
        "convolutional": {"network": "convolutional"},
        "recurrent": {"network": "recurrent", "mask_value": np.nan},
        "own": {"network": importlib.import_module("own_network").network},
    }
    settings = {"sample_shape": (2, 2), "init": "random", "early_stopping": False, "max_iter": 1}
    estimators = {
        name: Autoencoder(2, hidden_layer_sizes=(4,), random_state=0, **settings, **network).fit(X)
        for name, network in networks.items()
    }
    (tmp_path / "fitted.pickle").write_bytes(pickle.dumps(estimators))
    np.save(tmp_path / "X.npy", X)
    paths = [tmp_path / name for name in ("fitted.pickle", "X.npy", "codes.npz")]
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    env = os.environ | {"PYTHONPATH": path}
    subprocess.run([sys.executable, "-c", SCORE, *paths], env=env, check=True)
    codes = np.load(tmp_path / "codes.npz")
    for name, estimator in estimators.items():
        np.testing.assert_array_equal(codes[name], estimator.transform(X))


@pytest.mark.slow
def test_scoring_many_networks_does_not_look_like_retracing_to_tensorflow(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("tensorflow"), "propagate", True)
    for width in range(1, 7):
        estimator = Autoencoder(1, activation=keras.ops.sin, hidden_layer_sizes=(width,))
        estimator.set_params(init="random", max_iter=1, early_stopping=False).fit(X).transform(X)
    assert "retracing" not in caplog.text


FORKS = """
import multiprocessing, time

import numpy as np
import keras

rows = np.random.default_rng(0).normal(size=(60, 5))


def fit(queue):
    from skae import Autoencoder

    start = time.monotonic()
    try:
        Autoencoder(2, max_iter=4, early_stopping=False, learning_rate=0.01).fit(rows)
        queue.put("fitted")
    except RuntimeError as error:
        seconds = time.monotonic() - start
        queue.put(str(error) if seconds < 1 else f"after {seconds:.1f} s")


def print_what_a_fork_says():
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=fit, args=(queue,), daemon=True)
    process.start()
    process.join(60)
    print("hangs" if process.is_alive() else queue.get())


print_what_a_fork_says()
keras.optimizers.Adam()
print_what_a_fork_says()
import skae
print_what_a_fork_says()
"""
REFUSED = "This process was forked from one in which"


@pytest.fixture(scope="module")
def told_by_forks():
    """What forks of one process say: before TensorFlow runs in it, then, and once it has skae."""
    command = [sys.executable, "-W", "ignore", "-c", FORKS]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_fork_of_a_process_in_which_tensorflow_runs_refuses_to_fit(told_by_forks):
    assert told_by_forks[2].startswith(REFUSED)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_fork_that_imports_skae_fits_until_tensorflow_runs_in_its_parent(told_by_forks):
    of_nothing, of_keras, _ = told_by_forks
    assert of_nothing == "fitted"
    assert of_keras.startswith(REFUSED)


def _in_fork(fitted, queue):
    try:
        quick().fit(X)
    except RuntimeError as error:
        queue.put(str(error))
    queue.put(fitted.transform(X))


# Python warns of any fork while threads run; scoring after one is what is tested.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_worker_scores_and_refuses_to_fit(fitted):
    quick().fit(X)  # leaves a compiled program, which the child must not use
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=_in_fork, args=(fitted, queue))
    process.start()
    message, code = queue.get(), queue.get()
    process.join()
    assert "forked" in message
    np.testing.assert_allclose(code, fitted.transform(X))


STARTED = """
import json, multiprocessing, multiprocessing.forkserver
from hashlib import sha256

import numpy as np
import skae

METHODS = ("spawn", "forkserver")


def bits():
    rows = np.random.default_rng(0).normal(size=(60, 5)) ** 3
    settings = {"max_iter": 5, "early_stopping": False, "random_state": 0}
    fitted = skae.Autoencoder(2, learning_rate=0.01, jit_compile=False, **settings).fit(rows)
    weights = fitted._model.weights
    return sha256(b"".join(weights[name].tobytes() for name in sorted(weights))).hexdigest()


def fit(queue):
    try:
        queue.put(bits())
    except RuntimeError as error:
        queue.put(str(error))


def of_worker(context):
    queue = context.SimpleQueue()
    process = context.Process(target=fit, args=(queue,), daemon=True)
    process.start()
    process.join(240)
    return "hangs" if process.is_alive() else queue.get()


if __name__ == "preloaded":
    bits()  # where the server's workers are forked from
if __name__ == "__main__":
    found = {method: of_worker(multiprocessing.get_context(method)) for method in METHODS}
    # Another server, which has fitted before it is asked for workers.
    multiprocessing.forkserver._forkserver._stop()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["preloaded"])
    print(json.dumps({**found, "preloaded": of_worker(context)}))
"""


@pytest.fixture(scope="module")
def found_by_started(tmp_path_factory):
    """The bits of a fit, or an error, of processes that are started in each way."""
    folder = tmp_path_factory.mktemp("started")
    for name in ("main.py", "preloaded.py"):
        (folder / name).write_text(STARTED)
    path = os.pathsep.join([str(folder), str(Path(skae.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "main.py"],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
    )
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_that_are_started_fit_to_the_same_bits(method, found_by_started):
    here = {"__name__": "here"}
    exec(STARTED, here)
    assert found_by_started[method] == here["bits"]()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_fork_of_a_server_that_has_fitted_refuses_to_fit(found_by_started):
    assert found_by_started["preloaded"].startswith(REFUSED)


def test_threads_score_the_same(fitted):
    expected = fitted.transform(X)
    with ThreadPoolExecutor(4) as pool:
        for code in pool.map(lambda _: fitted.transform(X), range(50)):
            np.testing.assert_array_equal(code, expected)


def test_threads_fit_the_same():
    expected = quick().fit(X).transform(X)
    with ThreadPoolExecutor(2) as pool:
        for estimator in pool.map(lambda _: quick().fit(X), range(4)):
            np.testing.assert_array_equal(estimator.transform(X), expected)
