"""A decoder taught by a critic of rows, after a network is trained."""

from dataclasses import replace

import numpy as np

from skae import backend
from skae.fitting._recipe import Recipe
from skae.fitting._rows import Rows
from skae.fitting._settings import Settings
from skae.fitting._train import train_to_the_end
from skae.model import Model
from skae.networks import names
from skae.numerics import Array
from skae.objectives import against_critic_of_rows
from skae.training import Hooks, Outcome

_FILTERS = (32, 64)
# By Adam, whatever the optimizer: critic and decoder are to be equally fast.
_PEAK_RATE = 4e-4
# Nats a feature that a weight of 1 makes of a unit of the critic's loss.
_UNIT = 0.064


def taught_by_critic(
    model: Model,
    rows: Rows,
    codes: Array,
    settings: Settings,
    listeners: Hooks,
    rng: np.random.Generator,
    *,
    likelihood: str,
    n_epochs: int,
    weight: float,
) -> tuple[Model, Outcome]:
    """A model whose decoder makes rows of codes that a critic hardly tells from real ones.

    Parameters
    ----------
    model : Model
    rows : Rows
        All of them train; none is held out.
    codes : ndarray of shape (n_codes, n_components)
        Of which the critic sees what the decoder makes.
    settings : Settings
    listeners : Hooks
    rng : numpy.random.Generator
    likelihood : {"gaussian", "bernoulli"}
    n_epochs : int
    weight : float
        How much fooling the critic counts.

    Raises
    ------
    ValueError
        If the loss stops being a sensible number, or rows have values that are not known.
    """
    network = replace(model.network, critic_layer_sizes=_FILTERS, criticises_rows=True)
    fresh = backend.random_weights(network, rng)
    critic = {name: w for name, w in fresh.items() if name.startswith(names.CRITIC)}
    pupil = replace(model, network=network, weights={**model.weights, **critic})
    recipe = Recipe(
        against_critic_of_rows(likelihood),
        loss=model.loss,
        scalars={"codes": codes, "adversarial_weight": _UNIT * weight},
        origins={"adversarial_weight": ("adversarial_weight", weight)},
    )
    settings = replace(settings, optimizer="adam", max_iter=n_epochs, checkpoint=None)
    outcome = train_to_the_end(pupil, rows, recipe, settings, _PEAK_RATE, listeners, rng)
    own = {name: outcome.weights[name] for name in model.weights}
    return model.with_weights(own), outcome
