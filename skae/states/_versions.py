"""Who wrote a state, and whether this version can read it."""

import functools
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from numbers import Integral
from typing import Any

import numpy as np
import sklearn

from skae import __version__
from skae.exceptions import OtherVersionWarning
from skae.messages import warn
from skae.states._shortened import shortened

# Raised when the layout of a state changes. A reader of a format reads all that were before it.
FORMAT = 1


# What trains, in which bits differ from version to version.
_TRAINING = ("keras", "tensorflow", "tensorflow-cpu")


@functools.cache
def versions() -> dict[str, str]:
    """Versions of what reads and writes a state."""
    return {
        "skae": __version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
    }


@functools.cache
def versions_of_training() -> dict[str, str]:
    """Versions of all that the bits of a fit depend on."""
    return {**versions(), **{package: version_of(package) for package in _TRAINING}}


def version_of(package: str) -> str:
    """The version of an installed package, which is not imported; "unknown" of none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def check_format(found: Any, what: str) -> int:
    """Return the number of a format that this version reads.

    Parameters
    ----------
    found : object
        As it was read.
    what : str
        What holds it, for the error.

    Raises
    ------
    ValueError
        For any other value.
    """
    if not isinstance(found, Integral) or isinstance(found, bool) or int(found) < 1:
        raise ValueError(
            f"{what} says that its format is {shortened(found)}, but a whole number from 1 on was "
            "expected: it is damaged, or no skae wrote it. Take another copy of it, or fit again."
        )
    if int(found) > FORMAT:
        raise ValueError(
            f"{what} was saved in format {found} by a newer skae; this one reads formats up to "
            f"{FORMAT}. Update skae, or save the estimator with this version."
        )
    return int(found)


def warn_of_other_versions(name: str, written: Mapping[str, Any]) -> None:
    """Warn where another skae or scikit-learn wrote a state, as scikit-learn does of its own."""
    for library in ("skae", "scikit-learn"):
        found = written.get(library)
        if not isinstance(found, str) or found != versions()[library]:
            warning = OtherVersionWarning(
                estimator_name=name,
                library=library,
                current_version=versions()[library],
                original_version=found if isinstance(found, str) else shortened(found),
            )
            warn(warning)
