import numpy as np
import pytest

from skae.numerics import product, transposed_product

N_ROWS = 41


def takes_equal_rows_alike():
    """Whether the BLAS of this processor multiplies a row alike wherever it stands.

    That of OpenBLAS for AVX2 without AVX-512 takes rows by six in turn two ways, whatever their
    number: no padding makes them equal.
    """
    row, kernel = np.random.default_rng(3).standard_normal((2, 32, 32)).astype(np.float32)
    found = np.tile(row[:1], (48, 1)) @ kernel
    return bool((found == found[0]).all())


@pytest.fixture
def needs_equal_rows(n_columns):
    if n_columns > 4 and not takes_equal_rows_alike():
        pytest.skip("the BLAS of this processor takes equal rows two ways")


@pytest.fixture(params=[3, 32, 72])
def rows(request):
    return np.random.default_rng(0).standard_normal((N_ROWS, request.param)).astype(np.float32)


@pytest.fixture
def places():
    return np.random.default_rng(1).permutation(N_ROWS)


@pytest.mark.parametrize("n_columns", [1, 2, 3, 4, 5, 17])
class TestRowsInAnotherOrder:
    def test_are_equal_but_for_rounding(self, rows, places, n_columns):
        kernel = np.random.default_rng(2).standard_normal((rows.shape[1], n_columns), np.float32)
        taps = np.ascontiguousarray(kernel.T)

        found, flat = product(rows, kernel), transposed_product(taps, rows)

        rounding = 4 * np.finfo(np.float32).eps * (np.abs(rows) @ np.abs(kernel))
        assert np.all(np.abs(product(rows[places], kernel) - found[places]) <= rounding[places])
        moved = transposed_product(taps, rows[places])
        assert np.all(np.abs(moved - flat[:, places]) <= rounding[places].T)

    @pytest.mark.usefixtures("needs_equal_rows")
    def test_have_equal_bits(self, rows, places, n_columns):
        kernel = np.random.default_rng(2).standard_normal((rows.shape[1], n_columns), np.float32)

        found = product(rows, kernel)

        assert np.array_equal(product(rows[places], kernel), found[places])
        np.testing.assert_allclose(found, rows @ kernel, rtol=1e-5, atol=1e-5)

    @pytest.mark.usefixtures("needs_equal_rows")
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
