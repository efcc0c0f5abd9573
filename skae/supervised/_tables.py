"""Autoencoders of numbers or of tables below a head: what the head sits on, and its rows."""

import numpy as np

from skae.estimators import BaseAutoencoder
from skae.numerics import ArrayLike, Matrix
from skae.tabular import TableAutoencoder, features_of

AnyAutoencoder = BaseAutoencoder | TableAutoencoder


def inside(autoencoder: AnyAutoencoder, X: ArrayLike) -> tuple[BaseAutoencoder, Matrix]:
    """The autoencoder that a head sits on, and the rows that it reads.

    Parameters
    ----------
    autoencoder : fitted autoencoder, or one around a table
    X : array-like or frame
    """
    if isinstance(autoencoder, TableAutoencoder):
        return autoencoder.autoencoder_, features_of(autoencoder, X)
    return autoencoder, autoencoder._check_likely_rows(X)


def relearn(autoencoder: AnyAutoencoder, rows: Matrix) -> None:
    """Learn anew what follows from the weights, after training that the autoencoder knew not of.

    Parameters
    ----------
    autoencoder : fitted autoencoder, or one around a table
    rows : ndarray or sparse matrix
        As ``inside`` returns them.
    """
    own = autoencoder.autoencoder_ if isinstance(autoencoder, TableAutoencoder) else autoencoder
    own._after_fit(rows)
    own._learn_codes(rows)
    if isinstance(autoencoder, TableAutoencoder):
        autoencoder._learn_usual(np.asarray(rows))
