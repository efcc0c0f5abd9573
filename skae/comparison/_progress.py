"""Progress of many fits of unequal cost: a bar in a terminal or notebook, else a line a fit.

A fit counts as much as it is expected to take, as measured of those before it of the same reducer:
the bar says what share of the time is over, not what share of the fits.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from statistics import fmean
from time import perf_counter
from typing import TYPE_CHECKING

from skae.messages import in_words, left, needs_extra

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


# The name of the reducer and the size of every fit.
Plan = Sequence[tuple[str, int]]
Announce = Callable[[str], object]


class Forecast:
    """Expected times of planned fits.

    Parameters
    ----------
    plan : sequence of tuple
        For every fit, in their order, what its cost depends on: the name of the reducer and its
        size.
    """

    def __init__(self, plan: Plan) -> None:
        firsts = {key: place for place, key in reversed(list(enumerate(plan)))}
        self.kinds = [(*key, firsts[key] == place) for place, key in enumerate(plan)]
        self.seconds: list[float] = []
        self.started, self._share = perf_counter(), 0.0

    @property
    def n_done(self) -> int:
        """Fits that have ended."""
        return len(self.seconds)

    def begin(self) -> None:
        """Note that a fit begins."""
        self.started = perf_counter()

    def end(self) -> float:
        """Note that the fit has ended; return the seconds it took."""
        now = perf_counter()
        self.seconds.append(now - self.started)
        self.started = now
        return self.seconds[-1]

    def left(self) -> float | None:
        """Return the seconds that are left, or None while a kind of fit was not seen yet."""
        expected = []
        for fit in self.kinds[self.n_done :]:
            seconds = self._expected(fit)
            if seconds is None:
                return None
            expected.append(seconds)
        if not expected:
            return 0.0
        # A fit that takes longer than expected may end at any time.
        return sum(expected) - min(expected[0], perf_counter() - self.started)

    def share(self) -> float | None:
        """Return the share of the whole time that is over, or None while it is not known.

        It never falls: where more turns out to be left, it waits.
        """
        left = self.left()
        if left is None:
            return None
        spent = sum(self.seconds)
        if self.n_done < len(self.kinds):
            spent += perf_counter() - self.started
        self._share = max(self._share, spent / (spent + left) if spent + left else 1.0)
        return self._share

    def _expected(self, fit: tuple[str, int, bool]) -> float | None:
        """Return the mean time of the fits most like it.

        The first of a kind counts apart, as it may load or compile what others find.

        Parameters
        ----------
        fit : tuple
            Its name, its size, and whether it is the first of both.
        """
        name, size, is_first = fit
        done = list(zip(self.kinds, self.seconds, strict=False))
        for like in ((name, size, is_first), (name, None, is_first), (name, size), (name,)):
            alike = [s for kind, s in done if all(map(_agrees, kind, like))]
            if alike:
                return fmean(alike)
        return None


def _agrees(value: object, wanted: object) -> bool:
    return wanted is None or value == wanted


@contextmanager
def progress_of(plan: Plan, verbose: int) -> Iterator[tuple[Announce, Announce]]:
    """Yield two functions, to call with a label before a fit and after it.

    Parameters
    ----------
    plan : sequence of tuple
        See `Forecast`.
    verbose : int
        0 shows nothing.
    """
    if not verbose:
        yield _nothing, _nothing
        return
    with needs_extra("compare"):
        from rich.console import Console
    console, forecast = Console(file=sys.stdout), Forecast(plan)
    # Notebooks draw the bar by a library of their own.
    is_drawn = find_spec("ipywidgets") if console.is_jupyter else console.is_terminal
    show = _bar if is_drawn else _lines
    with show(forecast, console) as (begun, ended):

        def begin(label: str) -> None:
            forecast.begin()
            begun(label)

        def end(label: str) -> None:
            ended(label, forecast.end())

        yield begin, end


def _nothing(label: str) -> None:
    pass


@contextmanager
def _lines(
    forecast: Forecast, console: "Console"
) -> Iterator[tuple[Announce, Callable[[str, float], object]]]:
    def ended(label: str, seconds: float) -> None:
        n_fits = len(forecast.kinds)
        place = f"[{forecast.n_done:>{len(str(n_fits))}}/{n_fits}]"
        is_last = forecast.n_done == n_fits
        rest = "" if is_last else left(forecast.left())
        # Flushed, as a file would keep it for itself until the end.
        print(f"{place} {label}: {_duration(seconds)}{rest and f', {rest}'}", flush=True)

    yield _nothing, ended


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else in_words(seconds)


@contextmanager
def _bar(
    forecast: Forecast, console: "Console"
) -> Iterator[tuple[Announce, Callable[[str, float], object]]]:
    with needs_extra("compare"):
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    n_fits = len(forecast.kinds)
    columns = (
        BarColumn(bar_width=20),
        TextColumn("{task.fields[n_done]}/" + str(n_fits)),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        # Last, as names of different lengths would move what comes after.
        TextColumn("{task.description}", markup=False),
    )

    class Clock(Progress):
        """Looks at the time at every refresh, which comes several times in a long fit."""

        def get_renderables(self) -> "Iterator[RenderableType]":
            for task in self.tasks:
                share = forecast.share()
                if share is not None:
                    task.total, task.completed = 1.0, share
                task.fields.update(n_done=forecast.n_done, left=left(forecast.left()))
            yield from super().get_renderables()

    with Clock(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None, n_done=0, left="")
        yield (
            lambda label: progress.update(task, description=label),
            lambda label, seconds: None,
        )
