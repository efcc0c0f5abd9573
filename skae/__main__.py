"""Run the command line: `python -m skae`."""

import sys

from skae.cli import main

if __name__ == "__main__":
    sys.exit(main())
