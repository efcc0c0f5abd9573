import io
import re

import numpy as np
import pytest
from rich.console import Console

from skae import Comparison
from skae.cli import _terminal
from skae.comparison._recommendation import recommend
from skae.comparison._summary import summarise

NOISE = np.array([-1, 1])  # over two folds: a mean of 0 and a deviation of 1
# Names, numbers and the words that judge; how they are joined into sentences is free.
FACTS = re.compile(
    r"\b(?:PCA|NMF|FastICA|SparseAutoencoder|Autoencoder|Take|needs|no size|enough|difference|"
    r"faster|linear|better|less well|about as well|lost|more components|too few rows)\b|"
    r"\d[\d,.]*\d|\d"
)


def facts(sentence):
    return " ".join(FACTS.findall(sentence))


def compared(
    r2, *, sizes=(2, 4), deviation=0.0, accuracy=None, seconds=None, folds=2, n_features=20
):
    """A comparison of those means by reducer, each fold off by the deviation."""
    noise = deviation * NOISE if folds == 2 else np.zeros(folds)
    scores = {"reconstruction_r2": np.array(list(r2.values()))[..., None] + noise}
    if accuracy is not None:
        scores["accuracy"] = np.array(list(accuracy.values()))[..., None] + noise
    seconds = dict.fromkeys(r2, 1) | (seconds or {})
    shape = (len(r2), len(sizes), folds)
    times = np.reshape([seconds[name] for name in r2], (-1, 1, 1))
    scores["fit_seconds"] = np.broadcast_to(times, shape).astype(float)
    rows = np.zeros((1, n_features))
    return Comparison(list(r2), list(sizes), scores, rows, None, None, None)


def test_the_size_that_pca_needs_for_as_much():
    r2 = {"PCA": [0.3, 0.5, 0.7, 0.9], "Autoencoder": [0.5, 0.7, 0.91, 0.95]}
    lines = summarise(compared(r2, sizes=(2, 4, 8, 16), deviation=0.01))
    assert [facts(line) for line in lines] == [
        "Autoencoder 91 8 PCA needs 16",
        "2 Autoencoder 50 PCA 30 PCA needs 4",
        "4 Autoencoder 70 PCA 50 PCA needs 8",
        "8 Autoencoder 91 PCA 70 PCA needs 16",
        "16 Autoencoder 95 PCA 90",
        "2 4 8 16",
    ]


def test_as_much_is_within_the_deviations():
    r2 = {"PCA": [0.3, 0.48], "Autoencoder": [0.5, 0.7]}
    assert "PCA needs 4" in summarise(compared(r2, deviation=0.021))[0]
    assert facts(summarise(compared(r2, deviation=0.019))[0]) == "Autoencoder 70 4 PCA 48"


def test_pca_may_get_there_at_no_size():
    r2 = {"PCA": [0.3, 0.7], "Autoencoder": [0.75, 0.71]}
    assert facts(summarise(compared(r2))[0]) == "Autoencoder 75 2 PCA 30 no size"


def test_pca_is_enough_within_two_points():
    r2 = {"PCA": [0.8, 0.9], "Autoencoder": [0.81, 0.915]}
    comparison = compared(r2, deviation=0.001, seconds={"PCA": 0.002, "Autoencoder": 2.4})
    (advice,) = recommend(comparison)
    assert facts(advice) == "PCA enough 1.5 Autoencoder 4 1,200 faster Autoencoder linear"
    assert [facts(line) for line in summarise(comparison)[:2]] == [
        "PCA 90 4 Autoencoder 92 difference",
        "2 PCA 80 Autoencoder 81 difference",
    ]


def test_pca_is_enough_within_the_deviation_over_folds():
    r2 = {"PCA": [0.6, 0.7], "Autoencoder": [0.65, 0.73]}
    advice = recommend(compared(r2, deviation=0.06))[0]
    assert facts(advice).startswith("PCA enough 5.0 Autoencoder 2")
    assert "within the deviation" in advice


def test_pca_is_enough_where_nothing_explains_more():
    advice = recommend(compared({"PCA": [0.6, 0.7], "NMF": [0.5, 0.7]}))
    assert [facts(sentence) for sentence in advice] == ["PCA enough"]


def test_pca_is_not_called_faster_than_what_is_as_fast():
    comparison = compared({"PCA": [0.7], "Autoencoder": [0.7]}, sizes=[2], seconds={"PCA": 0.8})
    assert facts(recommend(comparison)[0]) == "PCA enough linear"


