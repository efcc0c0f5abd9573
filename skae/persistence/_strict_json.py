"""JSON as files of :func:`skae.save` hold it: no name twice, no numbers without bounds."""

import json
from typing import Any, NoReturn

# As many as floats have before their point; a number of many more takes long to read.
MOST_DIGITS = 309


def read_json(text: str) -> Any:
    """Return what a text in JSON says.

    Raises
    ------
    ValueError
        If an object names something twice, of which readers would take one or the other; or if a
        number is none, or has more digits than are written.
    """
    return json.loads(
        text, object_pairs_hook=_object, parse_int=_integer, parse_constant=_no_number
    )


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
