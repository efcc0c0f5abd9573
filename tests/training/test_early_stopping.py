"""Early stopping as a value."""

from skae.training import EarlyStopping


def after(losses, **settings):
    state = EarlyStopping(**settings)
    for epoch, loss in enumerate(losses):
        state = state.update(loss, epoch)
    return state


def test_remembers_the_best_epoch():
    state = after([3.0, 2.0, 2.5], patience=10, min_delta=0.0)
    assert (state.best, state.best_epoch, state.improved) == (2.0, 1, False)


def test_stops_when_patience_runs_out():
    assert not after([1.0, 1.0], patience=2, min_delta=0.0).should_stop
    assert after([1.0, 1.0, 1.0], patience=2, min_delta=0.0).should_stop


def test_small_improvements_are_kept_but_do_not_count():
    state = after([1.0, 0.99, 0.98], patience=2, min_delta=0.1)
    assert state.best == 0.98
    assert state.should_stop


def test_slow_progress_counts_once_it_adds_up():
    assert after([1.0, 0.95, 0.89, 0.85], patience=3, min_delta=0.1).waited == 1


def test_nan_never_improves():
    state = after([1.0, float("nan")], patience=5, min_delta=0.0)
    assert (state.best, state.waited) == (1.0, 1)
