"""The plain autoencoder."""

from dataclasses import dataclass

from skae._base import BaseAutoencoder


@dataclass(eq=False, repr=False)
class Autoencoder(BaseAutoencoder):
    """Autoencoder that starts at PCA and learns what PCA cannot."""
