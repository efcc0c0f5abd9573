"""Networks without a code: images, signals and volumes of any size, restored."""

import itertools
import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.sparse import csr_array

import skae
from skae import DenoisingAutoencoder
from skae.exceptions import StartKeptWarning
from skae.fitting._filter_start import NumpyDraws
from skae.networks import names
from skae.objectives import any_deviation, any_level

SHAPE = (12, 12, 1)
# Few steps are not traced.
QUICK = {"max_iter": 2, "batch_size": 64, "hidden_layer_sizes": (4, 6), "random_state": 0}
MASKED = np.ma.masked_array(np.zeros((5, 5, 1)), mask=np.arange(25).reshape(5, 5, 1) < 2)
# Small steps: what a fit leaves is where it began.
STILL = {"max_iter": 1, "learning_rate": 1e-30}


def smooth_images(n, shape=SHAPE, seed=0):
    """Images whose neighbours are alike, of deviation 1 around 5."""
    noise = np.random.default_rng(seed).normal(size=(n, *shape))
    smoothed = ndimage.gaussian_filter(noise, [0, *[1.5] * (len(shape) - 1), 0])
    return 5 + smoothed / smoothed.std()


def shapes(n, seed=0):
    """The same in two shades: what is best for normal values, a linear filter, is not here."""
    return np.where(smooth_images(n, seed=seed) > 5, 6.0, 4.0)


def denoiser(**parameters):
    return DenoisingAutoencoder(**{"sample_shape": SHAPE, **QUICK, **parameters})


def error(rows, images):
    return np.mean((np.reshape(rows, np.shape(images)) - images) ** 2)


def mean_over_positions(model, images):
    """What a denoiser makes of square images, mirrored and turned in all ways, turned back."""
    found = []
    for axes in ((), (1,), (2,), (1, 2)):
        mirrored = np.flip(images, axes)
        turned = mirrored.swapaxes(1, 2)
        restored = [model.reconstruct(each).reshape(images.shape) for each in (mirrored, turned)]
        found += [np.flip(each, axes) for each in (restored[0], restored[1].swapaxes(1, 2))]
    return np.mean(found, axis=0)


@pytest.fixture(scope="module")
def images():
    return smooth_images(200)


@pytest.fixture(scope="module")
def fitted(images):
    return denoiser(noise_level=0.5).fit(images)


@pytest.fixture(scope="module")
def filling(images):
    return denoiser(noise="masking", noise_level=0.3).fit(images)


def test_images_are_restored_without_a_code_by_default(fitted):
    assert fitted._model.network.kind == "unet"
    assert fitted.n_components_ == fitted.n_features_in_ == 144


@pytest.mark.parametrize("shape", [None, (144,)])
def test_rows_without_places_have_a_code(images, shape):
    model = DenoisingAutoencoder(sample_shape=shape, max_iter=1, random_state=0)
    assert model.fit(images.reshape(len(images), -1)).n_components_ == 2


def test_who_asks_for_a_code_gets_one(images):
    assert denoiser(n_components=3).fit(images).n_components_ == 3


@pytest.mark.parametrize("network", ["unet", "residual"])
def test_a_code_of_a_network_without_one_is_refused(images, network):
    with pytest.raises(ValueError, match=r"n_components=3 asks for a code.*'auto'"):
        denoiser(n_components=3, network=network).fit(images)


def test_other_autoencoders_have_a_code(images):
    with pytest.raises(ValueError, match="network"):
        skae.Autoencoder(network="unet", sample_shape=SHAPE).fit(images)


