"""AdversarialAutoencoder without a critic: a distance brings codes to the prior."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skae import AdversarialAutoencoder, AutoencoderClassifier, BatchedGridSearchCV, diagnose
from skae.networks import names

X, Y = load_digits(return_X_y=True)
X, Y = X[:400], Y[:400]
DISTANCES = ["energy", "mmd"]


def quick(divergence="mmd", **parameters):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 3, "init": "random"}
    settings |= {"learning_rate": 0.003, "random_state": 0, "jit_compile": False}
    return AdversarialAutoencoder(4, divergence=divergence, **(settings | parameters))


@pytest.fixture(scope="module", params=DISTANCES)
def fitted(request):
    return quick(request.param, max_iter=60).fit(X)


@pytest.fixture(scope="module")
def short():
    return quick().fit(X)


@pytest.mark.slow
def test_codes_have_the_moments_of_the_prior(fitted):
    code = fitted.transform(X)
    np.testing.assert_allclose(code.mean(axis=0), 0.0, atol=0.25)
    np.testing.assert_allclose(np.cov(code.T), np.eye(4), atol=0.35)


def test_without_weight_codes_leave_the_prior(fitted):
    free = quick(fitted.divergence, max_iter=60, divergence_weight=0).fit(X)
    discrepancies = [each.history_["val_discrepancy"][-1] for each in (fitted, free)]
    assert discrepancies[0] < 0.3 * discrepancies[1]


def test_the_history_has_no_game(fitted):
    terms = {"loss", "reconstruction", "discrepancy"}
    assert set(fitted.history_) == {"epoch"} | terms | {f"val_{name}" for name in terms}


@pytest.mark.parametrize(
    ("divergence", "given", "weight"),
    [("energy", "auto", 3), ("mmd", "auto", 1), ("mmd", 0.5, 0.5)],
)
def test_the_loss_is_the_error_and_the_weighted_distance(divergence, given, weight):
    model = quick(divergence, divergence_weight=given).fit(X)
    assert model.divergence_weight_ == weight
    columns = model.history_
    expected = columns["val_reconstruction"] + weight * columns["val_discrepancy"]
    np.testing.assert_allclose(columns["val_loss"], expected)


def test_there_is_no_critic(short):
    assert not any(name.startswith(names.CRITIC) for name in short._model.weights)


def test_equal_seeds_give_equal_bits(short):
    np.testing.assert_array_equal(quick().fit_transform(X), short.transform(X))


def test_images_and_weights_of_rows():
    model = quick(network="convolutional", sample_shape=(8, 8, 1), hidden_layer_sizes=(2,))
    # Four steps, which are not compiled.
    model.set_params(max_iter=2, batch_size=200, jit_compile="auto")
    weight = np.where(np.arange(400) < 200, 1.0, 0.0)
    model.fit(X, sample_weight=weight)
    assert model.sample(2, random_state=0).shape == (2, 64)
    assert np.isfinite(model.history_["discrepancy"]).all()


@pytest.mark.slow
def test_passes_go_on():
    model = quick(learning_rate=0.01)
    for _ in range(4):
        model.partial_fit(X)
    assert model.history_["discrepancy"][-1] < model.history_["discrepancy"][0]


def test_a_warm_start_may_change_the_distance(short):
    model = quick(warm_start=True).fit(X).set_params(divergence="energy")
    assert set(model.fit(X).history_) == set(short.history_)


def test_a_warm_start_cannot_gain_a_critic():
    model = quick(warm_start=True).fit(X).set_params(divergence="critic")
    with pytest.raises(ValueError, match="divergence was 'energy or mmd' and is now 'critic'"):
        model.fit(X)


def test_a_search_shares_programs_over_the_weight():
    search = BatchedGridSearchCV(quick(), {"divergence_weight": [0.1, 10]}, cv=2).fit(X)
    assert search.cv_results_["mean_test_score"].shape == (2,)


@pytest.mark.slow
def test_a_classifier_trains_with_the_distance():
    model = AutoencoderClassifier(quick(), max_iter=3, random_state=0).fit(X, Y)
    assert model.score(X, Y) > 0.5
    assert "discrepancy" in model.history_


def test_a_diagnosis_names_the_weight(short):
    findings = {each.name: each for each in diagnose(short, 3 * X).findings}
    assert "divergence_weight=2" in findings["code far from its prior"].message


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"adversarial_weight": 2.0}, "adversarial_weight=2.0 is of the critic"),
        ({"critic_hidden_layer_sizes": (5,)}, r"critic_hidden_layer_sizes=\(5,\) is of the critic"),
        ({"divergence": "kl"}, "'divergence' parameter"),
        ({"divergence_weight": -1.0}, "'divergence_weight' parameter"),
        ({"divergence_weight": "large"}, "'divergence_weight' parameter"),
    ],
)
def test_what_cannot_be_honoured_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        quick(**parameters).fit(X)
