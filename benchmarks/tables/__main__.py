"""What ``TableAutoencoder`` makes of real tables, against factor analysis and the usual ways.

    python -m benchmarks.tables [--quick] [--reconstruction] ...

Estimators keep their defaults but for what a row names; where several figures stand, they are those
of the seeds (splits), the first is their mean.
"""

from benchmarks._family import COLUMNS
from benchmarks._harness import report_parts
from benchmarks.tables import (
    _codes,
    _files,
    _imputation,
    _outliers,
    _reconstruction,
    _size,
    _synthesis,
)

PARTS = {
    "reconstruction": _reconstruction.MEASURES,
    "codes": _codes.MEASURES,
    "synthesis": _synthesis.MEASURES,
    "imputation": _imputation.MEASURES,
    "outliers": _outliers.MEASURES,
    "size": _size.MEASURES,
    "files": _files.MEASURES,
}


def main(argv=None):
    report_parts(PARTS, __doc__, argv, COLUMNS)


if __name__ == "__main__":
    main()
