"""Photographs and signals restored: scikit-learn's two photographs, the left 70 % train.

The sides: a plain residual network as one writes it in Keras, patches thresholded in their PCA, and
Wiener's filter with the true variance of the noise.
"""

from itertools import product
from time import perf_counter

import numpy as np
from PIL import Image
from scipy import ndimage, signal
from skimage.restoration import inpaint_biharmonic
from sklearn.datasets import load_sample_images
from sklearn.decomposition import PCA

from benchmarks._family import psnr, row, seeds, shown
from benchmarks._harness import seconds
from skae import DenoisingAutoencoder

SIZE, TRAIN_SHARE = 32, 0.7
NOISE, LEVELS = 0.1, (0.03, 0.05, 0.1, 0.15, 0.2)
# As many epochs as the Keras network gets, which are cheaper here.
SHORT = {"learning_rate": "cosine", "max_iter": 12, "flips": True}
# One model for all levels has more to learn. Neither it nor what enlarges is asked to be quick.
LONG = {**SHORT, "max_iter": 24, "hidden_layer_sizes": (24, 48, 96), "flips": "average"}
KERAS_EPOCHS = 12
OF_TONES = {
    "sample_shape": (256, 1),
    "network": "residual",
    "hidden_layer_sizes": (128,),
    "kernel_size": 127,
}
# Seeds of noise in training begin here.
_OF_TRAINING = 1000


def photographs():
    return [image.astype(np.float32) / 255 for image in load_sample_images().images]


def patches(seed, options):
    """Patches from the left of both photographs, and from the right."""
    n_train, n_test = (200, 50) if options.quick else (2000, 200)
    rng, train, test = np.random.default_rng(seed), [], []
    for image in photographs():
        height, width = image.shape[:2]
        edge = int(TRAIN_SHARE * width)
        for first, last, n, into in ((0, edge, n_train, train), (edge, width, n_test, test)):
            rows = rng.integers(0, height - SIZE + 1, n)
            columns = rng.integers(first, last - SIZE + 1, n)
            into.extend(
                image[y : y + SIZE, x : x + SIZE] for y, x in zip(rows, columns, strict=True)
            )
    return np.stack(train), np.stack(test)


def with_noise(images, level, seed=0):
    """Images with the noise of a seed: test images have those below ``_OF_TRAINING``."""
    noise = np.random.default_rng(100 + seed).normal(0, level, images.shape)
    return (images + noise).astype(np.float32)


def quality(images, restored):
    """Peak signal-to-noise ratio of all of them together, in dB."""
    return psnr(np.reshape(restored, images.shape), images)


def denoiser(seed, options, **parameters):
    shortened = {"max_iter": 2} if options.quick else {}
    defaults = {"sample_shape": (SIZE, SIZE, 3), "noise_unit": "input", "random_state": seed}
    return DenoisingAutoencoder(**{**defaults, **parameters, **shortened})


def keras_network():
    """Five convolutions of 32 filters that correct an image, as one writes them."""
    import keras

    image = keras.Input((None, None, 3))
    layer = image
    for _ in range(4):
        layer = keras.layers.Conv2D(32, 3, padding="same", activation="relu")(layer)
    correction = keras.layers.Conv2D(3, 3, padding="same")(layer)
    model = keras.Model(image, keras.layers.Add()([image, correction]))
    model.compile("adam", "mse")
    return model


def by_keras(train, seed, options):
    """The network trained on noise that is drawn anew in every epoch."""
    import keras

    keras.utils.set_random_seed(seed)
    model = keras_network()
    for epoch in range(1 if options.quick else KERAS_EPOCHS):
        noisy = with_noise(train, NOISE, _OF_TRAINING * (1 + seed) + epoch)
        model.fit(noisy, train, batch_size=32, verbose=0)
    return model


def wiener(images, level):
    """The better of two sizes, told the variance of the noise."""

    def filtered(size):
        return np.stack(
            [
                np.stack([signal.wiener(c, size, level**2) for c in np.moveaxis(image, -1, 0)], -1)
                for image in images
            ]
        )

    return [filtered(size) for size in (3, 5)]


def patch_pca(train, images, level, size=7):
    """Small patches, thresholded in the PCA of clean ones and averaged (Deledalle et al. 2011)."""
    windows = np.lib.stride_tricks.sliding_window_view(train[::8], (size, size), axis=(1, 2))
    rows = windows[:, ::3, ::3].reshape(-1, 3 * size**2)
    pca = PCA().fit(rows)
    sums, counts = np.zeros(images.shape), np.zeros((*images.shape[:-1], 1))
    view = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
    flat = view.reshape(*view.shape[:3], -1)
    codes = (flat - pca.mean_) @ pca.components_.T
    codes[np.abs(codes) < 2.75 * level] = 0.0
    restored = (codes @ pca.components_ + pca.mean_).reshape(view.shape)
    for y in range(size):
        for x in range(size):
            place = (slice(None), slice(y, y + view.shape[1]), slice(x, x + view.shape[2]))
            sums[place] += restored[..., y, x]
            counts[place] += 1
    return sums / counts


