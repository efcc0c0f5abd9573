import contextlib
import io
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.decomposition import NMF, PCA

import skae
from skae.cli import _compare, main
from skae.cli._table_file import read_table

ROOT = Path(__file__).parents[1]
WRITTEN = ["comparison.csv", "comparison.png", "report.html"]
QUICK = ["--models", "pca,truncatedsvd", "--components", "1,2", "--folds", "2"]
# Pictures of many kinds of tables and targets are drawn in the other tests.
BLANK = pytest.mark.usefixtures("blank_pictures")


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def frame():
    return make_wine()


def make_wine():
    frame = load_wine(as_frame=True).frame.iloc[::5]
    frame["target"] = np.array(["red", "white", "rose"], dtype=object)[frame["target"]]
    return frame.rename(columns={"ash": "<b>$ash$</b>"})


def listing():
    return sorted(path.relative_to(".").as_posix() for path in Path().rglob("*"))


def refuse(capsys, *arguments):
    """Run what must fail; return its one line, having checked that nothing was written."""
    before = listing()
    with pytest.raises(SystemExit) as stop:
        main(["compare", *arguments])
    captured = capsys.readouterr()
    assert stop.value.code == 2
    assert listing() == before
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


class PageReader(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def read_page(path="skae-comparison/report.html"):
    return PageReader(Path(path).read_text(encoding="utf-8"))


class Run(NamedTuple):
    """What one run of the command printed, told on stderr, and wrote."""

    printed: str
    told: str
    written: list[str]
    picture: bytes
    page: PageReader
    scores: pd.DataFrame


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with contextlib.chdir(tmp_path_factory.mktemp("run")):
        make_wine().to_csv("wine.csv", index=False)
        with (
            contextlib.redirect_stdout(io.StringIO()) as printed,
            contextlib.redirect_stderr(io.StringIO()) as told,
        ):
            main(["compare", "wine.csv", "--target", "target", *QUICK, "--output", "a/b"])
        return Run(
            printed.getvalue(),
            told.getvalue(),
            sorted(os.listdir("a/b")),
            Path("a/b/comparison.png").read_bytes(),
            read_page("a/b/report.html"),
            pd.read_csv("a/b/comparison.csv"),
        )


def test_a_table_is_printed_and_written(run):
    assert run.printed.count("\n TruncatedSVD ") == 2
    assert run.written == WRITTEN
    assert run.scores["reducer"].tolist() == ["PCA", "PCA", "TruncatedSVD", "TruncatedSVD"]
    assert run.scores["mean_accuracy"].between(0, 1).all()
    assert run.picture.startswith(b"\x89PNG")


def test_redirected_progress_is_a_line_a_fit_beside_the_table(run):
    lines = run.told.splitlines()
    assert len(lines) == 8
    assert lines[0].startswith("[1/8] PCA, 1 components, fold 1 of 2: 0.")
    assert lines[-1].startswith("[8/8] TruncatedSVD, 2 components, fold 2 of 2: 0.")
    assert all(line.endswith(" left") for line in lines[2:-1])


def test_the_numbers_are_those_of_compare(frame, run):
    rows, labels = frame.drop(columns="target"), frame["target"]
    expected = skae.compare(
        PCA(), rows, labels, n_components=(1, 2), cv=2, random_state=0
    ).to_frame()
    scores = run.scores.iloc[:2]
    for metric in ("reconstruction_r2", "reconstruction_error", "accuracy", "trustworthiness"):
        np.testing.assert_allclose(scores[f"mean_{metric}"], expected[f"mean_{metric}"])


def test_the_page_stands_alone_and_says_what_was_run(run):
    page = run.page
    assert not {"script", "link", "iframe", "b"} & {tag for tag, _ in page.tags}
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == 8
    assert all(image["src"].startswith("data:image/png;base64,") for image in images)
    assert all(len(image["alt"]) > 20 for image in images)
    command = "python -m skae compare wine.csv --target target --models pca,truncatedsvd"
    for expected in (command, "PCA()", "scikit-learn", "tensorflow", pd.Timestamp.now().date()):
        assert str(expected) in page.text


def test_the_page_begins_with_the_finding_and_the_advice(run):
    text = run.page.text.replace("\N{NO-BREAK SPACE}", " ")
    places = [text.index(heading) for heading in ("Summary", "Recommendation", "Curves")]
    finding = text.index("PCA explains ")
    advice = text.index("PCA is enough on these rows")
    assert places[0] < finding < places[1] < advice < places[2]
    for place in (finding, advice):
        assert text[place:].splitlines()[0].removesuffix("</p>") in run.printed


def test_the_page_can_be_read_without_seeing_it(run):
    tags = [tag for tag, _ in run.page.tags]
    assert {"header", "main", "section", "caption"} <= set(tags)
    levels = [int(tag[1]) for tag in tags if tag in {"h1", "h2", "h3"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) == 1
    ids = {attributes["id"] for _, attributes in run.page.tags if "id" in attributes}
    labels = {a["aria-labelledby"] for _, a in run.page.tags if "aria-labelledby" in a}
    assert labels <= ids
    assert all("scope" in attributes for tag, attributes in run.page.tags if tag == "th")


def test_pictures_are_told_in_words(run):
    alts = " ".join(attributes["alt"] for tag, attributes in run.page.tags if tag == "img")
    start, end = run.scores["mean_reconstruction_r2"][:2]
    assert f"Reconstruction R² from 1 to 2 components: PCA from {start:.3f} to {end:.3f};" in alts
    # Of the larger size, which fills a plane.
    accuracy = run.scores["mean_accuracy"][[1, 3]]
    assert "PCA and TruncatedSVD: 18 held-out rows along two components, coloured by" in alts
    assert f"class of {accuracy[1]:.0%} in PCA and {accuracy[3]:.0%} in".replace("%", " %") in alts


@pytest.mark.slow
def test_a_continuous_target_is_shown_and_not_scored(frame):
    frame.drop(columns="target").to_csv("wine.csv", index=False)
    main(["compare", "wine.csv", "--target", "hue", *QUICK])
    assert "mean_accuracy" not in pd.read_csv("skae-comparison/comparison.csv")
    assert "The target is continuous" in read_page().text


@pytest.mark.slow
def test_one_component_is_shown_too(frame):
    frame.to_csv("wine.csv", index=False)
    main(["compare", "wine.csv", "--target", "target", *QUICK, "--components", "1"])
    assert "places them along one component, coloured by" in read_page().text


@BLANK
def test_names_of_files_are_escaped(frame):
    frame.drop(columns="target").to_csv("<i>.csv", index=False)
    main(["compare", "<i>.csv", *QUICK])
    page = read_page()
    assert "i" not in {tag for tag, _ in page.tags}
    assert "<i>.csv" in page.text


@pytest.mark.slow
def test_without_a_file_digits_are_compared_and_drawn(capsys):
    assert main(["compare", *QUICK]) == 0
    assert "worthiness" in capsys.readouterr().out
    page = read_page()
    assert "1,797 rows, 64 columns" in " ".join(page.text.split())


@pytest.mark.slow
@BLANK
def test_other_formats(frame):
    rows = frame.drop(columns="target")
    frame.to_parquet("wine.parquet")
    np.save("wine.npy", rows.to_numpy())
    np.savez("wine.npz", X=rows.to_numpy(), y=frame["target"].to_numpy(str))
    tables = []
    for arguments in (["wine.parquet", "--target", "target"], ["wine.npz"], ["wine.npy"]):
        main(["compare", *arguments, *QUICK])
        tables.append(pd.read_csv("skae-comparison/comparison.csv"))
    parquet, npz, npy = (
        table.drop(columns=[name for name in table if "_seconds" in name]) for table in tables
    )
    pd.testing.assert_frame_equal(parquet, npz)
    pd.testing.assert_frame_equal(parquet.drop(columns=["mean_accuracy", "std_accuracy"]), npy)


@BLANK
def test_an_index_is_no_measurement(frame, capsys):
    frame.drop(columns="target").to_csv("indexed.csv")
    main(["compare", "indexed.csv", *QUICK])
    said = "The first column has no name and was taken as row labels."
    assert f"indexed.csv: {said}\n" in capsys.readouterr().err
    text = " ".join(read_page().text.split())
    assert "36 rows, 13 columns" in text
    assert said in text


@pytest.mark.parametrize(
    ("index", "is_index"),
    [
        (range(36), True),
        (range(1, 37), True),
        ([5 * i for i in range(36)], True),  # rows were left out
        ([f"wine {i}" for i in range(36)], True),
        (range(35, -1, -1), False),
        ([0, *range(35)], False),
        ([i + 0.5 for i in range(36)], False),
    ],
)
def test_what_numbers_or_names_rows_is_an_index(frame, index, is_index):
    rows = frame.drop(columns="target")
    rows.set_axis(index, axis=0).to_csv("wine.csv")
    table = read_table("wine.csv")
    names = list(rows) if is_index else ["column 0", *rows]
    assert table.columns == names
    assert ("row labels." in table.note) == is_index
    expected = rows if is_index else np.column_stack([index, rows])
    np.testing.assert_allclose(table.X, expected)


@BLANK
def test_a_column_without_name_that_is_no_index_is_kept(frame, capsys):
    values = frame["alcohol"].tolist()
    rows = frame.drop(columns=["target", "alcohol"]).rename(columns={"hue": "column 0"})
    rows.set_axis(values, axis=0).to_csv("wine.csv")
    main(["compare", "wine.csv", *QUICK])
    said = "The first column has no name and holds other than row labels: it is 'column 0_'."
    assert f"wine.csv: {said}\n" in capsys.readouterr().err
    text = " ".join(read_page().text.split())
    assert "36 rows, 13 columns" in text
    assert said in text


def test_classes_without_name_are_told_by_the_name_they_are_given(frame):
    frame.set_index("target").rename_axis(None).to_csv("wine.csv")
    assert read_table("wine.csv", "column 0").target == "column 0"


@BLANK
def test_scaling_measures_every_column_in_its_deviations(frame):
    rows = frame.drop(columns="target")
    rows.to_csv("wine.csv", index=False)
    main(["compare", "wine.csv", "--scale", "--folds", "2", "--models", "pca"])
    (rows * 1000 + 5).to_csv("wine.csv", index=False)
    first = pd.read_csv("skae-comparison/comparison.csv")
    main(["compare", "wine.csv", "--scale", "--folds", "2", "--models", "pca"])
    second = pd.read_csv("skae-comparison/comparison.csv")
    assert first["mean_reconstruction_error"].max() < 1
    np.testing.assert_allclose(
        first["mean_reconstruction_error"], second["mean_reconstruction_error"]
    )


@BLANK
def test_all_of_scikit_learns_models_reconstruct_many_columns():
    basis = np.random.default_rng(0).uniform(size=(2, 40))
    np.save("positive.npy", np.random.default_rng(1).uniform(size=(30, 2)) @ basis)
    models = "fastica,kernelpca,nmf,pca,truncatedsvd"
    main(["compare", "positive.npy", "--models", models, "--components", "2", "--folds", "2"])
    scores = pd.read_csv("skae-comparison/comparison.csv")
    assert ",".join(scores["reducer"]).lower() == models
    assert (scores["mean_reconstruction_r2"] > 0.9).all()


@BLANK
def test_default_sizes_are_those_that_fit(frame):
    frame.iloc[:, :5].to_csv("narrow.csv", index=False)
    main(["compare", "narrow.csv", "--models", "pca"])
    assert pd.read_csv("skae-comparison/comparison.csv")["n_components"].tolist() == [2, 4]


@BLANK
def test_earlier_results_are_replaced(frame):
    frame.drop(columns="target").to_csv("wine.csv", index=False)
    Path("out").mkdir()
    Path("out/comparison.csv").write_text("old")
    Path("out/mine.txt").write_text("kept")
    main(["compare", "wine.csv", "--output", "out", *QUICK])
    assert "old" not in Path("out/comparison.csv").read_text()
    assert sorted(os.listdir("out")) == [*WRITTEN[:2], "mine.txt", "report.html"]


@BLANK
def test_a_full_disk_leaves_nothing_behind(monkeypatch, capsys):
    def fail(file):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SystemExit, match="2"):
        main(["compare", "--output", "a/b", *QUICK])
    *progress, problem = capsys.readouterr().err.splitlines()
    assert problem == "skae compare: error: No space left on device"
    assert all(line.startswith("[") for line in progress)
    assert listing() == []


@BLANK
def test_an_interrupt_while_writing_leaves_nothing_behind(monkeypatch):
    def interrupt(file):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(SystemExit, match="130"):
        main(["compare", "--output", "a/b", *QUICK])
    assert listing() == []


def test_the_fit_that_failed_is_named(monkeypatch, capsys):
    def fail(self, X, y=None):
        raise ValueError("no factors")

    monkeypatch.setattr(NMF, "fit", fail)
    monkeypatch.setattr(NMF, "fit_transform", fail)
    message = refuse(capsys, "--models", "nmf", "--components", "4")
    assert message.endswith(
        "no factors This happened in compare: NMF, 4 components, fold 1 of 5.\n"
    )


@BLANK
def test_warnings_of_a_model_are_told_once(monkeypatch, capsys):
    data = np.random.default_rng(0).normal(size=(30, 6))
    np.save("noise.npy", data)
    main(["compare", "noise.npy", "--models", "fastica", "--components", "5", "--folds", "2"])
    errors = capsys.readouterr().err
    assert errors.count("FastICA did not converge") == 1
    assert "FastICA did not converge" in read_page().text


@pytest.mark.parametrize(
    "arguments", [[], ["bogus"], ["compare", "--bogus"], ["compare", "--folds", "many"]]
)
def test_bad_usage_is_told_in_one_line(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["none.csv"], "none.csv: no such file"),
        (["--delimiter", ";;"], "';;' is not one character that can separate values"),
        (["--decimal", "x"], "'x' is neither '.' nor ','"),
        (["--drop", "a"], "--drop 'a' says nothing here (without a file); leave it out"),
        (["--target", "colour"], "scikit-learn's digits"),
        (
            ["--models", "pca,tsne"],
            "'tsne' is not a model; choose from adversarialautoencoder, autoencoder,",
        ),
        (["--components", "2,many"], "'2,many' is not a list of whole numbers"),
        (["--components", "0"], "'0' is not a list of whole numbers"),
        (["--components", "65", "--models", "pca"], "use at most 64"),
        (["--folds", "1"], "argument --folds: '1' is not a whole number from 2"),
        (["--folds", "600"], "--folds 600: 1797 rows make 599 folds of 3 rows at most"),
        (["--random-state", "-1"], "argument --random-state: '-1' is not a whole number from 0"),
        (["--models", "nmf", "--scale"], "nmf needs numbers of 0 or more"),
    ],
)
def test_wrong_arguments_are_told_in_one_line(arguments, expected, capsys):
    assert expected in refuse(capsys, *arguments)


