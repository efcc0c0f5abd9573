"""Sequences of different lengths inside the applications: padding is nobody's fault."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags

from skae import (
    LatentCodec,
    LatentSampler,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
    RecurrentAutoencoder,
    VariationalAutoencoder,
)
from skae.applications.outliers._padding import PresentDistance, PresentTop, pairwise_covariance
from skae.reducers._padding import find_padding

T, F = 8, 2
MASKS = [np.nan, -1.0, 0.0]


class PaddedPCA(TransformerMixin, BaseEstimator):
    """PCA of sequences; reads padding as the mean, and writes something there."""

    def __init__(self, n_components=2, sample_shape=(T, F), mask_value=np.nan):
        self.n_components = n_components
        self.sample_shape = sample_shape
        self.mask_value = mask_value

    def fit(self, X, y=None):
        rows = self._present(X)
        self.mean_ = np.nanmean(rows, axis=0)
        self.pca_ = PCA(self.n_components).fit(np.where(np.isnan(rows), self.mean_, rows))
        return self

    def _present(self, X):
        steps = X.reshape(len(X), *self.sample_shape)
        is_nan = np.isnan(self.mask_value)
        holds = np.isnan(steps) if is_nan else steps == self.mask_value
        return np.where(holds.all(axis=2, keepdims=True), np.nan, steps).reshape(X.shape)

    def transform(self, X):
        rows = self._present(X)
        return self.pca_.transform(np.where(np.isnan(rows), self.mean_, rows))

    def inverse_transform(self, X):
        return self.pca_.inverse_transform(X)


def sequences(n_rows, mask_value=np.nan, seed=0, shuffled=False):
    """Two waves of one phase each, of 4 to 8 timesteps, padded to 8; and their lengths."""
    rng = np.random.default_rng(seed)
    phase, t = rng.uniform(0, 2 * np.pi, (n_rows, 1)), np.arange(T)
    X = np.stack([np.sin(phase + t), np.cos(phase + t)], axis=2) + 5
    X += rng.normal(0, 0.1, X.shape)
    lengths = rng.integers(4, T + 1, n_rows)
    for row, length in zip(X, lengths, strict=True):
        if shuffled:
            row[:length] = rng.permuted(row[:length], axis=0)
        row[length:] = mask_value
    return X.reshape(n_rows, -1), lengths


def detector(reducer, scoring="mahalanobis", **parameters):
    return ReconstructionOutlierDetector(reducer, scoring=scoring, random_state=0, **parameters)


# Errors have units and are not brought to what is usual for a length: the reducer's own are as
# much larger for short sequences.
LARGEST_CORRELATION = {"mahalanobis": 0.25, "error": 0.4, "top_features": 0.25}
SCORINGS = list(LARGEST_CORRELATION)


@pytest.mark.parametrize("mask_value", MASKS)
@pytest.mark.parametrize("scoring", SCORINGS)
def test_scores_do_not_follow_the_length(scoring, mask_value):
    X, _ = sequences(300, mask_value)
    normal, lengths = sequences(300, mask_value, seed=1)
    odd, _ = sequences(300, mask_value, seed=2, shuffled=True)
    fitted = detector(PaddedPCA(2, mask_value=mask_value), scoring).fit(X)
    scores = fitted.score_samples(np.vstack([normal, odd]))
    assert abs(np.corrcoef(scores[:300], lengths)[0, 1]) < LARGEST_CORRELATION[scoring]
    assert roc_auc_score(np.repeat([1, 0], 300), scores) > 0.9
    assert np.mean(fitted.predict(normal) == -1) < 0.1


def of_all_lengths(n_rows, seed):
    """Waves of any frequency, of which few rows hold the last of twelve timesteps."""
    rng = np.random.default_rng(seed)
    frequency, phase = rng.uniform(0.3, 1, (n_rows, 1)), rng.uniform(0, 6, (n_rows, 1))
    X = np.sin(phase + frequency * np.arange(12)) + 0.1 * rng.standard_normal((n_rows, 12))
    lengths = rng.integers(6, 13, n_rows)
    X[np.arange(12) >= lengths[:, np.newaxis]] = np.nan
    return X, lengths


@pytest.mark.parametrize("scoring", ["mahalanobis", "top_features"])
def test_no_length_is_flagged_more_than_others(scoring):
    X, _ = of_all_lengths(300, seed=0)
    new, lengths = of_all_lengths(2000, seed=1)
    fitted = detector(PaddedPCA(2, sample_shape=(12, 1)), scoring).fit(X)
    flagged = fitted.predict(new) == -1
    assert np.all([flagged[lengths == n].mean() < 0.1 for n in range(6, 13)])


@pytest.mark.parametrize("scoring", SCORINGS)
@pytest.mark.parametrize("number", [-1.0, 0.0])
def test_nan_and_numbers_score_the_same(scoring, number):
    expected = detector(PaddedPCA(), scoring).fit(sequences(60)[0])
    fitted = detector(PaddedPCA(mask_value=number), scoring).fit(sequences(60, number)[0])
    new = sequences(20, seed=1)[0], sequences(20, number, seed=1)[0]
    np.testing.assert_allclose(fitted.score_samples(new[1]), expected.score_samples(new[0]))
    np.testing.assert_allclose(fitted.offset_, expected.offset_)


@pytest.mark.parametrize("scoring", SCORINGS)
def test_padding_contributes_nothing(scoring):
    X, _ = sequences(60)
    contributions = detector(PaddedPCA(), scoring).fit(X).feature_contributions(X).to_numpy()
    np.testing.assert_array_equal(contributions[np.isnan(X)], 0.0)
    assert np.all(np.any(contributions != 0, axis=1))


def test_error_is_the_mean_over_what_is_there():
    X, _ = sequences(60)
    new, _ = sequences(20, seed=1)
    fitted = detector(PaddedPCA(), "error").fit(X)
    made = [each.inverse_transform(each.transform(new)) for each in fitted.reducers_]
    expected = np.mean([np.nanmean((new - rows) ** 2, axis=1) for rows in made], axis=0)
    np.testing.assert_allclose(-fitted.score_samples(new), expected)


@pytest.mark.slow
@pytest.mark.parametrize("mask_value", [np.nan, -1.0])
def test_in_a_recurrent_autoencoder(mask_value):
    reducer = RecurrentAutoencoder(
        2, sample_shape=(T, F), mask_value=mask_value, hidden_layer_sizes=(4,), max_iter=2
    )
    fitted = detector(reducer, "error", calibration_fraction=0.5).fit(sequences(40, mask_value)[0])
    new, _ = sequences(20, mask_value, seed=1)
    own = np.mean([each.score_samples(new) for each in fitted.reducers_], axis=0)
    np.testing.assert_allclose(fitted.score_samples(new), own, rtol=1e-4)
    shaped = fitted.score_samples(new.reshape(-1, T, F))
    np.testing.assert_array_equal(shaped, fitted.score_samples(new))


@pytest.mark.slow
def test_likelihoods_do_not_follow_the_length():
    X, _ = sequences(120)
    new, lengths = sequences(30, seed=1)
    vae = VariationalAutoencoder(
        2,
        network="recurrent",
        sample_shape=(T, F),
        mask_value=np.nan,
        hidden_layer_sizes=(4,),
        max_iter=3,
    )
    fitted = detector(vae, "likelihood", calibration_fraction=0.5).fit(X)
    scores = fitted.score_samples(new)
    n_values = lengths * F
    own = np.mean([each.score_samples(new) for each in fitted.reducers_], axis=0)
    np.testing.assert_allclose(scores, own * T * F / n_values)
    contributions = fitted.feature_contributions(new).to_numpy()
    np.testing.assert_allclose(contributions.sum(axis=1), -scores, rtol=1e-6)
    np.testing.assert_array_equal(contributions[np.isnan(new)], 0.0)


# Around and inside pipelines


@pytest.mark.parametrize("scoring", SCORINGS)
def test_scaled_inside(scoring):
    X, _ = sequences(300)
    new, lengths = sequences(300, seed=1)
    fitted = detector(make_pipeline(StandardScaler(), PaddedPCA()), scoring).fit(X)
    correlation = np.corrcoef(fitted.score_samples(new), lengths)[0, 1]
    assert abs(correlation) < LARGEST_CORRELATION[scoring]


def test_scaled_outside():
    X, _ = sequences(60)
    pipeline = make_pipeline(StandardScaler(), detector(PaddedPCA())).fit(X)
    scaler = StandardScaler().fit(X)
    expected = detector(PaddedPCA()).fit(scaler.transform(X)).score_samples(scaler.transform(X))
    np.testing.assert_allclose(pipeline.score_samples(X), expected)


def test_padding_is_what_the_last_step_reads():
    pads = FunctionTransformer(
        lambda X: np.where(X == 99.0, -1.0, X), lambda X: X, check_inverse=False
    )
    X, _ = sequences(60, 99.0)
    fitted = detector(make_pipeline(pads, PaddedPCA(mask_value=-1.0))).fit(X)
    expected = detector(PaddedPCA(mask_value=-1.0)).fit(sequences(60, -1.0)[0])
    np.testing.assert_allclose(fitted.offset_, expected.offset_)


def test_steps_that_mix_columns_are_refused():
    halves = FunctionTransformer(
        lambda X: X[:, T:], lambda X: np.hstack([X, X]), check_inverse=False
    )
    inner = PaddedPCA(1, sample_shape=(T // 2, F), mask_value=0.0)
    with pytest.raises(ValueError, match="nobody can tell which values of X are padding"):
        detector(make_pipeline(halves, inner)).fit(sequences(60, 0.0)[0])


def test_a_frozen_reducer():
    X, _ = sequences(60)
    frozen = FrozenEstimator(PaddedPCA().fit(X))
    assert np.mean(detector(frozen).fit(X).predict(X) == 1) > 0.8


def test_nan_is_allowed_only_where_it_is_padding():
    assert get_tags(detector(PaddedPCA())).input_tags.allow_nan
    assert get_tags(detector(make_pipeline(StandardScaler(), PaddedPCA()))).input_tags.allow_nan
    assert not get_tags(detector(PaddedPCA(mask_value=0.0))).input_tags.allow_nan
    assert not get_tags(detector(PCA(2))).input_tags.allow_nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        detector(PCA(2)).fit(sequences(60)[0])


def test_a_saved_detector_scores_the_same():
    X, _ = sequences(60)
    for scoring in SCORINGS:
        fitted = detector(PaddedPCA(), scoring).fit(X)
        again = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(again.score_samples(X), fitted.score_samples(X))


# Mathematics


def padded_residuals(n_rows=4000):
    """Normal residuals of a known covariance, of which the last columns may be missing."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(5, 5)) + 2 * np.eye(5)
    residuals = rng.normal(size=(n_rows, 5)) @ mixing.T
    for length in (2, 3, 4):
        residuals[length::6, length:] = np.nan
    return residuals, mixing @ mixing.T


