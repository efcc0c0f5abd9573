"""An objective that is a user's own function."""

import pickle
import re
from functools import partial

import keras
import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

import skae
from skae import (
    Autoencoder,
    AutoencoderClassifier,
    BatchedGridSearchCV,
    ContractiveAutoencoder,
    ConvolutionalAutoencoder,
    RecurrentAutoencoder,
    TableAutoencoder,
)
from skae.objectives import Objective, Update

DIGITS = load_digits()
X, Y = DIGITS.data[:120], DIGITS.target[:120]


def plain(network, batch, scalars, random):
    return network.error(batch["targets"], network.decode(network.encode(batch["rows"])))


def contractive(network, batch, scalars, random):
    code, jacobian = network.encode_with_jacobian(batch["rows"])
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "contraction": network.ops.sum(network.ops.square(jacobian), axis=(1, 2)),
    }


def small_codes(network, batch, scalars, random):
    code = network.encode(batch["rows"])
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "size": network.ops.mean(network.ops.square(code), axis=1),
    }


def stress(network, batch, scalars, random):
    """Codes keep the distances of rows (Sammon 1969), of each row and the one before it."""
    ops, rows = network.ops, batch["rows"]
    code = network.encode(rows)

    def distances(points):
        left = ops.square(points - ops.roll(points, 1, axis=0))
        return ops.sqrt(ops.sum(left, axis=1) + 1e-6)

    wanted = distances(rows)
    return ops.square(distances(code) - wanted) / wanted


def of_several(network, batch, scalars, random, power):
    return network.ops.mean(network.ops.abs(network.encode(batch["rows"])) ** power, axis=1)


class Unhashable:
    """An objective that equals all others."""

    def __call__(self, network, batch, scalars, random):
        return plain(network, batch, scalars, random)

    def __eq__(self, other):
        return True


SMALL = Objective(small_codes, ("reconstruction", "size"), (("size", "strength"),))


def quick(objective, cls=Autoencoder, **parameters):
    settings = {"hidden_layer_sizes": (8,), "max_iter": 4, "random_state": 0}
    return cls(3, objective=objective, **(settings | parameters))


@pytest.mark.parametrize(
    ("cls", "shape"),
    [
        (Autoencoder, None),
        (ConvolutionalAutoencoder, (8, 8, 1)),
        (RecurrentAutoencoder, (8, 8)),
    ],
)
def test_reconstruction_of_ones_own_is_the_built_in_one_to_the_bit(cls, shape):
    expected = quick(None, cls, sample_shape=shape).fit(X)
    found = quick(plain, cls, sample_shape=shape).fit(X)
    np.testing.assert_array_equal(found.transform(X), expected.transform(X))
    np.testing.assert_allclose(found.history_["objective"], expected.history_["loss"], rtol=1e-6)


def test_a_penalty_of_ones_own_is_the_built_in_one_to_the_bit():
    objective = Objective(
        contractive, ("reconstruction", "contraction"), (("contraction", "strength"),)
    )
    found = quick(objective, objective_params={"strength": 0.01}).fit(X)
    expected = ContractiveAutoencoder(
        3, contraction=0.01, hidden_layer_sizes=(8,), max_iter=4, random_state=0
    ).fit(X)
    np.testing.assert_array_equal(found.reconstruct(X), expected.reconstruct(X))
    assert list(found.history_) == list(expected.history_)


def test_codes_keep_distances_where_that_is_the_objective():
    quiet = {"max_iter": 80, "early_stopping": False, "hidden_layer_sizes": (32,)}

    def agreement(estimator):
        return spearmanr(pdist(X), pdist(estimator.fit(X).transform(X))).statistic

    assert agreement(quick(stress, **quiet)) > agreement(quick(None, **quiet)) + 0.1


def test_strengths_multiply_a_term():
    weak, strong = (
        quick(SMALL, objective_params={"strength": strength}).fit(X).history_
        for strength in (0.0, 10.0)
    )
    assert weak["size"][-1] > 2 * strong["size"][-1]
    total = strong["reconstruction"] + 10 * strong["size"]
    np.testing.assert_allclose(strong["loss"], total, rtol=1e-5)


