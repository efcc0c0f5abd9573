import numpy as np
import pytest
from scipy.sparse import coo_array, csr_array
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.decomposition import PCA, KernelPCA
from sklearn.manifold import TSNE
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skae
from skae import Autoencoder
from skae.inspection import ReconstructionDisplay

X_DIGITS, _ = load_digits(return_X_y=True)
X_IRIS = load_iris(as_frame=True).data
PCA_DIGITS = PCA(8).fit(X_DIGITS)
SERIES = np.random.default_rng(0).normal(size=(20, 30))  # 10 timesteps of 3 features, or 15 of 2


class Shaped(PCA):
    """A reducer that knows the shape of a row, as autoencoders do."""

    sample_shape = None
    network = "dense"


def image_of(ax):
    return np.asarray(ax.images[0].get_array())


def heights(ax):
    return [bar.get_height() for bar in ax.patches]


def test_originals_reconstructions_and_differences_are_drawn():
    display = ReconstructionDisplay.from_estimator(PCA_DIGITS, X_DIGITS, n_rows=3)
    assert display.axes_.shape == (3, 3)
    for k, row in enumerate((0, 898, 1796)):
        original = X_DIGITS[row]
        code = (original - PCA_DIGITS.mean_) @ PCA_DIGITS.components_.T
        reconstruction = PCA_DIGITS.mean_ + code @ PCA_DIGITS.components_
        drawn = [image_of(ax) for ax in display.axes_[:, k]]
        np.testing.assert_array_equal(drawn[0], original.reshape(8, 8))
        np.testing.assert_allclose(drawn[1].ravel(), reconstruction, atol=1e-9)
        np.testing.assert_allclose(drawn[2].ravel(), reconstruction - original, atol=1e-9)


def test_strips_and_rows_are_named():
    display = ReconstructionDisplay.from_estimator(PCA_DIGITS, X_DIGITS, n_rows=2)
    names = [ax.get_ylabel() for ax in display.axes_[:, 0]]
    assert names == ["original", "reconstruction", "reconstruction\nminus original"]
    assert [ax.get_title() for ax in display.axes_[0]] == ["row 0", "row 1796"]


def test_colours_of_differences_are_symmetric_about_zero_and_explained():
    display = ReconstructionDisplay.from_estimator(PCA_DIGITS, X_DIGITS)
    image = display.axes_[2, -1].images[0]
    largest = np.abs(display.reconstructions - display.originals).max()
    assert image.get_clim() == pytest.approx((-largest, largest))
    assert image.colorbar.ax.get_ylabel() == "difference"


def test_signs_of_differences_can_be_told_without_colours():
    display = ReconstructionDisplay.from_estimator(PCA_DIGITS, X_DIGITS)
    image = display.axes_[2, -1].images[0]
    lowest, highest = image.get_clim()
    red, green, blue, _ = image.to_rgba(np.linspace(lowest, highest, 101)).T
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    assert (np.diff(luminance) < 0).mean() > 0.95
    assert luminance[0] > luminance[25] > luminance[50] > luminance[75] > luminance[100]


def test_originals_and_reconstructions_share_one_scale():
    display = ReconstructionDisplay.from_estimator(PCA_DIGITS, X_DIGITS)
    limits = {ax.images[0].get_clim() for ax in display.axes_[:2].flat}
    assert limits == {(0.0, display.originals.max())}
    # PCA goes below 0, which the colours do not reach.
    assert display.axes_[1, 0].images[0].colorbar is None
    assert display.axes_[1, -1].images[0].colorbar.extend == "both"


def test_a_perfect_reconstruction_can_be_drawn():
    display = ReconstructionDisplay(X_DIGITS[:2], X_DIGITS[:2]).plot()
    assert not image_of(display.axes_[2, 0]).any()


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (4, 16)])
def test_grey_images_of_any_sides(shape):
    kind = "image" if shape == (4, 16) else "auto"
    display = ReconstructionDisplay(X_DIGITS[:2], X_DIGITS[:2], sample_shape=shape, kind=kind)
    drawn = image_of(display.plot().axes_[0, 1])
    np.testing.assert_array_equal(drawn, X_DIGITS[1].reshape(shape[:2]))