def test_output_that_is_a_file_is_refused_before_any_fit(capsys):
    Path("taken").write_text("")
    message = "--output taken/below: no directory that can be written to (Not a directory)"
    assert message in refuse(capsys, "--output", "taken/below")


@pytest.mark.parametrize(
    ("output", "reason"),
    [("broken", "(File exists)"), ("n" * 300, "has a part of 300 bytes")],
)
def test_output_that_cannot_be_made_is_refused_before_any_fit(output, reason, capsys):
    Path("broken").symlink_to("nowhere")
    assert reason in refuse(capsys, "--output", output)


def test_output_in_which_a_directory_has_the_name_of_a_file_is_refused(capsys):
    Path("output/report.html").mkdir(parents=True)
    assert "report.html is a directory in it" in refuse(capsys, "--output", "output")


def hole(frame, column, rows):
    return frame.assign(**{column: frame[column].mask(frame.index.isin(frame.index[rows]))})


@pytest.mark.parametrize(
    ("spoil", "target", "expected"),
    [
        (
            lambda frame: frame.assign(hue=["unknown", *frame["hue"][1:]]),
            "target",
            "'hue' holds numbers and text: row 0 of 'hue' holds 'unknown'. Mend such values or "
            "leave them empty, or say --categorical 'hue' for a column of codes, or --drop 'hue'.",
        ),
        (lambda frame: frame, "colour", "'colour' is not a column of table.csv; it has 'alcohol'"),
        (lambda frame: hole(frame, "target", [0]), "target", "1 rows have no 'target'; drop them"),
        (lambda frame: frame, "Target", "did you mean 'target'?"),
        (lambda frame: frame.assign(hue=np.inf), "target", "first in row 0 of column 'hue'"),
        (lambda frame: frame[["hue"]], None, "'hue' is the only column, so there is nothing to"),
        (lambda frame: frame[["hue", "target"]], "target", "the only column beside the target"),
        (lambda frame: frame.assign(**dict.fromkeys(frame, 0.1)), None, "all rows are equal, so"),
        (lambda frame: frame[["target"]], "target", "36 rows and 0 columns"),
        (
            lambda frame: frame.assign(hue=[*frame["hue"][:-1], -1e300]),
            "target",
            "row 35 of column 'hue' holds -1e+300, beyond the largest number that networks",
        ),
        (
            lambda frame: frame.assign(target=pd.date_range("2020-01-01", periods=36)),
            "target",
            "'target' holds text, such as '2020-01-01', of 36 different values in 36 rows, too "
            "many for classes; make numbers of dates",
        ),
        (
            lambda frame: frame.assign(target=[f"wine {i}" for i in range(36)]),
            "target",
            "too many for classes; make numbers of it, name another column",
        ),
        (lambda frame: frame.iloc[:0], None, "0 rows and 14 columns"),
        (lambda frame: frame.iloc[:0, :3], None, "0 rows and 3 columns"),
        (lambda frame: frame.iloc[:5], "target", "table.csv: 5 rows are too few to compare on"),
    ],
)
def test_what_a_table_lacks_is_told_in_one_line(spoil, target, expected, frame, capsys):
    spoil(frame).to_csv("table.csv", index=False)
    arguments = [] if target is None else ["--target", target]
    assert expected in refuse(capsys, "table.csv", "--models", "pca", *arguments)


