"""Applications that fit many networks alike join their epochs in calls, which changes no bit."""

import numpy as np
import pytest

from skae import (
    Autoencoder,
    DenoisingAutoencoder,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
)
from skae.backend._program import Program

rng = np.random.default_rng(0)
X = rng.normal(size=(70, 3)) @ rng.normal(size=(3, 6))
HOLES = np.where(rng.random(X.shape) < 0.1, np.nan, X)
PLAIN = {
    "hidden_layer_sizes": (5,),
    "batch_size": 8,
    "max_iter": 6,
    "early_stopping": False,
    "jit_compile": False,
    "random_state": 0,
}


def scores(n_jobs=None):
    reducer = Autoencoder(2, **PLAIN)
    detector = ReconstructionOutlierDetector(reducer, n_jobs=n_jobs, random_state=0)
    return detector.fit(X).score_samples(X)


def filled():
    reducer = DenoisingAutoencoder(2, **PLAIN)
    return ReconstructionImputer(reducer, max_iter=2, tol=0, random_state=0).fit_transform(HOLES)


@pytest.fixture
def calls(monkeypatch):
    """How many chunks each call of a program trains on; there is time for all of a fit."""
    monkeypatch.setattr("skae.training._long_calls._MOMENT", 1e6)
    sizes, train, train_long = [], Program.train, Program.train_long

    def told_train(program, *args):
        sizes.append(1)
        return train(program, *args)

    def told_train_long(program, chunks):
        sizes.append(len(chunks.n_steps))
        return train_long(program, chunks)

    monkeypatch.setattr(Program, "train", told_train)
    monkeypatch.setattr(Program, "train_long", told_train_long)
    return sizes


@pytest.mark.parametrize("result", [scores, lambda: scores(n_jobs=2), filled])
def test_epochs_share_calls_and_no_bit_changes(result, calls, monkeypatch):
    joined, n_calls = result(), len(calls)
    calls.clear()
    monkeypatch.setattr("skae.training._long_calls.calls_may_be_long", lambda: False)
    single = result()
    # The first call of a fit has few steps, to learn how long they take.
    assert n_calls < len(calls) / 2
    np.testing.assert_array_equal(joined, single)
