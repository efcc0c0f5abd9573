"""What Autoencoder learns and how it behaves; the contract itself is in tests/contract."""

import warnings
from copy import deepcopy

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skae import Autoencoder
from skae.exceptions import StartKeptWarning
from skae.metrics import reconstruction_error, reconstruction_r2_score

IRIS = load_iris().data


def quick(n_components=2, **parameters):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 30, "random_state": 0}
    return Autoencoder(n_components, **(settings | parameters))


@pytest.fixture(scope="module")
def of_iris():
    """A fit that is not to be changed."""
    return quick().fit(IRIS)


def r2(estimator, X):
    return reconstruction_r2_score(X, estimator.reconstruct(X))


# Against PCA


def test_beats_pca_on_held_out_digits():
    train, test = train_test_split(load_digits().data, random_state=0)
    pca = PCA(8).fit(train)
    fitted = Autoencoder(8, max_iter=10, jit_compile=False, random_state=0).fit(train)
    pca_error = reconstruction_error(test, pca.inverse_transform(pca.transform(test)))
    assert reconstruction_error(test, fitted.reconstruct(test)) < 0.7 * pca_error


@pytest.mark.parametrize("n_components", [1, 3])
def test_linear_autoencoder_is_pca(n_components):
    pca = PCA(n_components).fit(IRIS)
    linear = quick(n_components, hidden_layer_sizes=()).fit(IRIS)
    expected = pca.inverse_transform(pca.transform(IRIS))
    np.testing.assert_allclose(linear.reconstruct(IRIS), expected, atol=1e-6)
    assert linear.n_iter_ == 0
    assert linear.history_["loss"].size == 1
    assert linear.best_loss_ == pytest.approx(1 - pca.explained_variance_ratio_.sum(), rel=1e-4)


@pytest.mark.parametrize("n_components", [1, 2])
def test_training_a_linear_autoencoder_from_anywhere_ends_at_pca(n_components):
    linear = quick(
        n_components,
        hidden_layer_sizes=(),
        init="random",
        early_stopping=False,
        learning_rate=0.01,
        max_iter=300,
        tol=0,
        jit_compile=False,
    ).fit(IRIS)
    left = 1 - PCA(n_components).fit(IRIS).explained_variance_ratio_.sum()
    assert 1 - r2(linear, IRIS) == pytest.approx(left, rel=0.01)


def test_start_is_exactly_pca():
    start = quick(2, learning_rate=1e-30, early_stopping=False, max_iter=1).fit(IRIS)
    pca = PCA(2).fit(IRIS)
    expected = pca.inverse_transform(pca.transform(IRIS))
    np.testing.assert_allclose(start.reconstruct(IRIS), expected, atol=1e-5)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_share_of_variance_counts_as_in_pca(share):
    fitted = quick(share, max_iter=1).fit(IRIS)
    assert fitted.n_components_ == PCA(share).fit(IRIS).n_components_
    assert fitted.transform(IRIS).shape[1] == fitted.n_components_


def test_more_components_than_features_or_rows():
    X = IRIS[:3]
    assert quick(9, max_iter=2).fit(X).transform(X).shape == (3, 9)
    assert r2(quick(9, hidden_layer_sizes=()).fit(IRIS), IRIS) > 0.999


# Units and shapes


@pytest.mark.parametrize("change", [lambda X: X * 1e20, lambda X: X * 1e-20, lambda X: X + 1e6])
def test_units_do_not_matter(change, of_iris):
    expected = r2(of_iris, IRIS)
    assert r2(quick().fit(change(IRIS)), change(IRIS)) == pytest.approx(expected, abs=1e-3)