def test_distances_are_those_of_what_is_there():
    residuals, _ = padded_residuals(400)
    measure = PresentDistance().fit(residuals)
    for row in residuals[:6]:
        there = ~np.isnan(row)
        own = measure.covariance[np.ix_(there, there)]
        distance = row[there] @ np.linalg.solve(own, row[there])
        factor = 5 / there.sum()
        contributions = measure.contributions(row[np.newaxis])
        np.testing.assert_allclose(contributions.sum(), distance * factor)


def test_covariance_is_that_of_rows_that_hold_both_columns():
    residuals, covariance = padded_residuals()
    np.testing.assert_allclose(
        pairwise_covariance(residuals), covariance, atol=0.1 * covariance.max()
    )


def test_a_few_outliers_hardly_move_the_covariance():
    residuals, covariance = padded_residuals()
    residuals[::200] *= 1000
    np.testing.assert_allclose(
        pairwise_covariance(residuals), covariance, atol=0.15 * covariance.max()
    )


@pytest.mark.parametrize("n_top", [1, 2])
def test_the_largest_of_few_values_count_like_the_largest_of_many(n_top):
    rng = np.random.default_rng(0)
    residuals = rng.normal(size=(6000, 20))
    residuals[::2, 8:] = np.nan
    measure = PresentTop(n_top / 20).fit(residuals)
    scores = measure.contributions(residuals).sum(axis=1)
    np.testing.assert_allclose(scores[::2].mean(), scores[1::2].mean(), rtol=0.05)


