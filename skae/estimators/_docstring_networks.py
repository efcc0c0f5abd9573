"""What descriptions of parameters say of the kinds of networks, as their classes know it."""

import textwrap
from collections.abc import Iterable
from functools import cache

from skae.networks import CODED, KINDS, Network

_WIDTH = 96
_SIZE = "Size of the code."
_SIZE_OR_NONE = 'Size of the code; ``"auto"`` means 2, or no code where the network has none.'
_RESTORING = (
    'have no code: ``"auto"`` means ``"unet"`` for a ``sample_shape`` of two to four axes, unless '
    '``n_components`` asks for a code, and ``"dense"`` otherwise. '
)


def with_networks(entry: str, *, may_restore: bool) -> str:
    """The description of a parameter, with what it names in braces in its place.

    Parameters
    ----------
    entry : str
        Its name and type, and an indented text.
    may_restore : bool
        Whether the estimator takes networks without a code too.
    """
    values = _values(may_restore)
    if not any(f"{{{name}}}" in entry for name in values):
        return entry
    for name, value in values.items():
        entry = entry.replace(f"{{{name}}}", value)
    head, _, text = entry.partition("\n")
    filled = textwrap.fill(
        " ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False
    )
    return f"{head}\n{textwrap.indent(filled, '    ')}"


@cache
def _values(may_restore: bool) -> dict[str, str]:
    kinds = tuple(KINDS) if may_restore else CODED
    networks = [KINDS[kind] for kind in kinds]
    restoring = [network.kind for network in networks if network.restores]
    return {
        "size": 'int, float or "auto"' if may_restore else "int or float",
        "size_text": _SIZE_OR_NONE if may_restore else _SIZE,
        "n_components": '"auto"' if may_restore else "2",
        "kinds": ", ".join(f'"{kind}"' for kind in (*(["auto"] if may_restore else []), *kinds)),
        "restoring": f"{_listed(restoring)} {_RESTORING}" if restoring else "",
        "row_shapes": _by_value(networks, "row_shape"),
        "auto_sizes": _by_value(networks, "auto_sizes"),
        "auto_activations": _by_value(networks, "auto_activation"),
    }


def _by_value(networks: Iterable[type[Network]], attribute: str) -> str:
    """Each value of an attribute, with the kinds that have it."""
    kinds: dict[str, list[str]] = {}
    for network in networks:
        value = getattr(network, attribute)
        if value:
            text = f'``"{value}"``' if attribute == "auto_activation" else str(value)
            kinds.setdefault(text, []).append(network.kind)
    return ", ".join(f"{value} for {_listed(names)}" for value, names in kinds.items())


def _listed(kinds: list[str]) -> str:
    quoted = [f'``"{kind}"``' for kind in kinds]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