def test_float64_rows_near_a_million_survive_the_round_trip():
    X = IRIS + 1e6
    fitted = quick(4, hidden_layer_sizes=()).fit(X)
    np.testing.assert_allclose(fitted.reconstruct(X), X, atol=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_follows_the_input(dtype, of_iris):
    fitted, X = of_iris, IRIS.astype(dtype)
    assert fitted.transform(X).dtype == dtype
    assert fitted.inverse_transform(fitted.transform(X)).dtype == dtype
    assert fitted.score_samples(X).dtype == np.float64


@pytest.mark.parametrize("X", [IRIS[:1], IRIS[:, :1], IRIS[:5], np.full((20, 3), 7.0)],
                         ids=["one row", "one column", "few rows", "constant"])  # fmt: skip
def test_unusual_shapes(X):
    fitted = quick(max_iter=2).fit(X)
    assert fitted.transform(X).shape == (len(X), 2)
    assert np.isfinite(fitted.score(X))


@pytest.mark.parametrize("convert", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_rows_give_what_dense_rows_give(convert):
    X = np.where(load_digits().data[:100] > 8, load_digits().data[:100], 0.0)
    dense, from_sparse = quick(max_iter=2).fit(X), quick(max_iter=2).fit(convert(X))
    np.testing.assert_allclose(from_sparse.transform(convert(X)), dense.transform(X), atol=1e-6)


def test_fortran_order_gives_what_c_order_gives(of_iris):
    expected = of_iris.transform(IRIS)
    found = quick().fit(np.asfortranarray(IRIS)).transform(np.asfortranarray(IRIS))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_rows_on_a_disk_stay_there(tmp_path, dtype):
    digits = load_digits().data[:300].astype(dtype)
    digits.tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", dtype, "r", shape=digits.shape)
    fitted = quick(8, max_iter=10).fit(mapped)
    assert fitted.score(mapped) > quick(8, max_iter=10).fit(digits).score(digits) * 1.1


def test_scoring_in_blocks_changes_nothing(monkeypatch, of_iris):
    methods = (of_iris.transform, of_iris.reconstruct, of_iris.score_samples)
    expected = [method(IRIS) for method in methods]
    monkeypatch.setattr("skae.model._model._BLOCK_VALUES", 100)
    for method, whole in zip(methods, expected, strict=True):
        np.testing.assert_allclose(method(IRIS), whole, rtol=1e-10)


# Scores and models


def test_score_samples_is_the_negative_mean_squared_error(of_iris):
    expected = -np.mean((IRIS - of_iris.reconstruct(IRIS)) ** 2, axis=1)
    np.testing.assert_allclose(of_iris.score_samples(IRIS), expected)
    assert of_iris.score(IRIS) == pytest.approx(expected.mean())


def test_absolute_error_is_in_input_units():
    fitted = quick(loss="absolute_error", max_iter=1).fit(IRIS)
    expected = -np.mean(np.abs(IRIS - fitted.reconstruct(IRIS)), axis=1)
    np.testing.assert_allclose(fitted.score_samples(IRIS), expected)


def test_binary_crossentropy_reconstructs_probabilities():
    X = MinMaxScaler().fit_transform(IRIS)
    fitted = quick(loss="binary_crossentropy").fit(X)
    output = fitted.reconstruct(X)
    assert output.min() > 0
    assert output.max() < 1
    assert reconstruction_r2_score(X, output) > 0.9
    expected = np.mean(X * np.log(output) + (1 - X) * np.log1p(-output), axis=1)
    np.testing.assert_allclose(fitted.score_samples(X), expected, rtol=1e-6)


@pytest.mark.parametrize("loss", ["squared_error", "binary_crossentropy"])
def test_keras_models_work_in_input_units(loss):
    X = MinMaxScaler((0, 1)).fit_transform(IRIS)
    fitted = quick(loss=loss).fit(X)
    code = fitted.transform(X)
    np.testing.assert_allclose(fitted.encoder_(X), code, atol=1e-5)
    np.testing.assert_allclose(fitted.decoder_(code), fitted.inverse_transform(code), atol=1e-5)


def test_keras_models_fit_into_a_larger_one(tmp_path):
    fitted = quick().fit(IRIS)
    inputs = keras.Input((4,))
    larger = keras.Model(inputs, keras.layers.Dense(3)(fitted.encoder_(inputs)))
    larger.compile("sgd", "mse")
    assert np.isfinite(larger.train_on_batch(IRIS, np.zeros((150, 3))))
    larger.save(tmp_path / "larger.keras")
    again = keras.models.load_model(tmp_path / "larger.keras")
    np.testing.assert_allclose(again(IRIS), larger(IRIS), atol=1e-6)


def test_an_activation_without_numpy_twin_is_scored_in_keras():
    fitted = quick(activation=keras.ops.sin, max_iter=1).fit(IRIS)
    np.testing.assert_allclose(fitted.encoder_(IRIS), fitted.transform(IRIS), atol=1e-5)
    np.testing.assert_allclose(fitted.transform(IRIS)[:3], fitted.transform(IRIS[:3]), atol=1e-6)


# Training


def test_random_init_learns_too():
    assert r2(quick(2, init="random", max_iter=100, early_stopping=False).fit(IRIS), IRIS) > 0.9


def test_history_has_a_column_for_every_term():
    fitted = quick(max_iter=4).fit(IRIS)
    terms = {"loss", "reconstruction", "val_loss", "val_reconstruction"}
    assert set(fitted.history_) == {"epoch", *terms}
    assert all(column.shape == (fitted.n_iter_ + 1,) for column in fitted.history_.values())
    assert fitted.loss_curve_ == fitted.history_["loss"].tolist()
    assert fitted.best_loss_ <= fitted.history_["val_loss"].min()


def test_early_stopping_keeps_the_best_weights():
    fitted = quick(learning_rate=0.002, n_iter_no_change=2, max_iter=300, random_state=2)
    fitted.set_params(jit_compile=False).fit(StandardScaler().fit_transform(IRIS))
    assert 0 < fitted.best_epoch_ == fitted.n_iter_ - 2 < 298


def test_sample_weight_zero_removes_a_row():
    weights = np.r_[np.ones(100), np.zeros(50)]
    junk = np.r_[IRIS[:100], 1e3 * IRIS[100:]]
    weighted = quick(max_iter=5).fit(junk, sample_weight=weights)
    removed = quick(max_iter=5).fit(junk[:100])
    np.testing.assert_allclose(weighted.transform(IRIS), removed.transform(IRIS), atol=1e-6)


def test_sample_weight_moves_the_fit():
    weights = np.r_[np.full(50, 100.0), np.ones(100)]
    plain, weighted = quick(1).fit(IRIS), quick(1).fit(IRIS, sample_weight=weights)
    assert weighted.score(IRIS[:50]) > plain.score(IRIS[:50])


def test_fit_again_starts_from_nothing(of_iris):
    fitted = quick(max_iter=2).fit(load_digits().data[:50]).set_params(max_iter=30)
    np.testing.assert_array_equal(fitted.fit(IRIS).transform(IRIS), of_iris.transform(IRIS))


def test_warm_start_continues():
    settings = {"early_stopping": False, "max_iter": 5}
    fitted = quick(warm_start=True, **settings).fit(IRIS)
    first_loss = fitted.loss_curve_[0]
    assert fitted.fit(IRIS).loss_curve_[0] < first_loss
    assert fitted.n_iter_ == 5


def test_warm_start_with_another_network_is_an_error():
    fitted = quick(warm_start=True).fit(IRIS)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes was \(16,\) and is now \(3,\)"):
        fitted.set_params(hidden_layer_sizes=(3,)).fit(IRIS)


@pytest.mark.parametrize(
    ("before", "now", "match"),
    [
        ({"init": "random"}, {"init": "pca"}, "another: init was 'random' and is now 'pca'\\. "),
        (
            {"network": "dense"},
            {"network": "convolutional", "sample_shape": (4, 1), "kernel_size": 2},
            "another: network was 'dense' and is now 'convolutional'\\. ",
        ),
    ],
)
def test_what_changed_before_a_warm_start_is_named_as_a_parameter(before, now, match):
    fitted = quick(warm_start=True, max_iter=1, **before).fit(IRIS)
    with pytest.raises(ValueError, match=match):
        fitted.set_params(**now).fit(IRIS)


def test_partial_fit_learns_pass_by_pass():
    fitted = quick()
    for _ in range(20):
        fitted.partial_fit(IRIS)
    assert fitted.n_iter_ == len(fitted.loss_curve_) - 1 == 20
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]


def test_a_pass_after_a_fit_keeps_its_columns():
    fitted = quick(max_iter=2).fit(IRIS)
    before = fitted.history_
    fitted.partial_fit(IRIS)
    assert list(fitted.history_) == list(before)
    for name, values in before.items():
        np.testing.assert_array_equal(fitted.history_[name][:-1], values)
    assert np.isnan(fitted.history_["val_loss"][-1])
    assert fitted.history_["epoch"][-1] == fitted.n_iter_ == 3


def test_the_best_after_a_pass_are_its_own():
    # A rate at which the pass is worse than the fit before.
    fitted = quick(max_iter=5).fit(IRIS).set_params(learning_rate=0.5).partial_fit(IRIS)
    assert fitted.loss_curve_[-1] > min(fitted.loss_curve_)
    assert fitted.best_epoch_ == fitted.n_iter_
    assert fitted.best_loss_ == fitted.loss_curve_[fitted.best_epoch_]


def test_partial_fit_keeps_the_state_of_the_optimizer():
    once = quick(batch_size=25).partial_fit(IRIS)
    n_steps = once._optimizer_state[0]
    assert n_steps == 6
    assert once.partial_fit(IRIS)._optimizer_state[0] == 2 * n_steps


def test_verbose_prints_a_line_an_epoch(capsys):
    quick(max_iter=3, verbose=1).fit(IRIS)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["1/3", "2/3", "3/3"]
    quick(max_iter=3).fit(IRIS)
    assert capsys.readouterr().out == ""


# Errors


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39, -1e39])
@pytest.mark.parametrize("method", ["fit", "partial_fit", "transform", "score_samples"])
def test_bad_values_are_an_error_that_loses_nothing(method, value):
    fitted = quick(max_iter=2).fit(IRIS)
    before, X = dict(vars(fitted)), IRIS.copy()
    X[3, 2] = value
    with pytest.raises(ValueError, match="Input X contains"):
        getattr(fitted, method)(X)
    assert vars(fitted) == before


