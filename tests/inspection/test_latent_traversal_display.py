import numpy as np
import pytest
from scipy.sparse import coo_array
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder
from skae.inspection import LatentTraversalDisplay

X_DIGITS, _ = load_digits(return_X_y=True)
X_IRIS = load_iris(as_frame=True).data
PCA_DIGITS = PCA(6).fit(X_DIGITS)
CODE = PCA_DIGITS.transform(X_DIGITS)


def image_of(ax):
    return np.asarray(ax.images[0].get_array()).ravel()


def decoded(code):
    return PCA_DIGITS.mean_ + code @ PCA_DIGITS.components_


def test_one_component_is_varied_and_the_others_are_at_their_means():
    display = LatentTraversalDisplay.from_estimator(
        PCA_DIGITS, X_DIGITS, components=(1, 4), n_values=3, quantiles=(0.1, 0.9)
    )
    code = CODE.mean(axis=0)
    code[4] = np.quantile(CODE[:, 4], 0.9)
    np.testing.assert_allclose(image_of(display.axes_[1, 2]), decoded(code), atol=1e-9)
    np.testing.assert_allclose(display.values[0], np.quantile(CODE[:, 1], [0.1, 0.5, 0.9]))


def test_a_row_can_be_the_reference():
    display = LatentTraversalDisplay.from_estimator(
        PCA_DIGITS, X_DIGITS, components=2, n_values=2, reference=5
    )
    code = CODE[5].copy()
    code[2] = np.quantile(CODE[:, 2], 0.05)
    np.testing.assert_allclose(image_of(display.axes_[0, 0]), decoded(code), atol=1e-9)


def test_the_components_that_vary_most_are_drawn():
    class Turned(PCA):
        def transform(self, X):
            return super().transform(X)[:, ::-1]

        def inverse_transform(self, X):
            return super().inverse_transform(X[:, ::-1])

    display = LatentTraversalDisplay.from_estimator(Turned(6).fit(X_DIGITS), X_DIGITS, n_values=2)
    assert display.components == [1, 2, 3, 4, 5]


def test_strips_and_values_are_labelled():
    display = LatentTraversalDisplay.from_estimator(PCA_DIGITS, X_DIGITS, components=(0, 1))
    assert [ax.get_ylabel() for ax in display.axes_[:, 0]] == ["pca0", "pca1"]
    titles = [ax.get_title() for ax in display.axes_[1]]
    assert titles == [f"{value:.3g}" for value in display.values[1]]
    assert "units of the code" in display.axes_[-1, 3].get_xlabel()


def test_a_grid_varies_two_components_together():
    display = LatentTraversalDisplay.from_estimator(
        PCA_DIGITS, X_DIGITS, grid=(3, 0), n_values=3, quantiles=(0, 1)
    )
    code = CODE.mean(axis=0)
    code[3], code[0] = CODE[:, 3].max(), CODE[:, 0].min()
    # To the right the first component grows, upwards the second.
    np.testing.assert_allclose(image_of(display.axes_[2, 2]), decoded(code), atol=1e-9)
    assert display.axes_[2, 1].get_xlabel().endswith("pca3 (units of the code)")
    assert display.axes_[2, 0].get_ylabel() == f"{CODE[:, 0].min():.3g}"


def test_colours_span_the_values_of_the_rows():
    display = LatentTraversalDisplay.from_estimator(PCA_DIGITS, X_DIGITS, components=0)
    assert {ax.images[0].get_clim() for ax in display.axes_.flat} == {(0.0, 16.0)}


def test_colours_span_sparse_rows_with_their_zeros():
    display = LatentTraversalDisplay.from_estimator(
        PCA_DIGITS, coo_array(X_DIGITS + 0), grid=(0, 1)
    )
    assert display.value_range == (0.0, 16.0)


def test_rows_of_a_table_share_a_panel():
    pca = PCA(2).fit(X_IRIS)
    display = LatentTraversalDisplay.from_estimator(pca, X_IRIS, n_values=3)
    assert display.axes_.shape == (2, 1)
    drawn = np.array([line.get_ydata() for line in display.axes_[0, 0].lines])
    code = np.zeros((3, 2))
    code[:, 0] = display.values[0]
    expected = (code @ pca.components_) / X_IRIS.std(ddof=0).to_numpy()
    np.testing.assert_allclose(drawn, expected, atol=1e-9)
    display.figure_.canvas.draw()
    labels = [label.get_text() for label in display.axes_[-1, 0].get_xticklabels()]
    assert labels == X_IRIS.columns.tolist()
    assert display.axes_[0, 0].get_title(loc="left") == "by pca0 (units of the code)"