def test_colour_images_are_scaled_to_the_unit_interval():
    images = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3))
    display = ReconstructionDisplay.from_predictions(images, images[::-1])
    np.testing.assert_allclose(
        image_of(display.axes_[0, 0]), (images[0] - images.min()) / np.ptp(images)
    )


def test_differences_of_colour_images_show_the_colour_that_differs_most():
    rows = np.zeros((1, 1, 2, 3))
    changed = rows.copy()
    changed[0, 0, 0], changed[0, 0, 1] = (1, -2, 0), (0.5, 0, 1)
    display = ReconstructionDisplay.from_predictions(rows + 1, changed + 1)
    np.testing.assert_array_equal(image_of(display.axes_[2, 0]), [[-2, 1]])


def test_bars_are_deviations_from_the_mean_in_standard_deviations():
    pca = PCA(2).fit(X_IRIS.to_numpy())
    display = ReconstructionDisplay.from_estimator(pca, X_IRIS.to_numpy(), n_rows=3)
    scaled = StandardScaler().fit_transform(X_IRIS.to_numpy())
    assert display.axes_.shape == (3, 2)
    np.testing.assert_allclose(heights(display.axes_[2, 0]), scaled[149])
    difference = pca.inverse_transform(pca.transform(X_IRIS.to_numpy()[149:]))[0] - X_IRIS.loc[149]
    np.testing.assert_allclose(
        heights(display.axes_[2, 1]), difference / X_IRIS.std(ddof=0), atol=1e-9
    )
    assert "standard deviations" in display.axes_[0, 0].get_title()
    assert "standard deviations" in display.axes_[0, 1].get_title()


def test_bars_can_be_in_the_units_of_the_rows():
    X = X_IRIS.to_numpy()
    display = ReconstructionDisplay.from_predictions(X, X + 1, standardize=False)
    np.testing.assert_array_equal(heights(display.axes_[0, 0]), X[0])
    np.testing.assert_allclose(heights(display.axes_[0, 1]), 1)
    assert display.axes_[0, 0].get_title() == "value"


def test_bars_of_many_features_are_one_artist():
    X = np.random.default_rng(0).normal(size=(2, 101))
    display = ReconstructionDisplay.from_predictions(X, X + 1, standardize=False)
    for ax, heights in zip(display.axes_[1], (X[1], np.ones(101)), strict=True):
        (bars,) = ax.patches
        np.testing.assert_allclose(bars.get_data().values, heights)
        np.testing.assert_array_equal(bars.get_data().edges, np.arange(102) - 0.5)


def test_bars_of_missing_values_are_left_out():
    rows = np.array([[1.0, np.nan, 3.0, 4.0]])
    display = ReconstructionDisplay(rows, rows).plot()
    np.testing.assert_array_equal(heights(display.axes_[0, 0]), rows[0])


def test_means_and_deviations_may_be_lists():
    display = ReconstructionDisplay(
        X_IRIS[:2], X_IRIS[:2], feature_means=[1, 2, 3, 4], feature_deviations=[2, 2, 2, 0]
    ).plot()
    # What does not vary is counted in the deviation of the others.
    expected = (X_IRIS.to_numpy()[1] - [1, 2, 3, 4]) / [2, 2, 2, 2]
    np.testing.assert_allclose(heights(display.axes_[1, 0]), expected)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("n_rows", [3, 49, 150])