def test_the_start_is_the_best_linear_filter(images):
    """For noise on a long row the Wiener filter is known by its spectrum."""
    rng = np.random.default_rng(0)
    spectrum = 1 / (1 + (np.arange(257) / 12.0) ** 4)
    phases = rng.normal(size=(400, 257)) + 1j * rng.normal(size=(400, 257))
    signals = np.fft.irfft(np.sqrt(spectrum) * phases, axis=1)
    signals /= signals.std()
    noisy = signals + 0.5 * rng.normal(size=signals.shape)
    power = np.mean(np.abs(np.fft.rfft(signals, axis=1)) ** 2, axis=0)
    gain = power / (power + 0.25 * 512)
    wiener = np.fft.irfft(gain * np.fft.rfft(noisy, axis=1), n=512, axis=1)
    start = DenoisingAutoencoder(
        sample_shape=(512, 1), network="residual", hidden_layer_sizes=(2,), noise_level=0.5,
        batch_size=256, **STILL, random_state=0,
    ).fit(signals)  # fmt: skip
    found, best = error(start.reconstruct(noisy), signals), error(wiener, signals)
    assert error(noisy, signals) > 3 * best
    # 31 values see nearly all that helps, and the edges of a row have but half of them.
    assert best < found < 1.06 * best


def test_the_start_of_a_mean_over_positions_is_the_best_filter_of_such_means():
    shape = (0, 3, 0.5, 0)
    noise = np.random.default_rng(0).normal(size=(200, *SHAPE))
    upright = ndimage.gaussian_filter(noise, shape)
    upright /= upright.std()
    noisy = upright + 0.5 * np.random.default_rng(1).normal(size=upright.shape)
    plain, mean = (
        denoiser(noise_level=0.5, flips=flips, **STILL).fit(upright) for flips in (True, "average")
    )
    kernel = mean._model.weights[names.kernel(names.linear("encoder"))]
    assert kernel.shape == (7, 7, 1, 1)
    for turned in (kernel[::-1], kernel[:, ::-1], kernel.swapaxes(0, 1)):
        np.testing.assert_allclose(turned, kernel, atol=1e-6)
    expected = error(mean_over_positions(plain, noisy), upright)
    assert error(mean.reconstruct(noisy), upright) < 0.99 * expected


def test_rows_count_by_their_weights_at_the_start(images):
    white = np.random.default_rng(3).normal(5, 1, images.shape)
    both, weights = np.concatenate([images, white]), np.repeat([1.0, 1e-9], len(images))
    alone, weighted, alike = (
        denoiser(noise_level=0.5, **STILL).fit(rows, sample_weight=each)
        for rows, each in ((images, None), (both, weights), (both, None))
    )
    kernels = [
        each._model.weights[names.kernel(names.linear("encoder"))]
        for each in (alone, weighted, alike)
    ]
    np.testing.assert_allclose(kernels[1], kernels[0], atol=0.03)
    assert np.abs(kernels[2] - kernels[0]).max() > 0.1


@pytest.mark.slow
def test_training_keeps_what_beats_the_filter():
    new = shapes(100, seed=1)
    noisy = new + 0.5 * np.random.default_rng(2).normal(size=new.shape)
    start = denoiser(noise_level=0.5, **STILL).fit(shapes(200))
    longer = denoiser(noise_level=0.5, max_iter=30, batch_size=32).fit(shapes(200))
    before = error(start.reconstruct(noisy), new)
    assert before < 0.7 * error(noisy, new)
    assert error(longer.reconstruct(noisy), new) < 0.8 * before


def test_nothing_beats_the_filter_of_normal_values(images):
    new = smooth_images(100, seed=1)
    noisy = new + 0.5 * np.random.default_rng(2).normal(size=new.shape)
    start = denoiser(noise_level=0.5, **STILL).fit(images)
    longer = denoiser(noise_level=0.5, max_iter=30, batch_size=32).fit(images)
    before, after = (error(each.reconstruct(noisy), new) for each in (start, longer))
    assert before < 0.25 * error(noisy, new)
    assert after < 1.02 * before


def test_transform_gives_the_restored_rows(fitted, images):
    rows = images.reshape(len(images), -1)
    restored = fitted.transform(rows)
    assert restored.shape == rows.shape
    np.testing.assert_array_equal(restored, fitted.reconstruct(rows))
    np.testing.assert_array_equal(fitted.inverse_transform(restored), restored)
    errors = np.mean((restored - rows) ** 2, axis=1)
    np.testing.assert_allclose(-fitted.score_samples(rows), errors, rtol=1e-4)


