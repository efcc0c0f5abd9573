"""Likelihoods of variational autoencoders against densities of scipy."""

import functools
import pickle

import keras
import numpy as np
import pytest
from scipy import sparse, stats
from scipy.special import gammaln

from skae import TableAutoencoder, VariationalAutoencoder
from skae.objectives._likelihoods import log_gamma

RNG = np.random.default_rng(0)
LATENT = RNG.normal(size=(300, 2))
RATES = np.exp(2.0 + 0.7 * LATENT @ RNG.normal(size=(2, 6)))
POISSON = RNG.poisson(RATES).astype(float)
SPREAD = RNG.poisson(RATES * RNG.gamma(2.0, 0.5, RATES.shape)).astype(float)
INFLATED = np.where(RNG.uniform(size=SPREAD.shape) < 0.4, 0.0, SPREAD)
HEAVY = LATENT @ RNG.normal(size=(2, 6)) + 0.2 * RNG.standard_t(2.0, size=RATES.shape)
ROWS = {
    "poisson": POISSON,
    "negative_binomial": SPREAD,
    "zero_inflated_negative_binomial": INFLATED,
    "student_t": HEAVY,
}
COUNTS = [name for name in ROWS if name != "student_t"]


def of(likelihood, n_components=2, **parameters):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 20, "random_state": 0}
    settings |= {"early_stopping": False, "learning_rate": 0.005, "jit_compile": False}
    return VariationalAutoencoder(n_components, likelihood=likelihood, **(settings | parameters))


@functools.cache
def fitted_to_its_rows(likelihood):
    """Not to be changed."""
    return of(likelihood).fit(ROWS[likelihood])


@pytest.fixture(params=ROWS)
def fitted(request):
    return fitted_to_its_rows(request.param)


def log_density(estimator, rows, outputs):
    """By scipy, of values given the decoder's output in input units."""
    learnt = estimator.likelihood_parameters_
    if estimator.likelihood == "student_t":
        return stats.t.logpdf(rows, learnt["degrees_of_freedom"], outputs, learnt["scale"])
    if estimator.likelihood == "poisson":
        return stats.poisson.logpmf(rows, outputs)
    inverse = learnt["inverse_dispersion"]
    logs = stats.nbinom.logpmf(rows, inverse, inverse / (inverse + outputs))
    share = learnt.get("zero_inflation", np.zeros(6))
    with np.errstate(divide="ignore"):
        return np.logaddexp(np.log1p(-share) + logs, np.where(rows == 0, np.log(share), -np.inf))


@pytest.mark.slow
def test_a_score_is_the_mean_over_draws_of_densities_of_scipy(fitted):
    rows, rng = ROWS[fitted.likelihood][:6], np.random.default_rng(0)
    for row, mean, deviation in zip(rows, *fitted.transform(rows, return_std=True), strict=True):
        codes = mean + deviation * rng.normal(size=(20_000, 2))
        values = log_density(fitted, row, fitted.inverse_transform(codes)).sum(axis=1)
        values += stats.norm.logpdf(codes).sum(axis=1)
        values -= stats.norm.logpdf(codes, mean, deviation).sum(axis=1)
        error = values.std() / np.sqrt(20_000)
        assert abs(fitted.score_samples(row[None])[0] - values.mean()) < 4 * error + 0.02


def test_rows_are_more_likely_than_by_one_distribution_a_feature(fitted):
    rows = ROWS[fitted.likelihood]
    alone = {
        "poisson": lambda x: stats.poisson.logpmf(x, x.mean()),
        "student_t": lambda x: stats.t.logpdf(x, *stats.t.fit(x)),
    }.get(fitted.likelihood, lambda x: stats.poisson.logpmf(x, x.mean()))
    assert fitted.score(rows) > np.sum([alone(x).mean() for x in rows.T]) + 0.5


def test_training_makes_rows_more_likely(fitted):
    assert fitted.best_epoch_ > 0
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]


def test_keras_models_give_the_same(fitted):
    rows = ROWS[fitted.likelihood]
    code = fitted.transform(rows)
    np.testing.assert_allclose(fitted.encoder_(rows), code, atol=1e-4)
    np.testing.assert_allclose(fitted.decoder_(code), fitted.inverse_transform(code), rtol=1e-3)


def test_saved_keras_models_give_the_same(fitted, tmp_path):
    fitted.encoder_.save(tmp_path / "encoder.keras")
    rows = ROWS[fitted.likelihood]
    saved = keras.models.load_model(tmp_path / "encoder.keras")
    np.testing.assert_allclose(saved(rows), fitted.transform(rows), atol=1e-4)


def test_a_pickle_scores_the_same(fitted):
    rows = ROWS[fitted.likelihood]
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.score_samples(rows), fitted.score_samples(rows))


def test_samples_around_the_output_have_the_moments_of_rows(fitted):
    rows = ROWS[fitted.likelihood]
    drawn = fitted.sample(4000, random_state=0, around=True)
    spread = stats.iqr(drawn, axis=0) / stats.iqr(rows, axis=0)
    assert np.all((spread > 0.6) & (spread < 1.7))
    if fitted.likelihood in COUNTS:
        np.testing.assert_array_equal(drawn, np.rint(drawn))
        assert drawn.min() >= 0


