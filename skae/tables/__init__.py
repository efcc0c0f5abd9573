"""Tables as they come in and go out: columns, frames, masks, units."""

from skae.tables._classes import (
    as_they_are,
    class_of_each_row,
    classes_at,
    classes_to_learn,
    places_among,
)
from skae.tables._column_labels import (
    check_labels,
    check_labels_beside,
    check_order,
    column_labels,
    labels_in_fit,
)
from skae.tables._columns import check_array, non_numbers, validate_data
from skae.tables._frames import FrameOutputMixin, flat_rows, in_container, in_frame_like
from skae.tables._missing import filled_where_masked, is_missing, refuse_mask, with_nan_for_na
from skae.tables._mixed import has_holes, holds_more_than_numbers
from skae.tables._storage import in_memory, mapped
from skae.tables._units import (
    AbsurdCell,
    absurd_cells,
    check_magnitude,
    column_moments,
    column_units,
    heavy_columns,
)
from skae.tables._weights import check_weights

__all__ = [
    "AbsurdCell",
    "FrameOutputMixin",
    "absurd_cells",
    "as_they_are",
    "check_array",
    "check_labels",
    "check_labels_beside",
    "check_magnitude",
    "check_order",
    "check_weights",
    "class_of_each_row",
    "classes_at",
    "classes_to_learn",
    "column_labels",
    "column_moments",
    "column_units",
    "filled_where_masked",
    "flat_rows",
    "has_holes",
    "heavy_columns",
    "holds_more_than_numbers",
    "in_container",
    "in_frame_like",
    "in_memory",
    "is_missing",
    "labels_in_fit",
    "mapped",
    "non_numbers",
    "places_among",
    "refuse_mask",
    "validate_data",
    "with_nan_for_na",
]
