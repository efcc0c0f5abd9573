"""LatentSampler with a density for each class."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

import skae

X, PLACES = load_iris(return_X_y=True)
Y = load_iris().target_names[PLACES]


def _sampler(**parameters):
    given = {"density": GaussianMixture(1), "random_state": 0, **parameters}
    return skae.LatentSampler(PCA(4), conditional=True, **given)


@pytest.fixture(scope="module")
def sampler():
    return _sampler().fit(X, Y)


@pytest.mark.parametrize("label", np.unique(Y))
def test_rows_of_a_class_have_its_moments(label, sampler):
    rows, own = sampler.sample(20_000, 0, y=label), X[label == Y]
    np.testing.assert_allclose(rows.mean(axis=0), own.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(np.cov(rows.T), np.cov(own.T, ddof=0), atol=0.02)


def test_rows_come_in_the_order_of_their_classes(sampler):
    asked = np.random.default_rng(0).permutation(np.repeat(["setosa", "virginica"], 20))
    rows = sampler.sample(40, 0, y=asked)
    # Petals of the first are shorter than 2 cm, of the other longer than 4.
    np.testing.assert_array_equal(rows[:, 2] < 3, asked == "setosa")


def test_classes_are_drawn_as_frequent_as_they_are():
    kept = np.r_[:50, 50:60]
    drawn = _sampler().fit(X[kept], Y[kept]).sample(6000, 0)
    assert np.mean(drawn[:, 2] < 2.5) == pytest.approx(5 / 6, abs=0.02)


def test_the_score_is_the_log_density_of_the_mixture_of_classes(sampler):
    code = PCA(4).fit(X).transform(X)
    total = sum(
        np.exp(GaussianMixture(1).fit(code[label == Y]).score_samples(code)) / 3
        for label in np.unique(Y)
    )
    np.testing.assert_allclose(sampler.score_samples(X), np.log(total), rtol=1e-6)


def test_each_class_has_a_mixture_by_default():
    fitted = _sampler(density=None).fit(X, PLACES)
    assert [type(density) for density in fitted.densities_] == 3 * [GaussianMixture]
    assert np.all(fitted.sample(30, 0, y=0)[:, 2] < 2.5)


def test_equal_seeds_draw_equal_rows():
    first, second = (_sampler(density=KernelDensity()).fit(X, Y).sample(9, 3) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_copies_draw_the_same_rows(sampler):
    copied = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(copied.sample(5, 0, y="setosa"), sampler.sample(5, 0, y="setosa"))


def test_classes_are_forgotten_by_a_fit_without_them(sampler):
    refitted = clone(sampler).fit(X, Y).set_params(conditional=False).fit(X, Y)
    assert not hasattr(refitted, "classes_")
    assert np.isfinite(refitted.score(X))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ("rose", "y holds the class 'rose', but the classes of the fit are 'setosa', "),
        (0, "y holds the class 0"),
        (["setosa"], r"y is of shape \(1,\), but one class, or one for each of 3 rows"),
        ([["setosa"]] * 3, r"y is of shape \(3, 1\)"),
    ],
)
def test_other_classes_are_refused(y, message, sampler):
    with pytest.raises(ValueError, match=message):
        sampler.sample(3, y=y)


def test_a_sampler_without_classes_refuses_them():
    fitted = skae.LatentSampler(PCA(2), GaussianMixture(1)).fit(X, Y)
    with pytest.raises(ValueError, match="Fit it with conditional=True"):
        fitted.sample(3, y="setosa")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (X[:, 0] + 0.01, "targets of a regression have none: cut them into a few classes"),
        (Y[:10], "inconsistent numbers of samples"),
    ],
)
def test_a_fit_wants_a_class_for_each_row(y, message):
    with pytest.raises(ValueError, match=message):
        _sampler().fit(X, y)


def test_a_class_that_a_density_cannot_learn_is_named():
    few = np.r_[:50, 50]
    with pytest.raises(ValueError, match="the 1 rows of class versicolor"):
        _sampler(density=GaussianMixture(2)).fit(X[few], Y[few])
