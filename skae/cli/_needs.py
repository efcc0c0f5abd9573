"""What the commands need beside what skae itself needs."""

from skae.messages import needs_extra


def needs_packages() -> None:
    """Say how to install what is missing, before anything is read.

    Raises
    ------
    ImportError
        With the command that installs it.
    """
    with needs_extra("compare"):
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
        import pandas  # noqa: F401
        import rich  # noqa: F401
