"""A fit that ends at its start says so, says why, and names what fits the cause."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skae import (
    Autoencoder,
    AutoencoderClassifier,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    LatentSampler,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
    StackedAutoencoder,
    TableAutoencoder,
    VariationalAutoencoder,
    diagnose,
)
from skae.exceptions import PrecisionLossWarning, StartKeptWarning
from skae.model_selection import BatchedGridSearchCV

NOISE = np.random.default_rng(0).standard_normal((100, 24))
HOLES = np.random.default_rng(1).random(NOISE.shape) < 0.05
IRIS = load_iris().data


def kept(estimator, X=NOISE):
    """A fit that ends at its start, and what it says."""
    with pytest.warns(StartKeptWarning) as caught:
        fitted = estimator.set_params(random_state=0).fit(X)
    assert fitted.best_epoch_ == 0
    (message,) = [str(w.message) for w in caught if w.category is StartKeptWarning]
    return fitted, message


@pytest.mark.slow
def test_the_warning_is_a_convergence_warning_of_a_class_of_its_own():
    assert issubclass(StartKeptWarning, ConvergenceWarning)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("ignore", StartKeptWarning)
        Autoencoder(2, random_state=0).fit(NOISE)


OTHERS = [
    LatentSampler,
    AutoencoderClassifier,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
    lambda model: TableAutoencoder(model, random_state=0),
    lambda model: GridSearchCV(model, {"dropout": [0.1]}, cv=2),
    lambda model: BatchedGridSearchCV(model, {"dropout": [0.1]}, cv=2),
]


@pytest.mark.parametrize(
    "around",
    [
        lambda model: model,
        make_pipeline,
        *[pytest.param(other, marks=pytest.mark.slow) for other in OTHERS],
    ],
    ids=lambda around: getattr(around, "__name__", ""),
)
def test_it_points_at_the_line_that_called_fit(around):
    model = around(Autoencoder(2, max_iter=1, learning_rate=0.5, random_state=0))
    rows = NOISE if not isinstance(model, ReconstructionImputer) else np.where(HOLES, np.nan, NOISE)
    with pytest.warns(StartKeptWarning) as caught:
        model.fit(rows, np.arange(len(rows)) % 2)
    assert {each.filename for each in caught} == {__file__}


def test_what_is_kept_is_pca():
    fitted, message = kept(Autoencoder(2))
    pca = PCA(2).fit(NOISE)
    expected = pca.inverse_transform(pca.transform(NOISE))
    np.testing.assert_allclose(fitted.reconstruct(NOISE), expected, atol=1e-4)
    assert "keeps its start at PCA" in message


def test_a_variational_start_is_probabilistic_pca_which_reconstructs_less():
    fitted, message = kept(VariationalAutoencoder(2))
    assert "keeps its start at probabilistic PCA" in message
    told = diagnose(fitted, NOISE)
    assert "this is probabilistic PCA" in told.findings[0].message
    assert "by PCA of the rows of fit" in " ".join(str(told).split())


def test_epoch_zero_is_the_loss_of_pca():
    fitted, _ = kept(Autoencoder(2, early_stopping=False, learning_rate=0.05, max_iter=20))
    left = 1 - PCA(2).fit(NOISE).explained_variance_ratio_.sum()
    assert fitted.history_["loss"][0] == pytest.approx(left, rel=1e-4)
    np.testing.assert_array_equal(fitted.history_["epoch"], np.arange(fitted.n_iter_ + 1))
    assert fitted.loss_curve_ == fitted.history_["loss"].tolist()


@pytest.mark.parametrize("estimator", [Autoencoder(2), VariationalAutoencoder(2)])
def test_epoch_zero_of_a_linear_network_is_all_there_is(estimator):
    fitted = estimator.set_params(hidden_layer_sizes=()).fit(IRIS)
    assert {len(column) for column in fitted.history_.values()} == {1}
    terms = [fitted.history_[name] for name in fitted.history_ if name not in ("epoch", "loss")]
    np.testing.assert_allclose(np.sum(terms, axis=0), fitted.history_["loss"])
    assert fitted.loss_curve_ == [pytest.approx(fitted.best_loss_)]


def test_later_passes_add_epochs_and_no_start():
    fitted = Autoencoder(2, random_state=0)
    for n_passes in (1, 2, 3):
        fitted.partial_fit(IRIS)
        np.testing.assert_array_equal(fitted.history_["epoch"], np.arange(n_passes + 1))


# Causes


@pytest.mark.parametrize("max_iter", [1, 2, 5])
def test_few_epochs_are_no_reason_to_lower_the_rate(max_iter):
    _, message = kept(Autoencoder(2, max_iter=max_iter))
    assert "cut short" in message
    assert "Try max_iter=500" in message
    assert "learning_rate" not in message


def test_little_patience_is_named():
    _, message = kept(Autoencoder(2, n_iter_no_change=1))
    assert 'Try n_iter_no_change="auto"' in message
    assert "learning_rate" not in message


def test_steps_that_are_too_large_are_named():
    _, message = kept(Autoencoder(2, optimizer="lion", learning_rate=3.0, max_iter=60), IRIS)
    assert "steps were too large" in message
    assert "Try learning_rate=0.002" in message


@pytest.mark.slow
def test_a_gain_on_training_rows_alone_is_named():
    fitted, message = kept(Autoencoder(2, early_stopping=True))
    losses = fitted.history_["loss"]
    assert f"fell from {losses[0]:.3g} to {losses.min():.3g}" in message
    assert "rows held out" in message
    assert "validation_fraction=0.2" in message


@pytest.mark.slow
def test_a_network_that_never_reaches_pca_is_named():
    small = {"sample_shape": (4, 6, 1), "learning_rate": 1e-5}
    _, message = kept(ConvolutionalAutoencoder(4, **small))
    assert "begins away from PCA" in message
    assert "larger hidden_layer_sizes" in message


@pytest.mark.slow
def test_a_random_start_is_not_called_pca():
    fitted, message = kept(Autoencoder(2, init="random", optimizer="lion", learning_rate=3.0), IRIS)
    assert "random weights" in message
    assert diagnose(fitted, IRIS).findings[0].name != "this is PCA"
    assert "start kept" in diagnose(fitted, IRIS).names


def test_a_fit_that_goes_on_is_told_apart():
    estimator = Autoencoder(2, warm_start=True, max_iter=3, random_state=0).fit(NOISE)
    with pytest.warns(StartKeptWarning, match="keeps the weights of the fit before"):
        estimator.fit(NOISE)


def test_only_the_last_phase_counts():
    fitted, message = kept_last(StackedAutoencoder(2, hidden_layer_sizes=(8,), max_iter=2))
    assert "cut short after 2 epochs" in message
    assert fitted.best_epoch_ == fitted.n_pretrain_iter_[0]


def kept_last(estimator):
    with pytest.warns(StartKeptWarning) as caught:
        fitted = estimator.set_params(random_state=0).fit(NOISE)
    return fitted, str(caught[0].message)


@pytest.mark.parametrize("max_iter", [2, 30, 500])
def test_rows_that_pca_reconstructs_leave_nothing_to_learn(max_iter):
    _, message = kept(Autoencoder(4, max_iter=max_iter), IRIS)
    assert "nothing is left to learn" in message
    assert "Try fewer n_components" in message


def test_equal_rows_leave_nothing_to_learn():
    _, message = kept(Autoencoder(2, max_iter=5), np.ones((50, 4)))
    assert "nothing is left to learn" in message


def test_a_loss_that_explodes_is_no_matter_of_epochs():
    _, message = kept(Autoencoder(2, max_iter=3, learning_rate=0.5), IRIS)
    assert "steps were too large" in message
    assert "max_iter" not in message


def test_steps_that_are_too_small_are_named():
    _, message = kept(Autoencoder(2, max_iter=60, learning_rate=1e-9, n_iter_no_change=12))
    assert "too small" in message
    assert "Try learning_rate=0.002" in message


# Diagnosis


def test_diagnose_says_the_same():
    fitted, message = kept(Autoencoder(2))
    (finding,) = [each for each in diagnose(fitted, NOISE) if each.name == "this is PCA"]
    assert "this is PCA" in finding.message
    assert finding.parameter == "dropout=0.2"
    reason = message.partition("better: ")[2].partition(" Try")[0]
    assert reason in finding.message


@pytest.mark.parametrize("seed", range(3))
def test_pca_does_not_look_better_than_itself(seed):
    rng = np.random.default_rng(seed)
    train, test = rng.standard_normal((2, 60, 12)) * np.linspace(0.2, 3, 12)
    with pytest.warns(StartKeptWarning):
        fitted = Autoencoder(3, max_iter=1, random_state=0).fit(train)
    pca = PCA(3).fit(train)
    left = test - pca.inverse_transform(pca.transform(test))
    share = 1 - (left**2).sum() / ((test - test.mean(axis=0)) ** 2).sum()
    summary = diagnose(fitted, test).summary
    assert (
        f"{share:.1%} of the variance is reconstructed, by PCA of the rows of fit {share:.1%}"
        in (summary)
    )


def test_components_are_those_of_pca():
    fitted = Autoencoder(2, max_iter=3, random_state=0).fit(IRIS)
    pca = PCA(2).fit(IRIS)
    np.testing.assert_allclose(np.abs(fitted.pca_components_), np.abs(pca.components_), atol=1e-5)
    np.testing.assert_allclose(fitted.pca_mean_, pca.mean_)


def test_components_are_not_told_where_they_would_be_of_other_rows():
    fitted = Autoencoder(2, max_iter=2, random_state=0).fit(IRIS)
    with pytest.raises(AttributeError, match="only a fit that began anew"):
        fitted.partial_fit(IRIS).pca_components_  # noqa: B018
    assert not hasattr(Autoencoder(2, init="random", max_iter=2).fit(IRIS), "pca_components_")


def test_swapped_values_are_judged_alike_in_sorted_tables():
    rows = np.repeat([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]], 200, axis=0)
    rows += 0.01 * np.random.default_rng(0).standard_normal(rows.shape)
    mixed = np.random.default_rng(1).permutation(rows)
    starts = [
        DenoisingAutoencoder(2, noise="swap", max_iter=1, random_state=0).fit(X).history_
        for X in (rows, mixed)
    ]
    for name in ("loss", "val_loss"):
        in_order, in_any = (history[name][0] for history in starts)
        assert in_order == pytest.approx(in_any, rel=0.5)


def test_a_detector_tells_once_of_its_reducers():
    rows = np.random.default_rng(0).standard_normal((80, 12))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        ReconstructionOutlierDetector(Autoencoder(2, max_iter=1), random_state=0).fit(rows)
    (told,) = [each for each in caught if issubclass(each.category, StartKeptWarning)]
    assert "5 of the reducers fitted kept their start" in str(told.message)
    assert "reducer=PCA(...) does the same" in str(told.message)
    assert "Autoencoder keeps its start at PCA, as no epoch was better" in str(told.message)
    assert told.filename == __file__


@pytest.mark.slow
def test_tables_start_at_factor_analysis_of_mixed_data():
    frame = pd.DataFrame(np.random.default_rng(0).standard_normal((60, 4))).add_prefix("c")
    frame["kind"] = ["a", "b", "c"] * 20
    quick = Autoencoder(2, max_iter=1, learning_rate=0.5)
    with pytest.warns(StartKeptWarning, match="keeps its start at factor analysis of mixed data"):
        table = TableAutoencoder(quick, random_state=0).fit(frame)
    (finding,) = [each for each in diagnose(table, frame) if each.name == "start kept"]
    assert "so this is factor analysis of mixed data" in finding.message
    with pytest.warns(StartKeptWarning, match="reducers fitted kept their start") as caught:
        ReconstructionOutlierDetector(quick, random_state=0).fit(frame)
    assert "PCA" not in str(caught[0].message)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_an_enormous_value_that_hides_all_other_rows_is_named(container):
    rows = np.random.default_rng(0).standard_normal((60, 6))
    rows[7, 4] = -1e9
    estimator = Autoencoder(3, hidden_layer_sizes=(4,), max_iter=2)
    with (
        pytest.warns(
            PrecisionLossWarning, match=r"-1e\+09 in row 7 of column 4.* only 1 of 3 comp"
        ),
        warnings.catch_warnings(action="ignore", category=StartKeptWarning),
    ):
        estimator.fit(container(rows))


def test_fewer_directions_than_components_are_no_loss_of_precision():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((60, 2)) @ rng.standard_normal((2, 6))
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrecisionLossWarning)
        Autoencoder(4, hidden_layer_sizes=(4,), max_iter=2).fit(rows)


@pytest.mark.parametrize("n_rows", [10, 50, 400])
@pytest.mark.parametrize("value", [0.0, 3.0])
def test_rows_of_one_kind_are_reconstructed(n_rows, value):
    rows = np.full((n_rows, 3), value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StartKeptWarning)
        fitted = Autoencoder(2, max_iter=100, random_state=0).fit(rows)
    np.testing.assert_allclose(fitted.reconstruct(rows), rows, atol=1e-6)
