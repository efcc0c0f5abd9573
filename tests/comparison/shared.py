"""Small tables, and factor analysis of them written from its definition."""

import numpy as np
import pandas as pd

N = 90


def mixed(n=N):
    """Numbers and categories of one cause, without holes."""
    rng = np.random.default_rng(0)
    z, other = rng.normal(size=(2, n))
    return pd.DataFrame(
        {
            "age": np.round(40 + 10 * z).astype(np.int64),
            "income": 2 * z + 0.3 * rng.normal(size=n),
            "owns": z + rng.normal(size=n) > 0,
            "city": np.select([z > 0.5, z < -0.5], ["rich", "poor"], "fair"),
            "height": 170 + 8 * other,
        }
    )


def with_holes(frame=None):
    frame = mixed() if frame is None else frame.copy()
    frame.loc[::10, "income"] = np.nan
    frame.loc[::12, "city"] = None
    return frame


def factor_analysis(train, test, n_components):
    """What Pagès' method makes of rows held out: codes, and the table that they stand for."""
    numbers = [name for name in train if train[name].dtype.kind in "if"]
    levels = {name: sorted(train[name].unique()) for name in train if name not in numbers}

    def matrix(frame):
        ones = [
            (frame[name].to_numpy()[:, None] == np.array(known, object)).astype(float)
            for name, known in levels.items()
        ]
        return np.hstack([frame[numbers].to_numpy(float), *ones])

    rows, n = matrix(train), len(numbers)
    mean = rows.mean(axis=0)
    unit = np.concatenate([rows[:, :n].std(axis=0), np.sqrt(mean[n:])])
    axes = np.linalg.svd((rows - mean) / unit, full_matrices=False)[2][:n_components]
    code = (matrix(test) - mean) / unit @ axes.T
    made = code @ axes * unit + mean
    table = dict(zip(numbers, made[:, :n].T, strict=True))
    for name, known in levels.items():
        table[name] = np.array(known, object)[made[:, n : n + len(known)].argmax(axis=1)]
        n += len(known)
    return code, pd.DataFrame(table)[list(train)]
