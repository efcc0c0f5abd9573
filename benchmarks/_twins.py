"""Networks scored in numpy beside the same by a compiled call of Keras: one row, and many.

On one thread of numpy, as many of Keras as it takes, and in the processor time of all of them,
which others on the machine change less.
"""

from functools import partial
from time import process_time

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks._harness import compared, medians

# Seconds of one row, and share of Keras' time of many.
MOST_OF_A_ROW, MOST_OF_KERAS = 1e-3, 1.0
# Of a row for which the seconds hold.
MOST_VALUES = 1000


def twins(options):
    """Bars: one row in a millisecond, many rows in the time of Keras.

    One row of 64 x 64 that is restored at full resolution has Keras' time as its bar: the products
    alone take 1.2 ms of one core in a U-Net, and 1.6 in a residual network.
    """
    from skae import backend
    from skae.model._scorers import KerasScorer, NumpyScorer

    rng = np.random.default_rng(0)
    repeats, many = (1, 20) if options.quick else (9, 200)
    for name, network in networks():
        single = backend.random_weights(network, rng)
        double = {key: each.astype(np.float64) for key, each in single.items()}
        weights = {np.dtype(np.float32): single, np.dtype(np.float64): double}
        in_numpy, in_keras = NumpyScorer(network), KerasScorer(network)
        rows = rng.standard_normal((many, network.n_features)).astype(np.float32)
        for n_rows, number in ((1, 5 if options.quick else 50), (many, 1)):

            def encode(scorer, weights=weights, rows=rows[:n_rows]):
                return scorer.encode(weights.__getitem__, rows)

            encode(in_keras)  # compiles
            with threadpool_limits(1):
                ours, keras = medians(
                    repeats,
                    partial(processor_seconds, partial(encode, in_numpy), number),
                    partial(processor_seconds, partial(encode, in_keras), number),
                )
            is_limited = n_rows == 1 and network.n_features <= MOST_VALUES
            bar = MOST_OF_A_ROW / keras if is_limited else MOST_OF_KERAS
            what = f"{name}, {'one row' if n_rows == 1 else f'{n_rows} rows'}"
            yield compared(what, ours, "Keras, compiled", keras, bar)


def processor_seconds(function, number):
    """Processor time of a call, over ``number`` calls in a row."""
    start = process_time()
    for _ in range(number):
        function()
    return (process_time() - start) / number


def networks():
    """The networks that are not dense, with the names by which they are printed."""
    from skae.networks import (
        ConvolutionalNetwork,
        RecurrentNetwork,
        ResidualNetwork,
        UNetwork,
        filter_size_for,
    )

    def convolutional(shape, **options):
        kernel = (3,) * (len(shape) - 1)
        return ConvolutionalNetwork(**of_shape(shape), kernel_size=kernel, **options)

    def recurrent(shape, **options):
        return RecurrentNetwork(**of_shape(shape), activation="tanh", **options)

    def restoring(cls, sizes, shape):
        n_features = int(np.prod(shape))
        about = {**of_shape(shape), "n_components": n_features, "hidden_layer_sizes": sizes}
        size = filter_size_for(shape)
        return cls(**about, kernel_size=(3, 3), filter_size=size, activation="relu")

    def of_shape(shape):
        sizes = {"n_features": int(np.prod(shape)), "n_components": 16}
        return {**sizes, "sample_shape": shape, "hidden_layer_sizes": (32, 64)}

    image = (28, 28, 1)
    yield "convolutional, 28 x 28", convolutional(image)
    yield "convolutional, 28 x 28, pooled", convolutional(image, pooling="max")
    yield "convolutional, series of 128 x 3", convolutional((128, 3))
    yield "recurrent, lstm, 28 x 28", recurrent((28, 28))
    yield "recurrent, gru both ways, 28 x 28", recurrent((28, 28), cell="gru", bidirectional=True)
    for shape in (image, (64, 64, 1)):
        size = f"{shape[0]} x {shape[1]}"
        yield f"U-Net, {size}", restoring(UNetwork, (16, 32, 64), shape)
        yield f"residual, {size}", restoring(ResidualNetwork, (32, 32, 32), shape)


if __name__ == "__main__":
    from benchmarks._harness import parse_options, report

    report([twins], parse_options(__doc__, None))
