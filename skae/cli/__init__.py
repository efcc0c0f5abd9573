"""The command line: `skae compare`, and commands for what tables are used for."""

import os
import shlex
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from skae.cli._arguments import make_parser
from skae.cli._compare import run_compare
from skae.cli._fit import run_fit, run_transform
from skae.cli._impute import run_impute
from skae.cli._outliers import run_outliers
from skae.cli._sample import run_sample

__all__ = ["main"]

_COMMANDS = {
    "compare": run_compare,
    "outliers": run_outliers,
    "impute": run_impute,
    "sample": run_sample,
    "fit": run_fit,
    "transform": run_transform,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; a problem is told in one line on stderr, with exit status 2.

    Parameters
    ----------
    argv : list of str, default=None
        The arguments, by default those of the process.

    Returns
    -------
    status : int
        0. Problems raise SystemExit, as argparse does for the arguments.
    """
    _never_fail_to_print()
    # TensorFlow tells how it compiles, in the middle of the progress bar. This process is ours.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    argv = sys.argv[1:] if argv is None else list(argv)
    options = make_parser().parse_args(argv)
    command = options.parser
    try:
        _COMMANDS[options.name](options, command=shlex.join(["python", "-m", "skae", *argv]))
    except (ValueError, TypeError, ImportError, OSError, RuntimeError) as problem:
        # A note says which fit it was.
        command.fail(" ".join([str(problem), *getattr(problem, "__notes__", ())]))
    except KeyboardInterrupt:
        command.exit(130, f"{command.prog}: interrupted; nothing was written\n")
    return 0


def _never_fail_to_print() -> None:
    # A character that a terminal cannot show must not end a long comparison.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
