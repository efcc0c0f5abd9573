"""The pool of programs, with stand-ins for programs."""

import threading

from skae.backend._pool import ProgramPool


class Built:
    n_bytes = 10

    def __init__(self, spec, traces):
        self.spec, self.traces, self.is_released = spec, traces, False

    def release(self):
        self.is_released = True


def test_some_count_less_than_others():
    pool = ProgramPool(Built, max_idle=2, place_of=lambda spec: 0.5 if spec < 4 else 1.0)
    for spec in range(5):
        with pool.borrow(spec):
            pass
    assert list(pool._idle) == [2, 3, 4]


def test_a_program_is_used_again():
    pool = ProgramPool(Built)
    with pool.borrow("a") as first:
        pass
    with pool.borrow("a") as second:
        assert second is first
    assert pool.n_built == 1


def test_a_borrowed_program_is_nobody_elses():
    pool = ProgramPool(Built)
    with pool.borrow("a") as first, pool.borrow("a") as second:
        assert first is not second
        assert first.traces is second.traces
    assert len(pool) == 2


def test_a_program_comes_back_after_an_error():
    pool = ProgramPool(Built)
    try:
        with pool.borrow("a"):
            raise ValueError
    except ValueError:
        pass
    assert len(pool) == 1


def test_the_least_recently_used_is_let_go():
    pool = ProgramPool(Built, max_idle=2)
    for spec in ("a", "b", "a", "c"):
        with pool.borrow(spec):
            pass
    n_built = pool.n_built
    with pool.borrow("a"), pool.borrow("c"):
        assert pool.n_built == n_built
    with pool.borrow("b"):
        assert pool.n_built == n_built + 1


def test_several_programs_of_one_specification_push_no_other_out():
    pool = ProgramPool(Built, max_idle=2)
    with pool.borrow("a"), pool.borrow("b"), pool.borrow("b"):
        pass
    with pool.borrow("a"), pool.borrow("b"), pool.borrow("b"):
        assert pool.n_built == 3


def test_threads_never_share_a_program():
    pool, in_use, clashes = ProgramPool(Built, max_idle=4), set(), []

    def work():
        for _ in range(200):
            with pool.borrow("a") as program:
                if id(program) in in_use:
                    clashes.append(program)
                in_use.add(id(program))
                in_use.discard(id(program))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not clashes
    assert len(pool) <= 4


def test_programs_beyond_so_many_bytes_are_let_go_but_the_last():
    pool = ProgramPool(Built, max_bytes=25)
    borrowed = []
    for spec in "abc":
        with pool.borrow(spec) as program:
            borrowed.append(program)
    assert [program.is_released for program in borrowed] == [True, False, False]
    assert len(pool) == 2
    pool.clear()
    assert all(program.is_released for program in borrowed)
    small = ProgramPool(Built, max_bytes=5)
    with small.borrow("a") as program:
        pass
    assert len(small) == 1
    assert not program.is_released
