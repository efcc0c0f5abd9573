"""Tables on which the detector flagged good rows or missed bad ones.

Two seeds each; five with ``SKAE_CHECKS=defaults``, and in ``benchmarks.applications``.
"""

import os

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skae import ReconstructionOutlierDetector
from skae.applications.outliers._calibration import scales_of_judges
from skae.applications.outliers._screen import absurd_rows
from skae.applications.outliers._threshold import fence, widest_gap
from skae.folds import NEW, HeldOutFolds

SEEDS = range(5 if os.getenv("SKAE_CHECKS") == "defaults" else 2)
SCORINGS = ["mahalanobis", "error", "top_features", "likelihood"]


def fitted(reducer, X, seed=0, **parameters):
    return ReconstructionOutlierDetector(reducer, random_state=seed, **parameters).fit(X)


def flagged(detector, X):
    return detector.predict(X) == -1


def area(detector, normal, odd):
    is_normal = np.repeat([1, 0], [len(normal), len(odd)])
    return roc_auc_score(is_normal, detector.score_samples(np.concatenate([normal, odd])))


def with_odd_cells(X, by, rng):
    """The same rows, each with one cell moved."""
    odd = X.copy()
    odd[np.arange(len(X)), rng.integers(X.shape[1], size=len(X))] += by
    return odd


# Folds of unlike reducers


def factors(deviations, n_columns, n_rows, rng):
    """Independent factors, each repeated in some columns, and noise."""
    codes = rng.normal(size=(n_rows, len(deviations))) * deviations
    return np.repeat(codes, n_columns, axis=1) + rng.normal(
        0, 0.3, (n_rows, n_columns * len(deviations))
    )


NEARLY_EQUAL = {
    "share on the edge between one and two": (PCA(0.5), [1, 0.94], 5),
    "one component, of either factor": (PCA(1), [1, 0.94], 5),
    "two of three factors": (PCA(2), [1, 0.97, 0.94], 4),
    "scaled inside": (make_pipeline(StandardScaler(), PCA(0.5)), [1, 0.94], 5),
    "equal factors": (PCA(0.5), [1, 1], 6),
}


@pytest.mark.parametrize("name", NEARLY_EQUAL)
def test_few_good_rows_are_flagged_where_folds_choose_other_components(name):
    reducer, deviations, n_columns = NEARLY_EQUAL[name]
    shares = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        detector = fitted(reducer, factors(deviations, n_columns, 1000, rng), seed)
        new = factors(deviations, n_columns, 1000, rng)
        shares.append(flagged(detector, new).mean())
        assert area(detector, new, with_odd_cells(new[:300], 3.0, rng)) > 0.98
    assert max(shares) <= 0.05
    assert np.mean(shares) >= 0.007


@pytest.mark.parametrize(
    "reducer", [PCA(0.5), make_pipeline(StandardScaler(), make_pipeline(PCA(0.5)))]
)
def test_all_reducers_have_codes_of_one_length(reducer):
    for seed in SEEDS:
        X = factors([1, 0.94], 5, 1000, np.random.default_rng(seed))
        lengths = {r.transform(X[:1]).shape[1] for r in fitted(reducer, X, seed).reducers_}
        assert len(lengths) == 1
    assert not hasattr(reducer, "n_components_")


def test_scales_of_judges_are_those_of_their_medians_but_for_chance():
    rng = np.random.default_rng(0)
    scores, of_rows = rng.chisquare(8, size=2000), np.arange(2000) % 4
    np.testing.assert_allclose(scales_of_judges(scores, of_rows, 4), 1, atol=0.05)
    scores[of_rows == 2] *= 3
    scales = scales_of_judges(scores, of_rows, 4)
    assert scales[0] / scales[2] == pytest.approx(3, rel=0.05)
    assert np.all(scales_of_judges(scores[:12], of_rows[:12], 4) > 0)


# Absurd values in fit


def spoil_one_cell(X, rng):
    X[7, 2] = -9999
    return [7]


def spoil_three_cells(X, rng):
    X[[7, 8, 300], 2] = -9999
    return [7, 8, 300]


def spoil_cells_of_three_columns(X, rng):
    X[[7, 8, 300], [0, 4, 9]] = [1e6, -999, 99]
    return [7, 8, 300]


def spoil_rows(X, rng):
    X[:5] = -99
    return range(5)


def spoil_units(X, rng):
    X[100:105] *= 1000
    return range(100, 105)


def spoil_by_noise(X, rng):
    X[:25] = rng.normal(0, 30, (25, X.shape[1]))
    return range(25)


SPOILS = [
    *(spoil_one_cell, spoil_three_cells, spoil_cells_of_three_columns),
    *(spoil_rows, spoil_units, spoil_by_noise),
]


