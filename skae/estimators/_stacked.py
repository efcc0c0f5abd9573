"""The stacked autoencoder."""

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skae.estimators._base import BaseAutoencoder
from skae.estimators._docstring import documented
from skae.estimators._parameters import Constraints, LayerSizes
from skae.estimators._without_effect import refuse_without_effect
from skae.fitting import (
    AT_THE_MODEL,
    PrintHooks,
    Recipe,
    Rows,
    Settings,
    check_share,
    checkpoint_of_layer,
    lasting_checkpoints,
    train,
)
from skae.model import Model
from skae.networks import CODED
from skae.numerics import Array, Matrix
from skae.objectives import layerwise
from skae.training import Hooks, Outcome


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class StackedAutoencoder(BaseAutoencoder):
    """Deep autoencoder whose layers are pretrained one at a time.

    Each hidden layer first learns to reconstruct its own input, which is the output of the layer
    below: the first reads the rows, the second what the first makes of them, and so on; then all
    are trained together [1]_ [2]_. ``hidden_layer_sizes=(512, 256, 64)`` pretrains three layers,
    then the code. It helps deep networks that are hard to train at once, such as those with
    sigmoid units. Corrupting each layer's input makes it a stack of denoising autoencoders [3]_.

    Parameters
    ----------
    {parameters}

    pretrain_max_iter : int, default=20
        Epochs for each layer, at most; ``early_stopping`` holds there too. 0 pretrains nothing.

    pretrain_noise : {"gaussian", "masking"} or None, default=None
        How a layer's input is corrupted while it is pretrained: by normal noise, or by setting a
        share of the values to zero. It is refused with ``pretrain_max_iter=0``.

    pretrain_noise_level : float, default=0.2
        The noise's standard deviation relative to that of the layer's input, or that share.
        Another one is refused without noise.

    Attributes
    ----------
    {attributes}

    n_pretrain_iter_ : list of int
        Epochs that pretraining took, layer by layer; ``n_iter_`` counts them too.

    See Also
    --------
    Autoencoder : The same network, trained all at once.

    Notes
    -----
    ``history_`` has a column ``phase``: 1 for the epochs of the first layer, and so on; the
    highest stands for those in which all layers are trained. Losses of a layer are relative to the
    variance of its input: 1 is what predicting the mean scores. ``best_epoch_`` counts all epochs.

    With ``init="pca"`` the linear path stays out of pretraining. Training of all layers then begins
    at PCA's reconstruction, with the pretrained layers as features that do not reach code and
    output yet (over convolutions: at PCA's code with the pretrained decoder), so the code is not a
    phase of its own. With ``init="random"`` it is, and training begins with what pretraining left.

    ``partial_fit`` and fits that continue with ``warm_start`` do not pretrain.

    References
    ----------
    .. [1] Hinton, G. E. & Salakhutdinov, R. R. (2006). Reducing the dimensionality of data with
       neural networks. Science 313, 504-507.

    .. [2] Bengio, Y., Lamblin, P., Popovici, D. & Larochelle, H. (2007). Greedy layer-wise
       training of deep networks. NIPS 2006, 153-160.

    .. [3] Vincent, P. et al. (2010). Stacked denoising autoencoders: learning useful
       representations in a deep network with a local denoising criterion. JMLR 11, 3371-3408.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import StackedAutoencoder
    >>> X = load_digits().data[:500]
    >>> stacked = StackedAutoencoder(
    ...     8, hidden_layer_sizes=(128, 64), pretrain_max_iter=5, max_iter=10, random_state=0
    ... ).fit(X)
    >>> stacked.n_pretrain_iter_
    [5, 5]
    >>> stacked.history_["phase"]
    array([1., 1., 1., 1., 1., 1., 2., 2., 2., 2., 2., 2., 3., 3., 3., 3., 3.,
           3., 3., 3., 3., 3., 3.])
    """

    hidden_layer_sizes: LayerSizes = (256, 128)
    pretrain_max_iter: int = 20
    pretrain_noise: Literal["gaussian", "masking"] | None = None
    pretrain_noise_level: float = 0.2

    _parameter_constraints: ClassVar[Constraints] = {
        **BaseAutoencoder._parameter_constraints,
        "pretrain_max_iter": [Interval(Integral, 0, None, closed="left")],
        "pretrain_noise": [StrOptions({"gaussian", "masking"}), None],
        "pretrain_noise_level": [Interval(Real, 0, None, closed="left")],
    }

    def _recipe(self) -> Recipe:
        if not self.pretrain_max_iter:
            reason = "is of pretraining, which pretrain_max_iter=0 leaves out"
            reasons = dict.fromkeys(("pretrain_noise", "pretrain_noise_level"), reason)
            refuse_without_effect(self, reasons, "say for how many epochs layers are pretrained")
        elif self.pretrain_noise is None:
            reason = "says how much noise there is, but pretrain_noise=None adds none"
            way_out = "set pretrain_noise='gaussian' or 'masking'"
            refuse_without_effect(self, {"pretrain_noise_level": reason}, way_out)
        return super()._recipe()

    def _pretrain(
        self, model: Model, rows: Rows, settings: Settings, rng: np.random.Generator
    ) -> tuple[Model, list[Outcome]]:
        if self.pretrain_noise == "masking":
            check_share(
                "pretrain_noise_level", self.pretrain_noise_level, "pretrain_noise='masking'"
            )
        if model.network.kind == "custom":
            raise ValueError(
                "StackedAutoencoder pretrains layer by layer, but does not see the layers of "
                f"network={self.network!r}. Use {', '.join(map(repr, CODED))}, or Autoencoder, "
                "which trains all layers at once."
            )
        n_hidden = len(model.network.hidden_layer_sizes)
        # A code that starts at PCA is not a layer of its own.
        n_phases = n_hidden + (self.init == "random" and n_hidden > 0)
        weights = model.weights
        outcomes: list[Outcome] = []
        settings = replace(settings, max_iter=self.pretrain_max_iter)
        for place in range(n_phases if self.pretrain_max_iter else 0):
            path = settings.checkpoint
            kept = None if path is None else checkpoint_of_layer(path, place)
            # A kill in a later layer is to cost this one nothing.
            with lasting_checkpoints():
                outcome = train(
                    model.with_weights(weights),
                    rows,
                    self._layer_recipe(place, n_hidden),
                    replace(settings, checkpoint=kept),
                    AT_THE_MODEL,
                    self._layer_hooks(f"layer {place + 1} of {n_phases}"),
                    rng,
                )
            weights = outcome.weights
            outcomes.append(outcome)
            if outcome.interrupted:
                break
        if self.init == "pca":
            readouts = (name for name in model.network.readouts if name in weights)
            weights = {**weights, **{name: model.weights[name] for name in readouts}}
        return model.with_weights(weights), outcomes

    def _layer_recipe(self, place: int, n_hidden: int) -> Recipe:
        objective = layerwise(place, n_hidden, self.pretrain_noise)
        level = self.pretrain_noise_level
        origins = {"noise_level": ("pretrain_noise_level", level)}
        return Recipe(objective, loss=self.loss, scalars={"noise_level": level}, origins=origins)

    def _layer_hooks(self, part: str) -> Hooks:
        return PrintHooks(self.pretrain_max_iter, part) if self.verbose else Hooks()

    def _after_fit(self, X: Matrix, sample_weight: Array | None = None) -> None:
        # Passes of ``partial_fit`` train all layers.
        phases = self.history_.get("phase", np.ones(len(self.history_["epoch"])))
        phases = np.where(np.isnan(phases), np.nanmax(phases), phases)
        self.history_["phase"] = phases
        # Each phase has a start of its own.
        n_epochs = np.unique(phases, return_counts=True)[1] - 1
        self.n_pretrain_iter_ = n_epochs[:-1].tolist()
