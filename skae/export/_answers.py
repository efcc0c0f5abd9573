"""Which methods of which estimators have graphs."""

from collections.abc import Callable
from typing import Any, NamedTuple

from skae import (
    AdversarialAutoencoder,
    Autoencoder,
    AutoencoderClassifier,
    AutoencoderRegressor,
    ContractiveAutoencoder,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
    RecurrentAutoencoder,
    SparseAutoencoder,
    StackedAutoencoder,
    VariationalAutoencoder,
    VariationalConvolutionalAutoencoder,
)
from skae.export._autoencoders import of_autoencoder, of_classifier, of_regressor
from skae.export._imputing import of_imputer
from skae.export._inverses import Inverse, of_inverse
from skae.export._outliers import of_detector
from skae.export._refusals import CannotExport
from skae.export._tensor import Tensor


class Answers(NamedTuple):
    """What a class can be asked in a graph.

    Attributes
    ----------
    methods : tuple of str
        The first is what it does in the middle of a Pipeline, or by default.
    function : callable
        ``function(estimator, method, rows)``.
    """

    methods: tuple[str, ...]
    function: Callable[[Any, str, Tensor], Any]


_AUTOENCODER = Answers(
    ("transform", "inverse_transform", "reconstruct", "score_samples"), of_autoencoder
)
ANSWERS: dict[type[Any], Answers] = {
    cls: _AUTOENCODER
    for cls in (
        AdversarialAutoencoder,
        Autoencoder,
        ContractiveAutoencoder,
        ConvolutionalAutoencoder,
        DenoisingAutoencoder,
        RecurrentAutoencoder,
        SparseAutoencoder,
        StackedAutoencoder,
        VariationalAutoencoder,
        VariationalConvolutionalAutoencoder,
    )
}
ANSWERS |= {
    AutoencoderClassifier: Answers(
        ("predict", "predict_proba", "predict_log_proba"), of_classifier
    ),
    AutoencoderRegressor: Answers(("predict",), of_regressor),
    ReconstructionImputer: Answers(("transform",), of_imputer),
    ReconstructionOutlierDetector: Answers(
        ("score_samples", "decision_function", "predict"), of_detector
    ),
    Inverse: Answers(("inverse_transform",), of_inverse),
}


def answers_of(estimator: object) -> Answers | None:
    """What an estimator of skae can be asked, or a subclass of one; None for others."""
    return next((ANSWERS[cls] for cls in type(estimator).__mro__ if cls in ANSWERS), None)


def answer(estimator: Any, method: str, rows: Tensor) -> Tensor:
    """What a method returns for rows, as a value of a graph.

    Raises
    ------
    CannotExport
        If there is no graph that says it.
    """
    found = answers_of(estimator)
    assert found is not None
    if method not in found.methods:
        raise CannotExport(
            f"its method {method!r} has no graph. Take one of {', '.join(found.methods)}."
        )
    value: Tensor = found.function(estimator, method, rows)
    return value
