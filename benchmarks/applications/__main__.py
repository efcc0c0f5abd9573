"""What people use autoencoders for, against PCA and the usual ways.

Estimators keep their defaults but for what a row names; where several figures stand, they are those
of the seeds, the first is their mean.
"""

from benchmarks._family import COLUMNS
from benchmarks._harness import report_parts
from benchmarks.applications import (
    _codec,
    _compression,
    _few_labels,
    _generation,
    _imputation,
    _one_class,
    _outliers,
)

PARTS = {
    "outliers": [*_outliers.MEASURES, *_one_class.MEASURES],
    "imputation": _imputation.MEASURES,
    "generation": _generation.MEASURES,
    "labels": _few_labels.MEASURES,
    "compression": _compression.MEASURES,
    "codec": _codec.MEASURES,
}


def main(argv=None):
    report_parts(PARTS, __doc__, argv, COLUMNS)


if __name__ == "__main__":
    main()
