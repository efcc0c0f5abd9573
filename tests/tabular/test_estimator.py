"""What scikit-learn's tools ask of an estimator of tables, and which autoencoders stand inside."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import skae
from skae import TableAutoencoder, compress
from skae.exceptions import StartKeptWarning

from .shared import KEEPS_START, QUICK, latent, mixed, quick, quick_variational

pytestmark = KEEPS_START


def test_a_clone_has_the_parameters_and_nothing_else():
    table = quick(drop=["city"]).fit(mixed())
    copy = clone(table)
    assert not hasattr(copy, "autoencoder_")
    assert not hasattr(copy.autoencoder, "_columns")
    assert copy.drop == ["city"]


def test_a_fit_leaves_the_autoencoder_that_was_given_as_it_was():
    table = quick()
    before = dict(vars(table.autoencoder))
    table.fit(mixed())
    assert vars(table.autoencoder) == before


@pytest.mark.slow
def test_a_pickle_scores_in_a_new_process_without_tensorflow(tmp_path):
    table = quick_variational().fit(mixed())
    (tmp_path / "table").write_bytes(pickle.dumps((table, mixed())))
    code = (
        "import pickle, sys; table, X = pickle.load(open(sys.argv[1], 'rb'));"
        "table.sample(3, random_state=0); table.impute(X); table.column_scores(X);"
        "print(table.score(X), 'tensorflow' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "table")]
    score, has_tensorflow = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()
    assert float(score) == pytest.approx(table.score(mixed()))
    assert has_tensorflow == "False"


def test_a_fit_that_raises_leaves_the_estimator_as_it_was():
    table = quick().fit(mixed())
    before = dict(vars(table))
    with pytest.raises(ValueError, match="No column of X is left"):
        table.fit(pd.DataFrame({"other": [1, 1, 1]}))
    assert vars(table) == before


def test_equal_seeds_give_equal_bits():
    np.testing.assert_array_equal(
        quick().fit(mixed()).transform(mixed()), quick().fit(mixed()).transform(mixed())
    )


def test_the_seed_of_the_autoencoder_is_its_own():
    table = quick()
    table.autoencoder.set_params(random_state=7)
    assert table.fit(mixed()).autoencoder_.random_state == 7


@pytest.mark.parametrize(("library", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_codes_come_in_the_frame_that_is_asked_for(library, frame):
    codes = quick().fit(mixed()).set_output(transform=library).transform(mixed())
    assert isinstance(codes, frame)
    assert list(codes.columns) == ["tableautoencoder0", "tableautoencoder1"]


def test_the_frame_of_codes_does_not_decide_that_of_rows():
    with config_context(transform_output="pandas"):
        table = quick().fit(mixed().to_numpy())
        codes = table.transform(mixed().to_numpy())
        assert isinstance(codes, pd.DataFrame)
        assert isinstance(table.inverse_transform(codes), np.ndarray)


def test_a_search_finds_the_width_of_the_code():
    grid = {"autoencoder__n_components": [1, 2]}
    search = GridSearchCV(quick(), grid, cv=2, error_score="raise").fit(mixed())
    assert search.best_estimator_.n_components_ == search.best_params_["autoencoder__n_components"]


def test_codes_are_features_of_a_classifier():
    frame = mixed()
    y = frame.pop("owns")
    model = make_pipeline(quick(), LogisticRegression()).fit(frame, y)
    assert model.score(frame, y) > 0.7


def test_the_score_is_the_mean_of_those_of_rows():
    table, weight = quick().fit(mixed()), np.arange(60.0)
    expected = np.average(table.score_samples(mixed()), weights=weight)
    assert table.score(mixed(), sample_weight=weight) == pytest.approx(expected)


def test_rows_without_weight_say_nothing_about_levels_ranges_and_units():
    frame = mixed()
    strange = pd.DataFrame({"age": [900], "income": [50.0], "owns": [True], "city": ["Rome"]})
    both = pd.concat([frame] + [strange] * 6, ignore_index=True)
    weight = np.r_[np.ones(60), np.zeros(6)]
    table = quick().fit(both, sample_weight=weight)
    drawn = table.sample(200, random_state=0)
    assert drawn["age"].max() <= frame["age"].max()
    assert "Rome" not in set(drawn["city"])
    np.testing.assert_allclose(
        table.autoencoder_.pca_mean_, quick().fit(frame).autoencoder_.pca_mean_, rtol=1e-6
    )


@pytest.mark.parametrize(
    ("weight", "message"), [(np.ones(3), "sample_weight.shape"), (-np.ones(60), "[Nn]egative")]
)
def test_weights_that_are_none_are_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        quick().fit(mixed(), sample_weight=weight)


@pytest.mark.parametrize(
    "inner",
    [
        skae.Autoencoder(2, **QUICK),
        skae.Autoencoder(2, **QUICK, loss="huber"),
        skae.Autoencoder(0.7, **QUICK),
        skae.DenoisingAutoencoder(2, **QUICK),
        skae.DenoisingAutoencoder(2, **QUICK, noise="salt_and_pepper"),
        skae.SparseAutoencoder(2, **QUICK),
        skae.ContractiveAutoencoder(2, **QUICK),
        skae.VariationalAutoencoder(2, **QUICK),
        skae.VariationalAutoencoder(2, **QUICK, init="random"),
        skae.AdversarialAutoencoder(2, **QUICK),
        skae.StackedAutoencoder(2, **QUICK, pretrain_max_iter=1),
    ],
    ids=repr,
)
def test_every_autoencoder_of_dense_networks_learns_tables(inner):
    table = TableAutoencoder(inner, random_state=0).fit(mixed())
    assert np.isfinite(table.score_samples(mixed())).all()
    assert table.reconstruct(mixed()).notna().all(axis=None)
    assert len(table.sample(3, random_state=0, given={"city": "poor"})) == 3


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (skae.ConvolutionalAutoencoder(), r"network='convolutional', but .* such as Autoencoder"),
        (skae.RecurrentAutoencoder(), r"network='recurrent', but columns of a table"),
        (skae.Autoencoder(network="convolutional"), r"no neighbours. Set network='dense'"),
        (skae.Autoencoder(sample_shape=(2, 2)), r"have no shape. Set sample_shape=None"),
        (skae.Autoencoder(network="recurrent", mask_value=0), r"Set network='dense'"),
        (skae.Autoencoder(mask_value=0), r"found without it. Set mask_value=None"),
        (skae.Autoencoder(warm_start=True), r"begins anew. Set warm_start=False"),
        (skae.Autoencoder(loss="binary_crossentropy"), r"set loss='squared_error'"),
        (skae.VariationalAutoencoder(likelihood="bernoulli"), r"set likelihood='gaussian'"),
    ],
    ids=repr,
)
def test_what_cannot_learn_tables_is_refused(inner, message):
    with pytest.raises(ValueError, match=message):
        TableAutoencoder(inner).fit(mixed())


def test_the_autoencoder_inside_scores_features_and_has_no_keras_models():
    table = quick().fit(mixed())
    inner = table.autoencoder_
    features = table._encoding.features(table._table(mixed()).cells)
    np.testing.assert_array_equal(inner.transform(features), table.transform(mixed()))
    assert inner.score(features) == pytest.approx(table.score(mixed()))
    assert inner.reconstruct(features).shape == features.shape
    with pytest.raises(AttributeError, match="has no Keras models in the units of its rows"):
        inner.encoder_  # noqa: B018


def test_the_autoencoder_inside_is_not_compressed():
    inner = quick().fit(mixed()).autoencoder_
    with pytest.raises(ValueError, match="is the autoencoder inside a TableAutoencoder"):
        compress(inner)


def test_the_autoencoder_inside_takes_no_other_features():
    inner = quick().fit(mixed()).autoencoder_
    with pytest.raises(ValueError, match=r"X has 2 columns, but this is the autoencoder inside"):
        inner.fit(np.ones((5, 2)))


def test_the_default_is_variational_with_a_component_a_column_at_most():
    frame = pd.DataFrame({"x": latent(20), "y": latent(20) ** 2})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StartKeptWarning)
        table = TableAutoencoder(random_state=0).fit(frame)
    assert type(table.autoencoder_) is skae.VariationalAutoencoder
    assert table.n_components_ == 2
