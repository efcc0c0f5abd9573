"""What the columns of a table are to a comparison: the same for every reducer and fold."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from skae import TableAutoencoder
from skae.numerics import Array
from skae.tables import AbsurdCell, absurd_cells, has_holes, non_numbers
from skae.tabular._cells import NUMERIC, Cells
from skae.tabular._encoding import Encoding
from skae.tabular._frames import Container
from skae.tabular._survey import Survey

_GLANCE = 1000  # rows that tell most tables of text
_MOST_NAMES = 5


@dataclass(frozen=True)
class Roles:
    """Which columns of a table are learnt, and as what.

    Attributes
    ----------
    names : list
        Labels of the columns that are learnt and scored, in the order of the table.
    places : list of int
        Their places in the table.
    kinds : list of {"number", "date", "span", "category"}
        What each of them is learnt as; a span is one of time.
    left_out : dict
        Labels of the others, and why.
    min_frequency, max_categories : number
        See `TableAutoencoder`.
    n_features : int
        That the columns become.
    absurd : list of AbsurdCell
        Numbers far from all others of their column, which is told by its place in the table.
    """

    names: list[Hashable]
    places: list[int]
    kinds: list[str]
    left_out: dict[Hashable, str]
    min_frequency: float
    max_categories: int
    n_features: int
    absurd: list[AbsurdCell]

    @property
    def is_number(self) -> list[bool]:
        """Whether each of `names` is a column of numbers, dates or spans of time."""
        return [kind != "category" for kind in self.kinds]

    @property
    def categorical(self) -> list[Hashable]:
        """The `names` that are categories."""
        return [
            name for name, kind in zip(self.names, self.kinds, strict=True) if kind == "category"
        ]

    @property
    def options(self) -> dict[str, Any]:
        """Parameters of a `TableAutoencoder` that learns these columns so."""
        return {
            "categorical_features": self.categorical,
            "drop": list(self.left_out),
            "min_frequency": self.min_frequency,
            "max_categories": self.max_categories,
        }

    def encoding(self, container: Container, cells: Mapping[Hashable, Cells]) -> Encoding:
        """How the columns of some rows become features."""
        return Encoding.of(
            container,
            cells,
            categorical=self.categorical,
            left_out=list(self.left_out),
            min_frequency=self.min_frequency,
            max_categories=self.max_categories,
        )


def is_mixed(X: Any) -> bool:
    """Whether X is a frame with holes, or with anything that no number can be made of."""
    if _is_sparse(X):
        return False
    frame = nw.from_native(_without_equal_labels(X), pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        return True  # which is refused with its way out
    if not isinstance(frame, nw.DataFrame):
        return False
    library = frame.implementation
    if not (library.is_pandas() or library.is_polars()):
        return False
    return bool(non_numbers(X[:_GLANCE])) or has_holes(X) or bool(non_numbers(X))


def _is_sparse(X: Any) -> bool:
    # Those of pandas fill their places with NaN, and are numbers all the same.
    dtypes = list(getattr(X, "dtypes", [])) if hasattr(X, "iloc") and hasattr(X, "columns") else []
    return bool(dtypes) and all(type(dtype).__name__ == "SparseDtype" for dtype in dtypes)


def _without_equal_labels(X: Any) -> Any:
    # Of numbers they are as good as any.
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        return X.set_axis([str(place) for place in range(X.shape[1])], axis=1)
    return X


def roles_of(X: Any, template: TableAutoencoder) -> Roles:
    """Return the roles of the columns of a table.

    All rows are looked at: a column that numbers them does not number those of a fold.

    Parameters
    ----------
    X : DataFrame or array-like
    template : TableAutoencoder
        Its parameters say what is asked for.

    Raises
    ------
    TypeError
        For what is no table.
    ValueError
        If fewer than two columns are left to learn from, or if one holds text beside numbers.
    """
    survey = Survey.of(template, X)
    table, encoding = survey.table, survey.encoding
    for name in table.container.names:
        _check_one_type(name, table.column(name))
    names = [name for name in table.container.names if name in encoding.used]
    if len(names) < 2:
        raise _too_few(names, encoding.left_out)
    return Roles(
        names,
        [table.container.names.index(name) for name in names],
        [table.cells[name].kind if name in encoding.numbers else "category" for name in names],
        encoding.left_out,
        template.min_frequency,
        template.max_categories,
        encoding.columns.n_features - len(encoding.missing),
        _absurd(table.cells),
    )


def _check_one_type(name: Hashable, column: Any) -> None:
    """Refuse text beside numbers: neither the ones nor the others can be read as what they are."""
    if str(column.dtype) not in ("object", "Object"):
        return
    values = column.to_list() if hasattr(column, "to_list") else column.tolist()
    is_text = np.fromiter((isinstance(value, str) for value in values), bool, len(values))
    is_number = np.fromiter(map(_is_number, values), bool, len(values))
    if not is_text.any() or not is_number.any():
        return
    number, text = int(np.argmax(is_number)), int(np.argmax(is_text))
    raise ValueError(
        f"Column {name!r} of X holds values of several types: row {number} holds "
        f"{values[number]!r}, and row {text} the text {values[text]!r}. Make one type of them, "
        'with pandas.to_numeric(column, errors="coerce") or column.astype(str).'
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and value == value


def _too_few(names: Sequence[Hashable], left_out: Mapping[Hashable, str]) -> ValueError:
    reasons = [f"{name!r}: {why}" for name, why in list(left_out.items())[:_MOST_NAMES]]
    if len(left_out) > len(reasons):
        reasons.append(f"{len(left_out) - len(reasons)} more")
    why = f"; left out are {', '.join(reasons)}" if reasons else ""
    found = f"{names[0]!r} alone" if names else "no column"
    way_out = (
        "Pass TableAutoencoder(autoencoder, drop=[]) among the reducers to keep those that only "
        "seem to be names or text"
        if reasons
        else "Give two or more"
    )
    return ValueError(
        f"X has {found} to learn from{why}: two are the least to compare reducers on. {way_out}."
    )


def _absurd(cells: Mapping[Hashable, Cells]) -> list[AbsurdCell]:
    numbers = [place for place, each in enumerate(cells.values()) if each.kind == "number"]
    if not numbers:
        return []
    columns: list[Array] = [each.values for each in cells.values() if each.kind in NUMERIC[:1]]
    found = absurd_cells(np.column_stack(columns))
    return [cell._replace(column=numbers[cell.column]) for cell in found]
