"""What each variant is for, against the obvious alternative, on data that no default was chosen on.

    python -m benchmarks.family [--quick] [--blind] [--samples] ...

Where several figures stand, they are those of the seeds, the first is their mean.
"""

from benchmarks._family import COLUMNS
from benchmarks._harness import report_parts
from benchmarks.family import (
    _conditional,
    _divergences,
    _few_labels,
    _likelihoods,
    _restoring,
    _samples,
    _sparse_codes,
)

PARTS = {
    "conditional": _conditional.MEASURES,
    "divergences": _divergences.MEASURES,
    **_restoring.PARTS,
    "few-labels": _few_labels.MEASURES,
    "likelihoods": _likelihoods.MEASURES,
    "sparse": _sparse_codes.MEASURES,
    "samples": _samples.MEASURES,
}


def main(argv=None):
    report_parts(PARTS, __doc__, argv, COLUMNS)
