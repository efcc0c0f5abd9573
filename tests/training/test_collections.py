"""Python's garbage collector, while Keras is imported."""

import gc
import weakref

import pytest

from skae.backend._collections import collections_put_off


class Node:
    pass


def circle():
    """A reference to an object that only the collector can free."""
    node = Node()
    node.itself = node
    return weakref.ref(node)


@pytest.fixture(scope="module", autouse=True)
def unfrozen():
    """What tests/conftest.py has frozen, as in a process that is no test."""
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.fixture
def collecting():
    gc.enable()
    yield
    gc.enable()


@pytest.mark.slow
def test_nothing_is_collected_before_the_end(collecting):
    with collections_put_off():
        assert not gc.isenabled()
        lost = circle()
        kept = [[] for _ in range(10_000)]
        assert lost() is not None
    assert gc.isenabled()
    gc.collect()
    assert lost() is None
    assert len(kept) == 10_000


def test_what_was_made_counts_as_old(collecting):
    with collections_put_off():
        made = [[] for _ in range(10_000)]
    assert len(gc.get_objects(generation=0)) < len(made)
    assert gc.get_freeze_count() == 0


def test_it_is_on_again_after_an_error(collecting):
    with pytest.raises(ImportError), collections_put_off():
        raise ImportError
    assert gc.isenabled()


def test_who_has_switched_it_off_finds_it_off(collecting):
    gc.disable()
    with collections_put_off():
        pass
    assert not gc.isenabled()


def test_what_somebody_else_has_frozen_stays_so(collecting):
    gc.freeze()
    n_frozen = gc.get_freeze_count()
    try:
        with collections_put_off():
            pass
        assert gc.get_freeze_count() == n_frozen
    finally:
        gc.unfreeze()
