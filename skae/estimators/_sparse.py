"""The sparse autoencoder."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skae.estimators._base import BaseAutoencoder
from skae.estimators._docstring import documented
from skae.estimators._parameters import Constraints
from skae.estimators._without_effect import refuse_without_effect
from skae.fitting import Recipe, Rows, layer_sizes
from skae.model import Model, ScaledRows, weighted_blocks
from skae.networks import Network, names, unit_rows
from skae.numerics import Array, Matrix
from skae.objectives import AUXILIARY_WEIGHT, REVIVING, SPARSE

_CODE_ACTIVATIONS = {
    "batch_topk": "relu",
    "jumprelu": "relu",
    "kl": "sigmoid",
    "l1": "relu",
    "topk": "linear",
}
# What each of these parameters does, and the penalties that it does it for.
_READ_BY = {
    "k": ("counts the units that are kept", ("topk", "batch_topk")),
    "sparsity_weight": ("is the weight of an added term", ("l1", "kl", "jumprelu")),
    "target_activation": ("is the mean activation that is wanted", ("kl",)),
}
_THRESHOLDS = {"batch_topk": "batch", "jumprelu": "jump"}
# Penalties that make sparse codes by a dictionary, unless parameters ask for hidden layers.
_OF_DICTIONARIES = ("batch_topk", "jumprelu")
_AUTO_WEIGHTS = {"jumprelu": 0.3, "kl": 3.0, "l1": 0.3}
# A unit is not dead before it has been zero for a pass over the rows, or for so many.
_LEAST_IDLE = 1000
# A unit whose code varies by less than this share of the liveliest unit's is dead.
_DEAD = 1e-3
_N_ROWS_OF_THRESHOLD = 1000
# Added to the variances of directions, of which the mean is 1: more leaves no row a size.
_LARGEST_FLOOR = 1e6


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class SparseAutoencoder(BaseAutoencoder):
    """Autoencoder whose code has few active units for each row.

    A sparse code may be wider than the rows and still has to choose: each unit comes to stand for
    something that only some rows have. Codes of four times the number of features are usual.

    Parameters
    ----------
    {parameters}

    sparsity : {"l1", "kl", "topk", "batch_topk", "jumprelu"}, default="l1"
        ``"l1"`` rectifies the code and adds its mean activation to the loss. ``"kl"`` passes the
        code through a sigmoid and adds the Kullback-Leibler divergence between each unit's mean
        activation in a batch and ``target_activation`` [1]_. ``"topk"`` keeps the ``k`` largest
        activations of each row, and sets the others to zero [2]_. ``"batch_topk"`` rectifies the
        code and keeps the ``k`` largest a row of a whole batch, so that rows take as many as they
        need; where rows are scored, it keeps what reaches a threshold learned from the batches, and
        a row's code does not depend on those beside it [3]_. ``"jumprelu"`` sets values up to a
        trained threshold of their unit to zero, and adds the share of active units to the loss
        [4]_. The last two make a dictionary, with no hidden layers, unless ``hidden_layer_sizes``
        or another ``network`` asks for some: those of ``hidden_layer_sizes="auto"`` are ().

    sparsity_weight : float or "auto", default="auto"
        Weight of the added term, a mean over units; ``"topk"`` and ``"batch_topk"`` add none, so
        that a number is refused.
        ``"auto"`` means 0.3 for ``"l1"``, less for a code narrower than the rows: times
        ``n_components`` over the number of features, or the few units that have to hold everything
        would all be switched off. For ``"kl"`` it means 3, which brings the mean activation close
        to its target, for ``"jumprelu"`` 0.3 times ``n_components`` over the number of features.

    target_activation : float, default=0.05
        Mean activation wanted for each unit, for ``"kl"``; another one is refused elsewhere.

    k : int, default=None
        Units kept for each row, for ``"topk"``, and on average, for ``"batch_topk"``; None means a
        tenth of them, at least one. Fewer make codes that mean more and reconstruct less. A number
        is refused for the others.

    whiten : bool or float, default=False
        Whether rows are whitened first, so that all directions count alike in the loss. Outputs
        and scores stay in the units of the rows. A number is added to the variance of each
        direction, of which the mean is 1: directions that vary less, such as noise, are damped
        (1e6 at most, beside which no direction counts any more). True adds nothing, and 0, which
        could mean that as well as False, is refused. Rows may have up to 2,000 features, and none
        of them missing.

    unit_norm : bool or "auto", default="auto"
        Whether the atoms of the decoder, what a unit of each component adds to a scaled row, are
        divided by their norms. Otherwise a penalty can be lowered by smaller codes and larger
        atoms. It takes a linear decoder. ``"auto"`` means: for ``"batch_topk"`` and ``"jumprelu"``
        without hidden layers.

    dead_units : {"auto", "auxiliary"} or None, default="auto"
        What becomes of units that were zero for a pass over the rows, or for 1000 of them.
        ``"auxiliary"`` trains them to reconstruct what the output of the others lacks, with a
        weight of 1/32 [5]_. ``"auto"`` means that where ``unit_norm="auto"`` means True and the
        loss compares differences, so not for ``"binary_crossentropy"``; else None.

    Attributes
    ----------
    {attributes}

    mean_activations_ : ndarray of shape (n_components_,)
        Mean absolute code of each unit over the rows of the last fit.

    dead_share_ : float
        Share of the units whose code is the same for all those rows, up to a thousandth of the
        deviation of the liveliest unit; of equal rows, of the units that are zero.

    n_dead_ : int
        The number of those units.

    See Also
    --------
    skae.inspection.FiltersDisplay : Pictures of ``components_``.
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

    .. [3] Bussmann, B., Leask, P. & Nanda, N. (2024). BatchTopK sparse autoencoders.
       arXiv:2412.06410.

    .. [4] Rajamanoharan, S., Lieberum, T., Sonnerat, N., Conmy, A., Varma, V., Kramár, J. & Nanda,
       N. (2024). Jumping ahead: improving reconstruction fidelity with JumpReLU sparse
       autoencoders. arXiv:2407.14435.

    .. [5] Gao, L., Dupré la Tour, T., Tillman, H., Goh, G., Troll, R., Radford, A., Sutskever, I.,
       Leike, J. & Wu, J. (2024). Scaling and evaluating sparse autoencoders. arXiv:2406.04093.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> X = load_digits().data[:600]
    >>> sparse = SparseAutoencoder(256, sparsity="topk", k=10, max_iter=5, random_state=0).fit(X)
    >>> code = sparse.transform(X)
    >>> code.shape
    (600, 256)
    >>> np.unique(np.count_nonzero(code, axis=1))
    array([10])

    A dictionary of atoms, of which each digit takes six on average:

    >>> dictionary = SparseAutoencoder(
    ...     64, sparsity="batch_topk", k=6, max_iter=15, random_state=0
    ... ).fit(X)
    >>> dictionary.components_.shape
    (64, 64)
    >>> float(np.count_nonzero(dictionary.transform(X), axis=1).mean().round())
    6.0
    """

    init: Literal["pca", "random"] = "random"
    sparsity: Literal["l1", "kl", "topk", "batch_topk", "jumprelu"] = "l1"
    sparsity_weight: float | Literal["auto"] = "auto"
    target_activation: float = 0.05
    k: int | None = None
    whiten: bool | float = False
    unit_norm: bool | Literal["auto"] = "auto"
    dead_units: Literal["auto", "auxiliary"] | None = "auto"

    _parameter_constraints: ClassVar[Constraints] = {
        **BaseAutoencoder._parameter_constraints,
        "sparsity": [StrOptions(set(SPARSE))],
        "sparsity_weight": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "target_activation": [Interval(Real, 0, 1, closed="neither")],
        "k": [Interval(Integral, 1, None, closed="left"), None],
        # Not 0, which is False to some and nothing that is added to others.
        "whiten": ["boolean", Interval(Real, 0, _LARGEST_FLOOR, closed="right")],
        "unit_norm": ["boolean", StrOptions({"auto"})],
        "dead_units": [StrOptions({"auto", "auxiliary"}), None],
    }

    def _recipe(self) -> Recipe:
        self._refuse_unread()
        variants = REVIVING if self._revives else SPARSE
        return Recipe(
            variants[self.sparsity],
            loss=self.loss,
            network=self._network_options,
            scalars=self._scalars,
            origins={"dead_after": None},
            whitening=self._whitening,
        )

    def _refuse_unread(self) -> None:
        for name, (what, penalties) in _READ_BY.items():
            if self.sparsity not in penalties:
                reason = f"{what}, of which sparsity={self.sparsity!r} has no use"
                way_out = f"set sparsity to {' or '.join(map(repr, penalties))}"
                refuse_without_effect(self, {name: reason}, way_out)

    @property
    def _is_dictionary(self) -> bool:
        """Whether the penalty and the layers make a dictionary: one linear layer to and fro."""
        if isinstance(self.hidden_layer_sizes, str):
            is_linear = isinstance(self.network, str) and self.network == "dense"
        else:
            is_linear = self._is_linear
        return self.sparsity in _OF_DICTIONARIES and is_linear

    @property
    def _is_linear(self) -> bool:
        """Whether the parameters say that there are no hidden layers."""
        has_own_layers = not isinstance(self.network, str)
        is_left = isinstance(self.hidden_layer_sizes, str)
        return not has_own_layers and not is_left and not layer_sizes(self.hidden_layer_sizes)

    @property
    def _whitening(self) -> float | None:
        if isinstance(self.whiten, bool | np.bool_):
            return 0.0 if self.whiten else None
        return float(self.whiten)

    @property
    def _revives(self) -> bool:
        is_possible = self.sparsity in REVIVING and self.loss != "binary_crossentropy"
        if self.dead_units == "auto":
            return is_possible and self._is_dictionary
        if self.dead_units is not None and not is_possible:
            given = "sparsity='kl'" if self.sparsity == "kl" else f"loss={self.loss!r}"
            reason = "has no unit at zero" if self.sparsity == "kl" else "compares no differences"
            raise ValueError(
                f"dead_units='auxiliary' trains units that are zero on what the output lacks, but "
                f"{given} {reason}. Set dead_units=None."
            )
        return self.dead_units is not None

    def _scalars(self, network: Network, rows: ScaledRows) -> dict[str, Any]:
        weight = self.sparsity_weight
        if weight == "auto":
            weight = _AUTO_WEIGHTS.get(self.sparsity, 0.0)
            if self.sparsity == "l1":
                weight *= min(1.0, network.n_components / network.n_features)
            if self.sparsity == "jumprelu":
                weight *= network.n_components / network.n_features
        scalars = {"sparsity_weight": weight, "target_activation": self.target_activation}
        if network.counts_idle:
            scalars["dead_after"] = float(max(rows.n_counted, _LEAST_IDLE))
            scalars["auxiliary_weight"] = AUXILIARY_WEIGHT
        return scalars

    def _network_options(self, n_components: int) -> dict[str, Any]:
        options: dict[str, Any] = {"code_activation": _CODE_ACTIVATIONS[self.sparsity]}
        if self.sparsity in ("topk", "batch_topk"):
            options["n_active"] = self._count_active(n_components)
        if self.sparsity in _THRESHOLDS:
            options["code_threshold"] = _THRESHOLDS[self.sparsity]
        is_dictionary = self._is_dictionary
        if is_dictionary:
            options["hidden_layer_sizes"] = ()
        options["has_unit_atoms"] = self._has_unit_atoms()
        options["counts_idle"] = self._revives
        return options

    def _has_unit_atoms(self) -> bool:
        if self.unit_norm == "auto":
            return self._is_dictionary
        if self.unit_norm and not (self._is_dictionary or self._is_linear):
            raise ValueError(
                "unit_norm=True divides the atoms of a linear decoder by their norms, but "
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} and network={self.network!r} "
                "make one with hidden layers, which could multiply them again. Set "
                "hidden_layer_sizes=(), or unit_norm=False."
            )
        return bool(self.unit_norm)

    def _started(self, model: Model, rows: Rows, recipe: Recipe, rng: np.random.Generator) -> Model:
        """Start a dictionary at atoms that its encoder looks for, as sparse as it will be."""
        if model.network.has_unit_atoms and self.init != "pca":
            encoder, decoder = (names.kernel(names.linear(half)) for half in ("encoder", "decoder"))
            atoms = rng.standard_normal(model.weights[decoder].shape).astype(np.float32)
            atoms = unit_rows(atoms)
            model = model.with_weights({**model.weights, decoder: atoms, encoder: atoms.T.copy()})
        if names.THRESHOLD in model.weights:
            model = _with_started_threshold(model, rows)
        return model

    def _count_active(self, n_components: int) -> int:
        if self.k is None:
            return max(1, n_components // 10)
        if self.k > n_components:
            raise ValueError(
                f"k={self.k} units cannot be kept of a code of n_components={n_components}. Lower "
                "k or raise n_components."
            )
        return int(self.k)

    def _after_fit(self, X: Matrix, sample_weight: Array | None = None) -> None:
        total = 0.0
        sums, absolute, squares = np.zeros((3, self.n_components_))
        for rows, weights in weighted_blocks(X, sample_weight):
            code, weight = self._model.encode(rows), None if sample_weight is None else weights
            total += float(weights.sum())
            sums, absolute = sums + _total(code, weight), absolute + _total(np.abs(code), weight)
            squares = squares + _total(code**2, weight)
        self.mean_activations_ = absolute / total
        deviations = np.sqrt(np.maximum(squares / total - (sums / total) ** 2, 0.0))
        is_dead = deviations <= _DEAD * deviations.max()
        if not deviations.any():
            # Equal rows, or a single one: what is the same for all of them says nothing.
            is_dead = absolute == 0
        self.dead_share_, self.n_dead_ = float(np.mean(is_dead)), int(np.sum(is_dead))

    @property
    def components_(self) -> Array:
        """Atoms of the dictionary: what one unit of each component adds to a row.

        An array of shape (n_components, n_features), float64, in the units of the rows.

        Raises
        ------
        AttributeError
            If the decoder has hidden layers, or ends in a sigmoid: what a component adds is then
            not the same for every row.
        """
        check_is_fitted(self)
        network = self._model.network
        if network.kind == "custom" or network.hidden_layer_sizes or self._model.ends_in_sigmoid:
            raise AttributeError(
                "components_ are the atoms of a linear decoder, but this one has hidden layers, or "
                "ends in a sigmoid. Fit with hidden_layer_sizes=() and loss='squared_error', or "
                "look at skae.inspection.LatentTraversalDisplay."
            )
        return self._model.atoms


def _total(values: Array, weight: Array | None) -> Array:
    """Sums over rows, each of which counts as much as its weight says."""
    if weight is None:
        total: Array = values.sum(axis=0)
        return total
    counted = np.flatnonzero(weight)
    weighted: Array = weight[counted] @ values[counted]
    return weighted


def _with_started_threshold(model: Model, rows: Rows) -> Model:
    """A model that keeps as many values as wanted, of rows from all over.

    At a threshold of zero it would keep half of them, and be judged as a start by those. Rows that
    have a weight count the same, as they do in a batch.
    """
    counted = rows.counted()
    n_rows = len(counted)
    some = np.linspace(0, n_rows - 1, min(n_rows, _N_ROWS_OF_THRESHOLD)).astype(int)
    code = model.encode(rows.X[counted[some]])
    wanted = len(code) * (model.network.n_active or 0)
    highest = np.sort(code, axis=None)[::-1][: wanted + 1]
    if len(highest) <= wanted or highest[wanted] <= 0:
        return model
    threshold = np.full(1, 0.5 * (highest[wanted - 1] + highest[wanted]), np.float32)
    return model.with_weights({**model.weights, names.THRESHOLD: threshold})