def test_an_autoencoder_that_explains_more_is_recommended():
    r2 = {"PCA": [0.4, 0.7], "Autoencoder": [0.5, 0.8]}
    comparison = compared(r2, seconds={"PCA": 0.002, "Autoencoder": 2.5})
    advice = recommend(comparison)
    assert [facts(sentence) for sentence in advice] == [
        "Take Autoencoder 4 80 10 PCA",
        "Autoencoder 2.5 PCA 2 1,200",
    ]
    assert "2.5 s" in advice[1]
    assert "2 ms" in advice[1]


def test_the_largest_gain_is_named_where_it_is_elsewhere():
    r2 = {"PCA": [0.3, 0.7], "Autoencoder": [0.6, 0.8]}
    assert facts(recommend(compared(r2))[1]) == "2 30 Autoencoder"


def test_the_fewest_components_close_to_the_best_are_recommended():
    r2 = {"PCA": [0.3, 0.4, 0.5], "Autoencoder": [0.5, 0.79, 0.8]}
    advice = recommend(compared(r2, sizes=(2, 4, 8)))[0]
    assert facts(advice).startswith("Take Autoencoder 4")


def test_pca_comes_first_where_it_is_enough_with_the_most_components():
    r2 = {"PCA": [0.4, 0.7, 0.9, 0.95], "Autoencoder": [0.5, 0.8, 0.91, 0.95]}
    advice = recommend(compared(r2, sizes=(2, 4, 8, 16)))
    assert [facts(sentence) for sentence in advice[:2]] == [
        "8 16 PCA enough 4 Autoencoder 80 10 PCA",
        "PCA 8 enough 90",
    ]


def test_pca_comes_second_where_it_is_enough_with_few_components():
    r2 = {"PCA": [0.3, 0.5], "Autoencoder": [0.3, 0.8]}
    advice = recommend(compared(r2))[0]
    assert facts(advice) == "Take Autoencoder 4 80 30 PCA 2 PCA enough"


def test_without_pca_its_absence_is_told():
    comparison = compared({"NMF": [0.4, 0.6], "Autoencoder": [0.5, 0.8]})
    assert facts(summarise(comparison)[0]) == "Autoencoder 80 4 NMF 60"
    (advice,) = recommend(comparison)
    assert facts(advice) == "Autoencoder 4 PCA linear enough"
    assert "PCA was not compared" in advice


@pytest.mark.parametrize(("name", "other"), [("PCA", "other reducers"), ("Autoencoder", "PCA")])
def test_one_reducer_is_compared_with_nothing(name, other):
    comparison = compared({name: [0.4, 0.6]})
    assert facts(summarise(comparison)[0]) == f"{name} 60 4"
    (advice,) = recommend(comparison)
    assert f"Only {name}" in advice
    assert f"with {other}" in advice


def test_one_size_has_no_list_of_sizes():
    comparison = compared({"PCA": [0.6], "Autoencoder": [0.8]}, sizes=[1])
    (line,) = summarise(comparison)
    assert facts(line) == "Autoencoder 80 1 PCA 60"
    assert "1 component;" in line


def test_one_fold_is_told_and_judged_by_points_alone():
    comparison = compared({"PCA": [0.6], "Autoencoder": [0.8]}, sizes=[2], folds=1)
    advice = recommend(comparison)
    assert facts(advice[0]).startswith("Take Autoencoder 2")
    assert advice[-1].startswith("There was one fold only")


def test_ties_go_to_pca():
    comparison = compared({"FastICA": [0.6], "PCA": [0.6]}, sizes=[2], seconds={"FastICA": 5})
    assert [facts(line) for line in summarise(comparison)] == ["PCA 60 2 FastICA 60 difference"]
    # Not for its linear components: those of FastICA are linear too.
    assert facts(recommend(comparison)[0]) == "PCA enough 5 faster FastICA"


def test_the_fastest_of_equal_autoencoders_is_named():
    r2 = {"PCA": [0.3], "Autoencoder": [0.8], "SparseAutoencoder": [0.79], "NMF": [0.5]}
    seconds = {"Autoencoder": 9, "SparseAutoencoder": 0.4}
    advice = recommend(compared(r2, sizes=[2], deviation=0.015, seconds=seconds))
    assert facts(advice[0]).startswith("Take Autoencoder 2")
    assert facts(advice[-1]) == "SparseAutoencoder SparseAutoencoder 400"
    assert "400 ms" in advice[-1]


