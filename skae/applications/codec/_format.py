"""The bytes of encoded rows: a header, entropy-coded integers, a checksum.

All numbers are little-endian. The header holds the magic ``SKAE``, the version, the dtype of the
rows, how many rows and how many integers a row, how many bytes follow, and the fingerprint of the
model. The integers follow, axis by axis, as a range coder's words, and the checksum (CRC-32) of
everything before. An integer that a table does not hold is written as the table's last symbol,
and after its axis in two halves of 16 bits each.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from skae.applications.codec._quantiser import SymbolTable
from skae.messages import needs_extra
from skae.numerics import Integers

MAGIC, VERSION = b"SKAE", 1
_HEADER = struct.Struct("<4sBBIII8s")
_CHECKSUM = struct.Struct("<I")
N_OVERHEAD = _HEADER.size + _CHECKSUM.size
_DTYPES = {b"f"[0]: np.float32, b"d"[0]: np.float64}
_HALF = 16
# What the last words of a range coder may leave open, generously.
_SLACK_BITS = 256
# Where hardly a bit tells rows apart: so many at once, and so many more for each byte.
_FEW_ROWS, _ROWS_A_BYTE = 2**14, 2**10
# So many values of decoded rows, and so many more for each byte; rows of a bit each are always
# taken. What decodes bytes of others then needs no more memory than their length lets one expect.
_FEW_VALUES, _VALUES_A_BYTE, _ROWS_OF_A_BIT = 2**22, 2**16, 8


def pack(
    symbols: Integers,
    tables: Sequence[SymbolTable],
    dtype: np.dtype[Any],
    fingerprint: bytes,
    n_features: int,
) -> bytes:
    """Pack integers into bytes.

    Parameters
    ----------
    symbols : ndarray of int32 of shape (n_rows, n_axes)
    tables : list of SymbolTable, one an axis
    dtype : numpy dtype
        Float32 or float64, of the rows.
    fingerprint : bytes
        Of the model, 8 of them.
    n_features : int
        Of the rows.
    """
    words = _entropy_coded(symbols, tables).astype("<u4").tobytes()
    n_most = _most_rows(len(words), tables, n_features)
    if len(symbols) > n_most:
        raise ValueError(
            f"X holds {len(symbols)} rows of which hardly a bit tells one from another, and "
            f"{len(words)} bytes stand for {n_most} at most. Encode so many at a time."
        )
    header = (MAGIC, VERSION, ord(np.dtype(dtype).char), *symbols.shape, len(words), fingerprint)
    message = _HEADER.pack(*header) + words
    return message + _CHECKSUM.pack(zlib.crc32(message))


def unpack(
    data: Any, tables: Sequence[SymbolTable], fingerprint: bytes, n_features: int
) -> tuple[Integers, np.dtype[Any]]:
    """Read the integers, and the dtype of the rows, from bytes that :func:`pack` returned.

    Raises
    ------
    TypeError
        If ``data`` is not bytes.
    ValueError
        If anything in the bytes differs from what was written, or they are another model's.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(
            f"data should be bytes, as encode returned, got {type(data).__name__}. Read files in "
            'binary mode, open(path, "rb").'
        )
    data = bytes(data)
    _check_kind(data)
    _check_length(data)
    (checksum,) = _CHECKSUM.unpack(data[-_CHECKSUM.size :])
    if checksum != zlib.crc32(data[: -_CHECKSUM.size]):
        raise ValueError(
            "The bytes are damaged: their checksum does not fit. Fetch or encode them again."
        )
    *_, kind, n_rows, n_axes, _, written_by = _HEADER.unpack_from(data)
    if (written_by, n_axes) != (fingerprint, len(tables)):
        raise ValueError(
            f"The bytes were encoded by another model, with fingerprint {written_by.hex()}; this "
            f"one has {fingerprint.hex()}. Decode with the codec that encoded: keep it beside the "
            "bytes, by skae.save."
        )
    if kind not in _DTYPES:
        raise ValueError(
            f"The bytes are said to stand for rows of type {chr(kind)!r}, but 'f' and 'd' are what "
            "encode writes: something else wrote them. Fetch or encode them again."
        )
    words = np.frombuffer(data[_HEADER.size : -_CHECKSUM.size], "<u4").astype(np.uint32)
    _check_n_rows(n_rows, words.nbytes, tables, n_features)
    try:
        symbols = _entropy_decoded(words, n_rows, tables)
    except AssertionError as error:  # of constriction
        raise ValueError(
            f"The bytes stand for no rows ({error}): something else than encode wrote them. Fetch "
            "or encode them again."
        ) from error
    return symbols, np.dtype(_DTYPES[kind])


