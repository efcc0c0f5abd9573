"""Frames with text, categories, dates and missing values, in whatever is built on reducers."""

import functools
import pickle

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skae import (
    Autoencoder,
    LatentCodec,
    LatentSampler,
    ReconstructionImputer,
    ReconstructionOutlierDetector,
    TableAutoencoder,
    VariationalAutoencoder,
)
from skae.applications.outliers import _default
from skae.applications.outliers._reasons import reasons_of_tables
from skae.tabular import _autoencoder, table_rows

N = 120
# Compiled once, as most tables here have the same columns.
QUICK = {"hidden_layer_sizes": 4, "max_iter": 1, "early_stopping": False, "jit_compile": False}
pytestmark = pytest.mark.filterwarnings("ignore::skae.exceptions.StartKeptWarning")


def homes(n=N):
    """Area and price that follow from the number of rooms, and a kind that is what rooms say."""
    rng = np.random.default_rng(0)
    rooms = rng.integers(1, 9, n)
    frame = pd.DataFrame(
        {
            "rooms": rooms,
            "area": 20.0 * rooms + rng.normal(size=n),
            "kind": np.where(rooms > 4, "house", "flat"),
            "garden": rooms > 4,
            "built": pd.Timestamp("1990-01-01") + pd.to_timedelta(365 * rooms, "D"),
        }
    )
    frame.loc[5:25:5, "area"] = np.nan
    frame.loc[7:28:7, "kind"] = None
    return frame


def spoiled():
    """Row 0 has another kind than its rooms say, and row 1 an area of another home."""
    frame = homes()
    frame.loc[[0, 1]] = frame[(frame["rooms"] > 6) & frame.notna().all(axis=1)][:2].to_numpy()
    frame.loc[0, "kind"], frame.loc[1, "area"] = "flat", 20.0
    return frame


def quick(n_components=2):
    return Autoencoder(n_components, **QUICK)


def trained():
    return VariationalAutoencoder(2, max_iter=40, early_stopping=False, batch_size=16)


def detector(reducer=None, **parameters):
    reducer = quick() if reducer is None else reducer
    parameters = {"calibration_fraction": 0.5, "random_state": 0, **parameters}
    return ReconstructionOutlierDetector(reducer, **parameters)


@pytest.fixture
def brief(monkeypatch):
    """Defaults train for an epoch, without folds that choose how many."""
    made = functools.partial(VariationalAutoencoder, max_iter=1, early_stopping=False)
    for module in (_default, _autoencoder):
        monkeypatch.setattr(module, "VariationalAutoencoder", made)


