"""The user's own network: any two Keras models, as reproducible as ours."""

import functools
import pickle
import pickletools
import random
from dataclasses import dataclass, replace
from itertools import chain
from threading import Lock
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from joblib import Parallel, delayed
from keras import layers
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV

from skae import Autoencoder
from skae.backend import _gateway as gateway
from skae.exceptions import NetworkChangedWarning
from skae.fitting import Architecture, Rows, new_model

RNG = np.random.default_rng(0)
X = 3.0 + RNG.normal(size=(20, 15)).cumsum(axis=1)


def flat(sample_shape, n_components, hidden_layer_sizes, activation):
    n_features = int(np.prod(sample_shape))
    hidden = [layers.Dense(units, activation) for units in hidden_layer_sizes]
    mirrored = [layers.Dense(units, activation) for units in hidden_layer_sizes[::-1]]
    return (
        keras.Sequential([keras.Input((n_features,)), *hidden, layers.Dense(n_components)]),
        keras.Sequential([keras.Input((n_components,)), *mirrored, layers.Dense(n_features)]),
    )


def shaped(sample_shape, n_components, hidden_layer_sizes, activation):
    rows, code = keras.Input(sample_shape), keras.Input((n_components,))
    hidden = layers.Conv1D(hidden_layer_sizes[0], 3, padding="same", activation=activation)(rows)
    opened = layers.Reshape(sample_shape)(layers.Dense(int(np.prod(sample_shape)))(code))
    return (
        keras.Model(rows, layers.Dense(n_components)(layers.Flatten()(hidden))),
        keras.Model(code, layers.Conv1D(sample_shape[-1], 3, padding="same")(opened)),
    )


def with_state(sample_shape, n_components, hidden_layer_sizes, activation):
    encoder = [layers.Dense(6, activation), layers.BatchNormalization(), layers.Dropout(0.3)]
    decoder = [layers.Dense(6, activation), layers.BatchNormalization(), layers.Dense(15)]
    return (
        keras.Sequential([keras.Input((15,)), *encoder, layers.Dense(n_components)]),
        keras.Sequential([keras.Input((n_components,)), *decoder]),
    )


def pretrained(*args):
    encoder, decoder = flat(*args)
    encoder.set_weights([np.full(weight.shape, 0.5) for weight in encoder.get_weights()])
    return encoder, decoder


def frozen(*args):
    encoder, decoder = flat(*args)
    encoder.layers[0].trainable = False
    return encoder, decoder


def tied(sample_shape, n_components, hidden_layer_sizes, activation):
    shared = layers.Dense(15)
    return (
        keras.Sequential([keras.Input((15,)), shared, layers.Dense(n_components)]),
        keras.Sequential([keras.Input((n_components,)), layers.Dense(15), shared]),
    )


@dataclass(frozen=True)
class OneLayer:
    width: int = 4

    def build(self, sample_shape, n_components, hidden_layer_sizes, activation):
        return flat(sample_shape, n_components, (self.width,), activation)


@dataclass
class Adjustable(BaseEstimator):
    width: int = 4

    build = OneLayer.build


def quick(network, **parameters):
    settings = {"sample_shape": (5, 3), "hidden_layer_sizes": (4,), "init": "random"}
    settings |= {"max_iter": 2, "learning_rate": 0.01, "early_stopping": False, "random_state": 0}
    return Autoencoder(2, network=network, **(settings | parameters))


def start(estimator, seed=0):
    return new_model(
        Architecture.of(estimator), estimator._recipe(), Rows(X), np.random.default_rng(seed)
    )


def bits(estimator):
    return b"".join(
        weight.tobytes()
        for weight in estimator.encoder_.get_weights() + estimator.decoder_.get_weights()
    )


# Training


@pytest.mark.parametrize("network", [flat, shaped, with_state, pretrained, OneLayer()])
def test_start_reconstructs_as_pca_does(network):
    pca = PCA(2).fit(X)
    expected = pca.inverse_transform(pca.transform(X))
    found = start(quick(network, init="pca")).reconstruct(X)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_learns_a_bump_that_moves_where_pca_cannot():
    position = RNG.uniform(2, 9, 100)
    rows = np.exp(-((np.arange(12) - position[:, None]) ** 2) / 4)
    pca = PCA(2).fit(rows)
    left = np.mean((rows - pca.inverse_transform(pca.transform(rows))) ** 2)
    settings = {"hidden_layer_sizes": (32,), "learning_rate": 0.02, "max_iter": 60}
    fitted = quick(flat, init="random", sample_shape=None, **settings).fit(rows)
    assert -fitted.score(rows) < 0.5 * left