def test_the_largest_are_those_that_others_do_not_predict():
    residuals = np.random.default_rng(0).normal(size=(500, 5))
    residuals[:, 1] += 3 * residuals[:, 0]
    residuals[::2, 3:] = np.nan
    measure = PresentTop(0.2).fit(residuals)
    odd = np.array([[1.0, -3.0, 0.0, np.nan, np.nan], [0.0, 0.0, 8.0, np.nan, np.nan]])
    contributions = measure.contributions(odd)
    assert np.flatnonzero(contributions[0]).item() in (0, 1)
    assert np.flatnonzero(contributions[1]).tolist() == [2]


def test_a_column_that_no_row_holds():
    residuals = np.random.default_rng(0).normal(size=(50, 5))
    residuals[:, 4] = np.nan
    covariance = pairwise_covariance(residuals)
    np.testing.assert_allclose(covariance[4, 4], np.mean(residuals[:, :4] ** 2))
    np.testing.assert_allclose(covariance[4, :4], 0.0, atol=1e-12)


def test_a_single_feature_that_is_missing_is_no_padding():
    X = np.array([[1.0, np.nan, np.nan, np.nan]])
    reducer = PaddedPCA(sample_shape=(2, 2))
    assert find_padding(reducer, X).tolist() == [[False, False, True, True]]


