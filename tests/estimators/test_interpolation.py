"""Rows between pairs of rows."""

import numpy as np
import pytest
from scipy.spatial import geometric_slerp
from sklearn.datasets import load_iris

import skae

X = load_iris().data
SHORT = {"max_iter": 1, "batch_size": 150, "hidden_layer_sizes": (4,), "random_state": 0}


@pytest.fixture(scope="module", params=[skae.VariationalAutoencoder, skae.AdversarialAutoencoder])
def fitted(request):
    return request.param(3, **SHORT).fit(X)


@pytest.mark.parametrize("method", ["linear", "spherical", None])
def test_the_ends_are_the_reconstructions(method, fitted):
    rows = fitted.interpolate(X[:5], X[-5:], 4, method=method)
    assert rows.shape == (5, 4, 4)
    np.testing.assert_allclose(rows[:, 0], fitted.reconstruct(X[:5]), rtol=1e-9)
    np.testing.assert_allclose(rows[:, -1], fitted.reconstruct(X[-5:]), rtol=1e-9)


def test_the_line_goes_through_the_middle(fitted):
    first, last = fitted.transform(X[:1]), fitted.transform(X[-1:])
    middle = fitted.interpolate(X[:1], X[-1:], 3, method="linear")[:, 1]
    np.testing.assert_allclose(middle, fitted.inverse_transform((first + last) / 2))


def test_the_arc_is_scipys():
    from skae.estimators._interpolating import codes_between

    first, last = np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 0.6, 0.8]])
    expected = geometric_slerp(first[0], last[0], np.linspace(0, 1, 6))
    np.testing.assert_allclose(codes_between(first, last, 6, "spherical")[0], expected, atol=1e-12)


@pytest.mark.parametrize("degrees", [10, 90, 170, 179.9])
def test_the_arc_is_never_longer_than_its_ends(degrees):
    from skae.estimators._interpolating import codes_between

    angle = np.deg2rad(degrees)
    first, last = np.array([[1.0, 0.0]]), 3 * np.array([[np.cos(angle), np.sin(angle)]])
    codes = codes_between(first, last, 9, "spherical")[0]
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), np.linspace(1, 3, 9))
    np.testing.assert_allclose(np.arctan2(codes[:, 1], codes[:, 0]), np.linspace(0, angle, 9))


@pytest.mark.parametrize("last", [[2.0, 0.0], [-2.0, 0.0], [0.0, 0.0]])
def test_the_way_is_straight_where_there_is_no_arc(last):
    from skae.estimators._interpolating import codes_between

    first, last = np.array([[1.0, 0.0]]), np.array([last])
    found = codes_between(first, last, 3, "spherical")[0]
    np.testing.assert_allclose(found[1], (first + last)[0] / 2)


def test_a_prior_of_several_parts_is_crossed_in_a_line():
    model = skae.AdversarialAutoencoder(2, prior="mixture", **SHORT).fit(X)
    ends = X[:2], X[-2:]
    np.testing.assert_array_equal(
        model.interpolate(*ends, 4), model.interpolate(*ends, 4, method="linear")
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"X_to": X[:3]}, "X_from has 2 rows and X_to has 3"),
        ({"n_steps": 1}, "n_steps"),
        ({"method": "cubic"}, r"method='cubic' should be one of \('linear', 'spherical'\)"),
        ({"X_to": X[:2] * np.nan}, "NaN"),
    ],
)
def test_what_is_no_way_is_refused(options, message, fitted):
    with pytest.raises(ValueError, match=message):
        fitted.interpolate(X[:2], **{"X_to": X[2:4], **options})
