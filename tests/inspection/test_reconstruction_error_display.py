from itertools import islice

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder, ReconstructionOutlierDetector
from skae.inspection import ReconstructionErrorDisplay
from skae.inspection._drawing._style import styles

X, Y = load_iris(return_X_y=True)
SPECIES = ["setosa", "versicolor", "virginica"]
NAMES = np.array(SPECIES)[Y]
MISSES = "y misses 1 of 4 values, the first in row 1; leave these rows out, or"
ERRORS = np.array([1.0, 2.0, 3.0, 4.0])


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def inches(ax):
    return ax.get_window_extent().size / ax.figure.dpi


def shares_of(display):
    """Heights of the filled histograms, and their common edges."""
    stairs = [patch.get_data() for patch in display.ax_.patches if patch.get_fill()]
    return [data.values for data in stairs], stairs[0].edges


@pytest.fixture(scope="module")
def detector():
    return ReconstructionOutlierDetector(PCA(2), random_state=0).fit(X)


def test_errors_are_those_of_pca():
    pipeline = make_pipeline(StandardScaler(), PCA(2)).fit(X)
    display = ReconstructionErrorDisplay.from_estimator(pipeline, X)
    rows = pipeline.inverse_transform(pipeline.transform(X))
    np.testing.assert_allclose(display.errors, np.mean((X - rows) ** 2, axis=1))
    assert display.threshold is None
    assert display.ax_.get_xlabel() == "Mean squared error of a row (squared units of X)"
    assert display.ax_.get_ylabel() == "Share of rows"
    assert display.ax_.get_legend() is None


def test_errors_of_an_autoencoder_are_its_scores():
    autoencoder = Autoencoder(2, hidden_layer_sizes=(8,), max_iter=3, random_state=0).fit(X)
    display = ReconstructionErrorDisplay.from_estimator(autoencoder, X)
    np.testing.assert_allclose(display.errors, -autoencoder.score_samples(X), rtol=1e-4)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_detector_shows_its_scores_and_its_threshold(detector, scaled):
    fitted = detector
    if scaled:
        fitted = make_pipeline(StandardScaler(), ReconstructionOutlierDetector(PCA(2))).fit(X)
    display = ReconstructionErrorDisplay.from_estimator(fitted, X)
    np.testing.assert_array_equal(display.errors, -fitted.score_samples(X))
    offset = fitted[-1].offset_ if scaled else fitted.offset_
    assert list(display.threshold_line_.get_xdata()) == [-offset, -offset]
    assert display.shares_above_ == pytest.approx([np.mean(fitted.predict(X) == -1)])
    assert display.ax_.get_xlabel() == "Anomaly score (mahalanobis)"


def test_a_threshold_that_is_given_counts(detector):
    display = ReconstructionErrorDisplay.from_estimator(detector, X, threshold=3.0)
    assert display.threshold == 3.0


def test_the_legend_holds_the_share_of_each_class_above_the_threshold():
    rows = PCA(1).fit(X).inverse_transform(PCA(1).fit_transform(X))
    display = ReconstructionErrorDisplay.from_predictions(X, rows, NAMES, threshold=0.1)
    errors = np.mean((X - rows) ** 2, axis=1)
    shares = [np.mean(errors[name == NAMES] > 0.1) for name in SPECIES]
    np.testing.assert_array_equal(display.shares_above_, shares)
    assert list(display.classes_) == SPECIES
    texts = [
        f"{name}: {100 * share:.1f} % above" for name, share in zip(SPECIES, shares, strict=True)
    ]
    assert legend_of(display) == [*texts, "threshold 0.1"]


def test_an_error_at_the_threshold_is_not_above():
    display = ReconstructionErrorDisplay(ERRORS, threshold=3.0).plot()
    assert legend_of(display) == ["all rows: 25.0 % above", "threshold 3"]


@pytest.mark.parametrize("kind", ["histogram", "ecdf"])
def test_any_name_of_a_class_is_in_the_legend(kind):
    display = ReconstructionErrorDisplay(ERRORS, y=["_a", "", "b", "b"]).plot(kind=kind)
    assert legend_of(display) == ["", "_a", "b"]


def test_many_classes_leave_room_for_the_distribution():
    names = np.array([f"a class with a long and detailed name, {i}" for i in range(40)])
    display = ReconstructionErrorDisplay(np.ones(40), y=names, threshold=2).plot()
    display.figure_.canvas.draw()
    assert legend_of(display)[0] == "a class with a long…ed name, 0: 0.0 % above"
    assert min(inches(display.ax_)) > 3


