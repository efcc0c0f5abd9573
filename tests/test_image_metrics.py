"""Measures of restored images, against scikit-image's."""

import numpy as np
import pandas as pd
import pytest
import skimage.metrics
from scipy.sparse import csr_array
from sklearn.datasets import load_sample_image

from skae.metrics import (
    peak_signal_noise_ratio,
    peak_signal_noise_ratio_samples,
    structural_similarity,
    structural_similarity_samples,
)

MASKED = np.ma.masked_array(np.zeros((2, 20, 20, 1)), np.arange(800).reshape(2, 20, 20, 1) > 796)
BOTH = [peak_signal_noise_ratio, structural_similarity]


@pytest.fixture(scope="module")
def pair():
    image = load_sample_image("flower.jpg")[200:300:2, 300:460:2] / 255.0
    images = np.stack([image, image[::-1] * 0.5])
    noise = np.random.default_rng(0).normal(size=images.shape)
    return images, images + noise * np.reshape([0.02, 0.2], (2, 1, 1, 1))


@pytest.mark.parametrize("unit", [1.0, 255.0])
def test_ratios_are_those_of_scikit_image(pair, unit):
    X, restored = (unit * each for each in pair)
    found = peak_signal_noise_ratio_samples(X, restored, data_range=unit)
    expected = [
        skimage.metrics.peak_signal_noise_ratio(*images, data_range=unit)
        for images in zip(X, restored, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    flat = peak_signal_noise_ratio_samples(
        X.reshape(2, -1), restored.reshape(2, -1), data_range=unit
    )
    np.testing.assert_allclose(flat, expected, rtol=1e-12)


@pytest.mark.parametrize("channels", [slice(0, 3), slice(0, 1)])
@pytest.mark.parametrize("axes", [(..., slice(None)), (slice(None), 0)])
def test_similarities_are_those_of_scikit_image(pair, channels, axes):
    """Of images and of signals, in color and in grey."""
    X, restored = (each[axes][..., channels] for each in pair)
    expected = [
        skimage.metrics.structural_similarity(
            *images, data_range=1.0, channel_axis=-1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )
        for images in zip(X, restored, strict=True)
    ]  # fmt: skip
    found = structural_similarity_samples(X, restored, data_range=1.0, channel_axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


@pytest.mark.parametrize("channel_axis", [None, 1, -3])
def test_channels_are_where_they_are_said_to_be(pair, channel_axis):
    last = [each[..., :1] if channel_axis is None else each for each in pair]
    moved = [each[..., 0] if channel_axis is None else np.moveaxis(each, -1, 1) for each in last]
    np.testing.assert_allclose(
        structural_similarity(*moved, data_range=1.0, channel_axis=channel_axis),
        structural_similarity(*last, data_range=1.0),
    )


def test_grey_images_are_not_taken_for_signals(pair):
    grey = [each[..., 0] for each in pair]
    with pytest.raises(ValueError, match=r"may be grey images or signals.*channel_axis=None"):
        structural_similarity(*grey, data_range=1.0)


@pytest.mark.parametrize("axis", [0, -4, 4, 1.0, True, "last"])
def test_axes_that_hold_no_channels_are_refused(pair, axis):
    with pytest.raises(ValueError, match=f"channel_axis={axis!r} should be one of the 4 axes"):
        structural_similarity_samples(*pair, data_range=1.0, channel_axis=axis)


def test_similarity_of_small_differences_of_large_numbers(pair):
    X, restored = pair
    near = structural_similarity(X, restored, data_range=1.0)
    X, restored = (np.asarray(each, np.float64) + 1e6 for each in pair)
    far = structural_similarity_samples(X, restored, data_range=1.0)
    assert np.isfinite(far).all()
    # Lightness no longer differs, texture does as before.
    assert abs(np.mean(far) - near) < 0.05


@pytest.mark.parametrize("metric", BOTH)
def test_images_count_by_their_weights(pair, metric):
    samples = {
        peak_signal_noise_ratio: peak_signal_noise_ratio_samples,
        structural_similarity: structural_similarity_samples,
    }[metric](*pair, data_range=1.0)
    assert metric(*pair, data_range=1.0) == pytest.approx(samples.mean())
    weighted = metric(*pair, data_range=1.0, sample_weight=[1, 3])
    assert weighted == pytest.approx(samples @ [0.25, 0.75])


@pytest.mark.parametrize("metric", BOTH)
def test_an_image_of_weight_0_does_not_count(pair, metric):
    X, restored = pair[0], np.stack([pair[0][0], pair[1][1]])
    found = metric(X, restored, data_range=1.0, sample_weight=[0, 1])
    assert found == metric(X[1:], restored[1:], data_range=1.0)
    assert np.isfinite(found)


@pytest.mark.parametrize("metric", BOTH)
@pytest.mark.parametrize("unit", [1e-300, 1e-200, 1e200, 1e300, np.finfo(float).max / 8])
def test_units_do_not_matter(pair, metric, unit):
    X, restored = (unit * each for each in pair)
    expected = metric(*pair, data_range=1.0, sample_weight=[1, 2])
    found = metric(X, restored, data_range=unit, sample_weight=[8e307, 1.6e308])
    assert found == pytest.approx(expected)


def test_columns_of_images_in_another_order_are_refused():
    frame = pd.DataFrame(np.eye(3), columns=list("abc"))
    for other in (frame, frame.to_numpy(), pd.DataFrame(np.eye(3)), frame.add_prefix("x")):
        assert peak_signal_noise_ratio(frame, other, data_range=1.0) == np.inf
    with pytest.raises(ValueError, match="labels of X_restored should match those of X"):
        peak_signal_noise_ratio(frame, frame[list("bac")], data_range=1.0)


def test_equal_images_are_perfect(pair):
    X = pair[0]
    assert peak_signal_noise_ratio(X, X, data_range=1.0) == np.inf
    assert structural_similarity(X, X, data_range=1.0) == 1.0


@pytest.mark.parametrize("metric", BOTH)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data_range": 0.0}, "data_range=0.0"),
        ({"data_range": "one"}, "data_range='one'"),
        ({"X_restored": np.zeros((1, 20, 20, 1))}, "equal shape"),
        ({"X": np.full((2, 20, 20, 1), np.nan)}, "X has values that are missing"),
        ({"X": np.zeros((2, 20, 20, 1), complex)}, "Complex data"),
        ({"X": MASKED}, "X is a masked array in which 3 of the values are masked"),
        ({"X_restored": list(MASKED)}, "X_restored is a masked array"),
        ({"data_range": True}, "data_range=True"),
        ({"data_range": 10**400}, "data_range=1000.*positive number"),
        ({"X": np.full((2, 20, 20, 1), 1e200)}, "data_range=1.0 .* values of 1e\\+200"),
        ({"X": np.full((2, 20, 20, 1), -1.0), "data_range": 1e-200}, "data_range=1e-200 .* of 1, "),
        ({"sample_weight": [1.0]}, r"sample_weight is of shape \(1,\), but 2 weights"),
        ({"sample_weight": [np.inf, 1]}, "sample_weight holds inf at row 0"),
        ({"sample_weight": [1, np.nan]}, "sample_weight holds nan at row 1"),
        ({"sample_weight": [1, -1]}, "sample_weight holds -1 at row 1, but 2 weights from 0 on"),
        ({"sample_weight": [0, 0]}, "sample_weight is zero for all 2 rows"),
        ({"sample_weight": ["a", "b"]}, "sample_weight holds values that are no real numbers"),
        ({"sample_weight": [1, 1j]}, "sample_weight holds values that are no real numbers"),
        ({"sample_weight": [[1], [1, 2]]}, "sample_weight holds values that are no real numbers"),
        ({"sample_weight": csr_array([[1, 1]])}, "sample_weight is a sparse matrix"),
        (
            {"sample_weight": np.ma.masked_equal([1, 2], 2)},
            r"sample_weight is a masked array.*filled\(0\)",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(metric, change, message):
    images = np.zeros((2, 20, 20, 1))
    with pytest.raises(ValueError, match=message):
        metric(**{"X": images, "X_restored": images, "data_range": 1.0, **change})


@pytest.mark.parametrize("shape", [(2, 400), (2, 10, 30, 1)])
def test_similarity_needs_neighbours(shape):
    with pytest.raises(ValueError, match="at least 11 values"):
        structural_similarity(np.zeros(shape), np.zeros(shape), data_range=1.0, channel_axis=-1)
