"""A state that says what it should be, so that a damaged one is told from a whole one."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator

from skae.states._attributes import check_attributes
from skae.states._checksum import checksum
from skae.states._versions import FORMAT, check_format, versions, warn_of_other_versions

_STAMP = "_stored"


class StampedEstimator(BaseEstimator):
    """Estimators whose state carries a checksum, its format and the versions that wrote it.

    All of pickle, joblib, skops, ``copy`` and :func:`skae.save` go through it.
    """

    def _unstamped(self) -> dict[str, Any]:
        """The state to store; a subclass may leave things out."""
        return dict(super().__getstate__())

    def __getstate__(self) -> dict[str, Any]:
        state = self._unstamped()
        stamp = {"format": FORMAT, **versions()}
        return {**state, _STAMP: {**stamp, "checksum": _checksum_of(type(self), state, stamp)}}

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(_verified(type(self), state))
        self._check_stored()

    def _check_stored(self) -> None:
        """Refuse attributes that do not fit each other; a subclass knows which."""


def _checksum_of(
    cls: type[Any], state: Mapping[str, Any], stamp: Mapping[str, Any], *, is_read: bool = False
) -> str:
    parts = [cls.__qualname__, dict(sorted(state.items())), dict(sorted(stamp.items()))]
    return checksum(parts, is_read=is_read)


def _verified(cls: type[Any], state: Any) -> dict[str, Any]:
    name = cls.__name__
    stamp = state.get(_STAMP) if isinstance(state, dict) else None
    if not isinstance(stamp, dict):
        raise ValueError(
            f"This {name} holds no checksum: it is damaged, or no released skae wrote it. Take "
            "another copy of it, or fit again."
        )
    check_format(stamp.get("format"), f"This {name}")
    plain = {key: value for key, value in state.items() if key != _STAMP}
    check_attributes(cls, plain)
    said = {key: value for key, value in stamp.items() if key != "checksum"}
    try:
        is_whole = stamp.get("checksum") == _checksum_of(cls, plain, said, is_read=True)
    except (AttributeError, RecursionError, TypeError):
        # Of parts that are no longer what their names say.
        is_whole = False
    if not is_whole:
        raise ValueError(
            f"This {name} holds other values than were stored: its checksum does not fit, so it is "
            "damaged or was changed. Take another copy of it, or fit again."
        )
    warn_of_other_versions(name, stamp)
    return plain
