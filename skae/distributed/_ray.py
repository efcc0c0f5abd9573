"""Workers of Ray, as an executor."""

from collections.abc import Callable
from typing import Any

from skae.messages import needs_extra


class RayExecutor:
    """Runs functions as tasks of Ray, for :func:`skae.distributed.fit`.

    Parameters
    ----------
    **options : object
        Of each task, as ``ray.remote`` takes them, such as ``num_cpus=2``.

    Examples
    --------
    >>> from skae.distributed import RayExecutor
    >>> import ray  # doctest: +SKIP
    >>> ray.init()  # doctest: +SKIP
    >>> fit(autoencoder, paths, executor=RayExecutor(num_cpus=1))  # doctest: +SKIP
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._remotes: dict[Callable[..., Any], Any] = {}

    def submit(self, function: Callable[..., Any], /, *args: Any) -> "RayFuture":
        """A future of a call.

        Parameters
        ----------
        function : callable
        *args : object
            References to objects of Ray are resolved.
        """
        with needs_extra("ray", "RayExecutor"):
            import ray
        if function not in self._remotes:
            # Lost workers are counted by the fit.
            options = {"max_retries": 0, **self._options}
            self._remotes[function] = ray.remote(**options)(function)
        return RayFuture(self._remotes[function].remote(*args))

    def put(self, value: Any) -> Any:
        """A reference to a value in the store of Ray."""
        with needs_extra("ray", "RayExecutor"):
            import ray
        return ray.put(value)


class RayFuture:
    """A result to come.

    Parameters
    ----------
    reference : ray.ObjectRef
    """

    def __init__(self, reference: Any) -> None:
        self._reference = reference

    def result(self) -> Any:
        """The result, as soon as it is there; or what the function raised."""
        import ray

        try:
            return ray.get(self._reference)
        except ray.exceptions.RayTaskError as error:
            # With the class of what was raised, and where that was.
            raise (error.cause if isinstance(error.cause, Exception) else error) from None

    def cancel(self) -> None:
        """Ask not to begin."""
        import ray

        ray.cancel(self._reference)