def test_a_grid_of_bars_is_labelled():
    display = LatentTraversalDisplay.from_estimator(
        PCA(2).fit(X_IRIS), X_IRIS, grid=(0, 1), n_values=3
    )
    assert len(display.axes_[0, 0].patches) == 4
    assert display.axes_[1, 2].get_ylabel() == "bars: standard deviations\nfrom the mean"


@pytest.mark.parametrize(("n_features", "shape"), [(1, (2, 1)), (2, (2, 3))])
def test_series_of_one_feature_share_a_panel(n_features, shape):
    X = np.random.default_rng(0).normal(size=(20, 12, n_features))
    flat = X.reshape(20, -1)
    display = LatentTraversalDisplay.from_estimator(
        PCA(2).fit(flat), flat, n_values=3, sample_shape=X.shape[1:]
    )
    assert display.axes_.shape == shape
    assert len(display.axes_[0, 0].lines[0].get_ydata()) == 12


def test_an_autoencoder_in_a_pipeline_with_frames():
    autoencoder = Autoencoder(2, hidden_layer_sizes=())
    pipe = make_pipeline(StandardScaler(), autoencoder).set_output(transform="pandas").fit(X_IRIS)
    display = LatentTraversalDisplay.from_estimator(pipe, X_IRIS, n_values=2, components=1)
    code = np.tile(pipe.transform(X_IRIS).to_numpy().mean(axis=0), (2, 1))
    code[:, 1] = display.values[0]
    expected = pipe.inverse_transform(code)
    np.testing.assert_allclose(display.reconstructions[0], expected, rtol=1e-5)
    assert display.component_names == ["autoencoder1"]


def test_the_axes_given_are_divided():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    rows = X_DIGITS[:6].reshape(2, 3, 64)
    display = LatentTraversalDisplay(np.zeros((2, 3)), rows, components=(4, 5)).plot(ax)
    assert display.figure_ is figure
    assert not ax.axison
    assert [panel.get_ylabel() for panel in display.axes_[:, 0]] == ["component 4", "component 5"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"components": 6}, "components=6 asks for component 6, but the code has 6 .* from 0 to 5"),
        ({"grid": (0, 9)}, r"grid=\(0, 9\) asks for component 9"),
        ({"grid": (0, 1, 2)}, r"grid=\(0, 1, 2\) must be two components, such as \(0, 1\)"),
        ({"grid": (0, 1), "components": 1}, "components=1 and grid=.* are both given; .* one of"),
        ({"n_values": 1}, "n_values=1 must be an integer of 2 or more"),
        ({"quantiles": (0.9, 0.1)}, "quantiles=.* must be two ascending numbers from 0 to 1"),
        ({"reference": 1797}, "reference=1797 is no row of X, .* pass at most 1796, or None"),
        ({"sample_shape": (9, 9)}, "sample_shape=.* is a row of 81 features, .* 64; pass"),
    ],
)
def test_wrong_values_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LatentTraversalDisplay.from_estimator(PCA_DIGITS, X_DIGITS, **arguments)


@pytest.mark.parametrize(
    ("values", "rows", "is_grid", "message"),
    [
        (np.zeros(3), np.zeros((3, 64)), False, r"values has shape \(3,\), but \(n_strips"),
        (np.zeros((3, 3)), np.zeros((3, 3, 64)), True, r"values has shape \(3, 3\), but \(2, n"),
        (np.zeros((2, 3)), np.zeros((2, 4, 64)), False, r"but \(2, 3, n_features\) was expected"),
        (np.zeros((2, 3)), np.zeros((2, 3, 64)), True, r"but \(3, 3, n_features\) was expected"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(values, rows, is_grid, message):
    with pytest.raises(ValueError, match=message):
        LatentTraversalDisplay(values, rows, is_grid=is_grid).plot()


def test_components_of_another_number_are_refused():
    display = LatentTraversalDisplay([[0, 1], [0, 1]], np.ones((2, 2, 3)), components=[0])
    with pytest.raises(
        ValueError, match=r"components=\[0\] are 1, but values has 2 rows, .*; pass"
    ):
        display.plot()


def test_a_colormap_that_is_not_known_is_refused():
    display = LatentTraversalDisplay([[0, 1]], [[[1, 2], [3, 4]]])
    with pytest.raises(ValueError, match="curve_cmap='nope' is not known; pass one of the names"):
        display.plot(curve_cmap="nope")


def test_bars_may_be_lists():
    display = LatentTraversalDisplay(
        [[0, 1]], [[[1, 2], [3, 4]]], feature_means=[1, 2], feature_deviations=[1, 2]
    ).plot()
    drawn = [line.get_ydata() for line in display.axes_[0, 0].lines]
    np.testing.assert_array_equal(drawn, [[0, 0], [2, 1]])


def test_an_estimator_that_cannot_reconstruct_is_refused():
    with pytest.raises(TypeError, match="TSNE has no transform"):
        LatentTraversalDisplay.from_estimator(TSNE(), X_DIGITS)
