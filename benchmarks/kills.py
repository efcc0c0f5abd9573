"""What is left of files when their writer is killed, by SIGKILL, at any moment. POSIX only.

    python -m benchmarks.kills [--quick]

A process writes version after version; it is killed, and every file is read. Then one more version
is written, and what else lies there is counted. What is to be killed is in ``WRITERS``: a function
of a directory and a version that writes it, and one that gives the versions of all that is there.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.preprocessing import FunctionTransformer

import skae
from benchmarks._harness import ROOT, parse_options
from skae.drafts import write_together

N_KILLS = 50
NAMES = ("comparison.csv", "comparison.png", "report.html")
# Large enough for kills to come in the middle.
SIZE = 2**20


def write_report(directory, version):
    content = f"{version}\n".encode().ljust(SIZE, b".")
    write_together(Path(directory) / "report", dict.fromkeys(NAMES, content))


def report_versions(directory):
    paths = [Path(directory) / "report" / name for name in NAMES]
    return [path.read_bytes().partition(b"\n")[0] for path in paths if path.exists()]


def write_beside_others(directory, version):
    place = Path(directory) / "report"
    place.mkdir(exist_ok=True)
    (place / "mine.txt").touch()
    write_report(directory, version)


def model(version):
    """An estimator that says its version, as large as to be killed in the middle of."""
    rows = np.broadcast_to(float(version), (SIZE // 8,))
    return FunctionTransformer(kw_args={"version": version, "rows": np.array(rows)})


def save_model(directory, version):
    skae.save(model(version), Path(directory) / "report" / "model.skae")


def model_versions(directory):
    found = skae.load(Path(directory) / "report" / "model.skae").kw_args
    return list({found["version"], *found["rows"].astype(int).tolist()})


# What is to be killed, by name: writer, and reader of all versions that are there.
WRITERS = {
    "report": (write_report, report_versions),
    "report beside other files": (write_beside_others, report_versions),
    "model": (save_model, model_versions),
}


def write_for_ever(name, directory):
    """What the killed process does."""
    version = 0
    while True:
        version += 1
        WRITERS[name][0](directory, version)
        if version == 1:
            print("began", flush=True)


def kill_once(name, directory, rng):
    """Kill a writer, and say what is there: "whole", "mixed" or, after the next run, "drafts"."""
    command = [sys.executable, "-m", "benchmarks.kills", "--write", name, str(directory)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        if not writer.stdout.readline():
            raise RuntimeError(f"the writer of {name} did not begin")
        time.sleep(rng.uniform(0.0, 0.1))
        os.kill(writer.pid, signal.SIGKILL)
    write, read = WRITERS[name]
    found = read(directory)
    # Among the files of others the page comes last, and never beside another version.
    is_whole = len(set(found)) == 1
    n_left = len(leftovers(directory))
    write(directory, 0)
    left = leftovers(directory)
    return "whole" if is_whole else "mixed", "drafts" if n_left else "clean", left


def leftovers(directory):
    """Paths that are neither of a report nor of others."""
    known = {"report", "mine.txt", "model.skae", *NAMES}
    return [path for path in Path(directory).rglob("*") if path.name not in known]


def kills(name, n_kills):
    """How often files were whole, mixed, and drafts were left after the next run."""
    rng, counts = random.Random(0), Counter()
    for _ in range(n_kills):
        with TemporaryDirectory() as directory:
            state, at_once, left = kill_once(name, directory, rng)
            counts[state] += 1
            counts[f"{at_once} at once"] += 1
            counts["drafts after the next run"] += bool(left)
    return counts


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["--write"]:
        write_for_ever(*argv[1:])
    options = parse_options(__doc__, argv)
    n_kills = 3 if options.quick else N_KILLS
    shown = ("whole", "mixed", "drafts at once", "drafts after the next run")
    print(f"{n_kills} kills each".ljust(28), *(column.rjust(len(column) + 2) for column in shown))
    for name in WRITERS:
        counts = kills(name, n_kills)
        cells = (str(counts[column]).rjust(len(column) + 2) for column in shown)
        print(name.ljust(28), *cells, flush=True)


if __name__ == "__main__":
    main()
