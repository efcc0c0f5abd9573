"""Commands on tables: what is written, what is told, what is refused."""

import contextlib
import io
import os
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.decomposition import PCA

import skae
from skae.cli import _fidelity, _fit, _impute, _learning, _outliers, _surprises, main

# Each kind of picture is drawn in tests that look at the pages.
BLANK = pytest.mark.usefixtures("blank_pictures")


def make_trees():
    rng = np.random.default_rng(0)
    kind = np.array(["oak", "elm", "ash"])[np.arange(60) % 3]
    height = np.array([30.0, 20.0, 10.0])[np.arange(60) % 3] + rng.normal(size=60).round(1)
    frame = pd.DataFrame(
        {
            "kind": kind,
            "height": height.round(1),
            "rings": (3 * height + rng.normal(size=60)).round().astype(int),
            "seen": pd.date_range("2020-01-01", periods=60, freq="2D").astype(str),
            "plot": np.where(np.arange(60) % 2, "north", "south"),
            "note": [f"tree {i}" for i in range(60)],
        }
    )
    frame.loc[[4, 11], "height"] = None
    frame.loc[[5, 20], "kind"] = None
    frame.loc[59, ["kind", "height"]] = ["ash", 31.0]
    return frame


def make_quick(name, n_components, n_columns):
    # One step, and none to be judged by.
    return skae.VariationalAutoencoder(2, max_iter=1, batch_size=64, early_stopping=False)


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_trees().to_csv("trees.csv", index=False, sep=";", decimal=",")
    # Few steps are enough for what is not about quality.
    for module in (_learning, _surprises):
        monkeypatch.setattr(module, "autoencoder_of", make_quick)


