"""Models in files: how they are stored, and what is wrong with a file that is no model."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import skae
from skae.cli._reading import as_text
from skae.cli._recovery import is_number
from skae.cli._soundness import unsound
from skae.messages import needs_extra
from skae.persistence import is_saved

_N_BEGINNING = 64
# Files of skops are not packed; somebody may have done so, but not into a thousandth.
_MOST_TIMES, _FREE_BYTES = 20, 2**20


def plain_frame(frame: Any, categorical: list[str]) -> Any:
    """Return a frame of types that a stored model can name, as pandas reads them from text.

    These are text, truth values, floats and dates without a zone.

    Parameters
    ----------
    frame : DataFrame
    categorical : list of str
        The columns of categories, which become text.
    """
    import pandas as pd

    return pd.DataFrame({name: _plain(frame[name], name in categorical) for name in frame})


def _plain(column: Any, is_category: bool) -> Any:
    import pandas as pd

    if _is_truth(column):
        is_plain = isinstance(column.dtype, np.dtype)
        return column if is_plain else column.astype(object).where(column.notna(), np.nan)
    if is_category:
        # Lists are no levels; as text, they would be.
        return column if column.map(_is_nested).any() else as_text(column)
    if getattr(column.dtype, "tz", None) is not None:
        return column.dt.tz_convert("UTC").dt.tz_localize(None)
    if hasattr(column, "cat"):
        # Digits of one length that begin with 0 look like codes, in another table they did not.
        return pd.to_numeric(column.astype(object))
    if column.dtype.kind in "iuf" and not isinstance(column.dtype, np.dtype):
        return column.astype(np.float64)
    return column


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | dict | set | tuple | np.ndarray)


def _is_truth(column: Any) -> bool:
    return bool(column.dtype.kind == "b")


def categories_of(frame: Any) -> list[str]:
    """Return the columns of text and levels."""
    return [name for name in frame if not is_number(frame[name]) and not _is_truth(frame[name])]


def load_model(path: str | Path) -> Any:
    """Load a model that `skae fit` or `skops.io.dump` has written.

    Raises
    ------
    ImportError
        If it is a file of skops, which is not installed.
    ValueError
        If the file holds something else, or names types that such models do not consist of.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path}: this is a directory; name a file that `skae fit` has written.")
    if not path.is_file():
        raise ValueError(f"{path}: no such file; name one that `skae fit` has written.")
    with path.open("rb") as file:
        is_ours = is_saved(file.read(_N_BEGINNING))
    if not is_ours and not zipfile.is_zipfile(path):
        raise ValueError(f"{path}: this is no stored model; name one that `skae fit` has written.")
    model = skae.load(path) if is_ours else _of_skops(path)
    if not isinstance(model, skae.TableAutoencoder):
        raise ValueError(
            f"{path}: holds a {type(model).__name__}; name a file that `skae fit` has written."
        )
    try:
        reason = unsound(model)
    except AttributeError:
        reason = "a part of it is missing"
    if reason:
        raise _damaged(path, reason)
    return model


def _of_skops(path: Path) -> Any:
    with needs_extra("tables", "files of skops"):
        import skops.io
    if _unpacks_to(path) > _MOST_TIMES * path.stat().st_size + _FREE_BYTES:
        raise _damaged(path, "it would unpack to many times its size, which no stored model does")
    try:
        named = skops.io.get_untrusted_types(file=path)
    except Exception as error:
        raise _damaged(
            path, "a part of it is missing, or it does not say what it consists of"
        ) from error
    foreign = sorted(set(named) - set(skae.skops_trusted()))
    if foreign:
        raise ValueError(
            f"{path}: cannot be loaded (it names {foreign[0]}, which is no part of a model that "
            "`skae fit` writes, and could run any code)."
        )
    try:
        return skops.io.load(path, trusted=named)
    except Exception as error:
        raise _damaged(path, "a part of it is missing or cannot be read") from error


def _unpacks_to(path: Path) -> int:
    """Bytes of all parts of a file, as its table of contents has them."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return 0  # what is wrong is said by whoever reads it


def _damaged(path: Path, reason: str) -> ValueError:
    return ValueError(
        f"{path}: cannot be loaded ({reason}); the file is damaged, cut off, or of another "
        "version: fit the model again."
    )
