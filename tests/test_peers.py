"""The comparison with peers: who is absent is told, and all that was measured is shown."""

import csv

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score

from benchmarks.peers import __main__ as peers, _table
from benchmarks.peers._measures import MEASURES, QUICK, Session
from benchmarks.peers._peers import BY_KEY, PEERS, missing, recipe_of
from benchmarks.peers._picture import PANELS, draw
from benchmarks.peers._processes import answer, import_sample
from benchmarks.peers._recipe import Recipe
from benchmarks.peers._results import Results
from benchmarks.peers._task import centred, digits, explained_share


@pytest.fixture
def results():
    """Made-up samples of all that is measured of each peer: 1, 2 and 3 for the first, and so on."""
    made_up = Results.empty(PEERS, QUICK)
    for place, peer in enumerate(PEERS, start=1):
        made_up.peers[peer.key]["missing"] = []
        for measure in MEASURES:
            for turn in range(3):
                if made_up.can(peer, measure):
                    value = place * (1.0 + turn)
                    # Shares lie below 1.
                    value = value / 100 if measure.key in {"r2", "auroc"} else value
                    made_up.add(peer, measure, turn, {"value": value})
    return made_up


def hide(monkeypatch, *modules):
    monkeypatch.setattr(
        "benchmarks.peers._peers.find_spec", lambda name: None if name in modules else name
    )


# Absent and failing peers


def test_absent_peer_names_what_to_install(monkeypatch):
    hide(monkeypatch, "torch", "pyod")
    assert missing(BY_KEY["pyod"]) == ["pyod", "torch"]
    assert missing(BY_KEY["pca"]) == []


def test_absent_peer_is_reported_and_not_measured(monkeypatch):
    hide(monkeypatch, "torch")
    found = Results.empty(PEERS, QUICK)
    assert not any(found.can(BY_KEY["torch"], measure) for measure in MEASURES)
    rows = {row[0]: row[1:] for row in _table.rows(found)}
    assert rows["PyTorch loop"][0] == "absent: pip install torch"


def test_failure_is_reported_and_not_repeated(results):
    fit = next(measure for measure in MEASURES if measure.key == "fit")
    results.add(BY_KEY["torch"], fit, 0, {"error": "ValueError: no"})
    assert not results.can(BY_KEY["torch"], fit)
    assert _table.errors(results) == ["PyTorch loop, later fits: ValueError: no"]
    assert "failed" in next(row for row in _table.rows(results) if row[0] == "PyTorch loop")


def test_error_of_a_peer_becomes_an_answer():
    class Broken(Recipe):
        def fit(self, X, epochs, seed=0):
            raise ValueError("first line\nsecond line")

    assert answer(Session(Broken(), QUICK), "fit", 0) == {"error": "ValueError: first line"}


def test_import_that_fails_becomes_an_answer():
    assert import_sample("import no_such_module") == {"error": "'import no_such_module' fails"}


@pytest.mark.parametrize("arguments", [["--quick", "--write"], ["--pca", "--write"]])
def test_pages_are_written_from_whole_runs_only(arguments, capsys):
    with pytest.raises(SystemExit):
        peers.main(arguments)
    assert "leave out --quick and the peers" in capsys.readouterr().err


# The table


def test_table_has_all_peers_and_measures(results):
    header, rows = _table.columns(), _table.rows(results)
    assert header == ["peer", *(measure.label for measure in MEASURES)]
    assert [row[0] for row in rows] == [*(peer.name for peer in PEERS), "spread", "samples"]
    assert {len(row) for row in rows} == {len(header)}


def test_cell_is_filled_where_a_peer_is_measured(results):
    for peer, row in zip(PEERS, _table.rows(results), strict=False):
        filled = {m.key for m, cell in zip(MEASURES, row[1:], strict=True) if cell}
        assert filled == set(peer.measures)


def test_times_stand_beside_their_ratio_to_the_first(results):
    rows = _table.rows(results)
    assert rows[0][1] == "2 s"
    assert rows[1][1] == "4 s (2 x)"


def test_spread_is_the_range_over_the_median_of_the_peer_in_the_middle_and_of_the_worst(results):
    results.peers["torch"]["samples"]["import"] = [1.0, 2.0, 5.0]
    assert _table.rows(results)[-2][1] == "100 % (200 %)"


def test_number_of_samples_is_told(results):
    assert _table.rows(results)[-1][1] == "3"


def test_turns_before_the_first_are_not_counted_but_may_fail(results):
    fit, torch = next(m for m in MEASURES if m.key == "fit"), BY_KEY["torch"]
    results.add(torch, fit, -1, {"value": 1.0})
    assert len(results.peers["torch"]["samples"]["fit"]) == 3
    results.add(torch, fit, -1, {"error": "ValueError: no"})
    assert not results.can(torch, fit)


@pytest.mark.slow
def test_csv_of_the_documentation_holds_the_table(results, tmp_path):
    peers.write(results, tmp_path)
    written = [
        list(csv.reader((tmp_path / f"peers_{name}.csv").read_text("utf-8").splitlines()))
        for name in ("times", "quality")
    ]
    assert written[0][0][1:] + written[1][0][1:] == _table.columns()[1:]
    assert (tmp_path / "peers.png").stat().st_size > 10_000


def test_samples_are_read_back_as_saved(results, tmp_path):
    results.save(tmp_path / "samples.json")
    again = Results.load(tmp_path / "samples.json")
    assert _table.rows(again) == _table.rows(results)
    assert again.machine["date"] == results.machine["date"]


# The picture


def test_picture_has_a_panel_for_each_cost_with_a_bar_for_each_peer(results):
    figure = draw(results)
    figure.draw_without_rendering()
    assert [ax.get_title(loc="left") for ax in figure.axes] == [panel.title for panel in PANELS]
    steps = figure.axes[2]
    n_measured = sum("step" in peer.measures and "r2" in peer.measures for peer in PEERS)
    assert len(steps.patches) == n_measured
    assert steps.get_xscale() == "log"


def test_bars_end_at_the_medians(results):
    ax = draw(results).axes[1]
    ends = sorted(bar.get_x() + bar.get_width() for bar in ax.patches)
    assert ends[0] == pytest.approx(2.0)


# What is measured


def test_explained_share_is_r2_over_all_values():
    train, test = digits()
    pca = PCA(8).fit(train)
    again = pca.inverse_transform(pca.transform(test))
    expected = r2_score(test, again, multioutput="variance_weighted")
    assert explained_share(again, test) == pytest.approx(expected)


def test_centred_rows_have_mean_zero_and_one_scale_for_all_columns():
    train, test = digits()
    rows, others = centred(train, test)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-6)
    assert np.mean(rows.astype(float) ** 2) == pytest.approx(1)
    ratio = (others[1] - others[0]) / np.where(test[1] == test[0], np.inf, test[1] - test[0])
    assert np.ptp(ratio[test[1] != test[0]]) < 1e-4


@pytest.mark.parametrize("key", ["pca", "nmf", "mlp"])
def test_session_measures_what_the_peer_promises(key):
    session = Session(recipe_of(BY_KEY[key]), QUICK)
    for measure in set(BY_KEY[key].measures) - {"import", "memory"}:
        assert np.isfinite(getattr(session, measure)(0)), measure


@pytest.mark.slow
def test_quick_run_prints_its_table(capsys):
    peers.main(["--quick", "--pca"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| peer")
    assert lines[4].startswith("| PCA")
    assert all(cell.strip() != "failed" for cell in lines[4].split("|"))