def test_a_column_that_is_constant_in_these_rows_is_counted_in_the_deviation_of_the_others(
    unit, n_rows
):
    # Their mean is rounded, so that numpy's deviation of a constant is not zero.
    X = np.column_stack([X_IRIS, np.full(len(X_IRIS), 0.1)])[:: 150 // n_rows] * unit
    display = ReconstructionDisplay.from_predictions(X, X + 0.02 * unit)
    others = np.sqrt(np.mean(X[:, :4].var(axis=0)))
    assert heights(display.axes_[0, 0])[4] == pytest.approx(0, abs=1e-9)
    assert heights(display.axes_[0, 1])[4] == pytest.approx(0.02 * unit / others)


def test_deviations_given_may_be_rounded_zeros():
    rows = np.full((7, 4), 0.1)
    moments = {"feature_means": rows.mean(axis=0), "feature_deviations": rows.std(axis=0)}
    assert rows.std() > 0
    display = ReconstructionDisplay(rows, rows + 0.5, **moments).plot()
    np.testing.assert_allclose(heights(display.axes_[0, 1]), 0.5)
    (points,) = [line for line in display.axes_[0, 0].get_lines() if len(line.get_xdata()) == 4]
    np.testing.assert_allclose(points.get_ydata(), 0.5)


@pytest.mark.parametrize(
    ("means", "deviations", "message"),
    [
        ([0] * 4, None, "feature_deviations=None, but .* belong together; pass both, or neither"),
        (None, [1] * 4, "feature_means=None, but .* belong together"),
        ([0] * 3, [1] * 4, r"feature_means has shape \(3,\), but \(4,\) was expected, .*; pass as"),
        ([0] * 4, 1.0, r"feature_deviations has shape \(\), but \(4,\) was expected"),
    ],
)
def test_moments_that_do_not_fit_are_refused(means, deviations, message):
    display = ReconstructionDisplay(
        X_IRIS[:2], X_IRIS[:2], feature_means=means, feature_deviations=deviations
    )
    with pytest.raises(ValueError, match=message):
        display.plot()


def test_names_of_a_frame_stand_below_its_bars():
    display = ReconstructionDisplay.from_estimator(PCA(2).fit(X_IRIS), X_IRIS, n_rows=2)
    display.figure_.canvas.draw()
    labels = [label.get_text() for label in display.axes_[-1, 0].get_xticklabels()]
    assert labels == X_IRIS.columns.tolist()


def test_a_frame_with_transformed_output_in_a_pipeline():
    X = load_wine(as_frame=True).data
    pipe = make_pipeline(StandardScaler(), PCA(3)).set_output(transform="pandas").fit(X)
    display = ReconstructionDisplay.from_estimator(pipe, X, n_rows=2)
    expected = pipe.inverse_transform(pipe.transform(X.iloc[[0, 177]]))
    np.testing.assert_allclose(display.reconstructions, expected)


@pytest.mark.parametrize("container", [csr_array, coo_array])
def test_sparse_rows(container):
    display = ReconstructionDisplay.from_estimator(PCA_DIGITS, container(X_DIGITS), n_rows=2)
    np.testing.assert_array_equal(image_of(display.axes_[0, 0]).ravel(), X_DIGITS[0])


class Large(csr_array):
    """A sparse array that must not be made dense as a whole."""

    def toarray(self, *args, **kwargs):
        assert self.shape[0] <= 2
        return super().toarray(*args, **kwargs)


def test_moments_of_sparse_rows_are_taken_without_making_all_dense():
    X = X_DIGITS[:50].copy()
    X[3, 5] = np.nan
    display = ReconstructionDisplay.from_predictions(Large(X), Large(X), n_rows=2, kind="bars")
    np.testing.assert_allclose(display.feature_means, np.nanmean(X, axis=0))
    np.testing.assert_allclose(display.feature_deviations, np.nanstd(X, axis=0))


def test_series_are_curves_over_timesteps():
    display = ReconstructionDisplay.from_predictions(
        SERIES, SERIES + 2, n_rows=4, sample_shape=(10, 3), feature_names=["x", "y", "z"]
    )
    assert display.axes_.shape == (4, 3)
    curves = display.axes_[3, 0].lines
    np.testing.assert_array_equal(curves[1].get_ydata(), SERIES[19].reshape(10, 3)[:, 1])
    assert [curve.get_label() for curve in curves] == ["x", "y", "z"]
    np.testing.assert_allclose(display.axes_[0, 2].lines[-1].get_ydata(), 2)
    assert display.axes_[-1, 0].get_xlabel() == "timestep"
    low, high = display.axes_[0, 2].get_ylim()
    assert low == -high


def test_missing_timesteps_leave_gaps():
    X = SERIES.copy()
    X[:, -3:] = np.nan
    display = ReconstructionDisplay.from_predictions(X, X, n_rows=1, sample_shape=(10, 3))
    assert np.isnan(display.axes_[0, 0].lines[0].get_ydata()).sum() == 1


def test_the_shape_is_that_of_rows_that_are_not_flat():
    X = SERIES.reshape(20, 15, 2)
    display = ReconstructionDisplay.from_predictions(X, X, n_rows=1)
    assert [len(curve.get_xdata()) for curve in display.axes_[0, 0].lines] == [15, 15]


def test_an_autoencoder_is_asked_for_the_shape_of_its_rows():
    shaped = Autoencoder(2, sample_shape=(10, 3), hidden_layer_sizes=()).fit(SERIES)
    in_search = GridSearchCV(
        make_pipeline(StandardScaler(), shaped), {"autoencoder__n_components": [2]}, cv=2
    )
    for estimator in (shaped, in_search.fit(SERIES)):
        display = ReconstructionDisplay.from_estimator(estimator, SERIES, n_rows=2)
        assert (display.sample_shape, display.kind) == ((10, 3), "series")
    np.testing.assert_allclose(
        ReconstructionDisplay.from_estimator(shaped, SERIES, n_rows=2).reconstructions,
        shaped.inverse_transform(shaped.transform(SERIES[[0, 19]])),
        rtol=1e-6,
    )


def test_the_shape_given_counts_more_than_the_estimators():
    shaped = Shaped(2).fit(X_DIGITS)
    shaped.sample_shape = (8, 8)
    display = ReconstructionDisplay.from_estimator(shaped, X_DIGITS, n_rows=1)
    assert display.axes_[0, 0].lines
    display = ReconstructionDisplay.from_estimator(
        shaped, X_DIGITS, n_rows=1, sample_shape=(8, 8, 1)
    )
    assert display.axes_[0, 0].images


def test_a_recurrent_network_without_shape_reads_a_series_of_one_feature():
    rows = X_DIGITS[:20, 8:16]
    untrained = skae.RecurrentAutoencoder(2, hidden_layer_sizes=()).fit(rows)
    display = ReconstructionDisplay.from_estimator(untrained, rows, n_rows=1)
    assert len(display.axes_[0, 0].lines[0].get_ydata()) == 8


def test_the_axes_given_are_divided():
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    display = ReconstructionDisplay.from_estimator(PCA_DIGITS, X_DIGITS, n_rows=2, ax=right)
    assert display.figure_ is figure
    assert display.ax_ is right
    assert not right.axison
    assert min(ax.get_position().x0 for ax in display.axes_.flat) > left.get_position().x1


def test_a_figure_of_its_own_has_no_overlapping_labels():
    display = ReconstructionDisplay.from_estimator(PCA(2).fit(X_IRIS), X_IRIS, n_rows=4)
    display.figure_.canvas.draw()
    boxes = [ax.title.get_window_extent() for ax in display.axes_[0]]
    assert not boxes[0].overlaps(boxes[1])


def test_colours_can_be_chosen():
    display = ReconstructionDisplay.from_estimator(
        PCA_DIGITS, X_DIGITS, n_rows=1, cmap="viridis", difference_cmap="PuOr"
    )
    assert [ax.images[0].get_cmap().name for ax in display.axes_[:, 0]] == [
        *("viridis", "viridis", "PuOr")
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_shape": (7, 9)}, r"sample_shape=\(7, 9\) is a row of 63 features, .* 64; pass"),
        ({"sample_shape": (8, 8.0)}, r"sample_shape=\(8, 8.0\) must be a tuple of integers"),
        ({"sample_shape": (4, 4, 4), "kind": "image"}, r"kind='image' needs .*height.* pass a"),
        ({"sample_shape": (4, 4, 4), "kind": "series"}, r"kind='series' needs .*timesteps"),
        ({"kind": "picture"}, r"kind='picture' is not known; choose from"),
        ({"n_rows": 0}, r"n_rows=0 must be an integer of 1 or more"),
        ({"n_rows": 500}, "3 x 500 panels would be drawn, but at most 400 .*; pass fewer rows"),
        ({"feature_names": ["a"], "kind": "bars"}, r"holds 1 names, but 64 .* one for each column"),
        (
            {"feature_names": ["a"], "sample_shape": (32, 2), "kind": "series"},
            "2 were expected, one for each feature of a timestep",
        ),
    ],
)
def test_wrong_values_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ReconstructionDisplay.from_estimator(PCA_DIGITS, X_DIGITS, **arguments)


