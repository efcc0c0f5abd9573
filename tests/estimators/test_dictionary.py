"""SparseAutoencoder as a dictionary: thresholds, unit atoms, whitened rows, dead units."""

import pickle
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skae import SparseAutoencoder
from skae.backend import _gateway as gateway
from skae.model import measure_scaling, whitened
from skae.networks import names
from skae.objectives import REVIVING, jump, jump_relu, largest_of_batch

X = load_digits().data[:600]
RNG = np.random.default_rng(0)
SMOOTH_WIDTH = 0.2


def quick(n_components=32, **parameters):
    settings = {"sparsity": "batch_topk", "k": 4, "max_iter": 8, "random_state": 0}
    return SparseAutoencoder(n_components, **(settings | {"jit_compile": False} | parameters))


@pytest.fixture(scope="module")
def fitted():
    return quick(max_iter=40).fit(X)


@pytest.fixture(scope="module")
def whitening():
    return quick(whiten=0.1, max_iter=3).fit(X)


def test_whitened_rows_are_those_of_pca():
    rows = RNG.normal(size=(200, 5)) @ RNG.normal(size=(5, 5)) + 3.0
    pca = PCA(whiten=True).fit(rows)
    found = whitened(measure_scaling(rows), rows, None, 0.0)
    # scikit-learn divides by one row fewer; rotated back by its directions, ZCA is PCA's.
    scores = found.apply(rows) @ pca.components_.T * np.sqrt(199 / 200)
    np.testing.assert_allclose(scores, pca.transform(rows), atol=1e-9)
    np.testing.assert_allclose(found.undo(found.apply(rows)), rows, atol=1e-9)


def test_a_floor_damps_directions_that_hardly_vary():
    rows = RNG.normal(size=(500, 3)) * [2.0, 1.0, 0.01]
    scaling = measure_scaling(rows)
    covariance = np.cov(whitened(scaling, rows, None, 0.5).apply(rows).T, bias=True)
    variances = np.linalg.eigvalsh(np.cov(scaling.apply(rows).T, bias=True))
    np.testing.assert_allclose(np.linalg.eigvalsh(covariance), variances / (variances + 0.5))


def test_a_constant_feature_can_be_whitened():
    rows = np.column_stack([X[:, 20], np.full(len(X), 7.0), X[:, 30]])
    found = whitened(measure_scaling(rows), rows, None, 0.0)
    np.testing.assert_allclose(found.undo(found.apply(rows)), rows, atol=1e-9)


@pytest.mark.slow
def test_scores_of_whitened_fits_are_in_input_units(whitening):
    difference = X - whitening.inverse_transform(whitening.transform(X))
    assert whitening.score(X) == pytest.approx(-np.mean(difference**2), rel=1e-5)


def test_the_loss_of_whitened_fits_is_of_whitened_rows():
    fitted = quick(whiten=True, max_iter=2, early_stopping=False, dead_units=None).fit(X)
    scaling = fitted._model.scaling
    output = scaling.apply(fitted.inverse_transform(fitted.transform(X)))
    # Of the last epoch as it trained: close, in units where predicting the mean has the rank.
    loss = np.mean((scaling.apply(X) - output) ** 2)
    assert fitted.loss_curve_[-1] == pytest.approx(loss, rel=0.1)


@pytest.mark.slow
def test_outputs_are_codes_times_components_plus_an_offset(fitted, whitening):
    for each in (fitted, whitening):
        code = each.transform(X[:20])
        offset = each.inverse_transform(np.zeros((1, 32)))
        np.testing.assert_allclose(
            each.inverse_transform(code), offset + code @ each.components_, atol=1e-8
        )


def test_atoms_have_norm_one_in_scaled_units(fitted):
    norms = np.linalg.norm(fitted.components_ / fitted._model.scaling.scale, axis=1)
    np.testing.assert_allclose(norms, 1.0, rtol=1e-12)


def test_a_norm_cannot_lower_a_penalty():
    fitted = quick(
        sparsity="l1", hidden_layer_sizes=(), unit_norm=True, k=None, sparsity_weight=5.0
    ).fit(X)
    np.testing.assert_allclose(
        np.linalg.norm(fitted.components_, axis=1), fitted._model.scaling.scale, rtol=1e-12
    )


def test_batches_keep_k_a_row_on_average(fitted):
    assert np.count_nonzero(fitted.transform(X), axis=1).mean() == pytest.approx(4, rel=0.1)
    assert np.count_nonzero(fitted.transform(X), axis=1).std() > 0


def test_rows_score_alone_as_they_do_together(fitted):
    together = fitted.transform(X[:30])
    alone = np.concatenate([fitted.transform(row[None]) for row in X[:30]])
    np.testing.assert_allclose(alone, together, atol=1e-12)


