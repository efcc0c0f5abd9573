"""What conditional autoencoders know of each class: bounds, unit statistics, few rows, starts."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.inspection import LatentTraversalDisplay
from skae.metrics import reconstruction_r2_scorer

X, PLACES = load_iris(return_X_y=True)
Y = load_iris().target_names[PLACES]
# One step, which is not compiled.
SHORT = {"max_iter": 1, "batch_size": 150, "hidden_layer_sizes": (8,), "random_state": 0}


def _make(**parameters):
    return skae.VariationalAutoencoder(2, **{"conditional": True, **SHORT, **parameters})


@pytest.fixture(scope="module")
def fitted():
    return _make().fit(X, Y)


@pytest.fixture(scope="module")
def of_few():
    """A class of one row, and one of rows without weight."""
    labels = Y.astype(object)
    labels[labels == "virginica"] = "versicolor"
    labels[149], labels[100] = "rare", "ignored"
    return _make().fit(X, labels, sample_weight=np.where(labels == "ignored", 0, 1))


# Bounds


def test_the_inferred_class_has_the_largest_score(fitted):
    of_classes = np.stack([fitted.score_samples(X, y=label) for label in fitted.classes_], axis=1)
    np.testing.assert_array_equal(fitted.predict(X), fitted.classes_[of_classes.argmax(axis=1)])


@pytest.mark.parametrize("label", np.unique(Y))
def test_divergences_of_a_class_are_those_of_its_rows(label, fitted):
    mean, deviation = fitted.transform(X[label == Y], return_std=True, y=label)
    expected = 0.5 * (mean**2 + deviation**2 - 1 - 2 * np.log(deviation)).mean(axis=0)
    one = fitted.given(label)
    np.testing.assert_allclose(one.kl_per_unit_, expected, rtol=1e-4)
    np.testing.assert_array_equal(one.active_units_, mean.var(axis=0) > 0.01)


# Classes of few rows


def test_a_class_without_weight_is_none(of_few):
    assert list(of_few.classes_) == ["rare", "setosa", "versicolor"]


def test_a_class_of_one_row_is_drawn_from_the_prior(of_few):
    np.testing.assert_array_equal(
        of_few.sample(5, 0, y="rare"), of_few.sample(5, 0, y="rare", codes="prior")
    )


def test_one_row_has_no_codes_to_draw_from(of_few):
    with pytest.raises(ValueError, match="or of several rows of a class"):
        of_few.given("rare").sample(5, codes="posterior")


# Starts


def _on_disk(rows, folder):
    copied = np.memmap(folder / "rows", dtype=rows.dtype, mode="w+", shape=rows.shape)
    copied[:] = rows
    return copied


@pytest.mark.parametrize("weight", [None, 1.0 + PLACES], ids=["alike", "weighted"])
@pytest.mark.parametrize(
    "container", [lambda rows, _: sparse.csr_array(rows), _on_disk], ids=["sparse", "on disk"]
)
def test_other_rows_start_where_dense_ones_do(container, weight, tmp_path):
    still = _make(learning_rate=1e-12, max_iter=1)
    expected = clone(still).fit(X, Y, sample_weight=weight).reconstruct(X, y=Y)
    still.fit(container(X, tmp_path), Y, sample_weight=weight)
    np.testing.assert_allclose(still.reconstruct(X, y=Y), expected, atol=1e-3)


# Labels of other libraries


@pytest.mark.parametrize("make", [pd.Series, pd.DataFrame])
def test_nullable_integers_are_told_apart(make):
    labels = 2**60 + PLACES
    model = _make(max_iter=1).fit(X, make(pd.array(labels, dtype="Int64")))
    assert list(model.classes_) == [2**60, 2**60 + 1, 2**60 + 2]


def test_nullable_integers_teach_a_classifier():
    labels = pd.Series(pd.array(2**60 + PLACES, dtype="Int64"))
    model = skae.AutoencoderClassifier(skae.Autoencoder(2, **SHORT), max_iter=1).fit(X, labels)
    assert model.classes_.tolist() == [2**60, 2**60 + 1, 2**60 + 2]


# Reconstructions, wherever it stands


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: model,
        FrozenEstimator,
        lambda model: GridSearchCV(model, {"max_iter": [1]}, cv=KFold(2, shuffle=True)),
    ],
    ids=["alone", "frozen", "search"],
)
def test_a_pipeline_infers_the_class_where_it_reconstructs(wrap):
    scaler = StandardScaler().fit(X)
    rows = scaler.transform(X)
    step = wrap(_make(max_iter=1).fit(rows, Y))
    pipeline = make_pipeline(StandardScaler(), step).fit(X, Y)
    model = getattr(step, "best_estimator_", pipeline[-1])
    inner = model if hasattr(model, "reconstruct") else model.estimator
    expected = scaler.inverse_transform(inner.reconstruct(rows))
    found = reconstruction_r2_scorer(pipeline, X)
    assert found == pytest.approx(r2_score(X, expected, multioutput="variance_weighted"))


# Refusals


def _pipeline():
    return make_pipeline(StandardScaler(), _make())


@pytest.mark.parametrize(
    "use",
    [
        lambda: skae.LatentSampler(_make()).fit(X),
        lambda: skae.LatentSampler(_pipeline()).fit(X, Y),
        lambda: skae.ReconstructionOutlierDetector(_make()).fit(X),
        lambda: skae.ReconstructionImputer(_make()).fit(X),
        lambda: skae.LatentCodec(_make()).fit(X),
    ],
    ids=["sampler", "pipeline", "detector", "imputer", "codec"],
)
def test_who_passes_no_classes_on_refuses(use):
    with pytest.raises(ValueError, match=r"conditional=True does not say the class.*given\(y\)"):
        use()


@pytest.mark.parametrize(
    "use", [skae.diagnose, LatentTraversalDisplay.from_estimator], ids=["diagnose", "traversal"]
)
def test_who_reads_codes_refuses(use, fitted):
    with pytest.raises(ValueError, match=r"does not say the class.*Pass estimator\.given\(y\)"):
        use(fitted, X)


@pytest.mark.parametrize("call", [lambda m: m.predict(X), lambda m: m.given("setosa")])
def test_a_parameter_set_later_teaches_no_classes(call):
    model = _make(conditional=False, max_iter=1).fit(X).set_params(conditional=True)
    with pytest.raises(NotFittedError, match="was fitted without classes"):
        call(model)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(2, around="yes"), "around='yes' should be True or False"),
        (lambda m: m.transform(X, return_std=1), "return_std=1 should be True or False"),
        (lambda m: m.sample(2, codes="posteriors"), "codes='posteriors' should be one of"),
    ],
)
def test_values_that_are_taken_for_others_are_refused(call, message, fitted):
    with pytest.raises(ValueError, match=message):
        call(fitted)