class TestOutliers:
    @pytest.mark.slow
    def test_wrong_cells_are_found_and_named(self):
        frame = spoiled()
        found = detector(trained(), contamination=2 / N).fit(frame)
        contributions = found.feature_contributions(frame)
        assert set(np.flatnonzero(found.predict(frame) == -1)) == {0, 1}
        assert contributions.loc[[0, 1]].idxmax(axis=1).tolist() == ["kind", "area"]
        np.testing.assert_allclose(contributions.sum(axis=1), -found.score_samples(frame))

    def test_reasons_say_what_was_expected(self):
        frame = spoiled()
        (of_kind, of_area) = detector(trained()).fit(frame).explain(frame[:2], n_reasons=1)
        assert of_kind[0].startswith("kind = flat, expected house: ")
        assert of_kind[0].endswith(" nats")
        assert of_area[0].startswith("area = 20, expected ")

    @pytest.mark.slow
    def test_a_span_of_time_and_a_date_are_read_by_people(self):
        frame = homes().assign(span=lambda frame: pd.to_timedelta(frame["rooms"], "D"))
        odd = frame[frame["rooms"] == 7].head(1).assign(span=pd.Timedelta("900D"))
        (reason, *_) = detector(trained()).fit(frame).explain(odd)[0]
        assert reason.startswith("span = 900 days, expected 7 days")

    @pytest.mark.parametrize("column", ["area", "built"])
    @pytest.mark.parametrize("convert", [lambda f: f, pl.from_pandas, lambda f: f.convert_dtypes()])
    def test_what_is_missing_is_said(self, column, convert):
        frame = homes()
        frame.loc[3, "built"] = None
        odd = frame[frame["rooms"] == 7].head(2).copy()
        odd.loc[odd.index[0], column] = None
        found = detector(trained()).fit(convert(frame))
        rows = table_rows(convert(odd))
        evidence = np.zeros(rows.shape)
        evidence[0, frame.columns.get_loc(column)] = 2.0
        panel = found._panel
        ((reason,), none) = reasons_of_tables(
            panel, rows, list(frame), evidence, 1, panel.spreads, {}
        )
        assert reason.startswith(f"{column} is missing, expected 1")
        assert reason.endswith("): 2 nats")
        assert none == []

    def test_a_column_that_a_fold_left_out_has_reasons(self):
        frame = homes()
        frame["seldom"] = np.where(np.arange(N) < 1, 3.0, np.nan)
        found = detector(trained()).fit(frame)
        assert len(found.explain(frame)) == N

    @pytest.mark.parametrize(
        ("columns", "width"), [(["rooms", "area"], 1), (["kind", "rooms", "area", "built"], 2)]
    )
    def test_a_default_is_half_as_wide_as_the_table_that_it_uses(self, columns, width, brief):
        frame = homes(40)[columns].assign(nothing=1.0)
        found = ReconstructionOutlierDetector(calibration_fraction=0.5, random_state=0).fit(frame)
        assert {table.n_components_ for table in found.reducers_} == {width}
        assert {table.autoencoder_.beta for table in found.reducers_} == {0.3}

    def test_a_table_autoencoder_that_is_given_stays_as_it_is(self, brief):
        found = detector(TableAutoencoder()).fit(homes(40))
        assert {table.autoencoder for table in found.reducers_} == {None}

    @pytest.mark.slow
    def test_a_column_that_nothing_says_is_not_the_first_reason(self):
        n, rng = 150, np.random.default_rng(0)
        z = rng.normal(size=n)

        def level(noise, n_levels):
            places = np.digitize(z + noise * rng.normal(size=n), np.linspace(-1, 1, n_levels - 1))
            return np.array(list("abcde"))[places]

        frame = pd.DataFrame(
            {
                "age": np.round(45 + 12 * z + 5 * rng.normal(size=n)),
                "school": level(0.5, 4),
                "job": level(0.7, 5),
                "income": np.round(2000 + 600 * z + 300 * rng.normal(size=n)),
                "content": level(1.0, 3),
                "owner": level(1.0, 2),
                "noise": rng.choice(list("vwxyz"), n),
            }
        )
        frame.loc[:1, "income"] = [4600.0, 100.0]
        found = ReconstructionOutlierDetector(calibration_fraction=0.5, random_state=0).fit(frame)
        oddest = found.feature_contributions(frame).iloc[found.score_samples(frame).argsort()[:5]]
        assert "noise" not in oddest.idxmax(axis=1).tolist()

    def test_lazy_frames_are_refused(self):
        with pytest.raises(TypeError, match=r"X is a polars\.LazyFrame, but frames"):
            detector().fit(pl.from_pandas(homes()).lazy())

    def test_columns_left_out_add_nothing(self):
        frame = spoiled().assign(nothing=1.0)
        contributions = detector().fit(frame).feature_contributions(frame)
        assert list(contributions.columns) == list(frame.columns)
        assert (contributions["nothing"] == 0.0).all()

    @pytest.mark.parametrize("trim", [0.0, 0.05])
    def test_what_is_left_out_is_decided_once_on_all_rows(self, trim):
        frame = spoiled().assign(place=np.arange(1, N + 1))
        alone = TableAutoencoder(quick()).fit(frame)
        found = detector(trim=trim).fit(frame)
        assert alone.left_out_ == {"place": "it numbers the rows"}
        assert [table.left_out_ for table in found.reducers_] == [alone.left_out_] * 2
        assert (found.feature_contributions(frame)["place"] == 0.0).all()
        assert "place" not in str(found.explain(frame))

    def test_a_column_that_is_to_be_learnt_is_left_out_of_no_fold(self):
        frame = spoiled().assign(place=np.arange(1, N + 1))
        found = detector(TableAutoencoder(quick(), drop=["area"])).fit(frame)
        assert [table.left_out_ for table in found.reducers_] == [{"area": "as asked"}] * 2

    def test_no_column_is_left(self):
        with pytest.raises(ValueError, match=r"No column of X is left.*'a': it numbers the rows"):
            detector().fit(pd.DataFrame({"a": np.arange(60), "b": ["x"] * 60}))

    def test_new_rows_are_judged_by_all(self):
        frame = spoiled()
        found = detector().fit(frame[2:])
        scores = found.score_samples(frame)
        assert scores[:2].max() < np.quantile(scores[2:], 0.05)

    @pytest.mark.slow
    def test_likelihood(self):
        frame = spoiled()
        found = detector(VariationalAutoencoder(2, **QUICK), scoring="likelihood").fit(frame)
        contributions = found.feature_contributions(frame)
        np.testing.assert_allclose(contributions.sum(axis=1), -found.score_samples(frame))
        own = found._panel.folds.of_rows == 0
        expected = found.reducers_[0].score_samples(frame[own])
        np.testing.assert_allclose(found.score_samples(frame)[own], expected)

    def test_reasons_of_a_likelihood_are_what_is_unusual(self):
        frame = spoiled()
        found = detector(trained(), scoring="likelihood").fit(frame)
        of_kind, of_area, *others = found.explain(frame)
        assert of_kind[0].startswith("kind = flat, expected house: ")
        assert of_area[0].startswith("area = 20, expected ")
        assert np.mean([reasons == [] for reasons in others]) > 0.7

    def test_contamination_is_the_share_of_the_rows_of_fit(self):
        frame = homes()
        assert np.mean(detector(contamination=0.1).fit_predict(frame) == -1) == pytest.approx(
            0.1, abs=0.03
        )

    def test_trim_leaves_out_the_worst(self):
        frame = spoiled()
        found = detector(trim=0.05).fit(frame)
        is_new = found._panel.folds.find(np.zeros((1, 5)))
        assert (is_new == -1).all()
        assert len(found._panel.folds.of_rows) < N

    @pytest.mark.parametrize("scoring", ["error", "top_features"])
    def test_scores_of_numbers_alone_are_refused(self, scoring):
        with pytest.raises(ValueError, match=f"scoring='{scoring}' is about residuals of numbers"):
            detector(scoring=scoring).fit(homes())

    def test_no_likelihood(self):
        with pytest.raises(TypeError, match="that of Autoencoder is an error"):
            detector(scoring="likelihood").fit(homes())

    def test_too_few_rows(self):
        with pytest.raises(ValueError, match=r"Found array with 3 sample\(s\)"):
            detector().fit(homes(3))

    def test_equal_rows(self):
        with pytest.raises(ValueError, match="All 10 rows to fit are equal"):
            detector().fit(pd.DataFrame({"a": ["x"] * 10}))

    def test_reasons_of_numbers(self):
        X = np.random.default_rng(0).normal(size=(50, 1)) @ np.ones((1, 4))
        X[0, 2] += 9.0
        found = ReconstructionOutlierDetector(PCA(1), random_state=0).fit(X)
        (reason,) = found.explain(X[:1], n_reasons=1)[0]
        contribution = found.feature_contributions(X[:1]).iloc[0, 2]
        assert reason.startswith(f"x2 = {X[0, 2]:.4g}, expected ")
        assert float(reason.rpartition(": ")[2]) == float(f"{contribution:.3g}")

    def test_number_of_reasons(self):
        found = detector().fit(homes())
        with pytest.raises(ValueError, match="n_reasons"):
            found.explain(homes(), n_reasons=0)


