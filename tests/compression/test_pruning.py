"""How pruning trains, and on which rows."""

import copy
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import skae
from skae.backend import _gateway as gateway
from skae.compression import _pruning as pruning
from skae.training import GradientMoments

from .shared import X, kernels, prunings, quick, shrink, weights_of


def test_weights_go_gradually_many_of_them_early(fitted, phases):
    with prunings(8):
        shrink(fitted, sparsity=0.8)
    n_kept = [sum(np.sum(k == 1) for k in phase.origin.mask.values()) for phase in phases]
    n_all = sum(array.size for array in weights_of(fitted).values())
    n_prunable = sum(kernel.size for kernel in kernels(fitted).values())
    taken = -np.diff(n_kept)
    assert n_kept[0] == n_all
    assert n_all - n_kept[-1] == int(np.ceil(0.8 * n_prunable))
    assert np.all(taken >= 0)
    assert len(taken[taken > 0]) >= 7
    assert taken[:2].sum() > 5 * taken[taken > 0][-2:].sum()


def test_some_that_went_come_back_in_the_place_of_others_fewer_each_time(fitted, phases):
    with prunings(4):
        shrink(fitted, sparsity=0.6)
    masks = [np.concatenate([k.ravel() for k in phase.origin.mask.values()]) for phase in phases]
    n_back = [np.sum((after == 1) & (before == 0)) for before, after in pairwise(masks)]
    n_gone = [np.sum((after == 0) & (before == 1)) for before, after in pairwise(masks)]
    n_kernels = sum(kernel.size for kernel in kernels(fitted).values())
    n_left = n_kernels - int(np.ceil(0.6 * n_kernels))
    fading = 0.3 * 0.5 * (1 + np.cos(np.pi * np.arange(4) / 4))
    # Those that come back first may be among the last that went.
    assert 0 < n_back[3] <= 0.3 * n_left
    np.testing.assert_array_equal(n_back[4:7], [int(share * n_left) for share in fading[1:]])
    np.testing.assert_array_equal(n_gone[4:7], n_back[4:7])
    assert n_back[:3] == [0] * 3
    assert not any(n_back[7:])
    assert not any(n_gone[7:])


def test_those_that_matter_least_go_and_those_of_steepest_slopes_come_back():
    weights = {"kernel": np.array([[0.0, 3.0, 1.0], [2.0, 0.0, 0.0]])}
    mask = {"kernel": np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])}
    means = {"kernel": np.array([[0.2, 9.0, 9.0], [9.0, -0.3, 0.1]])}
    # A flat direction matters less than a small weight.
    mean_squares = {"kernel": np.array([[1.0, 1.0, 1.0], [0.01, 1.0, 1.0]])}
    moments = GradientMoments(means, mean_squares)
    one, two, all_there_are = (
        pruning._with_returned(mask, weights, moments, share)["kernel"].tolist()
        for share in (0.34, 0.67, 1.0)
    )
    assert one == [[0, 1, 1], [0, 1, 0]]
    assert two == [[1, 1, 0], [0, 1, 0]]
    assert all_there_are == [[1, 0, 0], [0, 1, 1]]


def test_a_weight_that_is_not_trained_does_not_come_back():
    weights = {"own/kernel": np.zeros((1, 2)), "kernel": np.array([[1.0, 0.0]])}
    mask = {"own/kernel": np.zeros((1, 2)), "kernel": np.array([[1.0, 0.0]])}
    slopes = {"kernel": np.ones((1, 2))}
    returned = pruning._with_returned(mask, weights, GradientMoments(slopes, slopes), 1.0)
    assert returned["kernel"].tolist() == [[0, 1]]
    assert not returned["own/kernel"].any()


def test_the_optimizer_goes_on_while_the_rate_falls(fitted, phases):
    shrink(fitted, max_iter=7)
    states = [phase.origin.optimizer_state for phase in phases]
    n_before = pruning._N_PRUNINGS + pruning._N_RETURNS
    assert states[:n_before] == [None] * n_before
    assert len(states) > n_before
    assert None not in states[n_before:]


@pytest.mark.parametrize("max_iter", [1, 2, 7])
def test_max_iter_limits_the_epochs_after_the_last_removal_and_before(fitted, phases, max_iter):
    shrink(fitted, max_iter=max_iter)
    epochs = [phase.settings.max_iter for phase in phases]
    assert epochs[0] == max(epochs) == max_iter
    assert sum(epochs[pruning._N_PRUNINGS + pruning._N_RETURNS :]) == max_iter


@pytest.mark.parametrize(
    ("parameters", "rate"),
    [
        ({}, 2e-3),
        ({"learning_rate": 1e-4}, 1e-4),
        ({"optimizer": "Adam", "learning_rate": 1e-4}, 1e-4),
        ({"optimizer": "sgd", "learning_rate": 0.5}, 2e-3),
    ],
    ids=str,
)
def test_the_optimizer_is_adam_and_a_rate_for_another_is_not_its(fitted, phases, parameters, rate):
    shrink(copy.deepcopy(fitted).set_params(**parameters), max_iter=3)
    assert {phase.settings.optimizer for phase in phases} == {"adam"}
    rates = [phase.settings.learning_rate for phase in phases]
    assert max(rates) == rates[0] == rate
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.2 * rate