class PageReader(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(Path(path).read_text(encoding="utf-8"))
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


class Run(NamedTuple):
    """What a command printed, told on stderr, and wrote."""

    printed: str
    told: str


def run(*arguments):
    with (
        contextlib.redirect_stdout(io.StringIO()) as printed,
        contextlib.redirect_stderr(io.StringIO()) as told,
    ):
        assert main(list(arguments)) == 0
    return Run(printed.getvalue(), told.getvalue())


def listing():
    return sorted(path.relative_to(".").as_posix() for path in Path().rglob("*"))


def refuse(*arguments):
    """Run what must fail; return its one line, having checked that nothing was written."""
    before = listing()
    told = io.StringIO()
    with (
        pytest.raises(SystemExit) as stop,
        contextlib.redirect_stderr(told),
        contextlib.redirect_stdout(io.StringIO()) as printed,
    ):
        main(list(arguments))
    assert stop.value.code == 2
    assert listing() == before
    assert printed.getvalue() == ""
    line = told.getvalue()
    assert line.count("\n") == 1
    return line


def assert_page(path, *texts):
    page = PageReader(path)
    for text in texts:
        assert text in page.text
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert pictures
    assert all(one["alt"] and one["src"].startswith("data:image/png;") for one in pictures)
    assert not [one for _, one in page.tags if "http" in str(one.get("href", one.get("src", "")))]


def test_outliers_are_ranked_with_reasons():
    done = run("outliers", "trees.csv", "-n", "5", "-o", "out")
    assert sorted(os.listdir("out")) == ["outliers.csv", "outliers.png", "report.html"]
    ranked = pd.read_csv("out/outliers.csv")
    assert sorted(ranked["row"]) == list(range(60))
    assert ranked["score"].is_monotonic_decreasing
    # The one tree of another height than its kind has.
    assert ranked["row"][0] == 59
    assert ranked["reason_1"][0].startswith(("kind = ash, expected", "height = 31", "rings"))
    assert ranked["is_outlier"][0]
    assert "Values are separated by semicolons." in done.told
    assert "1 column was left out: note (all of its values differ" in done.printed
    assert_page("out/report.html", "Odd rows of trees.csv", "The oddest rows", "left out: note")


def test_scores_are_those_of_the_detector():
    frame = make_trees().drop(columns=["note", "seen"])
    detector = skae.ReconstructionOutlierDetector(
        skae.TableAutoencoder(make_quick(None, None, 0)), calibration_fraction=0.5, random_state=0
    ).fit(frame)
    found = _surprises.surprises(detector, frame)
    np.testing.assert_allclose(found.scores, -detector.score_samples(frame))
    np.testing.assert_array_equal(found.is_outlier, detector.predict(frame) == -1)


@pytest.mark.slow
@BLANK
def test_codes_of_what_is_usual_are_half_as_wide_as_the_table(monkeypatch):
    asked = []

    def noted(name, n_components, n_columns):
        asked.append((name, n_components))
        return make_quick(name, n_components, n_columns)

    monkeypatch.setattr(_surprises, "autoencoder_of", noted)
    done = run("outliers", "trees.csv", "--drop", "note,seen,plot")
    n_used = len(pd.read_csv("trees.csv", sep=";").columns) - 3
    assert asked == [(None, n_used // 2)]
    assert f"Codes have {n_used // 2} number" in done.printed


@pytest.mark.slow
@BLANK
@BLANK
def test_rows_are_told_by_their_labels():
    make_trees().set_index(pd.Index([f"t{i}" for i in range(60)])).to_csv("named.csv")
    run("outliers", "named.csv")
    assert pd.read_csv("skae-outliers/outliers.csv")["label"][0] == "t59"


@pytest.mark.slow
@BLANK
def test_a_target_is_no_reason():
    run("outliers", "trees.csv", "--target", "kind", "--drop", "plot,note")
    reasons = pd.read_csv("skae-outliers/outliers.csv", dtype=str).filter(like="reason")
    assert not reasons.apply(lambda c: c.fillna("").str.startswith(("kind", "plot", "note"))).any(
        axis=None
    )


def test_holes_are_filled_and_nothing_else_is_changed():
    done = run("impute", "trees.csv", "-o", "out/filled.csv")
    before, after = (Path(p).read_text().splitlines() for p in ("trees.csv", "out/filled.csv"))
    changed = [i for i, pair in enumerate(zip(before, after, strict=True)) if len(set(pair)) > 1]
    assert changed == [5, 6, 12, 21]  # below the line of names
    filled = pd.read_csv("out/filled.csv", sep=";", decimal=",")
    assert filled["kind"].isin(["oak", "elm", "ash"]).all()
    assert filled["height"].between(5, 40).all()
    assert filled.notna().all(axis=None)
    assert "4 missing values in 2 columns were filled" in done.printed
    assert_page("out/filled.html", "How well hidden values are found again", "height22number")


@BLANK
def test_what_is_left_out_stays_missing():
    frame = make_trees()
    frame.loc[3, "note"] = None
    frame.to_csv("trees.csv", index=False)
    done = run("impute", "trees.csv", "--target", "kind")
    filled = pd.read_csv("trees-filled.csv")
    assert filled["kind"].isna().sum() == 2
    assert filled["note"].isna().sum() == 1
    assert filled["height"].notna().all()
    assert "Still missing, as these columns were left out: note (1)." in done.printed


def test_hidden_cells_are_known_ones_and_leave_something_of_each_row():
    frame = make_trees()
    options = type("Options", (), {"random_state": 0})
    rows, hidden = _impute._with_hidden(frame, options)
    assert not (hidden & frame.isna()).any(axis=None)
    assert (~hidden).any(axis=1).all()
    assert 0.05 < hidden.to_numpy().mean() < 0.15
    assert rows is frame


@pytest.mark.slow
def test_rows_are_drawn_of_the_types_of_the_file():
    done = run("sample", "trees.csv", "-n", "40", "--target", "kind", "-o", "new.csv")
    drawn = pd.read_csv("new.csv", sep=";", decimal=",")
    assert list(drawn) == ["kind", "height", "rings", "seen", "plot"]
    assert len(drawn) == 40
    assert drawn["kind"].dropna().isin(["oak", "elm", "ash"]).all()
    assert drawn["rings"].dtype == int
    assert (
        pd.to_datetime(drawn["seen"], format="%Y-%m-%d").between("2020-01-01", "2020-12-31").all()
    )
    assert "predicts “kind” of" in done.printed
    assert_page("new.html", "Columns one by one", "What columns say about each other", "Predicting")


@pytest.mark.slow
def test_rows_have_what_is_asked_for():
    run("sample", "trees.csv", "--given", "kind=OAK", "--given", "rings=90", "-o", "new.jsonl")
    drawn = pd.read_json("new.jsonl", lines=True)
    assert len(drawn) == 1000
    assert set(drawn["kind"]) == {"oak"}
    assert set(drawn["rings"]) == {90}
    assert_page("new.html", "kind = oak, rings = 90")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("kind", "--given 'kind': expected COLUMN=VALUE"),
        ("kind=zzz", "--given kind=zzz: no row has this 'kind'; there is 'oak', 'elm', 'ash'."),
        ("Kind=oak", "did you mean 'kind'?"),
        ("height=tall", "'height' is a column in which every value is a number"),
        ("seen=never", "'seen' is a column in which every value is a date"),
    ],
)
def test_values_that_no_row_can_have_are_refused(given, expected):
    make_trees().to_csv("trees.csv", index=False)
    told = refuse_at_last("sample", "trees.csv", "--given", given)
    assert expected in told


def refuse_at_last(*arguments):
    """Run what fails after notes have been told; return the last line."""
    before, told = listing(), io.StringIO()
    with pytest.raises(SystemExit, match="2"), contextlib.redirect_stderr(told):
        main(list(arguments))
    assert listing() == before
    return told.getvalue().splitlines()[-1]


@pytest.mark.slow
@BLANK
def test_a_table_of_numbers_alone_is_a_table_too():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 1))
    frame = pd.DataFrame(np.hstack([x, 2 * x, -x]) + 0.1 * rng.normal(size=(50, 3)))
    frame.iloc[7, 1] = 9.0
    frame.set_axis(["a", "b", "c"], axis=1).round(3).to_csv("numbers.csv", index=False)
    run("outliers", "numbers.csv")
    ranked = pd.read_csv("skae-outliers/outliers.csv")
    assert ranked["row"][0] == 7
    assert ranked["reason_1"][0].startswith("b = 9, expected")