def sampler(reducer=None, **parameters):
    return LatentSampler(quick() if reducer is None else reducer, random_state=0, **parameters)


class TestSampling:
    def test_new_rows_are_such_as_there_are(self):
        frame = homes().astype({"kind": "category"})
        new = sampler(trained()).fit(frame).sample(200, random_state=0)
        assert new.dtypes.equals(frame.dtypes)
        assert set(new["rooms"]) <= set(range(1, 9))
        assert set(new["kind"].dropna()) == {"flat", "house"}
        assert new["built"].between(frame["built"].min(), frame["built"].max()).all()
        assert (new["garden"] == (new["rooms"] > 4)).mean() > 0.9
        assert 0 < new["area"].isna().mean() < 0.2

    def test_scores_are_those_of_the_density_of_codes(self):
        frame = homes()
        density = GaussianMixture(random_state=0)
        fitted = sampler(density=density).fit(frame)
        table = TableAutoencoder(quick(), random_state=fitted.reducer_.random_state)
        table.set_params(autoencoder__random_state=fitted.reducer_.autoencoder.random_state)
        code = table.fit(frame).transform(frame)
        expected = clone(density).fit(code).score_samples(code)
        np.testing.assert_allclose(fitted.score_samples(frame), expected)

    def test_interpolation_goes_from_one_row_to_the_other(self):
        frame = homes()
        fitted = sampler().fit(frame)
        rows = fitted.interpolate(frame[:1], frame[1:2], 3)
        ends = fitted.reducer_.reconstruct(frame[:2])
        pd.testing.assert_frame_equal(rows.iloc[[0, 2]].reset_index(drop=True), ends)

    def test_interpolation_keeps_to_the_steps_and_the_range_of_the_table(self):
        frame = homes().assign(area=lambda rows: rows["area"].round())
        area = sampler().fit(frame).interpolate(frame[:1], frame[1:2], 30)["area"]
        assert (area == area.round()).all()
        assert area.between(frame["area"].min(), frame["area"].max()).all()

    def test_interpolation_takes_rows_of_a_table(self):
        frame = homes()
        with pytest.raises(ValueError, match="should be one row of a table"):
            sampler().fit(frame).interpolate(frame.iloc[0], frame.iloc[1])

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_rare_classes_are_filled_up(self, library):
        frame = homes().assign(name=[f"home {i}" for i in range(N)])
        frame = frame if library == "pandas" else pl.from_pandas(frame)
        y = np.arange(N) < 40
        X, classes = sampler().fit(frame).augment(frame, y, random_state=0)
        assert len(X) == 160
        assert np.bincount(classes).tolist() == [80, 80]
        assert list(X.columns) == list(frame.columns)
        assert np.asarray(X[:N]["name"]).tolist() == np.asarray(frame["name"]).tolist()
        assert nw.from_native(X)["name"].is_null().to_numpy()[N:].all()

    @pytest.mark.parametrize("name", ["min_value", "max_value", "grid"])
    def test_limits_of_numbers_are_refused(self, name):
        with pytest.raises(ValueError, match=f"{name}='observed' is for rows of numbers alone"):
            sampler(**{name: "observed"}).fit(homes())

    def test_set_output(self):
        frame = homes()
        fitted = sampler().fit(frame).set_output(transform="polars")
        assert isinstance(fitted.sample(2), pl.DataFrame)


