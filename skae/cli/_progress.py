"""Progress on stderr, and the warnings of what runs."""

import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from skae.messages import in_words


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
        """Tell of one step: in a terminal while it runs, elsewhere in a line when it is over.

        Raises
        ------
        KeyboardInterrupt
            Also where a fit has been interrupted and has kept its best weights.
        """
        from rich.console import Console

        console, began = Console(file=sys.stderr), time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if console.is_terminal:
                with console.status(label):
                    yield
            else:
                yield
        stop_if_interrupted(caught)
        self._keep(caught)
        seconds = time.perf_counter() - began
        shown = f"{seconds:.1f} s" if seconds < 10 else in_words(seconds)
        print(f"{label}: {shown}", file=sys.stderr, flush=True)

    def _keep(self, caught: Sequence[warnings.WarningMessage]) -> None:
        for item in caught:
            text = " ".join(f"{item.category.__name__}: {item.message}".split())
            if text not in self.warnings:
                self.warnings.append(text)


def stop_if_interrupted(caught: Sequence[warnings.WarningMessage]) -> None:
    """Raise where an autoencoder has ended its fit at Ctrl-C: here it means to stop."""
    if any(str(item.message).startswith("Training interrupted") for item in caught):
        raise KeyboardInterrupt