def _check_kind(data: bytes) -> None:
    if len(data) < N_OVERHEAD:
        raise ValueError(
            f"data holds {len(data)} bytes, fewer than the {N_OVERHEAD} of no rows at all: it is "
            "empty or was cut. Pass all bytes that encode returned."
        )
    magic, version = data[: len(MAGIC)], data[len(MAGIC)]
    if magic != MAGIC:
        raise ValueError(
            f"The bytes begin with {magic!r} and not with {MAGIC!r}: encode did not return them, "
            "or they are damaged. Pass all bytes that encode returned."
        )
    if version != VERSION:
        raise ValueError(
            f"The bytes have version {version}, but this skae reads version {VERSION}: a newer one "
            "wrote them, or they are damaged. Upgrade skae, or encode the rows again."
        )


def _check_length(data: bytes) -> None:
    n_expected = N_OVERHEAD + _HEADER.unpack_from(data)[5]
    if len(data) != n_expected:
        what = "were cut" if len(data) < n_expected else "are followed by others"
        raise ValueError(
            f"data holds {len(data)} bytes where its header announces {n_expected}: they {what}, "
            "or are damaged. Pass all bytes that encode returned, and nothing else."
        )


def _check_n_rows(
    n_rows: int, n_bytes: int, tables: Sequence[SymbolTable], n_features: int
) -> None:
    """Refuse more rows than so many bytes can hold, before any of them is made."""
    n_most = _most_rows(n_bytes, tables, n_features)
    if n_rows > n_most:
        raise ValueError(
            f"The bytes announce {n_rows} rows, but {n_bytes} bytes hold {n_most} at most: they "
            "are damaged, or encode did not return them. Fetch or encode them again."
        )


def _most_rows(n_bytes: int, tables: Sequence[SymbolTable], n_features: int) -> int:
    n_values = _FEW_VALUES + n_bytes * max(_VALUES_A_BYTE, _ROWS_OF_A_BIT * n_features)
    n_known = min(_FEW_ROWS + _ROWS_A_BYTE * n_bytes, max(n_values // n_features, 1))
    least_bits = sum(table.least_bits for table in tables)
    if not least_bits:
        return n_known
    return min(n_known, int((8 * n_bytes + _SLACK_BITS) / least_bits))


# Entropy coding


def _entropy_coded(symbols: Integers, tables: Sequence[SymbolTable]) -> Integers:
    stream = _constriction().stream
    coder = stream.queue.RangeEncoder()
    for column, table in zip(symbols.T, tables, strict=True):
        places = table.places(column)
        coder.encode(places.astype(np.int32), _distribution(stream, table))
        rest = column[places == len(table.levels)].view(np.uint32)
        halves = np.concatenate([rest >> _HALF, rest & (2**_HALF - 1)])
        coder.encode(halves.astype(np.int32), stream.model.Uniform(2**_HALF))
    words: Integers = coder.get_compressed()
    return words


def _entropy_decoded(words: Integers, n_rows: int, tables: Sequence[SymbolTable]) -> Integers:
    stream = _constriction().stream
    coder = stream.queue.RangeDecoder(words)
    symbols = np.empty((n_rows, len(tables)), np.int32)
    for axis, table in enumerate(tables):
        places = coder.decode(_distribution(stream, table), n_rows)
        is_rest = places == len(table.levels)
        symbols[:, axis] = places + table.lowest
        halves = coder.decode(stream.model.Uniform(2**_HALF), 2 * int(is_rest.sum()))
        high, low = np.split(halves.astype(np.uint32), 2)
        symbols[is_rest, axis] = (high << _HALF | low).view(np.int32)
    return symbols


def _distribution(stream: Any, table: SymbolTable) -> Any:
    # Integers this small are exact in float32, so every process builds the same distribution.
    return stream.model.Categorical(table.weights.astype(np.float32), perfect=False)


def _constriction() -> Any:
    with needs_extra("codec", "LatentCodec"):
        import constriction
    return constriction
