"""Learned distributions of the code: what is trained of each, by name.

``"mixture"`` has normal parts with full covariances, ``"vamp"`` rows of its own whose posteriors
are the parts, ``"flow"`` affine couplings; see ``skae.objectives``.
"""

from typing import NamedTuple

import numpy as np

from skae.networks import _names as names
from skae.numerics import Integers

Shape = tuple[int, ...]
PRIORS = ("mixture", "vamp", "flow")
# Units of the hidden layer of each coupling.
COUPLING_UNITS = 64


def prior_weight(name: str) -> str:
    """The name of a weight of the prior."""
    return names.PRIOR + name


def coupling_weight(i: int, name: str) -> str:
    """The name of a weight of a coupling, counted from 0."""
    return f"{names.PRIOR}coupling_{i}/{name}"


class Coupling(NamedTuple):
    """The components of the code that a coupling reads, and those that it moves.

    Attributes
    ----------
    read, moved : ndarray of int
    order : ndarray of int
        Puts both, one after the other, back into place.
    """

    read: Integers
    moved: Integers
    order: Integers


def coupling(i: int, n_components: int) -> Coupling:
    """Halves of the code for coupling ``i``: odd and even components, then first and last ones."""
    places = np.arange(n_components)
    is_read = places % 2 == 0 if i % 4 < 2 else places < n_components // 2
    if i % 2:
        is_read = ~is_read
    read, moved = np.flatnonzero(is_read), np.flatnonzero(~is_read)
    return Coupling(read, moved, np.argsort(np.concatenate([read, moved])))


def prior_shapes(kind: str, n_parts: int, n_components: int, n_features: int) -> dict[str, Shape]:
    """Shape of every weight of a learned prior."""
    if kind == "mixture":
        return {
            prior_weight("logits"): (n_parts,),
            prior_weight("means"): (n_parts, n_components),
            prior_weight("factors"): (n_parts, n_components, n_components),
        }
    if kind == "vamp":
        return {prior_weight("logits"): (n_parts,), prior_weight("rows"): (n_parts, n_features)}
    shapes: dict[str, Shape] = {}
    for i in range(n_parts):
        read, moved, _ = coupling(i, n_components)
        shapes[coupling_weight(i, "hidden/kernel")] = (len(read), COUPLING_UNITS)
        shapes[coupling_weight(i, "hidden/bias")] = (COUPLING_UNITS,)
        shapes[coupling_weight(i, "output/kernel")] = (COUPLING_UNITS, 2 * len(moved))
        shapes[coupling_weight(i, "output/bias")] = (2 * len(moved),)
    shapes[prior_weight("shift")] = (n_components,)
    shapes[prior_weight("log_scale")] = (n_components,)
    return shapes
