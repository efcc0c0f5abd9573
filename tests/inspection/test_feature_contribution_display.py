from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.sparse import coo_array, csr_array
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder, ReconstructionOutlierDetector
from skae.inspection import FeatureContributionDisplay
from skae.metrics import reconstruction_error_samples

WINE = load_wine(as_frame=True).data
X = StandardScaler().set_output(transform="pandas").fit_transform(WINE)
VALUES = np.array([[3.0, -1.0, 0.5, 0.25], [0.0, 8.0, 4.0, 0.0]])


def labels_of(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


@pytest.fixture(scope="module")
def detector():
    return ReconstructionOutlierDetector(PCA(4), random_state=0).fit(X)


def test_one_row_is_drawn_as_bars_that_sum_to_its_score(detector):
    display = FeatureContributionDisplay.from_estimator(detector, X, rows=7, n_features=5)
    widths = [bar.get_width() for bar in display.bars_]
    expected = detector.feature_contributions(X).loc[7]
    largest = expected.abs().sort_values(ascending=False).index[:5]
    assert labels_of(display.ax_.yaxis) == ["8 other features", *largest[::-1]]
    np.testing.assert_allclose(widths[1:], expected[largest[::-1]])
    assert sum(widths) == pytest.approx(-detector.score_samples(X)[7])
    assert display.ax_.get_title("left").startswith("row 7, sum ")
    assert display.ax_.get_xlabel() == "Contribution to the\nanomaly score (mahalanobis)"
    assert display.image_ is None


def test_the_most_abnormal_row_is_drawn_by_default(detector):
    display = FeatureContributionDisplay.from_estimator(detector, X)
    assert list(display.row_names) == [detector.score_samples(X).argmin()]


def test_several_rows_are_drawn_as_a_table_with_the_rest_and_the_sum():
    display = FeatureContributionDisplay(VALUES, feature_names=list("abcd")).plot(n_features=2)
    assert labels_of(display.ax_.xaxis) == ["b", "a", "2 other features", "sum"]
    assert labels_of(display.ax_.yaxis) == ["row 0", "row 1"]
    np.testing.assert_allclose(display.image_.get_array(), [[-1 / 3, 1], [1, 0]])
    numbers = [text.get_text() for text in display.ax_.texts]
    assert numbers == ["-1.00", "3.00", "0.75", "2.75", "8.00", "0.00", "4.00", "12.00"]
    assert display.bars_ is None


def test_negative_contributions_have_another_colour_and_a_hatch():
    bars = FeatureContributionDisplay(VALUES[:1]).plot().bars_
    negative, positive = bars[2], bars[3]
    assert negative.get_width() == -1
    assert positive.get_width() == 3
    assert negative.get_facecolor() != positive.get_facecolor()
    assert negative.get_hatch() != positive.get_hatch()


def test_all_features_leave_no_rest():
    display = FeatureContributionDisplay(VALUES).plot(n_features=9)
    assert sorted(labels_of(display.ax_.xaxis)) == ["sum", "x0", "x1", "x2", "x3"]


def test_rows_without_contributions_are_drawn():
    display = FeatureContributionDisplay(np.zeros((2, 3))).plot()
    np.testing.assert_array_equal(display.image_.get_array(), 0)


@pytest.mark.parametrize("is_autoencoder", [False, True])
def test_errors_of_any_reducer_sum_to_the_error_of_the_row(is_autoencoder):
    quick = {"hidden_layer_sizes": (8,), "max_iter": 2, "random_state": 0}
    reducer = Autoencoder(3, **quick) if is_autoencoder else PCA(3)
    rows = reducer.inverse_transform(reducer.fit_transform(X))
    display = FeatureContributionDisplay.from_predictions(X, rows, rows=[2, -1])
    errors = reconstruction_error_samples(X, rows)[[2, -1]]
    np.testing.assert_allclose(display.contributions.sum(axis=1), errors)
    assert list(display.feature_names) == list(WINE.columns)
    assert labels_of(display.ax_.yaxis) == ["row 2", "row 177"]
    title = display.ax_.get_title("left")
    assert title == "Contributions to the mean squared error (squared units of X)"


def test_the_worst_reconstructed_row_is_drawn_by_default():
    display = FeatureContributionDisplay.from_predictions([[1.0, 1], [5, 1]], np.ones((2, 2)))
    assert labels_of(display.ax_.yaxis) == ["x1", "x0"]
    np.testing.assert_allclose([bar.get_width() for bar in display.bars_], [0, 8])


@pytest.mark.parametrize("container", [csr_array, coo_array])
def test_sparse_rows(container):
    display = FeatureContributionDisplay.from_predictions(
        container([[0.0, 2.0], [1.0, 0.0]]), np.zeros((2, 2)), rows=[0, 1]
    )
    np.testing.assert_array_equal(display.contributions, [[0, 2], [0.5, 0]])


def test_a_pipeline_passes_its_last_step_what_that_reads():
    pipeline = make_pipeline(StandardScaler(), ReconstructionOutlierDetector(PCA(4))).fit(WINE)
    display = FeatureContributionDisplay.from_estimator(pipeline, WINE, rows=[0, 3])
    np.testing.assert_allclose(
        display.contributions.sum(axis=1), -pipeline.score_samples(WINE)[[0, 3]]
    )
    assert list(display.feature_names) == list(WINE.columns)


def test_rows_are_named_by_the_index_of_their_frame(detector):
    frame = X.set_axis([f"bottle ${i}$" for i in range(len(X))])
    display = FeatureContributionDisplay.from_estimator(detector, frame, rows=[1, 2])
    display.figure_.canvas.draw()
    assert labels_of(display.ax_.yaxis) == [r"row bottle \$1\$", r"row bottle \$2\$"]


@pytest.mark.parametrize("rows", [1, 2])
def test_given_axes_are_drawn_in(rows):
    figure, ax = plt.subplots(figsize=(3, 2))
    display = FeatureContributionDisplay(VALUES[:rows]).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert list(figure.get_size_inches()) == [3, 2]


@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_long_names_leave_room(n_rows):
    names = [f"{name} of the wine measured in laboratory $x$" for name in WINE.columns]
    display = FeatureContributionDisplay(
        np.ones((n_rows, 13)), feature_names=names, row_names=names[:n_rows]
    ).plot()
    display.figure_.canvas.draw()
    assert r"alcohol of the wine…ratory \$x\$" in labels_of(
        display.ax_.yaxis if n_rows == 1 else display.ax_.xaxis
    )
    width, height = display.ax_.get_window_extent().size / display.figure_.dpi
    assert width > 3.5
    assert height > 0.8 + 0.1 * n_rows


@pytest.mark.parametrize("values", [VALUES, np.abs(VALUES)])
def test_numbers_of_the_colour_bar_do_not_overlap(values):
    display = FeatureContributionDisplay(values).plot()
    display.figure_.canvas.draw()
    labels = display.image_.colorbar.ax.get_yticklabels()
    boxes = [label.get_window_extent() for label in labels]
    assert len(boxes) > 1
    assert not any(low.overlaps(high) for low, high in pairwise(boxes))


@pytest.mark.parametrize(
    ("contributions", "message"),
    [
        ([[1, np.nan, 2], [1, 2, 3]], "contributions holds 1 missing or infinite values of 6"),
        (
            np.ones((2, 2, 2)),
            r"contributions has shape \(2, 2, 2\), but \(n_rows, n_features\) was",
        ),
    ],
)
def test_contributions_that_cannot_be_drawn_are_refused(contributions, message):
    with pytest.raises(ValueError, match=message):
        FeatureContributionDisplay(contributions).plot()


def test_an_estimator_without_contributions_is_refused():
    with pytest.raises(TypeError, match=r"PCA has no feature_contributions.*from_predictions\(X"):
        FeatureContributionDisplay.from_estimator(PCA(2).fit(X), X)


@pytest.mark.parametrize("rows", [178, [0, -179], [], 1.5, "worst", [[0, 1]], [True]])
def test_rows_that_are_not_there_are_refused(detector, rows):
    with pytest.raises(ValueError, match=r"must be one or more places .* integers from 0 to 177"):
        FeatureContributionDisplay.from_estimator(detector, X, rows=rows)


@pytest.mark.parametrize("n_features", [0, 2.5, True])
def test_a_number_of_features_that_is_none_is_refused(n_features):
    with pytest.raises(ValueError, match=f"n_features={n_features} must be an integer of 1"):
        FeatureContributionDisplay(VALUES).plot(n_features=n_features)


def test_names_for_other_features_are_refused():
    with pytest.raises(ValueError, match="feature_names holds 2 names, but there are 4 features"):
        FeatureContributionDisplay(VALUES, feature_names=["a", "b"]).plot()


@pytest.mark.parametrize("unit", [1e-15, 1e-4, 1.0, 1e4, 1e15])
@pytest.mark.parametrize("rows", [1, 2])
def test_numbers_of_any_size_fit_where_they_stand(unit, rows):
    display = FeatureContributionDisplay(unit * VALUES[:rows]).plot()
    texts = [text.get_text() for text in display.ax_.texts]
    assert max(map(len, texts)) <= len("-100,000")
    widest = max(map(float, (text.replace(",", "") for text in texts)))
    assert widest == pytest.approx(unit * (12 if rows == 2 else 3), rel=0.05)
