"""Principal directions of a share of the variance, of rows with very many columns."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import PCA

from skae import Autoencoder
from skae.fitting import _wide_rows
from skae.fitting._wide_rows import wide_rows
from skae.model import measure_scaling
from skae.networks import _wide, directions_for_share

RNG = np.random.default_rng(0)
# Few strong directions, more weak ones, and noise.
DENSE = RNG.standard_normal((60, 30)) * 0.8 ** np.arange(30) @ RNG.standard_normal((30, 150))
DENSE += 0.01 * RNG.standard_normal(DENSE.shape) + 3.0
DENSE[np.abs(DENSE - 3.0) < 1.0] = 0.0


@pytest.fixture(params=["products", "sketch", "products after a sketch"])
def way(request, monkeypatch):
    if request.param != "products":
        monkeypatch.setattr(_wide, "_FEW_ROWS", 1)
        monkeypatch.setattr(_wide, "_FIRST", 4)
        monkeypatch.setattr(_wide, "_MANY", 1)
    if request.param == "sketch":
        monkeypatch.setattr(_wide, "_MAX_ROWS", 1)
    monkeypatch.setattr(_wide_rows, "_HELD_VALUES", 700)


def found(X, share, sample_weight=None):
    scaling = measure_scaling(X, sample_weight)
    rows = wide_rows(X, sample_weight, scaling, has_missing=False)
    return scaling, directions_for_share(rows, share, np.random.default_rng(0))


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.9])
def test_it_is_pca(way, make, share):
    scaling, ours = found(make(DENSE), share)
    pca = PCA(share, svd_solver="full").fit(DENSE)
    n = pca.n_components_
    assert ours.directions.shape == (n, 150)
    assert ours.count_for_share(share) == n
    cosines = np.abs(np.sum(ours.directions * pca.components_, axis=1))
    np.testing.assert_allclose(cosines, 1.0, atol=1e-5)
    deviations = pca.singular_values_ / np.sqrt(len(DENSE)) / scaling.scale
    np.testing.assert_allclose(ours.deviations, deviations, rtol=1e-5)
    total = DENSE.var(axis=0).sum() / scaling.scale**2
    assert ours.total_variance == pytest.approx(total)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_a_row_of_weight_two_is_seen_twice(way, make):
    weights = RNG.integers(0, 3, size=len(DENSE)).astype(float)
    _, ours = found(make(DENSE), 0.8, weights)
    _, expected = found(np.repeat(DENSE, weights.astype(int), axis=0), 0.8)
    np.testing.assert_allclose(ours.deviations, expected.deviations, rtol=1e-5)


def test_means_far_above_deviations_are_taken_from_each_row():
    far = 1e7 + DENSE
    _, ours = found(sparse.csr_array(far), 0.7)
    _, expected = found(DENSE, 0.7)
    np.testing.assert_allclose(ours.deviations, expected.deviations, rtol=1e-5)


def test_rows_that_do_not_vary():
    _, ours = found(sparse.csr_array(np.ones((5, 40))), 0.9)
    assert ours.count_for_share(0.9) == 1


def test_a_share_out_of_reach_is_refused_after_the_first_sketch(monkeypatch):
    monkeypatch.setattr(_wide, "_FEW_ROWS", 1)
    monkeypatch.setattr(_wide, "_MAX_ROWS", 1)
    monkeypatch.setattr(_wide, "_FIRST", 4)
    monkeypatch.setattr(_wide, "_MOST", 40)
    sizes = []
    iterate = _wide._Sketch.iterate

    def counted(sketch, n_passes):
        sizes.append(sketch.basis.shape[1])
        iterate(sketch, n_passes)

    monkeypatch.setattr(_wide._Sketch, "iterate", counted)
    # All directions alike: 90 of 100 make 0.9.
    rows = np.vstack([np.eye(100, 150), -np.eye(100, 150)])
    with pytest.raises(ValueError, match=r"of 200 rows of 150 columns those are 40 or more"):
        found(sparse.csr_array(rows), 0.9)
    assert sizes == [20]


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_more_rows_than_columns(monkeypatch, make):
    monkeypatch.setattr(_wide, "_FEW_ROWS", 1)
    monkeypatch.setattr(_wide, "_MAX_ROWS", 1)
    monkeypatch.setattr(_wide, "_FIRST", 4)
    rows = np.ascontiguousarray(DENSE.T)
    _, ours = found(make(rows), 0.8)
    pca = PCA(0.8, svd_solver="full").fit(rows)
    cosines = np.abs(np.sum(ours.directions * pca.components_, axis=1))
    np.testing.assert_allclose(cosines, 1.0, atol=1e-4)


@pytest.mark.parametrize("way_of", ["_MOST_VALUES", "_MOST"])
def test_too_many_are_refused_with_their_number(monkeypatch, way_of):
    monkeypatch.setattr(_wide, "_FIRST", 4)
    monkeypatch.setattr(_wide, way_of, 8)
    if way_of == "_MOST":
        monkeypatch.setattr(_wide, "_FEW_ROWS", 1)
        monkeypatch.setattr(_wide, "_MAX_ROWS", 1)
    match = r"n_components=0.999 asks for .* 60 rows of 150 columns those are \d+ or more"
    with pytest.raises(ValueError, match=match):
        found(sparse.csr_array(DENSE), 0.999)


def test_an_estimator_takes_a_share_of_wide_sparse_rows():
    rows = sparse.random(80, 2500, density=0.02, format="csr", random_state=0)
    model = Autoencoder(0.5, hidden_layer_sizes=(), random_state=0).fit(rows)
    pca = PCA(0.5, svd_solver="full").fit(rows.toarray())
    assert model.n_components_ == pca.n_components_
    expected = pca.inverse_transform(pca.transform(rows.toarray()))
    np.testing.assert_allclose(model.inverse_transform(model.transform(rows)), expected, atol=1e-4)