def test_the_function_is_called_with_what_the_parameters_say():
    calls = []

    def recorded(*args):
        calls.append(args)
        return flat(*args)

    quick(recorded, hidden_layer_sizes=(7, 4), activation="relu").fit(X)
    assert set(calls) == {((5, 3), 2, (7, 4), "relu")}


@pytest.mark.slow
@pytest.mark.parametrize("network", [shaped, with_state, tied])
def test_keras_models_work_in_input_units(network):
    # The gates of the start are closed, and open in the first pass.
    fitted = quick(network, init="pca").partial_fit(X).partial_fit(X)
    code = fitted.transform(X)
    np.testing.assert_allclose(fitted.encoder_(X), code, atol=1e-5)
    np.testing.assert_allclose(fitted.decoder_(code), fitted.inverse_transform(code), atol=1e-4)


def test_weights_that_the_function_sets_are_where_training_starts():
    weights = start(quick(pretrained)).weights
    assert (weights["encoder_network/0/kernel"] == 0.5).all()
    assert np.unique(weights["decoder_network/0/kernel"]).size > 1


def test_a_model_loaded_in_the_function_is_where_training_starts(tmp_path):
    before, _ = flat((5, 3), 2, (4,), "gelu")
    before.save(tmp_path / "encoder.keras")

    def loaded(*args):
        return keras.models.load_model(tmp_path / "encoder.keras"), flat(*args)[1]

    weights = start(quick(loaded)).weights
    np.testing.assert_array_equal(weights["encoder_network/0/kernel"], before.get_weights()[0])


def test_frozen_layers_stay():
    estimator = quick(frozen)
    fitted = estimator.fit(X)._model.weights
    begun = new_model(
        Architecture.of(estimator), estimator._recipe(), Rows(X), estimator._new_generator()
    ).weights
    changed = {name for name in begun if not np.array_equal(begun[name], fitted[name])}
    assert changed == set(begun) - {"encoder_network/0/kernel", "encoder_network/1/bias"}


@pytest.mark.slow
def test_moving_statistics_are_part_of_what_is_fitted():
    estimator = quick(with_state, batch_size=20, activation="tanh")
    begun = new_model(
        Architecture.of(estimator), estimator._recipe(), Rows(X), estimator._new_generator()
    )
    hidden = np.tanh(begun.scaling.apply(X) @ begun.weights["encoder_network/0/kernel"])
    fitted = estimator.partial_fit(X)
    (found,) = [weight for weight in fitted.encoder_.weights if weight.name == "moving_mean"]
    np.testing.assert_allclose(found, 0.01 * hidden.mean(axis=0), atol=1e-6)


def test_rows_alone_score_as_they_do_together():
    fitted = quick(with_state).partial_fit(X)
    np.testing.assert_array_equal(fitted.transform(X[3:9]), fitted.transform(X)[3:9])


# Randomness


@pytest.mark.slow
def test_equal_seeds_give_equal_bits_whatever_the_layers_draw_from():
    random.seed(1)
    first = quick(with_state).fit(X)
    random.seed(2)
    keras.random.normal((1,))
    assert bits(quick(with_state).fit(X)) == bits(first)


def test_another_seed_gives_other_weights():
    first, second = (quick(flat, random_state=seed, learning_rate=1e-30).fit(X) for seed in (0, 1))
    halves = ((first.encoder_, second.encoder_), (first.decoder_, second.decoder_))
    pairs = [zip(a.get_weights(), b.get_weights(), strict=True) for a, b in halves]
    for weight, other in chain(*pairs):
        assert weight.any() == (not np.array_equal(weight, other))


def test_layers_draw_by_their_own_initializers():
    def narrow(*args):
        first = layers.Dense(40, kernel_initializer=keras.initializers.RandomUniform(2.0, 2.1))
        return keras.Sequential([keras.Input((15,)), first, layers.Dense(2)]), flat(*args)[1]

    kernel = start(quick(narrow)).weights["encoder_network/0/kernel"]
    assert kernel.min() >= 2.0
    assert kernel.max() <= 2.1
    assert np.unique(kernel).size > 500


# In scikit-learn


def test_a_clone_fits_the_same():
    first = quick(OneLayer(3)).fit(X)
    assert bits(clone(first).fit(X)) == bits(first)


def test_a_pickle_scores_the_same_and_holds_no_keras():
    fitted = quick(with_state).fit(X)
    pickled = pickle.dumps(fitted)
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(again.reconstruct(X), fitted.reconstruct(X))
    strings = [value for _, value, _ in pickletools.genops(pickled) if isinstance(value, str)]
    assert not [name for name in strings if name.startswith(("keras", "tensorflow"))]


