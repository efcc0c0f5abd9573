"""The estimators: one recipe a file."""

from skae.estimators._adversarial import AdversarialAutoencoder
from skae.estimators._autoencoder import Autoencoder
from skae.estimators._base import BaseAutoencoder as BaseAutoencoder
from skae.estimators._contractive import ContractiveAutoencoder
from skae.estimators._convolutional import ConvolutionalAutoencoder
from skae.estimators._denoising import DenoisingAutoencoder
from skae.estimators._docstring import documented as documented
from skae.estimators._recurrent import RecurrentAutoencoder
from skae.estimators._sparse import SparseAutoencoder
from skae.estimators._stacked import StackedAutoencoder
from skae.estimators._telling import heed_interruption as heed_interruption
from skae.estimators._variational import (
    VariationalAutoencoder,
    VariationalConvolutionalAutoencoder,
)

__all__ = [
    "AdversarialAutoencoder",
    "Autoencoder",
    "ContractiveAutoencoder",
    "ConvolutionalAutoencoder",
    "DenoisingAutoencoder",
    "RecurrentAutoencoder",
    "SparseAutoencoder",
    "StackedAutoencoder",
    "VariationalAutoencoder",
    "VariationalConvolutionalAutoencoder",
]
