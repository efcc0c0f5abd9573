"""Labels spread over a graph of neighbours whose affinities adapt to how dense the rows lie."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg
from sklearn.neighbors import NearestNeighbors

from skae.numerics import Array, Integers

# Share of its neighbours in what a row is given; the labels themselves count the rest.
_SPREADING = 0.99
# What a label is worth falls by a share with each step away from it along a chain of rows.
_TOLERANCE, _MOST_STEPS = 1e-12, 1000
_LEAST = np.finfo(np.float64).tiny


def neighbour_graph(rows: Array, n_neighbors: int) -> sparse.csr_array:
    """Affinities of rows and their nearest neighbours, symmetric, without loops.

    The affinity of two rows is ``exp(-d^2 / (s_i s_j))`` where ``d`` is their distance and ``s``
    that of each to its last neighbour (Zelnik-Manor & Perona 2004): a neighbour in a sparse region
    is as near as one in a dense region. Rows that equal each other have the affinity 1.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    n_neighbors : int
        Of each row, itself not counted; those whose neighbour it is come on top.

    Returns
    -------
    affinities : csr_array of shape (n_rows, n_rows)
    """
    n_rows = len(rows)
    n_neighbors = min(n_neighbors, n_rows - 1)
    if n_neighbors < 1:
        return sparse.csr_array((n_rows, n_rows), dtype=np.float64)
    distances, places = NearestNeighbors(n_neighbors=n_neighbors).fit(rows).kneighbors()
    scales = distances[:, -1]
    with np.errstate(over="ignore"):
        exponents = distances**2 / np.maximum(scales[:, None] * scales[places], _LEAST)
    # Of equal rows alone a scale is 0.
    affinities = np.where(distances == 0, 1.0, np.exp(-exponents))
    row_of = np.repeat(np.arange(n_rows), n_neighbors)
    one_way = sparse.csr_array(
        (affinities.ravel(), (row_of, places.ravel())), shape=(n_rows, n_rows)
    )
    return sparse.csr_array(one_way.maximum(one_way.T))


def spread_labels(affinities: sparse.csr_array, places: Integers, n_classes: int) -> Array:
    """How much each row belongs to each class, by label spreading (Zhou et al. 2004).

    ``F = (1 - a) (I - a S)^-1 Y``, where ``S`` are the affinities divided by the roots of the
    degrees of both rows and ``Y`` the labels as ones and zeros.

    Parameters
    ----------
    affinities : csr_array of shape (n_rows, n_rows)
    places : ndarray of shape (n_rows,)
        Class of each row, -1 where it is not known.
    n_classes : int

    Returns
    -------
    belongings : ndarray of shape (n_rows, n_classes), float64
        Not negative; all 0 where no label reaches a row, be it for want of a path or over a
        hundred steps away from all of them.
    """
    degrees = np.asarray(affinities.sum(axis=1)).ravel()
    roots = np.sqrt(np.divide(1.0, degrees, out=np.zeros_like(degrees), where=degrees > 0))
    normalised = sparse.diags_array(roots) @ affinities @ sparse.diags_array(roots)
    system = sparse.eye_array(len(places), format="csr") - _SPREADING * normalised
    belongings = np.zeros((len(places), n_classes))
    for i in range(n_classes):
        labels = (1 - _SPREADING) * (places == i)
        if labels.any():
            found, _ = cg(system, labels, rtol=_TOLERANCE, maxiter=_MOST_STEPS)
            belongings[:, i] = np.maximum(found, 0.0)
    # What is not reached is as small as the residual.
    reached = belongings > 0.01 * _TOLERANCE * belongings.max(initial=0.0)
    return np.where(reached, belongings, 0.0)


def with_class_masses(belongings: Array, places: Integers) -> Array:
    """Shares of each class in each row, of which all rows together have as many as labels say.

    Class mass normalisation (Zhu, Ghahramani & Lafferty 2003): a label in a dense region reaches
    more rows than one in a sparse region. The share of a class is that of its labels, of which
    each class is given one more.

    Returns
    -------
    shares : ndarray of shape (n_rows, n_classes)
        Of a row that is reached they sum to 1.
    """
    n_classes = belongings.shape[1]
    wanted = np.bincount(places[places >= 0], minlength=n_classes) + 1.0
    masses = belongings.sum(axis=0)
    factors = np.divide(wanted, masses, out=np.zeros(n_classes), where=masses > 0)
    weighted = belongings * factors
    totals = weighted.sum(axis=1, keepdims=True)
    shares: Array = np.divide(weighted, totals, out=np.zeros_like(weighted), where=totals > 0)
    return shares
