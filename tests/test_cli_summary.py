import io

import numpy as np
import pytest
from rich.console import Console

from skae import Comparison
from skae.cli import _terminal
from skae.comparison._recommendation import recommend
from skae.comparison._summary import summarise

NOISE = np.array([-1, 1])  # over two folds: a mean of 0 and a deviation of 1


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
    assert lines == [
        "Autoencoder explains 91 % of the variance with 8 components; PCA needs 16 for as much.",
        "With 2 components: Autoencoder 50 %, PCA 30 %; PCA needs 4 for as much.",
        "With 4 components: Autoencoder 70 %, PCA 50 %; PCA needs 8 for as much.",
        "With 8 components: Autoencoder 91 %, PCA 70 %; PCA needs 16 for as much.",
        "With 16 components: Autoencoder 95 %, PCA 90 %.",
        "Only 2, 4, 8 and 16 components were compared.",
    ]


def test_as_much_is_within_the_deviations():
    r2 = {"PCA": [0.3, 0.48], "Autoencoder": [0.5, 0.7]}
    assert "PCA needs 4" in summarise(compared(r2, deviation=0.021))[0]
    assert summarise(compared(r2, deviation=0.019))[0] == (
        "Autoencoder explains 70 % of the variance with 4 components; "
        "PCA explains 48 % with as many."
    )


def test_pca_may_get_there_at_no_size():
    r2 = {"PCA": [0.3, 0.7], "Autoencoder": [0.75, 0.71]}
    assert summarise(compared(r2))[0] == (
        "Autoencoder explains 75 % of the variance with 2 components; "
        "PCA explains 30 % with as many and gets there at no size compared."
    )


def test_pca_is_enough_within_two_points():
    r2 = {"PCA": [0.8, 0.9], "Autoencoder": [0.81, 0.915]}
    comparison = compared(r2, deviation=0.001, seconds={"PCA": 0.002, "Autoencoder": 2.4})
    assert recommend(comparison) == [
        "PCA is enough on these rows: the largest gain over it, 1.5 points by Autoencoder with 4 "
        "components, is less than two points. It fits about 1,200 times faster than Autoencoder "
        "and its components are linear."
    ]
    assert summarise(comparison)[:2] == [
        "PCA explains 90 % of the variance with 4 components, Autoencoder 92 %: "
        "no clear difference.",
        "With 2 components: PCA 80 %, Autoencoder 81 %: no clear difference.",
    ]


def test_pca_is_enough_within_the_deviation_over_folds():
    r2 = {"PCA": [0.6, 0.7], "Autoencoder": [0.65, 0.73]}
    advice = recommend(compared(r2, deviation=0.06))[0]
    assert "5.0 points by Autoencoder with 2 components, is within the deviation over" in advice


def test_pca_is_enough_where_nothing_explains_more():
    advice = recommend(compared({"PCA": [0.6, 0.7], "NMF": [0.5, 0.7]}))
    assert advice == [
        "PCA is enough on these rows: no other reducer explains more of the variance at any size "
        "compared."
    ]


def test_pca_is_not_called_faster_than_what_is_as_fast():
    comparison = compared({"PCA": [0.7], "Autoencoder": [0.7]}, sizes=[2], seconds={"PCA": 0.8})
    assert recommend(comparison)[0].endswith("at any size compared. Its components are linear.")


def test_an_autoencoder_that_explains_more_is_recommended():
    r2 = {"PCA": [0.4, 0.7], "Autoencoder": [0.5, 0.8]}
    comparison = compared(r2, seconds={"PCA": 0.002, "Autoencoder": 2.5})
    assert recommend(comparison) == [
        "Take Autoencoder with 4 components: it explains 80 % of the variance of these rows, "
        "10 points more than PCA with as many.",
        "A fit of Autoencoder takes 2.5 s at the median, one of PCA 2 ms: about 1,200 times as "
        "long.",
    ]


def test_the_largest_gain_is_named_where_it_is_elsewhere():
    r2 = {"PCA": [0.3, 0.7], "Autoencoder": [0.6, 0.8]}
    assert recommend(compared(r2))[1] == (
        "The gain is largest with 2 components: 30 points by Autoencoder."
    )


def test_the_fewest_components_close_to_the_best_are_recommended():
    r2 = {"PCA": [0.3, 0.4, 0.5], "Autoencoder": [0.5, 0.79, 0.8]}
    advice = recommend(compared(r2, sizes=(2, 4, 8)))[0]
    assert advice.startswith("Take Autoencoder with 4 components")


def test_pca_comes_first_where_it_is_enough_with_the_most_components():
    r2 = {"PCA": [0.4, 0.7, 0.9, 0.95], "Autoencoder": [0.5, 0.8, 0.91, 0.95]}
    advice = recommend(compared(r2, sizes=(2, 4, 8, 16)))
    assert advice[:2] == [
        "With 8 or 16 components, PCA is enough. With 4 components, Autoencoder explains 80 % of "
        "the variance of these rows, 10 points more than PCA.",
        "If the number of components does not matter, PCA with 8 is enough: it explains 90 %.",
    ]


def test_pca_comes_second_where_it_is_enough_with_few_components():
    r2 = {"PCA": [0.3, 0.5], "Autoencoder": [0.3, 0.8]}
    advice = recommend(compared(r2))[0]
    assert advice.startswith("Take Autoencoder with 4 components: ")
    assert advice.endswith(" than PCA with as many. With 2 components, PCA is enough.")


