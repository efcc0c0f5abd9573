"""Whether what was stored of a table is one: its columns, the autoencoder, and what was learnt."""

from collections.abc import Mapping

import numpy as np

from skae.estimators import BaseAutoencoder
from skae.mixtures import CodeMixture
from skae.model import Model
from skae.networks import Columns
from skae.numerics import Array
from skae.states import demand, demand_integer, demand_number, demand_numbers
from skae.tabular._cells import NUMERIC
from skae.tabular._columns import CategoryColumn, NumberColumn
from skae.tabular._encoding import Encoding
from skae.tabular._filling import HoleErrors
from skae.tabular._frames import Container
from skae.tabular._linear import LinearGuess
from skae.tabular._normal_scores import NormalScores
from skae.tabular._scores import UsualErrors

_MOST_OFF = 1e-6


def check_table(state: Mapping[str, object]) -> None:
    """Refuse the attributes of a TableAutoencoder that do not fit each other.

    Parameters
    ----------
    state : dict

    Raises
    ------
    ValueError
    """
    if "autoencoder_" not in state:
        return
    autoencoder, encoding = state["autoencoder_"], state.get("_encoding")
    name = f"the autoencoder of a table is a {type(autoencoder).__name__}"
    demand(isinstance(autoencoder, BaseAutoencoder), name)
    demand(isinstance(encoding, Encoding), f"an encoding is a {type(encoding).__name__}")
    assert isinstance(autoencoder, BaseAutoencoder)
    assert isinstance(encoding, Encoding)
    model = vars(autoencoder).get("_model")
    demand(isinstance(model, Model), "an autoencoder of a table that is not fitted")
    assert isinstance(model, Model)
    network = model.network
    check_encoding(encoding)
    columns = encoding.columns
    demand(network.columns == columns, "an autoencoder of other columns than its table has")
    for what, expected in (
        ("n_components_", network.n_components),
        ("n_features_in_", len(encoding.container.names)),
    ):
        found = state.get(what, expected)
        demand_integer(what, found, expected, expected)
    demand(isinstance(state.get("left_out_", {}), dict), "left_out_ is no dictionary")
    _check_usual(state.get("_usual"), columns)
    _check_holes(state.get("_holes"), columns)
    mixture = state.get("_mixture")
    fits = isinstance(mixture, CodeMixture) and mixture.means.shape[1] == network.n_components
    demand(mixture is None or fits, "a mixture of other codes")


def check_encoding(encoding: Encoding) -> None:
    """Refuse columns that no fit leaves."""
    parts = vars(encoding)
    container = parts.get("container")
    demand(isinstance(container, Container), "a table without its container")
    names = encoding.container.names
    demand(isinstance(names, list) and all(map(_is_label, names)), "columns without labels")
    demand(len(set(names)) == len(names), "names that are not distinct")
    places = {name: place for place, name in enumerate(names)}
    known: set[object] = set()
    for kind in ("numbers", "flags", "categories"):
        columns = parts.get(kind)
        demand(isinstance(columns, dict), f"the {kind} of a table are no dictionary")
        assert isinstance(columns, dict)
        demand(known.isdisjoint(columns) and columns.keys() <= places.keys(), f"{kind} of no table")
        known |= columns.keys()
        order = [places[name] for name in columns]
        demand(order == sorted(order), f"{kind} that are not in the order of the table")
        for column in columns.values():
            _check_number(column) if kind == "numbers" else _check_category(column, kind)
    for kind, whole in (("missing", list), ("left_out", dict), ("constants", dict)):
        part = parts.get(kind)
        demand(isinstance(part, whole), f"{kind} is a {type(part).__name__}")
    missing = encoding.missing
    demand(all(map(_is_label, missing)), "missing flags without labels")
    demand(
        len(set(missing)) == len(missing) and set(missing) <= known, "missing flags of no column"
    )
    left = encoding.left_out.keys()
    demand(
        known.isdisjoint(left) and known | left == places.keys(), "columns that nothing is known of"
    )
    demand(encoding.constants.keys() <= left, "constants of columns that are used")


