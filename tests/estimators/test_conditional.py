"""Variational autoencoders whose network is told the class of each row."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.metrics import reconstruction_r2_scorer

X, PLACES = load_iris(return_X_y=True)
Y = load_iris().target_names[PLACES]
# Two steps, which are not compiled.
SHORT = {"max_iter": 2, "batch_size": 150, "hidden_layer_sizes": (8,), "random_state": 0}
IMAGES, DIGITS = load_digits(return_X_y=True)
IMAGES, DIGITS = IMAGES[:300] / 16, DIGITS[:300]


def _make(**parameters):
    return skae.VariationalAutoencoder(2, **{"conditional": True, **SHORT, **parameters})


@pytest.fixture(scope="module")
def fitted():
    return _make(max_iter=20, batch_size=16).fit(X, Y)


@pytest.fixture(scope="module")
def convolutional():
    return skae.VariationalConvolutionalAutoencoder(
        4,
        conditional=True,
        sample_shape=(8, 8, 1),
        hidden_layer_sizes=(4, 8),
        likelihood="bernoulli",
        max_iter=2,
        batch_size=150,
        random_state=0,
    ).fit(IMAGES, DIGITS)


def _within(rows, labels):
    """Rows less the means of their classes, and those means, in the order of the rows."""
    means = np.stack([rows[labels == label].mean(axis=0) for label in labels])
    return rows - means, means


# The mathematics


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_training_starts_at_pca_of_what_classes_leave(likelihood):
    if likelihood == "gaussian":
        model = _make(learning_rate=1e-12, max_iter=1).fit(X, Y)
        left, means = _within(X, Y)
        pca = PCA(2).fit(left)
        shrunk = 1 - (np.trace(np.cov(left.T)) - pca.explained_variance_.sum()) / (
            2 * pca.explained_variance_
        )
        expected = means + pca.transform(left) * shrunk @ pca.components_
        np.testing.assert_allclose(model.reconstruct(X, y=Y), expected, atol=0.01)
        return
    model = _make(learning_rate=1e-12, max_iter=1, likelihood=likelihood, batch_size=150).fit(
        IMAGES, DIGITS
    )
    _, means = _within(IMAGES, DIGITS)
    # The middle of a class is its mean, where probabilities are not near 0 or 1.
    middle = model.inverse_transform(np.zeros((len(DIGITS), 2)), y=DIGITS)
    inner = (means > 0.05) & (means < 0.95)
    np.testing.assert_allclose(middle[inner], means[inner], atol=0.05)


@pytest.mark.slow
def test_a_linear_one_ends_where_each_class_is_probabilistic_pca():
    linear = _make(hidden_layer_sizes=(), max_iter=60, jit_compile=False).fit(X, Y)
    left, _ = _within(X, Y)
    # One covariance for all classes, around the mean of each: the log-likelihood of what is left.
    expected = PCA(2).fit(left).score_samples(left).mean()
    assert linear.score(X, Y) == pytest.approx(expected, abs=0.05)


@pytest.mark.slow
def test_the_score_whatever_the_class_sums_over_classes(fitted):
    of_classes = [fitted.score_samples(X, y=label) for label in fitted.classes_]
    expected = logsumexp(np.stack(of_classes, axis=1) + np.log(1 / 3), axis=1)
    np.testing.assert_allclose(fitted.score_samples(X), expected)


def test_it_classifies_rows_by_their_likelihood(fitted):
    assert np.mean(fitted.predict(X) == Y) > 0.93


@pytest.mark.parametrize("codes", ["posterior", "prior"])
def test_rows_of_a_class_are_drawn(codes, fitted):
    asked = np.random.default_rng(0).permutation(np.repeat(["setosa", "virginica"], 50))
    rows = fitted.sample(100, 0, codes=codes, y=asked)
    # Petals of the first are shorter than 2 cm, of the other longer than 4.
    np.testing.assert_array_equal(rows[:, 2] < 3, asked == "setosa")


def test_one_class_is_that_of_all_rows(fitted):
    rows = [fitted.sample(5, 0, around=True, y=y) for y in ("setosa", ["setosa"] * 5)]
    np.testing.assert_array_equal(*rows)


def test_classes_are_drawn_as_frequent_as_their_weights():
    weight = np.where(Y == "setosa", 4.0, 1.0)
    model = _make(max_iter=1).fit(X, Y, sample_weight=weight)
    np.testing.assert_allclose(model.class_prior_, [4 / 6, 1 / 6, 1 / 6])
    # As many as there are rows: what counts of a weight is how it compares with others.
    np.testing.assert_allclose(model.class_count_, [100, 25, 25])
    assert np.mean(model.sample(3000, 0)[:, 2] < 2.5) == pytest.approx(2 / 3, abs=0.04)


# One class at a time


@pytest.mark.parametrize("which", ["fitted", "convolutional"])
def test_the_estimator_of_a_class_is_an_ordinary_one(which, request):
    model = request.getfixturevalue(which)
    rows = X if which == "fitted" else IMAGES[:20]
    label = model.classes_[1]
    one = model.given(label)
    assert not hasattr(one, "classes_")
    np.testing.assert_array_equal(one.transform(rows), model.transform(rows, y=label))
    np.testing.assert_array_equal(one.score_samples(rows), model.score_samples(rows, y=label))
    np.testing.assert_array_equal(one.reconstruct(rows), model.reconstruct(rows, y=label))
    code = np.asarray(one.encoder_(rows.astype(np.float32)))
    np.testing.assert_allclose(code, one.transform(rows), atol=1e-4)
    np.testing.assert_allclose(np.asarray(one.decoder_(code)), one.reconstruct(rows), atol=1e-3)


@pytest.mark.parametrize("which", ["fitted", "convolutional"])
def test_scores_are_those_that_training_saw(which, request):
    model = request.getfixturevalue(which)
    rows, labels = (X, Y) if which == "fitted" else (IMAGES, DIGITS)
    # The loss has one draw of each code: rows many times over have a mean that is sure.
    n_times = 40 if which == "fitted" else 2
    rows, labels = np.repeat(rows, n_times, axis=0), np.repeat(labels, n_times)
    frozen = clone(model).set_params(
        warm_start=True, early_stopping=False, max_iter=1, learning_rate=1e-12, batch_size=200
    )
    frozen = _like(frozen, model).fit(rows, labels)
    unit = 0.0 if which == "convolutional" else np.log(model._model.scaling.scale)
    in_training = -frozen.history_["loss"][0] - unit
    assert model.score(rows, labels) / rows.shape[1] == pytest.approx(in_training, abs=0.01)


def _like(estimator, fitted):
    """An estimator with the fitted state of another."""
    for name, value in vars(fitted).items():
        if name.endswith("_") or name in ("_model", "_code_mixture"):
            setattr(estimator, name, value)
    return estimator


# y given or inferred


def test_the_class_is_inferred_where_it_is_not_given(fitted):
    inferred = fitted.predict(X)
    np.testing.assert_array_equal(fitted.transform(X), fitted.transform(X, y=inferred))
    np.testing.assert_array_equal(fitted.reconstruct(X), fitted.reconstruct(X, y=inferred))
    code, std = fitted.transform(X, True, y=Y)
    np.testing.assert_array_equal(code, fitted.transform(X, y=Y))
    assert std.shape == code.shape


def test_a_code_and_its_class_give_the_row_back(fitted):
    code = fitted.transform(X, y=Y)
    np.testing.assert_allclose(
        fitted.inverse_transform(code, y=Y), fitted.reconstruct(X, y=Y), rtol=1e-12
    )


def test_pipelines_transform_without_classes():
    pipeline = make_pipeline(StandardScaler(), _make()).fit(X, Y)
    assert pipeline.transform(X).shape == (150, 2)
    assert np.isfinite(pipeline.score(X, Y))


def test_weighted_bounds_sum_over_classes_too(fitted):
    of_classes = [fitted.given(label).log_likelihood(X, 20) for label in fitted.classes_]
    np.testing.assert_array_equal(fitted.log_likelihood(X, 20, y="setosa"), of_classes[0])
    expected = logsumexp(np.stack(of_classes, axis=1) + np.log(1 / 3), axis=1)
    np.testing.assert_allclose(fitted.log_likelihood(X, 20), expected)


def test_the_way_between_classes_ends_at_the_reconstructions(fitted):
    rows = fitted.interpolate(X[:2], X[-2:], 4, y_from="setosa", y_to="virginica")
    np.testing.assert_allclose(rows[:, 0], fitted.reconstruct(X[:2], y="setosa"))
    np.testing.assert_allclose(rows[:, -1], fitted.reconstruct(X[-2:], y="virginica"))
    assert np.all(np.diff(rows[:, :, 2], axis=1) > 0)


# Fits that go on, copies, seeds


def test_passes_count_their_classes():
    model = _make().partial_fit(X, Y).partial_fit(X[:50], Y[:50])
    np.testing.assert_allclose(model.class_count_, [100, 50, 50])
    with pytest.raises(ValueError, match="y holds the class 'rose'"):
        model.partial_fit(X[:1], ["rose"])
    np.testing.assert_allclose(model.class_count_, [100, 50, 50])


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_rows_without_weight_may_be_of_unknown_classes_later_too(method, fitted):
    model = pickle.loads(pickle.dumps(fitted)).set_params(warm_start=True, max_iter=1)
    rows, labels = np.vstack([X[:100], X[:1]]), np.append(Y[:100].astype(object), "rose")
    getattr(model, method)(rows, labels, sample_weight=np.append(np.ones(100), 0.0))
    assert list(model.classes_) == list(np.unique(Y))
    before = fitted.class_count_ if method == "partial_fit" else np.zeros(3)
    np.testing.assert_allclose(model.class_count_ - before, [50, 50, 0])


def test_a_warm_start_keeps_the_classes(fitted):
    model = pickle.loads(pickle.dumps(fitted)).set_params(warm_start=True, max_iter=2)
    model.fit(X[:100], Y[:100])
    assert list(model.classes_) == list(np.unique(Y))
    assert model.class_prior_[2] == 0
    assert set(model.predict(X)) <= {"setosa", "versicolor"}


def test_a_warm_start_cannot_become_conditional():
    model = _make(conditional=False, warm_start=True).fit(X)
    with pytest.raises(ValueError, match="conditional was False and is now True"):
        model.set_params(conditional=True).fit(X, Y)


def test_equal_seeds_give_equal_bits(fitted):
    again = clone(fitted).fit(X, Y)
    np.testing.assert_array_equal(again.transform(X, y=Y), fitted.transform(X, y=Y))
    np.testing.assert_array_equal(again.sample(4, 1), fitted.sample(4, 1))


def test_a_fit_without_classes_forgets_them(fitted):
    model = _like(_make(conditional=False), fitted).fit(X)
    assert not hasattr(model, "classes_")
    assert not hasattr(model, "predict")


@pytest.mark.parametrize("which", ["fitted", "convolutional"])
def test_pickles_know_their_classes(which, request):
    model = request.getfixturevalue(which)
    copied, label = pickle.loads(pickle.dumps(model)), model.classes_[0]
    np.testing.assert_array_equal(copied.sample(3, 0, y=label), model.sample(3, 0, y=label))


@pytest.mark.parametrize(
    "parameters",
    [
        {"init": "random", "n_importance_samples": 3},
        {"hidden_layer_sizes": ()},
        {"noise_variance": "feature", "activation": "elu", "hidden_layer_sizes": (4, 4)},
        {"likelihood": "student_t", "dropout": 0.1},
        {"likelihood": "poisson"},
    ],
)
def test_every_option_learns_classes(parameters):
    rows = np.round(X * 4) if parameters.get("likelihood") == "poisson" else X
    # Eight steps, which are not compiled.
    model = _make(max_iter=4, batch_size=75, learning_rate=0.02, **parameters).fit(rows, Y)
    assert np.mean(model.predict(rows) == Y) > 0.6
    assert np.isfinite(model.score(rows, Y))


# Refusals


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        ({}, None, "conditional=True requires y to be passed"),
        ({}, X[:, 0] + 0.01, "targets of a regression have none"),
        ({}, Y[:10], "X has 150 rows, but y has 10 classes"),
        ({"network": "recurrent", "sample_shape": (2, 2)}, Y, "but network='recurrent'"),
        ({"prior": "mixture"}, Y, "but prior='mixture'"),
        ({"network": lambda *_: None}, Y, "but network=an object of your own"),
    ],
)
def test_what_a_fit_cannot_learn_is_refused(parameters, y, message):
    with pytest.raises(ValueError, match=message):
        _make(**parameters).fit(X, y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.inverse_transform(np.zeros((2, 2))), "does not say the class of a row"),
        (lambda m: m.sample(3, y="rose"), "y holds the class 'rose'"),
        (lambda m: m.transform(X, y=Y[:3]), "one class, or one for each of 150 rows"),
        (lambda m: m.given("rose"), "y holds the class 'rose'"),
        (lambda m: skae.compress(m), "is told the class of each row"),
        (
            lambda m: skae.AutoencoderClassifier(from_pretrained=m).fit(X, Y),
            "is told the classes that the head",
        ),
    ],
)
def test_what_a_conditional_one_cannot_do_is_refused(call, message, fitted):
    with pytest.raises(ValueError, match=message):
        call(fitted)


def test_keras_models_are_those_of_a_class(fitted):
    with pytest.raises(AttributeError, match=r"estimator\.given\(y\)\.encoder_"):
        _ = fitted.encoder_


def test_tables_learn_the_class_as_a_column():
    table = skae.TableAutoencoder(_make())
    with pytest.raises(ValueError, match=r"TableAutoencoder\.sample\(given=\.\.\.\)"):
        table.fit(X, Y)


def test_an_ordinary_one_refuses_classes():
    model = _make(conditional=False).fit(X)
    for call in (model.sample, lambda y: model.transform(X, y=y)):
        with pytest.raises(ValueError, match="knows none"):
            call(y="setosa")


@pytest.mark.parametrize("likelihood", ["gaussian", "student_t"])
def test_features_that_the_class_decides_have_a_noise(likelihood):
    rows = np.c_[PLACES == 0, 2.0 * (PLACES == 1), X[:, :2]].astype(float)
    noise = "feature" if likelihood == "gaussian" else "shared"
    model = _make(likelihood=likelihood, noise_variance=noise).fit(rows, Y)
    plain = _make(likelihood=likelihood, noise_variance=noise, conditional=False).fit(rows)
    assert model.score(rows, Y) > plain.score(rows)


def test_a_class_for_each_row_can_be_fitted():
    rows, classes = X[:15], np.arange(15)
    assert np.isfinite(_make().fit(rows, classes).score(rows, classes))


def test_scorers_of_reconstructions_infer_the_class(fitted):
    expected = r2_score(X, fitted.reconstruct(X), multioutput="variance_weighted")
    assert reconstruction_r2_scorer(fitted, X) == pytest.approx(expected)


def test_a_diagnosis_is_of_one_class(fitted):
    with pytest.raises(ValueError, match=r"Pass estimator\.given\(y\)"):
        skae.diagnose(fitted, X)


@pytest.mark.parametrize("as_given", [np.asarray, list, pd.Series])
def test_classes_may_be_dates(as_given):
    dates = np.array(["2021-01-01", "2022-06-01"], "datetime64[ns]")
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(dates, 20)
    told = skae.VariationalAutoencoder(1, conditional=True, max_iter=1, random_state=0)
    told.fit(X, as_given(y))
    expected = told.sample(2, random_state=0, y=dates)
    np.testing.assert_array_equal(told.sample(2, random_state=0, y=as_given(dates)), expected)
    with pytest.raises(ValueError, match=r"the class '2020-01-01.*2021-01-01"):
        told.sample(1, y=np.datetime64("2020-01-01"))
