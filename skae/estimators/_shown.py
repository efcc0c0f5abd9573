"""What a notebook shows of a fitted autoencoder."""

from typing import Any

# Built anew at every access, of Keras models, which a display would make to write their names.
_BUILT = ("encoder_", "decoder_")


class Shown:
    """A fitted estimator that looks, to whoever asks for all attributes, as if it had no models.

    Parameters
    ----------
    estimator : estimator
    """

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def __dir__(self) -> list[str]:
        names = dir(self._estimator)
        return [name for name in names if name.endswith("_") and name not in _BUILT]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)

    @property
    def __class__(self) -> Any:
        return type(self._estimator)
