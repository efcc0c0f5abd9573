"""Where the threshold lies between normal rows and outliers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from skae import (
    ReconstructionOutlierDetector,
)
from skae.metrics import reconstruction_error_samples

from .shared import SCORINGS, Memory, moved, pca_detector


def test_threshold_comes_from_held_out_rows(rows):
    # Rows reconstruct themselves exactly, so errors on training rows would be zero.
    detector = ReconstructionOutlierDetector(
        Memory(), scoring="error", contamination=0.1, random_state=0
    ).fit(rows[:200])
    assert detector.offset_ < -0.01
    assert 0.03 <= np.mean(detector.predict(rows[200:]) == -1) <= 0.17


@pytest.mark.parametrize("scoring", SCORINGS)
def test_contamination_is_the_share_of_the_rows_in_fit(rows, scoring):
    labels = pca_detector(scoring, contamination=0.1).fit_predict(rows)
    assert np.sum(labels == -1) == 40


@pytest.mark.parametrize("trim", [0.1, 0.3])
def test_contamination_counts_rows_that_are_trimmed(rows, trim):
    detector = ReconstructionOutlierDetector(PCA(2), trim=trim, contamination=0.1, random_state=0)
    assert np.mean(detector.fit_predict(rows) == -1) == pytest.approx(0.1, abs=0.01)


def test_rows_in_fit_are_scored_by_the_reducer_that_has_not_seen_them(rows):
    detector = ReconstructionOutlierDetector(
        Memory(), scoring="error", calibration_fraction=0.5
    ).fit(rows[:100])
    errors = [
        reconstruction_error_samples(rows[:100], r.inverse_transform(r.transform(rows[:100])))
        for r in detector.reducers_
    ]
    # One has seen it and makes no error.
    np.testing.assert_allclose(-detector.score_samples(rows[:100]), np.max(errors, axis=0))


def test_equal_rows_share_a_fold(rows):
    twice = np.concatenate([rows[:50], rows[:50]])
    detector = ReconstructionOutlierDetector(Memory(), scoring="error", random_state=0).fit(twice)
    assert np.all(detector.score_samples(twice) < 0)


def test_a_row_in_fit_is_known_by_its_values(rows):
    detector = pca_detector().fit(rows)
    expected = detector.score_samples(rows)
    frame = pd.DataFrame(rows[::-1])
    np.testing.assert_allclose(detector.score_samples(frame), expected[::-1])
    np.testing.assert_allclose(detector.score_samples(rows[:7]), expected[:7])


def test_auto_takes_far_rows_and_few_others(rows):
    detector = pca_detector().fit(rows)
    assert np.mean(detector.predict(rows) == -1) < 0.06
    assert np.all(detector.predict(moved(rows[:20], 0, 9.0)) == -1)


@pytest.mark.parametrize("n_rows", [50, 400])
def test_auto_is_three_quartile_distances_below_the_quartile_and_more_for_few_rows(rows, n_rows):
    detector = pca_detector("error").fit(rows[:n_rows])
    quartile, median = np.quantile(detector.score_samples(rows[:n_rows]), [0.25, 0.5])
    distance = 3 * (1 + 20 / n_rows) * (median - quartile)
    assert detector.offset_ <= quartile - distance


@pytest.mark.parametrize("n_rows", [50, 400])
def test_auto_follows_a_long_tail_by_a_higher_quantile(rows, n_rows):
    detector = pca_detector("error").fit(rows[:n_rows])
    scores, farther = -detector.score_samples(rows[:n_rows]), 1 + 20 / n_rows
    median, upper, high = np.quantile(scores, [0.5, 0.75, 0.85])
    three = [
        upper + 3 * farther * (upper - median),
        high + 3 * farther * (high - upper),
        high * (high / upper) ** (2 * farther),
    ]
    np.testing.assert_allclose(-detector.offset_, max(three))


@pytest.mark.parametrize("n_columns", [2, 10])
@pytest.mark.parametrize(
    ("tail", "most"), [("standard_normal", 0.05), ("standard_exponential", 0.1)]
)
def test_few_new_rows_are_outliers_whatever_the_tail(n_columns, tail, most):
    rng = np.random.default_rng(0)
    rows, new = (getattr(rng, tail)((n, n_columns)) for n in (500, 2000))
    detector = ReconstructionOutlierDetector(PCA(max(1, n_columns // 3)), random_state=0)
    assert np.mean(detector.fit(rows).predict(new) == -1) < most