# Imputer


def quick_imputer(mask_value=np.nan, **parameters):
    parameters = {"max_iter": 20, "tol": 0} | parameters
    return ReconstructionImputer(PaddedPCA(2, mask_value=mask_value), **parameters)


def holed(X, mask_value):
    """The same rows with single features missing, of timesteps that are there; and where."""
    steps = X.reshape(-1, T, F).copy()
    is_padding = (np.isnan(steps) if np.isnan(mask_value) else steps == mask_value).all(axis=2)
    is_missing = np.random.default_rng(1).random(steps.shape) < 0.15
    is_missing[..., 1] &= ~is_missing[..., 0]  # a timestep of which nothing is known is padding
    is_missing &= ~is_padding[:, :, np.newaxis]
    steps[is_missing] = np.nan
    return steps.reshape(X.shape), is_missing.reshape(X.shape), np.repeat(is_padding, F, axis=1)


@pytest.mark.parametrize("mask_value", MASKS)
def test_padding_is_not_missing_and_not_filled(mask_value):
    X, _ = sequences(200, mask_value)
    given, is_missing, is_padding = holed(X, mask_value)
    imputer = quick_imputer(mask_value).fit(given)
    filled = imputer.transform(given)
    np.testing.assert_array_equal(filled[is_padding], mask_value)
    np.testing.assert_array_equal(filled[~is_missing], given[~is_missing])
    error = np.std((filled - X)[is_missing])
    assert error < 0.6 * np.std(X[is_missing])


def test_all_kinds_of_padding_are_filled_alike():
    rows = {mask: holed(sequences(100, mask)[0], mask) for mask in MASKS}
    filled = {mask: quick_imputer(mask).fit_transform(given[0]) for mask, given in rows.items()}
    is_missing = rows[MASKS[0]][1]
    for mask in MASKS[1:]:
        np.testing.assert_allclose(filled[mask][is_missing], filled[MASKS[0]][is_missing])


@pytest.mark.parametrize("mask_value", MASKS)
def test_padding_does_not_count_for_the_initial_filling(mask_value):
    given, is_missing, is_padding = holed(sequences(100, mask_value)[0], mask_value)
    known = np.where(is_missing | is_padding, np.nan, given)
    filled = quick_imputer(mask_value, max_iter=0).fit_transform(given)
    means = np.broadcast_to(np.nanmean(known, axis=0), given.shape)
    np.testing.assert_allclose(filled[is_missing], means[is_missing])


def test_indicators_do_not_show_padding():
    given, is_missing, _ = holed(sequences(100)[0], np.nan)
    filled = quick_imputer(add_indicator=True).fit_transform(given)
    columns = is_missing.any(axis=0)
    np.testing.assert_array_equal(filled[:, T * F :], is_missing[:, columns])


def test_missing_and_padding_may_be_one_number():
    given, is_missing, is_padding = holed(sequences(100, -1.0)[0], -1.0)
    expected = quick_imputer(-1.0).fit_transform(given)
    given[is_missing] = -1.0
    filled = quick_imputer(-1.0, missing_values=-1).fit_transform(given)
    np.testing.assert_array_equal(filled, expected)
    np.testing.assert_array_equal(filled[is_padding], -1.0)


@pytest.mark.slow
def test_timesteps_that_no_sequence_reaches_stay():
    X, _ = sequences(60)
    X[:, -F:] = np.nan
    given, is_missing, _ = holed(X, np.nan)
    reducer = RecurrentAutoencoder(
        2, sample_shape=(T, F), mask_value=np.nan, hidden_layer_sizes=(4,), max_iter=2
    )
    imputer = ReconstructionImputer(reducer, max_iter=2, random_state=0).fit(given)
    filled = imputer.transform(given)
    assert filled.shape == given.shape
    assert np.isfinite(filled[is_missing]).all()
    assert np.isnan(filled[:, -F:]).all()


def test_bounds_and_grids_leave_padding_alone():
    given, is_missing, is_padding = holed(sequences(60, -1.0)[0], -1.0)
    limits = {"min_value": "observed", "max_value": 5.5, "grid": 0.25}
    filled = quick_imputer(-1.0, **limits).fit_transform(given)
    np.testing.assert_array_equal(filled[is_padding], -1.0)
    assert filled[is_missing].min() > 3
    assert filled[is_missing].max() <= 5.5
    np.testing.assert_array_equal(filled[is_missing] % 0.25, 0)