def test_what_is_the_matter_with_a_file_is_told(capsys):
    Path("empty.csv").write_text("")
    assert "it is empty" in refuse(capsys, "empty.csv")
    np.save("objects.npy", np.array([[1, "a"]], dtype=object))
    assert "save an array of numbers alone" in refuse(capsys, "objects.npy")
    np.save("text.npy", np.array([["1", "a"]] * 9))
    assert "such columns. Row 0 holds 'a', text" in refuse(capsys, "text.npy")
    np.save("dates.npy", np.full((9, 2), np.datetime64("2020-01-31")))
    assert "column 0 of an array of type datetime64[D] is not" in refuse(capsys, "dates.npy")
    assert "no such file; check the path" in refuse(capsys, "wine")
    assert "this is a directory; name a file in it" in refuse(capsys, ".")


def test_a_first_line_of_numbers_is_not_lost(frame):
    rows = frame.drop(columns="target")
    rows.to_csv("table.csv", header=False, index=False)
    table = read_table("table.csv")
    np.testing.assert_array_equal(table.X, rows)
    assert table.columns[:2] == ["column 0", "column 1"]
    assert "The first line holds values and no names" in table.note


@BLANK
def test_numbers_that_rise_may_be_names(frame):
    rows = frame.drop(columns="target")
    rows.set_axis(range(2000, 2000 + rows.shape[1]), axis=1).to_csv("years.csv", index=False)
    main(["compare", "years.csv", "--models", "pca", "--components", "2"])
    assert "36 rows, 13 columns" in read_page().text


