"""Values that the imputer fills in and the sampler draws: within bounds, on a grid."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from sklearn.mixture import GaussianMixture

from skae import LatentSampler, ReconstructionImputer

RNG = np.random.default_rng(0)
HIDDEN = RNG.normal(size=(120, 2))
# Money, a count, a mark of three, and a share in quarters.
X = np.column_stack(
    [
        HIDDEN[:, 0].clip(0),
        np.round(5 + 2 * HIDDEN[:, 1]).clip(0),
        np.choose(np.digitize(HIDDEN[:, 0], [-0.5, 0.5]), [1.0, 2.0, 5.0]),
        np.round(4 * (0.5 + HIDDEN[:, 1] / 5)) / 4,
    ]
)
IS_MISSING = RNG.random(X.shape) < 0.3
IS_MISSING[:, 0] &= ~IS_MISSING.all(axis=1)
HOLED = np.where(IS_MISSING, np.nan, X)
NAMES = ["money", "count", "mark", "share"]


def imputer(**parameters):
    return ReconstructionImputer(PCA(2), max_iter=10, tol=0, **parameters)


def filled(**parameters):
    rows = imputer(**parameters).fit_transform(HOLED)
    np.testing.assert_array_equal(rows[~IS_MISSING], X[~IS_MISSING])
    return rows


def new_rows(**parameters):
    sampler = LatentSampler(PCA(2), GaussianMixture(), random_state=0, **parameters).fit(X)
    return sampler.sample(300, random_state=0)


MAKERS = pytest.mark.parametrize("make", [filled, new_rows])


@MAKERS
def test_without_limits_values_lie_beyond_the_rows_and_between_integers(make):
    rows = make()
    assert rows[:, 0].min() < 0
    assert np.any(rows[:, 1] % 1 > 0)


@MAKERS
def test_one_bound_for_all_columns(make):
    rows = make(min_value=0.5, max_value=5.5)
    guessed = rows[IS_MISSING] if make is filled else rows
    assert guessed.min() == 0.5
    assert guessed.max() == 5.5


@MAKERS
@pytest.mark.parametrize("kind", [list, np.array, pd.Series])
def test_a_bound_for_each_column(make, kind):
    rows = make(min_value=kind([0.2, 5, -np.inf, 0.4]), max_value=kind([0.8, 5.2, np.inf, 0.6]))
    guessed = np.where(IS_MISSING, rows, np.nan) if make is filled else rows
    np.testing.assert_array_equal(np.nanmin(guessed, axis=0)[[0, 1, 3]], [0.2, 5, 0.4])
    np.testing.assert_array_equal(np.nanmax(guessed, axis=0)[[0, 1, 3]], [0.8, 5.2, 0.6])


@MAKERS
def test_bounds_from_the_rows(make):
    rows = make(min_value="observed", max_value="observed")
    known = HOLED if make is filled else X
    assert np.all(rows.min(axis=0) >= np.nanmin(known, axis=0))
    assert np.all(rows.max(axis=0) <= np.nanmax(known, axis=0))
    guessed = rows[IS_MISSING[:, 0], 0] if make is filled else rows[:, 0]
    assert guessed.min() == np.nanmin(known[:, 0])


@MAKERS
def test_bounds_of_some_columns_from_the_rows(make):
    rows = make(min_value=[None, None, "observed", 0])
    assert rows[:, 0].min() < 0
    assert rows[:, 2].min() == 1.0


@MAKERS
def test_integers_where_a_column_holds_nothing_else(make):
    rows = make(grid="integers")
    assert np.all(rows[:, 1:3] % 1 == 0)
    assert np.any(rows[:, 3] % 0.25 != 0)
    assert np.any(rows[:, 0] % 1 != 0)


@MAKERS
def test_multiples_of_a_step(make):
    rows = make(grid=[None, 1, 3, 0.25])
    guessed = np.where(IS_MISSING, rows, 0) if make is filled else rows
    assert np.all(guessed[:, 1:] % [1, 3, 0.25] == 0)


@MAKERS
def test_values_that_were_seen(make):
    rows = make(grid="observed")
    for column, known in zip(rows.T, (HOLED if make is filled else X).T, strict=True):
        assert set(column) <= set(known[~np.isnan(known)])


def test_the_nearest_value_is_taken():
    plain, snapped = filled(), filled(grid=[None, None, "observed", None])
    marks = np.array([1.0, 2.0, 5.0])
    nearest = marks[np.abs(plain[:, 2:3] - marks).argmin(axis=1)]
    np.testing.assert_array_equal(snapped[:, 2], nearest)
    np.testing.assert_array_equal(snapped[:, [0, 1, 3]], plain[:, [0, 1, 3]])


def test_no_zero_is_negative():
    rng = np.random.default_rng(0)
    rows = rng.integers(-1, 2, (50, 4)).astype(float)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    made = ReconstructionImputer(PCA(2), grid="integers", tol=1.0).fit_transform(rows)
    assert not np.signbit(made[made == 0]).any()


@pytest.mark.parametrize("key", ["count", 1])
def test_columns_by_name_or_number(key):
    frame = pd.DataFrame(HOLED, columns=NAMES)
    rows = imputer(grid={key: 1}).fit_transform(frame)
    assert np.all(rows[:, 1] % 1 == 0)
    assert np.any(rows[:, 3] % 0.25 != 0)
    rows = imputer(min_value={key: 5.5}).fit_transform(frame)
    assert rows[IS_MISSING[:, 1], 1].min() == 5.5
    assert rows[:, 0].min() < 0
    sampler = LatentSampler(PCA(2), GaussianMixture(), grid={key: 1}).fit(
        pd.DataFrame(X, columns=NAMES)
    )
    assert np.all(sampler.sample(50)[:, 1] % 1 == 0)


@pytest.mark.parametrize("labels", [[10, 20, 30, 40], [3, 0, 2, 1]])
def test_a_number_is_a_label_where_a_frame_has_numbers_for_labels(labels):
    frame = pd.DataFrame(HOLED, columns=labels)
    rows = imputer(min_value={labels[1]: 5.5}).fit_transform(frame)
    assert rows[IS_MISSING[:, 1], 1].min() == 5.5
    assert (rows[:, [0, 2, 3]].min(axis=0) < 5.5).all()
    sampler = LatentSampler(PCA(2), GaussianMixture(), grid={labels[1]: 1}).fit(
        pd.DataFrame(X, columns=labels)
    )
    assert np.all(sampler.sample(50)[:, 1] % 1 == 0)


def test_tenths_are_tenths():
    rows = (
        LatentSampler(PCA(2), GaussianMixture(), grid=0.1, random_state=0)
        .fit(X)
        .sample(50, random_state=0)
    )
    assert set(rows.ravel()) <= {number / 10 for number in range(-500, 500)}


def test_bounds_between_two_values_of_a_grid_leave_those_within():
    rows = (
        LatentSampler(PCA(2), GaussianMixture(), grid=1, min_value=0.5, max_value=6.5)
        .fit(X)
        .sample(500)
    )
    assert set(rows.ravel()) == {1, 2, 3, 4, 5, 6}
    rows = (
        LatentSampler(PCA(2), GaussianMixture(), grid="observed", max_value=[9, 9, 4, 9])
        .fit(X)
        .sample(500)
    )
    assert set(rows[:, 2]) == {1, 2}


def test_all_that_a_sampler_makes_is_limited():
    sampler = LatentSampler(
        PCA(2), GaussianMixture(), min_value="observed", grid="integers", random_state=0
    ).fit(X)
    between = sampler.interpolate(X[0], X[1], 7)
    augmented, _ = sampler.augment(X, np.arange(120) < 20, random_state=0)
    for rows in (between, augmented[120:]):
        assert np.all(rows >= X.min(axis=0))
        assert np.all(rows[:, 1:3] % 1 == 0)
    np.testing.assert_array_equal(augmented[:120], X)


def test_bounds_are_those_of_iterative_imputer():
    limits = {"min_value": [0.5, 4, 1, 0.2], "max_value": [1.5, 6, 2, 0.4]}
    theirs = IterativeImputer(max_iter=2, tol=1, **limits).fit_transform(HOLED)
    ours = filled(**limits)
    for rows in (theirs, ours):
        guessed = np.where(IS_MISSING, rows, np.nan)
        assert np.all(np.nanmin(guessed, axis=0) >= limits["min_value"])
        assert np.all(np.nanmax(guessed, axis=0) <= limits["max_value"])


def test_bounds_hold_in_every_round():
    # What lies far beyond would pull the axes of the next round.
    spread = np.vstack([HOLED, [[1e3, np.nan, np.nan, np.nan]]])
    inside = imputer(max_value="observed").fit(spread)
    for reducer in inside.reducers_:
        assert reducer.mean_[1] <= np.nanmax(HOLED[:, 1])


@pytest.mark.parametrize("keep", [True, False])
def test_empty_columns(keep):
    holed = np.insert(HOLED, 2, np.nan, axis=1)
    limits = {"min_value": [0, 3, 0, 1, 0], "grid": [None, 1, None, 1, None]}
    fitted = imputer(**limits, keep_empty_features=keep)
    if keep:
        rows = fitted.fit_transform(holed)
        np.testing.assert_array_equal(rows[:, 2], 0.0)
    else:
        with pytest.warns(UserWarning, match="Skipping features without any observed"):
            rows = fitted.fit_transform(holed)
    expected = filled(min_value=[0, 3, 1, 0], grid=[None, 1, 1, None])
    np.testing.assert_allclose(np.delete(rows, 2, axis=1) if keep else rows, expected)


def test_float32_stays():
    rows = imputer(min_value=0.1, grid="integers").fit_transform(HOLED.astype(np.float32))
    assert rows.dtype == np.float32


def test_clones_keep_limits():
    given = clone(imputer(min_value=[0, 1, 2, 3], grid={"count": 1}))
    assert given.min_value == [0, 1, 2, 3]
    assert given.grid == {"count": 1}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_value": "rows"}, "'min_value' parameter"),
        ({"grid": 0}, "'grid' parameter"),
        ({"grid": "halves"}, "'grid' parameter"),
        ({"min_value": [0, 1]}, "min_value holds 2 entries, but X has 4 columns"),
        ({"max_value": [0, 1, "x", 2]}, "max_value holds 'x', but finite numbers, 'observed'"),
        ({"max_value": [0, 1, np.nan, 2]}, "max_value holds nan"),
        ({"min_value": 3, "max_value": 2}, "min_value=3 is above max_value=2 for column 0"),
        ({"grid": [1, 1]}, "grid holds 2 entries, but X has 4 columns"),
        ({"grid": [1, -1, 1, 1]}, "grid holds -1, but steps above 0"),
        ({"grid": {"height": 1}}, "grid names the column 'height', which X does not have.*0 to 3"),
        ({"grid": {4: 1}}, "grid names the column 4"),
        ({"min_value": {"height": 1}}, "min_value names the column 'height'"),
        ({"grid": 10, "min_value": 1, "max_value": 2}, "No value of the grid of column 0 lies"),
    ],
)
def test_what_makes_no_sense_is_named(parameters, message):
    for estimator, rows in (
        (imputer(**parameters), HOLED),
        (LatentSampler(PCA(2), GaussianMixture()), X),
    ):
        estimator.set_params(**parameters)
        with pytest.raises(ValueError, match=message):
            estimator.fit(rows)
        assert not hasattr(estimator, "n_features_in_")


def test_names_are_told():
    frame = pd.DataFrame(HOLED, columns=NAMES)
    with pytest.raises(ValueError, match=r"'height'.*'money', 'count', 'mark', 'share'"):
        imputer(grid={"height": 1}).fit(frame)
    with pytest.raises(ValueError, match="for column 'count'"):
        imputer(min_value=[0, 9, 0, 0], max_value=8).fit(frame)


@pytest.mark.parametrize(
    "make", [imputer, lambda **given: LatentSampler(PCA(2), GaussianMixture(), **given)]
)
def test_a_place_is_no_label_of_a_frame_with_numbers(make):
    frame = pd.DataFrame(X, columns=[10, 20, 30, 40])
    with pytest.raises(ValueError, match=r"max_value names the column 0.*10, 20, 30, 40"):
        make(max_value={0: 1.0}).fit(frame)


def test_a_series_is_read_by_its_index():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
    bounds = pd.Series({"c": -9.0, "a": 1.0, "b": 0.0})
    rows = (
        LatentSampler(PCA(2), GaussianMixture(), min_value=bounds, random_state=0)
        .fit(frame)
        .sample(50)
    )
    lowest = np.asarray(rows).min(axis=0)
    assert lowest[0] >= 1.0
    assert 0.0 <= lowest[1] < 1.0
    assert lowest[2] < 0.0


@pytest.mark.parametrize("bound", [np.inf, np.nan, 10**400, {0, 1, 2}])
def test_bounds_that_leave_no_value_are_refused(bound):
    rows = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.raises(ValueError, match="min_value"):
        LatentSampler(PCA(2), GaussianMixture(), min_value=bound).fit(rows)