def imputer(reducer=None, **parameters):
    reducer = quick() if reducer is None else reducer
    return ReconstructionImputer(reducer, random_state=0, **parameters)


class TestImputation:
    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_holes_are_filled_by_what_the_others_say(self, library):
        truth = homes().dropna(ignore_index=True)
        truth["kind"] = truth["kind"].astype("category")
        frame = truth.copy()
        frame.loc[:9, "kind"], frame.loc[10:19, "area"], frame.loc[20:24, "built"] = 3 * (None,)
        given = frame if library == "pandas" else pl.from_pandas(frame)
        filled = imputer(trained()).fit_transform(given)
        if library == "polars":
            assert filled.schema == given.schema
            filled = filled.to_pandas()
            # Its levels come in another order.
            filled["kind"] = filled["kind"].cat.set_categories(["flat", "house"])
        assert (filled["kind"][:10] == truth["kind"][:10]).mean() >= 0.9
        assert np.abs(filled["area"] - truth["area"])[10:20].max() < 40
        assert filled["built"].notna().all()
        pd.testing.assert_frame_equal(filled[25:], truth[25:])
        pd.testing.assert_frame_equal(
            filled.drop(columns=["kind", "area", "built"]),
            truth.drop(columns=["kind", "area", "built"]),
        )

    @pytest.mark.parametrize("kind", ["pandas", "polars", "array"])
    def test_columns_left_out_keep_their_holes_and_are_told(self, kind):
        frame = homes().assign(name=[f"home {i}" for i in range(N)], empty=None, whole="same")
        frame.loc[3, "name"] = None
        frame = frame.astype({"kind": object, "empty": float})
        given = {"pandas": frame, "polars": pl.from_pandas(frame), "array": frame.to_numpy()}[kind]
        fitted = imputer(TableAutoencoder(quick())).fit(given)
        names = ("'name'", "'empty'") if kind != "array" else ("5", "6")
        told = f"Holes stay in columns that are left out .{names[0]}: all of its.*; {names[1]}: "
        with pytest.warns(UserWarning, match=told) as caught:
            filled = fitted.transform(given)
        assert len(caught) == 1
        assert "whole" not in str(caught[0].message)
        filled = pd.DataFrame(filled, columns=list(frame)) if kind == "array" else filled
        filled = filled.to_pandas() if kind == "polars" else filled
        assert filled["name"].isna().sum() == 1
        assert filled["empty"].isna().all()
        assert filled.drop(columns=["name", "empty"]).notna().all(axis=None)

    def test_frames_of_numbers_are_no_tables(self):
        frame = homes()[["rooms", "area"]]
        filled = imputer(max_iter=1).fit_transform(frame)
        assert isinstance(filled, np.ndarray)

    @pytest.mark.parametrize("dtype", ["boolean", object])
    def test_truth_values_are_filled_by_truth_values(self, dtype):
        frame = homes()[["rooms", "garden"]].astype({"garden": dtype})
        frame.loc[::9, "garden"] = pd.NA if dtype == "boolean" else None
        filled = imputer(quick()).fit_transform(frame)
        assert filled["garden"].dtype == dtype
        assert set(filled["garden"]) == {True, False}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("max_iter", 3),
            ("tol", 0.1),
            ("initial_strategy", "median"),
            ("fill_value", 1.0),
            ("min_value", np.zeros(5)),
            ("max_value", 7.0),
            ("grid", "observed"),
            ("missing_values", -1),
            ("add_indicator", True),
            ("keep_empty_features", True),
        ],
    )
    def test_parameters_of_numbers_are_refused(self, name, value):
        with pytest.raises(ValueError, match=f"(?s){name}=.* is for rows of numbers alone"):
            imputer(**{name: value}).fit(homes())

    def test_names_and_output(self):
        frame = homes()
        fitted = imputer().fit(frame)
        assert fitted.get_feature_names_out().tolist() == list(frame.columns)
        plain = fitted.transform(frame)
        pd.testing.assert_frame_equal(fitted.set_output(transform="pandas").transform(frame), plain)

    def test_first_step_of_a_pipeline(self):
        frame = homes()
        encoder = make_column_transformer(
            (OneHotEncoder(), ["kind"]), (StandardScaler(), ["rooms", "area"])
        )
        model = make_pipeline(imputer().set_output(transform="pandas"), encoder, Ridge())
        assert model.fit(frame, frame["rooms"]).score(frame, frame["rooms"]) > 0.99