@pytest.mark.parametrize("make", [lambda function: function, partial])
def test_other_numbers_and_copies_need_no_new_compilation(make):
    n_calls = 0

    def counted(*arguments):
        nonlocal n_calls
        n_calls += 1
        return small_codes(*arguments)

    objective = Objective(make(counted), SMALL.terms, SMALL.strengths)
    for strength in (0.1, 0.2):
        before = n_calls
        clone(quick(objective, objective_params={"strength": strength})).fit(X)
    assert before == n_calls > 0


def branching(network, batch, scalars, random):
    values = plain(network, batch, scalars, random)
    return values if network.ops.sum(values) > 0 else -values


def of_numpy(network, batch, scalars, random):
    left = batch["targets"] - network.decode(network.encode(batch["rows"]))
    return np.mean(np.square(left), axis=1)


def of_values(network, batch, scalars, random):
    return plain(network, batch, scalars, random).numpy()


@pytest.mark.parametrize("function", [branching, of_numpy, of_values])
def test_it_is_traced_however_few_steps_there_are(function):
    match = rf"objective {function.__name__} cannot be compiled .*symbolic.*not by numpy.*not by if"
    with pytest.raises(ValueError, match=f"(?is){match}"):
        quick(function, max_iter=1).fit(X[:20])


def test_rows_are_mixed_where_it_is_judged():
    def of_neighbours(network, batch, scalars, random):
        ops, code = network.ops, network.encode(batch["rows"])
        return ops.mean(ops.square(code - ops.roll(code, 1, axis=0)), axis=1)

    ordered = X[np.argsort(Y, kind="stable")]
    starts = [
        quick(of_neighbours, max_iter=1).fit(rows).loss_curve_[0]
        for rows in (ordered, np.random.default_rng(0).permutation(ordered))
    ]
    assert starts[0] == pytest.approx(starts[1], rel=0.1)


def test_nan_says_where_it_comes_from():
    def naive(network, batch, scalars, random):
        left = batch["targets"] - network.decode(network.encode(batch["rows"]))
        return network.ops.mean(network.ops.square(left), axis=1)

    observed = np.ones(X.shape, bool)
    observed[::3, 20] = False
    with pytest.raises(ValueError, match="targets, and rows of padded sequences, hold NaN"):
        quick(naive).fit(X, observed=observed)


def test_a_number_that_is_not_there_is_named():
    with pytest.raises(KeyError, match=r"'level' is not among objective_params.*\['other'\]"):
        quick(lambda *given: given[2]["level"], objective_params={"other": 1}).fit(X)


@pytest.mark.parametrize(
    "read",
    [
        lambda scalars: scalars["one"] + scalars.get("two", 0.0),
        lambda scalars: sum(scalars.values()),
        lambda scalars: dict(scalars)["one"],
        lambda scalars: dict(**scalars)["one"],
        lambda scalars: scalars["one"] if "two" in scalars else 0.0,
    ],
)
def test_numbers_are_read_in_many_ways(read):
    quick(
        lambda network, batch, scalars, random: (
            plain(network, batch, scalars, random) * read(scalars)
        ),
        objective_params={"one": 1.0, "two": 2.0},
        max_iter=1,
    ).fit(X)


def test_one_term_may_be_a_tensor_whatever_its_name():
    assert "mine" in quick(Objective(plain, ["mine"])).fit(X).history_


def test_scores_stay_those_of_the_loss():
    fitted = quick(SMALL, objective_params={"strength": 0.1}).fit(X)
    error = ((X - fitted.reconstruct(X)) ** 2).mean(axis=1)
    np.testing.assert_allclose(fitted.score_samples(X), -error, rtol=1e-5)


def test_weights_that_it_does_not_use_stay():
    fitted = quick(partial(of_several, power=2), early_stopping=False).fit(X)
    again = quick(partial(of_several, power=2), early_stopping=False, max_iter=1).fit(X)
    one, other = fitted._model.weights, again._model.weights
    for name in one:
        same = np.array_equal(one[name], other[name])
        assert same == name.startswith("decoder"), name


