"""The recurrent network: its layers, and timesteps that are not there."""

import keras
import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import PCA

from skae import Autoencoder
from skae.backend._layers import LastState
from skae.backend._models import build
from skae.fitting import Architecture, Rows, new_model
from skae.networks import RecurrentNetwork

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 15)).cumsum(axis=1)
# Sequences of one to five timesteps, with gaps and padding on both sides.
IS_THERE = RNG.random((20, 5)) < 0.6
IS_THERE[np.arange(20), RNG.integers(0, 5, 20)] = True
CELLS = [("lstm", False), ("lstm", True), ("gru", False), ("gru", True)]


def padded(value):
    return np.where(IS_THERE[:, :, None], X.reshape(20, 5, 3), value).reshape(20, 15)


def quick(**parameters):
    settings = {"network": "recurrent", "sample_shape": (5, 3), "hidden_layer_sizes": (4,)}
    settings |= {"max_iter": 3, "learning_rate": 0.01, "early_stopping": False}
    return Autoencoder(2, **(settings | {"random_state": 0} | parameters))


def recurrent(hidden=(4,), **options):
    return RecurrentNetwork(
        n_features=15, n_components=2, sample_shape=(5, 3), hidden_layer_sizes=hidden, **options
    )


@pytest.fixture(scope="module")
def by_nan():
    fitted = quick(mask_value=np.nan).fit(padded(np.nan))
    assert fitted.best_epoch_ > 0, "the start was kept: nonlinear paths that say nothing"
    return fitted


@pytest.fixture(scope="module")
def by_number():
    return quick(mask_value=-7.0).fit(padded(-7.0))


# Layers


@pytest.mark.parametrize(("cell", "bidirectional"), CELLS)
def test_start_reconstructs_as_pca_does(cell, bidirectional):
    estimator = quick(cell=cell, bidirectional=bidirectional)
    start = new_model(
        Architecture.of(estimator), estimator._recipe(), Rows(X), np.random.default_rng(0)
    )
    pca = PCA(2).fit(X)
    expected = pca.inverse_transform(pca.transform(X))
    np.testing.assert_allclose(start.reconstruct(X), expected, atol=1e-4)


def n_weights(cell, n_inputs, n_units):
    n_biases = 1 if cell == "lstm" else 2
    return (4 if cell == "lstm" else 3) * n_units * (n_inputs + n_units + n_biases)


@pytest.mark.parametrize(("cell", "bidirectional"), CELLS)
def test_the_decoder_mirrors_the_encoder(cell, bidirectional):
    built = build(recurrent((4, 6), cell=cell, bidirectional=bidirectional, linear_path=False))
    sides = 2 if bidirectional else 1
    into, out = n_weights(cell, 3, 4), n_weights(cell, sides * 4, 6)
    assert built.encoder.count_params() == sides * (into + out) + (sides * 6 + 1) * 2
    into, out = n_weights(cell, 2, 6), n_weights(cell, sides * 6, 4)
    assert built.decoder.count_params() == sides * (into + out) + (sides * 4 + 1) * 3
    assert built.decoder.output_shape == (None, 15)


@pytest.mark.parametrize("sample_shape", [(1, 1), (1, 4), (6, 1)])
def test_every_size_comes_back(sample_shape):
    rows = RNG.normal(size=(9, sample_shape[0] * sample_shape[1]))
    fitted = quick(sample_shape=sample_shape, init="random", max_iter=1).fit(rows)
    assert fitted.reconstruct(rows).shape == rows.shape


