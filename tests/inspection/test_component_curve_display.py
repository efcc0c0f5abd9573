import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skae import Autoencoder, compare
from skae.inspection import ComponentCurveDisplay

X, Y = load_iris(return_X_y=True)
FOLDS = KFold(3, shuffle=True, random_state=0)
QUICK = {"hidden_layer_sizes": (4,), "max_iter": 2}


class NeverFitted(BaseEstimator):
    def __init__(self, n_components=2):
        self.n_components = n_components

    def fit(self, X, y=None):
        raise AssertionError("a fit began before the checks had ended")

    transform = inverse_transform = fit


def draw(estimators, **options):
    options = {"n_components": (1, 2), "cv": FOLDS, **options}
    return ComponentCurveDisplay.from_estimator(estimators, X, **options)


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


def test_scores_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"scores has shape \(2, 3\), but \(1, 2, n_folds\) was"):
        ComponentCurveDisplay([1, 2], np.ones((2, 3)), ["PCA"]).plot()


def test_pca_stands_beside_an_autoencoder():
    display = draw(Autoencoder(**QUICK), random_state=0)
    assert display.names == ["PCA", "Autoencoder"]
    assert display.scores.shape == (2, 2, 3)
    assert legend_of(display) == display.names


@pytest.mark.parametrize(
    ("estimators", "names"),
    [
        (TruncatedSVD(), ["PCA", "TruncatedSVD"]),
        ([TruncatedSVD(), PCA()], ["TruncatedSVD", "PCA"]),
        ({"mine": PCA(whiten=True)}, ["mine"]),
        ({"PCA": TruncatedSVD()}, ["PCA (linear)", "PCA"]),
        (
            make_pipeline(StandardScaler(), TruncatedSVD()),
            ["StandardScaler + PCA", "StandardScaler + TruncatedSVD"],
        ),
        (
            [TruncatedSVD(), make_pipeline(make_pipeline(TruncatedSVD()), FunctionTransformer())],
            [
                *("PCA", "PCA + FunctionTransformer"),
                *("TruncatedSVD", "TruncatedSVD + FunctionTransformer"),
            ],
        ),
    ],
)
def test_names_with_pca_where_it_is_not_among_them(estimators, names):
    assert draw(estimators, n_components=1).names == names


def test_pca_beside_a_pipeline_sees_scaled_rows():
    display = draw(make_pipeline(StandardScaler(), TruncatedSVD()))
    expected = draw({"expected": make_pipeline(StandardScaler(), PCA())})
    np.testing.assert_allclose(display.scores[0], expected.scores[0])


def test_pca_may_be_left_out():
    assert draw(TruncatedSVD(), with_pca=False).names == ["TruncatedSVD"]


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


def test_labels_give_an_accuracy():
    display = draw(PCA(), y=Y, metric="accuracy")
    assert (display.scores > 0.5).all()


def test_given_axes_are_drawn_in():
    _, ax = plt.subplots()
    display = draw(PCA(), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "speed"}, r"metric='speed' was not scored; choose from \['reconstruction_r2'"),
        ({"metric": "accuracy"}, "metric='accuracy' is that of a classifier.*pass class labels"),
        ({"metric": "accuracy", "y": X[:, 0]}, "continuous values such as 5.1.*class labels"),
        ({"n_components": 5}, "n_components=5 is more than"),
        ({"estimators": []}, "reducers is empty"),
    ],
)
def test_values_are_refused_before_any_fit(options, message):
    with pytest.raises(ValueError, match=message):
        draw(**{"estimators": NeverFitted(), **options})


def test_a_metric_that_a_comparison_lacks_is_refused():
    comparison = compare(PCA(), X, n_components=1, cv=2)
    with pytest.raises(ValueError, match="metric='accuracy' was not scored"):
        ComponentCurveDisplay.from_comparison(comparison, metric="accuracy")


def test_what_is_not_a_reducer_is_refused():
    with pytest.raises(TypeError, match=r"StandardScaler'\] has no parameter n_components"):
        draw(StandardScaler())
