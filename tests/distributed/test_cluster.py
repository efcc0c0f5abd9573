"""Fits and scores by processes of dask and of ``concurrent.futures``, one of which is killed."""

import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import set_forkserver_preload

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid, cross_val_score

from skae import Autoencoder, BatchedGridSearchCV
from skae.distributed import WorkerLostError, fit
from skae.metrics import reconstruction_r2_scorer
from tests.distributed.shared import PARAMETERS, Here, X, reconstructed

SHARDS = np.array_split(X, 3)


class Kills:
    """Hands everything to another executor, one of whose processes a call kills first."""

    def __init__(self, executor, place):
        self.executor, self.place, self.n_calls = executor, place, 0

    def submit(self, function, /, *args):
        self.n_calls += 1
        if self.n_calls == self.place:
            os.kill(self.executor.submit(os.getpid).result(), signal.SIGKILL)
        return self.executor.submit(function, *args)

    def shutdown(self, **options):
        self.executor.shutdown(**options)


@contextmanager
def connected(context, n_workers):
    """A client of a cluster whose processes start by such a context."""
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    options = {"n_workers": n_workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": context}),
        distributed.LocalCluster(processes=True, silence_logs=50, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def forking():
    """A context whose processes have TensorFlow, which is imported once for all of them."""
    dask = pytest.importorskip("dask")
    utils = pytest.importorskip("distributed.utils")
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        context = utils.get_mp_context()
    set_forkserver_preload(["distributed", "dask.dataframe", "tensorflow", "skae.backend._gateway"])
    return context


@pytest.fixture(scope="module")
def client(forking):
    with connected("forkserver", 2) as client:
        yield client


@pytest.fixture(scope="module")
def autoencoder():
    return Autoencoder(2, **PARAMETERS).fit(X)


@pytest.fixture(scope="module")
def expected():
    return reconstructed(fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here()))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scores_in_workers_without_tensorflow(autoencoder):
    array = pytest.importorskip("dask.array")
    frames = pytest.importorskip("dask.dataframe")
    pandas = pytest.importorskip("pandas")
    rows = array.from_array(X, chunks=(80, 6))
    codes = rows.map_blocks(autoencoder.transform, chunks=(80, 2), dtype=X.dtype, meta=X[:0, :2])
    table = frames.from_pandas(pandas.DataFrame(X), npartitions=2)
    scores = table.map_partitions(
        lambda part: pandas.Series(autoencoder.score_samples(part), part.index),
        meta=("score", "f8"),
    )
    with connected("spawn", 1) as client:
        np.testing.assert_allclose(codes.compute(), autoencoder.transform(X))
        found = scores.compute()
        loaded = client.run(lambda: "tensorflow" in sys.modules)
    assert found.index.tolist() == list(range(len(X)))
    np.testing.assert_allclose(found, autoencoder.score_samples(X))
    assert list(loaded.values()) == [False]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_blocks_on_a_cluster_give_the_bits_of_one_process(client, expected):
    array = pytest.importorskip("dask.array")
    lazy = array.from_array(X, chunks=(80, 6))
    found = fit(Autoencoder(2, **PARAMETERS), lazy, executor=client)
    np.testing.assert_array_equal(reconstructed(found), expected)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_worker_that_is_killed_changes_no_bit(client, expected):
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=KillsOne(client, 20))
    np.testing.assert_array_equal(reconstructed(found), expected)


@pytest.mark.slow
def test_a_worker_that_was_killed_before_the_fit_changes_no_bit(client, expected):
    client.wait_for_workers(2, timeout=60)
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=client)
    np.testing.assert_array_equal(reconstructed(found), expected)