def test_bad_values_leave_an_unfitted_estimator_unfitted():
    estimator = quick()
    before = dict(vars(estimator))
    with pytest.raises(ValueError, match="NaN"):
        estimator.fit(np.full((5, 2), np.nan))
    assert vars(estimator) == before


def nowhere(*tensors):
    return tensors[-1] * float("nan")


@pytest.mark.parametrize("parameters", [{"activation": nowhere}, {"loss": nowhere}])
@pytest.mark.parametrize("init", ["pca", "random"])
def test_a_loss_that_is_no_number_from_the_start_says_whose_it_is(parameters, init, of_iris):
    ((name, _),) = parameters.items()
    fitted = deepcopy(of_iris).set_params(**parameters, init=init)
    with pytest.raises(
        ValueError, match=rf"nan from the start.*: {name}=<function nowhere .*> giv"
    ):
        fitted.fit(IRIS)
    np.testing.assert_array_equal(fitted.transform(IRIS), of_iris.transform(IRIS))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_divergence_says_when_and_what_to_do(optimizer, early_stopping, of_iris):
    estimator = quick(learning_rate=1e3, optimizer=optimizer, early_stopping=early_stopping)
    fitted = deepcopy(of_iris)
    before = dict(vars(fitted))
    fitted.set_params(**estimator.get_params())
    with pytest.raises(ValueError, match=r"diverged in epoch \d+.*Lower learning_rate"):
        fitted.fit(IRIS)
    assert {n: v for n, v in vars(fitted).items() if n.endswith("_")} == {
        n: v for n, v in before.items() if n.endswith("_")
    }


