"""The contractive autoencoder."""

from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

from sklearn.utils._param_validation import Interval

from skae.estimators._base import BaseAutoencoder
from skae.estimators._docstring import documented
from skae.estimators._parameters import Constraints
from skae.fitting import Recipe
from skae.objectives import CONTRACTIVE


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class ContractiveAutoencoder(BaseAutoencoder):
    """Autoencoder whose code changes little when a row changes little.

    The squared Frobenius norm of the encoder's Jacobian at each row is added to the loss [1]_. The
    code stays sensitive only to the directions in which rows really differ. The norm is exact, at
    every row and through any depth, not an estimate.

    Parameters
    ----------
    {parameters}

    contraction : float, default=1e-3
        Weight of the squared norm. Rows are in scaled units there: their mean variance is 1,
        except with ``loss="binary_crossentropy"``, where they are as they came.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    DenoisingAutoencoder : Robust to larger changes of a row.

    Notes
    -----
    The norm's gradient needs the second derivative of the activation. ``"relu"`` and other
    piecewise linear activations have none: they are allowed, but the penalty then only shrinks
    weights along the active paths. Smooth ones (``"gelu"``, ``"tanh"``, ``"sigmoid"``) can also
    learn to saturate. Dropout is left out of the norm.

    With ``init="pca"`` training starts at the whitened PCA score, whose norm is the sum of the
    components' inverse variances; a large ``contraction`` soon shrinks the code, and the decoder
    grows to make up for it.

    References
    ----------
    .. [1] Rifai, S., Vincent, P., Muller, X., Glorot, X. & Bengio, Y. (2011). Contractive
       auto-encoders: explicit invariance during feature extraction. ICML 2011, 833-840.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import ContractiveAutoencoder
    >>> X = load_digits().data[:600]
    >>> plain = ContractiveAutoencoder(8, contraction=0.0, max_iter=5, random_state=0).fit(X)
    >>> contractive = ContractiveAutoencoder(8, contraction=0.1, max_iter=5, random_state=0).fit(X)
    >>> bool(contractive.history_["contraction"][-1] < plain.history_["contraction"][-1])
    True
    """

    contraction: float = 1e-3

    _parameter_constraints: ClassVar[Constraints] = {
        **BaseAutoencoder._parameter_constraints,
        "contraction": [Interval(Real, 0, None, closed="left")],
    }

    def _recipe(self) -> Recipe:
        return Recipe(CONTRACTIVE, loss=self.loss, scalars={"contraction": self.contraction})
