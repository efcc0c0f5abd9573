"""The adversarial autoencoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc
from sklearn.utils._param_validation import Interval, StrOptions

from skae.estimators._base import BaseAutoencoder
from skae.estimators._docstring import documented
from skae.estimators._parameters import Constraints
from skae.estimators._sampling import SamplerMixin
from skae.fitting import Recipe, layer_sizes
from skae.model import ScaledRows
from skae.networks import Network
from skae.numerics import Array, Matrix
from skae.objectives import DIVERGENCES

# Deviation of each part of a mixture whose whole has deviation 1.
_PART_DEVIATION = 0.3
# Of the distance from the prior beside the error in the loss; of the critic's, in its update too.
_DIVERGENCE_WEIGHTS = {"critic": 3.0, "energy": 3.0, "mmd": 1.0}
# Defaults of what only the critic has.
_OF_CRITIC = {"adversarial_weight": 1.0, "critic_hidden_layer_sizes": (64, 64)}


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class AdversarialAutoencoder(SamplerMixin, BaseAutoencoder):
    """Autoencoder whose codes follow a distribution that is easy to draw from.

    A critic learns to tell codes from draws of a prior, and the encoder learns to fool it, so that
    codes come to be distributed as the prior is [1]_. Each batch makes three updates: of encoder
    and decoder by the error, of the critic, and of the encoder by the critic. Unlike in a
    variational autoencoder a code stays a point, and the prior need not be normal.

    Parameters
    ----------
    {parameters}

    prior : {"normal", "mixture"}, default="normal"
        Distribution of the code: standard normal, or a mixture of ``n_clusters`` narrow normal
        distributions of equal weight, whose whole has mean 0 and deviation 1 in every dimension.

    n_clusters : int, default=10
        Parts of the mixture. ``prior="normal"`` does not read it.

    adversarial_weight : float, default=1.0
        Size of the encoder's step against the critic, relative to its step by the error.

    critic_hidden_layer_sizes : tuple of int, default=(64, 64)
        Units of the critic's hidden layers.

    divergence : {"critic", "energy", "mmd"}, default="critic"
        What brings codes to the prior. ``"critic"``: the game. ``"energy"`` and ``"mmd"``: no
        critic, but a distance of each batch's codes from as many draws in the loss, which makes a
        Wasserstein autoencoder [4]_: the energy distance [3]_, or the maximum mean discrepancy
        under a sum of inverse multiquadratic kernels of seven scales. They need no game, and
        reconstruct better.

    divergence_weight : float or "auto", default="auto"
        Weight of that distance in the loss; of the energy distance beside the critic.
        ``"auto"`` means 3, and 1 for ``"mmd"``.

    Attributes
    ----------
    {attributes}

    prior_means_ : ndarray of shape (n_parts, n_components_)
        Centres of the prior's parts; one, at 0, for ``"normal"``.

    prior_deviation_ : float
        Deviation of each part in every dimension.

    divergence_weight_ : float
        Weight of the distance that training used.

    See Also
    --------
    VariationalAutoencoder : With a likelihood; the usual choice for a normal prior.

    Notes
    -----
    With a critic ``history_`` has the columns ``critic`` and ``adversarial`` (the losses of the
    critic and of the encoder against it) and ``discrepancy``, the energy distance of codes from the
    prior [3]_, relative to the mean distance between draws. ``loss`` is the error plus
    ``divergence_weight`` times the discrepancy: losses of a game do not tell which epoch is best.
    Without a critic ``discrepancy`` is the distance that was asked for; both are about 0 where
    codes are like draws, and may be a little less by chance.

    What keeps the game stable: training starts at whitened codes, the critic's gradient at draws is
    penalised [2]_, the encoder also lowers the discrepancy, and the best epoch counts, not the
    last.

    References
    ----------
    .. [1] Makhzani, A., Shlens, J., Jaitly, N., Goodfellow, I. & Frey, B. (2015). Adversarial
       autoencoders. arXiv:1511.05644.

    .. [2] Mescheder, L., Geiger, A. & Nowozin, S. (2018). Which training methods for GANs do
       actually converge? ICML 2018, 3481-3490.

    .. [3] Szekely, G. J. & Rizzo, M. L. (2013). Energy statistics: a class of statistics based on
       distances. Journal of Statistical Planning and Inference 143, 1249-1272.

    .. [4] Tolstikhin, I., Bousquet, O., Gelly, S. & Schoelkopf, B. (2018). Wasserstein
       auto-encoders. ICLR 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import AdversarialAutoencoder
    >>> X = load_digits().data[:600]
    >>> adversarial = AdversarialAutoencoder(8, max_iter=5, random_state=0).fit(X)
    >>> adversarial.sample(3, random_state=0).shape
    (3, 64)

    The same without a game:

    >>> matched = AdversarialAutoencoder(8, divergence="mmd", max_iter=5, random_state=0).fit(X)
    >>> list(matched.history_)[:4]
    ['epoch', 'loss', 'reconstruction', 'discrepancy']
    """

    prior: Literal["normal", "mixture"] = "normal"
    n_clusters: int = 10
    adversarial_weight: float = 1.0
    critic_hidden_layer_sizes: int | Sequence[int] = (64, 64)
    divergence: Literal["critic", "energy", "mmd"] = "critic"
    divergence_weight: float | Literal["auto"] = "auto"

    _parameter_constraints: ClassVar[Constraints] = {
        **BaseAutoencoder._parameter_constraints,
        "prior": [StrOptions({"normal", "mixture"})],
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "adversarial_weight": [Interval(Real, 0, None, closed="left")],
        "critic_hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "divergence": [StrOptions(set(DIVERGENCES))],
        "divergence_weight": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
    }

    def _recipe(self) -> Recipe:
        name = "critic_hidden_layer_sizes"
        sizes = layer_sizes(getattr(self, name), name=name)
        has_critic = self.divergence == "critic"
        if not has_critic:
            self._refuse_critic(sizes)
        return Recipe(
            DIVERGENCES[self.divergence],
            loss=self.loss,
            network={"critic_layer_sizes": sizes} if has_critic else {},
            scalars=self._scalars,
            origins={"discrepancy_weight": ("divergence_weight", self.divergence_weight)},
        )

    def _refuse_critic(self, sizes: tuple[int, ...]) -> None:
        given = {"adversarial_weight": self.adversarial_weight, "critic_hidden_layer_sizes": sizes}
        for name, default in _OF_CRITIC.items():
            if given[name] != default:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is of the critic, which "
                    f"divergence={self.divergence!r} has not. Leave it at {default!r}, or set "
                    "divergence='critic'; divergence_weight says how much the distance counts."
                )

    def _scalars(self, network: Network, rows: ScaledRows) -> dict[str, Any]:
        centres, deviation = self._prior(network.n_components)
        scalars = {
            "centres": centres,
            "deviation": deviation,
            "discrepancy_weight": self._weight_of_divergence(),
        }
        if self.divergence == "critic":
            scalars["adversarial_weight"] = self.adversarial_weight
        return scalars

    def _weight_of_divergence(self) -> float:
        weight = self.divergence_weight
        return _DIVERGENCE_WEIGHTS[self.divergence] if weight == "auto" else float(weight)

    def _after_fit(self, X: Matrix, sample_weight: Array | None = None) -> None:
        self.prior_means_, self.prior_deviation_ = self._prior(self.n_components_)
        self.divergence_weight_ = self._weight_of_divergence()

    def _prior(self, n_components: int) -> tuple[Array, float]:
        """Centres and deviation of the parts."""
        if self.prior == "normal" or self.n_clusters == 1:
            return np.zeros((1, n_components)), 1.0
        # Spread evenly and always in the same way: equal parameters share a prior.
        points = qmc.Halton(n_components, rng=np.random.default_rng(0)).random(self.n_clusters)
        centres = ndtri(points)
        centres -= centres.mean(axis=0)
        centres *= np.sqrt(1 - _PART_DEVIATION**2) / centres.std(axis=0)
        return centres, _PART_DEVIATION

    def _draw_prior_codes(self, n_samples: int, rng: np.random.RandomState) -> Array:
        which = rng.randint(len(self.prior_means_), size=n_samples)
        noise = rng.standard_normal((n_samples, self.n_components_))
        codes: Array = self.prior_means_[which] + self.prior_deviation_ * noise
        return codes
