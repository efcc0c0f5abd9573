"""Losses of a head against scikit-learn, and what they are joined with."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.preprocessing import label_binarize

from skae.objectives import ADVERSARIAL, DENOISING, RECONSTRUCTION, supervised, variational
from skae.objectives._objective import Objective
from skae.objectives._supervised import cross_entropy, squared_error

RNG = np.random.default_rng(0)
OUTPUTS = RNG.normal(0, 3, (20, 3))
Y = np.resize([0, 1, 2], 20)
ONE_HOT = label_binarize(Y, classes=[0, 1, 2])
WEIGHTS = RNG.uniform(0.5, 2.0, 20)


def test_cross_entropy_is_the_log_loss():
    losses = cross_entropy(np, ONE_HOT, np.repeat(WEIGHTS[:, None], 3, axis=1), OUTPUTS)
    expected = log_loss(Y, softmax(OUTPUTS, axis=1), sample_weight=WEIGHTS)
    assert losses.sum() / WEIGHTS.sum() == pytest.approx(expected)


def test_cross_entropy_of_far_outputs_is_finite():
    far = 1e4 * OUTPUTS
    losses = cross_entropy(np, ONE_HOT, np.ones((20, 3)), far)
    np.testing.assert_allclose(losses, -log_softmax(far, axis=1)[np.arange(20), Y])


def test_squared_error_is_that_of_scikit_learn():
    targets = RNG.normal(size=(20, 3))
    losses = squared_error(np, targets, np.repeat(WEIGHTS[:, None], 3, axis=1), OUTPUTS)
    expected = mean_squared_error(targets, OUTPUTS, sample_weight=WEIGHTS)
    assert losses.sum() / WEIGHTS.sum() == pytest.approx(expected)


def test_squared_error_leaves_out_what_has_no_weight():
    targets, weights = RNG.normal(size=(20, 3)), RNG.integers(0, 2, (20, 3))
    expected = np.where(weights, (targets - OUTPUTS) ** 2, 0.0).mean(axis=1)
    unknown = np.where(weights, targets, 1e3)
    np.testing.assert_allclose(squared_error(np, unknown, weights, OUTPUTS), expected)


# Joined with what the autoencoder minimises

ROWS, ENCODER, HEAD = RNG.normal(size=(20, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=(2, 3))


class LinearNetwork:
    """Code and prediction are linear; remembers nothing, corrupts nothing."""

    ops = np

    def at_rest(self):
        return self

    def code_of_batch(self, batch):
        return batch["rows"] @ ENCODER

    def predict(self, code):
        return code @ HEAD


def terms_of(objective, weights):
    labels = np.hstack([ONE_HOT, np.repeat(weights[:, None], 3, axis=1)])
    batch = {"rows": ROWS, "labels": labels}
    return objective.function(LinearNetwork(), batch, {}, SimpleNamespace())


def other_terms(network, batch, scalars, random):
    return {"reconstruction": np.full(20, 2.0), "roughness": np.full(20, 5.0)}


OTHER = Objective(other_terms, ("reconstruction", "roughness"), (("roughness", "smoothing"),))


def test_the_head_reads_the_code_of_clean_rows():
    found = terms_of(supervised(OTHER, "cross_entropy"), np.ones(20))["supervised"]
    assert found.mean() == pytest.approx(log_loss(Y, softmax(ROWS @ ENCODER @ HEAD, axis=1)))


def test_rows_without_label_have_no_loss():
    weights = (np.arange(20) < 5).astype(float)
    found = terms_of(supervised(None, "cross_entropy"), weights)["supervised"]
    assert not found[5:].any()
    assert (found[:5] > 0).all()


def test_every_term_of_the_autoencoder_has_its_strength_times_the_weight():
    objective = supervised(OTHER, "cross_entropy")
    terms = terms_of(objective, np.ones(20))
    scalars = {"unsupervised_weight": 0.5, "unsupervised_smoothing": 0.5 * 7.0}
    expected = terms["supervised"] + 0.5 * 2.0 + 0.5 * 7.0 * 5.0
    np.testing.assert_allclose(objective.total(terms, scalars), expected)


def test_the_head_alone_is_trained_without_an_autoencoders_objective():
    objective = supervised(None, "squared_error")
    assert objective.terms == ("supervised",)
    assert [update.weights for update in objective.updates] == [("head_",)]


def test_of_several_updates_that_of_the_error_trains_the_head():
    updates = supervised(ADVERSARIAL, "cross_entropy").updates
    assert [("head_" in update.weights) for update in updates] == [True, False, False]
    assert [("supervised" in update.terms) for update in updates] == [True, False, False]
    for update, before in zip(updates, ADVERSARIAL.updates, strict=True):
        assert set(before.terms) <= set(update.terms)
        assert set(before.weights) <= set(update.weights)


@pytest.mark.parametrize(
    "base", [RECONSTRUCTION, DENOISING["gaussian"], variational("gaussian"), ADVERSARIAL]
)
def test_training_is_judged_by_both(base):
    joined = supervised(base, "cross_entropy")
    watched = joined.watched or joined.terms
    assert set(watched) == {"supervised", *(base.watched or base.terms)}
    assert joined.is_random == base.is_random


def test_equal_objectives_are_one_so_that_programs_are_shared():
    assert supervised(RECONSTRUCTION, "squared_error") == supervised(
        RECONSTRUCTION, "squared_error"
    )
