"""The encoding of a text file, found by its bytes."""

import codecs
from pathlib import Path

from skae.messages import needs_extra

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes of lines that are not ASCII, for a guess.
_ENOUGH = 20_000
# What a guess is chosen from: others are rare, and are taken for them on short texts.
_GUESSED = ["cp1252", "cp1250", "cp1251", "cp1253", "shift_jis", "gb18030", "big5", "euc_kr"]
_USUAL = "cp1252"


def find_encoding(data: bytes, path: Path, given: str | None = None) -> tuple[str, str]:
    """Name the encoding, and say so where it was guessed.

    Parameters
    ----------
    data : bytes
    path : Path
    given : str or None
        The encoding, if it is known.

    Returns
    -------
    encoding : str
    note : str
        A sentence, or nothing.

    Raises
    ------
    ValueError
        If the bytes are not text in the encoding that was given, or Python knows no such one.
    """
    mark = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if given is not None:
        encoding = _checked(data, path, given)
        is_utf8 = codecs.lookup(encoding).name == "utf-8"
        return ("utf-8-sig" if is_utf8 and mark == "utf-8-sig" else encoding), ""
    if mark is not None:
        return _checked(data, path, mark), ""
    if _decodes(data, "utf-8"):
        return "utf-8", ""
    encoding = _guess(data)
    if not _decodes(data, encoding):
        encoding = "latin-1"
    return encoding, f"The text is no UTF-8 and was read as {encoding}; --encoding says otherwise."


def _checked(data: bytes, path: Path, encoding: str) -> str:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ValueError(
            f"--encoding {encoding!r}: no such encoding; give one that Python knows, such as "
            "utf-8, latin-1 or cp1252."
        ) from None
    try:
        data.decode(encoding)
    except UnicodeError as error:
        reason = " ".join(str(error).split())[:120]
        raise ValueError(
            f"{path}: cannot be read as {encoding} ({reason}); give another --encoding, or none to "
            "have it found."
        ) from error
    except Exception as error:  # a codec that is none of text, such as hex
        raise ValueError(f"--encoding {encoding!r}: this is no encoding of text.") from error
    return encoding


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeError:
        return False
    return True


def _guess(data: bytes) -> str:
    with needs_extra("tables", "finding the encoding of text that is no UTF-8"):
        from charset_normalizer import from_bytes

    lines, size = [], 0
    for line in data.splitlines():
        if not line.isascii():
            lines.append(line)
            size += len(line)
        if size > _ENOUGH:
            break
    best = from_bytes(b"\n".join(lines), cp_isolation=_GUESSED).best()
    # Of few letters all of Western Europe's neighbours look alike: the most frequent is right.
    if best is None or _share_not_ascii(lines) < 0.2:
        return _USUAL
    return str(best.encoding)


def _share_not_ascii(lines: list[bytes]) -> float:
    """Of the letters, how many are not ASCII: many in other scripts, few in Latin ones."""
    letters = [byte for line in lines for byte in line if byte > 127 or chr(byte).isalpha()]
    return sum(byte > 127 for byte in letters) / max(1, len(letters))
