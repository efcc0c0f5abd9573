"""A page of findings, pictures and tables, as one file of HTML."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import skae
from skae.cli._png import Picture

if TYPE_CHECKING:
    import jinja2

_PACKAGES = ("scikit-learn", "numpy", "keras", "tensorflow")


@dataclass(frozen=True)
class PageTable:
    """A table of a page.

    Attributes
    ----------
    caption : str
    header : list of str
    rows : list of list of str
        The first cell of each names it.
    texts : set of int
        Places of columns that hold text, and not numbers.
    """

    caption: str
    header: list[str]
    rows: list[list[str]]
    texts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Section:
    """A part of a page: text, a picture, a table, each where there is one."""

    heading: str
    paragraphs: Sequence[str] = ()
    picture: Picture | None = None
    table: PageTable | None = None


@dataclass(frozen=True)
class Page:
    """What a command found.

    Attributes
    ----------
    title, subtitle : str
    findings : list of str
        The first is the main one.
    advice : list of str
        What to mind.
    sections : list of Section
    command : str
    settings : dict of str to object
    warnings : list of str
    """

    title: str
    subtitle: str
    findings: Sequence[str]
    sections: Sequence[Section]
    command: str
    settings: dict[str, Any]
    advice: Sequence[str] = ()
    warnings: Sequence[str] = field(default_factory=list)


def render(page: Page) -> bytes:
    """Return a page as HTML that needs no other file."""
    html = (
        environment_of_pages()
        .get_template("_page.html")
        .render(
            page=page,
            date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
            versions=versions(),
        )
    )
    return html.replace(" %", "\N{NO-BREAK SPACE}%").encode()


def environment_of_pages() -> "jinja2.Environment":
    """Return what renders the templates of this package."""
    import jinja2

    return jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(_read_template),
        trim_blocks=True,
    )


def _read_template(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the versions of what computes, by name."""
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    others = {name: _version(name) for name in _PACKAGES}
    return {"python": python, "skae": skae.__version__, **others}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
