import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skae import Autoencoder
from skae.inspection import LatentSpaceDisplay
from skae.inspection._targets import read_target

IRIS = load_iris(as_frame=True)
X, Y = IRIS.data, IRIS.target
NAMES = IRIS.target_names[Y]
CODE = PCA(4).fit_transform(X.to_numpy())


def points(ax):
    return [collection.get_offsets() for collection in ax.collections]


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("estimator", [PCA(2), Autoencoder(2, hidden_layer_sizes=())])
def test_points_are_the_code_of_each_class(estimator):
    estimator.fit(X)
    ax = LatentSpaceDisplay.from_estimator(estimator, X, NAMES).ax_
    assert legend_of(ax) == ["setosa", "versicolor", "virginica"]
    code = estimator.transform(X)
    for k, drawn in enumerate(points(ax)):
        np.testing.assert_allclose(drawn, code[k == Y])
    assert ax.get_xlabel() == f"{estimator.get_feature_names_out()[0]} (units of the code)"


def test_classes_differ_in_colour_and_marker():
    y = np.arange(150) % 10
    ax = LatentSpaceDisplay(CODE[:, :2], y).plot().ax_
    looks = {
        (to_hex(drawn.get_facecolor()[0]), drawn.get_paths()[0].vertices.tobytes())
        for drawn in ax.collections
    }
    assert len(looks) == 10


def test_continuous_values_have_a_colour_bar_with_their_name():
    display = LatentSpaceDisplay.from_estimator(PCA(2).fit(X), X, X["sepal width (cm)"])
    (drawn,) = display.ax_.collections
    np.testing.assert_array_equal(drawn.get_array(), X["sepal width (cm)"])
    assert drawn.colorbar.ax.get_ylabel() == "sepal width (cm)"


@pytest.mark.parametrize(
    ("y", "target_type", "is_continuous"),
    [
        (Y, "auto", False),
        (Y, "continuous", True),
        (Y.astype(float), "auto", False),
        (np.arange(150), "auto", True),
        (np.arange(150) % 21, "categorical", False),
        (NAMES == "setosa", "auto", False),
    ],
)
def test_what_a_target_is(y, target_type, is_continuous):
    ax = LatentSpaceDisplay(CODE[:, :2], y, target_type=target_type).plot().ax_
    assert (ax.get_legend() is None) == is_continuous


def test_any_name_of_a_class_is_in_the_legend():
    ax = LatentSpaceDisplay(CODE[:3, :2], ["_a", "", "$b"]).plot().ax_
    assert legend_of(ax) == ["", r"\$b", "_a"]


@pytest.mark.parametrize("unit", ["s", "ns"])
def test_dates_and_spans_are_told_as_people_write_them(unit):
    dates = np.array(["2020-01-01", "2020-01-02T12:00"], f"M8[{unit}]")
    spans = np.array([86400, 5400], "m8[s]").astype(f"m8[{unit}]")
    for labels, names in (
        (dates, ["2020-01-01", "2020-01-02 12:00:00"]),
        (spans, ["1:30:00", "1 day"]),
    ):
        found = read_target(labels[np.arange(6) % 2], np.zeros((6, 2)), "auto")
        assert list(found.members) == names


@pytest.mark.parametrize("n_components", [1, 2, 3])
def test_long_names_leave_room_for_the_points(n_components):
    y = np.array([f"a class with a long and detailed name, {k % 20}" for k in range(150)])
    display = LatentSpaceDisplay(CODE[:, :n_components], y).plot()
    display.figure_.canvas.draw()
    size = display.axes_[0, 0].get_window_extent().size / display.figure_.dpi
    assert min(size) > 2.5
    (legend,) = [ax.get_legend() for ax in display.figure_.axes if ax.get_legend()]
    assert legend.get_texts()[-1].get_text() == "a class with a long…ed name, 9"
    right = legend.get_window_extent().x1
    assert right <= display.figure_.bbox.x1


def test_a_legend_does_not_cover_points_in_the_axes_given():
    import matplotlib.pyplot as plt

    _, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
    LatentSpaceDisplay(CODE[:, :2], NAMES).plot(left)
    free = plt.figure().add_axes([0.1, 0.1, 0.8, 0.8])
    LatentSpaceDisplay(CODE[:, :2], NAMES).plot(free)
    for ax in (left, free):
        ax.figure.canvas.draw()
        assert not ax.get_legend().get_window_extent().overlaps(ax.get_window_extent())
    assert not left.get_legend().get_window_extent().overlaps(right.get_window_extent())
    assert free.get_legend().get_window_extent().x1 < free.figure.bbox.x1


@pytest.mark.parametrize("n_components", [2, 3])
def test_axes_are_as_before_where_drawing_fails(n_components):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    position = ax.get_position().bounds
    with pytest.raises(ValueError, match="alpha"):
        LatentSpaceDisplay(CODE[:, :n_components], Y).plot(ax, alpha=3)
    assert figure.axes == [ax]
    assert ax.axison
    assert ax.get_position().bounds == position
    assert not ax.collections
    plt.close(figure)
    with pytest.raises(ValueError, match="alpha"):
        LatentSpaceDisplay(CODE[:, :n_components], Y).plot(alpha=3)
    assert not plt.get_fignums()


