"""What the commands need beside what skae itself needs."""

from skae.messages import lacking

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
    of_tables = lacking((*_OF_PAGES, "rich") if fits else _OF_PAGES)
    of_fits = lacking(_OF_FITS) if fits else []
    names = of_tables + of_fits
    if names:
        *others, last = names
        listed = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        extras = ["train"] * bool(of_fits) + ["tables"] * bool(of_tables)
        raise ImportError(f'{listed} not installed; pip install "skae[{",".join(extras)}]"')
