"""What each column adds to a score."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from skae import (
    ReconstructionOutlierDetector,
    VariationalAutoencoder,
)

from .shared import SCORINGS, moved, pca_detector


@pytest.mark.parametrize("scoring", SCORINGS)
def test_contributions_sum_to_the_anomaly_score(rows, scoring):
    detector = pca_detector(scoring).fit(rows[:200])
    total = detector.feature_contributions(rows).sum(axis=1)
    np.testing.assert_allclose(total, -detector.score_samples(rows))


def test_contributions_of_a_variational_autoencoder_sum_to_its_score(rows):
    vae = VariationalAutoencoder(2, max_iter=2)
    detector = ReconstructionOutlierDetector(
        vae, scoring="likelihood", calibration_fraction=0.5, random_state=0
    )
    detector.fit(rows[:50])
    total = detector.feature_contributions(rows[45:55]).sum(axis=1)
    np.testing.assert_allclose(total, -detector.score_samples(rows[45:55]))


def test_likelihood_contributions_of_a_normal_distribution(rows):
    # Of half of d' P d, column j has d_j (P d)_j / 2; the constant is shared evenly.
    detector = pca_detector("likelihood", calibration_fraction=0.5).fit(rows[:200])
    fresh, expected = rows[200:], []
    for pca in detector.reducers_:
        deviations = fresh - pca.mean_
        constant = -pca.score_samples(pca.mean_[np.newaxis]) / 8
        expected.append(deviations * (deviations @ pca.get_precision()) / 2 + constant)
    contributions = detector.feature_contributions(fresh)
    np.testing.assert_allclose(contributions, np.mean(expected, axis=0))


@pytest.mark.parametrize("scoring", ["error", "top_features"])
def test_contributions_of_new_rows_are_medians_over_the_reducers(rows, scoring):
    detector = pca_detector(scoring).fit(rows[:200])
    new = moved(rows[200:220], 0, 9.0)
    of_reducers = [judge.contributions(new) for judge in detector._panel.judges]
    medians = np.median(of_reducers, axis=0)
    expected = medians / medians.sum(axis=1, keepdims=True)
    expected *= -detector.score_samples(new)[:, np.newaxis]
    np.testing.assert_allclose(detector.feature_contributions(new), expected)


def test_contributions_keep_the_names_and_the_index_of_a_frame(rows):
    frame = pd.DataFrame(rows, columns=list("abcdefgh"), index=np.arange(len(rows)) + 1000)
    contributions = pca_detector().fit(frame).feature_contributions(frame)
    assert list(contributions.columns) == list("abcdefgh")
    assert list(contributions.index) == list(frame.index)


def test_contributions_of_an_array_have_plain_names(rows):
    contributions = pca_detector().fit(rows).feature_contributions(rows[:3])
    assert list(contributions.columns) == [f"x{i}" for i in range(8)]
    assert list(contributions.index) == [0, 1, 2]


@pytest.mark.parametrize("scoring", SCORINGS)
def test_contributions_name_the_column_that_moved(scoring):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 20)) + rng.normal(0, 0.2, (300, 20))
    detector = ReconstructionOutlierDetector(PCA(2), scoring=scoring, random_state=0).fit(X[:200])
    contributions = detector.feature_contributions(moved(X[200:], 3, 3.0))
    assert np.mean(contributions.idxmax(axis=1) == "x3") > 0.75


def test_contributions_without_pandas_say_what_to_install(rows, monkeypatch):
    detector = pca_detector().fit(rows)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        ImportError, match=r'pandas, which is not installed; pip install "skae\[compare\]"'
    ):
        detector.feature_contributions(rows)