@BLANK
def test_few_rows_make_few_folds(frame):
    frame.iloc[:9].to_csv("few.csv", index=False)
    main(["compare", "few.csv", "--models", "pca", "--components", "2", "--target", "target"])
    assert "means over 3 folds" in read_page().text


@BLANK
def test_columns_in_other_units_are_told_of(frame, capsys):
    wine = load_wine(as_frame=True).data
    wine.to_csv("wine.csv", index=False)
    arguments = ["compare", "wine.csv", "--models", "pca", "--components", "2"]
    caution = "proline holds 99.8\N{NO-BREAK SPACE}% of the variance of 13 columns"
    main(arguments)
    assert caution.replace("\N{NO-BREAK SPACE}", " ") in capsys.readouterr().out
    assert caution in read_page().text
    main([*arguments, "--scale"])
    assert caution not in read_page().text


@BLANK
@pytest.mark.parametrize("scale", [[], ["--scale"]])
def test_an_absurd_value_is_told_as_it_is_in_the_file(scale, capsys):
    wine = load_wine(as_frame=True).data.iloc[:, :3]
    wine.iloc[4, 1] = -9999
    wine.to_csv("wine.csv", index=False)
    main(["compare", "wine.csv", "--models", "pca", "--components", "2", "--folds", "2", *scale])
    printed = capsys.readouterr().out
    assert "malic_acid holds -9999 in row 4, 2.5" in printed
    assert "different units" not in printed
    assert "malic_acid holds -9999 in row 4" in read_page().text


