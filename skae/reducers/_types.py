"""The types of reducers, as type checkers see them."""

from typing import Any, Protocol


class Reducer(Protocol):
    """Turns rows into codes, and codes into rows."""

    def transform(self, X: Any, /) -> Any:
        """Return the code of rows."""

    def inverse_transform(self, X: Any, /) -> Any:
        """Return the rows of a code."""


class TrainableReducer(Reducer, Protocol):
    """A reducer that is an estimator: it can be cloned, seeded and fitted."""

    def fit(self, X: Any, y: Any = None, /) -> Any:
        """Learn from rows; returns the reducer itself."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name."""

    def set_params(self, **params: Any) -> Any:
        """Set parameters."""
