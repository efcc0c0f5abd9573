"""A Comparison shows itself as the table that the command prints."""

import contextlib
import io
import re

import numpy as np
import pytest

from skae.cli._terminal import print_table
from skae.comparison import Comparison
from skae.comparison._scores import COLUMNS, score_rows

SCORES = {
    "reconstruction_r2": [[[0.5, 0.7], [0.9, 0.9]], [[0.25, 0.35], [0.95, 0.97]]],
    "reconstruction_error": [[[1234.5, 1e5], [0.02, 0.03]], [[1e-9, 2e-9], [7, 8]]],
    "accuracy": [[[1.0, 1.0], [0.5, 0.75]], [[0.0, 0.1], [0.3, 0.4]]],
    "trustworthiness": [[[0.8, 0.9], [0.9, 0.95]], [[0.7, 0.7], [0.99, 1.0]]],
    "fit_seconds": [[[0.001, 0.002], [0.001, 0.002]], [[12.5, 100.25], [1, 2]]],
    "transform_seconds": [[[0.001, 0.002], [0.001, 0.002]], [[0.5, 0.25], [1, 2]]],
}


def make(names=("PCA", "a <longer> & name"), scores=SCORES):
    arrays = {metric: np.array(values) for metric, values in scores.items()}
    return Comparison(list(names), [2, 16], arrays, np.zeros((1, 4)), {}, np.zeros(4), np.ones(4))


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)


def figures(line):
    return re.findall(r"\S+", line.replace(" ± ", "±"))


def test_the_figures_are_those_of_the_command():
    comparison = make(["PCA", "net"])
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        print_table(comparison)
    wanted = [figures(line) for line in printed.getvalue().splitlines() if "±" in line]
    assert [figures(line) for line in repr(comparison).splitlines() if "±" in line] == wanted
    assert len(wanted) == 4


def test_columns_are_aligned():
    lines = repr(make()).splitlines()[2:]
    assert len(lines) == 6
    assert {len(line) for line in lines[1:]} == {len(lines[1])}
    ends = [{match.end() for match in re.finditer(r"± \S+", line)} for line in lines[2:]]
    assert ends[0] == ends[1] == ends[2] == ends[3]
    assert ends[0] >= {match.end() for match in re.finditer(r"R²|error|accuracy|ms", lines[1])}


def test_letters_of_two_columns_count_twice():
    with_wide, with_narrow = repr(make(["主成分", "net"])), repr(make(["abcdef", "net"]))
    assert with_wide.replace("主成分", "abcdef") == with_narrow


def test_a_narrow_terminal_gets_the_means(monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    lines = repr(make()).splitlines()[2:]
    assert max(map(len, lines)) <= 90
    assert "±" not in "".join(lines)
    assert figures(lines[2]) == [
        "PCA",
        "2",
        "0.600",
        "5.06e+04",
        "1.000",
        "0.850",
        "0.0015",
        "1.500",
    ]


def test_a_notebook_gets_the_same_figures():
    comparison = make()
    html = comparison._repr_html_()
    assert html.count("<tr>") == 5
    assert "a &lt;longer&gt; &amp; name" in html
    assert all(COLUMNS[metric].label in html for metric in SCORES)
    for row in score_rows(comparison):
        for cell in row["cells"]:
            assert f"{cell['mean']}" in html
            assert f"<small>± {cell['deviation']}</small>" in html
    # Of each size and metric one is best, or two where they are equal.
    assert html.count("<b>") == 12
    assert "<td><b>0.600</b> <small>± 0.100</small></td>" in html
    assert "2 folds: mean ± deviation" in html


def test_scores_of_ones_own_are_shown_by_their_names():
    comparison = make(scores={"my <metric>": SCORES["accuracy"]})
    assert "my <metric>" in repr(comparison)
    assert '<th scope="col">my &lt;metric&gt;</th>' in comparison._repr_html_()
    assert str(comparison) == repr(comparison)


def test_one_fold_is_not_several():
    scores = {metric: np.array(values)[:, :, :1] for metric, values in SCORES.items()}
    assert "held out of one fold</caption>" in make(scores=scores)._repr_html_()
