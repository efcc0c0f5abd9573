"""The estimators: one recipe a file."""

from skae.estimators._autoencoder import Autoencoder

__all__ = ["Autoencoder"]
