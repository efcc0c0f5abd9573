"""The part that all networks share, whatever their hidden layers: paths, a code, a start at PCA.

An encoder and a mirrored decoder. With a linear path each half is the sum of one linear layer and
a nonlinear path through the hidden layers, both of the flattened row::

    code   = x W + b + nonlinear(x)            x (n, n_features), code (n, n_components)
    output = code V + c + nonlinear(code)

Started at PCA the linear layers are the principal directions and the nonlinear paths end in zeros,
so the untrained network reconstructs exactly as PCA does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from skae.networks import _names as names
from skae.networks._build import Build
from skae.networks._channels import ChannelGroup
from skae.networks._columns import Columns
from skae.networks._factors import Factors, factor_analysis, least_noise
from skae.networks._principal import PrincipalDirections
from skae.networks._priors import prior_shapes
from skae.numerics import Array, Weights

if TYPE_CHECKING:
    from skae.networks._numpy_twin import NumpyTwin

# The slope of a logit at one half is 4: the linear path of a network that ends in a sigmoid
# starts there, so that it follows PCA's reconstruction to first order.
_LOGIT_SLOPE = 4.0
# Deviation of the biases of hidden layers, and of what a decoder's first hidden layer adds to them,
# at a start at PCA.
_SPREAD = 0.5
# A posterior is never wider than its prior, nor a noise variance smaller than this.
_LEAST_VARIANCE = 1e-6
_SCORING_BATCH = 64


# Numbers a feature that are trained beside the decoder, by ``likelihood``.
_N_NOISES = {
    "feature_gaussian": 1,
    "negative_binomial": 1,
    "poisson": 0,
    "student_t": 2,
    "zero_inflated_negative_binomial": 2,
}
_OF_REAL_VALUES = ("feature_gaussian", "student_t")
# Of the tails of Student's t at the start.
_DEGREES_OF_FREEDOM = 10.0


@dataclass(frozen=True, kw_only=True)
class Network:
    """The description of an autoencoder, without any weights.

    Hashable: two networks that compare equal can share a compiled program.

    Attributes
    ----------
    n_features, n_components : int
    sample_shape : tuple of int
        Shape of a row before it is flattened.
    hidden_layer_sizes : tuple of int
        Of the encoder, from the input to the code; the decoder mirrors it.
    activation : str or callable
    dropout : float
    linear_path : bool
    code_activation : str
        Applied to the code.
    n_active : int or None
        How many of the largest values of each row's code are kept; None for all.
    code_threshold : {"jump", "batch"} or None
        What is zero in the code: values up to a trained threshold of their unit, or all but the
        ``n_active`` largest a row of a whole batch, by one threshold where rows are scored.
    has_unit_atoms : bool
        Every row of the decoder's linear kernel is divided by its norm.
    counts_idle : bool
        Whether training counts the rows that each unit of the code has been zero for.
    is_variational : bool
        The encoder gives a normal distribution of the code: its mean, and its log variance.
    has_noise : bool
        The rows' spread around the output is trained: one log variance, unless ``likelihood`` says
        otherwise.
    likelihood : str or None
        How rows lie around the output, where that takes more than one number; see
        ``skae.objectives``.
    critic_layer_sizes : tuple of int or None
        Hidden layers of a critic of the code; None for no critic.
    criticises_rows : bool
        Whether the critic reads images, by convolutions of so many filters, instead of codes.
    head_layer_sizes : tuple of int or None
        Hidden layers of a head that predicts something else from the code; None for no head.
    n_predicted : int
        Outputs of the head.
    n_classes : int
        Classes that both halves are told beside their inputs; 0 for none. See ``given_class``.
    columns : Columns or None
        What the features stand for where they are not all numbers.
    prior : {"mixture", "vamp", "flow"} or None
        What is learned of the distribution of the code; None where it is standard normal.
    n_prior_components : int
        Parts of that.
    build : Build or None
        What a user's code makes of all that; None where there is no such code.
    """

    n_features: int
    n_components: int
    sample_shape: tuple[int, ...]
    hidden_layer_sizes: tuple[int, ...]
    activation: str | Callable[..., Any] = "gelu"
    dropout: float = 0.0
    linear_path: bool = True
    code_activation: str = "linear"
    n_active: int | None = None
    code_threshold: Literal["jump", "batch"] | None = None
    has_unit_atoms: bool = False
    counts_idle: bool = False
    is_variational: bool = False
    has_noise: bool = False
    likelihood: str | None = None
    critic_layer_sizes: tuple[int, ...] | None = None
    criticises_rows: bool = False
    head_layer_sizes: tuple[int, ...] | None = None
    n_predicted: int = 0
    n_classes: int = 0
    columns: Columns | None = None
    prior: str | None = None
    n_prior_components: int = 0
    build: Build | None = None

    # Every subclass has its own: the value of the parameter ``network``.
    kind: ClassVar[str]
    # What "auto" means for the sizes of its hidden layers and for their activation.
    auto_sizes: ClassVar[tuple[int, ...]] = (256,)
    auto_activation: ClassVar[str] = "gelu"
    # How many axes a row may have, and what they are; none where any row will do.
    row_axes: ClassVar[tuple[int, ...]] = ()
    row_shape: ClassVar[str] = ""
    # Whether rows are always flat, so that tables of one width share programs.
    sees_flat_rows: ClassVar[bool] = False
    # Whether the code is the restored row, so that nothing is left to decode.
    restores: ClassVar[bool] = False
    # Whether both halves can be told a class beside their inputs.
    takes_classes: ClassVar[bool] = False
    # Planned steps from which compiling with XLA pays, on a processor and on a GPU.
    xla_from_steps: ClassVar[float] = np.inf
    xla_from_steps_on_gpu: ClassVar[float] = np.inf
    # Weights that are zero where the nonlinear paths say nothing.
    readouts: ClassVar[tuple[str, ...]] = tuple(
        names.kernel(names.nonlinear(half)) for half in ("encoder", "decoder")
    )

    # Whether training begins away from the start at PCA, which stays what the result must beat.
    departs_from_pca: ClassVar[bool] = False
    # Whether a few thousand steps are so cheap that folds can choose the number of epochs.
    is_cheap: ClassVar[bool] = False

    @property
    def numpy_twin(self) -> "NumpyTwin | None":
        """The same network in numpy; None where only Keras can score."""
        return None

    @classmethod
    def hidden_axes(cls, sample_shape: tuple[int, ...]) -> list[int]:
        """How many axes the outputs of hidden layers may have, rows counted as one."""
        return [2]

    def channel_groups(self, weights: Weights) -> list[ChannelGroup]:
        """Groups of the channels of all hidden layers, of which ``compress`` removes some.

        Raises
        ------
        NotImplementedError
            If nobody has said which they are: those of a user's own network, of which ``compress``
            removes none and says so.
        """
        raise NotImplementedError(f"channels of a {type(self).__name__}")

    def steps_from_which_xla_pays(self, on_gpu: bool) -> float:
        """How many planned steps bring back the time that XLA takes to compile."""
        return self.xla_from_steps_on_gpu if on_gpu else self.xla_from_steps

    @property
    def is_masked(self) -> bool:
        """Whether missing values (NaN) in scaled rows say which timesteps there are."""
        return False

    @property
    def scoring_batch(self) -> int:
        """Rows that Keras scores at a time: a row's result does not depend on those beside it."""
        return _SCORING_BATCH

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """Shape of what is trained of the rows around the output."""
        if self.columns is not None:
            return (self.columns.n_numbers,)
        return () if self.likelihood is None else (_N_NOISES[self.likelihood] * self.n_features,)

    def prior_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every weight of a learned prior, by name; none where nothing is learned."""
        if self.prior is None:
            return {}
        sizes = (self.n_prior_components, self.n_components, self.n_features)
        return prior_shapes(self.prior, *sizes)

    @property
    def has_output_units(self) -> bool:
        """Whether every feature of the output comes in a unit of its own.

        Optimizers such as Adam change all weights by steps of one size: in the unit of its own
        noise a feature that hardly varies is not thrown about by them.
        """
        return self.likelihood in _OF_REAL_VALUES

    @property
    def is_bumpy(self) -> bool:
        """Whether single rows may have gradients far larger than others."""
        return self.columns is not None or self.likelihood is not None

    @property
    def code_width(self) -> int:
        """Values that the encoder gives for a row."""
        return self.n_components * (2 if self.is_variational else 1)

    @property
    def has_linear_path(self) -> bool:
        """Without hidden layers the linear layer is all there is."""
        return self.linear_path or not self.hidden_layer_sizes

    @property
    def is_linear(self) -> bool:
        """Whether code and output are linear in their input."""
        is_whole = self.code_activation == "linear" and self.n_active is None
        return is_whole and self.code_threshold is None and not self.hidden_layer_sizes

    @property
    def widest_layer(self) -> int:
        """The most values any layer holds for one row."""
        return max(self.n_features, self.code_width, *self.hidden_layer_sizes, 1)

    def departure(self, weights: Weights, random: Weights) -> Weights:
        """Weights with which training begins, given a start at PCA; the code stays PCA's.

        A decoder that already reconstructs as PCA does leaves its nonlinear path small and noisy
        gradients. Without its linear path it learns features fast.

        Parameters
        ----------
        weights, random : dict of ndarray
            The start, and random weights of the same network.
        """
        linear, readout = names.kernel(names.linear("decoder")), self.readouts[1]
        return {**weights, linear: np.zeros_like(weights[linear]), readout: random[readout]}

    def pca_weights(
        self,
        weights: Weights,
        principal: PrincipalDirections,
        rng: np.random.Generator,
        *,
        output_mean: Array | None = None,
        variances: Array | None = None,
    ) -> Weights:
        """Weights that reconstruct as PCA does, from random ones.

        The code is the whitened PCA score. A variational code is the posterior of probabilistic
        PCA (Tipping & Bishop 1999), the noise what PCA leaves. Components beyond the rank of the
        rows start as random directions of the code that the decoder ignores.

        Parameters
        ----------
        weights : dict of ndarray
        principal : PrincipalDirections
        rng : numpy.random.Generator
        output_mean : ndarray of shape (n_features,), optional
            For a network that ends in a sigmoid: the mean of its rows, inside [0, 1].
        variances : ndarray of shape (n_features,), optional
            Of the features, where each has a noise of its own.

        Returns
        -------
        weights : dict of ndarray
        """
        weights = {name: np.array(values) for name, values in weights.items()}
        directions, deviations = principal.leading(self.n_components)
        noise = max(principal.variance_beyond(self.n_components), _LEAST_VARIANCE)
        n_kept, inward, outward = len(deviations), 1 / deviations, deviations
        if self.is_variational:
            outward = np.sqrt(np.maximum(deviations**2 - noise, 0.0))
            inward = outward / deviations**2
        inside, outside = names.linear("encoder"), names.linear("decoder")
        encoder, decoder = weights[names.kernel(inside)], weights[names.kernel(outside)]
        encoder[:, :n_kept] = directions.T * inward
        decoder[:] = 0.0
        decoder[:n_kept] = directions * outward[:, None]
        if self.is_variational:
            # A component that carries nothing has the prior's distribution.
            encoder[:, n_kept:] = 0.0
            spread = weights[names.bias(inside)][self.n_components :]
            spread[:n_kept] = np.log(np.minimum(noise / deviations**2, 1.0))
        if self.has_noise and self.likelihood is None:
            weights[names.NOISE][...] = np.log(np.float32(noise))
        if variances is not None:
            left = variances - np.sum((directions * outward[:, None]) ** 2, axis=0)
            least = least_noise(variances)
            left = np.maximum(left, 2 * least)
            if principal.is_whole:
                factors = factor_analysis(principal.covariance(), self.n_components, 2 * least)
                left = factors.noise
                self._set_factors(weights, factors)
            else:
                decoder /= np.sqrt(left)
            weights[names.NOISE][: self.n_features] = np.log(1.0 - least / left)
            weights[names.OUTPUT_UNITS][:] = np.sqrt(left)
            weights[names.LEAST_NOISE][:] = least
        if output_mean is not None:
            code_bias = weights[names.bias(inside)][: self.n_components]
            code_bias[:] = -(output_mean @ encoder[:, : self.n_components])
            decoder *= _LOGIT_SLOPE
            clipped = np.clip(output_mean, 0.01, 0.99)
            weights[names.bias(outside)][:] = np.log(clipped / (1 - clipped))
        for name in self.readouts:
            if name in weights:
                weights[name][:] = 0.0
        return self._with_uneven_units(weights, rng)

    def in_units(self, weights: Weights, variances: Array) -> Weights:
        """Random weights of which each output has the deviation of its feature as its unit."""
        least = least_noise(variances)
        units = np.sqrt(np.maximum(variances, 2 * least)).astype(np.float32)
        given = {names.OUTPUT_UNITS: units, names.LEAST_NOISE: least.astype(np.float32)}
        noise = np.zeros(self.noise_shape, np.float32)
        noise[self.n_features :] = np.log(_DEGREES_OF_FREEDOM)
        return {**weights, **given, names.NOISE: noise}

    def _set_factors(self, weights: Weights, factors: Factors) -> None:
        """Make the linear path factor analysis, with the exact posterior of its code."""
        inside, outside = names.linear("encoder"), names.linear("decoder")
        outward, k = factors.loadings * np.sqrt(factors.gains - 1.0), self.n_components
        inward = outward / factors.gains / np.sqrt(factors.noise)[:, None]
        encoder, decoder = weights[names.kernel(inside)], weights[names.kernel(outside)]
        encoder[:], decoder[:] = 0.0, 0.0
        encoder[:, : outward.shape[1]] = inward
        decoder[: outward.shape[1]] = outward.T
        spread = weights[names.bias(inside)][k:]
        spread[:] = 0.0
        spread[: outward.shape[1]] = -np.log(factors.gains)

    def _with_uneven_units(self, weights: Weights, rng: np.random.Generator) -> Weights:
        """Hidden layers whose units are neither odd nor even functions of their inputs.

        With biases of zero every unit of ``gelu`` is a linear function plus an even one, and every
        unit of ``tanh`` is odd. What PCA leaves of rows is uncorrelated with anything linear, and
        where the rows are symmetric about their mean an odd remainder is with anything even too:
        no gradient would lead away from the start, which is a saddle. A code has few values, so
        Glorot's kernels of the decoder's first layer would be small, and its units nearly linear.
        """
        for name in self.hidden_biases(weights):
            noise = rng.standard_normal(weights[name].shape)
            weights[name] += (_SPREAD * noise).astype(np.float32)
        first = names.kernel(names.hidden("decoder", 1))
        if first in weights:
            weights[first] *= _SPREAD / np.sqrt(np.mean(np.sum(weights[first] ** 2, axis=0)))
        return weights

    def hidden_biases(self, weights: Weights) -> list[str]:
        """Names of the biases of the hidden layers of both paths."""
        return [name for name in weights if names.is_hidden_bias(name)]
