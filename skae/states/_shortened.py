"""Values in sentences about them, which stay sentences whatever the values are."""

import reprlib
from typing import Any

_MOST_DIGITS = 30


class _Short(reprlib.Repr):
    """Builtin values by their first parts; of all others, the type.

    What a list names twice is held once, but would be written out twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxtuple, self.maxdict = 2, 4, 4, 2
        self.maxstring = 60

    def repr1(self, x: Any, level: int) -> str:
        if type(x) is int and abs(x) >= 10**_MOST_DIGITS:
            return f"a whole number of more than {_MOST_DIGITS} digits"
        if x is None or type(x) in (bool, int, float):
            return repr(x)
        if type(x) in (str, list, tuple, dict):
            return super().repr1(x, level)
        return f"<{type(x).__name__}>"


_SHORT = _Short()


def shortened(value: Any) -> str:
    """Return what a value looks like, in at most a few hundred characters.

    Parameters
    ----------
    value : object

    Returns
    -------
    text : str
    """
    if isinstance(value, str):
        value = str(value)
    return _SHORT.repr(value)
