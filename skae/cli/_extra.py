"""What `pip install skae` alone does not bring."""


def check_extra():
    """Raise ImportError with the way out unless the libraries of the `compare` extra are there."""
    try:
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
        import pandas  # noqa: F401
        import rich  # noqa: F401
    except ImportError as error:
        raise ImportError(f'{error.name} is not installed; pip install "skae[compare]"') from error
