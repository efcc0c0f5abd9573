"""Fits over several shards, on an executor of this process."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.decomposition import PCA

import skae
from skae import Autoencoder
from skae.distributed import WorkerLostError, fit
from skae.distributed._averaging import lengthened, mean_weights, shortened, stepped
from skae.distributed._envelope import Envelope
from skae.distributed._pace import Pace
from tests.distributed.shared import PARAMETERS, Here, X, reconstructed

SHARDS = np.array_split(X, 3)
WEIGHT = np.linspace(0.0, 2.0, len(X))
# Four steps, which are not compiled.
FEW = {**PARAMETERS, "max_iter": 2, "batch_size": 120}


@pytest.fixture(scope="module")
def of_three():
    return fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here())


@pytest.mark.parametrize(
    "make",
    [
        lambda: skae.Autoencoder(2, **FEW, dropout=0.1),
        lambda: skae.VariationalAutoencoder(0.9, **FEW),
        lambda: skae.SparseAutoencoder(4, **FEW),
        lambda: skae.StackedAutoencoder(2, hidden_layer_sizes=(8,), pretrain_max_iter=1, **FEW),
        lambda: skae.AdversarialAutoencoder(2, **FEW),
        lambda: skae.DenoisingAutoencoder(2, noise="salt_and_pepper", noise_level=0.1, **FEW),
        lambda: skae.ContractiveAutoencoder(2, **FEW),
        lambda: skae.ConvolutionalAutoencoder(
            2, hidden_layer_sizes=(4,), sample_shape=(6, 1), **FEW
        ),
        lambda: skae.VariationalConvolutionalAutoencoder(
            2, hidden_layer_sizes=(4,), sample_shape=(6, 1), **FEW
        ),
        lambda: skae.RecurrentAutoencoder(2, hidden_layer_sizes=(4,), sample_shape=(3, 2), **FEW),
    ],
    ids=lambda make: type(make()).__name__,
)
def test_one_shard_gives_the_bits_of_fit(make):
    alone = make().fit(X, sample_weight=WEIGHT)
    shared = fit(make(), [X], executor=Here(), sample_weight=WEIGHT)
    np.testing.assert_array_equal(reconstructed(shared), reconstructed(alone))
    for name, column in alone.history_.items():
        np.testing.assert_array_equal(shared.history_[name], column)


@pytest.mark.slow
def test_folds_of_a_small_table_choose_as_in_fit():
    parameters = {"max_iter": 40, "hidden_layer_sizes": 4, "random_state": 0, "jit_compile": False}
    alone = Autoencoder(2, **parameters).fit(X)
    shared = fit(Autoencoder(2, **parameters), [X], executor=Here())
    assert shared.cross_fit_losses_ == alone.cross_fit_losses_


def test_start_is_pca_of_all_rows(of_three):
    residuals = X - PCA(2).fit(X).inverse_transform(PCA(2).fit_transform(X))
    start = Autoencoder(2, hidden_layer_sizes=(), max_iter=1, random_state=0)
    found = reconstructed(fit(start, SHARDS, executor=Here()))
    np.testing.assert_allclose(np.sum((X - found) ** 2), np.sum(residuals**2), rtol=1e-6)


def test_scaling_is_that_of_all_rows(of_three):
    alone = Autoencoder(2, **FEW).fit(X)
    np.testing.assert_allclose(of_three._model.scaling.mean, alone._model.scaling.mean)
    np.testing.assert_allclose(of_three._model.scaling.scale, alone._model.scaling.scale)


def test_threads_give_the_bits_of_one_after_the_other(of_three):
    with ThreadPoolExecutor(2) as executor:
        found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=executor)
    np.testing.assert_array_equal(reconstructed(found), reconstructed(of_three))


@pytest.mark.parametrize("lost", [(1,), (5, 6), (13,), (16, 17, 18)])
def test_lost_calls_are_done_again(of_three, lost):
    executor = Here(lost)
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=executor)
    assert executor.n_calls > max(lost)
    np.testing.assert_array_equal(reconstructed(found), reconstructed(of_three))


def test_calls_that_are_always_lost_raise_and_change_nothing():
    autoencoder = Autoencoder(2, **PARAMETERS)
    before = dict(vars(autoencoder))
    with pytest.raises(WorkerLostError, match="in each of 4 tries of shard 0"):
        fit(autoencoder, SHARDS, executor=Here(range(1000)))
    assert vars(autoencoder) == before


def test_training_improves_on_the_start(of_three):
    assert of_three.history_["val_loss"][-1] < of_three.history_["val_loss"][0]
    assert of_three.n_iter_ == 3


def test_weights_of_zero_leave_rows_out():
    weight = np.concatenate([np.zeros(80), np.ones(160)])
    found = fit(Autoencoder(2, **FEW), SHARDS, executor=Here(), sample_weight=weight)
    expected = Autoencoder(2, **FEW).fit(X[80:])
    np.testing.assert_allclose(found._model.scaling.mean, expected._model.scaling.mean)


def test_weights_may_be_given_by_shards(of_three):
    whole = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here(), sample_weight=WEIGHT)
    parts = np.array_split(WEIGHT, 3)
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here(), sample_weight=parts)
    np.testing.assert_array_equal(reconstructed(found), reconstructed(whole))


@pytest.mark.parametrize("convert", [pd.DataFrame, sparse.csr_array])
def test_frames_and_sparse_rows_are_shards(of_three, convert):
    autoencoder = Autoencoder(2, **PARAMETERS)
    found = fit(autoencoder, [convert(shard) for shard in SHARDS], executor=Here())
    np.testing.assert_allclose(reconstructed(found), reconstructed(of_three), rtol=1e-5, atol=1e-6)


def test_paths_are_shards(of_three, tmp_path):
    paths = []
    for place, shard in enumerate(SHARDS):
        paths.append(tmp_path / f"{place}.parquet")
        pd.DataFrame(shard, columns=list("abcdef")).to_parquet(paths[-1])
    found = fit(Autoencoder(2, **PARAMETERS), paths, executor=Here())
    assert found.feature_names_in_.tolist() == list("abcdef")
    X_named = pd.DataFrame(X, columns=list("abcdef"))
    again = found.inverse_transform(found.transform(X_named))
    # Columns of a frame lie apart, and sums over them are rounded in another order.
    np.testing.assert_allclose(again, reconstructed(of_three), rtol=1e-5, atol=1e-6)


def test_npy_and_zarr_are_shards(of_three, tmp_path):
    zarr = pytest.importorskip("zarr")
    np.save(tmp_path / "0.npy", SHARDS[0])
    np.save(tmp_path / "1.npy", SHARDS[1])
    zarr.save_array(tmp_path / "2.zarr", SHARDS[2])
    paths = [tmp_path / "0.npy", str(tmp_path / "1.npy"), tmp_path / "2.zarr"]
    found = fit(Autoencoder(2, **PARAMETERS), paths, executor=Here())
    maps = [np.load(path, mmap_mode="r") for path in paths[:2]]
    expected = fit(Autoencoder(2, **PARAMETERS), [*maps, SHARDS[2]], executor=Here())
    np.testing.assert_array_equal(reconstructed(found), reconstructed(expected))
    np.testing.assert_array_equal(found._model.scaling.mean, of_three._model.scaling.mean)


def test_blocks_of_dask_are_shards(of_three):
    array = pytest.importorskip("dask.array")
    lazy = array.from_array(X, chunks=(80, 3))
    found = fit(Autoencoder(2, **PARAMETERS), lazy, executor=Here())
    np.testing.assert_array_equal(reconstructed(found), reconstructed(of_three))


def test_empty_shards_are_passed_over(of_three):
    shards = [SHARDS[0], X[:0], *SHARDS[1:]]
    found = fit(Autoencoder(2, **PARAMETERS), shards, executor=Here())
    np.testing.assert_allclose(found._model.scaling.mean, of_three._model.scaling.mean)
    assert found.n_iter_ == 3


def test_killed_fit_goes_on_from_its_checkpoint(of_three, tmp_path, monkeypatch):
    monkeypatch.setattr("skae.fitting._checkpoint.INTERVAL", 0.0)
    path = tmp_path / "fit.ckpt"

    class Dies(Here):
        def submit(self, function, /, *args):
            if self.n_calls == 31:
                raise MemoryError("the driver dies")
            return super().submit(function, *args)

    with pytest.raises(MemoryError, match="the driver dies"):
        fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Dies(), checkpoint=path)
    assert path.exists()
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here(), checkpoint=path)
    np.testing.assert_array_equal(reconstructed(found), reconstructed(of_three))
    assert not path.exists()


KILLED = """
import os, signal, sys
import numpy as np
import skae.fitting._checkpoint as kept
from skae import Autoencoder
from skae.distributed import fit
from concurrent.futures import Future