def test_columns_keep_their_names(images):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(images.reshape(len(images), -1)).add_prefix("pixel ")
    model = denoiser().set_output(transform="pandas").fit(frame)
    assert list(model.transform(frame).columns) == list(frame.columns)


def test_keras_models_restore_in_the_units_of_rows(fitted, images):
    rows = images[:5].reshape(5, -1)
    np.testing.assert_allclose(fitted.encoder_(rows), fitted.transform(rows), rtol=1e-4)
    np.testing.assert_allclose(fitted.decoder_(rows), rows, rtol=1e-5)


@pytest.mark.parametrize(
    ("network", "level", "shape"),
    # Each with each.
    [
        ("unet", 0.5, (37, 29, 1)),
        ("unet", (0.1, 0.5), (64, 1)),
        ("unet", (0.1, 0.5), (9, 11, 10, 2)),
        ("residual", (0.1, 0.5), (37, 29, 1)),
        ("residual", 0.5, (64, 1)),
        ("residual", 0.5, (9, 11, 10, 2)),
    ],
)
def test_tiles_give_what_one_piece_gives(network, level, shape, monkeypatch):
    small = tuple(min(size, 8) for size in shape[:-1]) + shape[-1:]
    model = DenoisingAutoencoder(
        sample_shape=small,
        network=network,
        hidden_layer_sizes=(3, 4),
        max_iter=1,
        early_stopping=False,
        noise_level=level,
        random_state=0,
    ).fit(smooth_images(30, small))
    image = smooth_images(1, shape)[0]
    whole = model.restore(image)
    monkeypatch.setattr("skae.networks._residual._TILE_POSITIONS", 12 ** (len(shape) - 1))
    tiled = model.restore(image)
    assert model._model.network.tile_size == 12
    assert whole.shape == tiled.shape == shape
    np.testing.assert_allclose(tiled, whole, atol=1e-4)


def test_restoring_the_size_of_the_fit_differs_from_rows_near_the_edges_alone(fitted):
    image = smooth_images(1, (60, 60, 1), seed=3)[0]
    tile = image[24:36, 24:36]
    fine = fitted.restore(image)[24:36, 24:36]
    row = fitted.reconstruct(tile[None]).reshape(tile.shape)
    assert not np.allclose(row[0], fine[0], atol=1e-3)  # which does not see beyond the row


