"""Look at a fitted reducer as a practitioner would, and say what is wrong with it."""

from collections.abc import Iterator, Sequence
from textwrap import fill, indent

from skae.diagnosis._code_findings import (
    code_far_from_prior,
    dead_units,
    duplicate_units,
    posterior_collapse,
)
from skae.diagnosis._evidence import Evidence, gather
from skae.diagnosis._findings import (
    Finding,
    absurd_value,
    columns_in_different_units,
    features_not_reconstructed,
    not_converged,
    overfitting,
    start_kept,
    too_few_rows,
    whose_pca,
    worse_than_pca,
)
from skae.numerics import ArrayLike
from skae.reducers import Reducer

# In the order in which one would act on them: rows first, then training, then the code.
_FINDINGS = (
    absurd_value,
    columns_in_different_units,
    too_few_rows,
    start_kept,
    not_converged,
    overfitting,
    posterior_collapse,
    worse_than_pca,
    code_far_from_prior,
    dead_units,
    duplicate_units,
    features_not_reconstructed,
)
_WIDTH = 88


class Diagnosis:
    """The findings of `diagnose`, as a sequence and as a report to print.

    It has a length and is iterated like a list of findings; like an empty list it is false where
    there are none.

    Parameters
    ----------
    findings : list of Finding
        The most basic first.

    summary : str
        The reducer, the rows, and how well it reconstructs them.

    See Also
    --------
    diagnose : Make one.

    Examples
    --------
    >>> from skae.diagnosis import Diagnosis, Finding
    >>> dead = Finding("dead units", "2 of 8 units do not vary.", 2.0, "n_components=6")
    >>> diagnosis = Diagnosis([dead], "PCA on 100 rows.")
    >>> len(diagnosis), diagnosis.names
    (1, ['dead units'])
    >>> print(diagnosis)
    PCA on 100 rows.
    1 finding:
    <BLANKLINE>
    dead units
        2 of 8 units do not vary.
    """

    def __init__(self, findings: Sequence[Finding], summary: str) -> None:
        self.findings = findings
        self.summary = summary

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __repr__(self) -> str:
        return f"Diagnosis({self.names})"

    def __str__(self) -> str:
        count = f"{len(self) or 'No'} finding{'s' if len(self) != 1 else ''}"
        blocks = [f"{each.name}\n{_paragraph(each.message)}" for each in self]
        head = f"{fill(self.summary, _WIDTH)}\n{count}{':' if blocks else '.'}"
        return "\n\n".join([head, *blocks])

    @property
    def names(self) -> list[str]:
        """Names of the findings, in their order."""
        return [finding.name for finding in self.findings]


def diagnose(estimator: Reducer, X: ArrayLike) -> Diagnosis:
    """Say what is wrong with a fitted reducer, with the number behind it and what to change.

    It reads the curves of the training, encodes and reconstructs the rows, and fits PCA with as
    many components beside. Twelve things are looked for; each is reported under its name:

    - "absurd value": a single number is far from all others of its column;
    - "columns in different units": a few columns hold nearly all variance;
    - "too few rows": rows that were not seen are described much worse, even by PCA;
    - "this is PCA": no epoch was better than the start ("start kept" where that is random, or of a
      table, where it is factor analysis of mixed data);
    - "not converged": the loss was still falling at `max_iter`;
    - "overfitting": the rows are reconstructed much worse than those in training;
    - "posterior collapse": half or more of the units of a variational code equal the prior for
      every row, and the reconstruction suffers; that a few are not used is no fault;
    - "worse than PCA": PCA reconstructs these rows better;
    - "code far from its prior": of a variational or adversarial autoencoder;
    - "dead units": they do not vary between rows;
    - "duplicate units": two say the same;
    - "features not reconstructed": nothing of a column comes back while others are fine.

    Parameters
    ----------
    estimator : fitted estimator
        An autoencoder of skae, or anything with `transform` and `inverse_transform` such as PCA,
        for which only what needs no training curve is looked at; or a Pipeline that ends in one,
        in which case its last step is diagnosed on what the steps before make of X. Of a
        `TableAutoencoder` the autoencoder inside is diagnosed, on the features of the table, in
        whose units PCA is factor analysis of mixed data.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        At least 10 rows, best a few hundred that were held out. Training rows are allowed, but do
        not show what is lost on new ones. Sparse rows are made dense. For a denoising autoencoder
        pass clean rows: what it removes would count as error.

    Returns
    -------
    diagnosis : Diagnosis
        Prints as a report, and is iterated over its findings. It is empty where all is well.

    Raises
    ------
    TypeError
        If the estimator cannot reconstruct.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    ValueError
        If X has other columns than in `fit`, fewer than 10 rows or no variance.

    Notes
    -----
    PCA is that of the rows in `fit`, which an estimator that started at PCA remembers, so that both
    have seen the same. Of other estimators PCA is fitted on X itself, five times on four fifths of
    its rows to reconstruct the others: it has then seen as little of a row as the estimator has of
    held-out ones, and fewer rows in all.

    The thresholds lie between what default fits of all variants gave on scikit-learn's digits,
    breast cancer, wine and diabetes, and what fits with one planted fault gave. They are rules of
    thumb, and a report without findings is no proof.

    A fitted estimator does not know how many rows it has seen. Too few are recognised by what
    follows from it: PCA of rows as many as these loses 15% or more of the variance between rows
    that it has seen and others; or the estimator does, although it was stopped early, and is worse
    than PCA of these rows alone.

    Overfitting is looked for where the loss is a squared error or a normal likelihood, as only
    those are comparable with the error on X; it does not show on training rows.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import train_test_split
    >>> from skae import Autoencoder, diagnose
    >>> X_train, X_test = train_test_split(load_wine(as_frame=True).data, random_state=0)
    >>> autoencoder = Autoencoder(2, max_iter=50, random_state=0).fit(X_train)
    >>> diagnosis = diagnose(autoencoder, X_test)
    >>> print(diagnosis)
    Autoencoder with 2 components on 45 rows of 13 features: 100.0% of the variance is
    reconstructed, by PCA of the rows of fit 100.0%.
    1 finding:
    <BLANKLINE>
    columns in different units
        proline holds 99.8% of the variance of 13 columns, and all are scaled by one number,
        so the others hardly count. Unless they share a unit, put a StandardScaler before it
        in a Pipeline.
    >>> diagnosis.findings[0].parameter
    'make_pipeline(StandardScaler(), ...)'
    """
    evidence = gather(estimator, X)
    found = (look(evidence) for look in _FINDINGS)
    return Diagnosis([finding for finding in found if finding is not None], _summary(evidence))


def _summary(evidence: Evidence) -> str:
    n_rows, size = evidence.code.shape
    around = "TableAutoencoder of " if evidence.is_table else ""
    width = "without a code" if evidence.restores else f"with {size} components"
    text = (
        f"{around}{type(evidence.reducer).__name__} {width} on {n_rows} rows of "
        f"{evidence.rows.shape[1]} features: {1 - evidence.share_left:.1%} of the variance is "
        "reconstructed"
    )
    if evidence.is_trained and evidence.is_narrow:
        text += (
            f", by {evidence.linear_peer} {whose_pca(evidence)} {1 - evidence.pca_share_left:.1%}"
        )
    return f"{text}."


def _paragraph(text: str) -> str:
    return indent(fill(text, _WIDTH - 4), " " * 4)