@pytest.mark.slow
def test_grid_search_over_networks():
    search = GridSearchCV(quick(flat), {"network": [OneLayer(3), OneLayer(6)]}, cv=2).fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    kernel = search.best_estimator_.encoder_.weights[0]
    assert kernel.shape == (15, search.best_params_["network"].width)


def test_a_fitted_estimator_does_not_follow_its_parameter():
    fitted = quick(Adjustable(4)).fit(X)
    expected = fitted.transform(X)
    fitted.network.set_params(width=9)
    gateway.SCORERS.clear()
    np.testing.assert_array_equal(fitted.transform(X), expected)


def test_warm_start_continues():
    fitted = quick(OneLayer(), warm_start=True).fit(X)
    first_loss = fitted.loss_curve_[0]
    assert fitted.fit(X).loss_curve_[0] < first_loss


# Programs


@pytest.fixture
def pool(monkeypatch):
    fresh = type(gateway.POOL)(gateway.POOL._build)
    monkeypatch.setattr(gateway, "POOL", fresh)
    return fresh


def count_traces(pool):
    return sum(program.n_traces for programs in pool._idle.values() for program in programs)


@pytest.mark.parametrize("network", [flat, OneLayer(5), functools.partial(flat)])
def test_the_second_fit_of_a_network_compiles_nothing(pool, network):
    first = quick(network, jit_compile=False).fit(X)
    assert (pool.n_built, count_traces(pool)) == (1, 2)
    clone(first).set_params(random_state=1).fit(X[:15])
    pickle.loads(pickle.dumps(first)).fit(X)
    assert (pool.n_built, count_traces(pool)) == (1, 2)


SCALE = 1.0


def scaled(sample_shape, n_components, hidden_layer_sizes, activation):
    rows, code = keras.Input((15,)), keras.Input((n_components,))
    return (
        keras.Model(rows, layers.Dense(n_components)(layers.Lambda(lambda x: SCALE * x)(rows))),
        keras.Model(code, layers.Dense(15)(code)),
    )


def as_wide_as_told(width):
    def build(sample_shape, n_components, *args):
        return flat(sample_shape, n_components, (width[0],), "gelu")

    return build


def held_by_a_program_of_its_own(estimator, rows):
    gateway.POOL.clear()
    return bits(clone(estimator).fit(rows))


@pytest.mark.parametrize("reads", ["global", "closure", "activation"])
def test_a_function_that_reads_what_changed_trains_the_network_of_now(monkeypatch, pool, reads):
    width = [2]
    network, settings = scaled, {}
    if reads == "closure":
        network = as_wide_as_told(width)
    if reads == "activation":
        network, settings = "dense", {"activation": lambda x: SCALE * keras.ops.tanh(x)}
        settings["sample_shape"] = None
    estimator = quick(network, **settings)
    before = bits(estimator.fit(X))
    monkeypatch.setitem(globals(), "SCALE", 0.1)
    width[0] = 3
    after = bits(clone(estimator).fit(X))
    assert after != before
    assert after == held_by_a_program_of_its_own(estimator, X)


@pytest.mark.slow
def test_functions_that_build_the_same_share_a_program(pool):
    for width in ([4], [4]):
        quick(as_wide_as_told(width), jit_compile=False).fit(X)
    assert pool.n_built == 1


def test_a_fitted_estimator_refuses_other_layers_than_it_was_fitted_with():
    width = [2]
    fitted = quick(as_wide_as_told(width), warm_start=True).fit(X)
    expected = fitted.transform(X)
    width[0] = 3
    np.testing.assert_array_equal(fitted.transform(X), expected)
    gateway.SCORERS.clear()
    with pytest.raises(ValueError, match=r"builds other layers than in the fit.*Restore the code"):
        fitted.transform(X)
    with pytest.raises(ValueError, match=r"builds other layers than in the fit"):
        fitted.fit(X)


def test_a_fitted_estimator_warns_of_other_code(monkeypatch):
    fitted = quick(scaled).fit(X)
    monkeypatch.setitem(globals(), "SCALE", 2.0)
    gateway.SCORERS.clear()
    with pytest.warns(NetworkChangedWarning, match="values that these read, are others"):
        fitted.transform(X)
    # Of other versions of Keras other configurations say nothing.
    network = fitted._model.network
    fitted._model.network = replace(
        network, build=replace(network.build, made_by="3.0", configuration="")
    )
    with pytest.warns(NetworkChangedWarning, match=r"that was with Keras 3\.0, this is"):
        fitted.transform(X)


