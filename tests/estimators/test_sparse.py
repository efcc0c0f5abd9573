"""SparseAutoencoder: few active units, as asked."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

from skae import SparseAutoencoder

X = load_digits().data[:600]


def quick(n_components=32, **parameters):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 20, "jit_compile": False}
    settings |= {"learning_rate": 0.005, "random_state": 0}
    return SparseAutoencoder(n_components, **(settings | parameters))


@pytest.mark.parametrize("k", [1, 5, 32])
def test_topk_codes_have_exactly_k_nonzeros(k):
    code = quick(sparsity="topk", k=k, max_iter=3).fit(X).transform(X)
    assert set(np.count_nonzero(code, axis=1)) == {k}


@pytest.mark.slow
def test_kl_reaches_its_target_on_digits():
    fitted = quick(sparsity="kl", target_activation=0.05, max_iter=100).fit(X)
    assert fitted.mean_activations_.mean() == pytest.approx(0.05, rel=0.2)


def test_l1_makes_zeros():
    shares = [
        np.mean(quick(sparsity_weight=weight).fit(X).transform(X) == 0) for weight in (0.0, 3.0)
    ]
    assert shares[1] > shares[0] + 0.2


@pytest.mark.slow
def test_a_narrow_code_is_not_switched_off():
    fitted = quick(2, max_iter=100).fit(X)
    assert fitted.dead_share_ == 0
    assert -fitted.score(X) < 0.8 * X.var(axis=0).mean()


def test_codes_wider_than_the_rows():
    iris = load_iris().data
    fitted = quick(16, max_iter=100).fit(iris)
    assert fitted.transform(iris).shape == (150, 16)
    assert fitted.score(iris) > -0.5 * iris.var(axis=0).mean()


def test_activations_are_those_of_the_code():
    fitted = quick(max_iter=2).fit(X)
    code = fitted.transform(X)
    np.testing.assert_allclose(fitted.mean_activations_, np.abs(code).mean(axis=0))
    dead = code.std(axis=0) <= 1e-3 * code.std(axis=0).max()
    assert fitted.dead_share_ == dead.mean()


@pytest.mark.parametrize("before", ["l1", "kl", "topk", "batch_topk"])
def test_training_does_not_go_on_with_another_penalty(before):
    short = {"hidden_layer_sizes": (), "max_iter": 1, "warm_start": True}
    model = quick(8, sparsity=before, **short).fit(X[:100]).set_params(sparsity="jumprelu")
    with pytest.raises(ValueError, match=f"sparsity was '{before}' and is now 'jumprelu'"):
        model.fit(X[:100])


def test_more_units_kept_than_there_are():
    with pytest.raises(ValueError, match=r"k=40 units cannot be kept.*n_components=32"):
        quick(sparsity="topk", k=40).fit(X)
