"""Resident memory after many fits, of rows on a disk, and of serving. Linux only.

    python -m benchmarks.memory [--quick] [--keras]

Every measurement has a process of its own. Memory of pages that a mapped file fills counts as
resident although the system may drop it at any time; anonymous memory is what a process holds.
"""

import gc
import pickle
import sys
from functools import partial
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter

import numpy as np

from benchmarks._harness import (
    in_fresh_process,
    keras_autoencoder,
    limited,
    megabytes,
    parse_options,
    report,
    status_mb,
    times,
)

N_FITS = (10, 100, 300)
N_ARCHITECTURES = 30


# After many fits


def many_fits(options):
    """Bar: less than 60 MB more between fits 100 and 300."""
    counts = (3, 6, 9) if options.quick else N_FITS
    fits = {"graph": partial(in_fresh_process, skae_memory, False, counts, N_ARCHITECTURES)}
    fits["XLA"] = partial(in_fresh_process, skae_memory, True, counts, N_ARCHITECTURES)
    for tier, measure in fits.items():
        yield from growth(f"skae, {tier}", counts, measure(), bar=60)
    if options.keras:
        yield from growth(
            "keras.Model.fit", counts, in_fresh_process(keras_memory, counts, N_ARCHITECTURES)
        )


def growth(name, counts, resident, bar=None):
    for count, value in zip(counts, resident, strict=True):
        yield limited(f"{name}: resident after {count} fits", value, show=megabytes)
    what = f"{name}: growth, fits {counts[1]} to {counts[2]}"
    yield limited(what, resident[2] - resident[1], bar, show=megabytes)


def new_architectures(options):
    """What an architecture costs that was never fitted before, when 40 others were."""
    counts = (2, 4) if options.quick else (40, 80)
    for tier, jit_compile in {"graph": False, "XLA": True}.items():
        few, many = in_fresh_process(skae_memory, jit_compile, counts, counts[1])
        what = f"skae, {tier}: growth with each new architecture, {counts[0]} to {counts[1]}"
        yield limited(what, (many - few) / (counts[1] - counts[0]), show=megabytes)


def skae_memory(jit_compile, counts, n_architectures):
    from skae import Autoencoder

    shared = {"max_iter": 5, "jit_compile": jit_compile}

    def fit(X, width, code, seed):
        Autoencoder(code, hidden_layer_sizes=(width,), random_state=seed, **shared).fit(X)

    return resident_after(counts, fit, n_architectures)


def keras_memory(counts, n_architectures):
    def fit(X, width, code, seed):
        model, _ = keras_autoencoder(X.shape[1], (width,), code)
        model.fit(X, X, batch_size=64, epochs=5, verbose=0)

    return resident_after(counts, fit, n_architectures)


