"""Autoencoders of tables as people have them: numbers, text, categories, dates and holes."""

from skae.tabular._around import (
    around_table,
    columns_of_numbers,
    is_a_table,
    reads_tables,
    surprises,
)
from skae.tabular._autoencoder import TableAutoencoder
from skae.tabular._rows import TableRows, native_rows, table_rows

__all__ = [
    "TableAutoencoder",
    "TableRows",
    "around_table",
    "columns_of_numbers",
    "is_a_table",
    "native_rows",
    "reads_tables",
    "surprises",
    "table_rows",
]
