"""What a distributed fit refuses, and in which words."""

from concurrent.futures import Future
from dataclasses import replace
from threading import Lock

import keras
import numpy as np
import pytest

import skae
from skae import Autoencoder
from skae.distributed import fit
from skae.distributed._envelope import ROWS
from skae.distributed._work import check, judge, train
from tests.distributed.shared import PARAMETERS, Here, X

SHARDS = np.array_split(X, 3)


def refused(error, match, shards=SHARDS, estimator=None, **options):
    estimator = Autoencoder(2, **PARAMETERS) if estimator is None else estimator
    before = dict(vars(estimator)) if hasattr(estimator, "__dict__") else {}
    with pytest.raises(error, match=match):
        fit(estimator, shards, **{"executor": Here(), **options})
    if not isinstance(estimator, type):
        assert vars(estimator) == before


def test_rows_that_are_wrong_are_named_with_their_shard():
    holed = X[:80].copy()
    holed[3, 2] = np.nan
    refused(ValueError, r"In shard 1 \(ndarray\): Input X contains NaN", [X, holed])


def test_shards_of_other_columns():
    refused(ValueError, "Shard 1 has 5 features, but shard 0 has 6", [X, X[:, :5]])


def test_shards_without_rows():
    refused(ValueError, "All shards are empty", [X[:0], X[:0]])


@pytest.mark.parametrize(
    ("shards", "match"),
    [
        (X, "not cut into shards"),
        ([], "shards is empty"),
        ([X[0]], r"shards\[0\] is a ndarray of shape \(6,\)"),
        (["rows.csv"], "of no kind that is known by its name"),
    ],
)
def test_what_is_no_shard(shards, match):
    refused(ValueError, match, shards)


@pytest.mark.parametrize(
    "weight", [np.ones(3), [], [None, np.ones(80), None], [np.ones(80), np.ones(80), np.ones(79)]]
)
def test_weights_of_other_rows(weight):
    refused(ValueError, "sample_weight h", sample_weight=weight)


def test_estimators_that_look_at_all_rows():
    refused(TypeError, "a TableAutoencoder, but an autoencoder", estimator=skae.TableAutoencoder())
    refused(TypeError, "the class Autoencoder", estimator=Autoencoder)


def test_classes():
    estimator = skae.VariationalAutoencoder(2, conditional=True)
    refused(ValueError, "conditional=True learns", estimator=estimator)
    estimator = skae.VariationalAutoencoder(2, adversarial_max_iter=3, sample_shape=(2, 3, 1))
    refused(ValueError, "a game of one network and one critic", estimator=estimator)


def test_a_warm_up_that_would_not_end():
    estimator = skae.VariationalAutoencoder(2, kl_warmup=3, max_iter=2)
    refused(ValueError, "kl_warmup=3 epochs are more than max_iter=2", estimator=estimator)


def test_callbacks():
    estimator = Autoencoder(2, callbacks=[keras.callbacks.TerminateOnNaN()])
    refused(ValueError, "callbacks watch the steps", estimator=estimator)


def test_averages_over_steps():
    optimizer = keras.optimizers.Adam(use_ema=True)
    refused(ValueError, "use_ema=True judges", estimator=Autoencoder(2, optimizer=optimizer))


@pytest.mark.parametrize("momentum", [-0.1, 1.0, True, "0.5"])
def test_momentum_out_of_range(momentum):
    refused(ValueError, "outer_momentum=", outer_momentum=momentum)


@pytest.mark.parametrize("steps", [0, 1.5, True, "all"])
def test_steps_of_a_round_out_of_range(steps):
    refused(ValueError, "steps_per_round=", steps_per_round=steps)


def test_numbers_of_numpy_are_numbers():
    fitted = fit(
        Autoencoder(2, **PARAMETERS),
        SHARDS[:1],
        executor=Here(),
        outer_momentum=np.float32(0.3),
        steps_per_round=np.int64(2),
    )
    assert fitted.n_iter_ == 3


@pytest.mark.parametrize("content", [b"", b"no array"])
def test_files_that_hold_no_array(content, tmp_path):
    (tmp_path / "a.npy").write_bytes(content)
    refused(
        ValueError, r"In shard 0 \('.*a.npy'\): .* is no array as numpy.save", [tmp_path / "a.npy"]
    )


def test_columns_of_text():
    text = np.array([["a", "b"]] * 80, dtype=object)
    refused(ValueError, r"In shard 1 \(ndarray\): Column 0 of X is not numeric", [X[:, :2], text])


def test_futures_of_what_is_no_rows():
    future = Future()
    future.set_result(None)
    refused(TypeError, r"In shard 0 \(Future\): the shard holds a NoneType", [future])


