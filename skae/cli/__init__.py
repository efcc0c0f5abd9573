"""The command line: `python -m skae compare`."""

import os
import shlex
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from skae.cli._arguments import make_parsers
from skae.cli._compare import run_compare

__all__ = ["main"]


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
    parser, command = make_parsers()
    options = parser.parse_args(argv)
    try:
        run_compare(options, command=shlex.join(["python", "-m", "skae", *argv]))
    except (ValueError, ImportError, OSError, RuntimeError) as problem:
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
