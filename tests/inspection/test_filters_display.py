import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skae import Autoencoder
from skae.inspection import FiltersDisplay

X, _ = load_digits(return_X_y=True)


class Codes(BaseEstimator):
    """Two filters; the second is used by half of the rows, and adds more."""

    components_ = np.vstack([np.ones(64), np.linspace(-2, 2, 64)])

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        code = np.ones((len(X), 2))
        code[::2, 1] = 0
        code[:, 1] *= 9
        return code


def images_of(display):
    return [panel.images[0] for panel in display.axes_.ravel() if panel.images]


def test_filters_are_the_components_on_scales_of_their_own():
    display = FiltersDisplay.from_estimator(PCA(5).fit(X))
    assert display.axes_.shape == (2, 3)
    for image, component in zip(images_of(display), PCA(5).fit(X).components_, strict=True):
        np.testing.assert_allclose(image.get_array(), component.reshape(8, 8))
        limit = np.abs(component).max()
        np.testing.assert_allclose(image.get_clim(), (-limit, limit))
    assert not display.axes_[1, 2].axison


def test_those_that_add_most_are_first():
    display = FiltersDisplay.from_estimator(Codes(), X)
    assert display.components == [1, 0]
    np.testing.assert_array_equal(display.filters, Codes.components_[::-1])
    assert [panel.get_title() for panel in display.axes_.ravel()] == ["50 %", "100 %"]


def test_filters_of_a_pipeline_are_those_of_its_last_step():
    pipeline = make_pipeline(FunctionTransformer(), Codes()).fit(X)
    display = FiltersDisplay.from_estimator(pipeline, X)
    np.testing.assert_array_equal(display.filters, Codes.components_[::-1])
    assert [panel.get_title() for panel in display.axes_.ravel()] == ["50 %", "100 %"]


def test_filters_of_a_search_are_those_of_its_best():
    search = GridSearchCV(PCA(), {"n_components": [2]}, cv=2).fit(X)
    display = FiltersDisplay.from_estimator(search)
    np.testing.assert_array_equal(display.filters, search.best_estimator_.components_)


def test_without_rows_the_order_is_that_of_components():
    display = FiltersDisplay.from_estimator(Codes(), n_filters=1)
    assert display.components == [0]
    assert display.ax_.get_title() == "0"


def test_filters_of_other_shapes():
    display = FiltersDisplay(np.ones((3, 6)), sample_shape=(3, 2), kind="series").plot()
    assert len(display.axes_[0, 0].lines) == 2
    assert len(FiltersDisplay(np.ones((3, 6))).plot().axes_[0, 0].patches) == 6


def test_a_dead_filter_can_be_drawn():
    image = images_of(FiltersDisplay(np.zeros((1, 64))).plot())[0]
    assert image.get_clim() == (-1, 1)


def test_axes_and_colours_are_those_given():
    _, ax = plt.subplots()
    display = FiltersDisplay(np.eye(64)[:2]).plot(ax, cmap="viridis")
    assert display.ax_ is ax
    assert images_of(display)[0].get_cmap().name == "viridis"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: FiltersDisplay.from_estimator(
                Autoencoder(2, hidden_layer_sizes=(4,), max_iter=1, random_state=0).fit(X[:50])
            ),
            TypeError,
            "Autoencoder has no components_",
        ),
        (
            lambda: FiltersDisplay.from_estimator(Codes(), n_filters=3),
            ValueError,
            "n_filters=3 filters cannot be drawn of 2",
        ),
        (
            lambda: FiltersDisplay.from_estimator(Codes(), sample_shape=(5, 5)),
            ValueError,
            "sample_shape",
        ),
        (
            lambda: FiltersDisplay(np.ones((2, 4)), uses=[1.0]).plot(),
            ValueError,
            "uses holds 1 values, but there are 2 filters",
        ),
        (
            lambda: FiltersDisplay(np.ones((2, 4)), uses=[0.5, 1.5]).plot(),
            ValueError,
            r"uses=\[0\.5, 1\.5\] should be the shares of rows",
        ),
        (
            lambda: FiltersDisplay(np.ones((2, 4)), uses=[0.5, np.nan]).plot(),
            ValueError,
            "should be the shares of rows",
        ),
        (
            lambda: FiltersDisplay(np.ones((2, 4)), components=5).plot(),
            ValueError,
            "components=5 should be a sequence of one value for each of the 2 filters",
        ),
        (
            lambda: FiltersDisplay(np.ones((2, 4)), components="ab").plot(),
            ValueError,
            "components='ab' should be a sequence",
        ),
        (
            lambda: FiltersDisplay(np.ones((2, 4)), uses=0.5).plot(),
            ValueError,
            "uses=0.5 should be a sequence",
        ),
        (
            lambda: FiltersDisplay(np.array([[1.0, -1e308]])).plot(),
            ValueError,
            r"filters hold values of 1e\+308",
        ),
        (
            lambda: FiltersDisplay(np.array([[1.0, np.nan]])).plot(),
            ValueError,
            "filters hold 1 values that are NaN or infinite",
        ),
    ],
)
def test_what_cannot_be_drawn(call, error, message):
    with pytest.raises(error, match=message):
        call()
