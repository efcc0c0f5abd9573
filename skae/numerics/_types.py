"""Types of arrays that every room knows."""

from typing import Any

import numpy as np
import numpy.typing as npt

# An array of any numbers: float32 or float64, where nothing else is said.
Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.integer[Any]]
# The weights of a network, by name.
Weights = dict[str, Array]