def test_largest_of_a_batch_are_those_of_a_sort():
    values = np.abs(RNG.normal(size=(10, 6))).astype(np.float32)
    weights = np.array([1.0] * 7 + [0.0] * 3, np.float32)
    kept, least = largest_of_batch(keras.ops, values, 2, weights)
    order = np.sort(values[:7].ravel())[::-1]
    assert float(least) == order[13]
    np.testing.assert_array_equal(np.asarray(kept)[:7], values[:7] * (values[:7] >= order[13]))


@pytest.mark.parametrize("function", [jump, jump_relu])
def test_gradients_of_thresholds_are_those_of_the_smoothed_step(function):
    tf = pytest.importorskip("tensorflow")
    z = np.linspace(0.0, 1.0, 41).astype(np.float64) + 0.003
    threshold = tf.Variable(np.full(41, 0.5), dtype=tf.float64)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(function(keras.ops, tf.constant(z), threshold))
    found = tape.gradient(total, threshold).numpy()

    def smoothed(theta):
        # The step, averaged over a rectangle of the bandwidth around the threshold.
        return np.clip((z - theta) / SMOOTH_WIDTH + 0.5, 0.0, 1.0)

    slope = (smoothed(0.5 + 1e-6) - smoothed(0.5 - 1e-6)) / 2e-6
    # A value that is switched on is the threshold, to first order.
    expected = slope if function is jump else 0.5 * slope
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.sum(found != 0) in (7, 8, 9)


def test_values_of_a_jump():
    values = np.array([[-1.0, 0.4, 0.6]], np.float32)
    thresholds = np.full(3, 0.5, np.float32)
    np.testing.assert_allclose(jump_relu(keras.ops, values, thresholds), [[0, 0, 0.6]])
    np.testing.assert_allclose(jump(keras.ops, values, thresholds), [[0, 0, 1]])


def jumping(weight):
    return quick(sparsity="jumprelu", k=None, sparsity_weight=weight, learning_rate=0.01)


@pytest.mark.slow
def test_a_larger_weight_of_jumps_leaves_fewer_active():
    counts = [np.count_nonzero(jumping(w).fit_transform(X)) for w in (0.1, 5.0)]
    assert counts[1] < 0.8 * counts[0]


def test_the_auxiliary_loss_in_numpy():
    rng = np.random.default_rng(1)
    values, atoms = rng.normal(size=(5, 6)), rng.normal(size=(6, 4))
    targets, bias = rng.normal(size=(5, 4)), rng.normal(size=4)
    idle = np.array([0, 200, 0, 150, 99, 100.0])
    code = np.maximum(values, 0) * (idle == 0)
    network = SimpleNamespace(
        ops=keras.ops,
        encode_batch=lambda batch: (values, code),
        decode=lambda given: np.asarray(given) @ atoms + bias,
        error=lambda target, output: np.mean((target - output) ** 2, axis=1),
        idle_rows=lambda: idle,
    )
    terms = REVIVING["batch_topk"].function(
        network, {"targets": targets}, {"dead_after": 100}, None
    )

    drive = np.where(values > 0, values + 1, np.exp(values))
    drive[:, idle < 100] = 0
    for row in drive:  # half as many as there are features
        row[np.argsort(row)[:-2]] = 0
    residual = targets - (code @ atoms + bias)
    expected = np.mean((residual - drive @ atoms) ** 2, axis=1)
    np.testing.assert_allclose(terms["auxiliary"], expected, rtol=1e-5)


def killed(**parameters):
    """A fitted estimator of which half the units are dead: their bias is far below zero."""
    fitted = quick(**parameters).fit(X)
    weights = {name: values.copy() for name, values in fitted._model.weights.items()}
    weights[names.bias(names.linear("encoder"))][:16] = -8.0
    fitted._model = fitted._model.with_weights(weights)
    assert np.all(fitted.transform(X)[:, :16] == 0)
    return fitted.set_params(warm_start=True, max_iter=60, early_stopping=False)


def n_silent(fitted):
    return int(np.sum(np.all(fitted.transform(X) == 0, axis=0)))


@pytest.mark.slow
def test_dead_units_revive():
    assert n_silent(killed().fit(X)) <= 4


def test_dead_units_stay_dead_without_help():
    assert n_silent(killed(dead_units=None).fit(X)) >= 16


def test_dead_units_are_counted():
    fitted = killed(dead_units=None).set_params(max_iter=1).fit(X)
    assert fitted.n_dead_ == n_silent(fitted) == round(32 * fitted.dead_share_)


@pytest.mark.parametrize("sparsity", ["batch_topk", "jumprelu"])
def test_keras_gives_what_numpy_gives(sparsity):
    fitted = quick(sparsity=sparsity, k=None, max_iter=2, whiten=0.1).fit(X)
    code = fitted.transform(X)
    found = np.asarray(fitted.encoder_(X.astype(np.float32)))
    # A value at the threshold may fall on either side of it in float32.
    assert np.mean(np.isclose(found, code, atol=2e-3)) > 0.999
    rows = np.asarray(fitted.decoder_(code.astype(np.float32)))
    np.testing.assert_allclose(rows, fitted.inverse_transform(code), atol=2e-3)


