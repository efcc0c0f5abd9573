"""Draws of new rows, for estimators whose codes follow a distribution."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skae.estimators._fitted import ArrayOrFrame
from skae.estimators._interpolating import InterpolationMixin
from skae.messages import check_flag, check_integer
from skae.mixtures import CodeMixture, fit_code_mixture, rows_to_look_at
from skae.numerics import Array, Matrix, RandomState
from skae.tables import in_container

_SOURCES = ("posterior", "prior")


def check_source(codes: str | None) -> None:
    """Refuse what is no source of codes."""
    if codes not in (None, *_SOURCES):
        raise ValueError(f"codes={codes!r} should be one of {_SOURCES} or None.")


class SamplerMixin(InterpolationMixin):
    """Draws new rows; a class says how to draw codes from its prior."""

    @property
    def _has_learned_prior(self) -> bool:
        """Whether codes of the rows are what made the prior."""
        return False

    def _draw_prior_codes(self, n_samples: int, rng: np.random.RandomState) -> Array:
        """Codes drawn from the prior, which a class has to say."""
        raise NotImplementedError

    def _distributed_codes(self, X: Matrix) -> tuple[Array, Array | None]:
        """Codes of rows, and their deviations where codes are distributions."""
        return self._model.encode(X), None

    def _learn_codes(self, X: Matrix, sample_weight: Array | None = None) -> None:
        counted, sample_weight = rows_to_look_at(X.shape[0], sample_weight)
        code, deviations = self._distributed_codes(X[counted])
        self._code_mixture = fit_code_mixture(code, deviations, sample_weight)

    def sample(
        self,
        n_samples: int = 1,
        random_state: RandomState = None,
        *,
        codes: Literal["posterior", "prior"] | None = None,
        around: bool = False,
    ) -> ArrayOrFrame:
        """New rows: decoded draws of the code, without noise around the output.

        Parameters
        ----------
        n_samples : int, default=1
            How many rows.
        random_state : int, RandomState instance or None, default=None
            Of the draws.
        codes : {"posterior", "prior"} or None, default=None
            Where codes are drawn from. ``"posterior"``: a Gaussian mixture fitted to the codes that
            the rows of ``fit`` have, so that rows are new ones of the kinds that there are, each as
            frequent as it is. ``"prior"``: the textbook's prior, which codes follow only as far as
            training made them. None means the first, and the second where a prior was learned and
            after ``partial_fit``, which sees no row but its own.
        around : bool, default=False
            Whether rows are drawn around the output, by the likelihood that was learnt: counts
            are then whole numbers. For variational ones.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features), float64
            In the units of the rows in ``fit``; the frame that ``set_output`` asks for.

        Raises
        ------
        ValueError
            If ``n_samples`` is not an integer of 1 or more, or ``codes`` is none of those, or
            ``"posterior"`` after ``partial_fit``, or ``around`` asks for what was not learnt.

        Notes
        -----
        The mixture has up to 16 components, as many as make codes most likely that were held out.
        Codes that many rows share are components of their own.
        """
        check_is_fitted(self)
        n_samples, around = check_integer("n_samples", n_samples), check_flag("around", around)
        draw, rng = self._drawing(codes), check_random_state(random_state)
        return in_container(self, self._rows_of(draw(n_samples, rng), rng, around=around))

    def _rows_of(self, codes: Array, rng: np.random.RandomState, *, around: bool) -> Array:
        """Rows of codes; with ``around``, drawn as they lie around the decoder's output."""
        if around:
            raise ValueError(
                f"around=True draws rows around the output, but {type(self).__name__} does not "
                "learn how they lie there. Leave it out, or use a VariationalAutoencoder."
            )
        return self._model.decode(codes)

    def _drawing(self, codes: str | None) -> Callable[[int, np.random.RandomState], Array]:
        check_source(codes)
        # An estimator saved by an older version has none either.
        mixture: CodeMixture | None = getattr(self, "_code_mixture", None)
        if codes == "posterior" and mixture is None:
            raise ValueError(
                "codes='posterior' needs the codes of all rows, which partial_fit does not see, or "
                "of several rows of a class. "
                "Call fit, draw with codes='prior', or fit a LatentSampler around "
                "FrozenEstimator(estimator) to rows of all kinds."
            )
        is_default = codes is None and (mixture is None or self._has_learned_prior)
        if codes == "prior" or is_default:
            return self._draw_prior_codes
        assert mixture is not None
        return mixture.draw
