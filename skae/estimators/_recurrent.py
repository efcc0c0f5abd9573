"""The recurrent autoencoder."""

from dataclasses import dataclass

from skae.estimators._docstring import documented
from skae.estimators._own_objective import OwnObjectiveAutoencoder
from skae.estimators._parameters import NetworkChoice


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class RecurrentAutoencoder(OwnObjectiveAutoencoder):
    """Autoencoder of sequences, of one length or padded to one.

    A recurrent encoder reads the sequence, its last state gives the code, and a recurrent decoder
    that sees the code at every timestep gives the sequence back [1]_. ``hidden_layer_sizes`` are
    the units of the recurrent layers.

    It is ``Autoencoder`` with another default, ``network="recurrent"``: the linear path from the
    whole sequence and the start at PCA are the same.

    Parameters
    ----------
    {parameters}

    {objective_parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ConvolutionalAutoencoder : Faster, for patterns that lie close together in time.

    Notes
    -----
    It is scored in Keras, 64 rows at a time. With ``mask_value`` the code and the error of a row
    are the same whatever its padding holds; what ``reconstruct`` gives there means nothing.

    References
    ----------
    .. [1] Srivastava, N., Mansimov, E. & Salakhutdinov, R. (2015). Unsupervised learning of video
       representations using LSTMs. ICML 2015, 843-852.

    Examples
    --------
    Sequences of three to five timesteps and one feature, padded with NaN:

    >>> import numpy as np
    >>> from skae import RecurrentAutoencoder
    >>> rng = np.random.default_rng(0)
    >>> X = np.cumsum(rng.normal(size=(100, 5)), axis=1)
    >>> X[:50, 3:] = np.nan
    >>> autoencoder = RecurrentAutoencoder(
    ...     2, sample_shape=(5, 1), mask_value=np.nan, max_iter=5, random_state=0
    ... )
    >>> autoencoder.fit(X).transform(X).shape
    (100, 2)
    """

    network: NetworkChoice = "recurrent"
