"""States that are damaged, changed, or of another version: refused, and quickly."""

import copy
import io
import pickle
import struct
import time
import tracemalloc
import zlib

import joblib
import numpy as np
import pytest
import sklearn
import skops.io
from sklearn.base import clone
from sklearn.decomposition import PCA

import skae
from skae.exceptions import OtherVersionWarning
from skae.model._packing import PackedArray, pack
from skae.states import checksum

from .shared import KEPT, fitted, rows

MODEL = "_model"


def state_of(name="Autoencoder"):
    """The state of a fitted estimator, of which parts can be replaced."""
    return copy.deepcopy(fitted(name)).__getstate__()


def set_again(state, cls=skae.Autoencoder):
    made = cls.__new__(cls)
    made.__setstate__(state)
    return made


# Checksums


@pytest.mark.parametrize("name", ["Autoencoder", "TableAutoencoder", "LatentCodec.padding"])
@pytest.mark.parametrize("way", ["pickle", "protocol 2", "joblib", "skops", "copy", "deepcopy"])
def test_whole_states_are_set_whatever_carries_them(name, way):
    def through_joblib(estimator):
        buffer = io.BytesIO()
        joblib.dump(estimator, buffer)
        return joblib.load(buffer)

    ways = {
        "pickle": lambda one: pickle.loads(pickle.dumps(one)),
        "protocol 2": lambda one: pickle.loads(pickle.dumps(one, 2)),
        "joblib": through_joblib,
        "skops": lambda one: skops.io.loads(skops.io.dumps(one), trusted=skae.skops_trusted()),
        "copy": copy.copy,
        "deepcopy": copy.deepcopy,
    }
    estimator, answers = fitted(name), KEPT[name].answers
    once = ways[way](estimator)
    for again in (once, ways[way](once)):
        for answer, expected in answers(estimator).items():
            np.testing.assert_array_equal(answers(again)[answer], expected)


def test_another_value_does_not_fit_the_checksum():
    for name, value in [("max_iter", 3), ("loss", "huber"), ("n_iter_", 7), ("more", 0.5)]:
        with pytest.raises(ValueError, match="its checksum does not fit"):
            set_again({**state_of(), name: value})
    with pytest.raises(ValueError, match="its checksum does not fit"):
        set_again({name: value for name, value in state_of().items() if name != "tol"})
    with pytest.raises(ValueError, match="its checksum does not fit"):
        set_again(state_of(), skae.DenoisingAutoencoder)


def test_one_bit_of_a_weight_does_not_fit_the_checksum():
    state = state_of()
    weight = next(iter(state[MODEL].weights.values()))
    weight.view(np.uint32)[0] ^= 1
    with pytest.raises(ValueError, match="its checksum does not fit"):
        set_again(state)


@pytest.mark.parametrize("state", [None, (), {}, {"_stored": None}, {"_stored": {}}])
def test_what_holds_no_checksum_is_refused(state):
    with pytest.raises(ValueError, match=r"holds no checksum|format is None"):
        set_again(state)


def test_values_that_are_equal_have_equal_checksums():
    values = [1, [True, "a", None], {"b": np.float64(0.5)}, np.arange(6.0).reshape(2, 3)]
    alike = [
        np.int64(1),
        [np.True_, "a", None],
        {"b": 0.5},
        np.arange(6.0).reshape(2, 3).T.copy().T,
    ]
    assert checksum(values) == checksum(alike)
    others = [
        2,
        [True, "a"],
        {"c": 0.5},
        np.arange(6.0).reshape(3, 2),
        np.arange(6),
        "1",
        1.0,
        b"1",
    ]
    assert len({checksum(value) for value in [*values, *others]}) == len(values) + len(others)


def test_values_that_hold_themselves_or_multiply_have_one_too():
    circle = [1]
    circle.append(circle)
    assert checksum(circle)
    many = []
    for _ in range(200):
        many = [many, many]
    assert checksum(many)


def test_an_unfitted_estimator_is_cloned_and_copied():
    for estimator in (skae.Autoencoder(3), clone(fitted("Autoencoder"))):
        again = pickle.loads(pickle.dumps(estimator))
        assert again.get_params() == estimator.get_params()


# Versions


@pytest.mark.parametrize("wrong", [0, -5, float("nan"), "1", None, True, 1.0, [1]])
def test_formats_that_are_no_numbers_of_a_format_are_refused(wrong):
    state = state_of()
    with pytest.raises(ValueError, match=r"format is .*, but a whole number from 1 on"):
        set_again({**state, "_stored": {**state["_stored"], "format": wrong}})
    model = fitted("Autoencoder")._model
    with pytest.raises(ValueError, match=r"format is .*, but a whole number from 1 on"):
        type(model).__new__(type(model)).__setstate__({**model.__getstate__(), "format": wrong})


