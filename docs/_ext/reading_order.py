"""Examples in the order in which a newcomer would read them."""

from pathlib import Path

from sphinx_gallery.sorting import FileNameSortKey

NAMES = (
    "pca_and_autoencoders_on_digits",
    "tuning",
    "table_codes",
    "table_rows",
    "anomalies_explained",
    "denoising",
    "restoring_photographs",
    "inpainting",
    "generating_digits",
    "digits_by_class",
    "few_labels",
    "sequences",
    "sparse_filters",
    "keras_network",
    "compressing",
)


class ReadingOrder(FileNameSortKey):
    """The place of a file in ``NAMES``; a file that is not there is an error."""

    def __call__(self, filename):
        return NAMES.index(Path(filename).stem.removeprefix("plot_"))