@pytest.mark.slow
def test_the_dispersion_that_rows_have_is_learnt():
    spread = of("negative_binomial", max_iter=60, learning_rate=0.02).fit(SPREAD)
    inverse = spread.likelihood_parameters_["inverse_dispersion"]
    assert np.all((inverse > 1.0) & (inverse < 5.0))
    inflated = of("zero_inflated_negative_binomial", max_iter=60, learning_rate=0.02).fit(INFLATED)
    share = inflated.likelihood_parameters_["zero_inflation"]
    assert abs(np.median(share) - 0.4) < 0.1
    assert inflated.score(INFLATED) > of("negative_binomial").fit(INFLATED).score(INFLATED)
    heavy = of("student_t", max_iter=60, learning_rate=0.02).fit(HEAVY)
    assert np.median(heavy.likelihood_parameters_["degrees_of_freedom"]) < 6


@pytest.mark.slow
def test_heavy_tails_are_less_likely_by_a_normal_deviation():
    student = of("student_t", max_iter=60, learning_rate=0.02).fit(HEAVY[:200]).score(HEAVY[200:])
    normal = of("gaussian", noise_variance="feature", max_iter=60, learning_rate=0.02).fit(
        HEAVY[:200]
    )
    assert student > normal.score(HEAVY[200:]) + 0.5


@pytest.mark.parametrize("likelihood", COUNTS)
@pytest.mark.parametrize(("bad", "shown"), [(-3.0, "-3"), (1.5, "1.5")])
@pytest.mark.parametrize("method", ["fit", "transform", "score_samples"])
def test_other_values_than_counts_are_refused(likelihood, bad, shown, method):
    rows = ROWS[likelihood].copy()
    estimator = of(likelihood) if method == "fit" else fitted_to_its_rows(likelihood)
    rows[4, 2] = bad
    match = f"likelihood='{likelihood}' expects counts, but X contains {shown}"
    with pytest.raises(ValueError, match=match):
        getattr(estimator, method)(rows)


@pytest.mark.parametrize("likelihood", COUNTS)
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_matrix])
def test_counts_beyond_what_a_mean_can_be_are_refused(likelihood, convert):
    estimator, match = (
        of(likelihood, max_iter=1),
        "learns counts up to 1e.10, but X contains 1.3e.1",
    )
    with pytest.raises(ValueError, match=rf"likelihood='{likelihood}' {match}.* np.rint\(X / 1e6"):
        estimator.fit(convert(np.rint(ROWS[likelihood] / ROWS[likelihood].max() * 1.3e10)))


def test_counts_up_to_there_are_learnt():
    rows = np.rint(POISSON / POISSON.max() * 1e10)
    found = of("poisson", max_iter=1).fit(rows).reconstruct(rows)
    assert np.median(found) == pytest.approx(np.median(rows), rel=0.5)
    assert found.max() < 0.5 * np.exp(30)  # none is cut


@pytest.mark.parametrize("likelihood", COUNTS)
def test_sparse_counts_are_as_dense_ones(likelihood):
    rows = ROWS[likelihood]
    of_sparse = of(likelihood).fit(sparse.csr_matrix(rows))
    of_dense = fitted_to_its_rows(likelihood)
    np.testing.assert_allclose(
        of_sparse.score_samples(rows), of_dense.score_samples(rows), rtol=1e-4
    )


@pytest.mark.parametrize(
    ("network", "likelihood"),
    [
        ("dense", "poisson"),
        ("dense", "student_t"),
        ("convolutional", "negative_binomial"),
        ("convolutional", "student_t"),
        ("recurrent", "poisson"),
        ("recurrent", "zero_inflated_negative_binomial"),
    ],
)
def test_any_network_from_a_random_start(likelihood, network):
    options = {"init": "random", "hidden_layer_sizes": (4,), "max_iter": 2, "batch_size": 300}
    # Two steps, which are not compiled.
    estimator = of(likelihood, network=network, jit_compile="auto", **options)
    rows = ROWS[likelihood]
    assert np.isfinite(estimator.fit(rows).score_samples(rows)).all()


def test_importance_samples_and_unknown_values_of_counts():
    observed = np.ones(POISSON.shape, bool)
    observed[::3, 1] = False
    estimator = of("poisson", n_importance_samples=3, max_iter=2, batch_size=300)
    estimator.set_params(jit_compile="auto").fit(POISSON, observed=observed)
    assert np.isfinite(estimator.log_likelihood(POISSON)).all()


def test_a_table_has_likelihoods_of_its_own():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(POISSON, columns=list("abcdef"))
    with pytest.raises(ValueError, match="likelihood='poisson' is of rows of numbers"):
        TableAutoencoder(of("poisson")).fit(frame)


def test_log_gamma_is_that_of_scipy():
    x = np.geomspace(1e-5, 1e9, 500)
    np.testing.assert_allclose(log_gamma(np, x), gammaln(x), rtol=1e-10, atol=1e-11)
    found = log_gamma(keras.ops, x.astype(np.float32))
    np.testing.assert_allclose(found, gammaln(x), rtol=2e-6, atol=2e-5)


def test_training_does_not_go_on_with_another_likelihood():
    fitted = of("negative_binomial", max_iter=1, warm_start=True).fit(SPREAD)
    match = "likelihood was 'negative_binomial' and is now 'zero_inflated_negative_binomial'"
    with pytest.raises(ValueError, match=match):
        fitted.set_params(likelihood="zero_inflated_negative_binomial").fit(SPREAD)


def test_counts_have_no_padding():
    model = of("poisson", network="recurrent", sample_shape=(3, 2), mask_value=0.0)
    with pytest.raises(ValueError, match=r"mask_value=0\.0 marks timesteps"):
        model.fit(POISSON)