def _is_label(name: object) -> bool:
    """Whether a label is hashed in no time, as tuples of tuples of tuples are not."""
    parts = name if isinstance(name, tuple) else (name,)
    return not any(isinstance(part, tuple | frozenset | list | dict | set) for part in parts)


def _check_number(column: object) -> None:
    demand(isinstance(column, NumberColumn), f"a number is a {type(column).__name__}")
    assert isinstance(column, NumberColumn)
    demand(column.kind in NUMERIC, "a column of numbers that are none")
    demand(isinstance(column.is_whole, bool | np.bool_), "is_whole is no truth value")
    demand(isinstance(column.has_zone, bool | None), "has_zone is no truth value")
    for name in ("lowest", "highest", "step", "centre"):
        demand_number(f"{name} of a column", getattr(column, name))
    demand_number("the unit of a column", column.unit, positive=True)
    demand(column.lowest <= column.highest and column.step >= 0, "a column of no range")
    scores = column.scores
    if scores is None:
        return
    demand(isinstance(scores, NormalScores), f"normal scores are a {type(scores).__name__}")
    demand_numbers("values of normal scores", scores.values, (None,))
    demand_numbers("normal scores", scores.scores, (len(scores.values),))
    demand_number("the unit of normal scores", scores.unit, positive=True)
    demand(len(scores.values) > 0 and _rises(scores.values), "values that do not rise")
    demand(_rises(scores.scores), "normal scores that do not rise")


def _check_category(column: object, kind: str) -> None:
    demand(isinstance(column, CategoryColumn), f"one of {kind} is a {type(column).__name__}")
    assert isinstance(column, CategoryColumn)
    for levels in (column.levels, column.pooled):
        demand(isinstance(levels, tuple), f"levels are a {type(levels).__name__}")
    demand(len(column.levels) > 0, "a category without levels")
    demand(column.is_flag == (kind == "flags"), f"one of {kind} has {len(column.levels)} levels")
    demand_numbers("shares of rare levels", column.shares, (len(column.pooled),))
    total = column.shares.sum() if column.pooled else 1.0
    demand((column.shares >= 0).all() and abs(total - 1) < _MOST_OFF, "shares that are none")


def _check_usual(usual: object, columns: Columns) -> None:
    if usual is None:
        return
    demand(isinstance(usual, UsualErrors), f"usual errors are a {type(usual).__name__}")
    assert isinstance(usual, UsualErrors)
    demand_numbers("usual losses", usual.losses, (columns.n_columns,))
    demand_numbers("usual deviations", usual.deviations, (columns.n_numbers,))
    demand_numbers("factors of logits", usual.sharpness, (columns.n_features,))


def _check_holes(holes: object, columns: Columns) -> None:
    if holes is None:
        return
    demand(isinstance(holes, HoleErrors), f"errors of holes are a {type(holes).__name__}")
    assert isinstance(holes, HoleErrors)
    n = columns.n_features
    demand_numbers("deviations of holes", holes.deviations, (columns.n_numbers,))
    demand_numbers("factors of holes", holes.sharpness, (n,))
    demand_numbers("a precision", holes.precision, (n, n))
    linear = holes.linear
    demand(isinstance(linear, LinearGuess), f"a linear guess is a {type(linear).__name__}")
    demand_numbers("the centre of rows", linear.centre, (n,))
    demand_numbers("units of rows", linear.scale, (n,))
    demand((linear.scale > 0).all(), "units of rows that are not positive")
    demand_numbers("a precision of rows", linear.precision, (n, n))
    demand_numbers("shares of guesses", linear.shares, (n,))


def _rises(values: Array) -> bool:
    return bool((values[:-1] <= values[1:]).all())
