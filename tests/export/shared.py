"""A file of ONNX run beside the estimator that it was made of."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine

import skae

onnxruntime = pytest.importorskip("onnxruntime", reason="it runs what skae[onnx] writes")
pytest.importorskip("skl2onnx", reason="needs skae[onnx]")

# Their middles of 6 by 6 pixels.
DIGITS = load_digits().images[:40, 1:7, 1:7].reshape(40, 36)
WINE, KINDS = load_wine(return_X_y=True)
QUICK = {"max_iter": 1, "early_stopping": False, "random_state": 0}
# Relative to what numpy answers, and to its deviation.
TOLERANCE = 1e-5


def session_of(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def answers(model, feed):
    given = feed if isinstance(feed, dict) else {"X": feed}
    return session_of(model).run(None, given)


def check_alike(found, expected):
    """Compare what a file answers with what numpy does."""
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    if expected.dtype.kind != "f":
        assert found.tolist() == expected.tolist()
        return
    assert found.dtype == expected.dtype
    scale = max(np.nanstd(expected), np.finfo(np.float32).tiny)
    np.testing.assert_allclose(found / scale, expected / scale, rtol=TOLERANCE, atol=TOLERANCE)


def check_file(estimator, X, *methods, feed=None, **options):
    """Compare all methods; one file answers them."""
    model = skae.to_onnx(estimator, method=list(methods), **options)
    found = answers(model, X if feed is None else feed)
    for name, values in zip(methods, found, strict=True):
        check_alike(values, getattr(estimator, name)(X))


def check_back(estimator, code):
    model = skae.to_onnx(estimator, method="inverse_transform")
    check_alike(answers(model, code)[0], estimator.inverse_transform(code))


def check_autoencoder(estimator, X):
    """All that an autoencoder answers, both ways."""
    check_file(estimator, X, "transform", "reconstruct", "score_samples")
    check_back(estimator, estimator.transform(X))