def test_few_weights_train_without_early_stopping_and_more_with_it(fitted, phases):
    for sparsity, is_stopped in ((0.9, False), (0.2, True)):
        phases.clear()
        shrink(copy.deepcopy(fitted).set_params(early_stopping=True), sparsity=sparsity)
        assert phases[-1].settings.early_stopping is is_stopped
        assert phases[0].settings.early_stopping


def test_a_schedule_is_no_rate(fitted, phases):
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    shrink(copy.deepcopy(fitted).set_params(learning_rate=schedule))
    assert phases[0].settings.learning_rate == 2e-3


def test_the_divergence_does_not_warm_up_again(phases):
    options = {"kl_warmup": 2, "max_iter": 2, "jit_compile": "auto"}
    fitted = quick(skae.VariationalAutoencoder, **options).fit(X[:30])
    small = shrink(fitted, X=X[:30])
    assert {phase.recipe.schedule for phase in phases} == {None}
    assert small.kl_warmup == 2


class Listener:
    """A callback that must not hear of this."""

    def __getattr__(self, name):
        raise AssertionError(name)


def test_callbacks_of_the_fit_hear_nothing(fitted):
    listening = copy.copy(fitted)
    listening.callbacks = [Listener]
    shrink(listening)


def test_equal_seeds_give_equal_bits(fitted):
    codes = [shrink(fitted, random_state=seed).transform(X) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(codes[0], codes[1])
    assert np.any(codes[0] != codes[2])


def test_a_random_state_of_its_own_is_drawn_from(fitted):
    generator = np.random.RandomState(3)
    code = shrink(fitted, random_state=generator).transform(X)
    np.testing.assert_array_equal(code, shrink(fitted, random_state=3).transform(X))
    assert np.any(shrink(fitted, random_state=generator).transform(X) != code)


def test_another_sparsity_compiles_nothing(fitted, monkeypatch):
    pool = type(gateway.POOL)(gateway.POOL._build)
    monkeypatch.setattr(gateway, "POOL", pool)

    def count():
        idle = [program for programs in pool._idle.values() for program in programs]
        return pool.n_built, sum(program.n_traces for program in idle)

    shrink(fitted, sparsity=0.9)
    before = count()
    shrink(fitted, sparsity=0.4, bits=4, random_state=1)
    assert count() == before


# Rows


def test_one_row_trains_and_gives_no_error(fitted):
    report = shrink(fitted, X=X[:1]).compression_report_
    assert report.sparsity_after >= 0.9
    assert report.error_after is None


def test_sparse_rows_are_like_dense_ones(fitted):
    dense, sparse = shrink(fitted), shrink(fitted, X=csr_matrix(X))
    np.testing.assert_allclose(sparse.transform(X), dense.transform(X), atol=1e-3)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_rows_in_a_frame(output):
    library = pytest.importorskip(output)
    frame = library.DataFrame({f"pixel{i}": column for i, column in enumerate(X.T)})
    in_frame = make_pipeline(MinMaxScaler(), quick(max_iter=2)).set_output(transform=output)
    small = shrink(in_frame.fit(frame), X=frame)
    assert list(small.transform(frame).columns) == list(in_frame.transform(frame).columns)
    assert list(small[-1].feature_names_in_) == list(frame.columns)


def test_rows_of_single_precision(fitted):
    small = shrink(fitted, X=X.astype(np.float32))
    assert small.transform(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(small.transform(X), shrink(fitted).transform(X), atol=1e-2)


def test_rows_of_a_memory_map_stay_on_its_disk(fitted, phases, tmp_path):
    np.save(tmp_path / "X.npy", X)
    rows = np.load(tmp_path / "X.npy", mmap_mode="r")
    report = shrink(fitted, X=rows).compression_report_
    assert all(np.shares_memory(phase.rows, rows) for phase in phases)
    assert report.error_before == pytest.approx(shrink(fitted).compression_report_.error_before)


@pytest.mark.slow
def test_rows_in_their_own_shape():
    parameters = {"sample_shape": (8, 8, 1), "hidden_layer_sizes": (4,), "max_iter": 1}
    fitted = quick(skae.ConvolutionalAutoencoder, **parameters, jit_compile="auto").fit(X[:30])
    flat = shrink(fitted, X=X[:30], max_iter=1)
    images = shrink(fitted, X=X[:30].reshape(-1, 8, 8, 1), max_iter=1)
    np.testing.assert_array_equal(images.transform(X), flat.transform(X))


@pytest.mark.slow
def test_sequences_of_several_lengths():
    rows = X[:30].copy()
    rows[::2, 32:] = np.nan
    parameters = {"sample_shape": (2, 32), "mask_value": np.nan, "max_iter": 1}
    parameters |= {"hidden_layer_sizes": (4,), "jit_compile": "auto"}
    fitted = quick(skae.RecurrentAutoencoder, **parameters).fit(rows)
    report = shrink(fitted, X=rows, max_iter=1).compression_report_
    assert np.isfinite([report.error_before, report.error_after]).all()