def test_a_table_without_odd_rows_is_said_to_have_none():
    found = _surprises.Surprises(
        np.array([0.12, -0.02]), ["a"], np.array([[0.12], [-0.02]]), np.zeros(2, bool)
    )
    told = _outliers._findings(found, np.array([0, 1]), [[], []], 2)
    assert told == [
        "No row of 2 is odd beyond what is usual; least usual is row 0 (the first is 0), with 0.1 "
        "nats."
    ]
    assert _outliers._score(-0.02) == "0.0"


@pytest.mark.parametrize(
    ("values", "has_classes"),
    [(np.arange(60) % 3, True), (np.arange(60) % 30, False), (np.arange(60) % 3 + 0.5, False)],
)
def test_whole_numbers_of_few_values_are_classes(values, has_classes):
    frame = pd.DataFrame({"y": values, "x": np.arange(60)})
    found = _fidelity.usefulness(frame, frame, frame, "y", 0)
    assert (found.score == "accuracy") == has_classes


def test_a_stored_model_encodes_other_tables():
    done = run("fit", "trees.csv", "--target", "plot", "-o", "m/trees.skae")
    assert "left out: note" in done.printed
    assert "Codes have 2 numbers, as 4 columns are used; --components says otherwise." in (
        done.printed
    )
    assert_page("m/trees.html", "What the code says of each column", "Codes")
    other = make_trees().iloc[::-1][["plot", "note", "seen", "kind", "rings", "height"]]
    other.to_parquet("other.parquet")
    done = run("transform", "m/trees.skae", "other.parquet")
    assert "left aside: 'plot'." in done.printed
    codes = pd.read_csv("other-codes.csv")
    model = skae.load("m/trees.skae")
    assert list(codes) == list(model.get_feature_names_out())
    run("transform", "m/trees.skae", "trees.csv", "-o", "codes.parquet")
    np.testing.assert_allclose(pd.read_parquet("codes.parquet")[::-1], codes, rtol=1e-12)
    assert_page("other-codes.html", "Codes of other.parquet")


@BLANK
def test_a_table_without_the_columns_of_a_model_is_refused():
    run("fit", "trees.csv")
    make_trees().drop(columns=["kind"]).to_csv("other.csv", index=False)
    told = refuse_at_last("transform", "model.skae", "other.csv")
    assert "other.csv: lacks 'kind', which the model was fitted to" in told


class Stranger:
    """What no model of a table consists of."""


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (lambda path: None, "no such file"),
        (lambda path: Path(path).write_text("x"), "this is no stored model"),
        (lambda path: skops.io.dump(PCA().fit(np.eye(3)), path), "holds a PCA; name a file"),
        (lambda path: skops.io.dump(Stranger(), path), "Stranger, which is no part of a model"),
    ],
)
def test_what_is_no_model_of_a_table_is_refused(store, expected):
    store("model.skops")
    assert expected in refuse("transform", "model.skops", "trees.csv")


@pytest.mark.parametrize("command", ["outliers", "impute", "sample", "fit"])
@pytest.mark.parametrize(
    ("table", "arguments", "expected"),
    [
        (None, [], "no such file"),
        (make_trees()[["kind"]], [], "'kind' is the only column to learn from"),
        (make_trees()[["kind", "height"]], ["--drop", "kind"], "'height' is the only column"),
        (make_trees().head(9), [], "9 rows are too few to learn from; give 10 or more"),
        (
            make_trees().assign(rings=lambda frame: frame["rings"].mask(frame.index == 3, np.inf)),
            [],
            "row 3 of 'rings' holds inf, beyond what can be computed with",
        ),
        (make_trees(), ["--target", "Kind"], "--target 'Kind' is not a column of t.csv; did you"),
        (make_trees(), ["--target", "kind", "--drop", "kind"], "is also in --drop"),
        (make_trees(), ["--drop", ",".join(make_trees())], "no column is left"),
        (make_trees()[["note"]].assign(same=1), [], "no column is left to learn from ('note': all"),
    ],
)
def test_what_cannot_be_learnt_from_is_told_in_one_line(command, table, arguments, expected):
    if table is not None:
        # Impute asks for holes first.
        table.assign(**{table.columns[-1]: table.iloc[:, -1].mask(table.index == 0)}).to_csv(
            "t.csv", index=False
        )
    assert expected in refuse(command, "t.csv", *arguments)


