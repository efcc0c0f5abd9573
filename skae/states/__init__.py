"""What the state of an estimator carries when it is stored: a checksum, and who wrote it."""

from skae.states._attributes import check_attributes
from skae.states._checksum import checksum
from skae.states._demands import (
    demand,
    demand_estimator,
    demand_integer,
    demand_number,
    demand_numbers,
    demand_shape,
    demand_sizes,
)
from skae.states._paths import text_of_path
from skae.states._shortened import shortened
from skae.states._stamp import StampedEstimator
from skae.states._versions import (
    FORMAT,
    check_format,
    version_of,
    versions,
    versions_of_training,
)

__all__ = [
    "FORMAT",
    "StampedEstimator",
    "check_attributes",
    "check_format",
    "checksum",
    "demand",
    "demand_estimator",
    "demand_integer",
    "demand_number",
    "demand_numbers",
    "demand_shape",
    "demand_sizes",
    "shortened",
    "text_of_path",
    "version_of",
    "versions",
    "versions_of_training",
]
