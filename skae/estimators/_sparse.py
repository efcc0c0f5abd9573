"""The sparse autoencoder."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skae.estimators._base import BaseAutoencoder
from skae.estimators._docstring import documented
from skae.estimators._parameters import Constraints
from skae.fitting import Recipe
from skae.model import ScaledRows, weighted_blocks
from skae.networks import Network
from skae.numerics import Matrix
from skae.objectives import SPARSE

_CODE_ACTIVATIONS = {"kl": "sigmoid", "l1": "relu", "topk": "linear"}
_AUTO_WEIGHTS = {"kl": 3.0, "l1": 0.3}
# A unit whose code varies by less than this share of the liveliest unit's is dead.
_DEAD = 1e-3


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class SparseAutoencoder(BaseAutoencoder):
    """Autoencoder whose code has few active units for each row.

    A sparse code may be wider than the rows and still has to choose: each unit comes to stand for
    something that only some rows have. Codes of four times the number of features are usual.

    Parameters
    ----------
    {parameters}

    sparsity : {"l1", "kl", "topk"}, default="l1"
        ``"l1"`` rectifies the code and adds its mean activation to the loss. ``"kl"`` passes the
        code through a sigmoid and adds the Kullback-Leibler divergence between each unit's mean
        activation in a batch and ``target_activation`` [1]_. ``"topk"`` keeps the ``k`` largest
        activations of each row, and sets the others to zero [2]_.

    sparsity_weight : float or "auto", default="auto"
        Weight of the added term, a mean over units; ``"topk"`` adds none. ``"auto"`` means 0.3 for
        ``"l1"``, less for a code narrower than the rows: times ``n_components`` over the number of
        features, or the few units that have to hold everything would all be switched off. For
        ``"kl"`` it means 3, which brings the mean activation close to its target.

    target_activation : float, default=0.05
        Mean activation wanted for each unit, for ``"kl"``.

    k : int, default=None
        Units kept for each row, for ``"topk"``; None means a tenth of them, at least one.

    Attributes
    ----------
    {attributes}

    mean_activations_ : ndarray of shape (n_components_,)
        Mean absolute code of each unit over the rows of the last fit.

    dead_share_ : float
        Share of the units whose code is the same for all those rows, up to a thousandth of the
        deviation of the liveliest unit.

    See Also
    --------
    sklearn.decomposition.SparsePCA : A linear code whose *directions* are sparse.

    Notes
    -----
    The start is random by default: a rectified, squashed or cut code cannot be PCA's, so training
    could not start at PCA's reconstruction. ``init="pca"`` starts the linear layers there all the
    same, which leaves units beyond the number of features to chance.

    References
    ----------
    .. [1] Ng, A. (2011). Sparse autoencoder. CS294A lecture notes, Stanford University.

    .. [2] Makhzani, A. & Frey, B. (2013). k-sparse autoencoders. arXiv:1312.5663.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> X = load_digits().data
    >>> sparse = SparseAutoencoder(256, sparsity="topk", k=10, max_iter=5, random_state=0).fit(X)
    >>> code = sparse.transform(X)
    >>> code.shape
    (1797, 256)
    >>> np.unique(np.count_nonzero(code, axis=1))
    array([10])
    """

    init: Literal["pca", "random"] = "random"
    sparsity: Literal["l1", "kl", "topk"] = "l1"
    sparsity_weight: float | Literal["auto"] = "auto"
    target_activation: float = 0.05
    k: int | None = None

    _parameter_constraints: ClassVar[Constraints] = {
        **BaseAutoencoder._parameter_constraints,
        "sparsity": [StrOptions(set(SPARSE))],
        "sparsity_weight": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "target_activation": [Interval(Real, 0, 1, closed="neither")],
        "k": [Interval(Integral, 1, None, closed="left"), None],
    }

    def _recipe(self) -> Recipe:
        return Recipe(
            SPARSE[self.sparsity],
            loss=self.loss,
            network=self._network_options,
            scalars=self._scalars,
        )

    def _scalars(self, network: Network, rows: ScaledRows) -> dict[str, Any]:
        weight = self.sparsity_weight
        if weight == "auto":
            weight = _AUTO_WEIGHTS.get(self.sparsity, 0.0)
            if self.sparsity == "l1":
                weight *= min(1.0, network.n_components / network.n_features)
        return {"sparsity_weight": weight, "target_activation": self.target_activation}

    def _network_options(self, n_components: int) -> dict[str, Any]:
        options: dict[str, Any] = {"code_activation": _CODE_ACTIVATIONS[self.sparsity]}
        if self.sparsity == "topk":
            options["n_active"] = self._count_active(n_components)
        return options

    def _count_active(self, n_components: int) -> int:
        if self.k is None:
            return max(1, n_components // 10)
        if self.k > n_components:
            raise ValueError(
                f"k={self.k} units cannot be kept of a code of n_components={n_components}. Lower "
                "k or raise n_components."
            )
        return int(self.k)

    def _after_fit(self, X: Matrix) -> None:
        total = 0
        sums, absolute, squares = np.zeros((3, self.n_components_))
        for rows, _ in weighted_blocks(X):
            code = self._model.encode(rows)
            total += len(code)
            sums, absolute = sums + code.sum(axis=0), absolute + np.abs(code).sum(axis=0)
            squares = squares + (code**2).sum(axis=0)
        self.mean_activations_ = absolute / total
        deviations = np.sqrt(np.maximum(squares / total - (sums / total) ** 2, 0.0))
        self.dead_share_ = float(np.mean(deviations <= _DEAD * deviations.max()))
