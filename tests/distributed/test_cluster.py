"""Fits and scores by processes of dask and of ``concurrent.futures``, one of which is killed."""

import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest

from skae import Autoencoder
from skae.distributed import WorkerLostError, fit
from tests.distributed.shared import PARAMETERS, Here, X, reconstructed

SHARDS = np.array_split(X, 3)
SPAWN = get_context("spawn")


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


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(processes=True, silence_logs=50, **options) as cluster,
        distributed.Client(cluster) as connected,
    ):
        yield connected


@pytest.fixture(scope="module")
def expected():
    return reconstructed(fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here()))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scores_in_workers_without_tensorflow(client):
    array = pytest.importorskip("dask.array")
    autoencoder = Autoencoder(2, **PARAMETERS).fit(X)
    rows = array.from_array(X, chunks=(80, 6))
    codes = rows.map_blocks(autoencoder.transform, chunks=(80, 2), dtype=X.dtype, meta=X[:0, :2])
    np.testing.assert_allclose(codes.compute(), autoencoder.transform(X))
    loaded = client.run(lambda: "tensorflow" in sys.modules)
    assert not any(loaded.values())


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


@pytest.mark.parametrize("place", [20])
def test_a_pool_that_a_kill_breaks_is_made_anew(expected, place):
    made = []

    def make():
        pool = ProcessPoolExecutor(1, mp_context=SPAWN)
        made.append(Kills(pool, place if not made else -1))
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


def test_polars_scores_batches():
    polars = pytest.importorskip("polars")
    autoencoder = Autoencoder(2, **PARAMETERS).fit(X)
    frame = polars.DataFrame(X, schema=list("abcdef"))
    score = partial(_scores, autoencoder)
    found = frame.lazy().map_batches(score, schema={"score": polars.Float64}).collect()
    np.testing.assert_allclose(found["score"], autoencoder.score_samples(X))


def _scores(autoencoder, frame):
    return type(frame)({"score": autoencoder.score_samples(frame.to_numpy())})
