"""Fits over processes of dask against one fit. Run: python -m benchmarks.distributed

Prints bits, quality, what a kill changes, times on one, two and more processes in turn, and what
the model of the cost says of these and of others. Pin it to two quiet cores: taskset -c 0,1.
"""

import os
import signal
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from statistics import median
from time import perf_counter

for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(name, "1")
# As the page about them says: where cores are few, dask looks at its processes, and at what they
# run, once a second, and not 50 and 100 times. It reads this when it is imported.
os.environ.setdefault("DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL", "1s")
os.environ.setdefault("DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED", "False")

import numpy as np  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402

from benchmarks._harness import option_parser  # noqa: E402
from benchmarks.distributed._cost import Costs, predicted, simulated  # noqa: E402
from skae import Autoencoder, VariationalConvolutionalAutoencoder  # noqa: E402
from skae.distributed import fit  # noqa: E402
from skae.distributed._averaging import (  # noqa: E402
    lengthened,
    mean_memory,
    mean_weights,
    shortened,
)
from skae.exceptions import StartKeptWarning  # noqa: E402
from skae.metrics import reconstruction_r2_score  # noqa: E402

N_NEW = 2000


def main(argv=None):
    """Print all rows; 1 where a bar is missed."""
    options = options_of(argv)
    # One epoch is meant to be too few.
    warnings.filterwarnings("ignore", category=StartKeptWarning)
    X, new = rows(options.rows + N_NEW)
    shards = np.array_split(X, options.shards)
    ok = [convolutional_bits()]
    times, found, alone, most = timed(options, X, shards)
    r2, bits = score_of(alone, new), found[options.workers[0]].transform(new)
    single = median(times[0])
    say(f"fit, one process: {shown(times[0])}, R2 of new rows {r2:.4f}")
    for n_workers in options.workers:
        score = score_of(found[n_workers], new)
        ones = times[options.workers[0]]
        gains = [one / n for one, n in zip(ones, times[n_workers], strict=False)]
        say(
            f"{n_workers} processes, {options.shards} shards: {shown(times[n_workers])}, "
            f"{median(gains):.2f} x one, {single / median(times[n_workers]):.2f} x fit"
        )
        ok += [say(f"R2 {score:.4f}, within .01 of fit", abs(score - r2) <= 0.01)]
        if n_workers == 2:
            if most:
                say(f"two fits that share nothing, of half the rows: {shown(most, 'x')} one")
            ok += [say("two processes are 1.7 x as fast as one", median(gains) >= 1.7)]
    same = all(np.array_equal(each.transform(new), bits) for each in found.values())
    ok += [say(f"{', '.join(map(str, options.workers))} processes: same bits", same)]
    for n_workers in options.workers:
        with cluster(n_workers) as client:
            if n_workers in (1, options.workers[-1]):
                ok += [one_shard_bits(options, X, new, client, n_workers)]
            if n_workers == options.workers[0]:
                link = measured_link(client)
            if n_workers == 2:
                ok += [kill_bits(options, shards, client, bits, new, times[2])]
    ok += [model_of_cost(options, X, alone, single, link, times)]
    return 0 if all(ok) or options.quick else 1


def options_of(argv):
    """The options, and what follows from them."""
    parser = option_parser(__doc__)
    parser.add_argument("--workers", default="1,2,4", help="processes, from the fewest on")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--times", type=int, default=5, help="fits of each kind, in turn")
    options = parser.parse_args(argv)
    options.workers = [int(each) for each in options.workers.split(",")]
    options.epochs = 3 if options.quick else 12
    if options.quick:
        options.rows, options.times = 4000, 1
    return options


