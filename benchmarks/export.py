"""Files of ONNX beside numpy: one row and a thousand, in double precision, on one thread.

Needs ``onnxruntime`` and ``skae[onnx]``.
"""

import numpy as np
import onnxruntime
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from benchmarks._harness import call_seconds, parse_options

# Microseconds of one row.
BAR = 30.0


def main(argv=None):
    options = parse_options(__doc__, argv)
    X, quick = load_digits().data, {"max_iter": 2, "random_state": 0}
    plain = skae.Autoencoder(8, **quick).fit(X)
    whole = make_pipeline(StandardScaler(), skae.Autoencoder(8, **quick)).fit(X)
    print(f"{'what':<34}{'rows':>6}{'numpy, us':>12}{'ONNX, us':>12}{'apart':>10}")
    for name, estimator in (("Autoencoder", plain), ("StandardScaler, Autoencoder", whole)):
        given = onnxruntime.SessionOptions()
        given.intra_op_num_threads = 1
        content = skae.to_onnx(estimator).SerializeToString()
        session = onnxruntime.InferenceSession(content, given, providers=["CPUExecutionProvider"])
        for n_rows in (1, 1000):
            measure(
                name, estimator, session, X[:n_rows], 5 if options.quick else 2000 // n_rows + 20
            )


def measure(name, estimator, session, rows, number):
    expected, found = estimator.transform(rows), session.run(None, {"X": rows})[0]
    apart = np.max(np.abs(found - expected)) / np.std(expected)
    ours, theirs = (
        1e6 * call_seconds(answer, number)
        for answer in (
            lambda: estimator.transform(rows),
            lambda: session.run(None, {"X": rows}),
        )
    )
    print(f"{name:<34}{len(rows):>6}{ours:>12.1f}{theirs:>12.1f}{apart:>10.1e}", end="")
    print(f"  one row <= {BAR:.0f}: {'yes' if theirs <= BAR else 'NO'}" if len(rows) == 1 else "")


if __name__ == "__main__":
    main()