def test_a_row_of_which_nothing_is_known_is_filled_at_first_only():
    given, _, is_padding = holed(sequences(60, -1.0)[0], -1.0)
    given[0] = np.where(is_padding[0], -1.0, np.nan)
    filled = quick_imputer(-1.0).fit_transform(given)
    known = np.where(is_padding | np.isnan(given), np.nan, given)
    expected = np.where(is_padding[0], -1.0, np.nanmean(known, axis=0))
    np.testing.assert_allclose(filled[0], expected)


@pytest.mark.parametrize("make", [ReconstructionImputer, LatentCodec])
def test_numbers_behind_a_scaler_are_refused(make):
    reducer = make_pipeline(StandardScaler(), PaddedPCA(mask_value=0.0))
    with pytest.raises(ValueError, match=r"mask_value=0.0 is what PaddedPCA reads after.*NaN"):
        make(reducer).fit(sequences(60, 0.0)[0])


def test_nan_goes_through_a_scaler():
    given, is_missing, is_padding = holed(sequences(60)[0], np.nan)
    pipeline = make_pipeline(StandardScaler(), PaddedPCA())
    filled = ReconstructionImputer(pipeline, max_iter=20, tol=0).fit_transform(given)
    assert np.isnan(filled[is_padding]).all()
    assert np.isfinite(filled[is_missing]).all()
    around = make_pipeline(StandardScaler(), quick_imputer()).fit_transform(given)
    np.testing.assert_array_equal(np.isnan(around), is_padding)


# Sampler and codec


@pytest.mark.parametrize("mask_value", MASKS)
def test_samples_have_all_timesteps(mask_value):
    X, _ = sequences(60, mask_value)
    sampler = LatentSampler(PaddedPCA(mask_value=mask_value), min_value="observed").fit(X)
    rows = sampler.sample(20, random_state=0)
    assert np.isfinite(rows).all()
    assert rows.min() > 3  # the smallest that is there, and not the padding
    assert np.isfinite(sampler.score_samples(X)).all()
    augmented, _ = sampler.augment(X, np.arange(60) < 20, random_state=0)
    np.testing.assert_array_equal(augmented[:60], X)
    assert np.isfinite(augmented[60:]).all()
    assert get_tags(sampler).input_tags.allow_nan == bool(np.isnan(mask_value))


@pytest.mark.parametrize("mask_value", MASKS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_decoded_rows_are_padded_as_the_encoded_ones(mask_value, dtype):
    X = sequences(60, mask_value)[0].astype(dtype)
    codec = LatentCodec(PaddedPCA(mask_value=mask_value)).fit(X)
    shifted = np.roll(X.reshape(-1, T, F), 2, axis=1)  # padding ahead, and at both ends
    shifted[0, 4] = mask_value
    for rows in (X, shifted.reshape(X.shape), X[:1], X[:0]):
        decoded = codec.decode(codec.encode(rows))
        is_padding = np.isnan(rows) if np.isnan(mask_value) else rows == mask_value
        assert decoded.dtype == dtype
        np.testing.assert_array_equal(decoded[is_padding], mask_value)
        assert np.isfinite(decoded[~is_padding]).all()
        assert not np.any(decoded[~is_padding] == mask_value)


def test_lengths_take_the_bits_of_their_entropy():
    X, lengths = sequences(2000)
    padded = LatentCodec(PaddedPCA(), bits=4).fit(X)
    counts = np.bincount(lengths) / len(lengths)
    entropy = -np.sum(counts[counts > 0] * np.log2(counts[counts > 0]))
    np.testing.assert_allclose(padded.bits_per_row_, 2 * 4 + entropy, atol=0.1)
    n_bits = 8 * (len(padded.encode(X)) - 30) / len(X)
    np.testing.assert_allclose(n_bits, padded.bits_per_row_, atol=0.1)


def test_the_codec_around_a_scaled_recurrent_autoencoder():
    X, _ = sequences(40)
    inner = RecurrentAutoencoder(
        2, sample_shape=(T, F), mask_value=np.nan, hidden_layer_sizes=(4,), max_iter=2
    )
    codec = LatentCodec(make_pipeline(StandardScaler(), inner), random_state=0).fit(X)
    decoded = codec.decode(codec.encode(X.reshape(-1, T, F)))
    np.testing.assert_array_equal(np.isnan(decoded), np.isnan(X))
