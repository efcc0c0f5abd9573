"""Rows of any kind, and estimators that are pickled."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    Autoencoder,
    AutoencoderClassifier,
    ConvolutionalAutoencoder,
    RecurrentAutoencoder,
)

from .shared import LABELS, PARTS, SMALL, SPECIES, WIDTH, X


@pytest.mark.slow
def test_images_in_their_own_shape_or_flat():
    digits, y = load_digits(return_X_y=True)
    digits, y = digits[:100], np.where(np.arange(100) < 60, y[:100], -1)
    autoencoder = ConvolutionalAutoencoder(
        4, sample_shape=(8, 8, 1), hidden_layer_sizes=(2,), max_iter=2, random_state=0
    )
    classifier = AutoencoderClassifier(autoencoder, max_iter=2, random_state=0)
    images = digits.reshape(-1, 8, 8, 1)
    expected = classifier.fit(images, y).predict_proba(images)
    np.testing.assert_array_equal(classifier.predict_proba(digits), expected)
    np.testing.assert_array_equal(classifier.fit(digits, y).predict_proba(digits), expected)
    with pytest.raises(ValueError, match=r"rows of sample_shape=\(8, 8, 1\) were expected"):
        classifier.predict(images.reshape(-1, 4, 16, 1))


@pytest.mark.slow
def test_timesteps_that_are_padding():
    padded = X.copy()
    padded[:50, 2:] = np.nan
    autoencoder = RecurrentAutoencoder(
        2, sample_shape=(2, 2), mask_value=np.nan, **SMALL | {"max_iter": 1}
    )
    fitted = AutoencoderClassifier(autoencoder, max_iter=1, random_state=0).fit(padded, LABELS)
    assert fitted.score(padded, SPECIES) > 0.6


def test_sparse_rows(quick):
    fitted, expected = quick().fit(sparse.csr_array(X), LABELS), quick().fit(X, LABELS)
    for rows in (sparse.csr_array(X), sparse.csc_array(X), X):
        np.testing.assert_allclose(fitted.predict_proba(rows), expected.predict_proba(X), atol=1e-4)


def test_float32_rows(quick):
    found = quick().fit(X.astype(np.float32), LABELS).predict_proba(X.astype(np.float32))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, quick().fit(X, LABELS).predict_proba(X), atol=1e-3)


def test_frames_have_names(quick):
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    autoencoder = Autoencoder(2, **SMALL).set_output(transform="pandas")
    fitted = quick(from_pretrained=None, autoencoder=autoencoder).fit(frame, LABELS)
    np.testing.assert_array_equal(fitted.feature_names_in_, frame.columns)
    np.testing.assert_array_equal(fitted.predict(frame), quick().fit(X, LABELS).predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame.rename(columns={"a": "z"}))


def test_a_scaler_goes_before_it():
    scaled = StandardScaler().fit_transform(X)
    classifier = AutoencoderClassifier(Autoencoder(2, **SMALL), max_iter=2, random_state=0)
    expected = clone(classifier).fit(scaled, LABELS).predict_proba(scaled)
    pipeline = make_pipeline(StandardScaler(), classifier).fit(X, LABELS)
    np.testing.assert_allclose(pipeline.predict_proba(X), expected, rtol=1e-6)


# Elsewhere


SERVE = """
import pickle, sys
import numpy as np
fitted, X = pickle.load(open(sys.argv[1], "rb"))
np.save(sys.argv[2], fitted.predict_proba(X))
assert not {"tensorflow", "keras"} & set(sys.modules), "TensorFlow was imported"
"""


@pytest.mark.slow
def test_a_pickle_predicts_the_same_without_tensorflow(quick, tmp_path):
    fitted = quick(hidden_layer_sizes=(4,)).fit(X, LABELS).set_params(from_pretrained=None)
    (tmp_path / "fitted.pickle").write_bytes(pickle.dumps((fitted, X)))
    paths = [tmp_path / "fitted.pickle", tmp_path / "probabilities.npy"]
    subprocess.run([sys.executable, "-c", SERVE, *paths], env=os.environ, check=True)
    np.testing.assert_array_equal(np.load(paths[1]), fitted.predict_proba(X))


def test_a_pickled_regressor_predicts_the_same(quick_regressor):
    fitted = quick_regressor().fit(PARTS, WIDTH)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(PARTS), fitted.predict(PARTS))