def test_restore_takes_one_image_several_or_a_list(fitted, images):
    one = fitted.restore(images[0])
    assert one.shape == SHAPE
    np.testing.assert_array_equal(fitted.restore(images[0][..., 0]), one[..., 0])
    several = fitted.restore(images[:3])
    assert several.shape == (3, *SHAPE)
    np.testing.assert_array_equal(several[0], one)
    listed = fitted.restore([images[0], images[1][:7, :5]])
    np.testing.assert_array_equal(listed[0], one)
    assert listed[1].shape == (7, 5, 1)
    flat = fitted.restore([images[0][..., 0], images[1]])
    np.testing.assert_array_equal(flat[0], one[..., 0])
    assert flat[1].shape == SHAPE
    assert fitted.restore(images[0].astype(np.float32)).dtype == np.float32
    assert fitted.restore(images[0].astype(np.uint8)).dtype == np.float64


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((5, 5, 3)), r"\(5, 5, 3\), but \(height, width, 1\) is expected"),
        (np.zeros(5), "expected"),
        (np.zeros((0, 5, 1)), "empty"),
        (np.full((5, 5, 1), np.nan), "noise='masking'"),
        (np.full((5, 5, 1), np.inf), "infinite"),
        (np.full((5, 5, 1), "a"), "numbers"),
        ([np.zeros((5, 5, 1)), np.zeros((5, 5, 2))], r"\(5, 5, 2\), but \(height, width, 1\)"),
        (np.zeros((0, 5, 5, 1)), "empty"),
        (np.zeros((0, 5)), "empty"),
        (np.zeros((5, 144)), r"restore\(X.reshape\(-1, 12, 12, 1\)\)"),
        (csr_array(np.eye(5)), "sparse"),
        ([np.zeros((5, 5, 1)), csr_array(np.eye(5))], "X is sparse"),
        ([np.zeros((5, 5, 1)), "x"], r"X has 'x'. Pass arrays of shape \(height, width, 1\)"),
        ([np.zeros((5, 5, 1)), 3.0], r"shape \(\), but \(height, width, 1\) is expected"),
        ([np.zeros((5, 5, 1)), [[1.0], [2.0, 3.0]]], "lists of unequal lengths"),
        ([[1.0], [2.0, 3.0]], r"shape \(1,\), but \(height, width, 1\) is expected"),
        (np.zeros((5, 5, 1), complex), "complex"),
        (MASKED, r"2 of the values are masked.*Fit with noise='masking'"),
        ([np.zeros((5, 5, 1)), MASKED], "2 of the values are masked"),
        (np.full((5, 5, 1), 1e300), r"contains 1e\+300, beyond the largest float32"),
    ],
)
def test_what_is_no_image_is_refused(fitted, image, message):
    with pytest.raises(ValueError, match=message):
        fitted.restore(image)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_that_are_too_large_in_scaled_units_are_refused(images, dtype):
    model = denoiser(noise_level=0.5).fit(images / 1000)
    with pytest.raises(ValueError, match=r"contains 3e\+38, so large that what the network"):
        model.restore(np.full((5, 5, 1), -3e38, dtype))
    assert np.isfinite(model.restore(np.full((5, 5, 1), 1e30, dtype))).all()


def test_nested_lists_are_images(fitted, images):
    """One, several of one size, and of several sizes, also beside arrays."""
    first, small = images[0], images[1][:7, :5]
    one = fitted.restore(first)
    np.testing.assert_array_equal(fitted.restore(first.tolist()), one)
    np.testing.assert_array_equal(fitted.restore(first[..., 0].tolist()), one[..., 0])
    np.testing.assert_array_equal(fitted.restore(images[:2].tolist())[0], one)
    for both in ([first.tolist(), small.tolist()], [first.tolist(), small]):
        found = fitted.restore(both)
        np.testing.assert_array_equal(found[0], one)
        assert found[1].shape == small.shape


def test_a_mask_that_hides_nothing_is_none(fitted, images):
    plain = np.ma.masked_array(images[0], mask=np.zeros(SHAPE, bool))
    np.testing.assert_array_equal(fitted.restore(plain), fitted.restore(images[0]))


def test_masked_values_are_filled_where_they_are_said_to_be_missing(filling, images):
    masked = np.ma.masked_array(images[0], mask=np.zeros(SHAPE, bool))
    masked[3:5, 4] = np.ma.masked
    with pytest.raises(ValueError, match=r"2 of the values are masked.*filled\(np.nan\)"):
        filling.restore(masked)
    found = filling.restore(masked.astype(float).filled(np.nan))
    assert np.isfinite(found).all()


def test_a_code_belongs_to_one_size(images):
    model = denoiser(n_components=2).fit(images)
    assert not hasattr(model, "restore")
    with pytest.raises(AttributeError, match="restore") as caught:
        model.restore(images[0])
    assert "network='unet'" in str(caught.value.__cause__)
    assert hasattr(denoiser(), "restore")


def test_holes_are_filled_and_what_is_known_stays(filling):
    image = smooth_images(1, (40, 30, 1), seed=5)[0]
    with_hole = image.copy()
    with_hole[10:14, 5:9] = np.nan
    filled = filling.restore(with_hole)
    is_known = np.isfinite(with_hole)
    np.testing.assert_array_equal(filled[is_known], image[is_known])
    assert np.isfinite(filled).all()