def test_an_estimator_that_cannot_be_pickled():
    lock = Lock()

    def activation(x):
        with lock:
            return keras.ops.relu(x)

    estimator = Autoencoder(2, **PARAMETERS, activation=activation)
    refused(TypeError, "cannot be sent to workers", estimator=estimator)


def test_what_submits_without_a_future():
    class Hands(Here):
        def submit(self, function, /, *args):
            return function(*args)

    refused(TypeError, "Hands.submit gave a Summary, but a future", executor=Hands())


def test_what_is_no_executor():
    refused(TypeError, r"What executor made is no executor: .* NoneType", executor=lambda: None)
    refused(TypeError, r"executor is a int without submit", executor=2)


def test_checkpoint_without_a_seed(tmp_path):
    estimator = Autoencoder(2, early_stopping=True)
    refused(ValueError, "random_state", estimator=estimator, checkpoint=tmp_path / "a")


def test_parameters_out_of_range():
    refused(ValueError, "max_iter", estimator=Autoencoder(2, max_iter=-1))


@pytest.mark.parametrize(
    ("stage", "n_before"), [("reduce", 2), ("judge", 1), ("train", 0), ("train", 5)]
)
def test_an_interruption_leaves_the_estimator_as_it_was(stage, n_before):
    left = iter(range(n_before))

    class Interrupted(Here):
        def submit(self, function, /, *args):
            if stage in function.__name__ and next(left, None) is None:
                raise KeyboardInterrupt
            return super().submit(function, *args)

    refused(KeyboardInterrupt, None, executor=Interrupted())


def test_files_that_change_meanwhile_are_refused(tmp_path):
    paths = [tmp_path / f"{number}.npy" for number in range(2)]
    for path in paths:
        np.save(path, X)

    class Changing(Here):
        def submit(self, function, /, *args):
            if function is train:
                np.save(tmp_path / "other.npy", X[:40])
                (tmp_path / "other.npy").replace(paths[1])
                ROWS.forget(args[0].setup.name)  # as a worker that has not read it yet
            return super().submit(function, *args)

    refused(
        ValueError,
        "In shard 1 .*other rows than when the fit began: 40 of 6",
        paths,
        executor=Changing(),
    )


def test_workers_of_another_version_are_refused():
    class Elsewhere(Here):
        def submit(self, function, /, *args):
            future = super().submit(function, *args)
            if function is check:
                found = future.result()
                others = tuple(f"{each}.1" for each in found.versions[:1]) + found.versions[1:]
                future = Future()
                future.set_result(replace(found, versions=others))
            return future

    refused(
        ValueError,
        rf"shard 0 has skae {skae.__version__}.1, but this process skae {skae.__version__}\.",
        executor=Elsewhere(),
    )


@pytest.mark.parametrize("stage", [check, judge, train])
def test_executors_that_give_nothing(stage):
    class Empty(Here):
        def submit(self, function, /, *args):
            future = super().submit(function, *args)
            if function is stage:
                future = Future()
                future.set_result(None)
            return future

    refused(TypeError, "In shard 0 .*the future of the executor gave None", executor=Empty())


class NeverPickled:
    def __call__(self, target, output):
        return (target - output) ** 2

    def __reduce__(self):
        raise ValueError("as it says")


def test_what_cannot_be_sent_to_workers():
    estimator = Autoencoder(2, loss=NeverPickled(), **PARAMETERS)
    refused(TypeError, "cannot be sent to workers.*as it says", estimator=estimator)


def test_weights_that_are_wrong_are_named_with_their_shard():
    weight = [np.ones(80), np.ones(80), np.ones(80)]
    weight[1][7] = np.nan
    refused(ValueError, "sample_weight of shard 1 holds nan at 7", sample_weight=weight)


def test_files_that_cannot_be_read_are_named(tmp_path):
    path = tmp_path / "cut.parquet"
    path.write_bytes(b"PAR1")
    refused(ValueError, r"In shard 1 \('.*cut.parquet'\): '.*' cannot be read", [X, path])


def test_an_executor_that_breaks_without_a_mark_is_made_anew():
    made = []

    def make():
        made.append(Here(lost=(5,) if not made else ()))
        return made[-1]

    fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=make)
    assert len(made) == 2


def test_an_executor_may_end_in_its_own_way():
    class Mine(Here):
        def shutdown(self):
            self.is_ended = True

    made = []
    fit(Autoencoder(2, **PARAMETERS), SHARDS, executor=lambda: made.append(Mine()) or made[-1])
    assert made[0].is_ended


def test_an_executor_that_was_made_here_is_shut_down():
    made = []
    refused(ValueError, "All shards are empty", [X[:0]], executor=lambda: Closing(made))
    assert made == ["closed"]


class Closing(Here):
    def __init__(self, made):
        super().__init__()
        self.made = made

    def shutdown(self, **_):
        self.made.append("closed")
