"""What every peer is given: the same rows, network, batches and number of epochs."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

N_COMPONENTS = 8
HIDDEN = (32,)  # 64-32-8-32-64 on the 64 pixels of a digit
# The default of every peer; gelu, which skae takes by default, not all of them have.
ACTIVATION = "relu"
BATCH_SIZE = 32
LEARNING_RATE = 1e-3

# A grid of 3 x 2 candidates on 3 folds, fitted once more to all rows: 19 fits.
LEARNING_RATES = (3e-4, 1e-3, 3e-3)
SIZES = ((16,), (48,))
N_FOLDS = 3

FULL_RANGE = 16  # of a pixel of load_digits


def digits():
    """Three quarters of the digits to learn from, a quarter to judge by; pixels in [0, 1]."""
    X = (load_digits().data / FULL_RANGE).astype(np.float32)
    return train_test_split(X, test_size=0.25, random_state=0)


def centred(train, *others):
    """Rows less the mean of the first ones, over one number, as networks are fed.

    skae does this by itself. Neither R2 nor a comparison of errors changes.
    """
    mean = train.mean(axis=0, dtype=np.float64)
    deviation = np.sqrt(np.mean((train - mean) ** 2))
    return [((rows - mean) / deviation).astype(np.float32) for rows in (train, *others)]


def explained_share(reconstructed, rows):
    """R2 over all values together, as the held-out rows vary about their own mean."""
    residual, total = rows - reconstructed, rows - rows.mean(axis=0)
    return float(1 - (residual**2).sum() / (total**2).sum())
