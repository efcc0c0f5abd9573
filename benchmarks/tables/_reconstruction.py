"""How much of held-out rows a few components tell, against factor analysis of mixed data."""

from statistics import geometric_mean

import numpy as np
import pandas as pd

from benchmarks._family import epochs, row, seeds, shown
from benchmarks.tables._data import TABLES, sizes, split, table
from benchmarks.tables._one_hot import FactorAnalysis
from skae import Autoencoder, TableAutoencoder, VariationalAutoencoder

UNEXPLAINED_BAR = 0.8


def explained(train, test, made, names):
    """Mean over columns of what is explained: R2 of numbers, of categories the gain on the mode.

    The gain is that of the accuracy, over the most that it could be.
    """
    return float(np.nanmean([_explained(train[n], test[n], made[n]) for n in names]))


def _explained(train, test, made):
    known = test.notna().to_numpy()
    test, made = test.to_numpy()[known], made.to_numpy()[known]
    if pd.api.types.is_numeric_dtype(train):
        test, made, guess = test.astype(float), made.astype(float), train.mean()
        error, of_guess = np.mean((test - made) ** 2), np.mean((test - guess) ** 2)
    else:
        error, of_guess = np.mean(test != made), np.mean(test != train.mode()[0])
    return 1 - error / of_guess if of_guess > 0 else np.nan


def reconstruction(options):
    """Bars: above factor analysis on every table; 0.8 of what it leaves, in the geometric mean."""
    unexplained = []
    for name in TABLES:
        frame = table(name, options)
        for k in sizes(frame):
            found = {"Autoencoder": [], "default": [], "FAMD": []}
            for seed in seeds(options):
                train, test = split(frame, seed)
                models = {
                    "Autoencoder": ours(Autoencoder(k, **epochs(options)), seed),
                    "default": ours(VariationalAutoencoder(k, **epochs(options)), seed),
                    "FAMD": FactorAnalysis(k),
                }
                for label, model in models.items():
                    made = model.fit(train).reconstruct(test)
                    # What is left out comes back as it is.
                    names = [n for n in frame if n not in models["Autoencoder"].left_out_]
                    found[label].append(explained(train, test, made, names))
            mean = {label: np.mean(values) for label, values in found.items()}
            unexplained.append((1 - mean["Autoencoder"]) / (1 - mean["FAMD"]))
            yield row(
                f"{name}, {k} components: explained share of held-out columns",
                shown(found["Autoencoder"], "{:.3f}"),
                f"FAMD {mean['FAMD']:.3f}, default {mean['default']:.3f}, "
                f"unexplained {unexplained[-1]:.3f} of FAMD's",
                "> FAMD",
                mean["Autoencoder"] > mean["FAMD"],
            )
    middle = geometric_mean(unexplained)
    what = "unexplained share over FAMD's, geometric mean"
    yield row(what, f"{middle:.3f}", "", f"<= {UNEXPLAINED_BAR}", middle <= UNEXPLAINED_BAR)


def ours(autoencoder, seed):
    return TableAutoencoder(autoencoder, random_state=seed)


MEASURES = [reconstruction]
