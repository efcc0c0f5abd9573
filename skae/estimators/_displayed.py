"""What scikit-learn shows of a fitted estimator in a notebook, and what Tab completes."""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

# Properties that build Keras models, at every access.
_BUILT = frozenset({"decoder_", "encoder_"})
_are_hidden: ContextVar[bool] = ContextVar("are_hidden", default=False)


class DisplayedMixin:
    """Lists attributes, and shows them, without building Keras models.

    scikit-learn reads the value of every attribute for either. That would load Keras, or fail where
    it is not installed. The table of a notebook has no line for the models.
    """

    def __dir__(self) -> Iterable[str]:
        is_built = "_model" in vars(self) and not _are_hidden.get()
        return [
            name
            for name in object.__dir__(self)
            if (is_built if name in _BUILT else hasattr(self, name))
        ]

    def _get_fitted_attr_html(self, *args: Any, **options: Any) -> Any:
        token = _are_hidden.set(True)
        try:
            return super()._get_fitted_attr_html(*args, **options)  # type: ignore[misc]
        finally:
            _are_hidden.reset(token)
