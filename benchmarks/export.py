"""Files of ONNX beside numpy: how far apart they are, and the time of one row and of a thousand.

    python -m benchmarks.export [--quick]

Every class over every built-in network with every activation, whole Pipelines on rows far from
zero, then times in double precision on one thread. Needs ``onnxruntime`` and ``skae[onnx]``.
"""

import copy
import warnings
from dataclasses import replace

import numpy as np
import onnxruntime
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, RobustScaler, StandardScaler

import skae
from benchmarks._harness import call_seconds, parse_options
from skae.networks import NUMPY_ACTIVATIONS

# Microseconds of one row, and largest deviation relative to that of the answers.
BAR, MOST_APART = 30.0, 1e-5
QUICK = {"max_iter": 2, "early_stopping": False, "random_state": 0}
DIGITS = load_digits().data[:60]
NETWORKS = {
    "dense": {},
    "convolutional": {"sample_shape": (8, 8, 1)},
    "recurrent": {"sample_shape": (8, 8)},
}
# The other classes are these over another network.
CLASSES = (
    skae.AdversarialAutoencoder,
    skae.Autoencoder,
    skae.ContractiveAutoencoder,
    skae.DenoisingAutoencoder,
    skae.SparseAutoencoder,
    skae.StackedAutoencoder,
    skae.VariationalAutoencoder,
)
METHODS = ("transform", "reconstruct", "score_samples")


def main(argv=None):
    options = parse_options(__doc__, argv)
    warnings.simplefilter("ignore")
    check_networks(options)
    check_pipelines()
    measure_times(options)


# How far apart


def check_networks(options):
    """The same weights under every activation: no activation needs a fit of its own here."""
    activations = sorted(map(str, NUMPY_ACTIVATIONS))[:: 9 if options.quick else 1]
    print(f"{'class':<26}{'network':<16}{'files':>6}{'apart':>10}  at")
    worst = 0.0
    for cls, (network, shape) in ((c, n) for c in CLASSES for n in NETWORKS.items()):
        fitted = cls(4, network=network, hidden_layer_sizes=(5,), **shape, **QUICK).fit(DIGITS)
        worst = np.maximum(worst, check_activations(cls.__name__, network, fitted, activations))
    for network in ("unet", "residual"):
        restoring = skae.DenoisingAutoencoder(
            network=network, sample_shape=(8, 8, 1), hidden_layer_sizes=(5, 5), **QUICK
        ).fit(DIGITS)
        found = check_activations("DenoisingAutoencoder", network, restoring, activations)
        worst = np.maximum(worst, found)  # NaN stays one
    print(f"all files: {worst:.1e} <= {MOST_APART}: {'yes' if worst <= MOST_APART else 'NO'}\n")


def check_activations(name, network, fitted, activations):
    apart = {}
    for activation in activations:
        other = activated(fitted, activation)
        apart[activation] = farthest(other, DIGITS, {"X": DIGITS}, METHODS)
    at = max(apart, key=lambda name: np.nan_to_num(apart[name], nan=np.inf))
    print(f"{name:<26}{network:<16}{len(apart):>6}{apart[at]:>10.1e}  {at}", flush=True)
    return apart[at]


def activated(fitted, activation):
    """The same with another activation, and with smaller weights where its answers overflow."""
    for share in (1.0, 0.1, 0.01):
        other, model = copy.copy(fitted), fitted._model
        network = replace(model.network, activation=activation)
        weights = {name: np.float32(share) * values for name, values in model.weights.items()}
        other._model = replace(model, network=network).with_weights(weights)
        with np.errstate(all="ignore"):
            if np.isfinite(other.reconstruct(DIGITS)).all():
                return other
    raise AssertionError(f"{activation}: answers overflow whatever the weights")