# Measures


def photographs_of_one_noise(options):
    """Bars: 31 dB, better than Keras in its time; whole photographs above patches in their PCA."""
    ours, theirs, spent, keras_spent = [], [], [], []
    whole, whole_beside, whole_spent = [], [], []
    for seed in seeds(options):
        train, test = patches(seed, options)
        noisy = with_noise(test, NOISE, seed)
        model = denoiser(seed, options, noise_level=NOISE, **SHORT)
        spent.append(seconds(model.fit, train))
        ours.append(quality(test, model.reconstruct(noisy)))
        for image in photographs():
            noisy_image = with_noise(image, NOISE, seed)
            right = np.s_[None, :, int(TRAIN_SHARE * image.shape[1]) :]
            whole_spent.append(seconds(model.restore, noisy_image))
            whole.append(quality(image[right], model.restore(noisy_image)[right]))
            by_patches = patch_pca(train, noisy_image[None], NOISE)[0]
            whole_beside.append(quality(image[right], by_patches[right]))
        start = perf_counter()
        model = by_keras(train, seed, options)
        keras_spent.append(perf_counter() - start)
        theirs.append(quality(test, model.predict(noisy, verbose=0)))
    share = np.median(np.divide(spent, keras_spent))
    yield row(
        f"photographs, noise {NOISE}, dB, {KERAS_EPOCHS} epochs",
        f"{shown(ours)}, {np.median(spent):.0f} s",
        f"Keras, as many {shown(theirs)}, {np.median(keras_spent):.0f} s",
        ">= 31, > Keras in its time",
        min(ours) >= 31 and np.all(np.array(ours) > theirs) and share <= 1,
    )
    yield row(
        f"whole photographs, right 30 %, noise {NOISE}, dB",
        f"{shown(whole)}, {np.median(whole_spent):.2f} s a photograph",
        f"patches in their PCA {shown(whole_beside)}",
        "> it",
        np.all(np.array(whole) > whole_beside),
    )


def photographs_at_defaults(options):
    """Bar: above patches in their PCA. As many epochs as are planned for them, one seed."""
    train, test = patches(0, options)
    noisy = with_noise(test, NOISE)
    model = denoiser(0, options, noise_level=NOISE)
    spent = seconds(model.fit, train)
    found = quality(test, model.reconstruct(noisy))
    by_patches = quality(test, patch_pca(train, noisy, NOISE))
    yield row(
        f"photographs, noise {NOISE}, dB, at defaults",
        f"{found:.4g}, {model.n_iter_} epochs, {spent:.0f} s",
        f"patches in their PCA {by_patches:.4g}",
        "> it",
        found > by_patches,
    )


def photographs_of_unknown_noise(options):
    """Bars: above patches in their PCA and Wiener's filter at every level."""
    found = {level: [] for level in LEVELS}
    beside = {level: [] for level in LEVELS}
    for seed in seeds(options):
        train, test = patches(seed, options)
        blind = denoiser(seed, options, noise_level=(LEVELS[0], LEVELS[-1]), **LONG).fit(train)
        for level in LEVELS:
            noisy = with_noise(test, level, seed)
            found[level].append(quality(test, blind.reconstruct(noisy)))
            filtered = max(quality(test, each) for each in wiener(noisy, level))
            by_patches = quality(test, patch_pca(train, noisy, level))
            beside[level].append((filtered, by_patches))
    for level in LEVELS:
        filtered, by_patches = np.transpose(beside[level])
        holds = np.all(np.array(found[level]) > np.maximum(filtered, by_patches))
        yield row(
            f"photographs, one model for noise of {LEVELS[0]} to {LEVELS[-1]}: {level}, dB",
            shown(found[level]),
            f"patches in their PCA {shown(by_patches)}; Wiener {shown(filtered)}",
            "> both",
            holds,
        )


def resized(images, factor, filter_name):
    """Images by Pillow's filters, which average where they shrink."""

    def of_channel(channel):
        height, width = (round(factor * size) for size in channel.shape)
        resampling = Image.Resampling[filter_name]
        return Image.fromarray(channel).resize((width, height), resampling)

    channels = np.moveaxis(np.float32(images), -1, 1)
    return np.stack([np.stack([of_channel(c) for c in image], -1) for image in channels])


