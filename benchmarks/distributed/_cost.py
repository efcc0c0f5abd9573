"""What a round costs: a formula, and a simulation with stragglers that checks it."""

import heapq
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Costs:
    """What a fit of some size costs where.

    Attributes
    ----------
    step : float
        Seconds a step of a worker takes.
    n_steps : int
        Steps of an epoch over all rows.
    n_bytes : int
        Of the weights, float32.
    bandwidth : float
        Bytes a second that the driver sends, receives and averages, one after the other.
    latency : float
        Seconds of a call, without what it computes and carries.
    start : float
        Seconds before the first round, which one worker takes to read, check and sum all rows.
    """

    step: float
    n_steps: int
    n_bytes: int
    bandwidth: float
    latency: float
    start: float = 0.0

    @property
    def bytes_a_shard(self) -> int:
        """Of a round: weights there and back, and Adam's two moments in half as many bits each."""
        return 4 * self.n_bytes


def predicted(costs, n_workers, n_shards, n_rounds):
    """Seconds of a fit by the formula: workers compute side by side, the driver's link does not."""
    in_turn = -(-n_shards // n_workers)
    computed = in_turn * costs.n_steps / n_shards * costs.step
    carried = n_shards * costs.bytes_a_shard / costs.bandwidth
    called = 2 * in_turn * costs.latency
    return costs.start / min(n_workers, n_shards) + n_rounds * (computed + carried + called)


def simulated(costs, n_workers, n_shards, n_rounds, *, spread=0.1, seed=0):
    """Seconds of a fit by events: shards wait for the link and for a worker; some are slow.

    ``spread`` is the deviation of the logarithm of a round's time in a worker.
    """
    rng, now = np.random.default_rng(seed), costs.start / min(n_workers, n_shards)
    of_call = costs.bytes_a_shard / costs.bandwidth
    for _ in range(n_rounds):
        # Weights are judged, and trained from; moments come there, and all goes back.
        for share, work in ((1 / 4, 0.0), (3 / 4, costs.n_steps / n_shards * costs.step)):
            free, sent, ended = [now] * n_workers, now, now
            for _ in range(n_shards):
                sent += share * of_call
                begun = max(sent, heapq.heappop(free)) + costs.latency
                done = begun + work * float(np.exp(spread * rng.standard_normal()))
                heapq.heappush(free, done)
                ended = max(ended, done)
            now = ended
    return now
