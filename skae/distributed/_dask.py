"""A client of dask, as an executor whose calls end even where no worker is left."""

import pickle
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Any
from uuid import uuid4

from joblib.externals.loky.cloudpickle_wrapper import dumps

# Seconds between two looks for workers, and those after which none will come any more.
_LOOK, _PATIENCE = 1.0, 30.0


class NoWorkersError(RuntimeError):
    """A cluster has had no worker for some time."""


def is_client(executor: Any) -> bool:
    """Whether an executor is a client of dask."""
    return hasattr(executor, "scatter") and hasattr(executor, "scheduler_info")


class DaskExecutor:
    """Runs functions by the workers of a client of dask.

    Parameters
    ----------
    client : distributed.Client

    Raises
    ------
    ValueError
        If it is closed.
    """

    def __init__(self, client: Any) -> None:
        if client.status == "closed":
            raise ValueError("executor is a client of dask that is closed. Pass an open one.")
        self._client = client
        self._is_direct: bool | None = None
        self._n_submitted = 0

    def submit(self, function: Callable[..., Any], /, *args: Any) -> "DaskFuture":
        """A future of a call."""
        if self._is_direct is None:
            self._is_direct = _are_reached(self._client)
        # Of what is submitted within a minute dask takes any first.
        self._n_submitted += 1
        place = -self._n_submitted
        with _large_arguments():
            future = self._client.submit(function, *args, pure=False, priority=place)
        return DaskFuture(future, self._client, is_direct=self._is_direct)

    def put(self, value: Any) -> Any:
        """A value that workers hold.

        ``Client.scatter`` sends to one worker, and ends in an error, or hangs until the connection
        times out, if that has just died. The result of a task is made again by dask instead.
        """
        name = f"{type(value).__name__}-{uuid4().hex}"
        with _large_arguments():
            return self._client.submit(pickle.loads, dumps(value), key=name)

    def shutdown(self, **_: Any) -> None:
        """Leave the cluster."""
        self._client.close()


class DaskFuture:
    """A result to come.

    Parameters
    ----------
    future : distributed.Future
    client : distributed.Client
    is_direct : bool
        Whether the client can ask workers for results, which the scheduler would pass on.
    """

    def __init__(self, future: Any, client: Any, *, is_direct: bool = False) -> None:
        self._future, self._client, self._ended = future, client, Event()
        self._is_direct = is_direct
        future.add_done_callback(lambda _: self._ended.set())

    def result(self) -> Any:
        """The result, as soon as it is there.

        Raises
        ------
        NoWorkersError
            If there has been no worker for half a minute.
        """
        seen = monotonic()
        # A time limit of the client's own ends now and then in errors that are not of the call.
        while not self._ended.wait(_LOOK):
            if self._client.nthreads():
                seen = monotonic()
            elif monotonic() - seen > _PATIENCE:
                raise NoWorkersError(f"no worker for {_PATIENCE:.0f} seconds")
        if self._is_direct and self._future.status == "finished":
            # What a worker no longer has, the client then asks the scheduler for.
            return self._client.gather(self._future, direct=True)
        return self._future.result()

    def cancel(self) -> None:
        """Ask not to begin."""
        self._future.cancel()


def _are_reached(client: Any) -> bool:
    """Whether this process reaches all workers, which on some clusters the scheduler only does."""
    for address in client.nthreads():
        kind, _, place = address.partition("://")
        host, _, port = place.rpartition(":")
        if kind not in ("tcp", "tls") or not port.isdecimal():
            return False
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_LOOK).close()
        except OSError:
            return False
    return True


@contextmanager
def _large_arguments() -> Iterator[None]:
    """Let dask take rows and weights as arguments, which it would rather have elsewhere."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[Ll]arge (graph|object)")
        yield
