"""Which methods of which estimators have graphs."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sklearn.impute import SimpleImputer
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures, PowerTransformer
from sklearn.svm import LinearSVC

from skae import (
    AutoencoderClassifier,
    AutoencoderRegressor,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
    estimators,
)
from skae.export._autoencoders import of_autoencoder, of_classifier, of_regressor
from skae.export._imputing import of_imputer
from skae.export._inverses import Inverse, of_inverse
from skae.export._outliers import of_detector
from skae.export._preparing import (
    of_bins,
    of_linear_classifier,
    of_mixture,
    of_polynomials,
    of_powers,
    of_simple_imputer,
)
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
    getattr(estimators, name): _AUTOENCODER for name in estimators.__all__
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
# Estimators of scikit-learn, which whoever calls `skl2onnx` without skae gets from it as before.
_STEPS: dict[type[Any], Answers] = {
    GaussianMixture: Answers(("predict", "predict_proba", "score_samples"), of_mixture),
    KBinsDiscretizer: Answers(("transform",), of_bins),
    LinearSVC: Answers(("predict", "decision_function"), of_linear_classifier),
    PolynomialFeatures: Answers(("transform",), of_polynomials),
    PowerTransformer: Answers(("transform",), of_powers),
    SimpleImputer: Answers(("transform",), of_simple_imputer),
}


def answers_of(estimator: object) -> Answers | None:
    """What an estimator can be asked here: one of skae, a subclass of one, or one of these."""
    found = _STEPS.get(type(estimator))
    if found is not None:
        return found
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
