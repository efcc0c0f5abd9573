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
# Checked rows: an array, a memory map or a CSR matrix, of which scipy ships no type.
Matrix = Any
# Whatever scikit-learn's checks take for rows or labels: arrays, frames, lists, sparse matrices.
ArrayLike = Any
# A parameter ``random_state``.
RandomState = int | np.random.RandomState | None