def three_factors(rng):
    loadings = rng.normal(size=(3, 10))
    return lambda n: rng.normal(size=(n, 3)) @ loadings + rng.normal(0, 0.3, (n, 10))


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__)
def test_absurd_rows_are_flagged_and_others_judged_as_without_them(spoil):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        draw = three_factors(rng)
        X, new = draw(500), draw(500)
        bad = np.isin(np.arange(500), spoil(X, rng))
        detector = fitted(PCA(3), X, seed)
        assert flagged(detector, X)[bad].all()
        assert flagged(detector, X)[~bad].mean() <= 0.05
        assert flagged(detector, new).mean() <= 0.05
        assert area(detector, new, with_odd_cells(new, 3.0, rng)) > 0.99


@pytest.mark.parametrize("scoring", SCORINGS)
def test_an_absurd_cell_moves_no_other_score(scoring):
    rng = np.random.default_rng(0)
    draw = three_factors(rng)
    X, new = draw(500), draw(500)
    spoilt = X.copy()
    spoilt[7, 2] = -9999
    without = fitted(PCA(3), np.delete(X, 7, axis=0), scoring=scoring)
    detector = fitted(PCA(3), spoilt, scoring=scoring)
    np.testing.assert_allclose(detector.score_samples(new), without.score_samples(new))
    assert detector.offset_ == pytest.approx(without.offset_, rel=0.05)
    assert flagged(detector, spoilt)[7]


def test_absurd_values_of_columns_that_are_mostly_one_value():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=300), rng.random(300) < 0.01, np.zeros(300)])
    assert not absurd_rows(X).any()
    X[5, 1], X[6, 2] = -9999, 9999
    assert np.flatnonzero(absurd_rows(X)).tolist() == [5, 6]


def test_missing_values_are_not_absurd():
    X = np.random.default_rng(0).normal(size=(100, 3))
    X[:50, 1], X[:, 2], X[3, 0] = np.nan, np.nan, 1e300
    assert np.flatnonzero(absurd_rows(X)).tolist() == [3]


@pytest.mark.parametrize("draw", ["lognormal", "exponential", "normal", "poisson"])
def test_long_tails_are_hardly_ever_absurd(draw):
    X = getattr(np.random.default_rng(0), draw)(size=(1000, 10))
    assert absurd_rows(X).mean() <= 0.005


def test_a_tenth_of_the_rows_is_a_part_of_the_table():
    X = np.random.default_rng(0).normal(size=(200, 3))
    X[:30, 0] = -9999
    assert not absurd_rows(X).any()


# Small residual directions


COLLINEAR = {
    "one component": (PCA(1), 2, 10, 0.003),
    "two components": (PCA(2), 2, 10, 0.003),
    "a wide table": (PCA(2), 3, 30, 0.003),
    "less noise": (PCA(1), 2, 10, 3e-4),
    "hardly any noise": (PCA(1), 2, 10, 3e-6),
    "scaled inside": (make_pipeline(StandardScaler(), PCA(1)), 2, 10, 0.003),
}


@pytest.mark.parametrize("name", COLLINEAR)
def test_a_cell_off_by_ten_deviations_of_the_noise_is_seen(name):
    reducer, n_factors, n_columns, noise = COLLINEAR[name]
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        loadings = rng.normal(size=(n_factors, n_columns))
        X = rng.normal(size=(1000, n_factors)) @ loadings
        X += rng.normal(0, noise, X.shape)
        detector = fitted(reducer, X[:500], seed)
        assert area(detector, X[500:], with_odd_cells(X[500:], 10 * noise, rng)) >= 0.99


class Meanders(PCA):
    """Leaves the plane of its components by more than the rows do."""

    def inverse_transform(self, X):
        rows = super().inverse_transform(X)
        return rows + 0.03 * np.sin(5 * X[:, :1] + np.arange(rows.shape[1]))


def test_where_a_reducer_is_worse_than_the_mean_row_it_is_not_used():
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(1000, 2)) @ rng.normal(size=(2, 10)) + rng.normal(0, 0.003, (1000, 10))
        detector = fitted(Meanders(1), X[:500], seed)
        assert area(detector, X[500:], with_odd_cells(X[500:], 0.03, rng)) >= 0.99


# Few kinds of rows


def linked_pairs(rng):
    """The second category follows from the first, but in two rows."""
    first = rng.integers(10, size=2000)
    second = first.copy()
    second[:2] = (first[:2] + 3) % 10
    return 2, [first, second]


def one_link_of_three(rng):
    first, third = rng.integers(4, size=2000), rng.integers(5, size=2000)
    second = first % 3
    second[:2] = (second[:2] + 1) % 3
    return 2, [first, second, third]


def a_percent_is_odd(rng):
    _, (first, second, third) = one_link_of_three(rng)
    second[2:20] = (second[2:20] + 1) % 3
    return 20, [first, second, third]


