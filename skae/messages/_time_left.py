"""How much longer: an expected time in words, the same wherever progress is told."""

_MINUTE = 60
# A unit is left for the larger one where a number of two digits of it would say no more.
_LONGEST = 90


def in_words(seconds: float) -> str:
    """A time to about two digits.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skae.messages._time_left import in_words
    >>> [in_words(seconds) for seconds in (0.3, 12.4, 100, 4000, 8000)]
    ['1 s', '12 s', '2 min', '67 min', '2 h 13 min']
    """
    if seconds < _LONGEST:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / _MINUTE)
    if minutes < _LONGEST:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def left(seconds: float | None) -> str:
    """The time that is left, as part of a sentence; empty where it is not known.

    Parameters
    ----------
    seconds : float or None

    Returns
    -------
    text : str
    """
    return "" if seconds is None else f"about {in_words(seconds)} left"