@pytest.mark.parametrize("cell", [keras.layers.LSTM, keras.layers.GRU])
@pytest.mark.parametrize("mask", [None, IS_THERE], ids=["all there", "some missing"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_last_state_is_that_of_keras(cell, mask, bidirectional):
    rows = X.reshape(20, 5, 3).astype(np.float32)
    whole, last = cell(4, return_sequences=True), cell(4)
    if bidirectional:
        whole, last = keras.layers.Bidirectional(whole), keras.layers.Bidirectional(last)
    expected = last(rows, mask=mask)
    whole.build(rows.shape)
    whole.set_weights(last.get_weights())
    found = LastState(bidirectional)(whole(rows, mask=mask), mask=mask)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_kernels_of_cudnn_are_not_asked_for(bidirectional):
    built = build(recurrent(bidirectional=bidirectional, is_masked=True))
    layers = [layer for layer in built.encoder._flatten_layers() if hasattr(layer, "use_cudnn")]
    assert layers
    assert not any(layer.use_cudnn for layer in layers)


def test_without_sample_shape_a_row_is_a_sequence_of_single_values():
    fitted = quick(sample_shape=None, max_iter=1).fit(X[:, :4])
    assert fitted.encoder_.weights[0].shape == (1, 16)


@pytest.mark.slow
def test_learns_a_bump_that_moves_where_pca_cannot():
    position = RNG.uniform(2, 9, 100)
    rows = np.exp(-((np.arange(12) - position[:, None]) ** 2) / 4)
    pca = PCA(1).fit(rows)
    left = np.mean((rows - pca.inverse_transform(pca.transform(rows))) ** 2)
    settings = {"hidden_layer_sizes": (8,), "learning_rate": 0.03, "max_iter": 60}
    fitted = quick(sample_shape=(12, 1), **settings).set_params(n_components=1).fit(rows)
    assert -fitted.score(rows) < 0.3 * left


# Timesteps that are not there


@pytest.mark.slow
def test_what_padding_holds_does_not_matter(by_nan, by_number):
    np.testing.assert_array_equal(
        by_nan.transform(padded(np.nan)), by_number.transform(padded(-7.0))
    )
    np.testing.assert_array_equal(
        by_nan.score_samples(padded(np.nan)), by_number.score_samples(padded(-7.0))
    )


def test_padding_is_not_a_value_like_others(by_nan):
    filled = quick(mask_value=None).fit(padded(0.0))
    assert np.abs(filled.transform(padded(0.0)) - by_nan.transform(padded(np.nan))).max() > 0.1


def test_a_score_counts_only_timesteps_that_are_there(by_number):
    rows = padded(-7.0)
    errors = np.square(by_number.reconstruct(rows) - rows).reshape(20, 5, 3)
    expected = [-row[present].mean() for row, present in zip(errors, IS_THERE, strict=True)]
    np.testing.assert_allclose(by_number.score_samples(rows), expected, rtol=1e-6)


def test_the_loss_counts_only_timesteps_that_are_there():
    rows = padded(np.nan)
    fitted = quick(mask_value=np.nan, learning_rate=1e-30).fit(rows)
    row_losses = -fitted.score_samples(rows) / fitted._model.scaling.scale**2
    assert fitted.history_["loss"][0] == pytest.approx(row_losses.mean(), rel=1e-5)


@pytest.mark.slow
def test_xla_trains_on_missing_timesteps_as_well(by_nan):
    rows = padded(np.nan)
    compiled = quick(mask_value=np.nan, jit_compile=True).fit(rows)
    np.testing.assert_allclose(compiled.transform(rows), by_nan.transform(rows), atol=1e-3)


def test_rows_are_reconstructed_whole(by_nan):
    assert np.isfinite(by_nan.reconstruct(padded(np.nan))).all()


def test_rows_alone_score_as_they_do_together(by_nan):
    rows = padded(np.nan)
    alone = np.concatenate([by_nan.transform(row[None]) for row in rows])
    # But for the last bits: a product of matrices of another shape adds in another order.
    np.testing.assert_allclose(alone, by_nan.transform(rows), rtol=0, atol=1e-13)
    single = rows.astype(np.float32)
    alone = np.concatenate([by_nan.transform(row[None]) for row in single])
    np.testing.assert_array_equal(alone, by_nan.transform(single))


@pytest.mark.parametrize("name", ["by_nan", "by_number"])
def test_the_keras_encoder_knows_padding_too(name, request, tmp_path):
    fitted = request.getfixturevalue(name)
    rows = padded(fitted.mask_value).astype(np.float32)
    encoder = fitted.encoder_
    np.testing.assert_allclose(encoder(rows), fitted.transform(rows), atol=1e-5)
    encoder.save(tmp_path / "encoder.keras")
    again = keras.models.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(again(rows), encoder(rows))


def test_a_number_is_padding_only_where_every_feature_holds_it(by_number):
    rows = padded(-7.0)
    rows[0].reshape(5, 3)[:] = [-7.0, 1.0, 2.0]
    errors = np.square(by_number.reconstruct(rows[:1]) - rows[:1])
    assert by_number.score_samples(rows[:1])[0] == pytest.approx(-errors.mean(), rel=1e-6)


def test_absent_values_of_sparse_rows_can_be_padding():
    rows = padded(0.0)
    expected = quick(mask_value=0.0, max_iter=1).fit(rows).transform(rows)
    found = (
        quick(mask_value=0.0, max_iter=1)
        .fit(sparse.csr_array(rows))
        .transform(sparse.csr_array(rows))
    )
    np.testing.assert_array_equal(found, expected)


def test_without_hidden_layers_missing_values_count_as_the_mean():
    rows = padded(np.nan)
    linear = quick(mask_value=np.nan, hidden_layer_sizes=(), learning_rate=1e-30).fit(rows)
    filled = np.where(np.isnan(rows), np.nanmean(rows, axis=0), rows)
    pca = PCA(2).fit(filled)
    expected = pca.inverse_transform(pca.transform(filled))
    np.testing.assert_allclose(linear.reconstruct(rows), expected, atol=1e-4)


# Errors


def with_holes(rows, columns):
    holed = X.copy()
    holed[rows, columns] = np.nan
    return holed


@pytest.mark.parametrize(
    ("parameters", "rows", "match"),
    [
        (
            {"mask_value": np.nan},
            with_holes(4, slice(7, 9)),
            "NaN in 2 of the 3 features of timestep 2 of row 4.*impute",
        ),
        ({"mask_value": np.nan}, with_holes(6, slice(None)), "Row 6 of X.*nan at all of its 5"),
        (
            {"mask_value": -7},
            np.where(np.arange(20)[:, None] == 3, -7.0, X),
            r"Row 3 of X holds mask_value=-7\.0 at all of its 5 timesteps",
        ),
        ({"mask_value": -7.0}, with_holes(0, slice(3)), "contains NaN"),
        ({}, with_holes(0, slice(3)), "contains NaN"),
        ({"mask_value": np.nan}, np.where(X[0, 0] == X, np.inf, X), "contains infinity"),
        (
            {"mask_value": np.nan, "network": "dense"},
            X,
            "mask_value=nan needs network='recurrent', but network='dense'.*mask_value=None",
        ),
        ({"mask_value": 0, "network": "convolutional"}, X, "mask_value=0 needs network="),
        ({"sample_shape": (15,)}, X, r"of length 1, but.*takes \(timesteps, features\)"),
        ({"sample_shape": (5, 3, 1)}, X, r"of length 3, but.*takes \(timesteps, features\)"),
        ({"cell": "elman"}, X, "'cell' parameter"),
    ],
)
def test_what_is_refused(parameters, rows, match):
    with pytest.raises(ValueError, match=match):
        quick(**parameters).fit(rows)


def test_rows_are_checked_for_padding_in_scoring_too(by_nan):
    with pytest.raises(ValueError, match="NaN in 1 of the 3 features of timestep 0 of row 2"):
        by_nan.transform(with_holes(2, 1))
