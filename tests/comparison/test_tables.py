"""compare on tables with text, categories, dates and holes."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.decomposition import NMF, PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    Autoencoder,
    Comparison,
    ConvolutionalAutoencoder,
    TableAutoencoder,
    TableComparison,
    VariationalAutoencoder,
    compare,
)
from skae.comparison import _compare_tables
from skae.inspection import ComponentCurveDisplay

from .shared import factor_analysis, mixed, with_holes

# One step: it runs operation by operation, which takes less than to compile it.
QUICK = {"hidden_layer_sizes": 4, "max_iter": 1, "early_stopping": False, "batch_size": 128}
TIMES = {"fit_seconds", "transform_seconds"}
FOLDS = KFold(3, shuffle=True, random_state=0)


def quick(**parameters):
    return Autoencoder(**QUICK, **parameters)


def run(X, y=None, reducers=None, **options):
    options = {"n_components": 2, "cv": 3, "random_state": 0, **options}
    return compare(PCA() if reducers is None else reducers, X, y, **options)


@pytest.fixture(scope="module")
def frame():
    return mixed()


@pytest.fixture(scope="module")
def found(frame):
    return run(frame, n_components=(1, 2, 3))


def explained(test, made):
    """Of each column: R2, or the mistakes that are avoided of those of the most frequent level."""
    shares = []
    for name in test:
        if test[name].dtype.kind in "if":
            whole = test[name].dtype.kind == "i"
            shares.append(r2_score(test[name], made[name].round() if whole else made[name]))
        else:
            mistakes = np.mean(test[name].to_numpy() != made[name].to_numpy())
            shares.append(1 - mistakes / (1 - test[name].value_counts(normalize=True).max()))
    return np.array(shares)


@pytest.mark.parametrize("size", [1, 3])
def test_scores_are_those_of_factor_analysis_by_its_definition(size, frame, found):
    place = found.n_components.index(size)
    for k, (train, test) in enumerate(FOLDS.split(frame)):
        _, made = factor_analysis(frame.iloc[train], frame.iloc[test], size)
        expected = explained(frame.iloc[test], made)
        np.testing.assert_allclose(
            found.column_scores["explained"][0, place, k], expected, rtol=1e-5, atol=1e-6
        )
        clipped = np.clip(expected, 0, 1)
        assert found.scores["explained_share"][0, place, k] == pytest.approx(clipped.mean())
        numbers = np.array(found.is_number)
        assert found.scores["number_r2"][0, place, k] == pytest.approx(clipped[numbers].mean())
        assert found.scores["category_gain"][0, place, k] == pytest.approx(clipped[~numbers].mean())


def test_a_column_guessed_worse_than_by_a_constant_counts_nothing():
    rng = np.random.default_rng(0)
    z = rng.normal(size=60)
    frame = pd.DataFrame({"a": z, "b": z, "c": z, "noise": rng.normal(size=60)})
    found = run(frame.assign(side=np.where(z > 0, "a", "b")), n_components=1)
    shares = found.column_scores["explained"][0, 0]
    assert shares[:, 3].min() < 0
    expected = np.clip(shares, 0, 1).mean(axis=1)
    np.testing.assert_allclose(found.scores["explained_share"][0, 0], expected)


def test_a_category_that_a_number_decides_is_told_from_it():
    z = np.random.default_rng(0).normal(size=90)
    frame = pd.DataFrame({"z": z, "double": 2 * z, "side": np.where(z > 0, "right", "left")})
    found = run(frame, n_components=2)
    np.testing.assert_allclose(found.mean_of_columns()[0, 0], 1, atol=0.02)
    assert found.mean_of_columns("accuracy")[0, 0, 2] == 1
    assert found.scores["category_log_loss"].max() < 0.2


def test_log_loss_is_worse_than_that_of_frequencies_for_nobody(frame, found):
    for place, name in enumerate(frame):
        losses = found.mean_of_columns("log_loss")[0, :, place]
        if found.is_number[place]:
            assert np.isnan(losses).all()
            continue
        shares = frame[name].value_counts(normalize=True)
        assert (losses < 1.05 * -(shares * np.log(shares)).sum()).all()


def test_the_mean_of_a_missing_number_is_what_famd_takes_it_for():
    frame = mixed()
    holed = frame.copy()
    train, test = next(FOLDS.split(frame))
    holed.loc[train[:5], "income"] = np.nan
    mean = holed["income"].iloc[train].mean()
    filled = holed.fillna({"income": mean})
    _, made = factor_analysis(filled.iloc[train], filled.iloc[test], 2)
    found = run(holed, cv=[(train, test)])
    share = found.column_scores["explained"][0, 0, 0, 4]  # of a column without holes
    # Five rows at the mean shrink the deviation of what was not filled a little.
    assert share == pytest.approx(explained(frame.iloc[test], made)[4], abs=0.02)


def test_an_autoencoder_is_wrapped_and_scored_on_what_it_reconstructs():
    frame = with_holes()
    train, test = next(FOLDS.split(frame))
    found = run(frame, reducers=[PCA(), quick()], cv=[(train, test)])
    assert found.reducers == ["FAMD", "Autoencoder"]
    assert found.baseline == "FAMD"
    table = TableAutoencoder(quick(n_components=2, random_state=0)).fit(frame.iloc[train])
    rows = frame.iloc[test]
    made, known = table.reconstruct(rows), rows["income"].notna().to_numpy()
    expected = r2_score(rows["income"][known], made["income"][known])
    assert found.column_scores["explained"][1, 0, 0, 1] == pytest.approx(expected)
    np.testing.assert_allclose(found.codes["Autoencoder"], table.transform(rows))


def test_the_target_is_told_from_codes(frame):
    y = np.where(frame["income"] + frame["height"] / 8 > 170 / 8, "high", "low")
    X = frame.drop(columns="income")
    found = run(X, y)
    for k, (train, test) in enumerate(FOLDS.split(X)):
        code, _ = factor_analysis(X.iloc[train], X.iloc[test], 2)
        seen, _ = factor_analysis(X.iloc[train], X.iloc[train], 2)
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(seen, y[train])
        area = roc_auc_score(y[test] == "low", model.predict_proba(code)[:, 1])
        assert found.scores["target_auroc"][0, 0, k] == pytest.approx(area, abs=1e-6)
    _, test = next(FOLDS.split(X))
    np.testing.assert_array_equal(found.labels, y[test])


def test_a_continuous_target_is_told_by_ridge(frame):
    X, y = frame.drop(columns="income"), frame["income"]
    found = run(X, y)
    train, test = next(FOLDS.split(X))
    code, _ = factor_analysis(X.iloc[train], X.iloc[test], 2)
    seen, _ = factor_analysis(X.iloc[train], X.iloc[train], 2)
    model = make_pipeline(StandardScaler(), Ridge()).fit(seen, y.iloc[train])
    expected = r2_score(y.iloc[test], model.predict(code))
    assert found.scores["target_r2"][0, 0, 0] == pytest.approx(expected)


def test_rows_without_a_target_are_learnt_and_not_scored(frame):
    y = pd.Series(np.where(frame["income"] > 0, "high", "low"), dtype=object)
    y[::4] = None
    whole, holed = run(frame, np.where(frame["income"] > 0, "high", "low")), run(frame, y)
    np.testing.assert_array_equal(whole.scores["explained_share"], holed.scores["explained_share"])
    _, test = next(FOLDS.split(frame))
    assert len(holed.labels) == len(holed.codes["FAMD"]) == y.iloc[test].notna().sum()
    assert set(holed.labels) == {"high", "low"}


@pytest.mark.parametrize(
    ("y", "metric"),
    [
        (lambda z: z > 0, "target_auroc"),
        (lambda z: pd.Categorical(np.where(z > 0, "a", "b")), "target_auroc"),
        (lambda z: pl.Series((z > 0).astype(int)), "target_auroc"),
        (lambda z: pd.Series((z > 0).astype(int)).astype("Int64"), "target_auroc"),
        (lambda z: list(z), "target_r2"),
        (lambda z: pd.Timestamp("2020-01-01") + pd.to_timedelta(z, "D"), "target_r2"),
        (lambda z: np.array(z * 100, "m8[m]"), "target_r2"),
    ],
)
def test_targets_of_any_type(y, metric, frame):
    found = run(frame, y(frame["income"].to_numpy()))
    assert found.scores[metric].mean() > 0.8


def test_frames_of_polars_have_the_same_scores():
    pandas = run(with_holes(), reducers=[PCA(), quick()])
    polars = run(pl.from_pandas(with_holes()), reducers=[PCA(), quick()])
    for metric in set(pandas.scores) - TIMES:
        np.testing.assert_array_equal(pandas.scores[metric], polars.scores[metric])
    assert isinstance(polars.originals, pl.DataFrame)
    assert polars.reconstructions["FAMD"].columns == list(with_holes())


def test_numbers_without_holes_are_compared_as_ever(frame):
    numbers = frame[["age", "income", "height"]]
    ours, plain = run(numbers), run(numbers.to_numpy())
    assert type(ours) is type(plain) is Comparison
    for metric in set(plain.scores) - TIMES:
        np.testing.assert_array_equal(ours.scores[metric], plain.scores[metric])


def test_sparse_frames_are_numbers(frame):
    sparse = pd.DataFrame.sparse.from_spmatrix(csr_array(np.eye(20)[:, :4]))
    assert type(run(sparse)) is Comparison


@pytest.mark.parametrize(
    "labels", [[3, 2, 1, 0, 9], pd.MultiIndex.from_product([["a"], [*"vwxyz"]])]
)
def test_labels_of_columns_need_not_be_names(labels, frame):
    found = run(frame.set_axis(labels, axis=1))
    assert found.columns == list(labels)
    assert found.originals.columns.tolist() == list(labels)


def test_numbers_with_holes_are_a_table(frame):
    numbers = frame[["age", "income", "height"]].copy()
    numbers.loc[3, "income"] = np.nan
    found = run(numbers)
    assert isinstance(found, TableComparison)
    assert next(iter(found.scores)) == "explained_share"
    assert "category_gain" not in found.scores


def test_dates_and_spans_are_numbers(frame):
    dates = frame.assign(
        day=pd.Timestamp("2020-01-01") + pd.to_timedelta(frame["age"], "D"),
        span=pd.to_timedelta(frame["income"], "h"),
    )
    found = run(dates)
    assert found.kinds == ["number", "number", *["category"] * 2, "number", "date", "span"]
    assert set(found.to_column_frame()["kind"]) == {"number", "category", "date", "span"}
    assert (found.mean_of_columns()[0, 0, 5:] > 0.8).all()


def test_columns_that_cannot_help_are_left_out_and_named(frame):
    more = frame.assign(
        number=range(len(frame)), constant=3, name=[f"row {i}" for i in range(len(frame))]
    )
    found = run(more)
    assert found.columns == list(frame)
    assert found.left_out == {
        "number": "it numbers the rows",
        "constant": "it holds nothing but 3",
        "name": "all of its values differ, as names, identifiers and free text do",
    }
    for text in (found.summary(), repr(found), found._repr_html_()):
        assert "number (it numbers the rows)" in text
        assert "What is explained of a table is the mean over its columns" in text


def test_hard_columns_are_named(frame):
    found = run(frame, n_components=1)
    # It is of another cause than all others.
    assert found.mean_of_columns()[0, 0, 4] < 0.05
    assert "Hard even with 1 component is height (" in found.summary()


def test_sentences_are_about_the_table_and_famd(frame):
    found = run(frame, np.where(frame["age"] > 40, "old", "young"), [PCA(), quick()])
    text = f"{found.summary()}\n{found.recommend()}"
    assert "FAMD explains" in text
    assert "% of the table with 2 components" in text
    assert "variance of these rows" not in text
    assert "PCA" not in text
    alone = run(frame, reducers=quick())
    assert alone.baseline is None
    assert "compare it with FAMD" in alone.recommend()


def test_options_of_columns_are_those_of_all_reducers(frame):
    options = {"drop": ["height"], "categorical_features": ["age", "owns", "city"]}
    table = TableAutoencoder(quick(), random_state=3, **options)
    found = run(frame, reducers=[PCA(), table])
    assert found.reducers == ["FAMD", "Autoencoder"]
    assert found.columns == ["age", "income", "owns", "city"]
    assert found.kinds == ["category", "number", "category", "category"]
    assert found.left_out == {"height": "as asked"}


def test_a_table_autoencoder_makes_a_table_of_numbers(frame):
    numbers = frame[["age", "income", "height"]].to_numpy()
    inner = VariationalAutoencoder(**QUICK)
    found = run(numbers, reducers={"mine": TableAutoencoder(inner, random_state=3)})
    assert isinstance(found, TableComparison)
    assert found.reducers == ["mine"]
    assert found.columns == [0, 1, 2]


def test_large_folds_are_drawn_from_and_said(frame, monkeypatch):
    monkeypatch.setattr(_compare_tables, "MOST_TRAINED", 40)
    monkeypatch.setattr(_compare_tables, "MOST_HELD_OUT", 10)
    found = run(frame)
    assert (found.n_samples, found.n_train, found.n_held_out) == (90, 40, 10)
    assert len(found.codes["FAMD"]) == 10
    assert "Of 90 rows, each fold takes 40 at random to learn from" in found.summary()
    # Who says which rows gets these.
    own = run(frame, cv=ShuffleSplit(2, test_size=30, random_state=0))
    assert (own.n_train, own.n_held_out) == (60, 30)
    assert "at random" not in own.summary()


def test_one_random_state_repeats_everything():
    first, second = (run(with_holes(), reducers=[PCA(), quick()]) for _ in range(2))
    for metric in set(first.scores) - TIMES:
        np.testing.assert_array_equal(first.scores[metric], second.scores[metric])


def test_columns_as_a_table(frame, found):
    table = found.to_column_frame()
    assert len(table) == 3 * 5
    row = table.set_index(["n_components", "column"]).loc[(2, "city")]
    assert row["kind"] == "category"
    scores = found.column_scores["accuracy"][0, 1, :, 3]
    assert row["mean_accuracy"] == pytest.approx(scores.mean())
    assert row["std_accuracy"] == pytest.approx(scores.std())


def test_columns_as_a_picture(found):
    ax = found.plot_columns().ax_
    shares = found.mean_of_columns()[0, -1]
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == [found.columns[place] for place in np.argsort(shares)]
    np.testing.assert_allclose(ax.lines[0].get_xdata(), np.sort(shares).clip(0))
    few = found.plot_columns(n_components=1, n_columns=2).ax_
    assert len(few.get_yticklabels()) == 2
    with pytest.raises(ValueError, match=r"n_components=7 was not compared.*\[1, 2, 3\]"):
        found.plot_columns(n_components=7)


def test_rows_are_tables_and_no_picture(frame, found):
    pd.testing.assert_frame_equal(found.originals, frame.loc[found.originals.index])
    made = found.reconstructions["FAMD"]
    assert made.dtypes.to_dict() == frame.dtypes.to_dict()
    with pytest.raises(ValueError, match=r"reconstructions.*plot_columns"):
        found.plot_reconstructions()


def test_it_is_drawn_pickled_and_shown_as_any_other(found):
    copy = pickle.loads(pickle.dumps(found))
    assert repr(copy).startswith("TableComparison(reducers=['FAMD'], n_components=[1, 2, 3]")
    assert found.plot().ax_.get_ylabel().startswith("Share explained")
    curve = ComponentCurveDisplay.from_comparison(found)
    np.testing.assert_array_equal(curve.scores, found.scores["explained_share"])
    assert found.plot_codes().figure_.axes[0].get_title() == "FAMD"


def bad(**columns):
    return mixed().assign(**columns)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": bad().iloc[:0]}, r"0 sample\(s\)"),
        ({"X": bad().iloc[:1]}, r"1 sample\(s\)"),
        ({"X": bad().iloc[:2]}, "n_splits=3 greater than"),
        ({"X": bad()[["city"]]}, "'city' alone to learn from: two are the least"),
        ({"X": bad()[["city"]].assign(one=1)}, "left out are 'one': it holds nothing but 1"),
        ({"X": pd.DataFrame({"a": [None] * 9, "b": ["x"] * 9})}, "no column to learn from.*empty"),
        ({"X": bad().set_axis([*"abcda"], axis=1)}, "several columns named 'a'"),
        (
            {"X": bad(odd=[1, "two"] * 45)},
            r"'odd' of X holds values of several types: row 0 holds 1, and row 1 the text 'two'",
        ),
        ({"X": bad(odd=[np.inf, *[1.0] * 89])}, "'odd' holds inf in row 0"),
        ({"n_components": 9}, "n_components=9 .* 7 numbers and levels and 60 training.*at most 7"),
        ({"n_components": 0}, "n_components=0 must be"),
        ({"cv": 60}, "cv=.* leaves a fold of 1 held-out rows out of 90.*fewer folds"),
        ({"y": np.zeros(3)}, "inconsistent numbers of samples"),
        ({"y": np.zeros(90)}, "y holds 0.0 alone"),
        ({"y": [None] * 90}, "y holds no value"),
        ({"y": [f"name {i}" for i in range(90)]}, "too many for classes"),
        ({"reducers": []}, "reducers is empty"),
        ({"reducers": ConvolutionalAutoencoder(sample_shape=(7, 1, 1))}, "has network="),
        (
            {"reducers": [TableAutoencoder(drop=["age"]), TableAutoencoder()]},
            r"drop=\['age'\] and one with drop='auto'.*different columns",
        ),
    ],
)
def test_values_are_refused_in_a_sentence(arguments, message):
    defaults = {"reducers": PCA(), "X": mixed(), "n_components": 2, "cv": 3}
    with pytest.raises(ValueError, match=message):
        compare(**{**defaults, **arguments})


@pytest.mark.parametrize("reducer", [NMF(), make_pipeline(StandardScaler(), PCA())])
def test_what_knows_numbers_alone_is_refused(reducer):
    with pytest.raises(TypeError, match="which reads numbers alone"):
        run(mixed(), reducers=reducer)


def test_lazy_frames_are_refused_with_their_way_out():
    with pytest.raises(TypeError, match=r"collect\(\)"):
        run(pl.from_pandas(mixed()).lazy())
