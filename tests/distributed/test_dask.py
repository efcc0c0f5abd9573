"""Which way results of workers of dask come."""

import socket

import pytest

from skae.distributed._dask import _are_reached


class Cluster:
    """What is asked of a client."""

    def __init__(self, *addresses):
        self._addresses = addresses

    def nthreads(self):
        return dict.fromkeys(self._addresses, 1)


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"tcp://127.0.0.1:{port}"


def test_workers_that_listen_here_are_reached(listening):
    assert _are_reached(Cluster(listening, listening))


def test_one_that_does_not_is_enough_to_ask_the_scheduler(listening, closed):
    assert not _are_reached(Cluster(listening, closed))


@pytest.mark.parametrize("address", ["inproc://10.0.0.1/7/1", "ucx://10.0.0.1:7", "tcp://nowhere"])
def test_so_are_other_kinds_of_addresses(address):
    assert not _are_reached(Cluster(address))
