"""Ctrl-C, as a real signal in a process of its own: who keeps the best weights, and who ends."""

import json
import subprocess
import sys
import textwrap

import pytest

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
train, begun, TRAINED = Program.train, threading.Event(), []


def told_train(program, *args):
    # While a program is built, what is raised may be lost among the objects that are freed.
    TRAINED.append(train(program, *args))
    if len(TRAINED) > 2:
        begun.set()
    return TRAINED[-1]


Program.train = told_train


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
        time.sleep(0.2 if i else 0.02)
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
    TRAINED.clear()
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
