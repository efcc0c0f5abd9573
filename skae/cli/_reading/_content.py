"""The bytes of a file, unpacked, and what kind of table they hold."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any

# What names of files end in, by the kind of table.
SUFFIXES = {
    ".csv": "text",
    ".txt": "text",
    ".dat": "text",
    ".data": "text",
    ".tsv": "text",
    ".tab": "text",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
    ".json": "json",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
}
PACKED = (".gz", ".bz2", ".xz", ".zip")
_UNPACKERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
# Tables are packed to a tenth or so. What grows far more was made to fill the memory.
_MOST_BYTES, _LARGE, _MOST_TIMES = 2 * 10**9, 50 * 10**6, 200
_CHUNK = 2**20
_BEGINNINGS = {
    b"PAR1": ("parquet", ".parquet"),
    b"ARROW1": ("arrow", ".feather"),
    b"FEA1": ("arrow", ".feather"),
    b"\xd0\xcf\x11\xe0": ("excel", ".xls"),
    b"\x93NUMPY": ("npy", ".npy"),
    b"%PDF": ("pdf", ".pdf"),
    b"\x89PNG": ("png", ".png"),
}
_NO_ARCHIVE = "the file is damaged, cut off, or of another kind than its name says."
_ARCHIVE = b"PK\x03\x04"


@dataclass(frozen=True)
class Content:
    """What a file holds, once it is unpacked.

    Attributes
    ----------
    path : Path
    suffix : str
        What the name ends in, without that of the packing.
    kind : str
        One of the values of ``SUFFIXES``.
    data : bytes
    packing : str
        ".gz", ".bz2", ".xz", ".zip" or "".
    """

    path: Path
    suffix: str
    kind: str
    data: bytes
    packing: str = ""


def split_name(path: PurePath) -> tuple[str, str]:
    """What a name ends in, without the packing, and the packing; both may be empty."""
    packing = path.suffix.lower() if path.suffix.lower() in PACKED else ""
    inner = PurePath(path.stem) if packing else path
    return inner.suffix.lower(), packing


def read_content(path: Path) -> Content:
    """Read and unpack a file.

    Raises
    ------
    ValueError
        If it is no file, of no known kind, empty, damaged, or of another kind than its name says.
    """
    suffix, packing = split_name(path)
    if path.is_dir():
        raise ValueError(f"{path}: this is a directory; name a file in it.")
    if not path.is_file():
        raise ValueError(f"{path}: no such file; check the path.")
    data, suffix = _unpacked(path, path.read_bytes(), suffix, packing)
    if suffix not in SUFFIXES:
        raise ValueError(
            f"{path}: expected a file whose name ends in one of {', '.join(SUFFIXES)}, or in one "
            f"of these and {', '.join(PACKED)}."
        )
    if not data.strip():
        raise ValueError(f"{path}: cannot be read; it is empty.")
    kind = SUFFIXES[suffix]
    _check_beginning(path, suffix, kind, data)
    return Content(path, suffix, kind, data, packing)


def _unpacked(path: Path, data: bytes, suffix: str, packing: str) -> tuple[bytes, str]:
    if data.startswith(_ARCHIVE) and (packing == ".zip" or SUFFIXES.get(suffix) == "text"):
        return _only_member(path, data)
    if packing == ".zip" and data:
        raise ValueError(f"{path}: cannot be read; is it really a .zip file?")
    if packing and data and not any(data.startswith(mark) for mark in _UNPACKERS):
        raise ValueError(f"{path}: cannot be read; is it really a {packing} file?")
    for mark, unpack in _UNPACKERS.items():
        if data.startswith(mark):
            cause = "the file is damaged or cut off."
            return attempt(_read_all, path, path, unpack, data, cause=cause), suffix
    if data.startswith(_ARCHIVE):  # as workbooks are
        archive = attempt(zipfile.ZipFile, path, io.BytesIO(data), cause=_NO_ARCHIVE)
        _check_unpacked(path, sum(one.file_size for one in archive.infolist()), len(data))
    return data, suffix


def _read_all(path: Path, unpack: Callable[[IO[bytes]], Any], data: bytes) -> bytes:
    """Return what is in a packed file, and stop where it is too much."""
    whole = bytearray()
    with unpack(io.BytesIO(data)) as file:
        while chunk := file.read(_CHUNK):
            whole += chunk
            _check_unpacked(path, len(whole), len(data), is_all=False)
    return bytes(whole)


def _check_unpacked(path: Path, size: int, packed: int, *, is_all: bool = True) -> None:
    if size <= _LARGE or (size <= _MOST_BYTES and size <= _MOST_TIMES * packed):
        return
    more = "" if is_all else "more than "
    raise _TooLargeError(
        f"{path}: unpacked, its {packed / 1e6:,.3g} MB are {more}{size / 1e6:,.0f} MB, more than a "
        "packed table is read of; unpack it, and name what is in it if that is a table."
    )


class _TooLargeError(ValueError):
    """What is unpacked is more than a table should be."""


def _only_member(path: Path, data: bytes) -> tuple[bytes, str]:
    """Return the one table of an archive, and what its name ends in."""
    cause = "the file is damaged or cut off."
    archive = attempt(zipfile.ZipFile, path, io.BytesIO(data), cause=cause)
    names = [
        name
        for name in archive.namelist()
        if PurePath(name).suffix.lower() in SUFFIXES and not name.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        shown = ", ".join(map(repr, names[:5])) or "none"
        raise ValueError(
            f"{path}: expected one table in the archive, and it has {len(names)} ({shown}); unpack "
            "it and name one."
        )
    # The size that an archive tells may be false: what is read is counted too.
    _check_unpacked(path, archive.getinfo(names[0]).file_size, len(data))

    def unpack(file: IO[bytes]) -> Any:
        return archive.open(names[0])

    content = attempt(_read_all, path, path, unpack, data, cause=cause)
    return content, PurePath(names[0]).suffix.lower()


def _check_beginning(path: Path, suffix: str, kind: str, data: bytes) -> None:
    """Refuse what begins as files of another kind do."""
    for mark, (found, own_suffix) in _BEGINNINGS.items():
        if data.startswith(mark) and kind != found:
            raise ValueError(
                f"{path}: cannot be read; it begins as a {own_suffix} file does, and not as a "
                f"{suffix} file."
            )
    if kind == "text" and b"\0" in data[:100_000] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError(
            f"{path}: cannot be read; it holds bytes that no text has: is it really a {suffix} "
            "file?"
        )


def attempt(
    read: Callable[..., Any], path: Path, *arguments: Any, cause: str, **options: Any
) -> Any:
    """Call a reader; tell its error in one sentence, with what may be the cause."""
    try:
        return read(*arguments, **options)
    except (ImportError, KeyboardInterrupt, _TooLargeError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path}: cannot be read ({reason[:200]}); {cause}") from error
