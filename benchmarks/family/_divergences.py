"""What brings codes of an ``AdversarialAutoencoder`` to their prior: a critic or a distance.

Rows, network and judge are those of ``_samples``; only ``divergence`` differs. The first figure is
the Fréchet distance of draws of the prior; beside it ``sample()``, ``LatentSampler`` around the
same network, reconstructions of held-out rows, and their squared error an image.
"""

from functools import partial

import numpy as np
from sklearn.frozen import FrozenEstimator

from benchmarks._family import row, seeds, shown, squared_error
from benchmarks.family._samples import N_DRAWS, N_SAMPLES, SHAPE, Judge, split
from skae import AdversarialAutoencoder, LatentSampler
from skae.metrics import frechet_distance

N_SEEDS = 2


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

    def distance(draw):
        drawn = [judge.features(draw(seed)) for seed in range(1 if options.quick else N_DRAWS)]
        return np.mean([frechet_distance(each, held_out) for each in drawn])

    found = {}
    for divergence in ("critic", "energy", "mmd"):
        values = found[divergence] = {}
        for seed in seeds(options, N_SEEDS):
            fitted = network(options, seed, divergence).fit(train)
            sampler = LatentSampler(FrozenEstimator(fitted), random_state=seed).fit(train)
            restored = judge.features(fitted.reconstruct(test))
            for what, value in {
                "prior": distance(partial(fitted.sample, N_SAMPLES, codes="prior")),
                "default": distance(partial(fitted.sample, N_SAMPLES)),
                "sampler": distance(partial(sampler.sample, N_SAMPLES)),
                "reconstructions": frechet_distance(restored, held_out),
                "error": squared_error(fitted, test),
            }.items():
                values.setdefault(what, []).append(value)
        critic = found["critic"]
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


MEASURES = [divergences]