def unequal_shares(rng):
    first = rng.choice(5, size=2000, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    third = rng.choice(3, size=2000, p=[0.6, 0.3, 0.1])
    second = (first > 1).astype(int)
    second[:2] = 1 - second[:2]
    return 2, [first, second, third, third // 2]


def a_rare_category(rng):
    columns = [rng.integers(n, size=2000) for n in (4, 3, 3)]
    columns[2][:2] = 3
    return 2, columns


KINDS = [linked_pairs, one_link_of_three, a_percent_is_odd, unequal_shares, a_rare_category]


def one_hot(columns):
    return OneHotEncoder(sparse_output=False).fit_transform(np.column_stack(columns))


@pytest.mark.parametrize("table", KINDS, ids=lambda table: table.__name__)
def test_rare_combinations_are_flagged_and_no_others(table):
    for seed in SEEDS:
        n_odd, columns = table(np.random.default_rng(seed))
        X = one_hot(columns)
        is_flagged = flagged(fitted(PCA(0.5), X, seed), X)
        assert is_flagged[:n_odd].all()
        assert not is_flagged[n_odd:].any()


def test_nothing_is_flagged_where_no_combination_is_rare():
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X = one_hot([rng.integers(n, size=1000) for n in (4, 3)])
        assert not flagged(fitted(PCA(0.5), X, seed), X).any()


@pytest.mark.parametrize(
    ("levels", "n_rows"), [((4, 4, 4), 300), ((3, 3, 3), 200), ((2,) * 8, 300)]
)
def test_no_combination_is_rare_where_all_are_equally_likely(levels, n_rows):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X = one_hot([rng.integers(n, size=2 * n_rows) for n in levels])
        detector = fitted(PCA(0.5), X[:n_rows], seed, scoring="top_features")
        assert flagged(detector, X).mean() <= 0.03


def test_a_rare_combination_among_few_copies_is_flagged():
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        first, *others = (rng.integers(4, size=400) for _ in range(3))
        second = first.copy()
        second[:2] = (second[:2] + 1) % 4
        X = one_hot([first, second, *others])
        is_flagged = flagged(fitted(PCA(0.5), X, seed), X)
        assert is_flagged[:2].all()
        assert not is_flagged[2:].any()


def test_rows_drawn_with_replacement_are_no_few_kinds():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))[rng.integers(300, size=600)]
    assert not HeldOutFolds(X, 5, np.random.RandomState(0)).has_few_kinds


def test_few_rows_flag_few_new_ones_and_find_odd_ones():
    shares, found = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, new = rng.normal(size=(50, 3)), rng.normal(size=(500, 3))
        detector = fitted(PCA(2), X, seed, calibration_fraction=0.5)
        shares.append(flagged(detector, new).mean())
        found.append(flagged(detector, with_odd_cells(new, 8.0, rng)).mean())
    assert 0.01 <= np.mean(shares) <= 0.06
    assert np.mean(found) > 0.95


def test_copies_of_frequent_kinds_are_dealt_out_and_those_of_others_are_not():
    X = np.concatenate([np.repeat([[0.0], [1.0]], 40, axis=0), np.repeat([[2.0]], 3, axis=0)])
    folds = HeldOutFolds(X, 5, np.random.RandomState(0))
    assert folds.has_few_kinds
    assert [len(set(folds.of_rows[part])) for part in np.split(np.arange(83), [40, 80])] == [
        5,
        5,
        1,
    ]
    assert folds.find([[0.0], [1.0]]).tolist() == [NEW, NEW]
    assert folds.find([[2.0]]).item() == folds.of_rows[-1]


def test_a_table_that_is_repeated_has_no_few_kinds():
    X = np.tile(np.random.default_rng(0).normal(size=(300, 2)), (6, 1))
    folds = HeldOutFolds(X, 5, np.random.RandomState(0))
    assert not folds.has_few_kinds
    np.testing.assert_array_equal(folds.of_rows, np.tile(folds.of_rows[:300], 6))


def test_the_widest_gap_among_the_rare():
    scores = np.repeat([1.0, 5.0, 6.0, 60.0, 70.0], [500, 480, 10, 6, 4])
    assert 6 < widest_gap(scores) < 60
    assert widest_gap(scores[:990]) > 6
    assert widest_gap(np.ones(100)) > 1


def test_the_fence_of_normal_scores():
    # Quartiles of a standard normal are 0.6745 from its median; a fifth more of a hundred.
    scores = norm.ppf(np.linspace(0, 1, 100_001)[1:-1])
    assert fence(scores) == pytest.approx(4 * 0.6745, abs=0.001)
    assert fence(scores[499::1000]) == pytest.approx((1 + 3 * 1.2) * 0.6745, abs=0.05)


# Noise


