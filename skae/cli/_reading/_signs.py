"""Signs of money and percent, that all numbers of a column have before or after them."""

import re
from dataclasses import dataclass
from typing import Any

_SIGN = r"[$€£¥₹₽₩₺₴₪₫₱฿¢%‰]|R\$|US\$|USD|EUR|GBP|CHF|JPY|CNY|CAD|AUD|SEK|NOK|DKK|PLN|CZK|HUF|kr|zł"
_BEFORE = re.compile(
    rf"(?P<minus>[-+]?)(?P<sign>{_SIGN})(?P<space>[ \u00a0\u202f]?)(?P<inner>[-+]?)(?P<digits>\d.*)"
)
_AFTER = re.compile(
    rf"(?P<minus>[-+]?)(?P<inner>)(?P<digits>.*\d)(?P<space>[ \u00a0\u202f]?)(?P<sign>{_SIGN})"
)


@dataclass(frozen=True)
class Sign:
    """What numbers of a column have beside their digits.

    Attributes
    ----------
    sign, space : str
        As in "€ 5".
    is_before : bool
    is_outside : bool
        Whether it stands before the minus too, as in "€ -5".
    """

    sign: str
    space: str
    is_before: bool
    is_outside: bool

    @property
    def described(self) -> str:
        """Words for a sentence."""
        return f"numbers with {self.sign!r} {'before' if self.is_before else 'after'} them"

    def put(self, text: str) -> str:
        """Return the text of a number with the sign."""
        if not self.is_before:
            return f"{text}{self.space}{self.sign}"
        if self.is_outside:
            return f"{self.sign}{self.space}{text}"
        digits = text.removeprefix("-")
        return f"{text[: len(text) - len(digits)]}{self.sign}{self.space}{digits}"


def without_sign(texts: Any) -> tuple[Any, Sign] | None:
    """Return texts without the one sign that all have, and this; or None.

    Parameters
    ----------
    texts : Series of str
        Without missing values.
    """
    if not len(texts):
        return None
    for pattern in (_BEFORE, _AFTER):
        first = pattern.fullmatch(texts.iloc[0])
        if first is None:
            continue
        found = [pattern.fullmatch(text) for text in texts]
        matches = [match for match in found if match and match["sign"] == first["sign"]]
        if len(matches) < len(found):
            return None
        plain = [
            f"{'-' if '-' in (match['minus'], match['inner']) else ''}{match['digits']}"
            for match in matches
        ]
        is_outside = any(match["inner"] for match in matches)
        sign = Sign(first["sign"], first["space"], pattern is _BEFORE, is_outside)
        return type(texts)(plain, index=texts.index, dtype=object), sign
    return None
