"""The contract: what is asked of every kind of network, so that none is left out of a list."""

from pathlib import Path

import numpy as np
import pytest

import skae
from skae.networks import CODED, KINDS, names
from tests.persistence.shared import KEPT

RNG = np.random.default_rng(0)
# Two features over four positions.
X = np.tile(RNG.normal(size=(40, 2)), 4) + 0.1 * RNG.normal(size=(40, 8))
SHAPES = {2: (4, 2), 3: (2, 2, 2), 4: (2, 2, 2, 1)}


def fitted_by(kind, **parameters):
    network = KINDS[kind]
    shape = SHAPES[min(network.row_axes)] if network.row_axes else None
    settings = {"network": kind, "sample_shape": shape, "hidden_layer_sizes": (3, 4)}
    settings |= {"init": "random", "max_iter": 1, "early_stopping": False, "random_state": 0}
    settings |= parameters
    if network.restores:
        return skae.DenoisingAutoencoder("auto", **settings).fit(X)
    return skae.Autoencoder(2, **settings).fit(X)


@pytest.fixture(scope="module", params=KINDS)
def fitted(request):
    return fitted_by(request.param)


def test_a_file_answers_what_numpy_answers(fitted):
    onnxruntime = pytest.importorskip("onnxruntime", reason="it runs what skae[onnx] writes")
    pytest.importorskip("skl2onnx", reason="needs skae[onnx]")
    model = skae.to_onnx(fitted, method=["transform", "reconstruct"])
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    code, rows = session.run(None, {"X": X})
    np.testing.assert_allclose(code, fitted.transform(X), atol=1e-5)
    np.testing.assert_allclose(rows, fitted.reconstruct(X), atol=1e-5)


def test_a_stored_one_answers_what_it_did(fitted, tmp_path):
    skae.save(fitted, tmp_path / "kept.skae")
    again = skae.load(tmp_path / "kept.skae")
    np.testing.assert_array_equal(again.reconstruct(X), fitted.reconstruct(X))


def test_one_is_kept_for_later_versions(fitted):
    kind = fitted._model.network.kind
    assert any(kind in name.lower() for name in KEPT) or kind == "dense"


def test_channels_of_all_hidden_layers_can_go(fitted):
    smaller = skae.compress(fitted, sparsity=0.0, channel_sparsity=0.5)
    sizes = fitted._model.network.hidden_layer_sizes
    left = smaller._model.network.hidden_layer_sizes
    assert left == tuple(size - size // 2 for size in sizes)
    assert smaller.reconstruct(X).shape == X.shape


def test_weights_of_a_hidden_layer_begin_with_its_name(fitted):
    """So they are pretrained, and drawn unevenly at a start at PCA."""
    model = fitted._model
    halves = ["encoder"] if model.network.restores else ["encoder", "decoder"]
    for half in halves:
        for i in range(1, len(model.network.hidden_layer_sizes) + 1):
            own = [
                name
                for name in model.weights
                if name.startswith(names.all_of(names.hidden(half, i)))
            ]
            assert any(name.endswith("kernel") for name in own)
            assert any(names.is_hidden_bias(name) for name in own)
        assert any(name.startswith(names.all_of(names.nonlinear(half))) for name in model.weights)


@pytest.mark.parametrize("kind", CODED)
def test_one_that_is_not_trained_is_pca(kind):
    start = fitted_by(kind, init="pca", learning_rate=1e-30)
    pca = skae.Autoencoder(2, hidden_layer_sizes=()).fit(X)
    np.testing.assert_allclose(start.reconstruct(X), pca.reconstruct(X), atol=1e-4)


def test_classes_are_told_to_those_that_take_them():
    for kind in CODED:
        estimator = skae.VariationalAutoencoder(2, network=kind, conditional=True, max_iter=1)
        if KINDS[kind].takes_classes:
            estimator.fit(X, np.arange(len(X)) % 2)
        else:
            with pytest.raises(ValueError, match=r"to network='dense' or 'convolutional', but"):
                estimator.fit(X, np.arange(len(X)) % 2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_on_choosing_names_it(kind):
    assert f'"{kind}"' in Path("docs/choosing.rst").read_text(encoding="utf-8")
