"""Fits over several shards, on an executor of this process."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.decomposition import PCA

import skae
from skae import Autoencoder
from skae.distributed import WorkerLostError, fit
from skae.distributed._averaging import mean_weights, stepped
from tests.distributed.shared import PARAMETERS, Here, X, reconstructed

SHARDS = np.array_split(X, 3)
WEIGHT = np.linspace(0.0, 2.0, len(X))


@pytest.fixture(scope="module")
def of_three():
    return fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here())


@pytest.mark.parametrize(
    "make",
    [
        lambda: skae.Autoencoder(2, **PARAMETERS, dropout=0.1),
        lambda: skae.VariationalAutoencoder(0.9, **PARAMETERS),
        lambda: skae.SparseAutoencoder(4, **PARAMETERS),
        lambda: skae.StackedAutoencoder(
            2, hidden_layer_sizes=(8,), pretrain_max_iter=1, **PARAMETERS
        ),
        lambda: skae.AdversarialAutoencoder(2, **PARAMETERS),
        lambda: skae.DenoisingAutoencoder(
            2, noise="salt_and_pepper", noise_level=0.1, **PARAMETERS
        ),
        lambda: skae.ContractiveAutoencoder(2, **PARAMETERS),
        lambda: skae.ConvolutionalAutoencoder(
            2, hidden_layer_sizes=(4,), sample_shape=(6, 1), **PARAMETERS
        ),
        lambda: skae.RecurrentAutoencoder(
            2, hidden_layer_sizes=(4,), sample_shape=(3, 2), **PARAMETERS
        ),
    ],
    ids=lambda make: type(make()).__name__,
)
def test_one_shard_gives_the_bits_of_fit(make):
    alone = make().fit(X, sample_weight=WEIGHT)
    shared = fit(make(), [X], executor=Here(), sample_weight=WEIGHT)
    np.testing.assert_array_equal(reconstructed(shared), reconstructed(alone))
    for name, column in alone.history_.items():
        np.testing.assert_array_equal(shared.history_[name], column)


def test_folds_of_a_small_table_choose_as_in_fit():
    parameters = {"max_iter": 40, "hidden_layer_sizes": 4, "random_state": 0}
    alone = Autoencoder(2, **parameters).fit(X)
    shared = fit(Autoencoder(2, **parameters), [X], executor=Here())
    assert shared.cross_fit_losses_ == alone.cross_fit_losses_


def test_start_is_pca_of_all_rows(of_three):
    residuals = X - PCA(2).fit(X).inverse_transform(PCA(2).fit_transform(X))
    start = Autoencoder(2, hidden_layer_sizes=(), max_iter=1, random_state=0)
    found = reconstructed(fit(start, SHARDS, executor=Here()))
    np.testing.assert_allclose(np.sum((X - found) ** 2), np.sum(residuals**2), rtol=1e-6)


def test_scaling_is_that_of_all_rows(of_three):
    alone = Autoencoder(2, **PARAMETERS).fit(X)
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
    found = fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=Here(), sample_weight=weight)
    expected = Autoencoder(2, **PARAMETERS).fit(X[80:])
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


def test_progress_is_printed(capsys):
    fit(Autoencoder(2, **PARAMETERS, verbose=1), SHARDS, executor=Here())
    assert "Epoch 3/3" in capsys.readouterr().out


def test_mean_counts_rows():
    found = mean_weights(
        [{"a": np.float32([0.0, 2.0])}, {"a": np.float32([4.0, 2.0])}], [0.75, 0.25]
    )
    np.testing.assert_array_equal(found["a"], np.float32([1.0, 2.0]))


def test_momentum_is_nesterovs():
    # The closed form of two rounds whose differences are 1: 1 + m, then 1 + m (1 + m) more.
    zero, m = {"a": np.zeros(1)}, 0.5
    first, velocity = stepped(zero, {"a": np.ones(1)}, {}, m)
    second, _ = stepped(first, {"a": first["a"] + 1.0}, velocity, m)
    np.testing.assert_allclose([first["a"][0], second["a"][0]], [1.5, 1.5 + 1.75])