def test_codecs_refuse_tables():
    with pytest.raises(ValueError, match=r"Column 'kind' of X is not numeric.*TableAutoencoder"):
        LatentCodec().fit(homes())


APPLICATIONS = {
    "outliers": (detector, "score_samples"),
    "sampling": (sampler, "score_samples"),
    "imputation": (imputer, "transform"),
}


@pytest.fixture(params=APPLICATIONS)
def application(request):
    """An unfitted application, and a method of it that tells fits apart."""
    make, method = APPLICATIONS[request.param]
    return make(), method


def plain(values):
    """Scores, or the cells of a table by column."""
    if isinstance(values, np.ndarray):
        return values.tolist()
    return {column.name: column.to_list() for column in nw.from_native(values).iter_columns()}


def answer(application, method, frame):
    return plain(getattr(application.fit(frame), method)(frame))


class TestAll:
    def test_polars_is_pandas_to_the_bit(self, application):
        unfitted, method = application
        frame = homes()
        of_pandas = answer(clone(unfitted), method, frame)
        assert answer(clone(unfitted), method, pl.from_pandas(frame)) == of_pandas

    def test_a_pickle_says_the_same(self, application):
        unfitted, method = application
        frame = homes()
        one = unfitted.fit(frame)
        other = pickle.loads(pickle.dumps(one))
        assert plain(getattr(other, method)(frame)) == plain(getattr(one, method)(frame))

    def test_columns_are_checked(self, application):
        unfitted, method = application
        frame = homes()
        one = unfitted.fit(frame)
        assert one.n_features_in_ == 5
        assert list(one.feature_names_in_) == list(frame.columns)
        with pytest.raises(ValueError, match="feature names should match"):
            getattr(one, method)(frame.rename(columns={"area": "size"}))

    def test_a_table_autoencoder_is_used_as_it_is(self, application):
        unfitted, method = application
        frame = homes()
        given = clone(unfitted).set_params(reducer=TableAutoencoder(unfitted.reducer))
        assert answer(given, method, frame) == answer(unfitted, method, frame)

    def test_a_fitted_table_autoencoder_is_kept(self, application):
        unfitted, method = application
        frame = homes()
        table = TableAutoencoder(quick(), random_state=0).fit(frame)
        one = unfitted.set_params(reducer=FrozenEstimator(table)).fit(frame)
        reducer = one.reducer_ if hasattr(one, "reducer_") else one.reducers_[0]
        assert reducer.estimator is table
        assert len(getattr(one, method)(frame)) == N

    def test_reducers_of_numbers_are_refused(self, application):
        unfitted, _ = application
        with pytest.raises(ValueError, match=r"Column 'kind' of X is not numeric.*Table"):
            unfitted.set_params(reducer=PCA()).fit(homes())

    def test_a_failed_fit_changes_nothing(self, application):
        unfitted, method = application
        frame = homes()
        one = unfitted.fit(frame)
        before = plain(getattr(one, method)(frame))
        with pytest.raises(ValueError, match="infinity is none"):
            one.fit(frame.assign(area=np.r_[np.inf, np.arange(1.0, N)]))
        assert plain(getattr(one, method)(frame)) == before
