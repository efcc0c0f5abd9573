"""Rows that lie in chunks, such as those of h5py, zarr and dask, as a memory map.

Rows are read many times, in another order each time, but packed chunks are read whole or not at
all, and dask computes them anew. So they are unpacked once, a few megabytes at a time, into a file
without a name, which goes when the map goes. What lies in one piece in an HDF5 file is mapped where
it is. After that all is as for any memory map, to the bit.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import prod
from typing import Any

import narwhals as nw
import numpy as np

from skae.numerics import Array, give_memory_back
from skae.tables._missing import refuse_mask

# Values of chunks that are held at a time, unless one chunk is larger.
_BLOCK_BYTES = 8 * 2**20
_NUMBERS = "biuf"
# The systems' own advice: /tmp may lie in memory, /var/tmp does not.
_LARGE_FILES = "/var/tmp"
_ASKED_BY = ("TMPDIR", "TEMP", "TMP")


def is_stored(X: Any) -> bool:
    """Whether an array knows the chunks that it lies in, and is no array of numpy.

    Types are asked and not values, as those of a file that was closed cannot be read.
    """
    if isinstance(X, np.ndarray):
        return False
    kind = type(X)
    return all(hasattr(kind, name) for name in ("chunks", "shape", "dtype", "__getitem__"))


def in_memory(X: Any) -> Any:
    """A frame or Series whose columns and rows are known by their names; anything else as it came.

    One of dask is computed, and becomes one of pandas; narwhals' becomes what it is around.
    """
    if isinstance(X, np.ndarray):
        return X
    kind = type(X)
    is_of_dask = hasattr(kind, "compute") and hasattr(kind, "to_dask_array")
    return X.compute() if is_of_dask else nw.to_native(X, pass_through=True)


def check_storage(X: Any, name: str) -> None:
    """Refuse what cannot be read in blocks; what is not stored is passed over.

    Raises
    ------
    TypeError
        For a lazy frame.
    ValueError
        For a group of arrays, an array of a closed file or of unknown length, or no numbers, fields
        of a structured array among them.
    """
    if isinstance(X, np.ndarray):
        if X.dtype.names is not None:
            fields = ", ".join(map(repr, X.dtype.names))
            raise ValueError(
                f"{name} is a structured array of the fields {fields}, but an array of numbers was "
                "expected. Make one of it, by numpy.lib.recfunctions.structured_to_unstructured("
                f"{name}), or a frame, by pandas.DataFrame({name})."
            )
        return
    if hasattr(type(X), "collect") and hasattr(type(X), "collect_schema"):
        raise TypeError(
            f"{name} is a {type(X).__name__}, which holds no rows yet, but rows were expected. "
            f"Pass {name}.collect()."
        )
    if hasattr(type(X), "create_group") and not hasattr(type(X), "shape"):
        raise ValueError(
            f"{name} is a {type(X).__name__} of arrays, but one array of rows was expected. Pass "
            f"an array of it, such as {name}['rows']."
        )
    if not is_stored(X):
        return
    # Of h5py the truth value says whether the file is open; those of others count or compute.
    if _is_of_hdf5(X) and not X.id.valid:
        raise ValueError(
            f"{name} is an array of a file that was closed. Open the file again, and keep it open "
            "while rows are read."
        )
    if X.shape is None:  # h5py.Empty
        raise ValueError(
            f"{name} is an empty dataset: it has a type, but neither a shape nor values. Pass one "
            "that holds rows."
        )
    if any(size != size for size in X.shape):  # NaN
        raise ValueError(
            f"{name} has shape {X.shape}: the lengths of its chunks are not known. Call "
            f"{name}.compute_chunk_sizes() first; a frame of dask gives an array that knows them "
            "by to_dask_array(lengths=True)."
        )
    if X.dtype.kind not in _NUMBERS:
        way_out = f"{name}.astype(float)" if hasattr(X, "compute") else f"{name}[:].astype(float)"
        raise ValueError(
            f"{name} holds values of dtype {X.dtype}, but numbers were expected. Make numbers of "
            f"them first; where they are numbers in words or in objects, {way_out} does."
        )
    if len(X.shape) < 2:
        raise ValueError(
            f"Expected 2D array, got {len(X.shape)}D array instead: {name} has shape {X.shape}. "
            "Reshape your data: rows stand along the first axis, features along the second."
        )


def mapped(X: Any, name: str = "X") -> Any:
    """A memory map of the values of a stored array; anything else as it came.

    Parameters
    ----------
    X : object
        Integers, floats (as they are, in the byte order of this machine) or truth values, which
        become integers. A frame of dask becomes one of pandas.
    name : str
        Of the parameter, for errors.

    Raises
    ------
    TypeError, ValueError
        As `check_storage` does; for masked values in chunks of dask.
    OSError
        If the disk is too small for the file.
    """
    X = in_memory(X)
    check_storage(X, name)
    if not is_stored(X) or (X.chunks is None and not _is_of_hdf5(X)):
        return X
    in_place = _mapped_in_place(X)
    if in_place is not None:
        return in_place
    dtype = np.dtype(np.uint8) if X.dtype.kind == "b" else X.dtype.newbyteorder("=")
    if prod(X.shape) == 0:
        return np.empty(X.shape, dtype)
    values = _empty_map(tuple(X.shape), dtype, name)
    for place in _blocks(X.shape, X.chunks, dtype.itemsize):
        block = X[place]
        block = block.compute() if hasattr(block, "compute") else block
        refuse_mask(block, name)
        values[place] = np.asarray(block)
    give_memory_back()  # of the threads that unpacked
    return values


def _is_of_hdf5(X: Any) -> bool:
    return hasattr(type(X), "is_virtual") and hasattr(type(X), "id")


def _mapped_in_place(X: Any) -> Array | None:
    """A map of the part of an HDF5 file that holds an array as it is, or None."""
    if not _is_of_hdf5(X) or X.chunks is not None or X.is_virtual or X.external:
        return None
    is_plain = X.dtype.isnative and X.dtype.kind in "iuf" and X.file.driver == "sec2"
    offset = X.id.get_offset()
    if not is_plain or offset is None or prod(X.shape) == 0:
        return None
    if X.file.mode != "r":
        X.file.flush()
    try:
        values = np.memmap(X.file.filename, X.dtype, "r", offset, tuple(X.shape))
    except (OSError, ValueError):  # moved, or named relative to another directory
        return None
    # Another file of that name, or a filter that was not foreseen.
    ends = (slice(0, 1), slice(X.shape[0] // 2, X.shape[0] // 2 + 1), slice(-1, None))
    is_same = all(values[end].tobytes() == X[_positive(end, X.shape[0])].tobytes() for end in ends)
    return values if is_same else None


def _positive(end: slice, n_rows: int) -> slice:
    return slice(*end.indices(n_rows))


def _empty_map(shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> Array:
    """A memory map over a file that has no name, whose room on the disk is taken."""
    n_bytes, folder = prod(shape) * dtype.itemsize, _folder()
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            _take_room(file.fileno(), n_bytes)
        except OSError as error:
            raise OSError(
                error.errno,
                f"The rows of {name} take {n_bytes / 1e9:.3g} GB unpacked, for which {folder} has "
                "no room. Name a folder of a larger disk by the environment variable TMPDIR, or "
                "call partial_fit with blocks of rows",
            ) from error
        values: Array = np.memmap(file, dtype, "r+", shape=shape)
    return values


def _take_room(descriptor: int, n_bytes: int) -> None:
    """Give a file its size; a write into a map that finds no room would end the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, n_bytes)
        return
    zeros = bytes(_BLOCK_BYTES)
    for start in range(0, n_bytes, len(zeros)):
        os.write(descriptor, zeros[: n_bytes - start])


