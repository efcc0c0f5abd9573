"""What a detector makes of values in tables: new ones, wrong ones, absurd ones."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.frozen import FrozenEstimator

from skae import ReconstructionOutlierDetector, TableAutoencoder, VariationalAutoencoder
from skae.applications.outliers._causes import laid_on_causes
from skae.applications.outliers._screen import absurd_rows_of_table
from skae.tabular import SeenValues, Survey, table_rows

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
        seen = SeenValues.of(Survey.of(table(), frame))
        assert not seen.surprises(frame).any()
        assert seen.surprises(frame[:1].assign(kind="hut"))[0, 0] == np.log(N + 1)

    def test_columns_that_were_dropped_are_not_looked_at(self):
        seen = SeenValues.of(Survey.of(table(drop=["currency"]), homes()))
        assert not seen.surprises(homes()[:1].assign(currency=None)).any()

    def test_numbers_of_a_category_and_truth_values(self):
        truth = pd.array([True, False, None] * 5, "boolean")
        frame = pd.DataFrame({"a": [1, 2, 3] * 5, "b": truth})
        seen = SeenValues.of(Survey.of(table(categorical_features=["a"]), frame))
        odd = pd.DataFrame({"a": pd.array([4, None, 2], "Int64"), "b": truth[[0, 2, 2]]})
        assert seen.surprises(odd).tolist() == [[np.log1p(15), 0], [np.log1p(15), 0], [0, 0]]

    def test_rounding_is_no_new_value(self):
        frame = pd.DataFrame({"a": [0.3] * 9, "b": list("xyzxyzxyz")})
        seen = SeenValues.of(Survey.of(table(), frame))
        assert not seen.surprises(frame[:1].assign(a=0.1 + 0.2)).any()
        assert seen.surprises(frame[:1].assign(a=0.31))[0, 0] == np.log(10)

    @pytest.mark.slow
    def test_what_a_frozen_reducer_has_seen_is_not_new(self):
        frame = homes()
        frame.loc[::7, "kind"] = "castle"
        reducer = FrozenEstimator(table().fit(frame))
        seen = SeenValues.of(Survey.of(reducer, homes()))
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


class TestCauses:
    @pytest.mark.parametrize("area", [1e6, -9999.0])
    def test_the_wrong_cell_is_blamed_and_others_are_not(self, fitted, area):
        odd = homes()[:1].assign(area=area)
        evidence = fitted._panel.evidence(table_rows(odd))[0]
        ((reason, *others),) = fitted.explain(odd)
        contributions = fitted.feature_contributions(odd)
        assert evidence[[0, 1]].max() > 1.0
        assert reason.startswith(f"area = {area:.15g}, expected 15")
        assert contributions.idxmax(axis=1)[0] == "area"
        assert contributions.sum(axis=1)[0] == pytest.approx(-fitted.score_samples(odd)[0])
        assert all(float(other.split(": ")[1].split()[0]) < 1.0 for other in others)

    @pytest.mark.slow
    def test_swapped_cells_are_blamed_first(self, fitted):
        frame, rng = homes(), np.random.default_rng(0)
        for column in ("kind", "rooms"):
            other = frame[column].to_numpy()[rng.permutation(N)]
            odd = frame.assign(**{column: other})[other != frame[column]]
            odd = odd[fitted.predict(odd) == -1]
            first = [reasons[0].split(" ")[0] for reasons in fitted.explain(odd)]
            assert np.mean(np.array(first) == column) >= 0.8
            assert (fitted.feature_contributions(odd).idxmax(axis=1) == first).all()

    def test_nats_of_absurd_values_are_numbers_that_one_reads(self, fitted):
        few, many = -fitted.score_samples(
            pd.concat([homes()[:1].assign(area=area) for area in (1e6, 1e7)])
        )
        assert few < many < 200.0

    @pytest.mark.slow
    @pytest.mark.parametrize("convert", [pl.from_pandas, lambda frame: frame.to_numpy(object)])
    def test_rows_of_any_kind(self, convert):
        frame = homes()[["kind", "rooms", "area"]]
        odd = frame[:1].assign(area=1e6)
        found = detector().fit(convert(frame))
        assert found.explain(convert(odd))[0][0].split(" ")[0] in ("area", "x2")


def test_evidence_is_laid_on_what_explains_it():
    """Column 0 is wrong and makes 1 odd; column 2 is odd by itself, and row 1 is not odd."""
    evidence = np.array([[2.0, 5.0, 1.5], [0.2, 0.3, 0.0]])

    def without(rows, hidden):
        own = np.array([2.0, 5.0 * (0 not in hidden), 1.5])
        own[list(hidden)] = 0.0
        return np.tile(own, (len(rows), 1))

    laid, causes = laid_on_causes(evidence, without)
    np.testing.assert_allclose(laid, [[7.0, 0.0, 1.5], evidence[1]])
    assert causes == {0: (0,)}


def test_what_explains_nothing_is_not_blamed():
    evidence = np.array([[2.0, 5.0]])
    laid, causes = laid_on_causes(evidence, lambda rows, hidden: evidence[rows] + 1.0)
    np.testing.assert_array_equal(laid, evidence)
    assert causes == {}


class TestAbsurdRows:
    @pytest.mark.slow
    def test_a_row_with_an_absurd_number_is_flagged_and_not_learnt_from(self, fitted):
        frame, is_usual = homes(), np.arange(N) != 7
        frame.loc[7, "area"] = -9999.0
        found = detector().fit(frame)
        without = detector().fit(frame[is_usual])
        np.testing.assert_array_equal(
            found.score_samples(frame[is_usual]), without.score_samples(frame[is_usual])
        )
        assert found._panel.spreads == without._panel.spreads
        assert found.predict(frame)[7] == -1
        assert found.explain(frame[7:8])[0][0].startswith("area = -9999, expected")

    @pytest.mark.parametrize(
        ("column", "value"), [("area", 1e7), ("sold", pd.Timestamp("1900-01-01"))]
    )
    def test_several_absurd_values_of_any_kind(self, column, value):
        frame = homes().assign(sold=pd.date_range("2020", periods=N)[::-1])
        frame.loc[[3, 5], "rooms"] = [-9999.0, -9998.0]
        frame.loc[8, column] = value
        is_absurd = absurd_rows_of_table(Survey.of(table(), frame).numbers())
        assert np.flatnonzero(is_absurd).tolist() == [3, 5, 8]

    def test_heavy_tails_rare_values_and_many_rows_are_learnt_from(self):
        rng = np.random.default_rng(0)
        heavy = np.exp(2.0 * rng.normal(size=1000))
        rare = np.where(np.arange(1000) < 3, 5.0, 0.0)
        many = np.where(np.arange(1000) < 60, -9999.0, rng.normal(size=1000))
        holes = np.where(np.arange(1000) < 995, np.nan, 1.0)
        numbers = np.column_stack([heavy, rare, many, holes])
        assert not absurd_rows_of_table(numbers).any()
        assert not absurd_rows_of_table(np.empty((5, 0))).any()

    @pytest.mark.slow
    def test_categories_have_no_distances(self):
        frame = pd.DataFrame({"a": [1, 2, 3, -9999] + [1, 2, 3] * 9, "b": np.arange(31) ** 0.5})
        numbers = Survey.of(table(categorical_features=["a"]), frame).numbers()
        assert numbers.shape == (31, 1)
        frozen = FrozenEstimator(
            TableAutoencoder(VariationalAutoencoder(1, max_iter=1, jit_compile=False)).fit(frame)
        )
        np.testing.assert_array_equal(Survey.of(frozen, frame).numbers()[:, 0], frame["a"])
