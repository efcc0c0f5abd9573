"""Rows in their own shape, flat, sparse or on a disk, for every network."""

import pickle
import pickletools

import keras
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from skae import Autoencoder, DenoisingAutoencoder
from skae.fitting._validation import check_rows, is_on_disk
from skae.networks import CODED

RNG = np.random.default_rng(0)
ROWS = 3.0 + RNG.normal(size=(20, 5, 3)).cumsum(axis=1)
# Whole timesteps of zeros, for sparse rows and as padding.
ROWS[RNG.random((20, 5)) < 0.3] = 0.0
ROWS[:, 0] = 1.0 + RNG.random((20, 3))
FLAT = ROWS.reshape(20, 15)
METHODS = ["transform", "reconstruct", "score_samples"]


def two_layers(sample_shape, n_components, hidden_layer_sizes, activation):
    rows, code = keras.Input(sample_shape), keras.Input((n_components,))
    encoded = keras.layers.Dense(n_components, activation)(keras.layers.Flatten()(rows))
    return keras.Model(rows, encoded), keras.Model(code, keras.layers.Dense(15)(code))


NETWORKS = {
    **{kind: {"network": kind, "init": "random"} for kind in CODED},
    "pooling": {"network": "convolutional", "pooling": "max", "init": "random"},
    "gru": {"network": "recurrent", "cell": "gru"},
    "padded": {"network": "recurrent", "mask_value": 0.0},
    "custom": {"network": two_layers, "init": "random"},
}


def quick(network="dense", **parameters):
    settings = {"sample_shape": (5, 3), "hidden_layer_sizes": (4,), "max_iter": 2}
    settings |= {"learning_rate": 0.005, "early_stopping": False, "random_state": 0}
    return Autoencoder(2, **(settings | NETWORKS[network] | parameters))


@pytest.fixture(scope="module", params=NETWORKS)
def fitted(request):
    fitted = quick(request.param).fit(FLAT)
    assert fitted.best_epoch_ > 0, "the start was kept: nonlinear paths that say nothing"
    return fitted


# Rows in their own shape


@pytest.mark.parametrize("method", METHODS)
def test_shaped_rows_score_as_flat_ones_do(fitted, method):
    found, expected = getattr(fitted, method)(ROWS), getattr(fitted, method)(FLAT)
    np.testing.assert_array_equal(found, expected)


def test_fit_takes_shaped_rows(fitted):
    again = clone(fitted).fit(ROWS)
    assert again.n_features_in_ == 15
    np.testing.assert_array_equal(again.transform(FLAT), fitted.transform(FLAT))


@pytest.mark.parametrize("network", ["dense", "custom"])
def test_partial_fit_takes_shaped_rows(network):
    found = quick(network).partial_fit(ROWS).partial_fit(ROWS[:9])
    expected = quick(network).partial_fit(FLAT).partial_fit(FLAT[:9])
    np.testing.assert_array_equal(found.transform(FLAT), expected.transform(FLAT))


@pytest.mark.parametrize("network", ["dense", "convolutional"])
def test_clean_rows_may_be_shaped(network):
    settings = {"sample_shape": (5, 3), "hidden_layer_sizes": (4,), "max_iter": 2, "noise": None}
    denoiser = DenoisingAutoencoder(2, random_state=0, **settings, **NETWORKS[network])
    expected = clone(denoiser).fit(FLAT, X_clean=FLAT[::-1]).transform(FLAT)
    found = denoiser.fit(ROWS, X_clean=ROWS[::-1]).transform(ROWS)
    np.testing.assert_array_equal(found, expected)


def test_outputs_are_tables(fitted):
    code = fitted.transform(ROWS)
    assert code.shape == (20, 2)
    assert fitted.reconstruct(ROWS).shape == (20, 15)
    assert fitted.inverse_transform(code).shape == (20, 15)
    assert fitted.score_samples(ROWS).shape == (20,)


def test_nested_lists_are_rows_too():
    estimator = quick(sample_shape=[5, 3]).fit(ROWS.tolist())
    np.testing.assert_array_equal(estimator.transform(ROWS.tolist()), estimator.transform(FLAT))