def test_without_pca_its_absence_is_told():
    comparison = compared({"NMF": [0.4, 0.6], "Autoencoder": [0.5, 0.8]})
    assert summarise(comparison)[0] == (
        "Autoencoder explains 80 % of the variance with 4 components, NMF 60 %."
    )
    assert recommend(comparison) == [
        "Autoencoder with 4 components is the best found on these rows, but PCA was not compared: "
        "whether linear components are enough is not known."
    ]


@pytest.mark.parametrize(("name", "other"), [("PCA", "other reducers"), ("Autoencoder", "PCA")])
def test_one_reducer_is_compared_with_nothing(name, other):
    comparison = compared({name: [0.4, 0.6]})
    assert summarise(comparison)[0] == f"{name} explains 60 % of the variance with 4 components."
    assert recommend(comparison) == [
        f"Only {name} was compared; compare it with {other} to see what it is worth."
    ]


def test_one_size_has_no_list_of_sizes():
    comparison = compared({"PCA": [0.6], "Autoencoder": [0.8]}, sizes=[1])
    assert summarise(comparison) == [
        "Autoencoder explains 80 % of the variance with 1 component; PCA explains 60 % with as "
        "many."
    ]


def test_one_fold_is_told_and_judged_by_points_alone():
    comparison = compared({"PCA": [0.6], "Autoencoder": [0.8]}, sizes=[2], folds=1)
    advice = recommend(comparison)
    assert advice[0].startswith("Take Autoencoder with 2 components")
    assert advice[-1].startswith("There was one fold only")


def test_ties_go_to_pca():
    comparison = compared({"FastICA": [0.6], "PCA": [0.6]}, sizes=[2], seconds={"FastICA": 5})
    assert summarise(comparison) == [
        "PCA explains 60 % of the variance with 2 components, FastICA 60 %: no clear difference."
    ]
    # Not for its linear components: those of FastICA are linear too.
    assert recommend(comparison)[0].endswith("It fits about 5 times faster than FastICA.")


def test_the_fastest_of_equal_autoencoders_is_named():
    r2 = {"PCA": [0.3], "Autoencoder": [0.8], "SparseAutoencoder": [0.79], "NMF": [0.5]}
    seconds = {"Autoencoder": 9, "SparseAutoencoder": 0.4}
    advice = recommend(compared(r2, sizes=[2], deviation=0.015, seconds=seconds))
    assert advice[0].startswith("Take Autoencoder with 2 components")
    assert advice[-1] == (
        "SparseAutoencoder explains as much within the deviation over folds; the fastest of them "
        "is SparseAutoencoder, 400 ms a fit at the median."
    )


def test_the_best_of_several_autoencoders_leads_each_size():
    r2 = {"PCA": [0.3, 0.5], "Autoencoder": [0.6, 0.7], "SparseAutoencoder": [0.4, 0.9]}
    lines = summarise(compared(r2))
    assert lines[1].startswith("With 2 components: Autoencoder 60 %, PCA 30 %")
    assert lines[2].startswith("With 4 components: SparseAutoencoder 90 %, PCA 50 %")


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (
            0.7,
            "less well: accuracy 0.70 against 0.80 of PCA. Where the classes matter, prefer PCA.",
        ),
        (0.81, "about as well: accuracy 0.81 against 0.80 of PCA."),
        (0.9, "better: accuracy 0.90 against 0.80 of PCA."),
    ],
)
def test_accuracy_may_contradict_the_explained_variance(own, expected):
    r2 = {"PCA": [0.6], "Autoencoder": [0.8]}
    advice = recommend(compared(r2, sizes=[2], accuracy={"PCA": [0.8], "Autoencoder": [own]}))
    assert advice[0].startswith("Take Autoencoder with 2 components")
    start = "Nearest neighbours in the code of Autoencoder tell the classes apart "
    assert advice[-1] == start + expected


def test_better_accuracy_is_told_where_pca_is_enough():
    r2 = {"PCA": [0.6, 0.7], "Autoencoder": [0.61, 0.7]}
    accuracy = {"PCA": [0.7, 0.8], "Autoencoder": [0.9, 0.85]}
    advice = recommend(compared(r2, accuracy=accuracy))
    assert advice[0].startswith("PCA is enough")
    assert advice[1] == (
        "But with 2 components, nearest neighbours in the code of Autoencoder tell the classes "
        "apart better: accuracy 0.90 against 0.70 of PCA."
    )


def test_a_loss_of_most_of_the_variance_is_told():
    advice = recommend(compared({"PCA": [0.1, 0.2], "Autoencoder": [0.2, 0.4]}))
    assert advice[-1] == (
        "More than half of the variance is lost at every size; try more components."
    )


def test_more_components_are_advised_only_where_there_is_room():
    advice = recommend(compared({"PCA": [0.1, 0.2], "Autoencoder": [0.2, 0.4]}, n_features=5))
    assert advice[-1] == "More than half of the variance is lost at every size."


def test_pca_is_not_called_enough_where_most_is_lost():
    advice = recommend(compared({"PCA": [0.1, 0.3], "NMF": [0.1, 0.3]}))
    assert advice[0].startswith("Nothing is clearly better than PCA on these rows")


def test_nothing_is_recommended_where_nothing_is_explained():
    advice = recommend(compared({"PCA": [-0.8, -0.9], "Autoencoder": [-0.8, 0.0]}))
    assert advice == [
        "No reducer explains anything of rows that it has not seen: there are too few rows, or "
        "nothing that the columns share."
    ]


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
