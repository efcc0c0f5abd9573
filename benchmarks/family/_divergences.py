"""What brings codes of an ``AdversarialAutoencoder`` to their prior: a critic or a distance.

Rows, network and judge are those of ``_samples``; only ``divergence`` differs. The first figure is
the Fréchet distance of draws of the prior; beside it ``sample()``, ``LatentSampler`` around the
same network, reconstructions of held-out rows, and their squared error an image.
"""

import numpy as np

from benchmarks._family import in_processes, row, seeds, shown, squared_error
from benchmarks.family._samples import SHAPE, Judge, drawn_by, split
from skae import AdversarialAutoencoder
from skae.metrics import frechet_distance

DIVERGENCES = ("critic", "energy", "mmd")


def network(options, seed, divergence):
    return AdversarialAutoencoder(
        16,
        network="convolutional",
        sample_shape=SHAPE,
        hidden_layer_sizes=(16, 32),
        max_iter=2 if options.quick else 40,
        learning_rate="cosine",
        random_state=seed,
        divergence=divergence,
    )


def divergences(options):
    """Bars: both distances reconstruct with less error, and draw better rows, than the critic."""
    train, test, y_train, _ = split(options)
    judge = Judge(train, y_train, 2 if options.quick else 20)
    held_out = judge.features(test)
    each = [(divergence, seed) for seed in seeds(options) for divergence in DIVERGENCES]
    found = {divergence: {} for divergence in DIVERGENCES}
    fits = in_processes(options, images_of, [options] * len(each), *zip(*each, strict=True))
    for (divergence, _), (images, error) in zip(each, fits, strict=True):
        found[divergence].setdefault("error", []).append(error)
        for what, drawn in images.items():
            far = [frechet_distance(judge.features(rows), held_out) for rows in drawn]
            found[divergence].setdefault(what, []).append(np.mean(far))
    critic = found["critic"]
    for divergence, values in found.items():
        is_first = divergence == "critic"
        yield row(
            f"adversarial samples of MNIST, divergence='{divergence}': Frechet distance",
            shown(values["prior"], "{:.3g}"),
            f"sample() {shown(values['default'], '{:.3g}')}, LatentSampler "
            f"{shown(values['sampler'], '{:.3g}')}, reconstructions "
            f"{shown(values['reconstructions'], '{:.3g}')}, error {shown(values['error'])}",
            "(printed)" if is_first else "< critic, error too",
            is_first
            or all(np.mean(values[what]) < np.mean(critic[what]) for what in ("prior", "error")),
        )


def images_of(options, divergence, seed):
    """Images of one fit by what draws them, and its error."""
    train, test, *_ = split(options)
    fitted = network(options, seed, divergence).fit(train)
    return drawn_by(fitted, options, seed), squared_error(fitted, test)


MEASURES = [divergences]
