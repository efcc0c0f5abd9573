"""The reducer of an imputer that is given none, and how long each of its fits trains."""

import math
from copy import deepcopy
from typing import Any

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skae import DenoisingAutoencoder

# Chosen on five tables and on digits with a hole; docs/design.md says what else was tried.
_SHARE_SWAPPED = 0.2
# Epochs at most of a fit that holds rows out.
_EPOCHS = 200
# Steps of the first of several rounds and of each that goes on from there, on up to so many rows,
# and epochs at most. Steps grow like the square root of the rows, as those of an autoencoder do.
_FIRST_STEPS, _MORE_STEPS, _ROWS, _MOST_EPOCHS = 1000, 750, 2000, 50


def default_reducer(
    n_components: int = 1, n_rows: int = 1, *, is_alone: bool = True, before: Any = None
) -> Any:
    """Return the reducer that None means, for the next round.

    Parameters
    ----------
    n_components : int, default=1
    n_rows : int, default=1
        Number of rows that it will be fitted to.
    is_alone : bool, default=True
        Whether it has to do without other rounds: it then trains for long, and holds rows out to
        know when to stop. Otherwise it trains briefly on all rows, and rounds go on from each
        other.
    before : Pipeline or None, default=None
        The fitted one of the round before.

    Returns
    -------
    reducer : Pipeline
        Without a seed.
    """
    if is_alone:
        return _new(n_components, early_stopping=True, max_iter=_EPOCHS)
    if before is None:
        reducer = _new(n_components, early_stopping=False, learning_rate="cosine")
    else:
        # Networks at the ends of such rounds differ enough for a mean, at little training each:
        # Huang et al. (2017), Snapshot ensembles: train 1, get M for free, ICLR.
        reducer = deepcopy(before)
        reducer[-1].set_params(warm_start=True, random_state=None)
    autoencoder = reducer[-1]
    base = _FIRST_STEPS if before is None else _MORE_STEPS
    n_steps = base * math.sqrt(max(1.0, n_rows / _ROWS))
    n_batches = -(-n_rows // autoencoder.batch_size)
    autoencoder.set_params(max_iter=min(_MOST_EPOCHS, max(1, round(n_steps / n_batches))))
    return reducer


def _new(n_components: int, **training: Any) -> Any:
    # Clipping keeps values beyond those of the fit from being extrapolated.
    return make_pipeline(
        MinMaxScaler(clip=True),
        DenoisingAutoencoder(n_components, noise="swap", noise_level=_SHARE_SWAPPED, **training),
    )
