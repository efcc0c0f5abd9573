"""Examples in the order in which a newcomer would read them."""

from pathlib import Path

from sphinx_gallery.sorting import FileNameSortKey

NAMES = (
    "pca_and_autoencoders_on_digits",
    "tuning",
    "anomalies_explained",
    "denoising",
    "inpainting",
    "generating_digits",
    "few_labels",
    "sequences",
    "keras_network",
    "compressing",
)


class ReadingOrder(FileNameSortKey):
    """The place of a file in ``NAMES``; a file that is not there is an error."""

    def __call__(self, filename):
        return NAMES.index(Path(filename).stem.removeprefix("plot_"))