def resident_after(counts, fit, n_architectures):
    """Resident memory after each of ``counts`` fits, which go round the architectures."""
    X, resident = np.random.default_rng(0).random((500, 64), dtype=np.float32), []
    architectures = cycle((8 + i // 2, 2 + 2 * (i % 2)) for i in range(n_architectures))
    for seed, (width, code) in enumerate(islice(architectures, counts[-1])):
        fit(X, width, code, seed)
        if seed + 1 in counts:
            gc.collect()
            resident.append(status_mb("VmRSS"))
    return resident


# Rows on a disk


def rows_on_disk(options):
    """Peak of one epoch over rows that stay on the disk. Bar: 1.3 of what a memory map adds."""
    n_rows, name = (200_000, "0.2") if options.quick else (2_000_000, "2")
    what, of_map = f"{name} million x 64 float32", None
    for kind, needs in STORAGES.items():
        if find_spec(needs) is None:
            continue
        with TemporaryDirectory() as folder:
            WRITERS[kind](folder, n_rows)
            peak = in_fresh_process(fit_stored, kind, folder)
        added = peak["anonymous"] - peak["before"]
        yield limited(f"{what}, {kind}: values", peak["values"], show=megabytes)
        yield limited(f"{what}, {kind}: anonymous before the fit", peak["before"], show=megabytes)
        bar = None if of_map is None else 1.3 * of_map
        yield limited(f"{what}, {kind}: anonymous added, at most", added, bar, show=megabytes)
        yield limited(f"{what}, {kind}: resident, at most", peak["resident"], show=megabytes)
        yield limited(f"{what}, {kind}: seconds of the fit", peak["seconds"])
        yield limited(
            f"{what}, {kind}: anonymous added / values", added / peak["values"], show=times
        )
        of_map = added if of_map is None else of_map


STORAGES = {"memory map": "numpy", "HDF5, in one piece": "h5py", "HDF5, gzip": "h5py"}
STORAGES |= {"zarr": "zarr", "dask": "dask"}
CHUNK_ROWS = 20_000


def blocks_of_rows(n_rows, size=CHUNK_ROWS):
    rng = np.random.default_rng(0)
    for start in range(0, n_rows, size):
        yield slice(start, start + size), rng.random((size, 64), dtype=np.float32)


def write_memory_map(folder, n_rows):
    rows = np.lib.format.open_memmap(Path(folder, "rows.npy"), "w+", np.float32, (n_rows, 64))
    for place, block in blocks_of_rows(n_rows):
        rows[place] = block
    rows.flush()


def write_hdf5(folder, n_rows, **options):
    import h5py

    with h5py.File(Path(folder, "rows.h5"), "w") as file:
        rows = file.create_dataset("rows", (n_rows, 64), np.float32, **options)
        for place, block in blocks_of_rows(n_rows):
            rows[place] = block


def write_zarr(folder, n_rows):
    import zarr

    chunks = {"chunks": (CHUNK_ROWS, 64)}
    rows = zarr.create_array(
        str(Path(folder, "rows.zarr")), shape=(n_rows, 64), dtype=np.float32, **chunks
    )
    for place, block in blocks_of_rows(n_rows):
        rows[place] = block


WRITERS = {
    "memory map": write_memory_map,
    "HDF5, in one piece": write_hdf5,
    # One byte in four of uniform floats packs, as slowly as any.
    "HDF5, gzip": partial(write_hdf5, chunks=(CHUNK_ROWS, 64), compression="gzip"),
    "zarr": write_zarr,
    "dask": write_zarr,
}


def open_rows(kind, folder):
    if kind == "memory map":
        return np.load(Path(folder, "rows.npy"), mmap_mode="r")
    if kind.startswith("HDF5"):
        import h5py

        return h5py.File(Path(folder, "rows.h5"))["rows"]
    if kind == "dask":
        import dask.array

        return dask.array.from_zarr(str(Path(folder, "rows.zarr")))
    import zarr

    return zarr.open_array(str(Path(folder, "rows.zarr")), mode="r")


def fit_stored(kind, folder):
    from skae import Autoencoder

    rows = open_rows(kind, folder)
    # As `jit_compile="auto"` chooses for so many rows; TensorFlow and the compiled program are in
    # memory before the rows are.
    estimator = Autoencoder(max_iter=1, jit_compile=True, random_state=0)
    estimator.fit(np.asarray(rows[:1000]))
    before, start = status_mb("RssAnon"), perf_counter()
    with PeakAnonymous() as peak:
        estimator.fit(rows)
    taken = perf_counter() - start
    found = {"before": before, "anonymous": peak.value, "resident": status_mb("VmHWM")}
    return {**found, "values": 4 * rows.shape[0] * 64 / 1e6, "seconds": taken}


class PeakAnonymous:
    """Samples the anonymous memory of this process, every ten milliseconds."""

    def __enter__(self):
        self.value, self._done = 0.0, Event()
        self._thread = Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._done.set()
        self._thread.join()

    def _sample(self):
        while not self._done.wait(0.01):
            self.value = max(self.value, status_mb("RssAnon"))


# Serving


def serving(options):
    """Load a fitted pipeline and score. Bars: no TensorFlow, less than 250 MB."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "pipeline.pickle"))
        in_fresh_process(save_pipeline, path)
        served = in_fresh_process(serve_pipeline, path)
    what = "pickled pipeline scores in a fresh process"
    yield limited(f"{what}: resident", served["resident"], 250, show=megabytes)
    yield limited(f"{what}: modules of TensorFlow", served["tensorflow"], 0, show=str)


def save_pipeline(path):
    from sklearn.datasets import load_digits
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from skae import Autoencoder

    X = load_digits().data
    pipeline = make_pipeline(StandardScaler(), Autoencoder(8, max_iter=2, random_state=0)).fit(X)
    Path(path).write_bytes(pickle.dumps((pipeline, X)))


def serve_pipeline(path):
    pipeline, X = pickle.loads(Path(path).read_bytes())
    pipeline.score_samples(X)
    loaded = [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]
    return {"resident": status_mb("VmRSS"), "tensorflow": len(loaded)}


def main(argv=None):
    options = parse_options(__doc__, argv, ("--keras", "also 300 fits of keras.Model.fit"))
    report([many_fits, new_architectures, rows_on_disk, serving], options)


if __name__ == "__main__":
    main()
