"""How much of each column of rows held out a reducer tells."""

from collections.abc import Hashable, Mapping

import numpy as np

from skae.comparison._table_models import TableModel
from skae.comparison._table_roles import Roles
from skae.numerics import Array
from skae.tabular._cells import Cells
from skae.tabular._columns import CategoryColumn

# Probabilities of single precision may be 0.
_LEAST_PROBABILITY = float(np.finfo(np.float32).eps)
# Of each column: what is explained, accuracy and log-loss.
COLUMN_METRICS = ("explained", "accuracy", "log_loss")


def score_columns(
    model: TableModel, code: Array, truth: Mapping[Hashable, Cells], roles: Roles
) -> dict[str, Array]:
    """Score what a reducer makes of codes, column by column.

    Parameters
    ----------
    model : TableModel
    code : ndarray of shape (n_samples, n_components)
    truth : dict of Cells
        The rows of which codes were made.
    roles : Roles
        Which columns are scored.

    Returns
    -------
    scores : dict of str to ndarray of shape (n_columns,)
        Of `COLUMN_METRICS`. NaN where nothing can be told: of columns that are constant in these
        rows, and accuracy and log-loss of numbers.
    """
    encoding = model.encoding
    rows = model.decode(code)
    made = encoding.table(rows)
    shares = {
        name: (category, each)
        for name, category, each in encoding._shares(model.probabilities(rows))
    }
    scores = {metric: np.full(len(roles.names), np.nan) for metric in COLUMN_METRICS}
    for place, (name, is_number) in enumerate(zip(roles.names, roles.is_number, strict=True)):
        column, is_known = truth[name], ~truth[name].is_missing
        if is_number:
            guess = made[name].astype(np.float64) if name in made else None
            scores["explained"][place] = _r2(column.values[is_known], guess, is_known)
            continue
        guess = made[name][is_known] if name in made else None
        accuracy, most = _accuracies(column, guess)
        scores["accuracy"][place] = accuracy
        scores["explained"][place] = (accuracy - most) / (1 - most) if most < 1 else np.nan
        if name in shares:
            scores["log_loss"][place] = _log_loss(column, *shares[name])
    return scores


def _r2(known: Array, guess: Array | None, is_known: Array) -> float:
    if len(known) == 0 or np.all(known == known[0]):
        return np.nan
    if guess is None:
        return 0.0  # all of the training rows lacked it
    # Units are those of the column: microseconds squared are large numbers.
    unit = known.std()
    errors = (known - guess[is_known]) / unit
    return float(1 - np.mean(errors**2))


def _accuracies(column: Cells, guess: Array | None) -> tuple[float, float]:
    """Accuracy of a guess, and that of the most frequent level of these rows."""
    known = column.as_levels()
    places = known.values[~known.is_missing]
    if len(places) == 0:
        return np.nan, 1.0
    most = float(np.bincount(places).max() / len(places))
    if guess is None:
        return most, most
    level_of = {level: place for place, level in enumerate(known.levels)}
    guessed = np.fromiter((level_of.get(level, -1) for level in guess), np.int64, len(guess))
    return float(np.mean(guessed == places)), most


def _log_loss(column: Cells, category: CategoryColumn, shares: Array) -> float:
    """Mean surprise in nats; rare levels are one, and those that no training row had are passed."""
    codes = category.codes(column.as_levels())
    is_known = codes >= 0
    if not is_known.any():
        return np.nan
    probabilities = shares[is_known, codes[is_known]]
    return float(-np.log(np.maximum(probabilities, _LEAST_PROBABILITY)).mean())


def mean_scores(columns: Mapping[str, Array], roles: Roles) -> dict[str, float]:
    """Return what is explained of all columns, of numbers and of categories, and the log-loss.

    A column counts 0 where it is guessed worse than by a constant.
    """
    explained = np.clip(columns["explained"], 0.0, 1.0)
    is_number = np.array(roles.is_number)
    means = {"explained_share": _mean(explained)}
    if is_number.any() and not is_number.all():
        means["number_r2"] = _mean(explained[is_number])
        means["category_gain"] = _mean(explained[~is_number])
    if not is_number.all():
        means["category_log_loss"] = _mean(columns["log_loss"])
    return means


def _mean(scores: Array) -> float:
    known = scores[~np.isnan(scores)]
    return float(known.mean()) if len(known) else 0.0