@pytest.mark.parametrize("name", ["empty.csv", "empty.parquet", "empty.npy", "empty.npz"])
def test_damaged_files_are_told_in_one_line(name, capsys):
    Path(name).write_bytes(b"")
    assert f"{name}: cannot be read" in refuse(capsys, name)


@pytest.mark.parametrize(
    ("arrays", "arguments", "expected"),
    [
        ({"rows": np.ones((9, 2))}, [], "no array 'X', only 'rows'"),
        ({"X": np.ones((9, 2))}, ["--target", "z"], "no array 'z', only 'X'"),
        ({"X": np.ones(9)}, [], "shape (9,)"),
        ({"X": np.full((9, 2), "a")}, [], "type <U1"),
        ({"X": np.full((9, 2), np.nan)}, [], "18 missing or infinite values"),
    ],
)
def test_archives_without_the_right_arrays(arrays, arguments, expected, capsys):
    np.savez("arrays.npz", **arrays)
    assert expected in refuse(capsys, "arrays.npz", *arguments)


def interrupt(*arguments, **options):
    raise KeyboardInterrupt


def test_an_interrupt_stops_everything(monkeypatch, capsys):
    monkeypatch.setattr(_compare, "compare", interrupt)
    with pytest.raises(SystemExit, match="130"):
        main(["compare", "--models", "pca"])
    assert capsys.readouterr().err == "skae compare: interrupted; nothing was written\n"
    assert listing() == []