@pytest.mark.slow
def test_holes_are_filled_from_their_neighbours():
    settings = {"noise_level": 0.3, "max_iter": 20, "batch_size": 32, "hidden_layer_sizes": (8, 12)}
    model = denoiser(noise="masking", **settings).fit(smooth_images(200))
    image = smooth_images(1, (40, 40, 1), seed=5)[0]
    with_holes = image.copy()
    for row, column in np.ndindex(10, 10):
        with_holes[4 * row : 4 * row + 2, 4 * column : 4 * column + 2] = np.nan
    is_lost = np.isnan(with_holes)
    filled = model.restore(with_holes)
    # Guessing the mean would leave the variance.
    assert error(filled[is_lost], image[is_lost]) < 0.15 * np.var(image)


def test_rows_with_holes_are_scored_where_they_are_known(filling, images):
    rows = images.reshape(len(images), -1).copy()
    restored = filling.reconstruct(rows)
    rows[:, :5] = np.nan
    output = filling.reconstruct(rows)
    assert np.isfinite(output).all()
    assert not np.allclose(output, restored)
    expected = np.mean((output - rows)[:, 5:] ** 2, axis=1)
    np.testing.assert_allclose(-filling.score_samples(rows), expected, rtol=1e-4)
    pickle.loads(pickle.dumps(filling)).reconstruct(rows)


def test_noise_in_the_units_of_rows_is_that_of_the_images(images):
    """Half of the deviation of all values, said in both units."""
    unit = np.std(images)
    in_deviations = denoiser(noise_level=0.5).fit(10 * images)
    in_units = denoiser(noise_level=5 * unit, noise_unit="input").fit(10 * images)
    np.testing.assert_allclose(
        in_units.restore(10 * images[0]), in_deviations.restore(10 * images[0]), rtol=1e-3
    )


@pytest.mark.slow
def test_noise_of_unknown_level_is_learned_from_a_range(images):
    new = smooth_images(100, seed=1)
    draws = np.random.default_rng(2).normal(size=new.shape)
    one, many = (
        denoiser(noise_level=level, max_iter=20, batch_size=32).fit(images)
        for level in (1.5, (0.0, 1.5))
    )
    weak = new + 0.1 * draws
    assert error(many.reconstruct(weak), new) < 0.8 * error(one.reconstruct(weak), new)
    strong = new + 1.5 * draws
    assert error(many.reconstruct(strong), new) < 0.4 * error(strong, new)


@pytest.mark.slow
def test_noise_is_removed_from_places_that_are_brighter_than_any_before():
    """As it is from those of the fit: what is around a place is what tells noise from detail."""
    train, new = shapes(200), shapes(100, seed=3)
    noise = 0.5 * np.random.default_rng(0).normal(size=new.shape)
    model = denoiser(noise_level=0.5, noise_unit="input", max_iter=30).fit(train)
    seen = error(model.reconstruct(new + noise), new)
    assert error(model.reconstruct(new + 4.0 + noise), new + 4.0) < 5 * seen


def test_levels_count_alike():
    """By what they are drawn and what they count deviations weigh the inverse of their squares."""
    draws = NumpyDraws(np.random.default_rng(0))
    for lowest in (0.0, 0.02, 0.05, 0.3):
        scalars = {"noise_level": lowest, "highest_level": 1.0}
        level, weight = any_deviation(np, 400_000, scalars, draws)
        assert lowest <= level.min() < lowest + 0.01
        assert 0.99 < level.max() <= 1 + 1e-9
        np.testing.assert_allclose(weight.mean(), 1, rtol=0.01)
        assert weight.max() <= 20
        products = weight * np.maximum(level, 0.05)
        np.testing.assert_allclose(products, products[0, 0], rtol=1e-9)
        edges = np.linspace(lowest, 1, 15)
        found, _ = np.histogram(level[:, 0], edges, weights=weight[:, 0], density=True)
        # Of the inverse square, with those below a twentieth like that one.
        fine = np.linspace(lowest, 1, 14_001)[:-1] + (1 - lowest) / 28_000
        wanted = (1 / np.maximum(fine, 0.05) ** 2).reshape(14, -1).mean(axis=1)
        wanted /= wanted.mean() * (1 - lowest)
        np.testing.assert_allclose(found, wanted, rtol=0.03)


