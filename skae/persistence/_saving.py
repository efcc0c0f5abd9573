"""Fitted estimators in files, and back."""

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from skae.drafts import write_whole
from skae.persistence._describing import described_estimator
from skae.persistence._layout import check_beginning, packed, unpacked
from skae.persistence._names import Names, Trusted
from skae.persistence._rebuilding import Untrusted, named_types, rebuilt_estimator
from skae.states import FORMAT, check_format, versions

_N_BEGINNING = 64


def save(estimator: Any, path: str | os.PathLike[str], *, trusted: Trusted = ()) -> None:
    """Save a fitted estimator to a file that runs no code when it is loaded.

    Any estimator of skae, and what scikit-learn builds of them: a Pipeline, a ColumnTransformer, a
    search. The file holds numbers, text and names of types; its layout is that of safetensors. It
    appears whole or not at all.

    Parameters
    ----------
    estimator : estimator
        Fitted or not.
    path : path-like
        Where to; a file of that name is replaced in one step.
    trusted : list of str or type, default=()
        Types of your own that the estimator holds, by full names (``"my_module.MyScaler"``) or as
        they are. Functions too, by their names. :func:`load` then needs the same.

    Raises
    ------
    TypeError
        If this is no estimator, or holds something that is neither of skae nor listed of
        scikit-learn: the message says what, where, and the way out. Nothing is written then.
    ValueError
        If an estimator of scikit-learn in it is in a state that no fit leaves.

    See Also
    --------
    load : The way back.
    skops_trusted : For files of skops.

    Notes
    -----
    The list of scikit-learn's classes is short: what stands around an autoencoder, computes in
    numpy and has arrays whose widths can be checked. Pipelines, searches, scalers, encoders,
    SimpleImputer, PCA and its like, linear models, discriminant analysis, naive Bayes and
    calibration are on it. Trees, forests, boosting, neighbours, clustering and support vector
    machines are not, as they hand stored numbers to compiled code that does not look at them first;
    nor is what calls a method that its state names, such as stacking, or a function, such as
    FunctionTransformer. Pass their names as ``trusted``, or pickle them: whoever loads the file
    then trusts its author.
    Optimizers and schedules of Keras are held as what they were made of; its callbacks are not.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import skae
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = np.random.default_rng(0).normal(size=(50, 4)) @ np.ones((4, 6))
    >>> pipeline = make_pipeline(StandardScaler(), skae.Autoencoder(2, hidden_layer_sizes=()))
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = Path(directory) / "pipeline.skae"
    ...     skae.save(pipeline.fit(X), path)
    ...     again = skae.load(path)
    >>> bool((again.transform(X) == pipeline.transform(X)).all())
    True
    """
    text, arrays = described_estimator(estimator, Names(trusted))
    about = {"format": str(FORMAT), **versions(), "keras": _version_of_keras()}
    # Of a link, the file that it leads to is replaced.
    place = Path(os.path.realpath(path))
    if place.is_dir():
        raise IsADirectoryError(f"{path} is a directory; name a file in it.")
    write_whole(place, packed(about, text, arrays))


def load(path: str | os.PathLike[str], *, trusted: Trusted = ()) -> Any:
    """Load an estimator from a file of :func:`save`, without running any code of the file.

    Parameters
    ----------
    path : path-like
    trusted : list of str or type, default=()
        Types beside those of skae and scikit-learn that the file may name; their modules are
        imported, and their objects made as pickle would make them. Name only what is yours, or
        classes of scikit-learn in files whose author you trust: their state is not looked at.

    Returns
    -------
    estimator : estimator
        As it was saved: the same bits.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged in any bit, was written by something else or by a newer skae, names
        a type that is not trusted (nothing is made then), holds no estimator, or one in a state
        that no fit leaves.

    Warns
    -----
    skae.exceptions.OtherVersionWarning
        If another version of skae or scikit-learn wrote the file.

    See Also
    --------
    save : How such files come about, with an example.
    """
    names, what = Names(trusted), str(path)
    with open(path, "rb") as file:
        # A file of any other kind may be as large as the disk.
        check_beginning(file.read(_N_BEGINNING), what)
        file.seek(0)
        content = unpacked(file.read(), what)
    found = content.about.get("format", "")
    check_format(int(found) if found.isdecimal() else found, what)
    try:
        foreign = [n for n in named_types(content.description) if not names.may_name(n)]
        if foreign:
            raise Untrusted(foreign[0])
        return rebuilt_estimator(content.description, content.arrays, names)
    except Untrusted as error:
        (name,) = error.args
        raise ValueError(
            f"{what} names {name}, which is no type that skae.load trusts, and could run any code. "
            f"If it is yours, pass trusted=[{name!r}]."
        ) from None
    except Warning:
        raise
    except Exception as error:
        known = (*versions(), "keras")
        wrote = ", ".join(f"{library} {content.about.get(library)}" for library in known)
        raise ValueError(
            f"{what} cannot be loaded ({error}). It was written with {wrote}: load it with these, "
            "or fit again."
        ) from error


def _version_of_keras() -> str:
    # Asking Keras itself would load it.
    try:
        return version("keras")
    except PackageNotFoundError:
        return "unknown"