@pytest.mark.parametrize(
    ("parameters", "options", "message"),
    [
        (
            {"row_numbers": [1, 2]},
            {},
            "row_numbers holds 2 numbers, but there are 3 rows; pass one",
        ),
        ({}, {"cmap": "nope"}, "cmap='nope' is not known; pass one of the names"),
        ({}, {"difference_cmap": 3}, "difference_cmap=3 is not known"),
        ({"kind": "bars", "feature_names": range(64)}, {}, None),
    ],
)
def test_axes_are_as_before_where_drawing_fails(parameters, options, message, monkeypatch):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    figure, ax = plt.subplots()
    if message is None:
        # After all checks, in the middle of drawing.
        monkeypatch.delattr(Axes, "axhline")
    with pytest.raises((ValueError, AttributeError), match=message):
        ReconstructionDisplay(X_DIGITS[:3], X_DIGITS[:3], **parameters).plot(ax, **options)
    assert figure.axes == [ax]
    assert ax.axison
    monkeypatch.undo()
    ReconstructionDisplay(X_DIGITS[:3], X_DIGITS[:3]).plot(ax)


def test_tables_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="X_reconstructed has 9 rows, but X has 10; pass the same"):
        ReconstructionDisplay.from_predictions(X_DIGITS[:10], X_DIGITS[:9])
    with pytest.raises(ValueError, match=r"reconstructions has shape \(3, 60\), but originals has"):
        ReconstructionDisplay(X_DIGITS[:3], X_DIGITS[:3, :60]).plot()


