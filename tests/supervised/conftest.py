"""Fitted autoencoders and quick estimators around them."""

import pytest

from skae import (
    Autoencoder,
    AutoencoderClassifier,
    AutoencoderRegressor,
)

from .shared import PARTS, SMALL, X


@pytest.fixture(scope="session")
def pretrained():
    return Autoencoder(2, **SMALL).fit(X)


@pytest.fixture(scope="session")
def pretrained_on_parts():
    return Autoencoder(2, **SMALL).fit(PARTS)


@pytest.fixture
def quick(pretrained):
    """A classifier that begins with what was pretrained."""

    def make(**parameters):
        settings = {"from_pretrained": pretrained, "max_iter": 5, "random_state": 0}
        return AutoencoderClassifier(**(settings | parameters))

    return make


@pytest.fixture
def quick_regressor(pretrained_on_parts):
    def make(**parameters):
        settings = {"from_pretrained": pretrained_on_parts, "max_iter": 5, "random_state": 0}
        return AutoencoderRegressor(**(settings | parameters))

    return make