def test_a_range_of_one_level_is_that_level():
    draws = NumpyDraws(np.random.default_rng(0))
    level, weight = any_deviation(np, 10, {"noise_level": 2.0, "highest_level": 2.0}, draws)
    np.testing.assert_allclose(level, 2)
    np.testing.assert_allclose(weight, 1)


def test_shares_are_drawn_evenly():
    draws = NumpyDraws(np.random.default_rng(0))
    level = any_level(np, 100_000, {"noise_level": 0.1, "highest_level": 0.4}, draws)
    found, _ = np.histogram(level, np.linspace(0.1, 0.4, 11), density=True)
    np.testing.assert_allclose(found, 1 / 0.3, rtol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["residual", "dense"])
def test_a_range_from_0_to_0_is_a_level_of_0(network):
    rows = smooth_images(40, (8, 8, 1))
    alike = [
        denoiser(network=network, sample_shape=(8, 8, 1), noise_level=level).fit(rows)
        for level in (0, (0, 0), [0.0, 0.0])
    ]
    for other in alike[1:]:
        np.testing.assert_array_equal(other.loss_curve_, alike[0].loss_curve_)
        np.testing.assert_array_equal(other.reconstruct(rows), alike[0].reconstruct(rows))


@pytest.mark.parametrize("level", [(0.5,), (0.5, 0.1), (-0.1, 0.5), (0.1, np.inf), ("a", "b")])
def test_a_range_of_levels_has_two_ends(images, level):
    with pytest.raises(ValueError, match="noise_level"):
        denoiser(noise_level=level).fit(images)


def test_a_share_has_no_unit(images):
    with pytest.raises(ValueError, match="noise_unit='input'"):
        denoiser(noise="salt_and_pepper", noise_unit="input").fit(images)


def test_nothing_to_learn_is_refused(images):
    with pytest.raises(ValueError, match="X_clean"):
        denoiser(noise=None).fit(images)
    # What is known of a row is no clean version of it.
    with pytest.raises(ValueError, match="X_clean"):
        denoiser(noise=None).fit(images, observed=images > 4)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_nothing_to_learn_is_refused_where_training_goes_on(images, method):
    model = denoiser(noise=None, warm_start=True).fit(images + 1, X_clean=images)
    before = model.restore(images[0])
    with pytest.raises(ValueError, match=r"learnt from pairs.*X_clean"):
        getattr(model, method)(images)
    np.testing.assert_array_equal(model.restore(images[0]), before)
    getattr(model, method)(images + 1, X_clean=images)


def test_probabilities_are_refused(images):
    with pytest.raises(ValueError, match="binary_crossentropy"):
        denoiser(loss="binary_crossentropy").fit(np.clip(images / 10, 0, 1))


def test_pairs_teach_what_was_done_to_rows():
    """Means of neighbours, which a filter of 7 by 7 undoes in part."""
    images = smooth_images(300)
    blurred = ndimage.uniform_filter(images, (0, 3, 3, 0))
    model = denoiser(noise=None, max_iter=10, batch_size=32).fit(blurred, X_clean=images)
    new = smooth_images(50, seed=1)
    new_blurred = ndimage.uniform_filter(new, (0, 3, 3, 0))
    assert error(model.reconstruct(new_blurred), new) < 0.3 * error(new_blurred, new)


# A random start is not kept after a few steps, which are not traced.
RANDOM = {"early_stopping": False, "init": "random", "max_iter": 4, "learning_rate": 0.01}


@pytest.fixture(scope="module", params=["unet", "residual"])
def plain(request):
    return denoiser(network=request.param, **RANDOM).fit(shapes(100))


