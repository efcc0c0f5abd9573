"""Run the command line: `python -m skae`, and the command `skae`."""

import sys


def run() -> int:
    """Run it with the arguments of the process; Ctrl-C while it is imported ends it in one line.

    Returns
    -------
    status : int
    """
    try:
        from skae.cli import main
    except KeyboardInterrupt:
        sys.stderr.write("skae: interrupted; nothing was written\n")
        return 130
    return main()


if __name__ == "__main__":
    sys.exit(run())