def test_a_newer_format_is_refused():
    state = state_of()
    with pytest.raises(ValueError, match="saved in format 99 by a newer skae"):
        set_again({**state, "_stored": {**state["_stored"], "format": 99}})


def test_the_versions_that_wrote_it_are_in_the_state():
    stamp = state_of()["_stored"]
    assert stamp["skae"] == skae.__version__
    assert stamp["numpy"] == np.__version__
    assert stamp["scikit-learn"] == sklearn.__version__


def test_another_version_loads_with_a_warning(monkeypatch):
    old = {"skae": "0.0.1", "scikit-learn": sklearn.__version__}
    monkeypatch.setattr("skae.states._stamp.versions", lambda: old)
    stored = pickle.dumps(fitted("Autoencoder"))
    monkeypatch.undo()
    with pytest.warns(OtherVersionWarning, match=r"Autoencoder was stored with skae 0\.0\.1, and"):
        again = pickle.loads(stored)
    np.testing.assert_array_equal(again.transform(rows()), fitted("Autoencoder").transform(rows()))


# What cannot be right


def changed_model(change):
    model = copy.deepcopy(fitted("Autoencoder")._model)
    state = model.__getstate__()
    change(state)
    return state


def _spoil_weight(value):
    def change(state):
        state["weights"]["encoder_linear/kernel"][0, 0] = value

    return change


def _set(**values):
    return lambda state: state.update(values)


def _changed(part):
    def changing(**values):
        def change(state):
            state[part] = copy.copy(state[part])
            vars(state[part]).update(values)

        return change

    return changing


_scaling, _network = _changed("scaling"), _changed("network")


def _weights(**values):
    def change(state):
        state["weights"] |= {name.replace("__", "/"): value for name, value in values.items()}

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_spoil_weight(np.nan), "encoder_linear/kernel holds values that are no finite numbers"),
        (_spoil_weight(np.inf), "no finite numbers"),
        (_scaling(scale=0.0), r"scale of a scaling is 0\.0, where more than 0"),
        (_scaling(scale=np.nan), "no finite number"),
        (_scaling(mean=np.zeros(1)), r"mean of a scaling is of shape \(1,\), where \(6\) was"),
        (_scaling(mean=np.full(6, np.nan)), "no finite numbers"),
        (_set(loss="nothing"), "loss is 'nothing'"),
        (_set(scaling=None), "a scaling is a NoneType"),
        (_set(network=3), "a network is a int"),
        (_set(sample_shape=(7,)), r"rows of shape \(7,\)"),
        (_network(n_features=10**12), "a sample_shape of"),
        (_network(n_components=10**9), r"expected"),
        (_network(hidden_layer_sizes=(10**9,)), r"of shape .* where .* was expected"),
        (_network(code_activation="nothing"), "code_activation is 'nothing'"),
        (_network(n_active=9), "n_active is 9"),
        (_weights(more__kernel=np.zeros(3, np.float32)), "there is no weight more/kernel"),
        (_weights(encoder_linear__bias=np.zeros(2)), "is of float64, not float32"),
        (_set(principal_mean=np.zeros(2)), "principal_mean is of shape"),
    ],
)
def test_models_that_cannot_be_right_are_refused(change, message):
    state = changed_model(change)
    cls = type(fitted("Autoencoder")._model)
    with pytest.raises(ValueError, match=message):
        cls.__new__(cls).__setstate__(state)


def test_a_model_of_other_features_is_refused():
    state = state_of()
    state["n_features_in_"] = 7
    del state["_stored"]
    made = skae.Autoencoder()
    vars(made).update(state)
    with pytest.raises(ValueError, match="n_features_in_ is 7 beside a network of 6"):
        pickle.loads(pickle.dumps(made))


PACKED = pack(np.where(np.arange(60) % 7, 0, 1.5).reshape(6, 10).astype(np.float32), 8)


