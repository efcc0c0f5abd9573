"""The autoencoder inside: given, pretrained, frozen, of any kind."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import (
    Autoencoder,
    AutoencoderClassifier,
    VariationalAutoencoder,
)
from skae.model import noise_variance

from .shared import LABELLED, LABELS, SMALL, SPECIES, X, assert_same_weights, weights_of

# The labels' loss decides whether training improved on the start, and soon does.
JUDGED_BY_LABELS = {"unsupervised_weight": 0.01, "early_stopping": False, "random_state": 0}


# The autoencoder, given or pretrained


def test_the_autoencoder_given_is_cloned():
    autoencoder = Autoencoder(2, **SMALL)
    fitted = AutoencoderClassifier(autoencoder, max_iter=1, random_state=0).fit(X, LABELS)
    assert not hasattr(autoencoder, "n_iter_")
    assert fitted.autoencoder_ is not autoencoder
    assert isinstance(fitted.autoencoder_.score(X), float)


def test_pretraining_is_a_fit_of_the_autoencoder(pretrained, quick):
    inside = quick(from_pretrained=None, autoencoder=clone(pretrained)).fit(X, LABELS)
    outside = quick().fit(X, LABELS)
    assert_same_weights(weights_of(inside.autoencoder_), weights_of(outside.autoencoder_))


def test_what_was_pretrained_is_not_changed(pretrained, quick):
    before = pickle.dumps(pretrained)
    quick().fit(X, LABELS)
    assert pickle.dumps(pretrained) == before


@pytest.mark.slow
def test_what_was_pretrained_survives_clone_and_search(pretrained, quick):
    pipeline = make_pipeline(StandardScaler(), quick(max_iter=1))
    assert clone(pipeline)[-1].from_pretrained is pretrained
    search = GridSearchCV(quick(max_iter=1), {"unsupervised_weight": [0.0, 1.0]}, cv=2)
    search.fit(X, SPECIES)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.from_pretrained is pretrained


def test_a_frozen_autoencoder_serves_too(pretrained, quick):
    expected = quick(max_iter=2).fit(X, LABELS).predict_proba(X)
    frozen = quick(max_iter=2, from_pretrained=FrozenEstimator(pretrained)).fit(X, LABELS)
    np.testing.assert_array_equal(frozen.predict_proba(X), expected)


def test_rows_of_another_table_pretrain(quick):
    other = Autoencoder(2, **SMALL).fit(X[SPECIES > 0])
    fitted = quick(from_pretrained=other, max_iter=50).fit(X[LABELLED], SPECIES[LABELLED])
    assert fitted.score(X, SPECIES) > 0.85


def test_what_was_pretrained_must_be_fitted(quick):
    with pytest.raises(NotFittedError, match="from_pretrained is a Autoencoder that is not fitted"):
        quick(from_pretrained=Autoencoder(2)).fit(X, LABELS)


@pytest.mark.parametrize(
    "other", [PCA(2), GridSearchCV(Autoencoder(2, **SMALL), {"n_components": [1]}, cv=2)]
)
def test_what_was_pretrained_must_be_an_autoencoder(quick, other):
    with pytest.raises(TypeError, match=r"(?s)from_pretrained=.* is not an autoencoder"):
        quick(from_pretrained=other).fit(X, LABELS)


def test_what_was_pretrained_must_have_the_same_columns(pretrained_on_parts, quick):
    with pytest.raises(ValueError, match="from_pretrained was fitted on 3 features, but X has 4"):
        quick(from_pretrained=pretrained_on_parts).fit(X, LABELS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Autoencoder", {"hidden_layer_sizes": ()}),
        ("Autoencoder", {"dropout": 0.2}),
        ("Autoencoder", {"init": "random"}),
        ("DenoisingAutoencoder", {"noise": "salt_and_pepper"}),
        ("SparseAutoencoder", {"sparsity": "kl", "n_components": 8}),
        ("SparseAutoencoder", {"sparsity": "topk", "n_components": 8, "k": 4}),
        ("ContractiveAutoencoder", {}),
        ("StackedAutoencoder", {"pretrain_max_iter": 1}),
        ("VariationalAutoencoder", {"kl_warmup": 1}),
        ("AdversarialAutoencoder", {"critic_hidden_layer_sizes": (4,)}),
        ("RecurrentAutoencoder", {"sample_shape": (2, 2), "hidden_layer_sizes": (3,)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_every_kind_of_autoencoder_serves(name, options):
    """Few enough steps to run without compiling."""
    autoencoder = getattr(skae, name)(**{"n_components": 2, **SMALL, "max_iter": 1, **options})
    autoencoder.set_params(batch_size=75)
    fitted = AutoencoderClassifier(autoencoder, max_iter=3, **JUDGED_BY_LABELS).fit(X, LABELS)
    assert fitted.score(X, SPECIES) > 0.5
    terms = {name for name in fitted.autoencoder_.history_ if not name.startswith("val_")}
    assert set(fitted.history_) == terms - {"phase"} | {"supervised"}
    start = weights_of(clone(autoencoder).fit(X))
    trained = zip(weights_of(fitted.autoencoder_), start, strict=True)
    assert any(np.any(weight != before) for weight, before in trained)


@pytest.mark.slow
def test_what_the_autoencoder_says_of_rows_is_of_its_last_weights():
    autoencoder = VariationalAutoencoder(2, **SMALL).fit(X)
    classifier = AutoencoderClassifier(from_pretrained=autoencoder, max_iter=1, **JUDGED_BY_LABELS)
    after = classifier.fit(X, SPECIES).autoencoder_
    assert after.noise_variance_ == noise_variance(after._model)
    assert after.noise_variance_ != autoencoder.noise_variance_


@pytest.mark.slow
def test_a_later_pass_goes_on_from_the_weights_trained_with_the_head(quick):
    passed = Autoencoder(2, **SMALL).partial_fit(X).partial_fit(X)
    after = quick(from_pretrained=passed).fit(X, SPECIES).autoencoder_
    trained = weights_of(after)
    after.set_params(learning_rate=1e-30).partial_fit(X)
    for weight, expected in zip(weights_of(after), trained, strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-6)
    head_alone = quick(from_pretrained=passed, fine_tune=False).fit(X, SPECIES).autoencoder_
    np.testing.assert_equal(head_alone._passes, passed._passes)


def test_the_report_of_what_was_compressed_goes_with_its_zeros(quick, pretrained):
    small = skae.compress(pretrained, 0.8)
    head_alone = quick(from_pretrained=small, fine_tune=False).fit(X, SPECIES)
    assert head_alone.autoencoder_.compression_report_ == small.compression_report_
    tuned = quick(from_pretrained=small).fit(X, SPECIES)
    assert not hasattr(tuned.autoencoder_, "compression_report_")
    assert hasattr(small, "compression_report_")


@pytest.mark.slow
def test_a_denoiser_of_pairs_is_below_a_head_that_trains_alone(quick):
    noisy = X + np.random.default_rng(0).normal(0, 0.3, X.shape)
    denoiser = skae.DenoisingAutoencoder(2, noise=None, **SMALL).fit(noisy, X_clean=X)
    with pytest.raises(ValueError, match=r"learnt from pairs.*Set fine_tune=False"):
        quick(from_pretrained=denoiser).fit(noisy, SPECIES)
    fitted = quick(from_pretrained=denoiser, fine_tune=False).fit(noisy, SPECIES)
    assert_same_weights(weights_of(fitted.autoencoder_), weights_of(denoiser))
    # What is fitted here sees no clean rows, and a head takes nothing away.
    quick(from_pretrained=None, autoencoder=clone(denoiser)).fit(noisy, SPECIES)


@pytest.mark.slow
def test_what_has_no_code_is_refused_whatever_its_parameters_say_now(quick):
    restorer = skae.DenoisingAutoencoder(
        noise_level=0.1, sample_shape=(4, 1), network="residual", **SMALL
    ).fit(X)
    with pytest.raises(ValueError, match="has no code to predict from"):
        quick(from_pretrained=restorer).fit(X, SPECIES)
    restorer.set_params(n_components=2, network="dense", sample_shape=None)
    with pytest.raises(ValueError, match="network was 'residual' and is now 'dense'"):
        quick(from_pretrained=restorer).fit(X, SPECIES)


def test_one_autoencoder_alone_is_given(quick):
    with pytest.raises(ValueError, match=r"autoencoder=Autoencoder\(.*Leave one of them at None"):
        quick(autoencoder=Autoencoder(2)).fit(X, SPECIES)