def test_gray_images_need_no_axis_for_their_only_channel():
    estimator = quick(sample_shape=(5, 3, 1)).fit(ROWS)
    np.testing.assert_array_equal(estimator.transform(ROWS), estimator.transform(FLAT))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("sample_shape", "X", "match"),
    [
        (
            None,
            ROWS,
            r"X has shape \(20, 5, 3\).*Pass sample_shape=\(5, 3\) to the estimator, or flatten.*"
            r"Gray images are of sample_shape=\(5, 3, 1\)",
        ),
        (
            (5, 3),
            ROWS.reshape(20, 3, 5),
            r"X has shape \(20, 3, 5\).*each row has shape \(3, 5\).*sample_shape=\(5, 3\)",
        ),
        ((5, 3), ROWS.reshape(20, 5, 3, 1), r"X has shape \(20, 5, 3, 1\)"),
        ((4, 3), FLAT, r"sample_shape=\(4, 3\) makes 12 values a row, but X has 15 columns"),
        ((-5, -3), FLAT, r"sample_shape=\(-5, -3\) should hold positive integers"),
        ((5, 3), ROWS[:0], r"0 sample\(s\) \(shape=\(0, 15\)\)"),
    ],
    ids=["no shape", "transposed", "an axis too many", "too few", "negative", "no rows"],
)
def test_shapes_that_do_not_fit(network, sample_shape, X, match):
    with pytest.raises(ValueError, match=match):
        quick(network, sample_shape=sample_shape).fit(X)


@pytest.mark.parametrize("method", [*METHODS, "partial_fit"])
def test_scoring_checks_the_shape_too(fitted, method):
    with pytest.raises(ValueError, match=r"each row has shape \(3, 5\).*sample_shape=\(5, 3\)"):
        getattr(fitted, method)(ROWS.reshape(20, 3, 5))


def test_clean_rows_of_another_shape():
    denoiser = DenoisingAutoencoder(2, sample_shape=(5, 3))
    with pytest.raises(ValueError, match=r"X_clean has shape \(20, 3, 5\).*sample_shape=\(5, 3\)"):
        denoiser.fit(ROWS, X_clean=ROWS.reshape(20, 3, 5))


# Rows elsewhere


@pytest.mark.parametrize("network", ["convolutional", "padded"])
def test_sparse_rows_give_what_dense_rows_give(network):
    dense, found = quick(network).fit(FLAT), quick(network).fit(sparse.csr_array(FLAT))
    expected = dense.transform(FLAT)
    np.testing.assert_allclose(found.transform(sparse.csr_array(FLAT)), expected, atol=1e-6)


@pytest.mark.parametrize("network", ["convolutional", "padded"])
def test_rows_on_a_disk_give_what_rows_in_memory_give(tmp_path, network):
    ROWS.astype(np.float32).tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", np.float32, "r", shape=ROWS.shape)
    expected = quick(network).fit(ROWS.astype(np.float32)).transform(ROWS)
    # Their order within a batch differs, and so does the rounding of sums.
    np.testing.assert_allclose(quick(network).fit(mapped).transform(mapped), expected, atol=1e-3)


def test_shaped_rows_on_a_disk_stay_there(tmp_path):
    ROWS.tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", np.float64, "r", shape=ROWS.shape)
    checked = check_rows(quick("convolutional"), mapped, (5, 3), reset=True)
    assert np.shares_memory(checked, mapped)
    assert is_on_disk(checked)


# Fitted estimators


def test_rows_alone_score_as_they_do_together(fitted):
    for method in METHODS:
        alone = np.concatenate([getattr(fitted, method)(row[None]) for row in FLAT])
        np.testing.assert_allclose(alone, getattr(fitted, method)(FLAT), rtol=1e-6)


def test_more_rows_than_a_batch_of_the_scorer(fitted):
    many = np.tile(FLAT, (7, 1))
    np.testing.assert_allclose(fitted.transform(many)[-20:], fitted.transform(FLAT), rtol=1e-6)


def test_scoring_in_blocks_changes_nothing(fitted, monkeypatch):
    expected = [getattr(fitted, method)(FLAT) for method in METHODS]
    monkeypatch.setattr("skae.model._model._BLOCK_VALUES", 100)
    for method, whole in zip(METHODS, expected, strict=True):
        np.testing.assert_allclose(getattr(fitted, method)(ROWS), whole, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_follows_the_input(fitted, dtype):
    code = fitted.transform(ROWS.astype(dtype))
    assert code.dtype == dtype
    assert fitted.inverse_transform(code).dtype == dtype
    assert fitted.score_samples(ROWS.astype(dtype)).dtype == np.float64


def test_keras_models_take_flat_rows_in_input_units(fitted):
    code = fitted.transform(FLAT)
    np.testing.assert_allclose(fitted.encoder_(FLAT), code, atol=1e-5)
    np.testing.assert_allclose(fitted.decoder_(code), fitted.inverse_transform(code), atol=1e-4)


def test_a_pickle_scores_the_same_and_holds_no_keras(fitted):
    pickled = pickle.dumps(fitted)
    again = pickle.loads(pickled)
    for method in METHODS:
        np.testing.assert_array_equal(getattr(again, method)(ROWS), getattr(fitted, method)(ROWS))
    strings = [value for _, value, _ in pickletools.genops(pickled) if isinstance(value, str)]
    assert not [name for name in strings if name.startswith(("keras", "tensorflow"))]
