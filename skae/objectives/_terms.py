"""Terms of which an update takes those that it lowers."""

from collections.abc import Callable, Iterator, Mapping

from skae.objectives._network_view import Tensor


class TermsAsNeeded(Mapping[str, Tensor]):
    """Terms, each computed when it is first asked for.

    For an objective of several updates: each traces, and computes, no more than it needs.

    Parameters
    ----------
    functions : dict of callable
        Each returns a term.
    """

    def __init__(self, functions: Mapping[str, Callable[[], Tensor]]) -> None:
        self._functions = functions
        self._values: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._values:
            self._values[name] = self._functions[name]()
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)
