"""A loss that is a user's own function."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

from skae import Autoencoder, DenoisingAutoencoder, StackedAutoencoder, TableAutoencoder

WINE = StandardScaler().fit_transform(load_wine().data)
SCALE = np.sqrt(WINE.var(axis=0).mean())


def squared(targets, outputs):
    return keras.ops.square(targets - outputs)


def squared_of_rows(targets, outputs):
    return keras.ops.mean(keras.ops.square(targets - outputs), axis=-1)


def quantile(targets, outputs):
    """Koenker and Bassett's, of the ninth decile."""
    left = targets - outputs
    return keras.ops.maximum(0.9 * left, -0.1 * left)


class Unhashable:
    """A function that equals all others, of a loss or an activation."""

    def __call__(self, values, *others):
        return squared(values, *others) if others else values

    def __eq__(self, other):
        return True


class OfItsKind(Unhashable):
    """A function that compares with its own kind alone."""

    def __init__(self, share=0.5):
        self.share = share

    def __eq__(self, other):
        return self.share == other.share

    def __hash__(self):
        return hash(self.share)


def quick(loss, cls=Autoencoder, **parameters):
    settings = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
    return cls(
        2, loss=loss, **(settings | {"early_stopping": False, "jit_compile": False} | parameters)
    )


@pytest.mark.parametrize(
    "loss", [squared, squared_of_rows, keras.losses.MeanSquaredError(reduction=None)]
)
def test_a_squared_error_of_ones_own_trains_as_the_built_in_one(loss):
    expected = quick("squared_error").fit(WINE)
    found = quick(loss).fit(WINE)
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-4)
    np.testing.assert_allclose(found.transform(WINE), expected.transform(WINE), atol=1e-3)


@pytest.mark.parametrize("loss", [quantile, squared_of_rows])
def test_a_score_is_the_negative_mean_of_the_loss_in_scaled_units(loss):
    fitted = quick(loss).fit(WINE)
    rows = WINE.astype(np.float32)
    left = (rows - fitted.reconstruct(rows)) / SCALE
    values = np.maximum(0.9 * left, -0.1 * left) if loss is quantile else left**2
    np.testing.assert_allclose(fitted.score_samples(rows), -values.mean(axis=1), rtol=1e-4)


def test_most_values_lie_below_the_ninth_decile():
    fitted = quick(quantile, max_iter=60, learning_rate=0.01).fit(WINE)
    assert np.mean(fitted.reconstruct(WINE) > WINE) == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("cls", [DenoisingAutoencoder, StackedAutoencoder])
def test_other_variants_take_it_too(cls):
    fitted = quick(quantile, cls).fit(WINE)
    assert np.isfinite(fitted.score_samples(WINE)).all()


def test_unknown_values_are_left_out():
    observed = np.ones(WINE.shape, bool)
    observed[:, 3] = False
    spoilt = WINE.copy()
    spoilt[:, 3] = 0.0
    expected = quick("squared_error").fit(spoilt, observed=observed).loss_curve_
    found = quick(squared).fit(spoilt, observed=observed).loss_curve_
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    with pytest.raises(ValueError, match=r"loss=.*squared_of_rows.*gives a value a row"):
        quick(squared_of_rows).fit(spoilt, observed=observed)


@pytest.mark.parametrize("holes", [False, True])
def test_a_value_a_row_is_refused_where_holes_are_filled(holes):
    images = np.random.default_rng(0).normal(size=(20, 8, 8, 1))
    images[:1, :3] = np.nan if holes else 0.0
    filling = DenoisingAutoencoder(noise="masking", sample_shape=(8, 8, 1), loss=squared_of_rows)
    with pytest.raises(ValueError, match=r"squared_of_rows.*gives a value a row.*noise='masking'"):
        filling.fit(images)


def test_a_pickle_holds_it_by_its_name():
    fitted = quick(quantile).fit(WINE)
    again = pickle.loads(pickle.dumps(fitted))
    assert again.loss is quantile
    np.testing.assert_array_equal(again.score_samples(WINE), fitted.score_samples(WINE))


def test_training_does_not_go_on_with_another():
    fitted = quick(squared, warm_start=True).fit(WINE)
    with pytest.raises(ValueError, match=r"loss was .*squared.* and is now .*quantile"):
        fitted.set_params(loss=quantile).fit(WINE)


@pytest.mark.parametrize(
    ("loss", "match"),
    [
        (keras.losses.MeanSquaredError, r"is a class.*MeanSquaredError\(reduction=None\)"),
        (lambda targets: targets, "cannot be called: TypeError"),
        (lambda targets, outputs: keras.ops.mean(targets - outputs), "makes .* of float32"),
        (lambda targets, outputs: targets > outputs, "makes .* of bool"),
    ],
)
def test_what_no_step_can_lower_is_refused(loss, match):
    with pytest.raises(
        ValueError, match=rf"loss=<(function|class).*{match}.*A loss is a function of"
    ):
        quick(loss).fit(WINE)


@pytest.mark.parametrize(
    "loss",
    [
        lambda targets, outputs: keras.ops.square(targets),
        lambda targets, outputs: keras.ops.cast(outputs > targets, "float32"),
    ],
)
def test_a_loss_without_a_gradient_is_refused(loss):
    with pytest.raises(ValueError, match=r"loss=<function.* has no gradient at outputs, so that"):
        quick(loss).fit(WINE)


@pytest.mark.parametrize("name", ["loss", "activation"])
@pytest.mark.parametrize(
    ("given", "match"),
    [
        (Unhashable(), "is not hashable .*, and is compiled once for all that equal it. Give a fu"),
        (OfItsKind(), "does not compare with a name, which .* may be too .*'share'.*NotImplement"),
    ],
)
@pytest.mark.parametrize("is_warm", [False, True])
def test_what_does_not_compare_is_refused(name, given, match, is_warm):
    estimator = quick("squared_error", max_iter=1)
    if is_warm:
        estimator.fit(WINE).set_params(warm_start=True)
    with pytest.raises(ValueError, match=f"^{name}=.* {match}"):
        estimator.set_params(**{name: given}).fit(WINE)


def test_a_table_has_losses_by_name():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(WINE[:, :3], columns=list("abc"))
    with pytest.raises(ValueError, match=r"loss=.*squared.*a loss for each kind of column"):
        TableAutoencoder(quick(squared)).fit(frame)
