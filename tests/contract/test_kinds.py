"""The contract: what is asked of every kind of network, so that none is left out of a list."""

import random
from pathlib import Path

import keras
import numpy as np
import pytest

import skae
import skae.layers
from skae.networks import CODED, KINDS, names
from tests.persistence.shared import GOLDEN_NAMES, KEPT

RNG = np.random.default_rng(0)
# Two features over four positions.
X = np.tile(RNG.normal(size=(40, 2)), 4) + 0.1 * RNG.normal(size=(40, 8))
SHAPES = {2: (4, 2), 3: (2, 2, 2), 4: (2, 2, 2, 1)}


def quick(kind):
    axes = KINDS[kind].row_axes
    shape = SHAPES[min(axes)] if axes else None
    settings = {"network": kind, "sample_shape": shape, "hidden_layer_sizes": (3, 4)}
    settings |= {"init": "random", "max_iter": 1, "early_stopping": False, "random_state": 0}
    return settings


def fitted_by(kind, **parameters):
    settings = quick(kind) | parameters
    if KINDS[kind].restores:
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


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "dense"])
def test_one_is_kept_for_later_versions(kind):
    assert any(kind in name.lower() for name in KEPT)
    assert any(kind in name.lower() for name in GOLDEN_NAMES)


def test_its_layers_are_registered_for_whoever_loads_them(fitted):
    own = {type(layer) for layer in layers_of(fitted) if type(layer).__module__.startswith("skae.")}
    for layer in own:
        assert layer.__name__ in skae.layers.__all__
        assert "get_config" in vars(layer) or "__init__" not in vars(layer)


def layers_of(fitted):
    for model in (fitted.encoder_, fitted.decoder_):
        yield from model._flatten_layers()


def test_a_saved_encoder_gives_codes(fitted, tmp_path):
    fitted.encoder_.save(tmp_path / "encoder.keras")
    encoder = keras.saving.load_model(tmp_path / "encoder.keras")
    rows = X.reshape(-1, *encoder.input_shape[1:])
    found = np.asarray(encoder.predict(rows, verbose=0)).reshape(len(X), -1)
    np.testing.assert_allclose(found, fitted.transform(X), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_fits_leave_pythons_generator_as_it_was(kind):
    random.seed(0)
    before = random.getstate()
    fitted_by(kind)
    assert random.getstate() == before


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


def conditional(kind):
    y = np.arange(len(X)) % 2
    return skae.VariationalAutoencoder(2, conditional=True, **quick(kind)).fit(X, y)


@pytest.mark.parametrize("kind", [kind for kind in CODED if KINDS[kind].takes_classes])
def test_classes_are_told_in_numpy_as_in_keras(kind):
    fitted = conditional(kind)
    for label in fitted.classes_:
        told = fitted.given(label)
        code = told.transform(X)
        rows = X.reshape(-1, *told.encoder_.input_shape[1:])
        by_keras = np.asarray(told.encoder_.predict(rows, verbose=0))
        np.testing.assert_allclose(by_keras[:, :2], code, atol=1e-5)
        by_keras = np.asarray(told.decoder_.predict(code, verbose=0)).reshape(X.shape)
        np.testing.assert_allclose(by_keras, told.inverse_transform(code), atol=1e-5)


@pytest.mark.parametrize("kind", [kind for kind in CODED if not KINDS[kind].takes_classes])
def test_classes_are_not_told_to_others(kind):
    with pytest.raises(ValueError, match=f"conditional=True tells classes to .* network='{kind}'"):
        conditional(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_on_choosing_names_it(kind):
    assert f'"{kind}"' in Path("docs/choosing.rst").read_text(encoding="utf-8")
