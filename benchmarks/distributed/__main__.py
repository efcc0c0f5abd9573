"""Fits over processes of dask against one fit. Run: python -m benchmarks.distributed

Prints bits, quality, what a kill changes, times on one and two processes, and what the model of the
cost says of these and of more. Pin it to two quiet cores: taskset -c 0,1 python -m ...
"""

import os
import signal
import sys
import threading
from statistics import median
from time import perf_counter, sleep

for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402

from benchmarks._harness import parse_options  # noqa: E402
from benchmarks.distributed._cost import Costs, predicted, simulated  # noqa: E402
from skae import Autoencoder  # noqa: E402
from skae.distributed import fit  # noqa: E402
from skae.metrics import reconstruction_r2_score  # noqa: E402

SHARDS = 4


def main(argv=None):
    """Print all rows; 1 where a bar is missed."""
    options = parse_options(__doc__, argv)
    n_rows, n_epochs, n_times = (4000, 3, 1) if options.quick else (40_000, 12, 3)
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(n_rows + 2000, 16))
    X = np.tanh(latent @ rng.normal(size=(16, 256)) / 4) + 0.1 * rng.normal(
        size=(n_rows + 2000, 256)
    )
    X, new = X[:n_rows].astype(np.float32), X[n_rows:].astype(np.float32)
    shards = np.array_split(X, SHARDS)

    def unfitted():
        return Autoencoder(
            16,
            hidden_layer_sizes=(512, 128),
            early_stopping=True,
            max_iter=n_epochs,
            n_iter_no_change=n_epochs,
            random_state=0,
        )

    ok = []
    unfitted().set_params(max_iter=1).fit(X)
    begun = perf_counter()
    alone = unfitted().fit(X)
    of_fit = perf_counter() - begun
    r2 = score_of(alone, new)
    say(f"fit, one process: {of_fit:.2f} s, R2 of new rows {r2:.4f}")
    times, bits, link = {}, {}, {}
    for n_workers in (1, 2):
        with cluster(n_workers) as client:
            warm = unfitted().set_params(max_iter=1)
            one = fit(warm, [X], executor=client)
            same = np.array_equal(one.transform(new), warm.fit(X).transform(new))
            ok += [say(f"{n_workers} processes, one shard: bits of fit", same)]
            fit(unfitted().set_params(max_iter=1), shards, executor=client)
            link[n_workers] = measured_link(client)
            spent = []
            for _ in range(n_times):
                begun = perf_counter()
                found = fit(unfitted(), shards, executor=client)
                spent.append(perf_counter() - begun)
            times[n_workers], bits[n_workers] = median(spent), found.transform(new)
            score = score_of(found, new)
            say(f"{n_workers} processes, {SHARDS} shards: {times[n_workers]:.2f} s of {spent}")
            ok += [
                say(f"{n_workers} processes: R2 {score:.4f}, within .01", abs(score - r2) <= 0.01)
            ]
            if n_workers == 2:
                for when in (0.3, 0.55):
                    again = killed(client, unfitted(), shards, when * times[2])
                    same = np.array_equal(again.transform(new), bits[1])
                    ok += [say(f"a process killed at {when:.0%} of the fit: same bits", same)]
    with cluster(4) as client:
        bits[4] = fit(unfitted(), shards, executor=client).transform(new)
    same = all(np.array_equal(each, bits[1]) for each in bits.values())
    ok += [say("1, 2 and 4 processes: same bits", same)]
    gain = times[1] / times[2]
    ok += [say(f"two processes are {gain:.2f} x as fast as one; bar 1.7", gain >= 1.7)]
    n_bytes = sum(weight.nbytes for weight in alone._model.weights.values())
    n_steps = -(-int(0.9 * n_rows) // 32)
    latency, bandwidth = link[1]
    # Of one fit: its start is what an epoch is not.
    begun = perf_counter()
    unfitted().set_params(max_iter=1).fit(X)
    of_one = perf_counter() - begun
    start = max(0.0, of_one - (of_fit - of_one) / (n_epochs - 1))
    step = (of_fit - start) / n_epochs / n_steps
    costs = Costs(step, n_steps, n_bytes, bandwidth, latency, start)
    say(f"costs: {costs}")
    for n_workers in (1, 2):
        formula = predicted(costs, n_workers, SHARDS, n_epochs)
        events = simulated(costs, n_workers, SHARDS, n_epochs)
        off = formula / times[n_workers] - 1
        text = f"{n_workers} processes: predicted {formula:.2f} s, simulated {events:.2f} s"
        ok += [say(f"{text}, measured {times[n_workers]:.2f} s, off {off:+.0%}", abs(off) <= 0.25)]
    say("100 times as many rows, a shard a worker, a link of 1.25 GB a second:")
    large = Costs(step, 100 * n_steps, n_bytes, 1.25e9, latency, 100 * start)
    base = predicted(large, 1, 1, n_epochs)
    for n_workers in (1, 2, 8, 32, 100, 300, 1000):
        formula = predicted(large, n_workers, n_workers, n_epochs)
        events = simulated(large, n_workers, n_workers, n_epochs)
        say(
            f"{n_workers:5d} workers: {formula:9.1f} s, {base / formula:6.1f} x; "
            f"simulated {events:9.1f} s"
        )
    return 0 if all(ok) or options.quick else 1


def score_of(estimator, rows):
    """R2 of the reconstruction of rows."""
    return reconstruction_r2_score(rows, estimator.inverse_transform(estimator.transform(rows)))


def say(text, is_met=None):
    """Print a row, and whether its bar is met."""
    print(text if is_met is None else f"{'ok  ' if is_met else 'MISS'} {text}", flush=True)
    return is_met


def cluster(n_workers):
    """A client of a new cluster of processes."""
    from distributed import Client

    return Client(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=50,
    )


def measured_link(client):
    """Seconds of a call, and bytes a second there and back."""
    few, many = np.zeros(1), np.zeros(2**20)
    client.submit(np.copy, few, pure=False).result()
    begun = perf_counter()
    for _ in range(20):
        client.submit(np.copy, few, pure=False).result()
    latency = (perf_counter() - begun) / 20
    begun = perf_counter()
    for _ in range(5):
        lent = client.scatter(many, hash=False)
        client.submit(np.copy, lent, pure=False).result()
    return latency, 5 * 2 * many.nbytes / max(perf_counter() - begun - 10 * latency, 1e-3)


def killed(client, estimator, shards, after):
    """A fit during which one process is killed."""
    pids = [worker["pid"] for worker in client.run(_self).values()]

    def kill():
        sleep(after)
        os.kill(pids[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    found = fit(estimator, shards, executor=client)
    thread.join()
    return found


def _self():
    return {"pid": os.getpid()}


if __name__ == "__main__":
    sys.exit(main())