def check_pipelines():
    """Five whole Pipelines, each on rows as they are and with a million added."""
    wine, kinds = load_wine(return_X_y=True)
    quick = {"hidden_layer_sizes": (8,), **QUICK}
    print(f"{'Pipeline':<58}{'rows':>8}{'apart':>10}")
    for shift in (0.0, 1e6):
        X = wine + shift
        frame = pd.DataFrame(X[:, :4], columns=["alcohol", "acid", "ash", "alkali"])
        frame["kind"] = np.where(wine[:, 4] > 100, "rich", "poor").astype(object)
        columns = ColumnTransformer(
            [("numbers", StandardScaler(), list(frame)[:4]), ("levels", OneHotEncoder(), ["kind"])]
        )
        detector = skae.ReconstructionOutlierDetector(skae.Autoencoder(3, **quick), random_state=0)
        head = skae.AutoencoderClassifier(skae.Autoencoder(3, **quick), max_iter=2, random_state=0)
        for estimator, rows, methods in (
            (make_pipeline(StandardScaler(), skae.Autoencoder(3, **quick)), X, METHODS[::2]),
            (
                make_pipeline(RobustScaler(), skae.VariationalAutoencoder(3, **quick)),
                X,
                METHODS[:1],
            ),
            (make_pipeline(StandardScaler(), detector), X, ("score_samples", "predict")),
            (make_pipeline(StandardScaler(), head), X, ("predict_proba", "predict")),
            (
                make_pipeline(columns, skae.Autoencoder(3, **quick), LogisticRegression()),
                frame,
                ("predict_proba", "predict"),
            ),
        ):
            estimator.fit(rows, kinds)
            if rows is X:
                rows = X + 0.01  # a detector knows the very rows of its fit again, files do not
            feed = {"X": rows}
            if rows is frame:
                feed = {name: frame[[name]].to_numpy() for name in frame}
            apart = farthest(estimator, rows, feed, methods, X=rows)
            name = ", ".join(type(step).__name__ for _, step in estimator.steps)
            told = f"+ {shift:.0e}" if shift else "as are"
            print(f"{name:<58}{told:>8}{apart:>10.1e}  {'yes' if apart <= MOST_APART else 'NO'}")
    print()


def farthest(estimator, rows, feed, methods, **options):
    """Largest deviation of the answers of a file, relative to their size and spread."""
    session = session_of(skae.to_onnx(estimator, method=list(methods), **options))
    apart = []
    for method, found in zip(methods, session.run(None, feed), strict=True):
        expected = np.asarray(getattr(estimator, method)(rows))
        if expected.dtype.kind != "f":
            apart.append(0.0 if np.array_equal(found, expected) else np.inf)
            continue
        scale = max(np.std(expected), np.finfo(np.float32).tiny)
        apart.append(np.max(np.abs(found - expected) / (scale + np.abs(expected))))
    return float(np.max(apart))


def session_of(model):
    given = onnxruntime.SessionOptions()
    given.intra_op_num_threads = 1
    content = model.SerializeToString()
    return onnxruntime.InferenceSession(content, given, providers=["CPUExecutionProvider"])


# Time


def measure_times(options):
    X = load_digits().data
    plain = skae.Autoencoder(8, **QUICK).fit(X)
    whole = make_pipeline(StandardScaler(), skae.Autoencoder(8, **QUICK)).fit(X)
    print(f"{'what':<34}{'rows':>6}{'numpy, us':>12}{'ONNX, us':>12}")
    for name, estimator in (("Autoencoder", plain), ("StandardScaler, Autoencoder", whole)):
        session = session_of(skae.to_onnx(estimator))
        for n_rows in (1, 1000):
            number = 5 if options.quick else 2000 // n_rows + 20
            measure(name, estimator, session, X[:n_rows], number)


def measure(name, estimator, session, rows, number):
    ours, theirs = (
        1e6 * min(call_seconds(answer, number) for _ in range(5))
        for answer in (
            lambda: estimator.transform(rows),
            lambda: session.run(None, {"X": rows}),
        )
    )
    print(f"{name:<34}{len(rows):>6}{ours:>12.1f}{theirs:>12.1f}", end="")
    print(f"  one row <= {BAR:.0f}: {'yes' if theirs <= BAR else 'NO'}" if len(rows) == 1 else "")


if __name__ == "__main__":
    main()
