import keras
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_diabetes, load_digits, load_iris, load_wine, make_swiss_roll
from sklearn.decomposition import PCA, KernelPCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    AdversarialAutoencoder,
    Autoencoder,
    DenoisingAutoencoder,
    Diagnosis,
    RecurrentAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
    diagnose,
)
from skae.diagnosis import Finding
from skae.diagnosis._code_findings import _revival
from skae.inspection import LossCurveDisplay
from skae.objectives import Objective

DIGITS = load_digits().data / 16
TRAIN, TEST = DIGITS[:500], DIGITS[900:1300]
WORSE = "worse than PCA"
SHORT = {"max_iter": 40, "jit_compile": False, "random_state": 0}


def halves(load):
    """Standardised training and test rows."""
    train, test = train_test_split(load().data, test_size=0.25, random_state=0)
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


def table(rank, *, noise=0.0, n_rows=300, n_features=20):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(n_rows, rank)) @ rng.normal(size=(rank, n_features))
    return rows + rng.normal(0, noise, rows.shape)


def swiss_roll():
    return StandardScaler().fit_transform(make_swiss_roll(300, random_state=0)[0])


def finding_of(diagnosis, name):
    assert name in diagnosis.names, diagnosis.names
    return diagnosis.findings[diagnosis.names.index(name)]


def reconstruct(estimator, X):
    return estimator.inverse_transform(estimator.transform(X))


def share_left(estimator, X):
    return mean_squared_error(X, reconstruct(estimator, X)) / X.var(axis=0).mean()


# Planted faults


def test_overfitting_is_found():
    memorising = {"early_stopping": False, "tol": 0.0, "max_iter": 120, "random_state": 0}
    autoencoder = Autoencoder(8, hidden_layer_sizes=(64,), **memorising).fit(TRAIN[:120])
    diagnosis = diagnose(autoencoder, TEST)
    finding = finding_of(diagnosis, "overfitting")
    ratio = share_left(autoencoder, TEST) / share_left(autoencoder, TRAIN[:120])
    assert finding.value == pytest.approx(ratio, rel=0.15)
    assert finding.parameter == "early_stopping=True"
    for parameter in ("early_stopping=True", "dropout", "weight_decay", "hidden_layer_sizes"):
        assert parameter in finding.message
    assert "not converged" not in diagnosis.names
    assert "not converged" not in diagnose(autoencoder, TRAIN[:120]).names


def test_advice_goes_on_from_what_the_parameters_are():
    memorising = {"tol": 0.0, "n_iter_no_change": 120, "max_iter": 120, "random_state": 0}
    autoencoder = Autoencoder(8, early_stopping=False, **memorising).fit(TRAIN[:120])
    autoencoder.set_params(early_stopping=True, dropout=0.3)  # as if it had been fitted so
    finding = finding_of(diagnose(autoencoder, TEST), "overfitting")
    assert finding.parameter == "an optimizer with weight_decay"
    assert "dropout" not in finding.message


def test_training_cut_short_is_found():
    autoencoder = Autoencoder(8, init="random", max_iter=6, random_state=0).fit(TRAIN)
    finding = finding_of(diagnose(autoencoder, TEST), "not converged")
    before, last = autoencoder.loss_curve_[-2:]
    assert finding.value == pytest.approx(before / last - 1)
    assert finding.parameter == "max_iter=24"
    for parameter in ("max_iter=24", "learning_rate", "hidden_layer_sizes"):
        assert parameter in finding.message


@pytest.mark.slow
def test_folds_that_wanted_more_epochs_are_found():
    rows = make_swiss_roll(320, noise=0.1, random_state=0)[0]
    autoencoder = Autoencoder(2, hidden_layer_sizes=(32,), max_iter=100, random_state=0).fit(rows)
    finding = finding_of(diagnose(autoencoder, rows), "not converged")
    losses = autoencoder.cross_fit_losses_
    assert finding.value == pytest.approx(1 - losses[100] / losses[30])
    assert finding.parameter == "max_iter=400"