def test_training_that_only_makes_it_worse_keeps_the_start():
    with pytest.warns(StartKeptWarning, match="keeps its start at PCA"):
        fitted = quick(optimizer="lion", learning_rate=3.0).fit(IRIS)
    assert fitted.best_epoch_ == 0
    assert r2(fitted, IRIS) == pytest.approx(
        PCA(2).fit(IRIS).explained_variance_ratio_.sum(), abs=1e-4
    )


def test_a_linear_network_that_is_pca_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(hidden_layer_sizes=()).fit(IRIS)


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"activation": "wobbly"}, "activation='wobbly' is not the name"),
        ({"optimizer": "wobbly"}, "optimizer='wobbly' is not the name"),
        ({"hidden_layer_sizes": (8, -1)}, r"hidden_layer_sizes=\(8, -1\) should hold positive"),
        ({"n_components": 1.5}, "'n_components' parameter"),
        ({"loss": "binary_crossentropy"}, r"every value of X in \[0, 1\]"),
    ],
)
def test_parameters_out_of_range(parameters, match):
    with pytest.raises(ValueError, match=match):
        quick().set_params(**parameters).fit(IRIS)


def test_a_code_of_another_width(of_iris):
    with pytest.raises(ValueError, match=r"3 columns.*n_components_=2"):
        of_iris.inverse_transform(np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([-1.0] * 150, "sample_weight holds -1 at row 0, but 150 weights from 0 on"),
        ([1.0], r"sample_weight is of shape \(1,\), but 150 weights"),
        (["a"] * 150, "sample_weight holds values that are no real numbers"),
    ],
)
def test_weights_that_are_none_are_named(weight, message):
    with pytest.raises(ValueError, match=message):
        quick().fit(IRIS, sample_weight=weight)


