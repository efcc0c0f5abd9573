"""The denoising autoencoder."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from numbers import Real
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skae.estimators._base import BaseAutoencoder
from skae.estimators._docstring import documented
from skae.estimators._of_pairs import OfPairsMixin
from skae.estimators._pairs import warn_of_clean_rows
from skae.estimators._parameters import CONSTRAINTS, Constraints, NetworkChoice
from skae.estimators._restoring import (
    checked_image,
    in_groups,
    restored_images,
    restores,
    split_images,
)
from skae.estimators._without_effect import refuse_without_effect
from skae.fitting import Architecture, Recipe, Rows, at_best_filter, check_share
from skae.model import Model, ScaledRows
from skae.networks import KINDS, Network
from skae.numerics import Array, ArrayLike
from skae.objectives import (
    CORRUPTIONS,
    Corruption,
    denoising,
    denoising_of_any_level,
    filling,
    holes,
    with_flips,
)
from skae.parameter_checks import checks_parameters


@documented
@dataclass(eq=False, repr=False)
class DenoisingAutoencoder(OfPairsMixin, BaseAutoencoder):
    """Autoencoder that learns to reconstruct clean rows from corrupted ones.

    Rows are corrupted anew in every epoch, and the network is trained to undo it [1]_. It has to
    learn how features depend on each other, which makes better features, and it removes noise from
    new rows: ``reconstruct(X_noisy)``. Where noisy rows and their clean versions are known, train
    on those pairs with ``fit(X_noisy, X_clean=X_clean)``: noise, blur, a lower resolution.

    Signals, images and volumes (``sample_shape``) are restored by a network without a code, unless
    ``n_components`` asks for one: what a code cannot hold is what they consist of. It starts at the
    best linear filter of the corrupted rows (Wiener's) and learns what to add to it. Trained on
    patches it restores images of any size: :meth:`restore`.

    Parameters
    ----------
    {parameters}

    noise : {"gaussian", "masking", "salt_and_pepper", "swap"} or None, default="gaussian"
        How rows are corrupted in training. ``"gaussian"`` adds normal noise; the others replace a
        share of the values: by their feature's mean, by its lowest or highest value, or by its
        value in another row of the batch (for columns of different kinds). With
        ``loss="binary_crossentropy"`` masked values are 0. A network without a code learns to fill
        what ``"masking"`` makes missing, in squares of 1 to 8 positions: rows may then hold NaN.
        None corrupts nothing, for pairs that are noisy already; a level or unit is then refused.

    noise_level : float or (float, float), default=0.2
        For ``"gaussian"`` the noise's standard deviation, in the unit that ``noise_unit`` says.
        Otherwise the share of values that are replaced. A pair is a lowest and a highest level,
        between which each row draws its own: for noise of unknown strength. Gaussian noise is drawn
        evenly in the logarithm of its level, and errors count by the inverse of theirs, so that
        weak noise matters as much as strong noise. Without a code the network then also reads how
        much the linear filter takes off around a position, and its layers are without biases, so
        that what holds at one level holds at others [5]_.

    noise_unit : {"std", "input"}, default="std"
        ``"std"``: gaussian noise is measured by the standard deviation of all features together
        (with ``loss="binary_crossentropy"`` in the units of the rows). ``"input"``: in the units of
        the rows, as 0.1 of images in [0, 1].

    flips : bool or "average", default=False
        Whether a network without a code sees its batches mirrored along each axis, and square ones
        turned, at random. It helps where a few images have to do and may stand upside down, as
        texture does and writing does not. ``"average"`` also restores rows in all these positions
        and takes the mean, in eight times the time (signals: two) [6]_; ``encoder_`` is the network
        of one position.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    Autoencoder : The same without corruption.

    Notes
    -----
    Validation rows are corrupted too, in the same way in every epoch. With ``init="pca"`` training
    starts at the PCA of the clean rows, and without a code at the linear filter of 7 by 7 positions
    (31 of a signal, 3 by 3 by 3 of a volume; fewer where there are many channels) that leaves the
    least squared error [2]_; what it learns is kept where it restores rows held out better than
    that. ``"unet"`` [3]_ halves every axis in each of ``hidden_layer_sizes`` but the first and
    doubles them again, adding what each size had seen; ``"residual"`` [4]_ keeps the size.
    Centring is by channel there, as a filter does not know where it is. Except where
    ``noise="masking"`` leaves holes, the nonlinear path also reads rows less the mean of 15 by 15
    positions around each (63 of a signal; subtractive normalisation [7]_): what it learns of
    details holds however bright they are.

    References
    ----------
    .. [1] Vincent, P., Larochelle, H., Bengio, Y. & Manzagol, P.-A. (2008). Extracting and
       composing robust features with denoising autoencoders. ICML 2008, 1096-1103.
    .. [2] Wiener, N. (1949). Extrapolation, interpolation, and smoothing of stationary time series.
    .. [3] Ronneberger, O., Fischer, P. & Brox, T. (2015). U-Net: convolutional networks for
       biomedical image segmentation. MICCAI 2015, 234-241.
    .. [4] Zhang, K., Zuo, W., Chen, Y., Meng, D. & Zhang, L. (2017). Beyond a Gaussian denoiser:
       residual learning of deep CNN for image denoising. IEEE Trans. Image Processing 26(7).
    .. [5] Mohan, S., Kadkhodaie, Z., Simoncelli, E. P. & Fernandez-Granda, C. (2020). Robust and
       interpretable blind image denoising via bias-free convolutional neural networks. ICLR 2020.
    .. [6] Lim, B., Son, S., Kim, H., Nah, S. & Lee, K. M. (2017). Enhanced deep residual networks
       for single image super-resolution. CVPR Workshops 2017 (section 3.4, self-ensemble).
    .. [7] Jarrett, K., Kavukcuoglu, K., Ranzato, M. & LeCun, Y. (2009). What is the best
       multi-stage architecture for object recognition? ICCV 2009, 2146-2153.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenoisingAutoencoder
    >>> X = load_digits().data
    >>> X_noisy = X + np.random.default_rng(0).normal(0, 4, X.shape)
    >>> denoiser = DenoisingAutoencoder(16, max_iter=6, random_state=0).fit(X[:1500])
    >>> before = np.mean((X_noisy[1500:] - X[1500:]) ** 2)
    >>> after = np.mean((denoiser.reconstruct(X_noisy[1500:]) - X[1500:]) ** 2)
    >>> bool(after < 0.5 * before)
    True
    """

    n_components: int | float | Literal["auto"] = "auto"  # type: ignore[assignment]
    _: KW_ONLY
    network: NetworkChoice = "auto"
    noise: Literal["gaussian", "masking", "salt_and_pepper", "swap"] | None = "gaussian"
    noise_level: float | tuple[float, float] = 0.2
    noise_unit: Literal["std", "input"] = "std"
    flips: bool | Literal["average"] = False

    _parameter_constraints: ClassVar[Constraints] = {
        **BaseAutoencoder._parameter_constraints,
        "n_components": [*CONSTRAINTS["n_components"], StrOptions({"auto"})],
        "network": [
            StrOptions({"auto", *KINDS}),
            *CONSTRAINTS["network"][1:],
        ],
        "noise": [StrOptions(set(CORRUPTIONS)), None],
        "noise_level": [Interval(Real, 0, None, closed="left"), tuple, list],
        "noise_unit": [StrOptions({"std", "input"})],
        "flips": ["boolean", StrOptions({"average"})],
    }

    def _recipe(self) -> Recipe:
        architecture, recipe = Architecture.of(self), self._recipe_as_it_is()
        if not self.flips:
            return recipe
        if not architecture.restores:
            raise ValueError(
                f"flips={self.flips!r} is of networks without a code, 'unet' and 'residual', but "
                f"network={architecture.network!r} has one. Set flips=False."
            )
        return replace(recipe, objective=with_flips(recipe.objective, self._shape()))

    def _shape(self) -> tuple[int, ...] | None:
        """Shape of a row of a network without a code; None for a signal of one channel."""
        shape = self.sample_shape
        return None if shape is None else tuple(int(size) for size in shape)

    def _recipe_as_it_is(self) -> Recipe:
        architecture = Architecture.of(self)
        if architecture.restores and self.loss == "binary_crossentropy":
            raise ValueError(
                f"loss='binary_crossentropy' is of probabilities, which network="
                f"{architecture.kind!r} does not give. Take loss='squared_error', "
                "'absolute_error' or 'huber'."
            )
        levels = self._levels()
        if self.noise is None:
            reason = "says how much noise there is, but noise=None adds none"
            reasons = dict.fromkeys(("noise_level", "noise_unit"), reason)
            refuse_without_effect(self, reasons, "set noise, for example noise='gaussian'")
            return replace(super()._recipe(), of_pairs=architecture.restores)
        if self.noise != "gaussian":
            if self.noise_unit != "std":
                raise ValueError(
                    f"noise_unit={self.noise_unit!r} is of noise='gaussian', but noise="
                    f"{self.noise!r} replaces a share of the values. Leave noise_unit at 'std'."
                )
            for level in levels:
                check_share("noise_level", level, f"noise={self.noise!r}")
        corrupt = self._corruption()
        assert corrupt is not None
        if architecture.fills:
            objective = filling(corrupt)
        elif len(levels) == 1:
            objective = denoising(corrupt)
        else:
            objective = denoising_of_any_level(corrupt, weighs=self.noise == "gaussian")
        given = ("noise_level", self.noise_level)
        origins = {"noise_level": given, "highest_level": given}
        return Recipe(objective, loss=self.loss, scalars=self._scalars, origins=origins)

    def _levels(self) -> tuple[float, ...]:
        """Levels of the noise: one, or the lowest and the highest."""
        if not isinstance(self.noise_level, tuple | list):
            return (float(self.noise_level),)
        levels = tuple(self.noise_level)
        is_range = len(levels) == 2 and all(isinstance(level, Real) for level in levels)
        if not (is_range and 0 <= levels[0] <= levels[1] < np.inf):
            raise ValueError(
                f"noise_level={self.noise_level!r} should be a number from 0 on, or a lowest and a "
                "highest one, as (0.1, 0.5)."
            )
        # From 0 to 0 there is nothing to draw, and nothing to weigh.
        return tuple(float(level) for level in levels) if levels[1] else (0.0,)

    def _corruption(self) -> Corruption | None:
        if self.noise is None:
            return None
        return holes(self._shape()) if Architecture.of(self).fills else CORRUPTIONS[self.noise]

    def _scalars(self, network: Network, rows: ScaledRows) -> dict[str, Any]:
        unit = rows.unit if self.noise_unit == "input" else 1.0
        names = ("noise_level", "highest_level")
        levels = zip(names, self._levels(), strict=False)
        scalars: dict[str, Any] = {name: level / unit for name, level in levels}
        if self.noise == "salt_and_pepper":
            scalars["lowest"], scalars["highest"] = rows.extremes()
        return scalars

    def _started(self, model: Model, rows: Rows, recipe: Recipe, rng: np.random.Generator) -> Model:
        if not model.network.restores:
            return model
        return at_best_filter(model, rows, recipe, self._corruption(), rng)

    @checks_parameters
    def fit(  # type: ignore[override]  # takes clean rows before weights
        self,
        X: ArrayLike,
        y: object = None,
        X_clean: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        observed: ArrayLike | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Self:
        """Learn to reconstruct clean rows from corrupted ones.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows, clean unless ``X_clean`` is given.
        y : object, ignored
            Accepted so that pipelines can pass it. Clean rows go into ``X_clean``.
        X_clean : array-like or sparse matrix of shape (n_samples, n_features), optional
            The clean version of every row of X. The scaling and the PCA start are then theirs.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.
        observed : array-like of bool of shape (n_samples, n_features), optional
            Which values of the clean rows are known; the others are left out of the loss.
        checkpoint : str or path-like, optional
            As in :meth:`Autoencoder.fit`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            As for ``Autoencoder``, or if X and X_clean differ in shape.

        Warns
        -----
        UserWarning
            If y has as many values as X, and other ones: it may be meant for ``X_clean``.
        """
        warn_of_clean_rows(X, y, X_clean)
        return self._fit(X, y, sample_weight, X_clean, observed, checkpoint)

    @checks_parameters
    def partial_fit(  # type: ignore[override]  # takes clean rows before weights
        self,
        X: ArrayLike,
        y: object = None,
        X_clean: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one pass over the rows given; see ``Autoencoder.partial_fit``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Some rows, clean unless ``X_clean`` is given.
        y : object, ignored
            Accepted so that pipelines can pass it. Clean rows go into ``X_clean``.
        X_clean : array-like or sparse matrix of shape (n_samples, n_features), optional
            The clean version of every row of X.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        self : object
            The estimator after one more pass.
        """
        warn_of_clean_rows(X, y, X_clean)
        return self._partial_fit(X, sample_weight, X_clean)

    @available_if(restores)  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def restore(self, X: ArrayLike | Sequence[ArrayLike]) -> Array | list[Array]:
        """Restore images, signals or volumes of any size.

        They are restored in tiles that overlap, with the same result as in one piece, and mirrored
        beyond their edges. ``reconstruct`` takes rows of the size of those in ``fit`` instead, and
        takes what lies beyond their edges for the mean.

        Parameters
        ----------
        X : array-like of shape (..., n_channels) or (n_images, ..., n_channels), or list
            One image, several of one size, or a list of images of any sizes; as many axes and
            channels as ``sample_shape`` has. The axis of a single channel may be left out of one
            image. NaN, with ``noise="masking"``, is what is to be filled: known values stay.

        Returns
        -------
        restored : ndarray of the shape of X, or list of ndarray
            In the units of X, float32 where X is, else float64. Values are not clipped.

        Raises
        ------
        ValueError
            If X has other axes or channels, or values that are missing, masked, infinite or too
            large.
        AttributeError
            If the network has a code, which belongs to one size.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_sample_image
        >>> from sklearn.feature_extraction.image import extract_patches_2d
        >>> from skae import DenoisingAutoencoder
        >>> photograph = load_sample_image("china.jpg")[:160, :200] / 255.0
        >>> patches = extract_patches_2d(photograph, (16, 16), max_patches=300, random_state=0)
        >>> denoiser = DenoisingAutoencoder(
        ...     sample_shape=(16, 16, 3), noise_level=0.1, noise_unit="input", max_iter=3,
        ...     random_state=0,
        ... ).fit(patches)
        >>> noisy = photograph + np.random.default_rng(0).normal(0, 0.1, photograph.shape)
        >>> restored = denoiser.restore(noisy)
        >>> restored.shape
        (160, 200, 3)
        >>> float(np.mean((noisy - photograph) ** 2).round(4))
        0.01
        >>> bool(np.mean((restored - photograph) ** 2) < 0.004)
        True
        """
        check_is_fitted(self)
        model = self._model
        shape = model.network.sample_shape
        images, join = split_images(X, shape, model.allows_nan)
        checked = [checked_image(image, shape, model.allows_nan) for image in images]
        return join(in_groups(checked, lambda alike: restored_images(model, alike)))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Array:
        """Names of the columns of ``transform``.

        Parameters
        ----------
        input_features : array-like of str, optional
            As in :meth:`Autoencoder.get_feature_names_out`.

        Returns
        -------
        names : ndarray of str
            Those of the features, where the network has no code and ``transform`` restores rows.
        """
        check_is_fitted(self)
        names: Array
        if self._model.network.restores:
            names = _check_feature_names_in(self, input_features)
        else:
            names = super().get_feature_names_out(input_features)
        return names

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.allow_nan or (
            restores(self, quietly=True) and self.noise == "masking"
        )
        return tags
