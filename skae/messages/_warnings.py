"""Warnings that rooms below ``skae.exceptions`` give, which publishes them, and how to warn."""

import sys
import warnings

# Packages whose code may stand between a warning and the line of the user.
_BETWEEN = {"skae", "sklearn", "joblib", "concurrent", "contextlib", "threading"}


class NetworkChangedWarning(UserWarning):
    """The code of a user's network is not what it was in the fit, so that it may compute otherwise.

    A fitted estimator keeps its weights, and of a function given as ``network`` or ``activation``
    only where to find it. Where that function now builds other layers, an error is raised instead.
    """


def warn(message: str | Warning, category: type[Warning] | None = None) -> None:
    """Warn of what a line of the user did, however many calls of libraries lie between.

    A constant ``stacklevel`` names it from one depth alone: a warning of an autoencoder within a
    Pipeline, a search or another estimator would name a line of a library, which nobody can mend.
    """
    warnings.warn(message, category, stacklevel=1 + _depth())


def _depth() -> int:
    """Return how many frames above ``warn`` the line of the user is, or else the outermost one."""
    frame, depth = sys._getframe(1), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in _BETWEEN:
            break
    return depth
