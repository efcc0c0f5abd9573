"""Progress on stderr, and the warnings of what runs."""

import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from skae.cli._terminal import quiet_stderr
from skae.messages import in_words

_SHORT = 1.0  # seconds: what takes less is not worth a line


class Progress:
    """Tells on stderr what runs and how long it took, and collects warnings.

    Attributes
    ----------
    warnings : list of str
        Each once, to be told after all progress.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Tell of one step: in a terminal while it runs, and in a line when it took a while."""
        began = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with _shown(label):
                yield
        self._keep(caught)
        seconds = time.perf_counter() - began
        if seconds >= _SHORT:
            shown = f"{seconds:.1f} s" if seconds < 10 else in_words(seconds)
            print(f"{label}: {shown}", file=sys.stderr, flush=True)

    def _keep(self, caught: Sequence[warnings.WarningMessage]) -> None:
        for item in caught:
            text = " ".join(f"{item.category.__name__}: {item.message}".split())
            if text not in self.warnings:
                self.warnings.append(text)


@contextmanager
def _shown(label: str) -> Iterator[None]:
    from rich.console import Console

    if not Console(file=sys.stderr).is_terminal:
        with quiet_stderr():
            yield
        return
    # TensorFlow says how it loads on the same terminal, past Python.
    with (
        open(os.dup(2), "w", encoding=sys.stderr.encoding, errors="replace") as terminal,
        Console(file=terminal).status(label),
        quiet_stderr(),
    ):
        yield