class Opaque(layers.Layer):
    def __init__(self, lock):
        super().__init__()
        self.lock = SimpleNamespace(lock=lock)

    def call(self, inputs):
        return inputs


@pytest.mark.slow
def test_layers_that_cannot_be_compared_share_no_program(pool):
    def opaque(*args):
        encoder, decoder = flat(*args)
        return keras.Sequential([keras.Input((15,)), Opaque(Lock()), *encoder.layers]), decoder

    estimator = quick(opaque, jit_compile=False).fit(X)
    estimator.transform(X)
    clone(estimator).fit(X)
    assert pool.n_built == 2


@pytest.mark.parametrize("inner", [quick(flat), quick("dense", jit_compile=False)])
def test_a_function_may_fit_another_estimator(inner):
    expected = bits(clone(inner).fit(X))

    def fitting(*args):
        encoder, decoder = flat(*args)
        assert bits(clone(inner).fit(X)) == expected
        return encoder, decoder

    assert bits(quick(fitting).fit(X)) == bits(quick(flat).fit(X))


# Errors


class Subclassed(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.dense = layers.Dense(units)

    def call(self, rows):
        return self.dense(rows)


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (
            lambda shape, *args: (flat((7,), *args)[0], flat(shape, *args)[1]),
            r"encoder whose input has the shape \(7,\).*shape \(5, 3\) or, flattened, \(15,\)",
        ),
        (
            lambda shape, *args: (flat(shape, *args)[0], flat((7,), *args)[1]),
            r"decoder whose output has the shape \(7,\).*shape \(5, 3\) or, flattened, \(15,\)",
        ),
        (
            lambda shape, k, *args: (flat(shape, k + 1, *args)[0], flat(shape, k, *args)[1]),
            r"encoder whose output has the shape \(3,\), but was asked for n_components=2",
        ),
        (
            lambda shape, k, *args: (flat(shape, k, *args)[0], flat(shape, k + 1, *args)[1]),
            r"decoder whose input has the shape \(3,\), but was asked for n_components=2",
        ),
        (lambda *args: flat(*args)[0], "should return two Keras models.*but returned <Sequential"),
        (lambda *args: (1, 2), r"should return two Keras models.*but returned \(1, 2\)"),
        (lambda *args: None, "should return two Keras models.*but returned None"),
        (lambda *args: (Subclassed(2), Subclassed(15)), r"made by keras\.Model\(inputs, outputs\)"),
        (
            lambda *args: (keras.Sequential([layers.Dense(2)]), flat(*args)[1]),
            r"keras\.Sequential with a keras\.Input",
        ),
        (flat((15,), 2, (4,), "gelu")[0], "is a model, but every fit needs new ones"),
    ],
)
def test_what_is_not_a_network(network, match):
    with pytest.raises(ValueError, match=match):
        quick(network).fit(X)


def test_models_that_were_there_before_are_refused():
    models = flat((5, 3), 2, (4,), "gelu")
    with pytest.raises(ValueError, match=r"there before the call.*Make new layers in every call"):
        quick(lambda *args: models).fit(X)


def test_frozen_layers_that_were_there_before_are_allowed():
    backbone = layers.Dense(6, "tanh")
    backbone.build((None, 15))
    backbone.trainable = False

    def on_the_backbone(*args):
        encoder = [keras.Input((15,)), backbone, layers.Dense(2)]
        return keras.Sequential(encoder), flat(*args)[1]

    before, _ = backbone.get_weights()
    fitted = quick(on_the_backbone).fit(X)
    fitted.transform(X)
    np.testing.assert_array_equal(backbone.get_weights()[0], before)
    assert any(np.array_equal(weight, before) for weight in fitted.encoder_.get_weights())


@pytest.mark.slow
def test_a_layer_with_a_hidden_variable_is_compiled_for_each_program(pool):
    class Counting(layers.Layer):
        def __init__(self):
            super().__init__()
            # In a plain object, Keras does not find it.
            self.hidden = SimpleNamespace(count=tf.Variable(0.0, trainable=False))

        def call(self, inputs):
            self.hidden.count.assign_add(1.0)
            return inputs

    def counting(*args):
        encoder, decoder = flat(*args)
        return keras.Sequential([keras.Input((15,)), Counting(), *encoder.layers]), decoder

    estimator = quick(counting, jit_compile=False)
    fits = [delayed(clone(estimator).set_params(random_state=seed).fit)(X) for seed in range(2)]
    Parallel(n_jobs=2, require="sharedmem")(fits)
    assert count_traces(pool) == 2 * pool.n_built