def rows(n_rows):
    """Rows of 256 features that 16 numbers decide, and some noise; new ones apart."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(n_rows, 16))
    X = np.tanh(latent @ rng.normal(size=(16, 256)) / 4) + 0.1 * rng.normal(size=(n_rows, 256))
    return X[:-N_NEW].astype(np.float32), X[-N_NEW:].astype(np.float32)


def unfitted(options, max_iter=None):
    """An autoencoder that takes all its epochs."""
    return Autoencoder(
        16,
        hidden_layer_sizes=(512, 128),
        early_stopping=True,
        max_iter=max_iter or options.epochs,
        n_iter_no_change=options.epochs,
        random_state=0,
    )


def convolutional_bits():
    """Whether one shard gives the bits of fit where a network is convolutional and variational."""
    X = load_digits().data[:500]
    kind = {"hidden_layer_sizes": (4,), "sample_shape": (8, 8, 1), "max_iter": 3}
    found = VariationalConvolutionalAutoencoder(2, random_state=0, **kind)
    alone = clone(found).fit(X)
    with ThreadPoolExecutor(1) as executor:
        fit(found, [X], executor=executor)
    same = np.array_equal(found.history_["loss"], alone.history_["loss"])
    same = same and np.array_equal(found.transform(X), alone.transform(X))
    return say("one shard of digits, variational and convolutional: bits of fit", same)


def one_shard_bits(options, X, new, client, n_workers):
    """Whether one shard gives the bits of fit."""
    alone = unfitted(options, max_iter=1).fit(X)
    found = fit(unfitted(options, max_iter=1), [X], executor=client)
    same = np.array_equal(found.history_["loss"], alone.history_["loss"])
    same = same and np.array_equal(found.transform(new), alone.transform(new))
    return say(f"{n_workers} processes, one shard: bits of fit", same)


def timed(options, X, shards):
    """Seconds of fits by number of processes, 0 for ``fit`` itself; what they give; and the most.

    That is how many times as much two processes do that share nothing, in the same turns. The first
    of each kind compiles the program and is not counted. While one runs the processes of the others
    stand still, as they take time even at rest. More processes than cores are there for their bits,
    once.
    """
    times, found, most = {0: [], **{n: [] for n in options.workers}}, {}, []
    n_cores = len(os.sched_getaffinity(0))
    with ExitStack() as stack:
        clients = {n: stack.enter_context(cluster(n)) for n in options.workers if n <= n_cores}
        for number in range(options.times + 1):
            # In turn, so that what else the machine does meets all of them.
            with standing_still(clients.values()):
                begun = perf_counter()
                alone = unfitted(options).fit(X)
                spent = {0: perf_counter() - begun}
            for n_workers, client in clients.items():
                with standing_still(each for n, each in clients.items() if n != n_workers):
                    begun = perf_counter()
                    found[n_workers] = fit(unfitted(options), shards, executor=client)
                    spent[n_workers] = perf_counter() - begun
            if 2 in clients:
                with standing_still(each for n, each in clients.items() if n != 2):
                    gain = gain_of_two_alone(clients[2], options, X[: len(X) // 2])
                most += [gain] if number else []
            for n_workers, seconds in spent.items():
                times[n_workers] += [seconds] if number else []
    for n_workers in options.workers:
        if n_workers > n_cores:
            with cluster(n_workers) as client:
                begun = perf_counter()
                found[n_workers] = fit(unfitted(options), shards, executor=client)
                times[n_workers].append(perf_counter() - begun)
    return times, found, alone, most


def gain_of_two_alone(client, options, X):
    """How many times as much two workers do as one, each with a fit of its own of these rows."""
    spent = []
    for addresses in (list(client.nthreads())[:1], list(client.nthreads())):
        calls = [
            client.submit(seconds_of_fit, options, X, workers=[address], pure=False)
            for address in addresses
        ]
        spent.append(max(client.gather(calls)))
    return 2 * spent[0] / spent[1]


def seconds_of_fit(options, X):
    """Seconds of a fit in this process."""
    begun = perf_counter()
    unfitted(options).fit(X)
    return perf_counter() - begun


@contextmanager
def standing_still(clients):
    """Let the workers of clusters do nothing in this block, not even look for work."""
    pids = [pid for client in clients for pid in pids_of(client)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def shown(values, unit="s"):
    """Values in their unit, the middle first."""
    return f"{median(values):.2f} {unit} ({', '.join(f'{each:.2f}' for each in values)})"


def kill_bits(options, shards, client, bits, new, times):
    """Whether a process that is killed changes no bit, in a round and between two."""
    again, was_killed = killed(client, unfitted(options), shards, 0.3 * median(times))
    same = was_killed and np.array_equal(again.transform(new), bits)
    ok = say("a process killed in a round: same bits", same)
    client.wait_for_workers(2, timeout=120)
    # Calls come by shards: this one is the first of a round.
    between = KillsBefore(client, 1 + options.shards * (3 + 2 * (options.epochs // 2)))
    again = fit(unfitted(options), shards, executor=between)
    same = between.was_killed and np.array_equal(again.transform(new), bits)
    return say("a process killed between rounds: same bits", same) and ok


def model_of_cost(options, X, alone, single, link, times):
    """Whether the model of the cost predicts one and two processes; and what it says of more."""
    n_bytes = sum(weight.nbytes for weight in alone._model.weights.values())
    n_steps = -(-int(0.9 * options.rows) // 32)
    latency, bandwidth = link
    # Of one fit: its start is what an epoch is not.
    begun = perf_counter()
    unfitted(options, max_iter=1).fit(X)
    of_one = perf_counter() - begun
    start = max(0.0, of_one - (single - of_one) / (options.epochs - 1))
    step = (single - start) / options.epochs / n_steps
    costs = Costs(step, n_steps, n_bytes, bandwidth, latency, start)
    # What is carried is also averaged.
    averaging = seconds_of_averaging(alone._model.weights, options.shards)
    spent = costs.bytes_a_shard / bandwidth + averaging
    costs = replace(costs, bandwidth=costs.bytes_a_shard / spent)
    say(f"costs: {costs}")
    n_cores, ok = len(os.sched_getaffinity(0)), []
    for n_workers in times:
        if not n_workers or n_workers > n_cores:
            continue
        formula = predicted(costs, n_workers, options.shards, options.epochs)
        events = simulated(costs, n_workers, options.shards, options.epochs)
        off = formula / median(times[n_workers]) - 1
        text = f"{n_workers} processes: predicted {formula:.2f} s, simulated {events:.2f} s"
        text += f", measured {median(times[n_workers]):.2f} s, off {off:+.0%}; bar 25 %"
        ok += [say(text, abs(off) <= 0.25)]
    say("100 times as many rows, a shard a worker, a link of 1.25 GB a second:")
    large = replace(costs, n_steps=100 * n_steps, bandwidth=1.25e9, start=100 * start)
    base = predicted(large, 1, 1, options.epochs)
    for n_workers in (1, 2, 8, 32, 100, 300, 1000):
        formula = predicted(large, n_workers, n_workers, options.epochs)
        events = simulated(large, n_workers, n_workers, options.epochs)
        say(
            f"{n_workers:5d} workers: {formula:9.1f} s, {base / formula:6.1f} x; "
            f"simulated {events:9.1f} s"
        )
    return all(ok)


def score_of(estimator, rows):
    """R2 of the reconstruction of rows."""
    return reconstruction_r2_score(rows, estimator.inverse_transform(estimator.transform(rows)))


def say(text, is_met=None):
    """Print a row, and whether its bar is met."""
    print(text if is_met is None else f"{'ok  ' if is_met else 'MISS'} {text}", flush=True)
    return is_met


def cluster(n_workers):
    """A client of a new cluster of processes, each on a core of its own, in turn."""
    from distributed import Client

    client = Client(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        silence_logs=50,
    )
    cores = sorted(os.sched_getaffinity(0))
    for n, address in enumerate(client.nthreads()):
        client.run(pin, cores[n % len(cores)], workers=[address])
    return client


def pin(core):
    """Keep this process on a core, with the threads that it has and those to come."""
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), {core})


def measured_link(client):
    """Seconds of a call, and bytes a second there and back."""
    warnings.filterwarnings("ignore", message=".*[Ll]arge (graph|object)")
    few, many = np.zeros(1), np.zeros(2**19)
    client.submit(np.copy, few, pure=False).result()
    begun = perf_counter()
    for _ in range(20):
        client.submit(np.copy, few, pure=False).result()
    latency = (perf_counter() - begun) / 20
    begun = perf_counter()
    for _ in range(5):
        client.submit(np.copy, many, pure=False).result()
    return latency, 5 * 2 * many.nbytes / max(perf_counter() - begun - 5 * latency, 1e-3)


def seconds_of_averaging(weights, n_shards):
    """Seconds that this process takes, for each shard, to make one of what all have learned."""
    moments = [each for each in weights.values() for _ in range(2)]
    trained = [(weights, shortened(moments)) for _ in range(n_shards)]
    begun = perf_counter()
    shares = [1 / n_shards] * n_shards
    mean_weights([each for each, _ in trained], shares)
    mean_memory([lengthened(memory) for _, memory in trained], shares)
    return (perf_counter() - begun) / n_shards


def killed(client, estimator, shards, after):
    """A fit during which one process is killed, and whether it had not ended before."""
    pids = pids_of(client)
    ended, was_killed = threading.Event(), threading.Event()

    def kill():
        if not ended.wait(after):
            os.kill(pids[0], signal.SIGKILL)
            was_killed.set()

    thread = threading.Thread(target=kill)
    thread.start()
    found = fit(estimator, shards, executor=client)
    ended.set()
    thread.join()
    return found, was_killed.is_set()


class KillsBefore:
    """A client of dask one of whose processes is killed before a call."""

    def __init__(self, client, place):
        self._client, self._place, self._n_calls = client, place, 0
        self.was_killed = False
        self._pid = pids_of(client)[0]

    def __getattr__(self, name):
        return getattr(self._client, name)

    def submit(self, function, /, *args, **options):
        """A future of a call."""
        # Not of what carries values to the workers.
        self._n_calls += "key" not in options
        if self._n_calls == self._place and "key" not in options:
            os.kill(self._pid, signal.SIGKILL)
            self.was_killed = True
        return self._client.submit(function, *args, **options)


def pids_of(client):
    """The processes of a cluster."""
    return list(client.run(os.getpid).values())


if __name__ == "__main__":
    sys.exit(main())
