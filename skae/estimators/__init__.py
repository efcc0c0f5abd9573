"""The estimators: one recipe a file."""

from skae.estimators._autoencoder import Autoencoder
from skae.estimators._contractive import ContractiveAutoencoder
from skae.estimators._denoising import DenoisingAutoencoder

__all__ = ["Autoencoder", "ContractiveAutoencoder", "DenoisingAutoencoder"]
