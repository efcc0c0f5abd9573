"""Encoders of categories, whose numbers become indices of a sparse matrix without another look."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from skae.states import demand, demand_integer


def check_encoder(state: Mapping[str, Any]) -> None:
    """Refuse a OneHotEncoder that would write outside of its columns.

    Parameters
    ----------
    state : dict

    Raises
    ------
    ValueError
    """
    categories = state.get("categories_")
    if categories is None:
        return
    demand(isinstance(categories, list), "categories that are no list")
    for each in categories:
        _check_categories(each)
    n_inputs = len(categories)
    sizes = [len(each) for each in categories]
    mappings = state.get("_default_to_infrequent_mappings")
    if state.get("_infrequent_enabled", False):
        rare = state.get("_infrequent_indices")
        for listed in (mappings, rare):
            demand(isinstance(listed, list) and len(listed) == n_inputs, "rare categories of none")
        both = zip(mappings or (), rare or (), strict=True)
        sizes = [_grouped(n, *each) for n, each in zip(sizes, both, strict=True)]
    dropped = state.get("_drop_idx_after_grouping")
    if dropped is not None:
        is_one = isinstance(dropped, np.ndarray) and dropped.shape == (n_inputs,)
        demand(is_one, "dropped categories that are no array of one for each column")
        for n, place in zip(sizes, dropped, strict=True):
            if place is not None:
                demand_integer("a category that is dropped", place, 0, n - 1)
        sizes = [n - (place is not None) for n, place in zip(sizes, dropped, strict=True)]
    widths = state.get("_n_features_outs")
    is_list = isinstance(widths, list) and all(_is_integer(each) for each in widths)
    demand(
        is_list and widths == sizes, "columns of an encoder that are not those of its categories"
    )


def _check_categories(categories: Any) -> None:
    """Numbers are searched for as if they were in order."""
    is_row = isinstance(categories, np.ndarray) and categories.ndim == 1 and categories.size
    demand(is_row, "categories that are no array of some")
    if categories.dtype.kind == "O":
        numbers = [each for each in categories if isinstance(each, int | float | np.number)]
        numbers = [each for each in numbers if each == each]
    else:
        known = categories.dtype.kind in "biufUS"
        demand(known, f"categories of {categories.dtype}")
        if categories.dtype.kind in "US":
            return
        numbers = categories
        n_missing = int(np.isnan(numbers).sum()) if categories.dtype.kind == "f" else 0
        demand(n_missing <= 1, "categories of which several are missing")
        demand(
            not n_missing or np.isnan(numbers[-1]), "categories that are missing, not at the end"
        )
        numbers = numbers[: len(numbers) - n_missing]
    rises = all(a < b for a, b in pairwise(numbers))
    demand(rises, "categories that are numbers in no order")


def _grouped(n: int, mapping: Any, rare: Any) -> int:
    """Number of categories once the rare ones are one."""
    demand((mapping is None) == (rare is None), "rare categories that are not grouped")
    if mapping is None:
        return n
    n_left = n - np.size(rare) + 1
    for places, length, end in ((mapping, n, n_left), (rare, None, n)):
        fits = (
            isinstance(places, np.ndarray)
            and places.ndim == 1
            and places.dtype.kind in "iu"
            and places.size > 0
            and (length is None or len(places) == length)
            and places.min() >= 0
            and places.max() < end
        )
        demand(fits, "rare categories that lead to none")
    return n_left


def _is_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
