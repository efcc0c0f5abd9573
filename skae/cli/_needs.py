"""What the commands need beside what skae itself needs."""

import sys
from importlib.util import find_spec

_OF_PAGES = ("jinja2", "matplotlib", "pandas")
_OF_FITS = ("keras", "tensorflow")


def needs_packages(*, fits: bool = True) -> None:
    """Say how to install all that is missing, before anything is read.

    Parameters
    ----------
    fits : bool, default=True
        Whether the command fits, and does not score alone.

    Raises
    ------
    ImportError
        With the command that installs it.
    """
    of_tables = _lacking((*_OF_PAGES, "rich") if fits else _OF_PAGES)
    of_fits = _lacking(_OF_FITS) if fits else []
    names = of_tables + of_fits
    if names:
        *others, last = names
        listed = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        extras = ["train"] * bool(of_fits) + ["tables"] * bool(of_tables)
        raise ImportError(f'{listed} not installed; pip install "skae[{",".join(extras)}]"')


def _lacking(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    if name in sys.modules:
        return sys.modules[name] is not None
    try:
        return find_spec(name) is not None
    except ImportError:  # of an import hook that refuses it
        return False
