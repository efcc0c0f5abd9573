"""Reducers of tables: autoencoders around their columns, and factor analysis where PCA is asked."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sklearn.base import clone
from sklearn.decomposition import PCA

from skae import TableAutoencoder, VariationalAutoencoder
from skae.comparison._factor_analysis import FactorAnalysis
from skae.comparison._reducers import name_reducers
from skae.comparison._table_roles import Roles
from skae.inspection._codes import as_array
from skae.numerics import Array
from skae.tabular._encoding import Encoding
from skae.tabular._input import check_template

FAMD = "FAMD"
# The class of autoencoders that can be inside.
_AUTOENCODER = TableAutoencoder._parameter_constraints["autoencoder"][0]
_OPTIONS = ("categorical_features", "drop", "min_frequency", "max_categories")


class TableModel(Protocol):
    """What a comparison asks of a reducer of tables."""

    @property
    def encoding(self) -> Encoding:
        """How columns become features."""

    def fit(self, X: Any) -> object:
        """Learn some rows."""

    def transform(self, X: Any) -> Array:
        """Codes of rows."""

    def decode(self, code: Array) -> Array:
        """Rows of features."""

    def probabilities(self, rows: Array) -> Array:
        """Rows of features whose shares of levels are probabilities."""


class AutoencoderOfTables:
    """An autoencoder as a `TableModel`."""

    def __init__(self, table: TableAutoencoder) -> None:
        self._table: Any = table

    @property
    def encoding(self) -> Encoding:
        """How columns become features."""
        encoding: Encoding = self._table._encoding
        return encoding

    def fit(self, X: Any) -> "AutoencoderOfTables":
        """Learn some rows."""
        self._table.fit(X)
        return self

    def transform(self, X: Any) -> Array:
        """Codes of rows."""
        return as_array(self._table.transform(X))

    def decode(self, code: Array) -> Array:
        """Rows of features: numbers, and probabilities of levels."""
        return as_array(self._table.autoencoder_.inverse_transform(code))

    def probabilities(self, rows: Array) -> Array:
        """The same rows."""
        return rows


def has_tables(reducers: Any) -> bool:
    """Whether one of some reducers is a `TableAutoencoder`."""
    return any(isinstance(reducer, TableAutoencoder) for reducer in _each(reducers))


def name_table_reducers(reducers: Any) -> dict[str, Any]:
    """Return a dict of name to PCA, which stands for factor analysis, or autoencoder.

    Of a `TableAutoencoder` it is what is inside, whose width can be set.

    Raises
    ------
    TypeError
        For other reducers, which know numbers alone.
    ValueError
        For autoencoders that cannot learn columns.
    """
    if isinstance(reducers, Mapping):
        named = name_reducers({name: _inside(each) for name, each in reducers.items()})
    else:
        found = name_reducers([_inside(each) for each in _each(reducers)])
        named = {FAMD if name == "PCA" else name: each for name, each in found.items()}
    for name, reducer in named.items():
        _check(name, reducer)
    return named


def _each(reducers: Any) -> list[Any]:
    if isinstance(reducers, Mapping):
        return list(reducers.values())
    return list(reducers) if isinstance(reducers, list | tuple) else [reducers]


def _inside(reducer: Any) -> Any:
    if not isinstance(reducer, TableAutoencoder):
        return reducer
    given = reducer.autoencoder
    inner: Any = VariationalAutoencoder() if given is None else clone(given)
    if getattr(inner, "random_state", 0) is None:
        inner.set_params(random_state=reducer.random_state)
    return inner


def _check(name: str, reducer: Any) -> None:
    if isinstance(reducer, PCA):
        return
    if not isinstance(reducer, _AUTOENCODER):
        raise TypeError(
            f"reducers[{name!r}] is {reducer!r}, which reads numbers alone, but X is a table with "
            "other values or with holes. Pass PCA(), which stands for factor analysis of mixed "
            "data, and autoencoders of skae, which scale columns anyway; or encode and impute X."
        )
    check_template(reducer)


def template_of(reducers: Any) -> TableAutoencoder:
    """Return an autoencoder with the options of columns that all reducers are to have.

    Raises
    ------
    ValueError
        If two reducers ask for different ones.
    """
    tables = [reducer for reducer in _each(reducers) if isinstance(reducer, TableAutoencoder)]
    if not tables:
        return TableAutoencoder()
    for option in _OPTIONS:
        asked = list(dict.fromkeys(repr(getattr(table, option)) for table in tables))
        if len(asked) > 1:
            raise ValueError(
                f"reducers holds a TableAutoencoder with {option}={asked[0]} and one with "
                f"{option}={asked[1]}: they would be compared on different columns. Give both the "
                "same."
            )
    return TableAutoencoder(**{option: getattr(tables[0], option) for option in _OPTIONS})


def outer_of(reducers: Any, names: Iterable[str]) -> dict[str, TableAutoencoder]:
    """Return what is around each reducer, by name: the `TableAutoencoder` given, or a new one."""
    given = zip(names, _each(reducers), strict=True)
    return {
        name: each if isinstance(each, TableAutoencoder) else TableAutoencoder()
        for name, each in given
    }


def model_of(reducer: Any, outer: TableAutoencoder, roles: Roles) -> TableModel:
    """Return a reducer, inside another, as one of the columns of a table."""
    if isinstance(reducer, PCA):
        return FactorAnalysis(reducer, roles)
    table: Any = clone(outer)
    return AutoencoderOfTables(table.set_params(autoencoder=reducer, **roles.options))
