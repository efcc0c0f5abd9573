"""Rows between two rows, along a path of codes."""

from typing import Literal

import numpy as np

from skae.estimators._scoring import ScoringMixin
from skae.messages import check_integer
from skae.numerics import Array, ArrayLike, Matrix

Path = Literal["linear", "spherical"]
_PATHS = ("linear", "spherical")
# Of two codes, from which on their directions say nothing of the way between them.
_LEAST_SINE = 1e-6


class InterpolationMixin(ScoringMixin):
    """Decodes codes between those of rows."""

    @property
    def _usual_path(self) -> Path:
        # Codes of a normal distribution lie near a sphere; one with several parts has no middle.
        return "spherical" if getattr(self, "prior", "normal") == "normal" else "linear"

    def interpolate(
        self,
        X_from: ArrayLike,
        X_to: ArrayLike,
        n_steps: int = 10,
        *,
        method: Path | None = None,
    ) -> Array:
        """Rows between pairs of rows: decoded codes on the way from one to the other.

        Parameters
        ----------
        X_from, X_to : array-like of shape (n_pairs, n_features)
            Where each way begins, and where it ends.
        n_steps : int, default=10
            Rows of each way, both ends among them.
        method : {"linear", "spherical"} or None, default=None
            ``"linear"``: along the straight line, at equal distances. ``"spherical"``: along the
            arc around the origin, at equal angles [1]_, with lengths in between those of both
            codes. None means the second where the prior is normal, and
            the first for any other.

        Returns
        -------
        rows : ndarray of shape (n_pairs, n_steps, n_features)
            In the units of the rows in ``fit`` and in their dtype; the first and the last of each
            are what ``reconstruct`` gives.

        Raises
        ------
        ValueError
            If there are not as many rows at both ends, if ``n_steps`` is not an integer of 2 or
            more, or ``method`` is none of those.

        References
        ----------
        .. [1] White, T. (2016). Sampling generative networks. arXiv:1609.04468.
        """
        ends, n_steps, path = self._check_way(X_from, X_to, n_steps, method)
        first, last = (self._model.encode(X) for X in ends)
        codes = codes_between(first, last, n_steps, path)
        rows = self._model.decode(codes.reshape(-1, codes.shape[2]))
        return rows.reshape(*codes.shape[:2], -1)

    def _check_way(
        self, X_from: ArrayLike, X_to: ArrayLike, n_steps: int, method: Path | None
    ) -> tuple[tuple[Matrix, Matrix], int, Path]:
        first, last = self._check_scored_rows(X_from), self._check_scored_rows(X_to)
        n_steps = check_integer("n_steps", n_steps, 2)
        if method not in (None, *_PATHS):
            raise ValueError(f"method={method!r} should be one of {_PATHS} or None.")
        if first.shape[0] != last.shape[0]:
            raise ValueError(
                f"X_from has {first.shape[0]} rows and X_to has {last.shape[0]}, but a way goes "
                "from one row to one. Pass as many of both."
            )
        return (first, last), n_steps, method or self._usual_path


def codes_between(first: Array, last: Array, n_steps: int, method: Path) -> Array:
    """Codes on the way between pairs, of shape (n_pairs, n_steps, n_components).

    Where codes point in the same direction or in opposite ones, or one is the origin, no arc leads
    from one to the other: the way is straight.
    """
    share = np.linspace(0.0, 1.0, n_steps, dtype=first.dtype)[:, np.newaxis]
    straight: Array = (1 - share) * first[:, np.newaxis] + share * last[:, np.newaxis]
    if method == "linear":
        return straight
    lengths = [np.linalg.norm(code, axis=1, keepdims=True) for code in (first, last)]
    directions = [
        code / np.where(length > 0, length, 1.0)
        for code, length in zip((first, last), lengths, strict=True)
    ]
    has_direction = (lengths[0] > 0) & (lengths[1] > 0)
    cosine = np.clip(np.sum(directions[0] * directions[1], axis=1), -1.0, 1.0)
    angle = np.arccos(cosine)[:, np.newaxis, np.newaxis]
    sine = np.sin(angle)
    is_arc = (sine > _LEAST_SINE) & has_direction[:, np.newaxis]
    sine = np.where(is_arc, sine, 1.0)
    before, after = np.sin((1 - share) * angle) / sine, np.sin(share * angle) / sine
    arc = before * directions[0][:, np.newaxis] + after * directions[1][:, np.newaxis]
    length = (1 - share) * lengths[0][:, np.newaxis] + share * lengths[1][:, np.newaxis]
    codes: Array = np.where(is_arc, length * arc, straight)
    return codes