@pytest.mark.parametrize("bits", [None, 4, 8])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_packed_weights_are_whole(bits, share):
    rng = np.random.default_rng(0)
    array = (rng.normal(size=(40, 30)) * (rng.random((40, 30)) < share)).astype(np.float32)
    packed = pack(array, bits)
    assert pickle.loads(pickle.dumps(packed)).nbytes == packed.nbytes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"coding": "nothing"}, "coding of packed weights is 'nothing'"),
        ({"bits": 7}, "bits of packed weights are 7"),
        ({"shape": (32768, 32768)}, "shape|places|scales"),
        ({"shape": (6, -10)}, "whole number from 0"),
        ({"n_values": 10**9}, "number of packed weights"),
        ({"values": np.zeros(3, np.int8)}, r"packed weights is of shape \(3,\)"),
        ({"values": PACKED.values.astype(np.float32)}, "not int8"),
        ({"places": PACKED.places + np.uint8(60)}, "a packed weight is at|places"),
        ({"unit": 0.0}, "unit of packed weights"),
        ({"scales": np.full(10, np.nan, np.float16)}, "no finite numbers"),
    ],
)
def test_packed_weights_that_cannot_be_unpacked_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        PackedArray.__new__(PackedArray).__setstate__({**vars(PACKED), **values})


def measured(call):
    """Seconds, and megabytes at the highest."""
    tracemalloc.start()
    start = time.perf_counter()
    try:
        call()
    finally:
        seconds, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seconds < 1
        assert peak < 50e6


def test_a_few_bytes_do_not_unpack_to_gigabytes():
    """All weights zero, of a network as wide as its description says."""
    model = copy.deepcopy(fitted("Autoencoder.compressed")._model)
    network = copy.copy(model.network)
    vars(network).update(hidden_layer_sizes=(32768, 32768))
    nothing = np.empty(0, np.uint8)
    packed = {
        name: PackedArray(
            shape, 8, np.empty(0, np.int8), 0, 1.0, np.ones(shape[-1:], np.float16), "gaps", nothing
        )
        for name, shape in network.parameter_shapes().items()
    }
    model.network, model.packed = network, packed
    stored = zlib.compress(pickle.dumps(model))
    assert len(stored) < 10_000
    with pytest.raises(ValueError, match=r"\d+ bytes of weights would unpack to \d{10}"):
        measured(lambda: pickle.loads(zlib.decompress(stored)))


def test_a_few_bytes_do_not_decode_to_millions_of_rows():
    codec = fitted("LatentCodec.pca")
    data = codec.encode(rows()[:1])
    for n_rows in (1000, 2**31, 2**32 - 1):
        message = bytearray(data[:-4])
        message[6:10] = struct.pack("<I", n_rows)
        hostile = bytes(message) + struct.pack("<I", zlib.crc32(message))
        with pytest.raises(ValueError, match=rf"announce {n_rows} rows, but \d+ bytes hold \d+ at"):
            measured(lambda hostile=hostile: codec.decode(hostile))


def test_rows_that_hardly_differ_are_encoded_all_the_same():
    X = np.ones((300, 3))
    X[::50, 0] = 2.0
    codec = skae.LatentCodec(PCA(1))
    codec.fit(X)
    many = np.tile(X, (40, 1))
    assert codec.decode(codec.encode(many)).shape == many.shape


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("step", 0.0, "a step is 0"),
        ("centre", np.zeros(3), "axes is of shape"),
        ("tables", [None], "what should be frequencies is none"),
        ("to_axes", np.full((2, 2), np.nan), "no finite numbers"),
    ],
)
def test_quantisers_that_cannot_be_right_are_refused(name, values, message):
    quantiser = fitted("LatentCodec.pca")._quantiser
    with pytest.raises(ValueError, match=message):
        type(quantiser).__new__(type(quantiser)).__setstate__({**vars(quantiser), name: values})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"weights": np.zeros(3, np.int32)}, "frequencies is of shape|not above 0"),
        ({"lowest": 2**40}, "lowest integer"),
        ({"levels": np.full(3, np.nan)}, "no finite numbers"),
    ],
)
def test_frequencies_that_cannot_be_right_are_refused(values, message):
    table = fitted("LatentCodec.pca")._quantiser.tables[0]
    with pytest.raises(ValueError, match=message):
        type(table).__new__(type(table)).__setstate__({**vars(table), **values})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"weights": np.array([0.5, 0.4])}, "do not sum to 1"),
        ({"means": np.zeros((1, 2, 3))}, "means of a mixture is of shape"),
        ({"factors": np.zeros((1, 2))}, "factors of a mixture is of shape"),
    ],
)
def test_mixtures_that_cannot_be_right_are_refused(values, message):
    mixture = fitted("VariationalAutoencoder")._code_mixture
    with pytest.raises(ValueError, match=message):
        type(mixture).__new__(type(mixture)).__setstate__({**vars(mixture), **values})