def test_the_best_of_several_autoencoders_leads_each_size():
    r2 = {"PCA": [0.3, 0.5], "Autoencoder": [0.6, 0.7], "SparseAutoencoder": [0.4, 0.9]}
    lines = summarise(compared(r2))
    assert facts(lines[1]).startswith("2 Autoencoder 60 PCA 30")
    assert facts(lines[2]).startswith("4 SparseAutoencoder 90 PCA 50")


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (0.7, "Autoencoder less well 0.70 0.80 PCA PCA"),  # the last is what to prefer
        (0.81, "Autoencoder about as well 0.81 0.80 PCA"),
        (0.9, "Autoencoder better 0.90 0.80 PCA"),
    ],
)
def test_accuracy_may_contradict_the_explained_variance(own, expected):
    r2 = {"PCA": [0.6], "Autoencoder": [0.8]}
    advice = recommend(compared(r2, sizes=[2], accuracy={"PCA": [0.8], "Autoencoder": [own]}))
    assert facts(advice[0]).startswith("Take Autoencoder 2")
    assert facts(advice[-1]) == expected


@pytest.mark.parametrize(("own", "is_told"), [(0.77, True), (0.795, False), (0.85, False)])
def test_the_first_sentence_says_what_codes_tell_less_of(own, is_told):
    r2 = {"PCA": [0.6], "Autoencoder": [0.8]}
    first = recommend(compared(r2, sizes=[2], accuracy={"PCA": [0.8], "Autoencoder": [own]}))[0]
    told = "; its codes tell less of the target (accuracy 0.770, PCA 0.800)."
    assert first.endswith(told) == is_told
    assert ("tell less" in first) == is_told


def test_better_accuracy_is_told_where_pca_is_enough():
    r2 = {"PCA": [0.6, 0.7], "Autoencoder": [0.61, 0.7]}
    accuracy = {"PCA": [0.7, 0.8], "Autoencoder": [0.9, 0.85]}
    advice = recommend(compared(r2, accuracy=accuracy))
    assert advice[0].startswith("PCA is enough")
    assert facts(advice[1]) == "2 Autoencoder better 0.90 0.70 PCA"


def test_a_loss_of_most_of_the_variance_is_told():
    advice = recommend(compared({"PCA": [0.1, 0.2], "Autoencoder": [0.2, 0.4]}))
    assert facts(advice[-1]) == "lost more components"


def test_more_components_are_advised_only_where_there_is_room():
    advice = recommend(compared({"PCA": [0.1, 0.2], "Autoencoder": [0.2, 0.4]}, n_features=5))
    assert facts(advice[-1]) == "lost"


def test_pca_is_not_called_enough_where_most_is_lost():
    advice = recommend(compared({"PCA": [0.1, 0.3], "NMF": [0.1, 0.3]}))
    assert advice[0].startswith("Nothing is clearly better than PCA on these rows")


def test_nothing_is_recommended_where_nothing_is_explained():
    advice = recommend(compared({"PCA": [-0.8, -0.9], "Autoencoder": [-0.8, 0.0]}))
    assert [facts(sentence) for sentence in advice] == ["too few rows"]


@pytest.mark.parametrize(
    ("r2", "expected"),
    [
        (1, "100 % of"),
        (0.998, "over 99 % of"),
        (0.994, "99 % of"),
        (0.003, "less than 1 % of"),
        (-0.5, "none of"),
    ],
)
def test_shares_do_not_round_to_all_or_nothing(r2, expected):
    assert f"explains {expected} the variance" in summarise(compared({"PCA": [r2]}, sizes=[2]))[0]


@pytest.mark.parametrize("width", [20, 30, 45])
def test_a_narrow_terminal_shows_whole_names_and_fewer_scores(width, monkeypatch):
    def console():
        return Console(file=out, width=width, force_terminal=True, color_system=None)

    out = io.StringIO()
    monkeypatch.setattr(_terminal, "_console", console)
    r2 = {"PCA": [0.312, 0.5], "TruncatedSVD": [0.3, 0.5]}
    _terminal.print_table(compared(r2, accuracy={"PCA": [0.9, 0.8], "TruncatedSVD": [0.7, 0.6]}))
    table, left_out = out.getvalue().split("Left out, as ") if width < 45 else (out.getvalue(), "")
    lines = table.splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in table
    assert "".join(line.split()[0] for line in lines if line.strip()).count("TruncatedSVD") == 2
    assert "0.312" in table
    assert ("Fit time (s)" in " ".join(left_out.split())) == (width < 45)
