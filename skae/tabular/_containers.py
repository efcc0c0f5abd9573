"""Tables that are made: joined to others, and in the container that a user asks for."""

from typing import Any

import narwhals as nw
import numpy as np
from sklearn.utils._set_output import _get_container_adapter
from sklearn.utils.validation import _check_feature_names_in

from skae.tables import labels_in_fit
from skae.tabular._libraries import needed_pandas, needed_polars


def joined_tables(X: Any, new: Any) -> Any:
    """Rows of one table, and below them those of another, of which some columns may be missing.

    Parameters
    ----------
    X, new : frames of one library, or arrays
        In frames of pandas, rows are numbered anew. Columns keep their types where both agree.

    Raises
    ------
    ValueError
        For arrays of which the second has fewer columns.
    """
    if isinstance(X, np.ndarray):
        if X.shape[1] != np.shape(new)[1]:
            raise ValueError(
                f"New rows have {np.shape(new)[1]} of the {X.shape[1]} columns, as the others were "
                "left out of the table, and arrays have no names to tell which. Pass a frame."
            )
        return np.concatenate([X, np.asarray(new)])
    if hasattr(X, "iloc"):
        pd = needed_pandas()

        return pd.concat([X, new], ignore_index=True)[list(X.columns)]
    pl = needed_polars()

    return pl.concat([X, new], how="diagonal_relaxed")


def table_in_container(estimator: Any, table: Any) -> Any:
    """A table as it is, or in the frame that ``set_output`` or the configuration asks for.

    Parameters
    ----------
    estimator : fitted estimator
    table : DataFrame or ndarray
    """
    adapter = _get_container_adapter("transform", estimator)
    if adapter is None or adapter.is_supported_container(table):
        return table
    if isinstance(table, np.ndarray):
        names = labels_in_fit(estimator) or _check_feature_names_in(estimator)
        return adapter.create_container(table, table, columns=names)
    frame = nw.from_native(table)
    return frame.to_pandas() if adapter.container_lib == "pandas" else frame.to_polars()