def full_resolution(options):
    """Bar: .3 dB above Lanczos."""

    def enlarged(images, name="BICUBIC"):
        return resized(resized(images, 0.5, "BICUBIC"), 2, name)

    ours, beside, simple = [], [], []
    for seed in seeds(options):
        train, test = patches(seed, options)
        pairs = {**SHORT, "flips": "average", "noise": None, "noise_unit": "std"}
        model = denoiser(seed, options, **pairs)
        model.fit(enlarged(train), X_clean=train)
        ours.append(quality(test, model.reconstruct(enlarged(test))))
        simple.append(quality(test, enlarged(test)))
        beside.append(quality(test, enlarged(test, "LANCZOS")))
    yield row(
        "half to full resolution, dB",
        shown(ours),
        f"Lanczos {shown(beside)}, bicubic {shown(simple)}",
        ">= Lanczos + .3",
        np.all(np.array(ours) >= np.array(beside) + 0.3),
    )


def holes(images, seed):
    """A fifth of the positions lost, in spots and strokes that training has not seen."""
    rng = np.random.default_rng(200 + seed)
    noise = rng.normal(size=images.shape[:3])
    spots = ndimage.gaussian_filter(noise, (0, 1.5, 1.5))
    strokes = ndimage.gaussian_filter(rng.normal(size=noise.shape), (0, 0.7, 5))
    return (spots > np.quantile(spots, 0.9)) | (strokes > np.quantile(strokes, 0.9))


def filled_photographs(options):
    """Bar: above biharmonic filling, where positions that are lost are filled from around them."""
    ours, beside = [], []
    for seed in seeds(options):
        train, test = patches(seed, options)
        model = denoiser(seed, options, noise="masking", noise_level=(0.1, 0.4), **SHORT)
        model.set_params(noise_unit="std").fit(train)
        lost = holes(test, seed)
        torn = np.where(lost[..., None], np.nan, test)
        filled = np.stack([model.restore(image) for image in torn])
        smooth = np.stack(
            [
                inpaint_biharmonic(np.nan_to_num(image), mask, channel_axis=-1)
                for image, mask in zip(torn, lost, strict=True)
            ]
        )
        ours.append(quality(test[lost][None], filled[lost][None]))
        beside.append(quality(test[lost][None], smooth[lost][None]))
    yield row(
        "a fifth lost in spots and strokes, filled, dB",
        shown(ours),
        f"biharmonic {shown(beside)}",
        "> it",
        np.all(np.array(ours) > beside),
    )


def tones(n, rng, length=256):
    """Sums of one to four sines, of variance 1."""
    time = np.arange(length) / length
    rows = np.zeros((n, length))
    for i in range(n):
        for _ in range(rng.integers(1, 5)):
            rows[i] += rng.uniform(0.5, 1) * np.sin(
                2 * np.pi * (rng.uniform(2, 60) * time + rng.random())
            )
    return rows / rows.std()


def gate(noisy, deviation, length, overlap):
    """Frequencies that noise would not reach, under a window of a length, told the noise."""
    steps = {"nperseg": length, "noverlap": int(overlap * length)}
    _, _, spectrum = signal.stft(noisy, **steps)
    window = signal.get_window("hann", length)
    noise = deviation * np.sqrt((window**2).sum()) / window.sum()
    kept = np.where(np.abs(spectrum) > 2.5 * noise, spectrum, 0)
    return signal.istft(kept, **steps)[1][:, : noisy.shape[1]]


def signals(options):
    """Bar: above the best of six spectral gates, of sums of tones with noise 10 dB below them.

    The network is one for tones: filters as long as a gate's window, and what is left of each
    beyond a threshold that is learned.
    """
    ours, beside = [], []
    deviation = 10**-0.5
    for seed in seeds(options):
        rng = np.random.default_rng(seed)
        train, test = tones(400 if options.quick else 4000, rng), tones(400, rng)
        noisy = test + rng.normal(0, deviation, test.shape)
        model = denoiser(seed, options, noise_level=deviation, **SHORT, **OF_TONES).fit(train)
        ours.append(_decibels(test, model.reconstruct(noisy)))
        gates = product((32, 64, 128), (0.5, 0.75))
        beside.append(max(_decibels(test, gate(noisy, deviation, *each)) for each in gates))
    yield row(
        "sums of tones, 10 dB, signal to noise after",
        shown(ours),
        f"best spectral gate {shown(beside)}",
        "> it",
        np.all(np.array(ours) > beside),
    )


def _decibels(rows, restored):
    return float(10 * np.log10(np.mean(rows**2) / np.mean((rows - restored) ** 2)))


# Each part takes less than an hour on two cores.
PARTS = {
    "one-noise": [photographs_of_one_noise, photographs_at_defaults],
    "blind": [photographs_of_unknown_noise],
    "pairs": [full_resolution, filled_photographs],
    "signals": [signals],
}
