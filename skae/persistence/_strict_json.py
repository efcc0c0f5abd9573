"""JSON as files of :func:`skae.save` hold it: no name twice, no numbers without bounds."""

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

# As many as floats have before their point; a number of many more takes long to read.
MOST_DIGITS = 309
_BEGINNING = re.compile(r'[ \n]*\{[ \n]*"nodes"[ \n]*:[ \n]*\[[ \n]*')
_BETWEEN = re.compile(r"[ \n]*,[ \n]*")
_END = re.compile(r'[ \n]*\][ \n]*,[ \n]*"root"[ \n]*:[ \n]*')
_LAST = re.compile(r"[ \n]*\}[ \n]*")


def read_json(text: str) -> Any:
    """Return what a text in JSON says.

    Raises
    ------
    ValueError
        If an object names something twice, of which readers would take one or the other; or if a
        number is none, or has more digits than are written.
    """
    return json.loads(text, **_HOOKS)


def read_nodes(text: str, take: Callable[[list[Any]], None]) -> Any:
    """Read the nodes of a description one after the other, and return its root.

    Who takes them may refuse one before the next is read: those of a few megabytes of text take
    hundreds of memory.

    Parameters
    ----------
    text : str
        ``{"nodes": [...], "root": ...}``
    take : callable
        Of a node, a list.

    Raises
    ------
    ValueError
        As :func:`read_json` does, or if this is no description.
    """
    decoder = json.JSONDecoder(**_HOOKS)
    at = _after(_BEGINNING, text, 0)
    end = _END.match(text, at)
    while end is None:
        node, at = decoder.raw_decode(text, at)
        if type(node) is not list or not node:
            raise ValueError("a node of it is no list")
        take(node)
        end = _END.match(text, at)
        at = _after(_BETWEEN, text, at) if end is None else at
    root, at = decoder.raw_decode(text, end.end())
    if _after(_LAST, text, at) != len(text):
        raise ValueError("something follows its root")
    return root


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    if found is None:
        raise ValueError(f"it is no description from character {at} on")
    return found.end()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("it names something twice")
    return made


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS + 1:
        raise ValueError(f"it holds a number of {len(digits)} digits")
    return int(digits)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"it holds {text} where a number should be")


_HOOKS: dict[str, Any] = {
    "object_pairs_hook": _object,
    "parse_int": _integer,
    "parse_constant": _no_number,
}
