"""Fitted estimators in files, and back."""

import os
from typing import Any

from skae.drafts import place_of, write_whole
from skae.persistence._describing import described_estimator
from skae.persistence._layout import check_beginning, packed, unpacked, whole_number
from skae.persistence._names import Names, Trusted
from skae.persistence._rebuilding import Untrusted, rebuilt_estimator
from skae.states import FORMAT, check_format, text_of_path, version_of, versions

_N_BEGINNING = 64
_MOST_CHARACTERS = 500
_WAY_OUT = "Of a path in bytes, os.fsdecode makes text."


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
    trusted : list of str or type, or None, default=()
        Types of your own that the estimator holds, by full names (``"my_module.MyScaler"``) or as
        they are. Functions too, by their names. :func:`load` then needs the same.

    Raises
    ------
    TypeError
        If this is no estimator, or holds something that is neither of skae nor listed of
        scikit-learn: the message says what, where, and the way out. Nothing is written then. Or if
        ``path`` is neither text nor a path.
    ValueError
        If an estimator of scikit-learn in it is in a state that no fit leaves.
    OSError
        If ``path`` is a directory, a device or a pipe, or cannot be written.

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

    Values come back with all their bits and types, dates, times and decimals too, and what is one
    object stays one. Not kept are the memory that two arrays share, whether an array may be written
    to, the order in memory of arrays that is neither that of C nor of Fortran, metadata of a dtype,
    and which of the many NaN a float of Python is. Matrices and record arrays of numpy are refused,
    as are single values of pandas, such as the intervals of a column of a table.

    A file that is replaced keeps its permissions; until it has them, its draft is readable by its
    owner alone. One that is read-only is not replaced but refused.

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
    place = place_of(text_of_path(path, _WAY_OUT))
    write_whole(place, content_of(estimator, trusted=trusted))


def content_of(estimator: Any, *, trusted: Trusted = ()) -> bytes:
    """Return what :func:`save` writes.

    Parameters
    ----------
    estimator : estimator
    trusted : list of str or type, or None, default=()

    Raises
    ------
    TypeError, ValueError
        As :func:`save` does.
    """
    text, arrays = described_estimator(estimator, Names(trusted))
    about = {"format": str(FORMAT), **versions(), "keras": version_of("keras")}
    return packed(about, text, arrays)


def is_saved(beginning: bytes) -> bool:
    """Return whether a file begins as :func:`save` writes it.

    Parameters
    ----------
    beginning : bytes
        The first 64 of the file.
    """
    try:
        check_beginning(beginning, "it")
    except ValueError:
        return False
    return True


def load(path: str | os.PathLike[str], *, trusted: Trusted = ()) -> Any:
    """Load an estimator from a file of :func:`save`, without running any code of the file.

    Parameters
    ----------
    path : path-like
    trusted : list of str or type, or None, default=()
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
    TypeError
        If ``path`` is neither text nor a path.
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
    names, what = Names(trusted), text_of_path(path, _WAY_OUT)
    with open(path, "rb") as file:
        # A file of any other kind may be as large as the disk.
        check_beginning(file.read(_N_BEGINNING), what)
        file.seek(0)
        content = unpacked(file.read(), what)
    found = content.about.get("format", "")
    try:
        number: int | str = whole_number(found)
    except ValueError:
        number = found
    check_format(number, what)
    try:
        return rebuilt_estimator(content.description, content.arrays, names)
    except Untrusted as error:
        (name,) = error.args
        raise ValueError(
            f"{what} names {_cut(name)}, which is no type that skae.load trusts, and could run any "
            f"code. If it is yours, pass trusted=[{_cut(name)!r}]."
        ) from None
    except Warning:
        raise
    except Exception as error:
        known = (*versions(), "keras")
        wrote = ", ".join(f"{library} {_cut(content.about.get(library))}" for library in known)
        raise ValueError(
            f"{what} cannot be loaded ({_cut(error)}). It was written with {wrote}: load it with "
            "these, or fit again."
        ) from error


def _cut(said: Any) -> str:
    """Return what a file says, or what is said of it, in at most a few lines."""
    text = str(said)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."
