import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    Autoencoder,
    LatentSampler,
    ReconstructionOutlierDetector,
    SparseAutoencoder,
    StackedAutoencoder,
    VariationalAutoencoder,
)
from skae.inspection import LossCurveDisplay

X, _ = load_iris(return_X_y=True)
HISTORY = {
    "loss": np.array([3.0, 2.0, 1.5]),
    "kl": np.array([0.5, 0.4, 0.0]),
    "val_loss": np.array([3.5, 2.0, 2.5]),
    "val_kl": np.array([0.6, 0.5, 0.4]),
}


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.fixture(scope="module")
def variational():
    return VariationalAutoencoder(2, hidden_layer_sizes=(8,), max_iter=4, random_state=0).fit(X)


@pytest.fixture(scope="module")
def autoencoder():
    return Autoencoder(2, hidden_layer_sizes=(8,), max_iter=6, random_state=0).fit(X)


@pytest.mark.slow
def test_every_term_is_drawn_for_training_and_held_out_rows(variational):
    display = LossCurveDisplay.from_estimator(variational)
    assert set(display.lines_) == set(variational.history_) - {"epoch"}
    for name, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2, 3, 4])
        np.testing.assert_array_equal(line.get_ydata(), variational.history_[name])
    assert display.ax_.get_xlabel() == "Epoch"
    assert display.ax_.get_ylabel() == "Loss (nats a feature)"


def test_the_legend_tells_terms_by_colour_and_rows_by_line_style():
    display = LossCurveDisplay(HISTORY, best_epoch=2).plot()
    assert legend_of(display) == ["loss", "kl", "training rows", "held-out rows", "kept: epoch 2"]
    lines = display.lines_
    assert lines["loss"].get_color() == lines["val_loss"].get_color() != lines["kl"].get_color()
    assert lines["loss"].get_linestyle() == lines["kl"].get_linestyle() == "-"
    assert lines["val_loss"].get_linestyle() == lines["val_kl"].get_linestyle() == "--"
    assert lines["loss"].get_marker() != lines["kl"].get_marker()


def test_a_term_that_is_the_whole_loss_is_not_drawn_again(autoencoder):
    display = LossCurveDisplay.from_estimator(autoencoder)
    assert list(display.lines_) == ["loss", "val_loss"]
    assert display.ax_.get_ylabel() == "Loss (1 is predicting the mean row)"
    assert legend_of(display)[:2] == ["training rows", "held-out rows"]


def test_a_loss_with_a_penalty_has_no_unit():
    sparse = SparseAutoencoder(2, hidden_layer_sizes=(8,), max_iter=2, random_state=0).fit(X)
    assert LossCurveDisplay.from_estimator(sparse).ax_.get_ylabel() == "Loss"


def test_the_line_stands_at_the_epoch_of_the_lowest_held_out_loss():
    # A large rate and little patience, so that this is not the last epoch.
    quick = {"hidden_layer_sizes": (8,), "learning_rate": 0.1, "n_iter_no_change": 5}
    fitted = Autoencoder(2, init="random", max_iter=20, random_state=0, **quick).fit(X)
    display = LossCurveDisplay.from_estimator(fitted)
    best = np.argmin(fitted.history_["val_loss"])
    assert 1 < best < fitted.n_iter_
    assert list(display.best_epoch_line_.get_xdata()) == [best, best]


@pytest.mark.parametrize(("epoch", "text"), [(0, "kept: the start"), (3, "kept: epoch 3")])
def test_the_best_epoch_may_be_the_start(epoch, text):
    display = LossCurveDisplay(HISTORY, best_epoch=epoch).plot()
    assert display.best_epoch_line_.get_xdata()[0] == epoch
    assert legend_of(display)[-1] == text


def test_without_a_best_epoch_no_line_is_drawn():
    display = LossCurveDisplay(HISTORY).plot()
    assert display.best_epoch_line_ is None
    assert not any("kept" in text for text in legend_of(display))


def test_phases_are_apart_and_named():
    stacked = StackedAutoencoder(
        1, hidden_layer_sizes=(8,), pretrain_max_iter=2, max_iter=3, random_state=0
    ).fit(X)
    display = LossCurveDisplay.from_estimator(stacked)
    assert "phase" not in display.lines_
    drawn = display.lines_["loss"].get_ydata()
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(drawn)), [3])
    np.testing.assert_array_equal(np.delete(drawn, 3), stacked.loss_curve_)
    np.testing.assert_array_equal(
        np.delete(display.lines_["loss"].get_xdata(), 3), [0, 1, 2, 2, 3, 4, 5]
    )
    assert [text.get_text() for text in display.ax_.texts] == ["phase 1", "phase 2"]


def test_terms_may_be_chosen():
    display = LossCurveDisplay(HISTORY, unit="nats").plot(terms=["kl"])
    assert list(display.lines_) == ["kl", "val_kl"]
    assert display.ax_.get_ylabel() == "kl (nats)"


def test_a_logarithmic_axis():
    display = LossCurveDisplay(HISTORY).plot(terms=["loss"], log_scale=True)
    assert display.ax_.get_yscale() == "log"


def test_given_axes_are_drawn_in():
    _, ax = plt.subplots()
    display = LossCurveDisplay(HISTORY).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_a_pipeline_and_an_estimator_inside_are_found(autoencoder):
    pipeline = make_pipeline(StandardScaler(), Autoencoder(1, max_iter=2)).fit(X)
    lines = LossCurveDisplay.from_estimator(pipeline).lines_
    assert list(lines["loss"].get_ydata()) == pipeline[-1].loss_curve_
    sampler = LatentSampler(Autoencoder(1, max_iter=2), random_state=0).fit(X)
    lines = LossCurveDisplay.from_estimator(sampler).lines_
    assert list(lines["loss"].get_ydata()) == sampler.reducer_.loss_curve_


def test_what_is_not_trained_in_epochs_is_refused():
    with pytest.raises(TypeError, match=r"PCA is not trained in epochs.*fitted autoencoder"):
        LossCurveDisplay.from_estimator(make_pipeline(StandardScaler(), PCA(2)).fit(X))


def test_a_detector_of_several_reducers_is_refused():
    detector = ReconstructionOutlierDetector(PCA(1), random_state=0).fit(X)
    with pytest.raises(TypeError, match=r"has fitted 5 reducers.*pass one.*reducers_\[0\]"):
        LossCurveDisplay.from_estimator(detector)


def test_a_fit_without_epochs_is_refused():
    linear = Autoencoder(2, hidden_layer_sizes=()).fit(X)
    with pytest.raises(ValueError, match=r"Autoencoder took no epoch.*Give it hidden_layer_sizes"):
        LossCurveDisplay.from_estimator(linear)


def test_what_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError, match="Autoencoder instance is not fitted"):
        LossCurveDisplay.from_estimator(Autoencoder())


@pytest.mark.parametrize("terms", [["loss", "speed"], [], "loss"])
def test_terms_that_are_not_in_the_history_are_refused(terms):
    with pytest.raises(ValueError, match=r"must be one or more of \['loss', 'kl'\], as a list"):
        LossCurveDisplay(HISTORY).plot(terms=terms)


def test_a_logarithmic_axis_refuses_what_is_not_positive():
    with pytest.raises(ValueError, match=r"'kl' goes down to 0, which has no place.*other terms"):
        LossCurveDisplay(HISTORY).plot(log_scale=True)