@pytest.mark.parametrize("log_scale", [False, True])
def test_a_histogram_holds_every_row_of_every_class(log_scale):
    errors = np.exp(np.random.default_rng(0).normal(size=300))
    y = np.repeat([0, 1], [290, 10])
    display = ReconstructionErrorDisplay(errors, y=y).plot(log_scale=log_scale)
    shares, edges = shares_of(display)
    assert len(shares) == 2
    for label, share in enumerate(shares):
        expected = np.histogram(errors[y == label], edges)[0] / np.sum(y == label)
        np.testing.assert_allclose(share, expected)
        assert share.sum() == pytest.approx(1)
    assert display.ax_.get_ylabel() == "Share of each class's rows"
    assert display.ax_.get_xscale() == ("log" if log_scale else "linear")


def test_an_empirical_distribution_function():
    display = ReconstructionErrorDisplay(ERRORS[::-1], y=[0, 0, 1, 1]).plot(kind="ecdf")
    first, second = display.ax_.lines
    np.testing.assert_allclose(first.get_xdata()[1:], [3, 4])
    np.testing.assert_allclose(first.get_ydata(), [0, 0.5, 1])
    np.testing.assert_allclose(second.get_xdata()[1:], [1, 2])
    assert display.ax_.get_ylabel() == "Share of each class's rows up to this error"


@pytest.mark.parametrize("kind", ["histogram", "ecdf"])
def test_classes_differ_in_colour_and_in_line_style(kind):
    display = ReconstructionErrorDisplay(ERRORS, y=[0, 0, 1, 1]).plot(kind=kind)
    drawn = display.ax_.lines if kind == "ecdf" else display.ax_.patches
    first, second = drawn[0], drawn[-1]
    colour = "get_color" if kind == "ecdf" else "get_edgecolor"
    assert to_rgb(getattr(first, colour)()) != to_rgb(getattr(second, colour)())
    assert first.get_linestyle() != second.get_linestyle()


def test_more_classes_than_colours_differ_in_line_style():
    first = islice(styles(), 20)
    drawn = [(style["color"], str(style["linestyle"])) for style in first]
    assert len(set(drawn)) == 20


@pytest.mark.parametrize(
    ("errors", "scale"),
    [([1, 1, 2, 5], "linear"), ([1, 1, 2, 50], "log"), ([0, 1, 2, 50], "linear")],
)
def test_a_long_tail_gets_a_logarithmic_axis(errors, scale):
    assert ReconstructionErrorDisplay(errors).plot().ax_.get_xscale() == scale


def test_given_axes_are_drawn_in():
    _, ax = plt.subplots()
    display = ReconstructionErrorDisplay(ERRORS).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ({}, {"kind": "violin"}, r"kind='violin' must be one of \('histogram', 'ecdf'\)"),
        ({"y": [0.5, 1, 1, 1]}, {}, "continuous values such as 0.5.*into classes"),
        ({"y": [0, 1]}, {}, "inconsistent numbers of samples"),
        ({"y": np.array(["a", None, "b", "b"], dtype=object)}, {}, MISSES),
        ({"y": pd.Series(["a", pd.NA, "b", "b"], dtype="string")}, {}, MISSES),
        (
            {"errors": np.ones(50), "y": np.arange(50)},
            {},
            "y holds 50 classes, but at most 49 .*; put them into groups, or leave y out",
        ),
        ({"errors": [-1.0, 2.0]}, {"log_scale": True}, "errors go down to -1,.*leave log_scale"),
        ({"errors": [np.nan, 2.0]}, {}, "errors contains NaN"),
        ({"errors": np.ones((2, 2))}, {}, r"errors has shape \(2, 2\), but \(n_samples,\) was"),
    ],
)
def test_values_that_cannot_be_drawn_are_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        ReconstructionErrorDisplay(**{"errors": ERRORS, **arguments}).plot(**options)


def test_an_estimator_that_cannot_reconstruct_is_refused():
    with pytest.raises(TypeError, match="KMeans has no inverse_transform"):
        ReconstructionErrorDisplay.from_estimator(KMeans(2).fit(X), X)


def test_a_reconstruction_of_other_rows_is_refused():
    with pytest.raises(ValueError, match=r"shape \(149, 4\),? but X has shape \(150, 4\)"):
        ReconstructionErrorDisplay.from_predictions(X, X[1:])


@pytest.mark.parametrize("kind", ["histogram", "ecdf"])
def test_errors_that_are_rounding_do_not_stretch_the_axis(kind):
    errors = np.array([1e-31, 3e-31, 1e-30, *np.linspace(0.1, 20, 2)])
    display = ReconstructionErrorDisplay(errors, threshold=1.0).plot(kind=kind)
    left, right = display.ax_.get_xlim()
    assert display.ax_.get_xscale() == "log"
    assert right / left < 1e15
    np.testing.assert_allclose(display.shares_above_, [0.2])
    if kind == "histogram":
        (shares,), _ = shares_of(display)
        assert shares[0] == pytest.approx(0.6)
        assert shares.sum() == pytest.approx(1)
