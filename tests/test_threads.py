"""Calls in threads, and how they end."""

import os
import signal
import threading
import time

import joblib
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skae.numerics import one_blas_thread
from skae.threads import (
    Stop,
    Stopped,
    check_stop,
    map_in_threads,
    n_threads_allowed,
    sharing,
)

LONG = 30.0


def wait_for_a_stop(started):
    started.set()
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        check_stop()
        time.sleep(0.001)
    raise AssertionError("nobody asked for a stop")


@pytest.mark.parametrize("n_threads", [1, 2, 7])
def test_results_are_in_the_order_of_the_items(n_threads):
    def after_a_while(item):
        time.sleep(0.01 * (3 - item))
        return 10 * item

    assert map_in_threads(after_a_while, range(4), n_threads) == [0, 10, 20, 30]


def test_one_thread_is_this_thread():
    assert map_in_threads(lambda _: threading.get_ident(), range(2), 1) == 2 * [
        threading.get_ident()
    ]


def test_an_error_stops_the_other_calls():
    started = threading.Event()

    def call(item):
        if item == 0:
            wait_for_a_stop(started)
        started.wait(LONG)
        raise ValueError("of the second call")

    with pytest.raises(ValueError, match="of the second call"):
        map_in_threads(call, [0, 1], 2)


def test_an_interruption_of_the_caller_stops_all_calls():
    started = [threading.Event(), threading.Event()]
    ends = []

    def call(item):
        try:
            wait_for_a_stop(started[item])
        except Stopped:
            ends.append(item)
            raise

    def interrupt():
        for event in started:
            event.wait(LONG)
        time.sleep(0.2)  # until the caller waits
        # Any thread may be told of Ctrl-C.
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        map_in_threads(call, [0, 1], 2)
    assert sorted(ends) == [0, 1]


def test_a_stop_is_not_heeded_elsewhere():
    stop = Stop()
    stop.ask()
    check_stop()
    with pytest.raises(Stopped):
        stop.heeded_by(check_stop)()
    check_stop()


@pytest.mark.parametrize(("given", "expected"), [("1", 1), ("", None), ("0", None), ("many", None)])
def test_the_number_of_threads_is_that_of_numeric_libraries(monkeypatch, given, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert n_threads_allowed() == (expected or joblib.cpu_count())


def test_threads_have_no_threads(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    calls = [joblib.delayed(n_threads_allowed)() for _ in range(2)]
    assert joblib.Parallel(n_jobs=2, require="sharedmem")(calls) == [1, 1]


def test_threads_have_the_threads_that_are_shared_out():
    seen = []

    def call(n_threads):
        with sharing(n_threads):
            seen.append(n_threads_allowed())
        return n_threads_allowed()

    assert map_in_threads(call, [3, 4], 2) == [1, 1]
    assert sorted(seen) == [3, 4]


def test_a_stop_reaches_the_calls_of_calls():
    started = threading.Event()

    def inner(_):
        wait_for_a_stop(started)

    def outer(item):
        if item == 0:
            return map_in_threads(inner, [0, 1], 2)
        started.wait(LONG)
        raise ValueError("of the second call")

    with pytest.raises(ValueError, match="of the second call"):
        map_in_threads(outer, [0, 1], 2)


def n_blas_threads():
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}


def test_any_thread_may_limit_blas():
    def limited(_):
        with one_blas_thread():
            time.sleep(0.05)
            return n_blas_threads()

    with threadpool_limits(2, user_api="blas"):
        assert map_in_threads(limited, [0, 1], 2) == [{1}, {1}]
        assert n_blas_threads() == {2}
    assert n_blas_threads() == {int(os.environ["OPENBLAS_NUM_THREADS"])}


def test_tests_compute_on_as_many_threads_as_they_say():
    """Libraries read the number when they are loaded: nothing may load them before conftest.py."""
    said = {"openblas": "OPENBLAS_NUM_THREADS", "openmp": "OMP_NUM_THREADS"}
    for library in threadpool_info():
        if library["internal_api"] in said:
            assert library["num_threads"] == int(os.environ[said[library["internal_api"]]])
