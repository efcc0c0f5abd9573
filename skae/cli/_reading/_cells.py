"""What the text of a cell may be: nothing, a number, a date."""

import re

# What pandas takes for missing, and so do files of R.
MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN")
).union(("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"))
# Nothing beside numbers and dates, as people and statistics packages write it; levels among text.
NOTHING_BESIDE_NUMBERS = ("-", "--", "---", "\N{EN DASH}", "\N{EM DASH}", ".", "..", "?")
# Among text it may be a level, such as the masonry of a house that has none.
NONE = "None"
_POINT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_COMMA = re.compile(r"[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d+)?")
_DECIMALS = {
    ".": re.compile(r"[-+]?\d*\.\d+([eE][-+]?\d+)?"),
    ",": re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?"),
}
_COMMA_GROUPS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d.*)?")


def is_missing(text: str) -> bool:
    """Whether a cell holds nothing."""
    return text.strip() in MISSING


def is_number(text: str, decimal: str | None = None) -> bool:
    """Whether a cell holds a number, with the decimal sign given or with either."""
    text = text.strip()
    by_point = decimal != "," and _POINT.fullmatch(text) is not None
    return by_point or (decimal != "." and _COMMA.fullmatch(text) is not None)


def is_date(text: str) -> bool:
    """Whether a cell looks like a date in numbers."""
    return _DATE.fullmatch(text.strip()) is not None


def has_decimals(text: str, decimal: str) -> bool:
    """Whether a cell holds a number with such a decimal sign, and no thousands by commas."""
    text = text.strip()
    if decimal == "," and _COMMA_GROUPS.fullmatch(text):
        return False
    return _DECIMALS[decimal].fullmatch(text) is not None


def has_comma_groups(text: str) -> bool:
    """Whether a cell may hold thousands that commas part."""
    return _COMMA_GROUPS.fullmatch(text.strip()) is not None