def _folder() -> str:
    folder = tempfile.gettempdir()
    is_asked = any(os.environ.get(name) for name in _ASKED_BY)
    if folder == "/tmp" and not is_asked and os.access(_LARGE_FILES, os.W_OK):
        return _LARGE_FILES
    return folder


def _blocks(
    shape: Sequence[int], chunks: Sequence[Any] | None, n_bytes: int
) -> Iterator[tuple[slice, ...]]:
    """Places of blocks that consist of whole chunks, each of which is in one of them.

    Parameters
    ----------
    shape : sequence of int
    chunks : sequence of int or of sequences of int, or None
        Along each axis the length of all chunks, or of each.
    n_bytes : int
        Of a value.
    """
    n_row = prod(shape[1:]) * n_bytes
    for rows in _joined(_edges(shape[0], chunks, 0), _BLOCK_BYTES // max(1, n_row)):
        n_column = (rows.stop - rows.start) * prod(shape[2:]) * n_bytes
        for columns in _joined(_edges(shape[1], chunks, 1), _BLOCK_BYTES // max(1, n_column)):
            yield rows, columns


def _edges(length: int, chunks: Sequence[Any] | None, axis: int) -> list[int]:
    """Where chunks end along an axis."""
    if chunks is None:
        return list(range(1, length + 1))
    along = chunks[axis]
    if isinstance(along, Sequence):
        return list(accumulate(along))
    return [*range(along, length, along), length]


def _joined(edges: Sequence[int], most: int) -> Iterator[slice]:
    """Neighbours joined up to a length, but for those that are longer by themselves."""
    start = end = 0
    for edge in edges:
        if edge - start > most and end > start:
            yield slice(start, end)
            start = end
        end = edge
    if end > start:
        yield slice(start, end)
