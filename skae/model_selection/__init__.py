"""Searches for parameters that hand over all their fits at once."""

from skae.model_selection._grid_search import BatchedGridSearchCV

__all__ = ["BatchedGridSearchCV"]
