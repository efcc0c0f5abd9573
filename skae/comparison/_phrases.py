"""Numbers in words, as the summary and the descriptions of pictures use them."""

from collections.abc import Iterable


def share(value: float) -> str:
    """Return a share of a whole in percent, where 100 and 0 are exact."""
    if value < 0.005:
        return "none" if value <= 0 else "less than 1 %"
    return "over 99 %" if 0.995 <= value < 1 else f"{100 * value:.0f} %"


def points(gain: float) -> str:
    """Return a difference of two shares in percentage points."""
    text = format(100 * gain, ".0f" if gain >= 0.0995 else ".1f")
    return f"{text} {'point' if float(text) == 1 else 'points'}"


def times(factor: float) -> str:
    """Return a rough factor: times of fits vary by more than its first digit."""
    digits = 2 if f"{factor:e}".startswith("1") else 1
    return f"about {float(f'{factor:.{digits}g}'):,.15g} times"


def duration(seconds: float) -> str:
    """Return a time with two digits."""
    value, unit = (seconds, "s") if seconds >= 1 else (1000 * seconds, "ms")
    return f"{float(f'{value:.2g}'):,.15g} {unit}"


def components(*sizes: int, word: str = "or") -> str:
    """Return one number of components, or several to choose from."""
    return f"{listed(map(str, sizes), word)} {'component' if sizes[-1] == 1 else 'components'}"


def listed(names: Iterable[str], word: str = "and") -> str:
    """Return names as a sentence lists them."""
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last