def test_a_fit_worse_than_pca_is_found():
    deep = {"hidden_layer_sizes": (32, 16), "activation": "sigmoid", "max_iter": 8}
    autoencoder = Autoencoder(8, init="random", **deep, random_state=0).fit(TRAIN)
    finding = finding_of(diagnose(autoencoder, TEST), "worse than PCA")
    left = share_left(autoencoder, TEST)
    # PCA of other digits does worse than the yardstick, PCA of these very rows better.
    least, most = (left / share_left(PCA(8).fit(rows), TEST) for rows in (TRAIN, TEST))
    assert 2 < least < finding.value < most < 4
    assert finding.parameter == 'init="pca"'
    for parameter in ('init="pca"', "learning_rate=0.0005"):
        assert parameter in finding.message


def small_outputs(network, batch, scalars, random):
    outputs = network.decode(network.encode(batch["rows"]))
    error = network.error(batch["targets"], outputs)
    return {"reconstruction": error, "size": keras.ops.mean(outputs**2, axis=1)}


def test_an_objective_that_gives_up_the_reconstruction_is_named():
    objective = Objective(small_outputs, ("reconstruction", "size"), (("size", "strength"),))
    own = {"objective": objective, "objective_params": {"strength": 10.0}}
    autoencoder = Autoencoder(4, **own, **SHORT, early_stopping=False).fit(TRAIN)
    finding = finding_of(diagnose(autoencoder, TRAIN), "worse than PCA")
    assert "An objective of your own was minimised" in finding.message
    assert finding.parameter == "objective=None"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (VariationalAutoencoder(2), "beta=0.1"),
        (VariationalAutoencoder(2, beta=20.0), "beta=1"),
        (DenoisingAutoencoder(2, noise_level=5.0), "noise_level=0.5"),
        (SparseAutoencoder(2, sparsity_weight=10.0), "sparsity_weight=1"),
    ],
)
def test_a_penalty_that_costs_more_than_pca_is_named_first(estimator, expected):
    train, test = train_test_split(swiss_roll(), random_state=0)
    finding = finding_of(diagnose(estimator.set_params(**SHORT).fit(train), test), WORSE)
    assert finding.parameter == expected
    assert "early_stopping" not in finding.message  # it is on


@pytest.mark.parametrize("sparsity", ["topk", "batch_topk"])
def test_a_weight_of_a_penalty_that_has_none_is_not_advised(sparsity):
    parameters = SparseAutoencoder(8, sparsity=sparsity).get_params()
    assert _revival(parameters, 8, 3) == "n_components=5"


def test_following_the_advice_mends_a_variational_code_worse_than_pca():
    train, test = train_test_split(swiss_roll(), random_state=0)
    autoencoder = VariationalAutoencoder(2, beta=0.1, **SHORT).fit(train)
    assert WORSE not in diagnose(autoencoder, test).names


@pytest.mark.slow
def test_dead_units_are_found():
    sparse = SparseAutoencoder(32, sparsity_weight=30.0, max_iter=40, random_state=0).fit(TRAIN)
    finding = finding_of(diagnose(sparse, TEST), "dead units")
    assert finding.value == np.count_nonzero(np.ptp(sparse.transform(TEST), axis=0) == 0)
    assert finding.parameter == "sparsity_weight=3"
    assert f"{finding.value:.0f} of 32 units" in finding.message
    assert "sparsity_weight=3 " in finding.message


def test_duplicate_units_are_found():
    X = table(1)
    wide = Autoencoder(3, init="random", hidden_layer_sizes=(), max_iter=10, random_state=0).fit(X)
    finding = finding_of(diagnose(wide, X), "duplicate units")
    correlations = np.abs(np.corrcoef(wide.transform(X), rowvar=False)[np.triu_indices(3, 1)])
    assert finding.value == pytest.approx(correlations.max())
    assert finding.parameter == "n_components=1"
    assert "n_components=1" in finding.message


