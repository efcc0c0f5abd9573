"""What a server has to install."""

from importlib.metadata import version

# Of skae, and what it needs to load and score; skops writes what MLflow keeps by default.
NEEDED = ("narwhals", "numpy", "scikit-learn", "scipy", "skae", "skops", "threadpoolctl")


def requirements() -> list[str]:
    """Packages that load and score what is fitted here, at the versions that are installed here.

    Keras and TensorFlow are not among them, as every network of skae scores in numpy. What still
    needs them there, such as an activation of your own, says so when it is called: add
    ``"skae[train]"``.

    Returns
    -------
    requirements : list of str
        Lines for ``pip``, in alphabetical order.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If skops is not installed.

    See Also
    --------
    log_fit : Logs what a fit was and how it went.

    Notes
    -----
    MLflow finds requirements by the modules that loading a model imports. It misses what is
    installed in place (``pip install --editable``), and adds what is merely installed beside, such
    as pandas. Packages of other steps of a Pipeline are yours to add.

    Examples
    --------
    >>> from skae.tracking import requirements
    >>> [line.partition("==")[0] for line in requirements()]
    ['narwhals', 'numpy', 'scikit-learn', 'scipy', 'skae', 'skops', 'threadpoolctl']
    """
    return [f"{name}=={version(name)}" for name in NEEDED]