def test_a_cluster_without_workers_raises_soon(monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("skae.distributed._dask._PATIENCE", 0.1)
    monkeypatch.setattr("skae.distributed._dask._LOOK", 0.1)
    autoencoder = Autoencoder(2, **PARAMETERS)
    before = dict(vars(autoencoder))
    options = {"n_workers": 0, "processes": False, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options, silence_logs=50) as cluster,
        distributed.Client(cluster) as connected,
        pytest.raises(WorkerLostError, match=r"no worker for 0 seconds, while shard 0 .* waits"),
    ):
        fit(autoencoder, SHARDS, executor=connected)
    assert vars(autoencoder) == before
    with pytest.raises(ValueError, match="a client of dask that is closed"):
        fit(autoencoder, SHARDS, executor=connected)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_futures_and_frames_of_a_cluster_are_shards(client, expected):
    frames = pytest.importorskip("dask.dataframe")
    pandas = pytest.importorskip("pandas")
    futures = [client.scatter(shard) for shard in SHARDS]
    found = fit(Autoencoder(2, **PARAMETERS), futures, executor=client)
    np.testing.assert_array_equal(reconstructed(found), expected)
    table = frames.from_pandas(pandas.DataFrame(X, columns=list("abcdef")), npartitions=3)
    found = fit(Autoencoder(2, **PARAMETERS), table, executor=client)
    assert found.feature_names_in_.tolist() == list("abcdef")
    codes = found.transform(pandas.DataFrame(X, columns=list("abcdef")))
    # Columns of a frame lie apart, and sums over them are rounded in another order.
    np.testing.assert_allclose(found.inverse_transform(codes), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_searches_over_workers_of_dask_find_the_same(client):
    grid = {"learning_rate": [0.001, 0.01]}
    estimator = Autoencoder(2, max_iter=1, hidden_layer_sizes=(4,), random_state=0)
    options = {"cv": 2, "scoring": reconstruction_r2_scorer}
    expected = GridSearchCV(estimator, grid, **options).fit(X).cv_results_["mean_test_score"]
    for search_type in (GridSearchCV, BatchedGridSearchCV):
        with parallel_config("dask", client=client):
            found = search_type(estimator, grid, n_jobs=2, **options).fit(X)
        np.testing.assert_array_equal(found.cv_results_["mean_test_score"], expected)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_search_by_map_goes_on_where_a_worker_is_killed(client):
    # Without hidden layers there is nothing to train, for which a new process would load much.
    estimator = Autoencoder(hidden_layer_sizes=())
    grid = list(ParameterGrid({"n_components": [1, 2, 3]}))

    def mean_score(params, estimator, X, pid=None):
        # The process that is to die does so once it has something to do.
        if os.getpid() == pid:
            os.kill(pid, signal.SIGKILL)
        candidate = clone(estimator).set_params(**params)
        return cross_val_score(candidate, X, cv=2, scoring=reconstruction_r2_scorer).mean()

    here = [mean_score(params, estimator, X) for params in grid]
    client.wait_for_workers(2, timeout=60)
    pids = list(client.run(os.getpid).values())
    futures = client.map(mean_score, grid, estimator=estimator, X=X, pid=pids[0], pure=False)
    assert client.gather(futures) == here
    assert set(client.run(os.getpid).values()) != set(pids)


class KillsOne:
    """A client of dask that kills a process of its cluster before a call."""

    def __init__(self, client, place):
        self._client, self._place, self._n_calls = client, place, 0
        self._pids = list(client.run(os.getpid).values())

    def __getattr__(self, name):
        return getattr(self._client, name)

    def submit(self, function, /, *args, **options):
        self._n_calls += 1
        if self._n_calls == self._place:
            os.kill(self._pids[0], signal.SIGKILL)
        return self._client.submit(function, *args, **options)


@pytest.mark.slow
def test_a_pool_that_a_kill_breaks_is_made_anew(expected, forking):
    made = []

    def make():
        pool = ProcessPoolExecutor(1, mp_context=forking)
        made.append(Kills(pool, 20 if not made else -1))
        # What says that it is broken is an attribute of the pool.
        type(made[-1])._broken = property(lambda self: self.executor._broken)
        return made[-1]

    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=make)
    assert len(made) == 2
    np.testing.assert_array_equal(reconstructed(found), expected)


def test_a_pool_that_nobody_can_make_anew_is_named():
    class Broken(Here):
        _broken = "a process died"

    with pytest.raises(WorkerLostError, match="Pass a function that makes executors"):
        fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Broken((2,)))


def test_polars_scores_batches(autoencoder):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(X, schema=list("abcdef"))
    score = partial(_scores, autoencoder)
    found = frame.lazy().map_batches(score, schema={"score": polars.Float64}).collect()
    np.testing.assert_allclose(found["score"], autoencoder.score_samples(X))


def _scores(autoencoder, frame):
    return type(frame)({"score": autoencoder.score_samples(frame.to_numpy())})