def test_a_saved_encoder_loads(whitening, tmp_path):
    whitening.encoder_.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    rows = X[:5].astype(np.float32)
    np.testing.assert_allclose(loaded(rows), whitening.encoder_(rows), atol=1e-6)


def test_pickles(fitted, whitening):
    for each in (fitted, whitening):
        copy = pickle.loads(pickle.dumps(each))
        np.testing.assert_array_equal(copy.transform(X), each.transform(X))
        np.testing.assert_array_equal(copy.components_, each.components_)


def test_equal_seeds_give_equal_bits(whitening):
    again = clone(whitening).fit(X)
    np.testing.assert_array_equal(again.components_, whitening.components_)


@pytest.mark.parametrize("sparsity", ["batch_topk", "jumprelu"])
def test_passes_go_on(sparsity):
    streaming = quick(sparsity=sparsity, k=None, whiten=True)
    for _ in range(3):
        streaming.partial_fit(X)
    assert streaming.n_iter_ == 3
    assert streaming.loss_curve_[-1] < streaming.loss_curve_[1]


@pytest.mark.parametrize(
    "parameters",
    [
        {"network": "convolutional", "sample_shape": (8, 8, 1), "hidden_layer_sizes": (2,)},
        {"network": "recurrent", "sample_shape": (8, 8), "hidden_layer_sizes": (4,)},
    ],
)
def test_networks_with_hidden_layers(parameters):
    # One step, which is not compiled.
    short = {"max_iter": 1, "batch_size": 100, "jit_compile": "auto"}
    fitted = quick(whiten=0.1, dead_units="auxiliary", **short, **parameters).fit(X[:100])
    assert fitted.transform(X[:7]).shape == (7, 32)
    with pytest.raises(AttributeError, match="components_ are the atoms of a linear decoder"):
        fitted.components_  # noqa: B018


def test_another_strength_compiles_nothing():
    quick(sparsity="jumprelu", k=None, max_iter=2).fit(X)
    n_built = gateway.POOL.n_built
    quick(sparsity="jumprelu", k=None, max_iter=2, sparsity_weight=0.7).fit(X)
    assert gateway.POOL.n_built == n_built


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"unit_norm": True, "hidden_layer_sizes": (8,)},
            r"unit_norm=True.*hidden_layer_sizes=\(8",
        ),
        ({"whiten": True, "init": "pca"}, "init='pca' starts at the directions"),
        ({"whiten": True, "loss": "binary_crossentropy"}, "loss='binary_crossentropy' compares"),
        ({"dead_units": "auxiliary", "sparsity": "kl", "k": None}, "sparsity='kl' has no unit"),
        (
            {"dead_units": "auxiliary", "loss": "binary_crossentropy"},
            "loss='binary_crossentropy' compares no differences",
        ),
        (
            {
                "whiten": True,
                "network": "recurrent",
                "sample_shape": (8, 8),
                "mask_value": 0.0,
            },
            "mask_value=0.0 says that some are missing",
        ),
        ({"whiten": 2e6}, r"'whiten' parameter .* in the range \(0.0, 1000000.0\]"),
        ({"whiten": 0}, r"'whiten' parameter .* 'bool'.* in the range \(0.0, .* Got 0 instead"),
        ({"whiten": 0.0}, r"'whiten' parameter .* in the range \(0.0, .* Got 0.0 instead"),
    ],
)
def test_what_does_not_go_together(parameters, message):
    with pytest.raises(ValueError, match=message):
        quick(**parameters).fit(X / 16)


def test_unknown_values_cannot_be_whitened():
    with pytest.raises(ValueError, match="observed says that some are missing"):
        quick(whiten=True).fit(X, observed=X > 0)


def test_too_many_features_to_whiten():
    with pytest.raises(ValueError, match="of which X has 2001: at most 2000"):
        quick(whiten=True).fit(RNG.normal(size=(5, 2001)))


def test_another_whitening_is_another_fit(whitening):
    changed = pickle.loads(pickle.dumps(whitening)).set_params(warm_start=True, whiten=False)
    with pytest.raises(ValueError, match=r"whiten was 0\.1 and is now False"):
        changed.fit(X)


def test_an_integer_is_a_floor_too():
    whole, decimal = (quick(whiten=floor, max_iter=1).fit(X).transform(X) for floor in (1, 1.0))
    np.testing.assert_array_equal(whole, decimal)


@pytest.mark.parametrize("parameters", [{}, {"whiten": True}, {"unit_norm": False}])
def test_the_start_keeps_as_many_units_as_are_asked_for(parameters):
    model = quick(max_iter=1, learning_rate=1e-12, **parameters).fit(X)
    assert np.count_nonzero(model.transform(X)) == pytest.approx(4 * len(X), rel=0.02)


def test_of_a_single_row_dead_units_are_those_at_zero(fitted):
    model = pickle.loads(pickle.dumps(fitted)).partial_fit(X[:1])
    assert model.n_dead_ == np.sum(model.transform(X[:1]) == 0)