@pytest.mark.parametrize("parameters", [{"pooling": "max"}, {"init": "pca"}, {"dropout": 0.1}])
def test_parameters_are_honoured(plain, parameters):
    assert plain.best_epoch_ > 0
    images = shapes(100)
    network = plain.network
    other = denoiser(network=network, **RANDOM | parameters).fit(images)
    is_same = np.allclose(plain.restore(images[0]), other.restore(images[0]), atol=1e-5)
    # A network that keeps the size has nothing to pool.
    assert is_same == (network == "residual" and "pooling" in parameters)


@pytest.mark.parametrize("odd", [(7, 5, 2), (9, 3), (5, 6, 7, 1)])
def test_any_size_comes_back(odd):
    images = smooth_images(20, odd)
    model = DenoisingAutoencoder(
        sample_shape=odd, hidden_layer_sizes=(2, 3, 4), max_iter=1, random_state=0
    ).fit(images)
    assert model.reconstruct(images).shape == (20, np.prod(odd))
    assert model.restore(images[0]).shape == odd


def test_equal_seeds_give_equal_bits_and_files_restore_alike(images, fitted, tmp_path):
    again = denoiser(noise_level=0.5).fit(images)
    expected = fitted.restore(images[0])
    np.testing.assert_array_equal(again.restore(images[0]), expected)
    skae.save(fitted, tmp_path / "denoiser.skae")
    np.testing.assert_array_equal(
        skae.load(tmp_path / "denoiser.skae").restore(images[0]), expected
    )


def test_passes_over_chunks_begin_at_the_filter(images):
    model = denoiser(noise_level=0.5).partial_fit(images[:100]).partial_fit(images[100:])
    new = smooth_images(50, seed=1)
    noisy = new + 0.5 * np.random.default_rng(2).normal(size=new.shape)
    assert error(model.reconstruct(noisy), new) < 0.5 * error(noisy, new)


@pytest.mark.slow
def test_flips_help_where_rows_lie_one_way(images):
    """Stripes in rows, and new ones in columns."""
    stripes = smooth_images(60, (12, 12, 1)).mean(axis=2, keepdims=True).repeat(12, axis=2)
    across = np.swapaxes(stripes, 1, 2)
    noisy = across + 0.5 * np.random.default_rng(0).normal(size=across.shape)
    plain, flipped = (
        denoiser(noise_level=1.0, flips=flips, max_iter=20, batch_size=32).fit(stripes)
        for flips in (False, True)
    )
    assert error(flipped.reconstruct(noisy), across) < 0.9 * error(plain.reconstruct(noisy), across)


def test_flips_of_pairs_keep_them_together():
    """A shift by one along the first axis is undone where nothing is flipped."""
    images = smooth_images(200)
    fitted = denoiser(noise=None, flips=True, max_iter=3, batch_size=32, network="residual").fit(
        images, X_clean=2 * images
    )
    doubled = fitted.reconstruct(images)
    assert error(doubled, 2 * images) < 0.05 * np.var(images)


def in_all_positions(restore, images, swaps):
    """The mean of what is restored of images mirrored along all axes, and with two swapped."""
    found = []
    for places in itertools.product((1, -1), repeat=images.ndim - 2):
        mirror = (slice(None), *(slice(None, None, step) for step in places))
        found.append(restore(images[mirror])[mirror])
        if swaps:
            turned = np.swapaxes(images[mirror], 1, 2)
            found.append(np.swapaxes(restore(turned), 1, 2)[mirror])
    return np.mean(found, axis=0)