def waves(n_rows, pair, rng):
    """Breiman's: random mixtures of two of three triangles, in noise."""
    triangles = np.array(
        [np.maximum(6 - np.abs(np.arange(1, 22) - top), 0) for top in (11, 15, 7)], dtype=float
    )
    share = rng.uniform(size=(n_rows, 1))
    first, second = triangles[list(pair)]
    return share * first + (1 - share) * second + rng.normal(size=(n_rows, 21))


@pytest.mark.parametrize("odd", [(0, 1), (0, 2), (1, 2)])
def test_groups_in_noise(odd):
    normal = [pair for pair in [(0, 1), (0, 2), (1, 2)] if pair != odd]
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X, new = (np.concatenate([waves(400, pair, rng) for pair in normal]) for _ in range(2))
        assert area(fitted(PCA(0.5), X, seed), new, waves(500, odd, rng)) >= 0.75


@pytest.mark.parametrize("normal", [(0, 1), (0, 2), (1, 2)])
def test_one_group_in_noise(normal):
    odd = [pair for pair in [(0, 1), (0, 2), (1, 2)] if pair != normal]
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        others = np.concatenate([waves(250, pair, rng) for pair in odd])
        detector = fitted(PCA(0.5), waves(600, normal, rng), seed)
        assert area(detector, waves(500, normal, rng), others) >= 0.75


@pytest.mark.parametrize("n_constant", [0, 4])
@pytest.mark.parametrize("scoring", ["error", "mahalanobis", "top_features"])
def test_rows_that_are_reconstructed_exactly_have_finite_scores(scoring, n_constant):
    column = np.random.default_rng(0).normal(size=(200, 1))
    rows = np.hstack([np.ones((200, n_constant)), column])
    detector = ReconstructionOutlierDetector(PCA(1), scoring=scoring, random_state=0).fit(rows)
    assert np.isfinite(detector.offset_)
    assert np.isfinite(detector.score_samples(rows)).all()
    assert np.mean(detector.predict(rows) == -1) < 0.2


# Exact reducers, which leave rounding

UNITS = {
    "plain": (1.0, 0.0),
    "large": (1e6, 0.0),
    "small": (1e-6, 0.0),
    "far from zero": (1.0, 1e4),
    "mixed": (10.0 ** np.tile([6, -6], 5), 0.0),
}


def on_a_plane(unit, dtype, seed):
    """Ten columns of three factors; rows of them, new ones, and rows that leave their plane."""
    factor, offset = UNITS[unit]
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(900, 3)) @ rng.normal(size=(3, 10)) * factor + offset).astype(dtype)
    odd = with_odd_cells(X[800:], 0.0, rng)
    columns = rng.integers(10, size=100)
    odd[np.arange(100), columns] += 0.1 * X.std(axis=0, dtype=np.float64)[columns]
    return X[:300], X[300:800], odd


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("scoring", ["mahalanobis", "error", "top_features"])
def test_rounding_is_no_evidence_and_leaving_the_plane_is(scoring, unit, dtype):
    shares = []
    for seed in range(2):
        X, new, odd = on_a_plane(unit, dtype, seed)
        detector = fitted(make_pipeline(StandardScaler(), PCA(3)), X, seed, scoring=scoring)
        shares.append(flagged(detector, new).mean())
        assert flagged(detector, odd).all()
    # Codes of normal rows reach beyond their fence now and then; residuals do not.
    assert np.mean(shares) <= (
        0.1
        if scoring == "mahalanobis" and unit == "mixed"
        else 0.05
        if scoring == "mahalanobis"
        else 0.0
    )


class InSinglePrecision(PCA):
    """Reconstructs centred rows in single precision, as a network does."""

    def inverse_transform(self, X):
        return self.mean_ + X.astype(np.float32) @ self.components_.astype(np.float32)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rounding_of_a_network_is_no_evidence(dtype):
    X, new, odd = on_a_plane("far from zero", dtype, 0)
    detector = fitted(InSinglePrecision(3), X, scoring="error")
    assert not flagged(detector, np.concatenate([X, new])).any()
    assert flagged(detector, odd).all()


def test_rows_that_leave_the_plane_in_fit_hide_none():
    X, _, odd = on_a_plane("plain", np.float64, 0)
    X[:10] = odd[:10]
    detector = fitted(PCA(3), X)
    assert flagged(detector, X)[:10].all()
    assert flagged(detector, X)[10:].mean() < 0.06
    assert flagged(detector, odd).all()


def test_noise_that_is_a_little_above_rounding_is_evidence():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3)) @ rng.normal(size=(3, 10)) + rng.normal(0, 1e-6, (600, 10))
    detector = fitted(PCA(3), X[:400], scoring="error")
    assert 0 < flagged(detector, X).mean() < 0.05
    assert flagged(detector, with_odd_cells(X[400:], 1e-4, rng)).all()
