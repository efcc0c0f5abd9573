"""What each variant is for, against the obvious alternative, on data that no default was chosen on.

    python -m benchmarks.family [--quick] [--restoring] [--samples] ...

Where several figures stand, they are those of the seeds, the first is their mean.
"""

from benchmarks._family import COLUMNS
from benchmarks._harness import report_parts
from benchmarks.family import _likelihoods, _restoring, _samples

PARTS = {
    "restoring": _restoring.MEASURES,
    "likelihoods": _likelihoods.MEASURES,
    "samples": _samples.MEASURES,
}


def main(argv=None):
    report_parts(PARTS, __doc__, argv, COLUMNS)
