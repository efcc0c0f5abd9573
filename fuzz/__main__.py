"""Fuzz every parser of bytes.

    python -m fuzz [--seconds 3600] [target ...]

Each parser runs in a process of its own under ``atheris``, which mutates inputs by what they reach,
and starts from ``tests/corpus``, where what was found once stays. A finding is any exception but
those that a target names, a crash, ten seconds of one input, or 2 GB. It is written to
``build/fuzz``, and the exit status is 1.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from fuzz._targets import TARGETS

ROOT = Path(__file__).resolve().parent.parent
FOUND, CORPUS = ROOT / "build" / "fuzz", ROOT / "tests" / "corpus"
LONGEST, MOST_MB, MOST_BYTES = 10, 2048, 2**17


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=3600, help="for all targets together")
    options = parser.parse_args(argv)
    unknown = sorted(set(options.targets) - set(TARGETS))
    if unknown:
        parser.error(f"no target is called {unknown[0]!r}; known: {', '.join(TARGETS)}")
    targets = options.targets or list(TARGETS)
    seconds = max(1, options.seconds // len(targets))
    found = [name for name in targets if not is_clean(name, seconds)]
    print(f"findings: {', '.join(found) or 'none'}; inputs are in {FOUND}")
    return 1 if found else 0


def is_clean(name, seconds):
    """Run one target, and say what came of it."""
    grown = FOUND / "corpus" / name
    grown.mkdir(parents=True, exist_ok=True)
    known = CORPUS / name
    known.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "fuzz._one",
        name,
        str(grown),
        *map(str, (known, *TARGETS[name].beside)),
        f"-max_total_time={seconds}",
        f"-timeout={LONGEST}",
        f"-rss_limit_mb={MOST_MB}",
        f"-max_len={MOST_BYTES}",
        f"-artifact_prefix={FOUND / name}-",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = done.stderr + done.stdout
    runs = [line.split()[-1] for line in told.splitlines() if "number_of_executed_units" in line]
    print(f"{name}: {runs[0] if runs else '?'} inputs in {seconds} s, status {done.returncode}")
    if done.returncode:
        lines = [line for line in told.splitlines() if not line.startswith(("INFO:", "WARNING:"))]
        print("\n".join(lines[-40:]))
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