def test_a_linear_network_is_trained_by_it():
    linear = {"hidden_layer_sizes": (), "early_stopping": False}
    assert quick(None, **linear).fit(X).n_iter_ == 0
    fitted = quick(SMALL, **linear, objective_params={"strength": 1.0}).fit(X)
    assert fitted.history_["size"][-1] < fitted.history_["size"][0]


def test_updates_in_turn_change_what_they_name():
    updates = (Update(("size",), ("encoder",)),)
    objective = Objective(small_codes, ("reconstruction", "size"), updates=updates)
    one, other = (
        quick(objective, early_stopping=False, max_iter=n).fit(X)._model.weights for n in (1, 3)
    )
    assert np.array_equal(one["decoder_linear/kernel"], other["decoder_linear/kernel"])
    assert not np.array_equal(one["encoder_linear/kernel"], other["encoder_linear/kernel"])


@pytest.mark.parametrize("updates", [(), (Update(("size",), ("encoder",)),), (Update(),)])
def test_a_classifier_around_it_trains_its_head(updates):
    objective = Objective(small_codes, ("reconstruction", "size"), updates=updates)
    classifier = AutoencoderClassifier(quick(objective), max_iter=5, random_state=0).fit(X, Y)
    supervised = classifier.history_["supervised"]
    assert supervised[-1] < 0.9 * supervised[0]


def test_an_update_of_all_terms_lowers_all_terms_in_a_classifier_too():
    one, other = (
        AutoencoderClassifier(
            quick(Objective(small_codes, SMALL.terms, updates=updates)), max_iter=5, random_state=0
        )
        .fit(X, Y)
        .history_
        for updates in ((Update(),), (Update(SMALL.terms),))
    )
    np.testing.assert_allclose(one["reconstruction"], other["reconstruction"], rtol=1e-3)


def test_tables_have_it():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": X[:, 10], "b": X[:, 20], "c": np.where(X[:, 30] > 5, "x", "y")})
    table = TableAutoencoder(quick(SMALL, objective_params={"strength": 0.1})).fit(frame)
    assert "size" in table.autoencoder_.history_


def test_searches_go_over_its_numbers():
    grid, estimator = {"objective_params": [{"strength": 0.1}, {"strength": 1.0}]}, quick(SMALL)
    expected = GridSearchCV(estimator, grid, cv=2).fit(X).cv_results_["mean_test_score"]
    found = BatchedGridSearchCV(estimator, grid, cv=2).fit(X).cv_results_["mean_test_score"]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_clones_pickles_and_files_keep_it(tmp_path):
    fitted = quick(SMALL, objective_params={"strength": 0.1}).fit(X)
    assert clone(fitted).objective == SMALL
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.fit(X).transform(X), fitted.transform(X))
    file, name = tmp_path / "model.skae", f"{__name__}.small_codes"
    with pytest.raises(TypeError, match=re.escape(name)):
        skae.save(fitted, file)
    skae.save(fitted, file, trusted=[name])
    assert skae.load(file, trusted=[name]).objective == SMALL


def test_training_goes_on_with_another():
    fitted = quick(None, warm_start=True).fit(X)
    fitted.set_params(objective=SMALL, objective_params={"strength": 0.1}).fit(X)
    assert "size" in fitted.history_


