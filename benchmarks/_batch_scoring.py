"""Scoring of many rows beside the matrix products alone and beside onnxruntime."""

from functools import partial
from importlib.util import find_spec

import numpy as np

from benchmarks._harness import compared, medians, seconds

MOST_OF_PRODUCTS, MOST_OF_ONNX = 2.0, 1.2


def batch_scoring(options):
    """Bars: twice the products in float32, and 1.2 times onnxruntime, of a default encoder."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from skae import Autoencoder

    n_rows, repeats = (1_000, 3) if options.quick else (10_000, 31)
    rows = np.random.default_rng(0).standard_normal((n_rows, 64)).astype(np.float32)
    alone = Autoencoder(max_iter=1, random_state=0)
    pipeline = make_pipeline(StandardScaler(), Autoencoder(max_iter=1, random_state=0))
    for estimator, name in ((alone, "transform"), (pipeline, "transform of a pipeline")):
        estimator.fit(rows[:1000])
        ours, in_double, products, onnx = medians(
            repeats,
            partial(seconds, estimator.transform, rows),
            partial(seconds, estimator.transform, rows.astype(np.float64)),
            partial(seconds, products_of(estimator), rows),
            partial(seconds, onnx_of(estimator), rows),
        )
        what = f"{n_rows:,} x 64 float32, {name}"
        yield compared(what, ours, "its products", products, MOST_OF_PRODUCTS)
        yield compared(f"{n_rows:,} x 64 float64, {name}", in_double, "its products", products)
        if find_spec("onnxruntime") is not None:
            yield compared(what, ours, "onnxruntime", onnx, MOST_OF_ONNX)


def parts_of(estimator):
    """Units of the rows and weights of the encoder of an autoencoder, or of one behind a scaler."""
    steps = estimator[:-1] if hasattr(estimator, "steps") else []
    model = (estimator[-1] if hasattr(estimator, "steps") else estimator)._model
    units = [(step.mean_, step.scale_) for step in steps]
    units += [(model.scaling.mean, model.scaling.scale)]
    names = ("hidden_1/kernel", "hidden_1/bias", "nonlinear/kernel", "linear/kernel", "linear/bias")
    return units, [model.weights[f"encoder_{name}"] for name in names]


def products_of(estimator):
    _, (hidden, _, nonlinear, linear, _) = parts_of(estimator)

    def products(rows):
        return rows @ hidden @ nonlinear, rows @ linear

    return products


def onnx_of(estimator):
    """The encoder as onnxruntime runs it, units of rows included; nothing where it is missing."""
    if find_spec("onnxruntime") is None or find_spec("onnx") is None:
        return lambda rows: None
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    units, weights = parts_of(estimator)
    arrays = dict(zip(("hidden", "bias", "nonlinear", "linear", "offset"), weights, strict=True))
    nodes, rows = [], "rows"
    for place, (mean, scale) in enumerate(units):
        arrays |= {f"mean{place}": np.float32(mean), f"scale{place}": np.float32(scale)}
        nodes.append(("Sub", [rows, f"mean{place}"], f"centred{place}"))
        nodes.append(("Div", [f"centred{place}", f"scale{place}"], rows := f"scaled{place}"))
    nodes += [
        ("Gemm", [rows, "hidden", "bias"], "preactivations"),
        ("Gelu", ["preactivations"], "activations"),
        ("MatMul", ["activations", "nonlinear"], "curved"),
        ("Gemm", [rows, "linear", "offset"], "straight"),
        ("Add", ["curved", "straight"], "code"),
    ]
    sizes = {"rows": weights[0].shape[0], "code": weights[2].shape[1]}
    described = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size])
        for name, size in sizes.items()
    }
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, [output]) for kind, inputs, output in nodes],
        "encoder",
        [described["rows"]],
        [described["code"]],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    options = onnxruntime.SessionOptions()
    # Its idle threads would take the cores from whoever is measured next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def run(rows):
        return session.run(None, {"rows": rows})[0]

    rows = np.random.default_rng(1).standard_normal((50, sizes["rows"])).astype(np.float32)
    np.testing.assert_allclose(run(rows), estimator.transform(rows), rtol=1e-3, atol=1e-4)
    return run


if __name__ == "__main__":
    from benchmarks._harness import parse_options, report

    report([batch_scoring], parse_options(__doc__, None))
