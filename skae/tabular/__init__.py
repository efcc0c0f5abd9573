"""Autoencoders of tables as people have them: numbers, text, categories, dates and holes."""

from skae.tabular._around import (
    around_table,
    columns_left_out,
    columns_of_numbers,
    decoded_table,
    drawn_table,
    features_of,
    is_a_table,
    leave_out_once,
    n_columns_used,
    reads_tables,
    say_why_left_out,
    set_width,
    surprises,
)
from skae.tabular._autoencoder import TableAutoencoder
from skae.tabular._containers import joined_tables, table_in_container
from skae.tabular._rows import TableRows, native_rows, table_rows
from skae.tabular._seen import SeenValues
from skae.tabular._survey import Survey
from skae.tabular._views import as_numbers, feature_names

__all__ = [
    "SeenValues",
    "Survey",
    "TableAutoencoder",
    "TableRows",
    "around_table",
    "as_numbers",
    "columns_left_out",
    "columns_of_numbers",
    "decoded_table",
    "drawn_table",
    "feature_names",
    "features_of",
    "is_a_table",
    "joined_tables",
    "leave_out_once",
    "n_columns_used",
    "native_rows",
    "reads_tables",
    "say_why_left_out",
    "set_width",
    "surprises",
    "table_in_container",
    "table_rows",
]
