"""The libraries whose frames a table came in: what is stored may be read where they lack."""

from typing import Any

from skae.messages import needs_extra


def needed_pandas() -> Any:
    """Pandas, for a table that came in a frame of it.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    with needs_extra("compare", "A table fitted as a frame of pandas"):
        import pandas
    return pandas


def needed_polars() -> Any:
    """Polars, for a table that came in a frame of it.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        import polars
    except ModuleNotFoundError as error:
        raise ImportError(
            "A table fitted as a frame of polars needs polars, which is not installed; "
            "pip install polars"
        ) from error
    return polars