@pytest.mark.slow
def test_posterior_collapse_is_found():
    vae = VariationalAutoencoder(6, beta=20.0, max_iter=30, random_state=0).fit(TRAIN)
    finding = finding_of(diagnose(vae, TEST), "posterior collapse")
    mean, std = vae.transform(TEST, return_std=True)
    divergences = 0.5 * np.mean(mean**2 + std**2 - 1 - np.log(std**2), axis=0)
    assert finding.value == np.count_nonzero(divergences < 0.1)
    assert f"{divergences.max():.2g}" in finding.message
    assert finding.parameter == "beta=2"
    assert "beta=2" in finding.message
    assert "kl_warmup=15" in finding.message  # of 30 epochs


@pytest.mark.slow
def test_units_beyond_the_rank_of_the_rows_are_no_collapse():
    X = StandardScaler().fit_transform(table(4, n_rows=500))
    variational = VariationalAutoencoder(10, max_iter=150, random_state=0).fit(X[:400])
    assert "posterior collapse" not in diagnose(variational, X[400:]).names


def test_units_that_the_rows_do_not_need_are_no_collapse():
    X = table(2, noise=0.5, n_rows=4000)
    vae = VariationalAutoencoder(6, hidden_layer_sizes=()).fit(X)
    assert np.count_nonzero(vae.kl_per_unit_ < 0.1) == 4
    assert not diagnose(vae, X)


@pytest.mark.slow
def test_a_variational_code_far_from_its_prior_is_found():
    vae = VariationalAutoencoder(4, beta=0.0, init="random", max_iter=25, random_state=0).fit(TRAIN)
    finding = finding_of(diagnose(vae, TEST), "code far from its prior")
    mean, std = vae.transform(TEST, return_std=True)
    draws = mean + std * np.random.default_rng(0).standard_normal((100, *mean.shape))
    deviations = draws.std(axis=(0, 1))
    assert np.abs(deviations - finding.value).min() < 0.02 * finding.value
    assert finding.parameter == "beta=1"
    assert "beta=1" in finding.message


@pytest.mark.slow
def test_an_adversarial_code_far_from_its_prior_is_found():
    untrained = {"init": "random", "adversarial_weight": 0.0, "max_iter": 1, "batch_size": 256}
    untrained["learning_rate"] = 0.002
    adversarial = AdversarialAutoencoder(4, **untrained, random_state=0).fit(TRAIN)
    finding = finding_of(diagnose(adversarial, TEST), "code far from its prior")
    assert np.isclose(adversarial.transform(TEST).std(axis=0), finding.value).any()
    assert "adversarial_weight=1" in finding.message


@pytest.mark.slow
def test_features_that_are_not_reconstructed_are_named():
    noise = np.random.default_rng(0).normal(0, 0.2, (len(DIGITS), 2))
    frame = pd.DataFrame(DIGITS).add_prefix("p").assign(hiss=noise[:, 0], hum=noise[:, 1])
    autoencoder = Autoencoder(12, max_iter=10, random_state=0).fit(frame[:500])
    finding = finding_of(diagnose(autoencoder, frame[900:]), "features not reconstructed")
    rows = frame[900:]
    r2 = r2_score(rows, reconstruct(autoencoder, rows), multioutput="raw_values")
    assert finding.value == pytest.approx(r2[-2:].min())
    assert "hiss" in finding.message
    assert "hum" in finding.message
    assert finding.parameter == "n_components=14"
    assert "n_components=14" in finding.message


def test_columns_in_different_units_are_found():
    X = load_wine(as_frame=False).data
    autoencoder = Autoencoder(2, hidden_layer_sizes=()).fit(X)
    finding = finding_of(diagnose(autoencoder, X), "columns in different units")
    variances = X.var(axis=0)
    assert finding.value == pytest.approx(variances.max() / variances.sum())
    assert f"x{np.argmax(variances)} holds" in finding.message
    assert "StandardScaler" in finding.message
    assert "StandardScaler" in finding.parameter


