"""Numbers so large, so small or so far out that arithmetic has to be arranged for them."""

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from skae import Autoencoder, AutoencoderRegressor, LatentCodec, VariationalAutoencoder
from skae.applications.codec._fingerprint import fingerprint_of

RNG = np.random.default_rng(0)
X = RNG.random((60, 4))
SMALL = {"hidden_layer_sizes": (6,), "max_iter": 3, "random_state": 0}
TRAINED = {**SMALL, "max_iter": 40, "early_stopping": False, "learning_rate": 0.01}
WEIGHTS = np.where(np.arange(60) % 7 == 0, 0.0, RNG.random(60) + 0.1)


def code(sample_weight):
    model = Autoencoder(2, **TRAINED).fit(X, sample_weight=sample_weight)
    assert model.best_epoch_ > 0
    return model.transform(X)


@pytest.mark.parametrize("exponent", [-1000, -126, 1, 126, 1000])
def test_weights_times_a_power_of_two_are_the_same_weights(exponent):
    np.testing.assert_array_equal(code(WEIGHTS * 2.0**exponent), code(WEIGHTS))


@pytest.mark.parametrize("factor", [1e-300, 1e-38, 3.0, 1e38, 1e300])
def test_only_ratios_of_weights_count(factor):
    found, expected = code(WEIGHTS * factor), code(WEIGHTS)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_weights_of_one_are_no_weights():
    np.testing.assert_array_equal(code(np.full(60, 1e38)), code(None))


def test_rows_of_weight_zero_are_as_good_as_left_out():
    kept = WEIGHTS > 0
    whole = Autoencoder(2, **TRAINED).fit(X, sample_weight=WEIGHTS)
    rest = Autoencoder(2, **TRAINED).fit(X[kept], sample_weight=WEIGHTS[kept])
    np.testing.assert_allclose(whole.transform(X), rest.transform(X), atol=1e-5)


@pytest.mark.parametrize("cls", [Autoencoder, VariationalAutoencoder])
@pytest.mark.parametrize("n_features", [3, 5])
def test_a_warm_start_keeps_its_width(cls, n_features):
    model = cls(2, warm_start=True, **SMALL).fit(X)
    before = model.transform(X)
    match = rf"X has {n_features} features, but {cls.__name__} is expecting 4 .* warm_start=False"
    with pytest.raises(ValueError, match=match):
        model.fit(np.ones((20, n_features)))
    np.testing.assert_array_equal(model.transform(X), before)
    assert model.set_params(warm_start=False).fit(X[:, :3]).n_features_in_ == 3


def test_a_warm_start_keeps_the_names_of_features():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    model = Autoencoder(2, warm_start=True, **SMALL).fit(frame)
    with pytest.raises(ValueError, match=r"(?s)feature names should match.*warm_start=False"):
        model.fit(frame.rename(columns={"a": "z"}))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning:numpy")  # scikit-learn's sum
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_near_the_largest_float32(dtype):
    rows = (2 * X - 1).astype(dtype)
    model = Autoencoder(4, **SMALL).fit(rows * dtype(1e37))
    assert np.isfinite(model.inverse_transform(model.transform(rows * dtype(1e37)))).all()
    with pytest.raises(ValueError, match=r"X contains 3e\+38, so near the largest float32"):
        Autoencoder(4, **SMALL).fit(rows / np.abs(rows).max() * dtype(3e38))


def test_the_error_of_a_row_far_out_in_single_precision():
    rows = np.zeros((6, 4), np.float32)
    rows[1, 0] = 1e30
    model = Autoencoder(2, **SMALL).fit(rows, sample_weight=[1, 0, 1, 1, 1, 1])
    found = model.score_samples(rows)
    np.testing.assert_allclose(found, model.score_samples(rows.astype(float)), rtol=1e-5)
    assert np.isfinite(found).all()


def test_an_optimizer_that_takes_over_begins_anew():
    model = Autoencoder(2, **SMALL).partial_fit(X).partial_fit(X)
    weights, passes = dict(model._model.weights), model._passes
    n_steps = model._optimizer_state[0]
    assert model.set_params(optimizer="adamw").partial_fit(X)._optimizer_state[0] == n_steps / 2

    fresh = Autoencoder(2, optimizer="adamw", **SMALL).partial_fit(X).partial_fit(X)
    fresh._model = fresh._model.with_weights(weights)
    fresh._passes = passes
    del fresh._optimizer_state
    np.testing.assert_array_equal(fresh.partial_fit(X).transform(X), model.transform(X))


