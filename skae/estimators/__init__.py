"""The estimators: one recipe a file."""

from skae.estimators._autoencoder import Autoencoder
from skae.estimators._contractive import ContractiveAutoencoder
from skae.estimators._denoising import DenoisingAutoencoder
from skae.estimators._sparse import SparseAutoencoder

__all__ = ["Autoencoder", "ContractiveAutoencoder", "DenoisingAutoencoder", "SparseAutoencoder"]