@pytest.fixture
def no_fit(monkeypatch):
    """Nothing is to be fitted before arguments are known to be good."""

    def fit(self, *arguments, **options):
        raise AssertionError

    monkeypatch.setattr(skae.TableAutoencoder, "fit", fit)


@pytest.mark.parametrize("command", ["outliers", "impute", "sample", "fit"])
def test_a_column_that_cannot_be_a_category_is_told(command, no_fit):
    told = refuse_at_last(command, "trees.csv", "--categorical", "note")
    assert "--categorical 'note': all of its values differ" in told


def test_a_target_that_cannot_be_drawn_is_told(no_fit):
    told = refuse_at_last("sample", "trees.csv", "--target", "note")
    assert "--target 'note': all of its values differ" in told
    make_trees().assign(kind=lambda frame: frame["kind"].where(frame.index < 1)).to_csv(
        "t.csv", index=False
    )
    told = refuse_at_last("sample", "t.csv", "--target", "kind")
    assert "--target 'kind': " in told


def test_a_table_without_holes_has_none_to_fill():
    make_trees().dropna().to_csv("t.csv", index=False)
    assert "no value is missing" in refuse("impute", "t.csv")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["impute", "trees.csv", "-o", "trees.csv"], "this is the file that is read"),
        (["impute", "trees.csv", "-o", "trees.doc"], "expected a name that ends in one of"),
        (["fit", "trees.csv", "-o", "model.pkl"], "expected a name that ends in .skae"),
        (["outliers", "trees.csv", "-o", "trees.csv/a"], "no directory that can be written to"),
        (["outliers", "trees.csv", "-n", "0"], "'0' is not a whole number from 1"),
        (["sample", "trees.csv", "--model", "pca"], "'pca' is not a model; choose from advers"),
        (["outliers"], "the following arguments are required: FILE"),
        (["outliers", "trees.csv", "-o", ""], "'' is no name of a file or directory"),
        (["fit", "trees.csv", "-o", "a" * 300 + ".skae"], "has a part of 305 bytes"),
        (["impute", "trees.csv", "-o", "a\0b.csv"], "is no name of a file or directory"),
        (["transform", ".", "trees.csv"], ".: this is a directory; name a file that"),
        (["transform", "m.skops", "trees.csv", "--delimiter", "ab"], "'ab' is not one character"),
        (["impute", "trees.csv", "--sheet", "a"], "--sheet 'a': trees.csv is of kind text"),
    ],
)
def test_wrong_arguments_are_told_in_one_line(arguments, expected):
    assert expected in refuse(*arguments)


@pytest.mark.parametrize("command", ["outliers", "impute", "sample", "fit"])
def test_an_interrupt_leaves_nothing_behind(command, monkeypatch):
    def interrupt(self, X, *others, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(skae.TableAutoencoder, "fit", interrupt)
    before = listing()
    with pytest.raises(SystemExit, match="130"), contextlib.redirect_stderr(io.StringIO()):
        main([command, "trees.csv"])
    assert listing() == before


@pytest.mark.slow
@BLANK
def test_many_rows_are_learnt_from_at_random(monkeypatch):
    monkeypatch.setattr(_learning, "MOST_ROWS", 40)
    done = run("outliers", "trees.csv")
    assert "The model was fitted to 40 of the 60 rows, drawn at random." in done.printed
    assert len(pd.read_csv("skae-outliers/outliers.csv")) == 60


def test_blocks_change_no_code():
    frame = _fit.plain_frame(make_trees()[["rings", "height"]], [])
    seen = []
    whole = _learning.in_blocks(frame, lambda rows: (seen.append(len(rows)), rows.to_numpy())[1])
    np.testing.assert_array_equal(whole, frame.to_numpy())
    assert [len(block) for block in _learning.blocks(frame, 25)] == [25, 25, 10]


@pytest.mark.parametrize(
    "command", ["compare", "outliers", "impute", "sample", "fit", "transform", ""]
)
def test_help_is_given(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([*([command] if command else []), "--help"])
    assert capsys.readouterr().out.startswith("usage: skae")
