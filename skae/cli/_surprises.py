"""How odd rows are, and why: the one place that says what an outlier is."""

from argparse import Namespace
from typing import Any, NamedTuple

import numpy as np

import skae
from skae.cli._learning import (
    Learnt,
    autoencoder_of,
    blocks,
    check_categories,
    half_as_many,
    in_words_of_the_command,
    left_out_sentences,
    sampled,
)
from skae.cli._progress import Progress
from skae.numerics import Array
from skae.tabular import columns_left_out

# Of more rows, two models that each know one half are as good as five that know four fifths.
_FEW_ROWS = 2_000


class Surprises(NamedTuple):
    """Of some rows, how odd they are, and what makes them so.

    Attributes
    ----------
    scores : ndarray of shape (n_rows,)
        In nats; higher is odder.
    columns : list of str
        The columns that rows are judged by.
    parts : ndarray of shape (n_rows, n_columns)
        What each column adds.
    is_outlier : ndarray of bool
        Beyond what is usual.
    """

    scores: Array
    columns: list[str]
    parts: Array
    is_outlier: Array


def learn_usual(frame: Any, options: Namespace, progress: Progress, label: str) -> Learnt:
    """Fit a detector to a table, or to some of its rows at random.

    Rows of the fit are judged by models that have not seen them. A code as wide as the table would
    copy values, the odd ones too: it is half as wide where nobody says otherwise.
    """
    rows, sentences = sampled(frame, options)
    table = skae.TableAutoencoder(random_state=options.random_state)
    detector = skae.ReconstructionOutlierDetector(
        table,
        calibration_fraction=0.2 if len(rows) <= _FEW_ROWS else 0.5,
        random_state=options.random_state,
    )
    with (
        progress.step(f"{label} ({len(rows):,} rows, {frame.shape[1]} columns)"),
        in_words_of_the_command(),
    ):
        check_categories(options, frame, columns_left_out(table, rows))
        n_components = options.components
        if n_components is None:
            n_components, sentence = half_as_many(table, rows)
            sentences = [*sentences, sentence]
        table.set_params(autoencoder=autoencoder_of(options.model, n_components, frame.shape[1]))
        detector.fit(rows)
    fitted = detector.reducers_[0]
    return Learnt(detector, rows, [*sentences, *left_out_sentences(fitted)])


def surprises(detector: Any, frame: Any) -> Surprises:
    """Judge rows.

    Parameters
    ----------
    detector : ReconstructionOutlierDetector
    frame : DataFrame

    Returns
    -------
    surprises : Surprises
    """
    columns: list[str] = []
    parts = []
    for block in blocks(frame):
        found = detector.feature_contributions(block)
        columns = list(found)
        parts.append(np.asarray(found))
    table = np.concatenate(parts)
    scores = table.sum(axis=1)  # what columns add is all that there is
    return Surprises(scores, columns, table, -scores < detector.offset_)


def reasons(detector: Any, frame: Any, most: int = 3) -> list[list[str]]:
    """Say of rows what makes them odd, the oddest value first.

    Returns
    -------
    reasons : list of list of str
        Such as "Job = fixed, expected freelance: 3.1 nats".
    """
    return [told for block in blocks(frame) for told in detector.explain(block, most)]