def test_a_colormap_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="cmap='nope' is not known; pass one of the names"):
        LatentSpaceDisplay(CODE).plot(cmap="nope")


def test_without_target_there_is_no_legend():
    ax = LatentSpaceDisplay(CODE[:, :2]).plot().ax_
    assert ax.get_legend() is None
    np.testing.assert_array_equal(points(ax)[0], CODE[:, :2])


def test_every_pair_of_the_three_widest_components():
    code = CODE[:, [3, 0, 1, 2]]
    display = LatentSpaceDisplay(code, Y).plot()
    labels = [(ax.get_xlabel()[:11], ax.get_ylabel()[:11]) for ax in display.axes_[0]]
    assert labels == [
        ("component 1", "component 2"),
        ("component 1", "component 3"),
        ("component 2", "component 3"),
    ]
    np.testing.assert_array_equal(points(display.axes_[0, 2])[1], code[Y == 1][:, [2, 3]])
    legends = [legend_of(ax) for ax in display.figure_.axes if ax.get_legend()]
    assert legends == [["0", "1", "2"]]


def test_components_can_be_chosen():
    display = LatentSpaceDisplay(CODE, components=(3, 0)).plot()
    np.testing.assert_array_equal(points(display.ax_)[0], CODE[:, [3, 0]])


def test_one_component_is_a_histogram_for_each_class():
    display = LatentSpaceDisplay(CODE, NAMES, components=0).plot(n_bins=5)
    assert legend_of(display.ax_) == ["setosa", "versicolor", "virginica"]
    counts, edges = display.ax_.patches[1].get_data()[:2]
    expected = np.histogram(CODE[Y == 1, 0], np.histogram_bin_edges(CODE[:, 0], 5))
    np.testing.assert_array_equal(counts, expected[0])
    np.testing.assert_array_equal(edges, expected[1])
    assert display.ax_.get_ylabel() == "rows in a bin"


def test_one_component_against_continuous_values():
    values = X["petal width (cm)"].to_numpy() + 0.5
    display = LatentSpaceDisplay(CODE[:, :1], values, target_name="width").plot()
    np.testing.assert_array_equal(points(display.ax_)[0], np.c_[CODE[:, 0], values])
    assert display.ax_.get_ylabel() == "width"


def test_a_pipeline_with_transformed_output_and_without_names():
    pipe = make_pipeline(StandardScaler(), PCA(2)).set_output(transform="pandas").fit(X)
    display = LatentSpaceDisplay.from_estimator(pipe, X, Y)
    assert display.ax_.get_ylabel() == "pca1 (units of the code)"
    nameless = make_pipeline(PCA(2), FunctionTransformer()).fit(X)
    display = LatentSpaceDisplay.from_estimator(nameless, X, Y)
    assert display.ax_.get_ylabel() == "component 1 (units of the code)"


def test_the_axes_given_are_used_or_divided():
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    assert LatentSpaceDisplay(CODE[:, :2], Y).plot(left, marker_size=9).ax_ is left
    np.testing.assert_array_equal(left.collections[0].get_sizes(), 9)
    display = LatentSpaceDisplay(CODE, Y).plot(right)
    assert display.axes_.shape == (1, 3)
    assert display.figure_ is figure
    assert not right.axison


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"components": 4}, "components=4 asks for component 4, but the code has 4 .* from 0 to 3"),
        ({"components": (0, -1)}, "asks for component -1"),
        ({"components": (1, 1)}, "names a component twice; name each once"),
        ({"components": (0.5,)}, "must be one or more integers, such as"),
        ({"target_type": "ordinal"}, "target_type='ordinal' is not known; choose from"),
        ({"y": NAMES, "target_type": "continuous"}, "y holds 'setosa', .* needs numbers; pass"),
        ({"y": [None, *NAMES[1:]]}, "y misses 1 of 150 values, the first in row 0; leave"),
        ({"y": np.r_[0.5, np.full(149, np.nan)]}, "y misses 149 of 150 values, the first in row 1"),
        ({"y": pd.Series([pd.NA, *NAMES[1:]], dtype="string")}, "y misses 1 of 150 values"),
        ({"y": np.arange(150).astype(str)}, "y holds 150 classes, but at most 49 can be told"),
        ({"y": Y[:9]}, "inconsistent numbers of samples"),
        ({"component_names": ["a"]}, "component_names holds 1 names, but the code has 4"),
    ],
)
def test_wrong_values_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LatentSpaceDisplay(CODE, **arguments).plot()


def test_an_estimator_that_cannot_encode_new_rows_is_refused():
    with pytest.raises(TypeError, match=r"TSNE has no transform, .* or pass an embedding"):
        LatentSpaceDisplay.from_estimator(TSNE(), X)
