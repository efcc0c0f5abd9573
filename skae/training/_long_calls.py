"""Calls of a program that run many epochs, where nobody asks what happens between them.

A call of a small network costs about as much as the steps of an epoch. Where calls may be long,
as in a search, several epochs share one; bits are those of a call for each chunk.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from time import perf_counter

import numpy as np

from skae.numerics import Array, Integers
from skae.threads import calls_may_be_long, check_stop
from skae.training._annealing import AnnealedRate, train_chunks
from skae.training._batches import Part, long_chunk, parts, shuffled
from skae.training._judge import Judge
from skae.training._spec import LONG_CALL_CHUNKS, ProgramSpec

# Seconds that a call may take: nobody can stop it.
_MOMENT = 0.25


def joins_chunks(judge: Judge) -> bool:
    """Whether chunks share calls in this fit: not where somebody would see each of them."""
    program, start = judge.program, judge.start
    if not calls_may_be_long() or start.schedule is not None:
        return False
    return program.spec.tier != "eager" and not program.spec.optimizer.averages


class Pace:
    """How many steps a call may have, so that it takes a moment; the first has few.

    Bits do not depend on it: only where one call ends and the next begins.
    """

    def __init__(self) -> None:
        self.n_steps = 1

    def tell(self, n_steps: int, seconds: float) -> None:
        """Note how long a call took, which may have compiled before."""
        self.n_steps = max(1, int(n_steps * _MOMENT / max(seconds, 1e-6)))


class Epochs:
    """Training of one epoch after the other, some of which are computed in advance.

    Parameters
    ----------
    judge : Judge
    annealed : AnnealedRate or None
    rng : numpy.random.Generator
    is_heard : bool
        Whether somebody listens to each epoch.
    """

    def __init__(
        self,
        judge: Judge,
        annealed: AnnealedRate | None,
        rng: np.random.Generator,
        *,
        is_heard: bool,
    ) -> None:
        self._judge, self._annealed, self._rng = judge, annealed, rng
        spec, n_rows = judge.program.spec, len(judge.data.training)
        self._n_steps = -(-n_rows // spec.batch_size)
        self._n_chunks = -(-self._n_steps // spec.n_steps)
        self._most = min(spec.n_long_steps // self._n_steps, LONG_CALL_CHUNKS // self._n_chunks)
        is_unheard = not (is_heard or judge.validates)
        self._joins = is_unheard and self._most > 1 and joins_chunks(judge)
        self._pace = Pace()
        self._computed: deque[tuple[list[Array], Integers]] = deque()

    def train(self, epoch: int, n_certain: float) -> tuple[list[Array], Integers]:
        """Train for one epoch: sums of each chunk of it, and its rows in their order.

        Parameters
        ----------
        epoch : int
        n_certain : float
            Epochs that will certainly follow each other from here on, this one included.
        """
        if not self._joins:
            return self._train_one(epoch)
        if not self._computed:
            n_epochs = min(self._most, n_certain, max(1, self._pace.n_steps // self._n_steps))
            self._computed.extend(self._train(epoch, int(n_epochs)))
        return self._computed.popleft()

    def _train_one(self, epoch: int) -> tuple[list[Array], Integers]:
        judge, rng = self._judge, self._rng
        order = shuffled(judge.data.training, judge.data.rows.resident, rng)
        chunks, first_step = judge.chunks(order, rng), (epoch - 1) * self._n_steps
        return train_chunks(judge.program, chunks, self._annealed, first_step, rng), order

    def _train(self, epoch: int, n_epochs: int) -> Iterator[tuple[list[Array], Integers]]:
        data, spec, rng = self._judge.data, self._judge.program.spec, self._rng
        orders = []

        def of_chunks() -> Iterator[Part]:
            for _ in range(n_epochs):
                orders.append(shuffled(data.training, data.rows.resident, rng))
                yield from parts(data.rows, orders[-1], spec, rng)

        first_step = (epoch - 1) * self._n_steps
        annealed = self._annealed
        sums = train_long(self._judge, of_chunks(), annealed, first_step, rng, self._pace)
        for place, order in enumerate(orders):
            yield sums[place * self._n_chunks : (place + 1) * self._n_chunks], order


def train_long(
    judge: Judge,
    of_chunks: Iterable[Part],
    annealed: AnnealedRate | None,
    first_step: int,
    rng: np.random.Generator,
    pace: Pace,
) -> list[Array]:
    """Train on chunks in turn, many in a call; the sums of terms of each."""
    data, program, step = judge.data, judge.program, first_step
    sums: list[Array] = []
    for together in _calls(judge, of_chunks, rng, pace):
        check_stop()
        chunks, seeds = zip(*together, strict=True)
        n_steps = [_n_steps(chunk, program.spec) for chunk in chunks]
        if annealed is None:
            rates = [program.learning_rate()] * len(chunks)
        else:
            rates = annealed.rates(step, n_steps)
        about = (data.sample_weight, program.spec, data.targets, data.labels)
        begun = perf_counter()
        sums.extend(program.train_long(long_chunk(data.rows, chunks, seeds, rates, *about)))
        pace.tell(sum(n_steps), perf_counter() - begun)
        step += sum(n_steps)
    return sums


def _calls(
    judge: Judge, of_chunks: Iterable[Part], rng: np.random.Generator, pace: Pace
) -> Iterator[list[tuple[Part, int]]]:
    """Chunks and their seeds, as many at a time as a call takes."""
    spec = judge.program.spec
    together: list[tuple[Part, int]] = []
    n_left = spec.n_long_steps
    for chunk in of_chunks:
        n_steps = _n_steps(chunk, spec)
        n_taken = spec.n_long_steps - n_left + n_steps
        is_full = n_steps > n_left or n_taken > pace.n_steps or len(together) == LONG_CALL_CHUNKS
        if together and is_full:
            yield together
            together, n_left = [], spec.n_long_steps
        # As a call of its own would draw it, right after the order of its rows.
        together.append((chunk, int(rng.integers(2**31))))
        n_left -= n_steps
    if together:
        yield together


def _n_steps(chunk: Part, spec: ProgramSpec) -> int:
    return -(-len(chunk.indices) // spec.batch_size)
