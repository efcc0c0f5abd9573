"""What a worker reads the rows of a shard from."""

from collections.abc import Callable
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from skae.messages import needs_extra


def _read_npy(path: str) -> Any:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(
            f"it is no array as numpy.save writes one, or one of objects ({error})."
        ) from error


def _read_parquet(path: str) -> Any:
    with needs_extra("distributed", "Reading parquet"):
        import pyarrow.parquet as parquet
    # A directory of parts too, as dask and Spark write one. Folders above say nothing of a file.
    return parquet.read_table(path, partitioning="hive" if Path(path).is_dir() else None)


def _read_zarr(path: str) -> Any:
    with needs_extra("distributed", "Reading zarr"):
        import zarr
    found = zarr.open(path, mode="r")
    if not isinstance(found, zarr.Array):
        raise ValueError("it is a group of zarr. Pass arrays in it themselves, as zarr.open does.")
    return found[...]


READERS: dict[str, Callable[[str], Any]] = {
    ".npy": _read_npy,
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
    ".zarr": _read_zarr,
}


def reader_of(path: str | PathLike[str]) -> Callable[[str], Any]:
    """The function that reads a file or directory, by its name.

    Raises
    ------
    ValueError
        For a name of no kind that is known.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in READERS:
        raise ValueError(
            f"The shard {fspath(path)!r} is of no kind that is known by its name. Expected one of "
            f"{', '.join(READERS)}; or pass arrays, frames or futures of them."
        )
    return READERS[suffix]


def read(source: Any) -> Any:
    """Rows as a fit takes them, of an array, a frame, a table, a path or a lazy block of dask."""
    if isinstance(source, str | PathLike):
        path = fspath(source)
        try:
            source = reader_of(source)(path)
        except ImportError:
            raise
        # Each format has errors of its own, of which some say nothing of the file.
        except Exception as error:
            raise ValueError(f"{path!r} cannot be read: {error}") from error
    if hasattr(source, "dask") and hasattr(source, "compute"):
        source = source.compute(scheduler="synchronous")
    if _is_pyarrow(source):
        with needs_extra("distributed", "Reading tables of pyarrow"):
            import pandas  # noqa: F401  # which to_pandas needs
        source = source.to_pandas()
    if isinstance(source, list | tuple):
        source = np.asarray(source)
    if len(getattr(source, "shape", ())) < 2:
        raise TypeError(
            f"the shard holds a {type(source).__name__}, but rows were expected: an array, a frame "
            "or a table."
        )
    return source


def _is_pyarrow(source: Any) -> bool:
    return type(source).__module__.partition(".")[0] == "pyarrow" and hasattr(source, "to_pandas")
