"""Training that nobody listens to, judged once at its end."""

import math

import numpy as np

from skae.training._annealing import AnnealedRate, Annealing, train_chunks
from skae.training._batches import joined, parts, shuffled
from skae.training._judge import Judge
from skae.training._long_calls import Pace, joins_chunks, train_long
from skae.training._program import Program
from skae.training._values import Data, Start


def held_out_loss(program: Program, data: Data, start: Start) -> float:
    """Loss of the rows held out with the weights of the start."""
    program.load(start.weights, seed=start.seed, scalars=start.scalars)
    judge = Judge(program, data, start)
    return judge.loss(judge.validation_terms())


def loss_after(
    program: Program,
    data: Data,
    start: Start,
    n_epochs: int,
    peak: float,
    rng: np.random.Generator,
) -> float:
    """Loss of the rows held out after some epochs; infinite where training diverged.

    Passes over few rows share calls of the program, so that this costs little more than its steps.

    Parameters
    ----------
    program : Program
        Borrowed for the duration.
    data : Data
    start : Start
    n_epochs : int
    peak : float
        The highest learning rate.
    rng : numpy.random.Generator
    """
    program.load(
        start.weights,
        seed=start.seed,
        learning_rate=start.learning_rate,
        scalars=start.scalars,
    )
    if start.departure is not None:
        program.set_weights(start.departure)
    judge = Judge(program, data, start)
    orders = (shuffled(data.training, data.rows.resident, rng) for _ in range(n_epochs))
    indices, counted = joined(orders, program.spec.batch_size)
    n_steps = len(indices) // program.spec.batch_size
    annealed = AnnealedRate(program, Annealing(peak, n_steps))
    if joins_chunks(judge):
        of_chunks = parts(data.rows, indices, program.spec, rng, counted)
        train_long(judge, of_chunks, annealed, 0, rng, Pace())
    else:
        train_chunks(program, judge.chunks(indices, rng, counted), annealed, 0, rng)
    loss = judge.loss(judge.validation_terms())
    return loss if math.isfinite(loss) else math.inf