@pytest.mark.parametrize(
    ("objective", "parameters", "match"),
    [
        (lambda *_: 3.0, None, r"'objective' as a value of type float.*shape \(n,\)"),
        (lambda net, batch, *_: net.encode(batch["rows"]), None, r"shape \(32, 3\).*\(32,\)"),
        (lambda net, batch, *_: batch["rows"][:, 0] > 0, None, "values of bool.*float32"),
        (lambda *_: {"other": 1}, None, r"a tensor of shape \(n,\), or a dict of 'objective', and"),
        (
            lambda network, batch: 1.0,
            None,
            r"<lambda>\(network, batch\) should be a func",
        ),
        (Objective, None, "should have a function of"),
        (Objective(SMALL, ("a",)), None, "should have a function of"),
        (Objective(plain, ("a",), strengths=("a", "b")), None, "pairs of a term and the name"),
        (Objective(plain, ("a",), strengths=(("a", 2.0),)), None, "put its value into objective_p"),
        (Objective(plain, ("a",), strengths=(("a", "b"), ("a", "c"))), None, "a term twice"),
        (Objective(plain, ("a",), watched="a"), None, "watched='a' should be a tuple of names"),
        (Objective(plain, ("a",), updates=Update()), None, "should be a tuple of skae.objectives"),
        (Objective(plain, ("a",), updates=(Update("a"),)), None, "Update.terms='a' should be a t"),
        (SMALL, {"strength": 10**400}, "finite numbers by name"),
        (SMALL, {"unsupervised_weight": 1.0}, "Call it something else"),
        (Objective(plain, ("a", "b")), None, "a dict of 'a', 'b', and gave none of that"),
        (Objective(plain, ("loss",)), None, "has 'loss', which is no name of a term"),
        (Objective(plain, ("a", "a")), None, "each once"),
        (Objective(plain, ("a",), watched=("b",)), None, r"refers to \['b'\]"),
        (SMALL, None, r"uses the numbers \['strength'\], of which objective_params=\[\] has none"),
        (SMALL, {"strength": "much"}, "finite numbers by name"),
        (SMALL, {"strength": np.nan}, "finite numbers by name"),
        (None, {"strength": 1}, "none is given"),
        (Unhashable(), None, "not hashable"),
        (
            lambda network, batch, *_: network.ops.zeros_like(batch["weights"]),
            None,
            r"<lambda> gives 'objective' without a gradient at any weight.*by operations that have",
        ),
        (
            Objective(small_codes, SMALL.terms, updates=(Update(("size",), ("decoder",)),)),
            None,
            "gives 'size' without a gradient at any weight.*begins with 'decoder'",
        ),
        (
            lambda network, batch, scalars, random: (
                plain(network, batch, scalars, random) * (1 + scalars.get("strength", 0.0))
            ),
            {"strenght": 1e4},
            "'strenght', but objective <lambda> never reads it; it reads 'strength'. Correct the",
        ),
        (SMALL, {"strength": 1, "size": 1}, "'size', but .* reads 'strength'"),
        (plain, {"strength": 1}, "reads no number"),
        (
            Objective(small_codes, SMALL.terms, updates=(Update(("size",), ("coder",)),)),
            None,
            "begin with 'coder', but the network has none: they are encoder_",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(objective, parameters, match):
    estimator = quick(None).fit(X)
    before = estimator.transform(X)
    estimator.set_params(objective=objective, objective_params=parameters)
    with pytest.raises(ValueError, match=match):
        estimator.fit(X)
    np.testing.assert_array_equal(estimator.transform(X), before)


def test_an_error_of_the_function_is_its_own():
    with pytest.raises(ZeroDivisionError):
        quick(lambda *_: 1 / 0).fit(X)


def test_draws_are_new_in_every_step_and_equal_by_seed():
    def noisy(network, batch, scalars, random):
        ops = network.ops
        rows = batch["rows"] + scalars["level"] * random.normal(ops.shape(batch["rows"]))
        return network.error(batch["targets"], network.decode(network.encode(rows)))

    one, same, other = (
        quick(noisy, objective_params={"level": 0.5}, random_state=seed).fit(X).loss_curve_
        for seed in (0, 0, 1)
    )
    assert one == same
    assert not np.allclose(one, other, rtol=1e-3)


def test_it_has_the_tensors_of_keras():
    seen = []

    def watched(network, batch, scalars, random):
        seen.append({name: tuple(value.shape) for name, value in batch.items()})
        assert network.ops is keras.ops
        return plain(network, batch, scalars, random)

    quick(watched).fit(X)
    assert seen[0] == {"rows": (32, 64), "targets": (32, 64), "weights": (32,)}
