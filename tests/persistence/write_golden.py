"""Write the files that this and every later version must load: ``tests/golden``.

    python tests/persistence/write_golden.py [NAME...]

Files are written once, by the release that their directory names, and never again: a later version
that cannot read them breaks what is promised. A new class gets a file with its release.
"""

import runpy
import sys
from pathlib import Path

import numpy as np

import skae


def write(directory, name, kept):
    """Write one estimator, and what it answers."""
    estimator = kept.fit()
    skae.save(estimator, directory / f"{name}.skae")
    answers = {
        key: value.astype(np.float32) if value.dtype == np.float64 else value
        for key, value in kept.answers(estimator).items()
    }
    np.savez_compressed(directory / f"{name}.npz", **answers)


def main(names):
    """Write the files of some names, or of all."""
    # Tests are no package that a script could import from.
    shared = runpy.run_path(str(Path(__file__).with_name("shared.py")))
    directory = shared["GOLDEN"] / skae.__version__.partition(".dev")[0]
    for name in names or shared["GOLDEN_NAMES"]:
        write(directory, name, shared["KEPT"][name])


if __name__ == "__main__":
    main(sys.argv[1:])
