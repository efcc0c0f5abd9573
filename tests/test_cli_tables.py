"""The command on tables with text and holes."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from skae import compare
from skae.cli import main
from skae.cli._report_tables import column_rows, describe_columns, example_rows

QUICK = ["--models", "pca", "--components", "1,2", "--folds", "2"]
BLANK = pytest.mark.usefixtures("blank_pictures")
N = 60


def make():
    rng = np.random.default_rng(0)
    z = rng.normal(size=N)
    frame = pd.DataFrame(
        {
            "id": range(N),
            "size": z.round(2),
            "<b>kind": np.where(z > 0, "large", "small"),
            "noise": rng.choice([*"uvwxyz"], N),
            "weight": (z + 0.1 * rng.normal(size=N)).round(3),
            "grade": np.where(z + 0.5 * rng.normal(size=N) > 0, "good", "bad"),
        }
    )
    frame.loc[::7, "weight"] = np.nan
    return frame


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Run:
    """What one run printed and wrote."""

    def __init__(self, frame, *arguments):
        frame.to_csv("table.csv", index=False)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            main(["compare", "table.csv", *QUICK, *arguments])
        self.printed = printed.getvalue()
        self.page = Path("skae-comparison/report.html").read_text(encoding="utf-8")
        self.text = " ".join(self.page.replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with contextlib.chdir(tmp_path_factory.mktemp("run")):
        found = Run(make(), "--target", "grade")
        found.scores = pd.read_csv("skae-comparison/comparison.csv")
        found.columns = pd.read_csv("skae-comparison/columns.csv")
        return found


@pytest.mark.slow
def test_the_numbers_are_those_of_compare(run):
    frame = make()
    X, y = frame.drop(columns="grade"), frame["grade"]
    expected = compare(PCA(), X, y, n_components=(1, 2), cv=2, random_state=0)
    for metric in ("explained_share", "target_auroc"):
        wanted = expected.to_frame()[f"mean_{metric}"]
        np.testing.assert_allclose(run.scores[f"mean_{metric}"], wanted)
    assert run.scores["reducer"].tolist() == ["FAMD", "FAMD"]
    np.testing.assert_allclose(
        run.columns["mean_explained"], expected.to_column_frame()["mean_explained"]
    )


@pytest.mark.parametrize(
    "said",
    [
        "of the table with 2 components",
        "Left out is id (it numbers the rows).",
        "What is explained of a table is the mean over its columns",
    ],
)
def test_what_is_printed_is_on_the_page(said, run):
    assert said in run.printed
    assert said in run.text


def test_the_page_shows_columns_and_rows(run):
    assert '<th scope="row">&lt;b&gt;kind</th><td>category</td>' in run.page
    assert "<dt>id</dt><dd>it numbers the rows</dd>" in run.page
    assert "missing" in run.text
    assert "FAMD, factor analysis of mixed data" in run.text
    assert "is told from codes by logistic regression" in run.text
    for absent in ("Trustworthiness", "Nearest", "<b>", "of the variance of"):
        assert absent not in run.page
    assert "coloured by “grade”. Logistic regression tells the classes apart with an" in run.text


@BLANK
def test_a_target_with_holes_is_taken():
    frame = make()
    frame.loc[::5, "grade"] = None
    assert "AUROC of the target" in Run(frame, "--target", "grade").page


@pytest.mark.slow
def test_a_continuous_target_is_scored():
    assert "is told from codes by ridge regression" in Run(make(), "--target", "size").text


@BLANK
def test_an_absurd_number_is_told_as_it_is_in_the_file():
    frame = make()
    frame.loc[14, "size"] = -9999
    found = Run(frame, "--scale", "--target", "grade")
    assert "size holds -9999 in row 14" in found.printed
    assert "size holds -9999 in row 14" in found.text


def refuse(capsys, *arguments):
    with pytest.raises(SystemExit, match="2"):
        main(["compare", "table.csv", *arguments])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert not Path("skae-comparison").exists()
    return captured.err


@pytest.mark.parametrize(
    ("spoil", "arguments", "said"),
    [
        (lambda frame: frame, ["--models", "tableautoencoder"], "is not a model; choose from"),
        (lambda frame: frame, ["--models", "nmf"], "--models nmf reads numbers alone, but table"),
        (
            lambda frame: frame[["noise"]],
            [],
            "'noise' is the only column, so there is",
        ),
        (lambda frame: frame[["id", "noise"]], [], "left out are 'id': it numbers the rows"),
        (lambda frame: frame.iloc[:4], [], "table.csv: 4 rows are too few to compare on"),
        (lambda frame: frame, ["--components", "99"], "use at most"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(spoil, arguments, said, capsys):
    spoil(make()).to_csv("table.csv", index=False)
    assert said in refuse(capsys, *QUICK, *arguments)


def test_columns_and_rows_of_a_page():
    comparison = compare(PCA(), make(), n_components=2, cv=2, random_state=0)
    rows = {row.name: row for row in column_rows(comparison)}
    means = comparison.mean_of_columns()[0, 0]
    assert rows["size"].cells == [
        {"share": f"{means[0]:.3f}", "accuracy": "", "best": False}  # of one reducer none is best
    ]
    assert rows["noise"].cells[0]["accuracy"]
    examples = dict(example_rows(comparison))
    originals = comparison.originals["grade"].tolist()
    made = comparison.reconstructions["FAMD"]["grade"].tolist()
    for i, (original, other) in enumerate(zip(originals[:3], made[:3], strict=True)):
        assert examples["grade"][2 * i] == (original, False)
        assert examples["grade"][2 * i + 1] == (other, other != original)
    assert "FAMD most of" in describe_columns(comparison)


@pytest.mark.parametrize(("step", "hours"), [("D", False), ("7h", True)])
def test_dates_alone_are_told_without_a_time(step, hours):
    frame = make().assign(when=pd.date_range("2020-01-01", periods=N, freq=step))
    comparison = compare(PCA(), frame, n_components=2, cv=2, random_state=0)
    texts = [value.text for value in dict(example_rows(comparison))["when"]]
    assert all(text.startswith(("2019-", "2020-")) for text in texts)
    assert any(":" in text for text in texts) == hours
