"""The plain autoencoder."""

from dataclasses import dataclass

from skae.estimators._docstring import documented
from skae.estimators._own_objective import OwnObjectiveAutoencoder


@documented
@dataclass(eq=False, repr=False)
class Autoencoder(OwnObjectiveAutoencoder):
    """Nonlinear dimensionality reduction that starts at PCA and learns what PCA cannot.

    An encoder maps each row to a short code, a decoder maps the code back, and both are trained
    to reconstruct the rows [1]_. Linear ones learn what PCA does [2]_. Here each half is the sum of
    a linear layer and a nonlinear path through hidden layers. By default the linear layers start
    at the PCA solution and the nonlinear paths at zero, so that training begins exactly at PCA's
    reconstruction; early stopping keeps the best weights for rows held out of training, PCA's
    among them.

    Rows may be in any units: they are centred and divided by one global scale, which is undone
    after decoding. Features in very different units should be standardised before, as for PCA.

    Parameters
    ----------
    {parameters}

    {objective_parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    sklearn.decomposition.PCA : The linear special case, in closed form.

    Notes
    -----
    Scoring with an activation that numpy knows (all of Keras' common ones) needs no TensorFlow;
    others are scored in Keras.

    References
    ----------
    .. [1] Hinton, G. E. & Salakhutdinov, R. R. (2006). Reducing the dimensionality of data with
       neural networks. Science 313, 504-507.

    .. [2] Baldi, P. & Hornik, K. (1989). Neural networks and principal component analysis:
       learning from examples without local minima. Neural Networks 2, 53-58.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from skae import Autoencoder
    >>> from skae.metrics import reconstruction_error
    >>> X = load_iris().data
    >>> autoencoder = Autoencoder(1, max_iter=50, random_state=0).fit(X)
    >>> autoencoder.transform(X).shape
    (150, 1)
    >>> pca = PCA(1).fit(X)
    >>> pca_error = reconstruction_error(X, pca.inverse_transform(pca.transform(X)))
    >>> reconstruction_error(X, autoencoder.reconstruct(X)) < 0.8 * pca_error
    True
    """
