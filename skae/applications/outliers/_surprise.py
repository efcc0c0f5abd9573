"""How much a surprising column says that its value is wrong, learnt from rows held out.

What surprises a model is no evidence by itself: a rare category does so wherever it is, and of some
columns models are wrong about many rows. A value that is wrong with a small probability, and then
anything, turns a surprise into evidence. On rows that are right its likelihood ratio has a mean of
one, which says what a usual surprise is; and no surprise counts more than the logarithm of how
seldom as much is seen. Beyond the rows held out that grows with the surprise, and where no number
of rows could tell any more, with its logarithm.
"""

import numpy as np

from skae.numerics import Array

# Probability that a value is wrong.
_SHARE_WRONG = 0.01
# Surprises beyond the median by more, in nats, count no more for the mean of likelihood ratios.
_MOST = 3.0
# Rows, at least and as a share, whose surprise tells how fast still larger ones get rare.
_TAIL_ROWS, _TAIL = 10, 0.05
# Surprises that differ by less, or by as much of themselves, are equal: processors round sums of
# networks differently, and a row is as rare as all its equals.
_ROUNDING = 1e-5
# Nats beyond which rarity is beyond all rows there could be, and only orders the rows.
_FAR = 30.0


class SurpriseScale:
    """Evidence in nats that a value is wrong, from how surprising it is.

    Parameters
    ----------
    surprises : ndarray of shape (n_samples, n_columns)
        Of rows held out, in nats up to a constant for each column.
    """

    def __init__(self, surprises: Array) -> None:
        self._ordered = np.sort(surprises, axis=0)
        middle = np.median(surprises, axis=0)
        ratios = np.exp(np.minimum(surprises - middle, _MOST))
        self._usual = middle + np.log(ratios.mean(axis=0))
        n_tail = min(len(surprises) - 1, max(_TAIL_ROWS, round(_TAIL * len(surprises))))
        tail = self._ordered[-n_tail:]
        self._tail_start = self._ordered[-n_tail - 1]
        self._log_share = np.log(n_tail / len(surprises))
        # A median, since what is wrong among these rows is far out; that of an exponential
        # distribution is the logarithm of two.
        self._tail_scale = np.median(tail - self._tail_start, axis=0) / np.log(2)

    def evidence(self, surprises: Array) -> Array:
        """Return evidence that values are wrong, of the shape of the surprises; about 0 if not."""
        ratio = np.minimum(surprises - self._usual, self._rarity(surprises))
        evidence: Array = np.logaddexp(np.log1p(-_SHARE_WRONG), np.log(_SHARE_WRONG) + ratio)
        return evidence

    def _rarity(self, surprises: Array) -> Array:
        """Return the negative logarithm of the share of rows that are as surprising."""
        n_rows, rounding = len(self._ordered), _ROUNDING * np.maximum(1.0, np.abs(surprises))
        rarity = np.empty(surprises.shape)
        for column, values in enumerate((surprises - rounding).T):
            n_less = np.searchsorted(self._ordered[:, column], values)
            rarity[:, column] = -np.log((n_rows - n_less + 1) / (n_rows + 1))
        beyond = surprises - self._tail_start
        scaled = np.divide(
            beyond, self._tail_scale, out=np.zeros(beyond.shape), where=self._tail_scale > 0
        )
        is_far = (beyond > rounding) & (self._tail_scale > 0)
        rarer = scaled - self._log_share
        rarer = np.minimum(rarer, _FAR + np.log1p(np.maximum(rarer - _FAR, 0.0)))
        return np.where(is_far, rarer, rarity)