kept.INTERVAL, n_calls = 0.0, 0
class Dies:
    def submit(self, function, /, *args):
        global n_calls
        n_calls += 1
        if n_calls == 31:
            os.kill(os.getpid(), signal.SIGKILL)
        future = Future()
        future.set_result(function(*args))
        return future

X, path = np.load(sys.argv[1]), sys.argv[2]
estimator = Autoencoder(2, early_stopping=True, max_iter=3, random_state=0)
fit(estimator, np.array_split(X, 3), executor=Dies(), checkpoint=path)
"""


@pytest.mark.slow
def test_a_driver_that_is_killed_goes_on_with_the_same_bits(of_three, tmp_path):
    np.save(tmp_path / "X.npy", X)
    path = tmp_path / "fit.ckpt"
    command = [sys.executable, "-c", KILLED, str(tmp_path / "X.npy"), str(path)]
    ended = subprocess.run(command, check=False, timeout=300, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    other = Autoencoder(2, **PARAMETERS)
    with pytest.raises(ValueError, match="of a fit with other rows, parameters"):
        fit(other, SHARDS, executor=Here(), checkpoint=path, outer_momentum=0.0)
    swapped = [SHARDS[0][::-1], *SHARDS[1:]]
    with pytest.raises(ValueError, match="of a fit with other rows, parameters"):
        fit(other, swapped, executor=Here(), checkpoint=path)
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here(), checkpoint=path)
    np.testing.assert_array_equal(reconstructed(found), reconstructed(of_three))
    assert not path.exists()


@pytest.mark.parametrize(
    ("given", "max_iter", "n_training", "expected"),
    [
        # 12 epochs of 500 batches are enough.
        (32, 12, [16_000] * 4, 32),
        # 8 shards of 450 rows, as fit takes 1356 steps.
        (32, 12, [450] * 8, 4),
        (32, 12, [1800] * 2, 16),
        (4, 1, [10] * 8, 1),
        (32, 3, [72], 32),
        (32, 3, [0, 72, 0], 32),
    ],
)
def test_batches_of_small_shards_are_their_share(given, max_iter, n_training, expected):
    pace = Pace(0.5, "auto")
    found = pace.batch_size(given, max_iter, np.array(n_training))
    assert found == expected


@pytest.mark.parametrize(
    ("steps", "size", "expected"), [("auto", 32, 1), ("auto", 16, 7), (10, 32, 6), (10**6, 32, 1)]
)
def test_epochs_are_cut_into_rounds(steps, size, expected):
    # 1800 rows: 57 batches of 32, 113 of 16.
    n_parts = Pace(0.5, steps).n_parts(32, size, np.array([1800, 1700]))
    assert n_parts == expected + (steps == "auto" and size == 16)
    assert Pace(0.5, steps).n_parts(32, size, np.array([1800, 0])) == 1


def test_rounds_are_as_many_as_asked_for():
    first, last = Here(), Here()
    fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=first, steps_per_round=1000)
    fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=last, steps_per_round=1)
    # 72 of the 80 rows of a shard train, in 6 batches of 13, in each of 3 epochs.
    assert last.n_calls - first.n_calls == 3 * 3 * (6 - 1)


def test_rounds_of_one_step_without_momentum_are_a_step_of_all_rows():
    # Plain gradient descent: the mean of the steps of shards is the step of their mean.
    options = {"max_iter": 1, "batch_size": 240, "early_stopping": False, "random_state": 0}
    options |= {"optimizer": keras.optimizers.SGD(0.01), "hidden_layer_sizes": (4,)}
    alone = Autoencoder(2, **options).fit(X)
    options |= {"batch_size": 240}
    found = fit(
        Autoencoder(2, **options), SHARDS, executor=Here(), outer_momentum=0.0, steps_per_round=1
    )
    np.testing.assert_allclose(reconstructed(found), reconstructed(alone), rtol=1e-4, atol=1e-5)


def test_images_are_shards():
    images = X.reshape(-1, 3, 2)
    options = {"sample_shape": (3, 2), "max_iter": 1, "batch_size": 120, "random_state": 0}
    found = fit(Autoencoder(2, **options), np.array_split(images, 2), executor=Here())
    expected = fit(Autoencoder(2, **options), np.array_split(X, 2), executor=Here())
    np.testing.assert_array_equal(found.transform(X), expected.transform(X))


def test_a_class_makes_an_executor(of_three):
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here)
    np.testing.assert_array_equal(reconstructed(found), reconstructed(of_three))


def test_tables_of_pyarrow_are_shards(of_three):
    pyarrow = pytest.importorskip("pyarrow")
    tables = [pyarrow.Table.from_pandas(pd.DataFrame(shard)) for shard in SHARDS]
    found = fit(Autoencoder(2, **PARAMETERS), tables, executor=Here())
    np.testing.assert_allclose(reconstructed(found), reconstructed(of_three), rtol=1e-5, atol=1e-6)


def test_progress_is_printed(capsys):
    fit(Autoencoder(2, **PARAMETERS, verbose=1), SHARDS, executor=Here())
    assert "Epoch 3/3" in capsys.readouterr().out


def test_mean_counts_rows():
    found = mean_weights(
        [{"a": np.float32([0.0, 2.0])}, {"a": np.float32([4.0, 2.0])}], [0.75, 0.25]
    )
    np.testing.assert_array_equal(found["a"], np.float32([1.0, 2.0]))


def test_moments_are_carried_as_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    rng = np.random.default_rng(0)
    moments = np.float32(rng.normal(size=1000) * 10.0 ** rng.integers(-30, 30, 1000))
    moments[:4] = [0.0, -0.0, np.inf, np.nan]
    # Half way between two that can be told.
    moments[4:6] = [1 + 2**-8, 1 + 3 * 2**-8]
    count = np.int64(3)
    found, nothing, same = lengthened(shortened([moments.reshape(20, 50), None, count]))
    wanted = moments.astype(ml_dtypes.bfloat16).astype(np.float32)
    np.testing.assert_array_equal(found, wanted.reshape(20, 50))
    assert nothing is None
    assert same is count


class Lends(Here):
    """Holds values for workers, and notes them."""

    def __init__(self, lost=()):
        super().__init__(lost)
        self.held = []

    def put(self, value):
        self.held.append(value)
        return Held(value)

    def submit(self, function, /, *args):
        given = [each.value if isinstance(each, Held) else each for each in args]
        return super().submit(function, *given)


class Held:
    def __init__(self, value):
        self.value = value


def times_held(executor, what):
    return sum(each is what for each in executor.held)


def test_what_all_shards_need_is_sent_once(of_three):
    executor = Lends()
    weights = [np.ones(len(shard)) for shard in SHARDS]
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=executor, sample_weight=weights)
    large = [
        each for each in executor.held if isinstance(each, np.ndarray | dict | list | Envelope)
    ]
    assert all(times_held(executor, each) == 1 for each in large)
    # Rows, which were checked before anybody knew what they count, are not sent again.
    assert sum(isinstance(each, np.ndarray) and each.ndim == 2 for each in executor.held) == 3
    # Weights to judge at the start, and after each of three rounds, which begin with them.
    assert sum(isinstance(each, dict) for each in executor.held) == 4
    np.testing.assert_array_equal(reconstructed(found), reconstructed(of_three))


def test_what_lay_with_a_lost_worker_is_sent_again(of_three):
    executor = Lends(lost=(1, 12, 20, 33))
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=executor)
    assert max(times_held(executor, each) for each in executor.held) > 1
    np.testing.assert_array_equal(reconstructed(found), reconstructed(of_three))


def test_momentum_is_nesterovs():
    # The closed form of two rounds whose differences are 1: 1 + m, then 1 + m (1 + m) more.
    zero, m = {"a": np.zeros(1)}, 0.5
    first, velocity = stepped(zero, {"a": np.ones(1)}, {}, m)
    second, _ = stepped(first, {"a": first["a"] + 1.0}, velocity, m)
    np.testing.assert_allclose([first["a"][0], second["a"][0]], [1.5, 1.5 + 1.75])


# The next round, beside the judgement of the one before


class Later:
    """Runs what is submitted once its result is asked for, and notes what was done when."""

    def __init__(self):
        self.log = []

    def submit(self, function, /, *args):
        self.log.append(f"{function.__name__} begun")
        return Asked(self.log, function, args)


class Asked:
    def __init__(self, log, function, args):
        self._log, self._function, self._args = log, function, args

    def result(self):
        self._log.append(f"{self._function.__name__} asked")
        return self._function(*self._args)

    def cancel(self):
        self._log.append(f"{self._function.__name__} cancelled")


def rounds_begun(**parameters):
    """How many rounds had begun, each time that a judgement of held-out rows was asked for."""
    executor, begun = Later(), []
    fit(Autoencoder(2, **{**PARAMETERS, **parameters}), [X[:120], X[120:]], executor=executor)
    n_rounds = 0
    for step, following in zip(executor.log, [*executor.log[1:], ""], strict=True):
        n_rounds += step == "train begun"
        if step == "judge asked" and following == "judge asked":
            begun.append(n_rounds / 2)
    assert "train cancelled" not in executor.log
    return begun[-3:]


def test_a_round_that_is_certain_begins_before_the_one_before_is_judged(of_three):
    assert rounds_begun() == [2, 3, 3]
    later = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Later())
    np.testing.assert_array_equal(reconstructed(later), reconstructed(of_three))


def test_a_round_that_patience_may_forgo_does_not():
    parameters = {"learning_rate": "constant", "n_iter_no_change": 1, "tol": 0.0}
    assert rounds_begun(**parameters) == [1, 2, 3]
