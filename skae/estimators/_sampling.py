"""What estimators share whose codes follow a distribution."""

from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skae._tables import in_container
from skae._validation import check_count


class SamplerMixin:
    """Draws new rows; a class says how to draw codes."""

    def _draw_codes(self, n_samples, rng):
        raise NotImplementedError

    def sample(self, n_samples=1, random_state=None):
        """New rows: decoded draws from the prior of the code, without noise around the output.

        Parameters
        ----------
        n_samples : int, default=1
            How many rows.
        random_state : int, RandomState instance or None, default=None
            Of the draws.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features), float64
            In the units of the rows in ``fit``; the frame that ``set_output`` asks for.

        Raises
        ------
        ValueError
            If ``n_samples`` is not a positive integer.
        """
        check_is_fitted(self)
        n_samples = check_count("n_samples", n_samples)
        codes = self._draw_codes(n_samples, check_random_state(random_state))
        return in_container(self, self._model.decode(codes))
