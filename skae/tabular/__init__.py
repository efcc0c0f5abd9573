"""Autoencoders of tables as people have them: numbers, text, categories, dates and holes."""

from skae.tabular._autoencoder import TableAutoencoder

__all__ = ["TableAutoencoder"]
