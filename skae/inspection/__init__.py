"""Compare reducers on held-out rows and look at what they reconstruct."""

from skae.inspection._comparison import compare
from skae.inspection._comparison_display import Comparison

__all__ = ["Comparison", "compare"]