@pytest.mark.parametrize("scale", [False, True])
def test_a_single_absurd_value_is_found_where_it_was_given(scale):
    frame = pd.DataFrame(table(2, noise=0.3, n_features=4), columns=list("abcd"))
    frame.loc[7, "c"] = -9999
    middle = frame["c"].median()
    ratio = (middle + 9999) / (frame["c"].drop(7) - middle).abs().max()
    pca = make_pipeline(StandardScaler(), PCA(2)) if scale else PCA(2)
    diagnosis = diagnose(pca.fit(frame), frame)
    finding = finding_of(diagnosis, "absurd value")
    assert f"c holds -9999 in row 7, {ratio:.3g} times as far" in finding.message
    assert finding.value == -9999
    # What is heavy is that value and no unit.
    assert "columns in different units" not in diagnosis.names


def test_every_absurd_column_is_named_and_repeated_values_are_counted():
    X = table(2, noise=0.3, n_features=4)
    X[3, 1], X[[5, 8, 9], 2] = 1e6, -999
    finding = finding_of(diagnose(PCA(2).fit(X), X), "absurd value")
    assert "x1 holds 1e+06 in row 3, " in finding.message
    assert "Likewise x2 (-999)." in finding.message


@pytest.mark.parametrize(
    "column",
    [
        np.eye(300)[0],  # a rare category
        np.random.default_rng(0).standard_cauchy(300),  # heavy tails
        np.r_[np.full(150, -9999.0), np.zeros(150)],  # half of the rows
    ],
)
def test_rare_categories_and_heavy_tails_are_not_absurd(column):
    X = np.column_stack([table(2, noise=0.3, n_features=3), column])
    assert "absurd value" not in diagnose(PCA(2).fit(X), X).names


@pytest.fixture(scope="module")
def fit_of_30_rows():
    return Autoencoder(8, random_state=0).fit(TRAIN[:30])


@pytest.mark.slow
def test_too_few_rows_are_found_on_held_out_rows(fit_of_30_rows):
    # Early stopping went back to the start, which is PCA.
    assert fit_of_30_rows.best_epoch_ == 0
    finding = finding_of(diagnose(fit_of_30_rows, TEST), "too few rows")
    pca = PCA(8).fit(TRAIN[:30])
    gap = share_left(pca, TEST) - share_left(pca, TRAIN[:30])
    assert finding.value == pytest.approx(gap, abs=0.02)
    assert finding.parameter == "n_components=4"
    assert "n_components=4" in finding.message


def test_too_few_rows_are_found_on_training_rows(fit_of_30_rows):
    finding = finding_of(diagnose(fit_of_30_rows, TRAIN[:30]), "too few rows")
    others = PCA(8).fit(TRAIN[:24])
    gap = share_left(others, TRAIN[24:30]) - share_left(others, TRAIN[:24])
    assert 0.2 < finding.value < 0.5
    assert 0.2 < gap < 0.5
    assert "30 rows are few for 8 components of 64 features" in finding.message


@pytest.mark.slow
def test_heavy_tails_are_not_taken_for_too_few_rows():
    # PCA of other rows explains little of such counts, a network most.
    rng = np.random.default_rng(0)
    rates = np.exp(rng.normal(size=(1000, 3)) @ rng.normal(size=(3, 30)) * 0.7)
    train, test = train_test_split(rng.poisson(rates).astype(float), random_state=0)
    scaler = StandardScaler().fit(train)
    autoencoder = Autoencoder(3, random_state=0).fit(scaler.transform(train))
    assert "too few rows" not in diagnose(autoencoder, scaler.transform(test)).names


def test_one_component_is_not_advised_where_it_is_one():
    autoencoder = Autoencoder(1, max_iter=5, random_state=0).fit(TRAIN[:20, 20:40])
    finding = finding_of(diagnose(autoencoder, TRAIN[:20, 20:40]), "too few rows")
    assert finding.parameter == "more rows"


# Healthy fits


