"""Run the command line: `python -m skae`, and the command `skae`."""

import os
import sys

_INTERRUPTED = 130


def run() -> int:
    """Run it with the arguments of the process; Ctrl-C ends it in one line.

    Returns
    -------
    status : int
    """
    try:
        from skae.cli import main
    except KeyboardInterrupt:
        sys.stderr.write("skae: interrupted; nothing was written\n")
        return _INTERRUPTED
    try:
        return main()
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:
            # Threads that still compute would not bear that Python takes itself down.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(_INTERRUPTED)
        raise


if __name__ == "__main__":
    sys.exit(run())