@pytest.mark.parametrize(
    ("first", "then", "goes_on"),
    [
        (lambda: "adam", lambda: keras.optimizers.Adam(beta_1=0.5), True),
        (lambda: "adam", lambda: keras.optimizers.Adam(amsgrad=True), False),
        (lambda: "adam", lambda: keras.optimizers.Adam(use_ema=True), False),
        (lambda: keras.optimizers.Adam(use_ema=True), lambda: "adam", False),
        (lambda: "sgd", lambda: keras.optimizers.SGD(momentum=0.9), False),
        (lambda: "adam", lambda: "sgd", False),
        (lambda: "nadam", lambda: "adam", False),
    ],
)
def test_the_state_of_an_optimizer_goes_on_where_it_is_one(first, then, goes_on):
    model = Autoencoder(2, optimizer=first(), **SMALL).partial_fit(X)
    n_steps = model._optimizer_state[0]
    model.set_params(optimizer=then()).partial_fit(X)
    assert model._optimizer_state[0] == (2 if goes_on else 1) * n_steps


def test_passes_go_on_from_those_of_an_optimizer_that_averages():
    averaging = keras.optimizers.Adam(use_ema=True, ema_momentum=0.5)
    model = Autoencoder(2, **SMALL).partial_fit(X)
    model.set_params(optimizer=averaging).partial_fit(X).partial_fit(X)
    codes = model.transform(X)
    # At a rate of nearly zero, what a pass leaves is what it started from.
    model.set_params(optimizer="sgd", learning_rate=1e-20).partial_fit(X)
    np.testing.assert_array_equal(model.transform(X), codes)


@pytest.mark.parametrize("factor", [1e-300, 1e39, 1e300])
def test_targets_of_any_size(factor):
    y = X[:, 0] - 0.5
    of_ones, found = (
        AutoencoderRegressor(Autoencoder(2, **SMALL), max_iter=3, random_state=0)
        .fit(X, y * scale)
        .score(X, y * scale)
        for scale in (1.0, factor)
    )
    assert found == pytest.approx(of_ones)


def test_targets_whose_differences_are_infinite():
    with pytest.raises(ValueError, match=r"y holds 1.7e\+308, so near the largest number"):
        AutoencoderRegressor(Autoencoder(2, **SMALL)).fit(X, np.where(X[:, 0] > 0.5, 1.7e308, -1))


class TestCodec:
    def test_rows_as_far_out_as_can_be_written(self):
        codec = LatentCodec(PCA(2)).fit(X)
        rows = X[:5] * 1e6
        expected = codec.reducer_.inverse_transform(codec.reducer_.transform(rows))
        np.testing.assert_allclose(codec.decode(codec.encode(rows)), expected, atol=codec.step_)

    @pytest.mark.parametrize("factor", [1e8, 1e30, 1e300])
    def test_rows_further_out_are_refused(self, factor):
        codec = LatentCodec(PCA(2)).fit(X)
        rows = np.vstack([X[:3], X[3:5] * factor])
        with pytest.raises(ValueError, match=r"Row 3 of X lies .* steps from the mean"):
            codec.encode(rows)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize(
        "reducer",
        [
            PCA(4, svd_solver="full"),
            Autoencoder(4, hidden_layer_sizes=(600,), max_iter=2, random_state=0),
        ],
    )
    def test_a_codec_fitted_again_on_other_threads_reads_the_bytes(self, reducer, dtype):
        rows = np.random.default_rng(1).standard_normal((300, 700)).astype(dtype)
        codecs = []
        for n_threads in (1, 2):
            with threadpool_limits(n_threads):
                codecs.append(LatentCodec(reducer, bits=6).fit(rows))
        first, second = codecs
        data = first.encode(rows)
        expected = first.decode(data)
        np.testing.assert_allclose(second.decode(data), expected, atol=0.01 * first.step_)

    def test_a_decoder_that_is_off_by_steps_has_another_fingerprint(self):
        codec = LatentCodec(PCA(2), bits=6).fit(X)
        moved = PCA(2).fit(X)
        prints = set()
        for n_steps in (0.0, 1e-9, 3.0, 30.0):
            moved.mean_ = PCA(2).fit(X).mean_ + n_steps * codec.step_
            prints.add(fingerprint_of(moved, codec._quantiser, None, PCA(2).fit_transform(X)[:8]))
        assert len(prints) == 3
        assert codec.fingerprint_ in prints
