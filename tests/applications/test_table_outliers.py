"""What a detector makes of values in tables: new ones, wrong ones, absurd ones."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.frozen import FrozenEstimator

from skae import ReconstructionOutlierDetector, TableAutoencoder, VariationalAutoencoder
from skae.tabular import SeenValues, table_rows

N = 120
TRAINED = {"max_iter": 40, "early_stopping": False, "batch_size": 16, "jit_compile": False}
pytestmark = pytest.mark.filterwarnings("ignore::skae.exceptions.StartKeptWarning")


def homes():
    rng = np.random.default_rng(0)
    rooms = rng.integers(1, 9, N)
    return pd.DataFrame(
        {
            "kind": np.where(rooms > 4, "house", "flat"),
            "rooms": rooms.astype(float),
            "area": 22.0 * rooms + rng.normal(size=N),
            "currency": "EUR",
            "floor": 1,
            "sold": pd.Timestamp("2020-01-01"),
            "nothing": np.nan,
            "code": [f"home {place}" for place in range(N)],
            "garage": np.where(np.arange(N) % 9, rooms > 4, None),
        }
    )


def table(**parameters):
    return TableAutoencoder(VariationalAutoencoder(1, beta=0.3, **TRAINED), **parameters)


def detector(**parameters):
    return ReconstructionOutlierDetector(
        table(), calibration_fraction=0.5, random_state=0, **parameters
    )


@pytest.fixture(scope="module")
def fitted():
    return detector().fit(homes())


# Values that no row of these columns has.
NEW = {
    "kind": "castle",
    "currency": "USD",
    "floor": 2,
    "sold": pd.Timestamp("2021-01-01"),
    "nothing": 3.0,
}
HOLES = ("kind", "rooms", "area", "currency", "floor", "sold")


class TestNewValues:
    @pytest.mark.parametrize("convert", [lambda frame: frame, pl.from_pandas])
    @pytest.mark.parametrize("column", NEW)
    def test_a_value_that_no_row_had_is_odd_and_named(self, fitted, column, convert):
        odd = convert(homes()[:1].assign(**{column: NEW[column]}))
        assert fitted.predict(odd) == [-1]
        (reason, *_) = fitted.explain(odd)[0]
        assert reason.startswith(f"{column} = {str(NEW[column]).split(' ')[0].rstrip('.0')}")
        assert ", never seen in fit" in reason
        added = np.asarray(fitted.feature_contributions(odd))[0]
        assert added[homes().columns.get_loc(column)] == pytest.approx(np.log(N + 1), abs=0.1)
        assert added.sum() == pytest.approx(-fitted.score_samples(odd)[0])

    @pytest.mark.parametrize("column", HOLES)
    def test_a_hole_where_none_was_is_odd_and_named(self, fitted, column):
        odd = homes()[:1].convert_dtypes().assign(**{column: None})
        assert fitted.predict(odd) == [-1]
        assert any(f"{column} is missing, as never in fit" in r for r in fitted.explain(odd)[0])

    def test_what_was_there_is_not_new(self, fitted):
        frame = homes()
        assert not fitted._panel.seen.surprises(frame).any()
        usual = frame[10:12].assign(garage=None, code=["home x", None])
        assert not fitted._panel.seen.surprises(usual).any()

    def test_scores_without_anything_new_are_those_of_the_judges(self, fitted):
        frame = homes()
        expected = np.empty(N)
        for fold, judge in enumerate(fitted._panel.judges):
            own = fitted._panel.folds.of_rows == fold
            expected[own] = judge.evidence(table_rows(frame[own])).sum(axis=1)
        np.testing.assert_array_equal(-fitted.score_samples(frame), expected)

    def test_a_level_of_one_row_was_seen(self):
        frame = homes()
        frame.loc[3, "kind"] = "castle"
        seen = SeenValues.of(table(), frame)
        assert not seen.surprises(frame).any()
        assert seen.surprises(frame[:1].assign(kind="hut"))[0, 0] == np.log(N + 1)

    def test_columns_that_were_dropped_are_not_looked_at(self):
        seen = SeenValues.of(table(drop=["currency"]), homes())
        assert not seen.surprises(homes()[:1].assign(currency=None)).any()

    def test_numbers_of_a_category_and_truth_values(self):
        truth = pd.array([True, False, None] * 5, "boolean")
        frame = pd.DataFrame({"a": [1, 2, 3] * 5, "b": truth})
        seen = SeenValues.of(table(categorical_features=["a"]), frame)
        odd = pd.DataFrame({"a": pd.array([4, None, 2], "Int64"), "b": truth[[0, 2, 2]]})
        assert seen.surprises(odd).tolist() == [[np.log1p(15), 0], [np.log1p(15), 0], [0, 0]]

    def test_rounding_is_no_new_value(self):
        frame = pd.DataFrame({"a": [0.3] * 9, "b": list("xyzxyzxyz")})
        seen = SeenValues.of(table(), frame)
        assert not seen.surprises(frame[:1].assign(a=0.1 + 0.2)).any()
        assert seen.surprises(frame[:1].assign(a=0.31))[0, 0] == np.log(10)

    @pytest.mark.slow
    def test_what_a_frozen_reducer_has_seen_is_not_new(self):
        frame = homes()
        frame.loc[::7, "kind"] = "castle"
        reducer = FrozenEstimator(table().fit(frame))
        seen = SeenValues.of(reducer, homes())
        assert not seen.surprises(frame).any()
        assert seen.surprises(frame[:1].assign(kind="hut"))[0, 0] > 0

    @pytest.mark.slow
    def test_a_likelihood_counts_it_too(self):
        found = detector(scoring="likelihood").fit(homes())
        odd = homes()[:1].assign(currency="USD")
        more = found.score_samples(homes()[:1]) - found.score_samples(odd)
        novelty = np.log(N + 1)
        assert abs(more[0] - novelty) < 1.0
        contributions = found.feature_contributions(odd)
        assert contributions.sum(axis=1)[0] == pytest.approx(-found.score_samples(odd)[0])

    def test_a_detector_of_an_older_version_knows_nothing_of_it(self, fitted):
        again = pickle.loads(pickle.dumps(fitted))
        del vars(again._panel)["seen"]
        assert again.score_samples(homes()[:1].assign(currency="USD"))[0] > -1