HEALTHY = [
    (Autoencoder(2, random_state=0), load_wine),
    (Autoencoder(8, random_state=0), load_diabetes),
    (VariationalAutoencoder(5, random_state=0), load_wine),
    (DenoisingAutoencoder(2, random_state=0), load_iris),
]


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "load"), HEALTHY)
def test_default_fits_are_quiet(estimator, load):
    train, test = halves(load)
    estimator.fit(train)
    # That a small table taught nothing beyond PCA is no alarm, but is said.
    told = ["this is PCA"] if estimator.best_epoch_ == 0 else []
    assert diagnose(estimator, test).names == told
    assert diagnose(estimator, train).names == told


@pytest.mark.parametrize("load", [load_wine, load_diabetes, load_iris])
def test_pca_is_quiet_on_standardised_tables(load):
    train, test = halves(load)
    pca = PCA(2).fit(train)
    assert len(diagnose(pca, test)) == len(diagnose(pca, train)) == 0


# Other reducers, containers and rows


def test_dead_units_of_pca_are_those_beyond_the_rank():
    X = table(3)
    finding = finding_of(diagnose(PCA(5).fit(X), X), "dead units")
    assert (finding.value, finding.parameter) == (2, "n_components=3")


def test_pca_of_too_few_rows_is_found():
    finding = finding_of(diagnose(PCA(8).fit(TRAIN[:30]), TEST), "too few rows")
    pca = PCA(8).fit(TRAIN[:30])
    gap = share_left(pca, TEST) - (1 - pca.explained_variance_ratio_.sum())
    assert finding.value == pytest.approx(gap)


def test_a_pipeline_is_diagnosed_by_its_last_step():
    X = load_wine().data
    pca = PCA(2)
    assert diagnose(pca.fit(X), X).names == ["columns in different units"]
    assert not diagnose(make_pipeline(StandardScaler(), pca).fit(X), X)


def test_a_search_is_diagnosed_by_what_it_found():
    short = Autoencoder(8, max_iter=2, random_state=0)
    search = GridSearchCV(short, {"n_components": [8]}, cv=2).fit(TRAIN[:30])
    expected = diagnose(search.best_estimator_, TEST).names
    assert "too few rows" in expected
    for each in (search, Pipeline([("nothing", "passthrough"), ("search", search)])):
        assert diagnose(each, TEST).names == expected


def test_steps_that_do_nothing_are_passed_over(fit_of_30_rows):
    pipeline = Pipeline([("reduce", fit_of_30_rows), ("nothing", "passthrough")])
    assert diagnose(pipeline, TEST).names == diagnose(fit_of_30_rows, TEST).names
    LossCurveDisplay.from_estimator(pipeline)


@pytest.mark.slow
def test_a_pipeline_must_end_where_it_reduces(fit_of_30_rows):
    pipeline = make_pipeline(fit_of_30_rows, StandardScaler()).fit(TRAIN[:30])
    with pytest.raises(ValueError, match=r"StandardScaler after Autoencoder; .* pipeline\[:1\]"):
        diagnose(pipeline, TEST)


def test_feature_names_come_from_the_step_before():
    X = load_wine(as_frame=True).data
    pipeline = make_pipeline(StandardScaler(with_std=False), PCA(2)).fit(X)
    assert "proline holds" in diagnose(pipeline, X).findings[0].message


@pytest.mark.parametrize("convert", [csr_array, lambda X: X.astype("float32")])
def test_containers_and_dtypes_do_not_matter(convert, fit_of_30_rows):
    expected = [finding.value for finding in diagnose(fit_of_30_rows, TEST)]
    values = [finding.value for finding in diagnose(fit_of_30_rows, convert(TEST))]
    assert values == pytest.approx(expected, rel=1e-4)


def test_frames_as_output_do_not_matter(fit_of_30_rows):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(TRAIN).add_prefix("p")
    pca = PCA(8).set_output(transform="pandas").fit(frame[:30])
    assert diagnose(pca, frame).names == diagnose(PCA(8).fit(TRAIN[:30]), TRAIN).names


