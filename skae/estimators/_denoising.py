"""The denoising autoencoder."""

from dataclasses import dataclass
from numbers import Real
from os import PathLike
from typing import Any, ClassVar, Literal, Self

from sklearn.utils._param_validation import Interval, StrOptions

from skae.estimators._base import BaseAutoencoder
from skae.estimators._docstring import documented
from skae.estimators._parameters import Constraints
from skae.fitting import Recipe, check_share
from skae.model import ScaledRows
from skae.networks import Network
from skae.numerics import ArrayLike
from skae.objectives import CORRUPTIONS, DENOISING
from skae.parameter_checks import checks_parameters


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class DenoisingAutoencoder(BaseAutoencoder):
    """Autoencoder that learns to reconstruct clean rows from corrupted ones.

    Rows are corrupted anew in every epoch, and the network is trained to undo it [1]_. It has to
    learn how features depend on each other, which makes better features, and it removes noise from
    new rows: ``reconstruct(X_noisy)``. Where noisy rows and their clean versions are known, train
    on those pairs with ``fit(X_noisy, X_clean=X_clean)``.

    Parameters
    ----------
    {parameters}

    noise : {"gaussian", "masking", "salt_and_pepper", "swap"} or None, default="gaussian"
        How rows are corrupted in training. ``"gaussian"`` adds normal noise; the others replace a
        share of the values: by their feature's mean, by its lowest or highest value, or by its
        value in another row of the batch (for columns of different kinds). With
        ``loss="binary_crossentropy"`` masked values are 0. None corrupts nothing, for pairs that
        are noisy already.

    noise_level : float, default=0.2
        For ``"gaussian"`` the noise's standard deviation, relative to that of all features
        together; with ``loss="binary_crossentropy"`` in the units of the rows. Otherwise the share
        of values that are replaced.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    Autoencoder : The same without corruption.

    Notes
    -----
    Validation rows are corrupted too, in the same way in every epoch. With ``init="pca"`` training
    starts at the PCA of the clean rows.

    References
    ----------
    .. [1] Vincent, P., Larochelle, H., Bengio, Y. & Manzagol, P.-A. (2008). Extracting and
       composing robust features with denoising autoencoders. ICML 2008, 1096-1103.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenoisingAutoencoder
    >>> X = load_digits().data
    >>> X_noisy = X + np.random.default_rng(0).normal(0, 4, X.shape)
    >>> denoiser = DenoisingAutoencoder(16, max_iter=20, random_state=0).fit(X[:1500])
    >>> before = np.mean((X_noisy[1500:] - X[1500:]) ** 2)
    >>> after = np.mean((denoiser.reconstruct(X_noisy[1500:]) - X[1500:]) ** 2)
    >>> bool(after < 0.5 * before)
    True
    """

    noise: Literal["gaussian", "masking", "salt_and_pepper", "swap"] | None = "gaussian"
    noise_level: float = 0.2

    _parameter_constraints: ClassVar[Constraints] = {
        **BaseAutoencoder._parameter_constraints,
        "noise": [StrOptions(set(CORRUPTIONS)), None],
        "noise_level": [Interval(Real, 0, None, closed="left")],
    }

    def _recipe(self) -> Recipe:
        if self.noise is None:
            return super()._recipe()
        return Recipe(DENOISING[self.noise], loss=self.loss, scalars=self._scalars)

    def _scalars(self, network: Network, rows: ScaledRows) -> dict[str, Any]:
        if self.noise != "gaussian":
            check_share("noise_level", self.noise_level, f"noise={self.noise!r}")
        scalars: dict[str, Any] = {"noise_level": self.noise_level}
        if self.noise == "salt_and_pepper":
            scalars["lowest"], scalars["highest"] = rows.extremes()
        return scalars

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
            Accepted so that pipelines can pass it.
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
        """
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
            Accepted so that pipelines can pass it.
        X_clean : array-like or sparse matrix of shape (n_samples, n_features), optional
            The clean version of every row of X.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        self : object
            The estimator after one more pass.
        """
        return self._partial_fit(X, sample_weight, X_clean)
