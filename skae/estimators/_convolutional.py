"""The convolutional autoencoder."""

from dataclasses import dataclass

from skae.estimators._docstring import documented
from skae.estimators._own_objective import OwnObjectiveAutoencoder
from skae.estimators._parameters import NetworkChoice


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class ConvolutionalAutoencoder(OwnObjectiveAutoencoder):
    """Autoencoder of images, or of sequences, that sees which values are neighbours.

    Convolutions halve every axis in each hidden layer, and the decoder doubles them again [1]_. A
    pattern is learned once for all places. Any size comes back exactly: odd ones are rounded up on
    the way in and cropped on the way out. ``hidden_layer_sizes`` are the numbers of filters.

    It is ``Autoencoder`` with another default, ``network="convolutional"``. The linear path from
    the whole row is the same, and PCA's reconstruction is what training has to beat.

    Parameters
    ----------
    {parameters}

    {objective_parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    VariationalConvolutionalAutoencoder : The same network, with likelihoods and samples.
    DenoisingAutoencoder : With ``network="convolutional"`` it removes noise from images.

    Notes
    -----
    It is scored in Keras, 64 rows at a time. XLA is slow at convolutions on processors, so
    ``jit_compile="auto"`` leaves it out there.

    References
    ----------
    .. [1] Masci, J., Meier, U., Ciresan, D. & Schmidhuber, J. (2011). Stacked convolutional
       auto-encoders for hierarchical feature extraction. ICANN 2011, 52-59.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import ConvolutionalAutoencoder
    >>> images = load_digits().images[..., None]
    >>> autoencoder = ConvolutionalAutoencoder(
    ...     8, sample_shape=(8, 8, 1), hidden_layer_sizes=(8, 16), max_iter=5, random_state=0
    ... )
    >>> autoencoder.fit(images).transform(images).shape
    (1797, 8)
    """

    network: NetworkChoice = "convolutional"
