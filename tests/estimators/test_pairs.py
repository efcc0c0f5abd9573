"""Every objective on every network: the same promises for all."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skae
from skae.networks import CODED

RNG = np.random.default_rng(0)
# Two features, all but constant over four timesteps and all but -1 or 1.
X = np.tanh(2.0 * np.tile(RNG.normal(size=(96, 2)), 4)) + 0.02 * RNG.normal(size=(96, 8))
OBJECTIVES = (
    "Autoencoder",
    "StackedAutoencoder",
    "DenoisingAutoencoder",
    "SparseAutoencoder",
    "ContractiveAutoencoder",
    "VariationalAutoencoder",
    "AdversarialAutoencoder",
)
PAIRS = [(name, kind) for name in OBJECTIVES for kind in CODED]


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def fitted(request):
    name, network = request.param
    options = {"pretrain_max_iter": 3} if name == "StackedAutoencoder" else {}
    # Few steps are not traced, and slopes of slopes of a loop are others in a graph.
    if request.param == ("ContractiveAutoencoder", "recurrent"):
        options = {"jit_compile": False}
    return getattr(skae, name)(
        2,
        network=network,
        sample_shape=(4, 2),
        hidden_layer_sizes=(6,),
        init="random",
        learning_rate=0.02,
        batch_size=96,
        max_iter=4,
        early_stopping=False,
        random_state=0,
        **options,
    ).fit(X)


def test_training_improves_the_loss(fitted):
    # The losses of a game need not fall, its reconstruction must.
    column = "reconstruction" if "critic" in fitted.history_ else "loss"
    losses = fitted.history_[column]
    if "phase" in fitted.history_:
        phases = fitted.history_["phase"]
        losses = losses[phases == phases.max()]
    assert losses[-1] < losses[0]


def test_codes_have_one_column_a_component(fitted):
    assert fitted.transform(X).shape == (96, 2)


def test_rows_may_come_in_their_own_shape(fitted):
    np.testing.assert_array_equal(fitted.transform(X.reshape(96, 4, 2)), fitted.transform(X))


def test_a_code_becomes_rows(fitted):
    rows = fitted.inverse_transform(fitted.transform(X))
    assert rows.shape == X.shape
    np.testing.assert_array_equal(fitted.reconstruct(X), rows)


def test_the_score_is_a_number(fitted):
    assert np.isfinite(fitted.score(X))


def test_a_clone_has_the_parameters_and_no_fit(fitted):
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.transform(X)


def test_a_pickle_gives_the_same_bits(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))
