"""Small tables, and autoencoders that are quick to fit to them."""

import numpy as np
import pandas as pd
import pytest

from skae import Autoencoder, TableAutoencoder, VariationalAutoencoder

N = 60
# One step: it runs operation by operation, which takes less than to compile it.
QUICK = {"hidden_layer_sizes": 4, "max_iter": 1, "early_stopping": False, "batch_size": 128}
# One epoch is seldom better than the start.
KEEPS_START = pytest.mark.filterwarnings("ignore::skae.exceptions.StartKeptWarning")


def quick(n_components=2, **parameters):
    return TableAutoencoder(Autoencoder(n_components, **QUICK), random_state=0, **parameters)


def quick_variational(n_components=2, **parameters):
    inner = VariationalAutoencoder(n_components, **{**QUICK, **parameters})
    return TableAutoencoder(inner, random_state=0)


def latent(n=N):
    return np.random.default_rng(0).normal(size=n)


def mixed(n=N):
    """Numbers with holes, text with holes, truth values and categories, all of one cause."""
    z = latent(n)
    noise = np.random.default_rng(1).normal(size=(2, n))
    frame = pd.DataFrame(
        {
            "age": np.round(40 + 10 * z).astype(np.int64),
            "income": 2 * z + 0.3 * noise[0],
            "owns": z + noise[1] > 0,
            "city": np.select([z > 0.5, z < -0.5], ["rich", "poor"], "fair"),
        }
    )
    frame.loc[::10, "income"] = np.nan
    frame.loc[::12, "city"] = None
    return frame
