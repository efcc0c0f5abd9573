"""Tables as they come in and go out: columns, frames, masks, units."""

from skae.tables._columns import check_array, non_numbers, validate_data
from skae.tables._frames import (
    FrameOutputMixin,
    filled_where_masked,
    flat_rows,
    in_container,
    is_missing,
    refuse_mask,
    with_nan_for_na,
)
from skae.tables._units import (
    AbsurdCell,
    absurd_cells,
    check_magnitude,
    column_moments,
    column_units,
    heavy_columns,
)

__all__ = [
    "AbsurdCell",
    "FrameOutputMixin",
    "absurd_cells",
    "check_array",
    "check_magnitude",
    "column_moments",
    "column_units",
    "filled_where_masked",
    "flat_rows",
    "heavy_columns",
    "in_container",
    "is_missing",
    "non_numbers",
    "refuse_mask",
    "validate_data",
    "with_nan_for_na",
]
