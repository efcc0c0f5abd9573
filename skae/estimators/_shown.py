"""What can be seen of a fitted autoencoder without building its Keras models."""

from typing import Any

from skae.estimators._read_later import left_as_text

# Built anew at every access: neither a display nor a list of names should.
BUILT = ("encoder_", "decoder_")


class Shown:
    """The attributes of a fit, but for the models, for displays that ask for all there are.

    Parameters
    ----------
    estimator : estimator
    """

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def __dir__(self) -> list[str]:
        names = {*vars(self._estimator), *dir(type(self._estimator))}
        return [name for name in names if name.endswith("_") and name not in BUILT]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)


def names_of(estimator: Any) -> list[str]:
    """Names of all attributes that an estimator has, of which none is built to find out."""
    is_fitted = hasattr(estimator, "_model")
    with left_as_text():
        return [
            name
            for name in object.__dir__(estimator)
            if (is_fitted if name in BUILT else hasattr(estimator, name))
        ]
