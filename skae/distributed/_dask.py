"""A client of dask, as an executor whose calls end even where no worker is left."""

import pickle
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

    def submit(self, function: Callable[..., Any], /, *args: Any) -> "DaskFuture":
        """A future of a call."""
        with _large_arguments():
            return DaskFuture(self._client.submit(function, *args, pure=False), self._client)

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
    """

    def __init__(self, future: Any, client: Any) -> None:
        self._future, self._client, self._ended = future, client, Event()
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
        return self._future.result()

    def cancel(self) -> None:
        """Ask not to begin."""
        self._future.cancel()


@contextmanager
def _large_arguments() -> Iterator[None]:
    """Let dask take rows and weights as arguments, which it would rather have elsewhere."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[Ll]arge (graph|object)")
        yield
