import numpy as np
import pytest
from sklearn.decomposition import PCA, TruncatedSVD

from skae import compare
from skae.comparison import _progress
from skae.comparison._progress import Forecast
from skae.messages._time_left import in_words

X = np.random.default_rng(0).normal(size=(30, 5))


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_progress, "perf_counter", clock)
    return clock


class Slow(PCA):
    """Takes a second of that clock."""

    clock = None

    def fit(self, X, y=None):
        self.clock.now += 1
        return super().fit(X)


def run(forecast, clock, *seconds):
    for each in seconds:
        forecast.begin()
        clock.now += each
        forecast.end()


def test_fits_count_as_much_as_they_take(clock):
    forecast = Forecast([("pca", 2), ("net", 2)] * 5)
    run(forecast, clock, 0.1)
    assert forecast.left() is None  # nobody knows what a network costs
    assert forecast.share() is None
    run(forecast, clock, 4.1)
    # What PCA and the network took, four times more.
    assert forecast.left() == pytest.approx(4 * 4.2)
    assert forecast.share() == pytest.approx(1 / 5)
    run(forecast, clock, 0.1)
    assert forecast.share() == pytest.approx(4.3 / 21)
    run(forecast, clock, *[4.1, 0.1] * 3, 4.1)
    assert forecast.left() == 0
    assert forecast.share() == 1


def test_time_goes_on_within_a_fit(clock):
    forecast = Forecast([("net", 2)] * 3)
    run(forecast, clock, 4.0)
    forecast.begin()
    clock.now += 1
    assert forecast.left() == pytest.approx(7)
    assert forecast.share() == pytest.approx(5 / 12)
    clock.now += 100  # longer than expected
    assert forecast.left() == pytest.approx(4)


def test_what_the_first_fit_of_a_size_compiles_is_expected_of_other_sizes(clock):
    forecast = Forecast([("net", 2)] * 3 + [("net", 4)] * 3)
    run(forecast, clock, 5.0, 1.0)
    assert forecast.left() == pytest.approx(1 + 5 + 1 + 1)
    run(forecast, clock, 1.0, 7.0)
    assert forecast.left() == pytest.approx(1 + 1)
    run(forecast, clock, 3.0)
    assert forecast.left() == pytest.approx(3)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (12.4, "12 s"),
        (89, "89 s"),
        (100, "2 min"),
        (3600, "60 min"),
        (5399, "1 h 30 min"),
        (100_000, "27 h 47 min"),
    ],
)
def test_times_have_two_digits(seconds, words):
    assert in_words(seconds) == words


def test_redirected_progress_is_a_line_a_fit(clock, capsys, monkeypatch):
    monkeypatch.setattr(Slow, "clock", clock)
    compare({"pca": PCA(), "slow": Slow()}, X, n_components=2, cv=2, random_state=0, verbose=1)
    assert capsys.readouterr().out.splitlines() == [
        "[1/4] pca, 2 components, fold 1 of 2: 0.00 s",
        "[2/4] pca, 2 components, fold 2 of 2: 0.00 s",
        "[3/4] slow, 2 components, fold 1 of 2: 1.00 s, about 1 s left",
        "[4/4] slow, 2 components, fold 2 of 2: 1.00 s",
    ]


def test_a_terminal_gets_a_bar_that_leaves_nothing(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    compare([PCA(), TruncatedSVD()], X, n_components=2, cv=3, random_state=0, verbose=1)
    shown = capsys.readouterr().out
    assert "━" in shown
    assert "6/6" in shown
    assert "left" in shown
    assert shown.endswith("\x1b[2K")  # the line is erased
    assert "[1/6]" not in shown


def test_the_share_does_not_fall(clock):
    forecast = Forecast([("net", 2)] * 4)
    run(forecast, clock, 1.0, 1.0)
    assert forecast.share() == pytest.approx(0.5)
    forecast.begin()
    clock.now += 100
    shares = [forecast.share()]
    forecast.end()
    shares.append(forecast.share())
    assert shares[1] >= shares[0] > 0.5


@pytest.mark.parametrize("verbose", [-1, 0.5, "yes"])
def test_verbose_is_a_number(verbose):
    with pytest.raises(ValueError, match=f"verbose={verbose!r} must be an integer of 0 or more"):
        compare(PCA(), X, n_components=2, verbose=verbose)


def test_nothing_is_shown_unless_asked(capsys):
    compare(PCA(), X, n_components=2, cv=2)
    assert capsys.readouterr() == ("", "")


def test_the_order_of_fits_changes_no_score():
    reducers = {"pca": PCA(), "svd": TruncatedSVD()}
    both = compare(reducers, X, n_components=(1, 2), cv=3, random_state=0)
    for place, (name, reducer) in enumerate(reducers.items()):
        alone = compare({name: reducer}, X, n_components=(1, 2), cv=3, random_state=0)
        for metric in ("reconstruction_r2", "reconstruction_error", "trustworthiness"):
            np.testing.assert_array_equal(both.scores[metric][place], alone.scores[metric][0])
        np.testing.assert_array_equal(both.codes[name], alone.codes[name])
