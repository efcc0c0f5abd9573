"""Ctrl-C, as a real signal in a process of its own: who keeps the best weights, and who ends."""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import skae
from skae.backend._program import Program
from skae.exceptions import TrainingInterruptedWarning
from skae.fitting import granting
from skae.fitting._interruption import forget_interruption
from skae.threads import check_stop, hearing_interruptions

SCRIPT = """
import json, os, signal, sys, threading, time, warnings

import numpy as np
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.backend._program import Program
from skae.fitting._interruption import forget_interruption

X = np.random.default_rng(0).normal(size=(200, 8))
HOLES = np.where(np.arange(8) == np.arange(200)[:, None] % 50, np.nan, X)
LABELS = (X[:, 0] > 0).astype(int)
begun = threading.Event()


def telling(train):
    def told(*args):
        # While TensorFlow traces, what is raised may be lost.
        begun.set()
        return train(*args)

    return told


Program.train, Program.train_long = telling(Program.train), telling(Program.train_long)


def endless():
    return skae.Autoencoder(
        2, max_iter=10**6, n_iter_no_change=10**6, learning_rate=1e-3, jit_compile=False,
        early_stopping=False, random_state=0,
    )


class Around(skae.Autoencoder):
    # A user's reducer, whose own code fits another.
    def fit(self, X, y=None):
        self.inner_ = endless().fit(X)
        return super().fit(X)


def press(n_times):
    begun.wait(60)
    for i in range(n_times):
        time.sleep(0.2 if i else 0.05)
        PRESSED.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)


def in_a_loop():
    for _ in range(3):
        endless().fit(X)


CASES = {
    "fit": (1, lambda: endless().fit(X)),
    "fit_transform": (1, lambda: endless().fit_transform(X)),
    "classifier": (1, lambda: skae.AutoencoderClassifier(endless()).fit(X, LABELS)),
    "table": (1, lambda: skae.TableAutoencoder(endless()).fit(X)),
    "loop": (2, in_a_loop),
    "search": (1, lambda: GridSearchCV(endless(), {"n_components": [1, 2]}, cv=2).fit(X)),
    "scores": (1, lambda: cross_val_score(endless(), X)),
    "pipeline": (1, lambda: make_pipeline(StandardScaler(), endless()).fit(X)),
    "detector": (1, lambda: skae.ReconstructionOutlierDetector(endless()).fit(X)),
    "imputer": (1, lambda: skae.ReconstructionImputer(endless()).fit(HOLES)),
    "sampler": (1, lambda: skae.LatentSampler(endless()).fit(X)),
    "codec": (1, lambda: skae.LatentCodec(endless()).fit(X)),
    "around": (1, lambda: skae.LatentCodec(Around(2)).fit(X)),
    "compare": (1, lambda: skae.compare({"a": endless()}, X, n_components=[1, 2])),
}
for name in sys.argv[1:]:
    n_times, call = CASES[name]
    PRESSED = []
    begun.clear()
    presser = threading.Thread(target=press, args=(n_times,))
    presser.start()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = call()
            end = "returned"
        except KeyboardInterrupt:
            end = "raised"
    seconds = time.monotonic() - PRESSED[-1]
    presser.join()
    told = sorted({each.category.__name__ for each in caught if "kept" in str(each.message)})
    print(json.dumps([name, end, told, seconds]), flush=True)
    forget_interruption()  # or the next fit, so soon, would be of the same loop
"""
CALLED = ["fit", "fit_transform", "classifier", "table"]
ENDED = ["search", "scores", "pipeline", "detector", "imputer", "sampler"]
ENDED += ["codec", "around", "compare"]


@pytest.fixture(scope="module")
def pressed():
    """How each call ended, what was warned of, and after how long; in one process for all."""
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), *CALLED, "loop", *ENDED]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = (json.loads(line) for line in result.stdout.splitlines() if line.startswith("["))
    return {name: (end, told, seconds) for name, end, told, seconds in lines}


KEPT = ["TrainingInterruptedWarning"]


@pytest.mark.parametrize("name", CALLED)
def test_what_a_user_calls_keeps_the_best_weights(name, pressed):
    assert pressed[name][:2] == ("returned", KEPT)


def test_a_second_press_ends_a_loop(pressed):
    assert pressed["loop"][:2] == ("raised", KEPT)


