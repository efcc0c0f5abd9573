"""Fits and scores by workers of Ray, one of which dies."""

import os
import signal

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from skae import Autoencoder
from skae.distributed import RayExecutor, fit
from skae.metrics import reconstruction_r2_scorer
from tests.distributed.shared import PARAMETERS, Here, X, reconstructed

SHARDS = np.array_split(X, 3)
# Of Ray's own.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def ray():
    module = pytest.importorskip("ray")
    module.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield module
    module.shutdown()


class DiesOnce(RayExecutor):
    """Ends the process of one call, while that runs."""

    n_calls = 0

    def submit(self, function, /, *args):
        self.n_calls += 1

        def die(*_):
            os.kill(os.getpid(), signal.SIGKILL)

        return super().submit(die if self.n_calls == 20 else function, *args)


# The first test here: workers that have trained keep what they loaded.
def test_data_sets_score_without_tensorflow(ray):
    data = pytest.importorskip("ray.data")
    autoencoder = Autoencoder(2, **PARAMETERS).fit(X)

    def scored(rows):
        import sys

        scores = autoencoder.score_samples(rows["data"])
        return {"score": scores, "loaded": np.full(len(scores), "tensorflow" in sys.modules)}

    found = data.from_numpy(X).map_batches(scored, num_cpus=1).take_all()
    assert not any(row["loaded"] for row in found)
    expected = autoencoder.score_samples(X)
    np.testing.assert_allclose(np.sort([row["score"] for row in found]), np.sort(expected))


def test_a_worker_that_dies_changes_no_bit(ray):
    expected = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here())
    executor = DiesOnce(num_cpus=1)
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=executor)
    assert executor.n_calls > 20
    np.testing.assert_array_equal(reconstructed(found), reconstructed(expected))


def test_errors_are_those_that_were_raised(ray):
    with pytest.raises(ValueError, match=r"In shard 1 \(ndarray\): Input X contains NaN"):
        fit(Autoencoder(2), [X, np.full((9, 6), np.nan)], executor=RayExecutor())


def test_references_are_shards(ray):
    references = [ray.put(X)]
    found = fit(Autoencoder(2, **PARAMETERS), references, executor=RayExecutor())
    alone = Autoencoder(2, **PARAMETERS).fit(X)
    np.testing.assert_array_equal(reconstructed(found), reconstructed(alone))


def test_a_search_over_workers_of_ray_finds_the_same(ray):
    pytest.importorskip("ray.util.joblib").register_ray()
    # Without hidden layers there is nothing to train, for which new processes would load much.
    grid = {"n_components": [1, 2, 3]}
    estimator = Autoencoder(hidden_layer_sizes=())
    options = {"cv": 2, "scoring": reconstruction_r2_scorer}
    here = GridSearchCV(estimator, grid, **options).fit(X)
    with parallel_config("ray", n_jobs=2):
        found = GridSearchCV(estimator, grid, **options).fit(X)
    np.testing.assert_array_equal(
        found.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"]
    )
