"""What the report says, and what is refused."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder, CompressionReport, compress
from skae.metrics import reconstruction_error

from .shared import UNSEEN, X, kernels, quick, share_of_zeros, shrink


def test_sizes_and_zeros_are_those_of_the_estimators(fitted, compressed):
    report = compressed.compression_report_
    assert report.n_bytes_before == len(pickle.dumps(fitted))
    assert report.n_bytes_after == len(pickle.dumps(compressed))
    assert report.n_weights == sum(kernel.size for kernel in kernels(fitted).values())
    assert report.sparsity_before == share_of_zeros(fitted)
    assert report.sparsity_after == share_of_zeros(compressed) >= 0.9


def held_out(rows, used):
    """The rows that are not among those used."""
    known = {row.tobytes() for row in used}
    return np.array([row for row in rows if row.tobytes() not in known])


def test_errors_are_those_of_rows_that_were_never_trained_on(fitted, phases):
    small = shrink(fitted, X=UNSEEN, validation_fraction=0.2)
    unused = held_out(UNSEEN, np.vstack([phase.trained_on for phase in phases]))
    assert len(unused) == 60
    report = small.compression_report_
    for estimator, error in ((fitted, report.error_before), (small, report.error_after)):
        expected = reconstruction_error(unused, estimator.reconstruct(unused))
        assert error == pytest.approx(expected, rel=1e-6)


def test_the_error_of_a_pipeline_is_in_units_of_its_last_step(pipeline):
    """Equal rows, so that it does not matter which are held out."""
    rows = np.tile(100 * X[:1], (20, 1))
    small = shrink(pipeline, X=rows)
    scaled = pipeline[0].transform(rows)
    expected = reconstruction_error(scaled, small[-1].reconstruct(scaled))
    assert small[-1].compression_report_.error_after == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_the_error_of_a_cross_entropy_is_in_nats(phases):
    fitted = quick(loss="binary_crossentropy", max_iter=2).fit(X)
    small = shrink(fitted)
    unused = held_out(X, np.vstack([phase.trained_on for phase in phases]))
    probabilities = np.clip(small.reconstruct(unused), 1e-12, 1 - 1e-12)
    nats = unused * np.log(probabilities) + (1 - unused) * np.log(1 - probabilities)
    assert small.compression_report_.error_after == pytest.approx(-nats.mean(), rel=1e-4)


def test_without_rows_there_are_no_errors(fitted):
    report = compress(fitted).compression_report_
    assert report.error_before is None
    assert report.error_after is None
    assert "error" not in str(report)


def test_a_printed_report():
    report = CompressionReport(1000, 0.0, 0.9, 12_345_678, 1_234_567, 0.5, 0.75)
    assert str(report).splitlines() == [
        "                     before        after    ratio",
        "bytes            12,345,678    1,234,567    0.100",
        "sparsity              0.000        0.900",
        "held-out error          0.5         0.75    1.500",
    ]


def test_a_printed_report_of_a_perfect_fit():
    assert "nan" in str(CompressionReport(10, 0.0, 0.9, 100, 10, 0.0, 0.1))


# Errors


@pytest.mark.parametrize(
    "estimator",
    [
        PCA(2),
        make_pipeline(Autoencoder(2), PCA(2)),
        GridSearchCV(Autoencoder(2), {"n_components": [2]}),
        make_pipeline(StandardScaler(), "passthrough"),
    ],
    ids=["PCA", "pipeline", "search", "passthrough"],
)
def test_what_is_no_autoencoder_is_refused(estimator):
    with pytest.raises(TypeError, match=r"neither an autoencoder .* its best_estimator_"):
        compress(estimator)


@pytest.mark.parametrize(
    "estimator", [Autoencoder(), make_pipeline(StandardScaler(), Autoencoder())]
)
def test_what_is_not_fitted_is_refused(estimator):
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        compress(estimator)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bits": 3}, "'bits' parameter .* among {8, 4} or None. Got 3"),
        ({"bits": 32}, "'bits' parameter .* Got 32"),
        ({"sparsity": 1.0}, r"'sparsity' parameter .* \[0.0, 1.0\). Got 1.0"),
        ({"sparsity": -0.1}, "'sparsity' parameter .* Got -0.1"),
        ({"max_iter": 0}, "'max_iter' parameter .* Got 0"),
        ({"validation_fraction": 1.0}, "'validation_fraction' parameter .* Got 1.0"),
        ({"random_state": "0"}, "'random_state' parameter"),
        ({"X": X[:, :5]}, "X has 5 features, but Autoencoder is expecting 64"),
        ({"X": np.where(X > 0.9, np.nan, X)}, "Input X contains NaN"),
        ({"X": X[:0]}, "0 sample"),
    ],
    ids=str,
)
def test_bad_parameters_and_rows_are_refused(fitted, parameters, message):
    with pytest.raises(ValueError, match=message):
        compress(fitted, **parameters)


@pytest.mark.parametrize("parameters", [{"max_iter": 3}, {"validation_fraction": 0.5}], ids=str)
def test_training_without_rows_is_refused(fitted, parameters):
    ((name, value),) = parameters.items()
    with pytest.raises(ValueError, match=rf"{name}={value} says how .* Pass rows .* leave {name}"):
        compress(fitted, **parameters)


def test_rows_outside_the_unit_interval_are_refused():
    fitted = quick(loss="binary_crossentropy", max_iter=1).fit(X)
    with pytest.raises(ValueError, match="expects every value of X in"):
        shrink(fitted, X=2 * X)


def test_what_cannot_be_pickled_is_found_out_before_training(fitted, phases):
    local = copy.copy(fitted)
    local.callbacks = [lambda: None]
    with pytest.raises(TypeError, match=r"a pickle, which cannot hold callbacks=\[<function"):
        shrink(local)
    assert not phases
