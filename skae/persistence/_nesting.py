"""How deep the nodes of a description nest, and how much a set of them has to look at.

What two nodes name is held once, so a short description can stand for more than any memory holds
if it is written out. Python does write it out where it tells parts of sets and keys apart, and goes
down to the last part in calls of calls.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

MOST_LEVELS = 200
# Parts of sets and keys, however short a description is, and so many more for each character.
_FEW_PARTS, _PARTS_A_CHARACTER = 10**5, 4
_MANY = 2**62
_MOST_OF_A_HASH = 100
_HOLDING = (dict, list)
# Where a node holds what is told apart.
_TOLD_APART = {"set": 1, "frozenset": 1, "dict": 2}


class Nesting:
    """The nodes of a description so far."""

    def __init__(self) -> None:
        self._levels: list[int] = []
        self._parts: list[int] = []
        self._told_apart = 0

    def add(self, node: Sequence[Any]) -> None:
        """Take in the next node.

        Parameters
        ----------
        node : list

        Raises
        ------
        ValueError
            If it nests too deep, or names a node that is not before it.
        """
        places, n_values = self._named(node)
        level = 1 + max((self._levels[place] for place in places), default=0)
        if level > MOST_LEVELS:
            raise ValueError(f"its parts nest more than {MOST_LEVELS} levels deep")
        self._levels.append(level)
        self._parts.append(min(n_values + sum(self._parts[place] for place in places), _MANY))
        told_apart = _TOLD_APART.get(node[0])
        if told_apart is not None:
            places, _ = self._named(node[told_apart])
            self._told_apart += sum(self._parts[place] for place in places)

    def check_told_apart(self, n_characters: int) -> None:
        """Refuse sets and keys of far more parts than a description of so many characters has.

        Raises
        ------
        ValueError
        """
        if self._told_apart > _FEW_PARTS + _PARTS_A_CHARACTER * n_characters:
            raise ValueError("its sets and keys stand for more parts than could be told apart")

    def _named(self, values: Sequence[Any]) -> tuple[list[int], int]:
        """The places that values name, at any depth, and how many values there are."""
        places: list[int] = []
        n_values, left = 0, [values]
        while left:
            some = left.pop()
            n_values += len(some)
            # JSON has no other kinds of these; most lists hold none at all.
            held = [value for value in some if type(value) in _HOLDING]
            for value in held:
                if type(value) is dict:
                    places.append(place_of(value, len(self._levels)))
                else:
                    left.append(value)
        return places, n_values


def spread(values: Sequence[Any]) -> Sequence[Any]:
    """Return what a set or the keys of a dictionary are made of.

    Raises
    ------
    ValueError
        If more of them have one hash than chance gives: each would be compared with all others.
    """
    # Hashes of text are other ones in each process, so that no file is made for them.
    hashes = Counter(hash(value) for value in values if not isinstance(value, str))
    if max(hashes.values(), default=0) > _MOST_OF_A_HASH:
        raise ValueError("too many of its keys have one hash")
    return values


def place_of(value: dict[str, Any], n_nodes: int) -> int:
    """Return the place of the node that a value names.

    Raises
    ------
    ValueError
        If there is none before.
    """
    place = value.get("n")
    if type(place) is not int or not 0 <= place < n_nodes or len(value) != 1:
        raise ValueError(
            f"no part is at {place!r}" if type(place) is int else "a part has no place"
        )
    return place
