"""Estimators that learn from labels: an autoencoder and a head on its code."""

from skae.supervised._classifier import AutoencoderClassifier
from skae.supervised._regressor import AutoencoderRegressor

__all__ = [
    "AutoencoderClassifier",
    "AutoencoderRegressor",
]