@pytest.mark.parametrize("name", ENDED)
def test_an_interruption_inside_of_anything_else_ends_it(name, pressed):
    end, told, seconds = pressed[name]
    assert (end, told) == ("raised", [])
    assert seconds < 2


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
@pytest.mark.parametrize("is_cross_fitted", [False, True])
def test_an_interruption_that_is_lost_is_noticed(monkeypatch, is_cross_fitted):
    train, calls = Program.train, []

    def deaf_train(program, *args):
        calls.append(program)
        if len(calls) == 3:
            # As in a finalizer, or in a function that C calls.
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(1)
        assert len(calls) < 100
        return train(program, *args)

    monkeypatch.setattr(Program, "train", deaf_train)
    forget_interruption()
    estimator = skae.Autoencoder(
        2,
        learning_rate="cosine" if is_cross_fitted else 1e-3,
        early_stopping="auto" if is_cross_fitted else False,
        max_iter=200,
        jit_compile=False,
        random_state=0,
    )
    X = np.random.default_rng(0).normal(size=(300, 8))
    with granting(True), pytest.warns(TrainingInterruptedWarning):
        estimator.fit(X)
    forget_interruption()


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
def test_one_that_is_lost_at_the_end_is_raised_there():
    with pytest.raises(KeyboardInterrupt):
        lose_an_interruption()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    check_stop()


@hearing_interruptions()
def lose_an_interruption():
    with contextlib.suppress(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)


def test_a_handler_of_the_users_own_is_left_alone():
    own = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        handler = signal.getsignal(signal.SIGINT)
        with hearing_interruptions():
            assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, own)


# After training


ROWS = np.random.default_rng(0).normal(size=(120, 6))
KINDS = ROWS[:, 0] > 0


def short(**parameters):
    quick = {"hidden_layer_sizes": (4,), "max_iter": 1, "batch_size": 256, "random_state": 0}
    return skae.VariationalAutoencoder(2, **(quick | parameters))


# What is pressed in: the module and the function, and the estimator that calls it.
LATE = {
    "last loss": ("skae.training._loop", "_end", {}),
    "prior": ("skae.estimators._variational", "with_refined_prior", {"prior": "mixture"}),
    "codes": ("skae.estimators._sampling", "fit_code_mixture", {}),
    "classes": ("skae.estimators._class_learning", "fit_code_mixture", {"conditional": True}),
    "units": ("skae.estimators._variational", "unit_statistics", {}),
}


@pytest.fixture
def pressing(monkeypatch):
    """Press Ctrl-C as a function of a module begins, in its first call."""

    def let(module, name, n_times=1):
        called, left = getattr(importlib.import_module(module), name), [n_times]

        def pressed(*arguments, **named):
            for _ in range(left.pop() if left else 0):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)
            return called(*arguments, **named)

        monkeypatch.setattr(f"{module}.{name}", pressed)

    forget_interruption()
    yield let
    forget_interruption()


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
@pytest.mark.parametrize("place", LATE)
def test_a_press_after_training_loses_nothing(place, pressing):
    module, name, parameters = LATE[place]
    expected = short(**parameters).fit(ROWS, KINDS).sample(5, random_state=0)
    pressing(module, name)
    with granting(True), pytest.warns(TrainingInterruptedWarning, match="are kept"):
        found = short(**parameters).fit(ROWS, KINDS)
    np.testing.assert_array_equal(found.sample(5, random_state=0), expected)
    assert found._was_interrupted
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    check_stop()


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
@pytest.mark.parametrize(("n_times", "keeps"), [(2, True), (1, False)])
@pytest.mark.parametrize("place", LATE)
def test_a_second_press_there_and_one_inside_of_another_raise(n_times, keeps, place, pressing):
    module, name, parameters = LATE[place]
    estimator = short(**parameters)
    pressing(module, name, n_times)
    with granting(keeps), pytest.raises(KeyboardInterrupt):
        estimator.fit(ROWS, KINDS)
    assert not hasattr(estimator, "history_")
    check_stop()


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
def test_a_press_after_training_loses_no_table(pressing):
    table = skae.TableAutoencoder(short())
    expected = table.fit(ROWS).sample(5, random_state=0)
    pressing("skae.tabular._autoencoder", "_mixture_of")
    with granting(True), pytest.warns(TrainingInterruptedWarning, match="are kept"):
        table.fit(ROWS)
    np.testing.assert_array_equal(table.sample(5, random_state=0), expected)
    check_stop()
