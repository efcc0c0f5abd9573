"""The encoder's Jacobian against the closed form and against finite differences."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.datasets import load_iris

from skae import ContractiveAutoencoder
from skae.backend._jacobian import encode_with_jacobian
from skae.backend._models import with_weights
from skae.backend._view import gradient_of
from skae.networks import DenseNetwork

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(6, 5)).astype(np.float32)


def dense(n_features, n_components, hidden, activation="gelu", **options):
    return DenseNetwork(
        n_features=n_features,
        n_components=n_components,
        sample_shape=(n_features,),
        hidden_layer_sizes=hidden,
        activation=activation,
        **options,
    )


def jacobian_of(network, weights):
    built = with_weights(network, weights)
    code, jacobian = encode_with_jacobian(network, built, ROWS, gradient_of)
    return np.asarray(code), np.asarray(jacobian)


def test_one_sigmoid_layer_has_rifais_closed_form():
    """Without a layer after it: sum_j (h_j (1 - h_j))^2 sum_i W_ij^2."""
    network = dense(5, 7, (7,), "sigmoid", linear_path=False)
    weights = network.random_weights(RNG)
    weights["encoder_nonlinear/kernel"] = np.eye(7, dtype=np.float32)
    hidden = expit(ROWS @ weights["encoder_hidden_1/kernel"])
    squared_columns = np.sum(weights["encoder_hidden_1/kernel"] ** 2, axis=0)
    expected = (hidden * (1 - hidden)) ** 2 @ squared_columns
    _, jacobian = jacobian_of(network, weights)
    np.testing.assert_allclose(np.sum(jacobian**2, axis=(1, 2)), expected, rtol=1e-4)


@pytest.mark.parametrize("linear_path", [True, False])
@pytest.mark.parametrize("hidden", [(), (8,), (8, 6, 4)])
def test_finite_differences(hidden, linear_path):
    network = dense(5, 3, hidden, "tanh", linear_path=linear_path)
    weights = network.random_weights(RNG)
    exact = {name: weight.astype(np.float64) for name, weight in weights.items()}
    step = 1e-5 * np.eye(5)
    expected = [
        [(network.encode(exact, x[None] + h) - network.encode(exact, x[None] - h))[0] / 2e-5
         for h in step]
        for x in ROWS.astype(np.float64)
    ]  # fmt: skip
    _, jacobian = jacobian_of(network, weights)
    np.testing.assert_allclose(jacobian, np.transpose(expected, (0, 2, 1)), atol=1e-4)


def test_the_history_holds_the_norm():
    X = load_iris().data
    fitted = ContractiveAutoencoder(2, init="random", max_iter=2, random_state=0).fit(X)
    assert {"contraction", "val_contraction"} < set(fitted.history_)
    expected = fitted.history_["reconstruction"] + 1e-3 * fitted.history_["contraction"]
    np.testing.assert_allclose(fitted.history_["loss"], expected)


def test_contraction_makes_the_code_less_sensitive():
    X = load_iris().data
    moves = []
    for contraction in (0.0, 1.0):
        fitted = ContractiveAutoencoder(2, contraction=contraction, max_iter=30, random_state=0)
        moves.append(np.ptp(fitted.fit(X).transform(X)))
    assert moves[1] < 0.8 * moves[0]
