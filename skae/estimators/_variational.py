"""The variational autoencoders."""

from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self, get_args, overload

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skae.estimators._base import BaseAutoencoder
from skae.estimators._critic_of_rows import CriticOfRowsMixin
from skae.estimators._docstring import documented
from skae.estimators._learned_priors import learned_prior, network_options
from skae.estimators._likelihood_scoring import LikelihoodMixin
from skae.estimators._parameters import POSITIVE_INTEGER, Constraints, LossName, NetworkChoice
from skae.fitting import Recipe, with_refined_prior
from skae.messages import check_flag
from skae.model import (
    Model,
    draw_around,
    draw_prior,
    likelihood_parameters,
    mean_divergences,
    noise_variance,
    posterior_deviations,
    prior_parameters,
    unit_statistics,
)
from skae.numerics import Array, ArrayLike, Matrix
from skae.objectives import COUNTS, conditional, variational

Likelihood = Literal[
    "bernoulli",
    "gaussian",
    "negative_binomial",
    "poisson",
    "student_t",
    "zero_inflated_negative_binomial",
]
Prior = Literal["flow", "mixture", "normal", "vamp"]
_OF_VALUES = ("student_t", *COUNTS)
# Burda et al.'s threshold for a unit that still says something about the row.
_ACTIVE_VARIANCE = 0.01
# Of the codes that refine a prior.
_SEED = 0


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class VariationalAutoencoder(CriticOfRowsMixin, LikelihoodMixin, BaseAutoencoder):
    """Autoencoder whose code is a distribution: it scores rows by likelihood and draws new ones.

    The encoder gives a normal distribution for each row's code, the decoder one for the row given
    its code. Both are trained to raise the evidence lower bound [1]_: the expected log-likelihood
    of the row, less the Kullback-Leibler divergence of the code's distribution from a standard
    normal prior. Linear ones learn what probabilistic PCA does [7]_. By default training starts
    exactly there, the noise variance at what PCA leaves, which also keeps units from collapsing.

    Parameters
    ----------
    {parameters}

    {variational_parameters}

    Attributes
    ----------
    {attributes}

    {variational_attributes}

    See Also
    --------
    sklearn.decomposition.PCA : ``PCA.score_samples`` is the log-likelihood in the linear case.
    VariationalConvolutionalAutoencoder : The same over convolutions.

    Notes
    -----
    ``loss`` is not a parameter: the likelihood decides it. Terms of ``history_`` are in nats a
    feature, of rows in scaled units; they may be negative. ``score_samples`` is in nats a row, and
    in input units.

    ``sample`` draws from a mixture of the codes that rows have, unless it is told to draw from the
    prior, or the prior is learned. Of such a one the divergence has no closed form: in training it
    is the log ratio of the densities at the draw of the code.

    ``transform`` gives the mean of the code's distribution, so it is deterministic. The start is
    PCA's posterior mean, which is a little shorter than the whitened score.

    With ``conditional=True`` [6]_ the class of a row is told to both halves, and the prior stays
    the same for all classes: a code holds what the class leaves open. Training starts at PCA of the
    rows less the means of their classes. Where a method is not told y, ``transform`` and
    ``reconstruct`` take the class of the largest bound of row and class together, as ``predict``
    does, so that pipelines work; ``score_samples`` sums over classes, which is a lower bound of
    the row's own likelihood; ``sample`` draws classes; and ``inverse_transform`` refuses. A class
    costs one more pass, so inferring takes as many times as long as there are classes. The first
    call of ``partial_fit`` has to have rows of every class. ``given(y)`` is the ordinary estimator
    of one class, with its Keras models.

    References
    ----------
    .. [1] Kingma, D. P. & Welling, M. (2014). Auto-encoding variational Bayes. ICLR 2014.

    .. [2] Higgins, I. et al. (2017). beta-VAE: learning basic visual concepts with a constrained
       variational framework. ICLR 2017.

    .. [3] Burda, Y., Grosse, R. & Salakhutdinov, R. (2016). Importance weighted autoencoders.
       ICLR 2016.

    .. [4] Tomczak, J. M. & Welling, M. (2018). VAE with a VampPrior. AISTATS 2018.

    .. [5] Dinh, L., Sohl-Dickstein, J. & Bengio, S. (2017). Density estimation using Real NVP.
       ICLR 2017.

    .. [6] Sohn, K., Lee, H. & Yan, X. (2015). Learning structured output representation using deep
       conditional generative models. NIPS 2015.

    .. [7] Lucas, J., Tucker, G., Grosse, R. & Norouzi, M. (2019). Don't blame the ELBO! A linear
       VAE perspective on posterior collapse. NeurIPS 2019.

    .. [8] Larsen, A. B. L., Soenderby, S. K., Larochelle, H. & Winther, O. (2016). Autoencoding
       beyond pixels using a learned similarity metric. ICML 2016, 1558-1566.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import VariationalAutoencoder
    >>> X = load_digits().data
    >>> vae = VariationalAutoencoder(8, max_iter=15, random_state=0).fit(X[:600])
    >>> vae.score(X[1500:]) > PCA(8).fit(X[:600]).score(X[1500:])
    True
    >>> vae.sample(3, random_state=0).shape
    (3, 64)

    Digits of a class, and rows classified by their likelihood:

    >>> X, y = load_digits(return_X_y=True)
    >>> conditional = VariationalAutoencoder(8, conditional=True, max_iter=10, random_state=0)
    >>> conditional.fit(X[:900], y[:900]).sample(4, random_state=0, y=[3, 3, 7, 7]).shape
    (4, 64)
    >>> bool((conditional.predict(X[1500:]) == y[1500:]).mean() > 0.9)
    True
    >>> conditional.interpolate(X[:1], X[1:2], 5).shape
    (1, 5, 64)

    A prior of several parts, as digits have several classes, fits their codes better:

    >>> several = VariationalAutoencoder(8, prior="mixture", max_iter=15, random_state=0)
    >>> gain = several.fit(X[:600]).log_likelihood(X[1500:]) - vae.log_likelihood(X[1500:])
    >>> bool(gain.mean() > 0)
    True
    >>> several.prior_parameters_["means"].shape
    (32, 8)
    """

    # The likelihood decides it, so the constructor does not take it.
    loss: ClassVar[LossName] = "squared_error"  # type: ignore[misc]
    beta: float = 1.0
    kl_warmup: int = 0
    likelihood: Likelihood = "gaussian"
    noise_variance: Literal["feature", "shared"] = "shared"
    n_importance_samples: int = 1
    prior: Prior = "normal"
    n_prior_components: int | Literal["auto"] = "auto"
    conditional: bool = False
    adversarial_max_iter: int = 0
    adversarial_weight: float = 1.0

    _parameter_constraints: ClassVar[Constraints] = {
        **{k: v for k, v in BaseAutoencoder._parameter_constraints.items() if k != "loss"},
        "beta": [Interval(Real, 0, None, closed="left")],
        "kl_warmup": [Interval(Integral, 0, None, closed="left")],
        "likelihood": [StrOptions(set(get_args(Likelihood)))],
        "noise_variance": [StrOptions({"feature", "shared"})],
        "n_importance_samples": [POSITIVE_INTEGER],
        "prior": [StrOptions(set(get_args(Prior)))],
        "n_prior_components": [POSITIVE_INTEGER, StrOptions({"auto"})],
        "conditional": ["boolean"],
        "adversarial_max_iter": [Interval(Integral, 0, None, closed="left")],
        "adversarial_weight": [Interval(Real, 0, None, closed="left")],
    }
    _unit_interval: ClassVar[tuple[str, str]] = ("likelihood='bernoulli'", "likelihood='gaussian'")

    def _fit(self, *given: Any, **named: Any) -> Self:
        # Passes of partial_fit go on to warm up from call to call.
        self._check_warmup()
        return super()._fit(*given, **named)

    def _check_warmup(self) -> None:
        if self.kl_warmup > self.max_iter:
            raise ValueError(
                f"kl_warmup={self.kl_warmup!r} epochs are more than max_iter={self.max_iter!r}, so "
                f"that beta={self.beta!r} would never be reached. Lower kl_warmup, raise max_iter, "
                "or set a lower beta."
            )

    def _recipe(self) -> Recipe:
        self._check_adversarial()
        likelihood, is_table = self._value_likelihood(), hasattr(self, "_columns")
        name = "columns" if is_table else self.likelihood
        is_gaussian = self.likelihood == "gaussian"
        prior, n_parts = learned_prior(self.prior, self.n_prior_components)
        objective = variational(likelihood or name, self.n_importance_samples, prior)
        if self.conditional:
            objective = conditional(objective, self.n_importance_samples)
        options = {
            "is_variational": True,
            "has_noise": self.likelihood not in ("bernoulli", "poisson"),
            "likelihood": likelihood,
            "prior": prior,
            "n_prior_components": n_parts,
            # Of a fit without classes: so many that it is another network.
            "n_classes": len(getattr(self, "classes_", "?")) if self.conditional else 0,
        }
        return Recipe(
            objective,
            loss="binary_crossentropy" if self.likelihood == "bernoulli" else "squared_error",
            network=partial(network_options, options),
            scalars={"beta": self.beta},
            schedule=self._warmed_up if self.kl_warmup else None,
            n_grace_epochs=self.kl_warmup,
            of_counts=self.likelihood in COUNTS,
            pca_is_optimum=(
                is_gaussian and self.beta == 1 and prior is None and not self.conditional
            ),
        )

    def _value_likelihood(self) -> str | None:
        """How each value lies around the output, where it has a noise of its own."""
        is_table = hasattr(self, "_columns")
        if self.likelihood in COUNTS and self.mask_value is not None:
            raise ValueError(
                f"mask_value={self.mask_value!r} marks timesteps that are not there, but "
                f"likelihood={self.likelihood!r} counts every value. Set mask_value=None, or take "
                "likelihood='gaussian' or 'student_t'."
            )
        if self.likelihood in _OF_VALUES and is_table:
            raise ValueError(
                f"likelihood={self.likelihood!r} is of rows of numbers, but the columns of a table "
                "have likelihoods of their own kinds. Set likelihood='gaussian'."
            )
        if self.likelihood in _OF_VALUES and self.noise_variance == "shared":
            return self.likelihood
        # Numbers of a table have one each in any case.
        if self.noise_variance == "shared" or is_table:
            return None
        if self.likelihood != "gaussian":
            raise ValueError(
                f"noise_variance={self.noise_variance!r} is of a normal deviation around the "
                f"output, which likelihood={self.likelihood!r} has not. Leave it at "
                "noise_variance='shared', or set likelihood='gaussian'."
            )
        return "feature_gaussian"

    def _warmed_up(self, epoch: int) -> dict[str, float]:
        return {"beta": self.beta * min(1.0, epoch / self.kl_warmup)}

    def _after_fit(self, X: Matrix, sample_weight: Array | None = None) -> None:
        self._measure(unit_statistics(self._model, X), sample_weight)

    def _measure(self, statistics: Array, sample_weight: Array | None) -> None:
        self._set_unit_statistics(*mean_divergences(statistics, sample_weight))
        self.noise_variance_ = noise_variance(self._model)
        self.prior_parameters_ = prior_parameters(self._model)
        self.likelihood_parameters_ = likelihood_parameters(self._model)

    def _set_unit_statistics(self, divergences: Array, variances: Array) -> None:
        self.kl_per_unit_, self.active_units_ = divergences, variances > _ACTIVE_VARIANCE

    def _learn_codes(self, X: Matrix, sample_weight: Array | None = None) -> None:
        if self._has_learned_prior:
            rng = np.random.default_rng(_SEED)
            self._model = with_refined_prior(self._model, X, sample_weight, rng)
            self._after_fit(X, sample_weight)
        super()._learn_codes(X, sample_weight)

    def _distributed_codes(self, X: Matrix) -> tuple[Array, Array | None]:
        return self._model.encode(X), posterior_deviations(self._model, X)

    @overload
    def transform(
        self, X: ArrayLike, return_std: Literal[False] = False, *, y: object = None
    ) -> Array: ...

    @overload
    def transform(
        self, X: ArrayLike, return_std: Literal[True], *, y: object = None
    ) -> tuple[Array, Array]: ...

    @overload
    def transform(
        self, X: ArrayLike, return_std: bool, *, y: object = None
    ) -> Array | tuple[Array, Array]: ...

    def transform(
        self, X: ArrayLike, return_std: bool = False, *, y: object = None
    ) -> Array | tuple[Array, Array]:
        """Mean of each row's code.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        return_std : bool, default=False
            Whether to return the deviations of the code's distribution too.
        y : class or array-like of shape (n_samples,), default=None
            With ``conditional=True``: class of all rows, or of each; None infers them, as
            ``predict`` does.

        Returns
        -------
        code : ndarray of shape (n_samples, n_components_)
            In the dtype of X, float32 or float64.
        std : ndarray of shape (n_samples, n_components_)
            Only with ``return_std=True``.
        """
        X, return_std = self._check_scored_rows(X), check_flag("return_std", return_std)
        if y is None and self._knows_classes:
            y = self.classes_[self._places_of(X, None)]
        code = self._values(X, y, Model.encode)
        return (code, self._values(X, y, posterior_deviations)) if return_std else code

    def _rows_of(self, codes: Array, rng: np.random.RandomState, *, around: bool) -> Array:
        return draw_around(self._model, codes, rng) if around else self._model.decode(codes)

    @property
    def _has_learned_prior(self) -> bool:
        return self._model.network.prior is not None

    def _draw_prior_codes(self, n_samples: int, rng: np.random.RandomState) -> Array:
        return draw_prior(self._model, n_samples, rng)


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class VariationalConvolutionalAutoencoder(VariationalAutoencoder):
    """Variational autoencoder of images, or of sequences, over convolutional layers.

    ``VariationalAutoencoder`` [1]_ with another default: ``network="convolutional"``.

    Parameters
    ----------
    {parameters}

    {variational_parameters}

    Attributes
    ----------
    {attributes}

    {variational_attributes}

    See Also
    --------
    VariationalAutoencoder : The same over dense layers; says more about the model.
    ConvolutionalAutoencoder : The same network without distributions.

    References
    ----------
    .. [1] Kingma, D. P. & Welling, M. (2014). Auto-encoding variational Bayes. ICLR 2014.

    .. [2] Higgins, I. et al. (2017). beta-VAE: learning basic visual concepts with a constrained
       variational framework. ICLR 2017.

    .. [3] Burda, Y., Grosse, R. & Salakhutdinov, R. (2016). Importance weighted autoencoders.
       ICLR 2016.

    .. [4] Tomczak, J. M. & Welling, M. (2018). VAE with a VampPrior. AISTATS 2018.

    .. [5] Dinh, L., Sohl-Dickstein, J. & Bengio, S. (2017). Density estimation using Real NVP.
       ICLR 2017.

    .. [6] Sohn, K., Lee, H. & Yan, X. (2015). Learning structured output representation using deep
       conditional generative models. NIPS 2015.

    .. [8] Larsen, A. B. L., Soenderby, S. K., Larochelle, H. & Winther, O. (2016). Autoencoding
       beyond pixels using a learned similarity metric. ICML 2016, 1558-1566.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import VariationalConvolutionalAutoencoder
    >>> images = load_digits().images[..., None]
    >>> vae = VariationalConvolutionalAutoencoder(
    ...     8, sample_shape=(8, 8, 1), hidden_layer_sizes=(8, 16), max_iter=5, random_state=0
    ... )
    >>> vae.fit(images[:300]).sample(3, random_state=0).reshape(-1, 8, 8).shape
    (3, 8, 8)
    """

    network: NetworkChoice = "convolutional"