def test_all_weights_zero():
    with pytest.raises(ValueError, match="sample_weight is zero for all 150 rows"):
        quick().fit(IRIS, sample_weight=np.zeros(150))


# In scikit-learn


def test_grid_search_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), quick(max_iter=1))
    search = GridSearchCV(pipeline, {"autoencoder__n_components": [1, 3]}, cv=2).fit(IRIS)
    assert search.best_params_ == {"autoencoder__n_components": 3}


def test_sample_weight_is_routed_through_a_pipeline():
    weights = np.r_[np.full(50, 100.0), np.ones(100)]
    with config_context(enable_metadata_routing=True):
        autoencoder = quick(max_iter=3).set_fit_request(sample_weight=True)
        centre = StandardScaler(with_std=False).set_fit_request(sample_weight=False)
        pipeline = make_pipeline(centre, autoencoder)
        routed = pipeline.fit(IRIS, sample_weight=weights)
    centred = IRIS - IRIS.mean(axis=0)
    direct = quick(max_iter=3).fit(centred, sample_weight=weights)
    np.testing.assert_allclose(routed[-1].transform(centred), direct.transform(centred), rtol=1e-6)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_in_and_frames_out(frame):
    rows = frame({name: IRIS[:, i] for i, name in enumerate("abcd")})
    kind = "pandas" if frame is pd.DataFrame else "polars"
    fitted = quick(max_iter=3).set_output(transform=kind).fit(rows)
    code = fitted.transform(rows)
    assert isinstance(code, frame)
    assert list(code.columns) == ["autoencoder0", "autoencoder1"]
    assert list(fitted.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.transform(rows[["b", "a", "c", "d"]])


def test_string_labels_are_ignored():
    quick(max_iter=1).fit(IRIS, y=np.array(["a", "b", "c"] * 50))


def test_clone_of_an_estimator_with_keras_objects():
    optimizer = keras.optimizers.Adam(1e-3, clipnorm=1.0)
    estimator = quick(optimizer=optimizer, max_iter=1)
    fitted = clone(estimator).fit(IRIS)
    np.testing.assert_array_equal(fitted.transform(IRIS), estimator.fit(IRIS).transform(IRIS))


def test_passes_leave_the_mean_of_their_weights():
    fitted = quick().partial_fit(IRIS)
    mean = fitted._model.weights
    for n_passes in (2, 3):
        last = fitted.partial_fit(IRIS)._passes["weights"]
        share = 17 / (16 + n_passes)
        mean = {name: (1 - share) * mean[name] + share * last[name] for name in mean}
    for name, expected in mean.items():
        np.testing.assert_allclose(fitted._model.weights[name], expected, rtol=1e-5, atol=1e-7)
