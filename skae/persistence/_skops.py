"""What skops may be told to trust."""

from skae.persistence._own_types import CLASSES

_OF_NUMPY = ("numpy.dtype",)


def skops_trusted() -> list[str]:
    """Names of the types that fitted estimators of skae consist of, for ``skops.io.load``.

    The list is exact. A file that names anything else is no fitted estimator of skae, or holds
    something of its user's own, and skops refuses it before it makes a single object. A check by
    prefix, such as all names that begin with ``skae.``, would not do: skops calls whatever a
    trusted name leads to, and modules of skae import functions that write files and import modules.

    Returns
    -------
    names : list of str
        In alphabetical order. Scikit-learn's own estimators are trusted by skops itself.

    See Also
    --------
    load : Reads files of :func:`~skae.save`, which need no such list.

    Examples
    --------
    >>> import numpy as np
    >>> import skae
    >>> import skops.io
    >>> X = np.random.default_rng(0).normal(size=(50, 4)) @ np.ones((4, 6))
    >>> fitted = skae.Autoencoder(2, hidden_layer_sizes=(), random_state=0).fit(X)
    >>> stored = skops.io.dumps(fitted)
    >>> again = skops.io.loads(stored, trusted=skae.skops_trusted())
    >>> bool((again.transform(X) == fitted.transform(X)).all())
    True
    """
    return sorted((*_OF_NUMPY, *CLASSES))