def test_a_missing_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "rich", None)
    assert 'rich is not installed; pip install "skae[tables]"' in refuse(capsys)


@pytest.mark.slow
def test_names_may_be_of_any_script(frame):
    columns = frame.iloc[:, :3].set_axis(["長さ", "$x$", r"$\y$"], axis=1)
    columns.assign(目标=["是", "लाल"] * 18).to_csv("表.csv", index=False)
    main(["compare", "表.csv", "--target", "目标", *QUICK])
    assert "表.csv" in read_page().text


@pytest.mark.slow
@BLANK
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_autoencoder_is_compared_with_pca_by_default(capsys):
    np.save("rows.npy", np.random.default_rng(0).normal(size=(40, 3)))
    main(["compare", "rows.npy", "--folds", "2"])
    scores = pd.read_csv("skae-comparison/comparison.csv")
    assert scores["reducer"].tolist() == ["PCA", "Autoencoder"]


@pytest.mark.slow
def test_the_module_can_be_run(frame):
    frame.drop(columns="target").to_csv("wine.csv", index=False)
    command = [sys.executable, "-m", "skae", "compare", "wine.csv", *QUICK]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "Written: " in result.stdout
    written = [f"skae-comparison/{name}" for name in WRITTEN]
    assert listing() == ["skae-comparison", *written, "wine.csv"]