def test_an_estimator_that_cannot_reconstruct_is_refused():
    with pytest.raises(TypeError, match=r"TSNE has no transform, .*use an estimator with"):
        ReconstructionDisplay.from_estimator(TSNE(), X_DIGITS)
    pipe = make_pipeline(StandardScaler(), KernelPCA(2), TSNE())
    with pytest.raises(TypeError, match=r"step 'tsne' \(TSNE\) of the Pipeline has no transform"):
        ReconstructionDisplay.from_estimator(pipe, X_DIGITS)


def test_an_estimator_that_cannot_reconstruct_rows_of_words_is_refused():
    X = X_IRIS[:9].assign(name=list("abcabcabc"))
    encoded = make_column_transformer((OneHotEncoder(), ["name"]), remainder="passthrough")
    pipe = make_pipeline(encoded, PCA(2)).fit(X)
    with pytest.raises(TypeError, match=r"step 'columntransformer' .* has no inverse_transform"):
        ReconstructionDisplay.from_estimator(pipe, X)


def test_long_names_leave_room_for_series():
    names = ["a sensor with a long name", "another sensor with a long name"]
    X = np.zeros((2, 9, 2))
    display = ReconstructionDisplay.from_predictions(X, X, feature_names=names)
    display.figure_.canvas.draw()
    assert display.axes_[0, 0].get_window_extent().width > 2 * display.figure_.dpi
    (legend,) = [ax.get_legend() for ax in display.figure_.axes if ax.get_legend()]
    assert [text.get_text() for text in legend.get_texts()] == [
        names[0],
        "another sensor with… long name",
    ]


def test_axes_that_cannot_be_divided_are_refused():
    import matplotlib.pyplot as plt

    display = ReconstructionDisplay(X_DIGITS[:2], X_DIGITS[:2])
    with pytest.raises(ValueError, match="ax stands at a free position"):
        display.plot(plt.figure().add_axes([0, 0, 1, 1]))
    ax = display.plot(plt.subplots()[1]).ax_
    with pytest.raises(ValueError, match="ax is switched off, probably because another display"):
        display.plot(ax)
