import numpy as np
import pytest

from skae.numerics import product, transposed_product

N_ROWS = 41


@pytest.fixture(params=[3, 32, 72])
def rows(request):
    return np.random.default_rng(0).standard_normal((N_ROWS, request.param)).astype(np.float32)


@pytest.fixture
def places():
    return np.random.default_rng(1).permutation(N_ROWS)


@pytest.mark.parametrize("n_columns", [1, 2, 3, 4, 5, 17])
class TestRowsInAnotherOrder:
    def test_have_equal_bits(self, rows, places, n_columns):
        kernel = np.random.default_rng(2).standard_normal((rows.shape[1], n_columns), np.float32)

        found = product(rows, kernel)

        assert np.array_equal(product(rows[places], kernel), found[places])
        np.testing.assert_allclose(found, rows @ kernel, rtol=1e-5, atol=1e-5)

    def test_have_equal_bits_in_columns(self, rows, places, n_columns):
        taps = np.random.default_rng(2).standard_normal((n_columns, rows.shape[1]), np.float32)

        found = transposed_product(taps, rows)

        assert np.array_equal(transposed_product(taps, rows[places]), found[:, places])
        np.testing.assert_allclose(found, taps @ rows.T, rtol=1e-5, atol=1e-5)


def test_a_product_is_written_where_it_is_asked_for():
    out = np.full((2, 1), np.nan, np.float32)

    found = product(np.eye(2, dtype=np.float32), np.float32([[1], [2]]), out)

    assert found is out
    assert out.tolist() == [[1], [2]]
