"""What long work survives, and what it leaves: memory of many architectures, fits that are killed.

`python -m benchmarks.survival` prints both; `--quick` does a tenth of it.
"""

import argparse
import gc
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from skae import Autoencoder

ROWS = np.random.default_rng(0).normal(size=(64, 100)).astype(np.float32)
FIT = """
import hashlib, sys, time
import numpy as np
from skae import Autoencoder
from skae.fitting import _checkpoint

_checkpoint.INTERVAL = 0.0
rows = np.random.default_rng(0).normal(size=(500, 20)) ** 3
settings = {"max_iter": 400, "early_stopping": True, "n_iter_no_change": 400, "random_state": 0}
print("begun", flush=True)
fitted = Autoencoder(4, dropout=0.1, **settings).fit(rows, checkpoint=sys.argv[1])
weights = fitted._model.weights
print(hashlib.sha256(b"".join(weights[name].tobytes() for name in sorted(weights))).hexdigest())
"""


def memory() -> float:
    """MB that this process holds."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def fit(n_hidden: int) -> None:
    """Three epochs of an architecture."""
    estimator = Autoencoder(2, hidden_layer_sizes=(n_hidden,), max_iter=3, early_stopping=False)
    estimator.set_params(init="random", learning_rate=1e-4, jit_compile=False, random_state=0)
    estimator.fit(ROWS)


def grown(sizes: list[int]) -> float:
    """MB that fits of these architectures leave, after a first one."""
    fit(sizes[0] + 1)
    gc.collect()
    before = memory()
    for size in sizes:
        fit(size)
    gc.collect()
    return memory() - before


def fitted(path: Path, kill_after: float | None) -> str | None:
    """Run the fit to its end, or kill it so long after its first checkpoint.

    Returns
    -------
    digest : str or None
        Of the weights; None if it was killed.
    """
    command = [sys.executable, "-W", "ignore", "-c", FIT, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if kill_after is not None:
            while not path.exists() and process.poll() is None:
                time.sleep(0.005)
            try:
                process.wait(kill_after)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                return None
        assert process.stdout is not None
        return process.stdout.read().split()[-1]


def survived(n_kills: int) -> tuple[int, int]:
    """How many fits were killed in training, and how many of them ended with the same bits."""
    rng, n_killed, n_equal = np.random.default_rng(0), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        whole = fitted(Path(folder) / "whole", None)
        while n_killed < n_kills:
            path = Path(folder) / str(n_killed)
            if fitted(path, rng.uniform(0.0, 1.0)) is not None:
                path.unlink(missing_ok=True)
                continue  # it was faster
            n_killed += 1
            n_equal += fitted(path, None) == whole
    return n_killed, n_equal


def main() -> None:
    """Print what is left and what survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    share = 10 if parser.parse_args().quick else 1
    warnings.simplefilter("ignore")
    n_large, n_small, n_kills = 40 // share, 250 // share, 20 // share
    large = grown([31_000 - i for i in range(n_large)])
    print(f"{n_large} architectures of 25 MB leave {large:.0f} MB", flush=True)
    small = grown([20 + i for i in range(n_small)] * 4)
    print(f"{4 * n_small} fits of {n_small} architectures leave {small:.0f} MB", flush=True)
    n_killed, n_equal = survived(n_kills)
    print(
        f"{n_killed} fits were killed in training and called again: {n_equal} ended with the "
        "uninterrupted bits",
        flush=True,
    )


if __name__ == "__main__":
    main()
