import numpy as np
import pytest
from scipy.sparse import coo_array
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skae import DenoisingAutoencoder
from skae.inspection import DenoisingDisplay

X_DIGITS, _ = load_digits(return_X_y=True)
NOISY_DIGITS = X_DIGITS + np.random.default_rng(0).normal(0, 4, X_DIGITS.shape)
X_IRIS = load_iris(as_frame=True).data


class Restorer:
    """Has `reconstruct` alone."""

    def reconstruct(self, X):
        return np.full(np.shape(X), 7.0)


def image_of(ax):
    return np.asarray(ax.images[0].get_array()).ravel()


def test_noisy_restored_and_clean_rows_are_drawn():
    pca = PCA(16).fit(X_DIGITS)
    display = DenoisingDisplay.from_estimator(pca, NOISY_DIGITS, X_DIGITS, n_rows=2)
    assert [ax.get_ylabel() for ax in display.axes_[:, 0]] == ["noisy", "restored", "clean"]
    noisy, restored, clean = map(image_of, display.axes_[:, 1])
    np.testing.assert_array_equal(noisy, NOISY_DIGITS[1796])
    np.testing.assert_array_equal(clean, X_DIGITS[1796])
    projection = pca.components_.T @ pca.components_
    expected = pca.mean_ + (NOISY_DIGITS[1796] - pca.mean_) @ projection
    np.testing.assert_allclose(restored, expected, atol=1e-9)


def test_colours_span_the_clean_rows():
    display = DenoisingDisplay.from_estimator(Restorer(), NOISY_DIGITS, X_DIGITS)
    limits = {ax.images[0].get_clim() for ax in display.axes_.flat}
    assert limits == {(0.0, display.clean.max())}
    bars = [ax.images[0].colorbar for ax in display.axes_.flat if ax.images[0].colorbar]
    assert [bar.extend for bar in bars] == ["both"]


def test_clean_rows_may_be_unknown():
    display = DenoisingDisplay.from_estimator(Restorer(), NOISY_DIGITS, n_rows=3)
    assert display.clean is None
    assert display.axes_.shape == (2, 3)


def test_reconstruct_is_used_where_there_is_one():
    display = DenoisingDisplay.from_estimator(Restorer(), NOISY_DIGITS, X_DIGITS, n_rows=1)
    np.testing.assert_array_equal(image_of(display.axes_[1, 0]), 7)


def test_an_autoencoder():
    autoencoder = DenoisingAutoencoder(2, hidden_layer_sizes=(), max_iter=2, random_state=0)
    autoencoder.fit(X_IRIS)
    noisy = X_IRIS + 0.1
    display = DenoisingDisplay.from_estimator(autoencoder, noisy, X_IRIS, n_rows=2)
    np.testing.assert_allclose(display.restored, autoencoder.reconstruct(noisy.iloc[[0, 149]]))


def test_bars_are_scaled_by_the_clean_rows():
    pipe = make_pipeline(StandardScaler(), PCA(2)).set_output(transform="pandas").fit(X_IRIS)
    display = DenoisingDisplay.from_estimator(pipe, X_IRIS + 0.5, X_IRIS, n_rows=2)
    assert display.axes_.shape == (2, 1)
    heights = [bar.get_height() for bar in display.axes_[0, 0].patches]
    expected = (X_IRIS.iloc[0] + 0.5 - X_IRIS.mean()) / X_IRIS.std(ddof=0)
    np.testing.assert_allclose(heights, expected)
    points = {line.get_label(): line.get_ydata() for line in display.axes_[0, 0].lines}
    clean = (X_IRIS.iloc[0] - X_IRIS.mean()) / X_IRIS.std(ddof=0)
    np.testing.assert_allclose(points["clean"], clean)
    display.figure_.canvas.draw()
    labels = [label.get_text() for label in display.axes_[-1, 0].get_xticklabels()]
    assert labels == X_IRIS.columns.tolist()


def test_series_stand_side_by_side_on_one_scale():
    X = np.random.default_rng(0).normal(size=(6, 20, 2))
    display = DenoisingDisplay.from_predictions(X * 3, X * 2, X, n_rows=2)
    assert [ax.get_title() for ax in display.axes_[0]] == [
        *("noisy, value", "restored, value", "clean, value")
    ]
    drawn = np.array([line.get_ydata() for line in display.axes_[1, 1].lines])
    np.testing.assert_array_equal(drawn, 2 * X[5].T)
    assert len({ax.get_ylim() for ax in display.axes_.flat}) == 1


def test_sparse_rows():
    display = DenoisingDisplay.from_predictions(
        coo_array(NOISY_DIGITS), coo_array(X_DIGITS), coo_array(X_DIGITS), n_rows=2, kind="bars"
    )
    np.testing.assert_allclose(display.feature_means, X_DIGITS.mean(axis=0))
    np.testing.assert_array_equal(display.clean.toarray(), X_DIGITS[[0, -1]])


def test_the_axes_given_are_divided():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    display = DenoisingDisplay(NOISY_DIGITS[:2], X_DIGITS[:2]).plot(ax, cmap="viridis")
    assert display.figure_ is figure
    assert display.ax_ is ax
    assert not ax.axison
    assert display.axes_[0, 0].images[0].get_cmap().name == "viridis"


def test_tables_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="X_clean has 5 rows, but X_noisy has 1797; pass the same"):
        DenoisingDisplay.from_estimator(Restorer(), NOISY_DIGITS, X_DIGITS[:5])
    with pytest.raises(ValueError, match="X_restored has 4 rows, but X_noisy has 1797"):
        DenoisingDisplay.from_predictions(NOISY_DIGITS, X_DIGITS[:4])


def test_clean_rows_of_other_columns_are_refused():
    with pytest.raises(ValueError, match=r"clean has shape \(8, 60\), but noisy has shape"):
        DenoisingDisplay.from_estimator(Restorer(), NOISY_DIGITS, X_DIGITS[:, :60])


def test_a_shape_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"sample_shape=\(9, 9\) is a row of 81 features, .* 64"):
        DenoisingDisplay.from_estimator(Restorer(), NOISY_DIGITS, sample_shape=(9, 9))


def test_an_estimator_that_cannot_restore_is_refused():
    with pytest.raises(TypeError, match="TSNE has no transform"):
        DenoisingDisplay.from_estimator(TSNE(), NOISY_DIGITS)
    words = [["a"], ["b"], ["a"]]
    pipe = make_pipeline(OneHotEncoder(), TSNE())
    with pytest.raises(TypeError, match=r"step 'tsne' \(TSNE\) of the Pipeline has no transform"):
        DenoisingDisplay.from_estimator(pipe, words)
