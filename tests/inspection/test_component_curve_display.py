import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.model_selection import KFold

from skae import compare
from skae.inspection import ComponentCurveDisplay

X, Y = load_iris(return_X_y=True)
FOLDS = KFold(3, shuffle=True, random_state=0)
QUICK = {"hidden_layer_sizes": (4,), "max_iter": 2}


def draw(reducers, ax=None):
    comparison = compare(reducers, X, n_components=(1, 2), cv=FOLDS, random_state=0)
    return ComponentCurveDisplay.from_comparison(comparison, ax=ax)


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_errors_are_those_of_pca_on_the_rows_held_out():
    display = draw(PCA())
    for i, size in enumerate((1, 2)):
        for k, (train, test) in enumerate(FOLDS.split(X)):
            pca = PCA(size).fit(X[train])
            rows = pca.inverse_transform(pca.transform(X[test]))
            assert display.scores[0, i, k] == pytest.approx(np.mean((X[test] - rows) ** 2))
    assert display.names == ["PCA"]


def test_points_are_means_and_bars_are_deviations_over_folds():
    scores = np.array([[[1.0, 3.0], [2.0, 2.0]]])
    display = ComponentCurveDisplay([2, 4], scores, ["a $b$"]).plot()
    line, _, (bars,) = display.ax_.containers[0]
    np.testing.assert_allclose(line.get_ydata(), [2, 2])
    ends = [segment[:, 1] for segment in bars.get_segments()]
    np.testing.assert_allclose(ends, [[1, 3], [2, 2]])
    assert legend_of(display) == [r"a \$b\$"]
    assert display.ax_.get_legend().get_title().get_text() == "mean ± deviation of 2 folds"
    assert display.ax_.get_xlabel() == "Number of components"
    assert display.ax_.get_ylabel() == "Reconstruction error (squared units of X)"


def test_any_name_of_a_reducer_is_in_the_legend():
    display = ComponentCurveDisplay([1, 2], np.ones((2, 2, 3)).tolist(), ["_mine", ""]).plot()
    assert legend_of(display) == ["_mine", ""]


def test_shares_next_to_1_are_told_as_they_are():
    scores = 1 - 1e-5 * np.array([[[9.0, 7.0], [1.0, 2.0]]])
    display = ComponentCurveDisplay([2, 4], scores, ["PCA"], metric="reconstruction_r2").plot()
    display.figure_.canvas.draw()
    assert display.ax_.yaxis.get_offset_text().get_text() == ""


def test_scores_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"scores has shape \(2, 3\), but \(1, 2, n_folds\) was"):
        ComponentCurveDisplay([1, 2], np.ones((2, 3)), ["PCA"]).plot()


@pytest.mark.parametrize(
    ("metric", "label"),
    [
        ("reconstruction_r2", "Reconstruction R²"),
        ("accuracy", "Nearest-neighbour accuracy"),
    ],
)
def test_a_comparison_is_drawn(metric, label):
    comparison = compare([PCA(), TruncatedSVD()], X, Y, n_components=(1, 2), cv=2, random_state=0)
    display = ComponentCurveDisplay.from_comparison(comparison, metric=metric)
    assert display.names == ["PCA", "TruncatedSVD"]
    assert display.n_components == [1, 2]
    np.testing.assert_array_equal(display.scores, comparison.scores[metric])
    assert display.ax_.get_ylabel() == label


def test_given_axes_are_drawn_in():
    _, ax = plt.subplots()
    display = draw(PCA(), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_a_metric_that_a_comparison_lacks_is_refused():
    comparison = compare(PCA(), X, n_components=1, cv=2)
    with pytest.raises(ValueError, match="metric='accuracy' was not scored"):
        ComponentCurveDisplay.from_comparison(comparison, metric="accuracy")