@pytest.mark.parametrize("shape", [(12, 12, 1), (8, 12, 1), (20, 2), (4, 4, 6, 1)])
@pytest.mark.parametrize("activation", ["relu", "hard_tanh"])
def test_what_is_restored_may_be_the_mean_over_all_positions(shape, activation):
    """In numpy, and where only Keras knows the activation; rows, and images of any size."""
    images = smooth_images(40, shape)
    fitted = denoiser(sample_shape=shape, activation=activation, noise_level=1.0, flips="average")
    fitted.fit(images)
    one = pickle.loads(pickle.dumps(fitted))
    one._model.network = replace(one._model.network, positions="one")
    n_axes = len(shape) - 1
    swaps = n_axes > 1 and shape[0] == shape[1]
    expected = in_all_positions(
        lambda some: np.reshape(one.reconstruct(np.ascontiguousarray(some)), some.shape),
        images,
        swaps,
    )
    np.testing.assert_allclose(fitted.reconstruct(images).reshape(images.shape), expected, 1e-4)
    assert error(expected, one.reconstruct(images).reshape(images.shape)) > 0
    larger = smooth_images(2, tuple(n + 4 for n in shape[:-1]) + shape[-1:])
    expected = in_all_positions(one.restore, larger, swaps)
    np.testing.assert_allclose(fitted.restore(larger), expected, 1e-4)


def test_the_mean_over_positions_is_better():
    new = shapes(100, seed=3)
    noisy = new + np.random.default_rng(0).normal(size=new.shape)
    one, mean = (denoiser(noise_level=1.0, flips=f, max_iter=20) for f in (True, "average"))
    errors = [error(model.fit(shapes(200)).reconstruct(noisy), new) for model in (one, mean)]
    assert errors[1] < 0.98 * errors[0]


def test_scores_are_of_what_is_restored(images):
    fitted = denoiser(flips="average").fit(images)
    restored = fitted.reconstruct(images)
    expected = -np.mean((restored - images.reshape(restored.shape)) ** 2, axis=1)
    np.testing.assert_allclose(fitted.score_samples(images), expected, 1e-4)


def test_training_goes_on_with_other_flips(images):
    model = denoiser(flips=True, warm_start=True).fit(images)
    before, expected = model.reconstruct(images), mean_over_positions(model, images)
    model.set_params(flips="average", learning_rate=1e-12, max_iter=1).fit(images)
    found = model.reconstruct(images)
    np.testing.assert_allclose(found.reshape(images.shape), expected, atol=1e-4)
    assert np.abs(found - before).max() > 1e-3


def test_flips_are_a_truth_value_or_average(images):
    with pytest.raises(ValueError, match=r"'flips' parameter .* must be .*'average'"):
        denoiser(flips="mean").fit(images)


@pytest.mark.parametrize("parameters", [{"n_components": 2}, {"network": "dense"}])
def test_flips_of_a_code_are_refused(images, parameters):
    with pytest.raises(ValueError, match="flips=True"):
        denoiser(flips=True, **parameters).fit(images)


def test_rows_of_signals_are_told_from_a_signal():
    rows = smooth_images(40, (32, 1))
    model = denoiser(sample_shape=(32, 1), hidden_layer_sizes=(2, 2)).fit(rows)
    with pytest.raises(
        ValueError, match=r"Call reconstruct, or restore\(X.reshape\(-1, 32, 1\)\)\.$"
    ):
        model.restore(rows[..., 0])
    assert model.restore(rows[0, :, 0]).shape == (32,)
    with pytest.raises(ValueError, match=r"shape \(40, 31\), but \(length, 1\) is expected"):
        model.restore(rows[:, :31, 0])


def test_signals_of_one_channel_need_no_shape():
    rows = smooth_images(50, (40, 1))[..., 0]
    model = DenoisingAutoencoder(
        network="unet", noise="masking", flips=True, hidden_layer_sizes=(2, 3), max_iter=1
    ).fit(rows)
    assert model.restore(rows[0]).shape == (40,)


def test_a_kept_start_is_called_by_its_name(images):
    with pytest.warns(StartKeptWarning, match="its start at the best linear filter"):
        denoiser(noise_level=0.5, **STILL).fit(images)


def test_nothing_known_is_refused(images):
    nothing = np.full((10, 144), np.nan)
    with pytest.raises(ValueError, match="no value that is known"):
        denoiser(noise="masking").fit(nothing)
    some = np.concatenate([nothing, images.reshape(len(images), -1)])
    with pytest.raises(ValueError, match="no value that is known"):
        denoiser(noise="masking").fit(some, sample_weight=np.arange(len(some)) < 10)
