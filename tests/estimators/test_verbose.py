"""What ``verbose`` prints: a line an epoch, every number once, and the time that is left."""

import io
import re

import keras
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from skae import (
    AdversarialAutoencoder,
    Autoencoder,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
)

IRIS = load_iris().data


def quick(n_components=2, **parameters):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 30, "random_state": 0}
    return Autoencoder(n_components, **(settings | parameters))


def test_verbose_says_each_number_once_and_the_time_left(capsys):
    fitted = quick(max_iter=3, verbose=1).fit(IRIS)
    first, second, last = capsys.readouterr().out.splitlines()
    history = fitted.history_
    head, loss, val_loss = first.split("  ")
    assert head == "Epoch 1/3"
    # From the third on, as epoch 0 may stand before.
    assert loss == f"loss {history['loss'][-3]:.4g}"
    assert val_loss == f"val_loss {history['val_loss'][-3]:.4g}"
    assert re.fullmatch(r"Epoch 2/3  loss \S+  val_loss \S+  at most \d+ s left", second)
    assert re.fullmatch(r"Epoch 3/3  loss \S+  val_loss \S+", last)


def test_verbose_counts_the_passes_of_partial_fit(capsys):
    fitted = quick(verbose=1).partial_fit(IRIS).partial_fit(IRIS)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["Pass 1", "Pass 2"]
    assert lines[1].split("  ")[1:] == [f"loss {fitted.loss_curve_[-1]:.4g}"]


def test_verbose_says_that_there_is_nothing_to_train(capsys):
    Autoencoder(2, hidden_layer_sizes=(), verbose=1).fit(IRIS)
    assert capsys.readouterr().out.startswith("No epochs: a linear network starts at its optimum")


def test_verbose_is_written_at_once(monkeypatch):
    shown = io.TextIOWrapper(io.BytesIO(), write_through=False)
    monkeypatch.setattr("sys.stdout", shown)
    sizes = []

    class Look(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            sizes.append(len(shown.buffer.getvalue()))

    quick(max_iter=3, verbose=1, callbacks=[Look()]).fit(IRIS)
    assert 0 == sizes[0] < sizes[1] < sizes[2]


@pytest.mark.slow
def test_verbose_in_a_search_prints_the_epochs_of_every_fit(capsys):
    GridSearchCV(quick(max_iter=2, verbose=1), {"learning_rate": [1e-4, 1e-3]}, cv=2).fit(IRIS)
    heads = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    assert heads == ["Epoch 1/2", "Epoch 2/2"] * 5


@pytest.mark.parametrize(
    "estimator",
    [
        VariationalAutoencoder,
        AdversarialAutoencoder,
        SparseAutoencoder,
        ContractiveAutoencoder,
        DenoisingAutoencoder,
    ],
)
def test_verbose_says_every_term_of_a_loss_once(estimator, capsys):
    settings = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0, "verbose": 1}
    settings |= {"batch_size": 64}  # few steps, which are not traced
    fitted = estimator(1, **settings).fit(IRIS)
    line = capsys.readouterr().out.splitlines()[1]
    numbers = dict(part.split(" ") for part in line.split("  ")[1:])
    terms = {name for name, column in fitted.history_.items() if name != "loss"}
    terms -= {"epoch", "val_loss"}
    is_single = terms == {"reconstruction", "val_reconstruction"}
    assert set(numbers) == {"loss", "val_loss", *(() if is_single else terms)}
    assert all(number == f"{fitted.history_[name][-1]:.4g}" for name, number in numbers.items())