@pytest.mark.slow
@pytest.mark.parametrize("mask_value", [-9.0, np.nan])
def test_padding_is_not_taken_for_error(mask_value):
    X = np.random.default_rng(0).normal(size=(80, 6, 2)).cumsum(axis=1)
    X[::4, 4:] = mask_value
    recurrent = RecurrentAutoencoder(
        6, sample_shape=(6, 2), mask_value=mask_value, max_iter=2, random_state=0
    )
    names = set(diagnose(recurrent.fit(X), X).names)
    assert names <= {"not converged", "this is PCA"}


def test_a_linear_autoencoder_without_an_epoch_is_quiet():
    train, test = halves(load_wine)
    linear = Autoencoder(3, hidden_layer_sizes=()).fit(train)
    assert linear.n_iter_ == 0
    assert not diagnose(linear, test)


def test_a_code_wider_than_the_rows_is_not_compared_with_pca():
    wide = Autoencoder(12, init="random", max_iter=2, random_state=0).fit(table(4, n_features=10))
    diagnosis = diagnose(wide, table(4, n_features=10))
    assert "worse than PCA" not in diagnosis.names
    assert "PCA" not in diagnosis.summary


# The result


FINDINGS = [
    Finding("overfitting", "Long message " * 12, 5.0, "dropout=0.2"),
    Finding("dead units", "2 of 8 units do not vary.", 2.0, "n_components=6"),
]


def test_the_report_holds_all_findings_in_lines_of_moderate_length():
    report = str(Diagnosis(FINDINGS, "PCA on 100 rows."))
    assert report.startswith("PCA on 100 rows.\n2 findings:\n\noverfitting\n    Long message")
    assert report.endswith("\n\ndead units\n    2 of 8 units do not vary.")
    assert max(map(len, report.splitlines())) <= 88


def test_the_report_says_that_nothing_was_found():
    assert str(Diagnosis([], "PCA on 100 rows.")) == "PCA on 100 rows.\nNo findings."


def test_a_diagnosis_behaves_like_a_list_of_findings():
    diagnosis = Diagnosis(FINDINGS, "")
    assert list(diagnosis) == diagnosis.findings == FINDINGS
    assert len(diagnosis) == 2
    assert bool(diagnosis)
    assert not Diagnosis([], "")
    assert repr(diagnosis) == "Diagnosis(['overfitting', 'dead units'])"


# Errors


@pytest.mark.parametrize("estimator", [Autoencoder(), make_pipeline(StandardScaler(), PCA())])
def test_an_estimator_must_be_fitted(estimator):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        diagnose(estimator, TEST)


def test_an_estimator_must_reconstruct():
    with pytest.raises(TypeError, match=r"LinearRegression has no transform, .* use an estimator"):
        diagnose(make_pipeline(PCA(2), LinearRegression()), TEST)


def test_kernel_pca_must_have_learned_to_reconstruct():
    with pytest.raises(NotFittedError, match="fit_inverse_transform"):
        diagnose(KernelPCA(2).fit(TEST), TEST)


def test_rows_must_have_the_columns_of_fit(fit_of_30_rows):
    message = "X has 63 features, but Autoencoder was fitted on 64; pass rows with the same columns"
    with pytest.raises(ValueError, match=message):
        diagnose(fit_of_30_rows, TEST[:, 1:])


def test_rows_must_be_ten_or_more(fit_of_30_rows):
    with pytest.raises(ValueError, match=r"X has 9 rows, but .* pass 10 or more"):
        diagnose(fit_of_30_rows, TEST[:9])


def test_rows_must_differ(fit_of_30_rows):
    with pytest.raises(ValueError, match=r"All rows of X are equal.* pass rows that differ"):
        diagnose(fit_of_30_rows, TEST[np.zeros(20, int)])


def test_missing_values_are_refused_by_the_reducer(fit_of_30_rows):
    X = TEST.copy()
    X[3, 5] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        diagnose(fit_of_30_rows, X)
