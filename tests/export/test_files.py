"""What a file says of itself, how it is written, and what is refused with a reason."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import skae
from tests.export.shared import QUICK, WINE, answers, check_alike

onnx = pytest.importorskip("onnx", reason="needs skae[onnx]")


def quick(cls=skae.Autoencoder, n_components=3, **parameters):
    return cls(n_components, **{"hidden_layer_sizes": (8,), **QUICK, **parameters})


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(WINE)


def test_a_file_is_what_is_returned(fitted, tmp_path):
    model = skae.to_onnx(fitted, tmp_path / "model.onnx")
    stored = onnx.load(tmp_path / "model.onnx")
    assert stored == model
    check_alike(answers(stored, WINE)[0], fitted.transform(WINE))


def test_equal_estimators_give_equal_bytes(fitted, tmp_path):
    for name in ("first", "second"):
        skae.to_onnx(fitted, tmp_path / name, method=["transform", "score_samples"])
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(fitted, tmp_path):
    skae.save(fitted, tmp_path / "model.skae")
    skae.to_onnx(fitted, tmp_path / "here.onnx")
    code = "import skae; skae.to_onnx(skae.load('model.skae'), 'there.onnx')"
    # Hashes of text differ from process to process.
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=120)
    assert (tmp_path / "here.onnx").read_bytes() == (tmp_path / "there.onnx").read_bytes()


def test_a_file_is_replaced_in_one_step(fitted, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"older")
    skae.to_onnx(fitted, str(path))
    assert onnx.load(path).producer_name == "skae"
    assert os.listdir(tmp_path) == ["model.onnx"]


def test_what_is_refused_leaves_no_file(fitted, tmp_path):
    with pytest.raises(TypeError, match="no method"):
        skae.to_onnx(fitted, tmp_path / "model.onnx", method="predict")
    assert not os.listdir(tmp_path)


def test_it_says_who_wrote_it_and_of_what(fitted):
    model = skae.to_onnx(make_pipeline(StandardScaler(), fitted).fit(WINE))
    about = {each.key: each.value for each in model.metadata_props}
    assert model.producer_name == "skae"
    assert about["skae"] == model.producer_version == skae.__version__
    assert (about["estimator"], about["last_step"]) == ("Pipeline", "Autoencoder")
    assert about["methods"] == "transform"
    assert {each.domain: each.version for each in model.opset_import}[""] == 17


def test_names_types_and_any_number_of_rows(fitted):
    model = skae.to_onnx(fitted, method=["transform", "score_samples"], dtype="float32")
    (given,), found = model.graph.input, model.graph.output
    assert [given.name, *(each.name for each in found)] == ["X", "transform", "score_samples"]
    types = [each.type.tensor_type for each in (given, *found)]
    number, double = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
    assert [each.elem_type for each in types] == [number, number, double]
    assert [dim.dim_value for dim in types[0].shape.dim] == [0, 13]
    for n in (1, 7):
        assert answers(model, WINE[:n].astype(np.float32))[0].shape == (n, 3)


def test_all_that_is_there_is_used(fitted):
    graph = skae.to_onnx(fitted, method=["transform", "reconstruct"]).graph
    used = {name for node in graph.node for name in node.input}
    assert {each.name for each in graph.initializer} <= used
    made = [name for node in graph.node for name in node.output]
    assert set(made) <= used | {each.name for each in graph.output}
    # What two methods have in common is computed once.
    assert sum(node.op_type == "Erf" for node in graph.node) == 2


# What is refused


def test_a_path_that_is_none(fitted, tmp_path):
    with pytest.raises(TypeError, match=r"path is 3, but text or a pathlib.Path"):
        skae.to_onnx(fitted, 3)
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        skae.to_onnx(fitted, tmp_path)


def test_what_is_no_estimator():
    for given in (WINE, skae.Autoencoder):
        with pytest.raises(TypeError, match="is not an estimator"):
            skae.to_onnx(given)


def test_what_is_not_fitted():
    with pytest.raises(NotFittedError):
        skae.to_onnx(quick())


def test_methods_that_make_no_sense(fitted):
    for wrong in (3, [], ["transform", 3]):
        with pytest.raises(TypeError, match="neither the name of a method nor a list"):
            skae.to_onnx(fitted, method=wrong)
    with pytest.raises(ValueError, match="names a method twice"):
        skae.to_onnx(fitted, method=["transform", "transform"])
    with pytest.raises(ValueError, match="to a file of its own"):
        skae.to_onnx(fitted, method=["transform", "inverse_transform"])
    with pytest.raises(ValueError, match=r"method='score' of Autoencoder has no graph. Take 'tran"):
        skae.to_onnx(fitted, method="score")
    with pytest.raises(ValueError, match=r"of PCA has no graph. Take 'transform'"):
        skae.to_onnx(PCA(2).fit(WINE), method="score_samples")


def test_other_types(fitted):
    with pytest.raises(ValueError, match=r"dtype='float16' should be 'float64' or 'float32'"):
        skae.to_onnx(fitted, dtype="float16")


def own_loss(target, output):
    return (target - output) ** 2


def own_network(sample_shape, n_components, hidden_layer_sizes, activation):
    (n_features,) = sample_shape
    import keras

    encoder = keras.Sequential([keras.Input((n_features,)), keras.layers.Dense(n_components)])
    decoder = keras.Sequential([keras.Input((n_components,)), keras.layers.Dense(n_features)])
    return encoder, decoder


def own_activation(x):
    return x * 0.5


@pytest.mark.parametrize(
    ("parameters", "method", "message"),
    [
        ({"network": own_network}, "transform", "its network is your own.*model.export"),
        ({"activation": own_activation}, "transform", "activation .*own_activation.* Fit with one"),
        ({"loss": own_loss}, "score_samples", "its loss is a function.*compare rows yourself"),
    ],
)
def test_code_of_a_users_own(parameters, method, message):
    fitted = quick(**parameters).fit(WINE)
    with pytest.raises(ValueError, match=f"This Autoencoder cannot be exported, as .*{message}"):
        skae.to_onnx(fitted, method=method)


def test_conditional_ones_are_exported_class_by_class():
    y = (WINE[:, 0] > 13).astype(int)
    fitted = quick(skae.VariationalAutoencoder, conditional=True).fit(WINE, y)
    with pytest.raises(ValueError, match=r"it is conditional.*Export given\(y\)"):
        skae.to_onnx(fitted)
    one = fitted.given(1)
    check_alike(answers(skae.to_onnx(one), WINE)[0], one.transform(WINE))


def test_the_mean_over_positions_has_no_graph():
    images = np.random.default_rng(0).standard_normal((20, 8, 8, 1))
    fitted = skae.DenoisingAutoencoder(
        sample_shape=(8, 8, 1), flips="average", hidden_layer_sizes=(2, 2), max_iter=1
    ).fit(images)
    with pytest.raises(ValueError, match=r"mirrored and turned rows.*Fit with flips=True"):
        skae.to_onnx(fitted)


def test_estimators_that_have_no_graph():
    sampler = skae.LatentSampler(PCA(2), random_state=0).fit(WINE)
    with pytest.raises(TypeError, match="LatentSampler has no graph: it draws"):
        skae.to_onnx(sampler)
    table = skae.TableAutoencoder(quick(skae.VariationalAutoencoder, 1)).fit(pd.DataFrame(WINE))
    with pytest.raises(TypeError, match=r"TableAutoencoder has no graph.*ColumnTransformer"):
        skae.to_onnx(table)


def test_a_grid_of_an_imputer():
    X = WINE.copy()
    X[::5, 1] = np.nan
    imputer = skae.ReconstructionImputer(PCA(2), max_iter=1, tol=0.0, grid=0.1, random_state=0).fit(
        X
    )
    with pytest.raises(ValueError, match=r"its grid has no graph.*round what the file answers"):
        skae.to_onnx(imputer)


def test_a_likelihood_of_another_reducer():
    detector = skae.ReconstructionOutlierDetector(PCA(2), scoring="likelihood", random_state=0)
    with pytest.raises(ValueError, match="likelihood of PCA has no graph"):
        skae.to_onnx(detector.fit(WINE))


def test_a_way_back_that_is_not_known():
    fitted = make_pipeline(TruncatedSVD(5, random_state=0), quick()).fit(WINE)
    with pytest.raises(ValueError, match="way back through TruncatedSVD has no graph"):
        skae.to_onnx(fitted, method="inverse_transform")


def root(X):
    return np.sqrt(X)


def test_steps_that_nobody_knows():
    fitted = make_pipeline(FunctionTransformer(root), quick()).fit(WINE)
    with pytest.raises(
        ValueError, match=r"no graph of FunctionTransformer that runs.*Export the steps after"
    ):
        skae.to_onnx(fitted)


def test_columns_whose_types_nobody_knows():
    frame = pd.DataFrame({"a": WINE[:, 0], "kind": np.where(WINE[:, 0] > 13, "x", "y")})
    columns = ColumnTransformer([("n", StandardScaler(), ["a"]), ("k", OneHotEncoder(), ["kind"])])
    fitted = make_pipeline(columns, quick(n_components=2)).fit(frame)
    with pytest.raises(ValueError, match=r"reads columns by their names.*X=frame"):
        skae.to_onnx(fitted)
    with pytest.raises(ValueError, match="X lacks the column 'kind'"):
        skae.to_onnx(fitted, X=frame[["a"]])
    moments = frame.assign(kind=pd.Timestamp("2020-01-01"))
    with pytest.raises(ValueError, match="column 'kind' holds values of type datetime64"):
        skae.to_onnx(fitted, X=moments)


def test_what_to_install(fitted, monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r'pip install "skae\[onnx\]"'):
        skae.to_onnx(fitted)


def test_a_step_that_is_not_fitted(fitted):
    with pytest.raises(NotFittedError, match="StandardScaler"):
        skae.to_onnx(make_pipeline(StandardScaler(), fitted))


def test_a_pipeline_that_does_nothing():
    idle = Pipeline([("nothing", "passthrough")]).fit(WINE)
    with pytest.raises(TypeError, match=r"This Pipeline does nothing\. Pass one with a step"):
        skae.to_onnx(idle)


def test_a_dtype_itself_is_taken(fitted):
    named = skae.to_onnx(fitted, dtype="float32")
    assert skae.to_onnx(fitted, dtype=np.float32).SerializeToString() == named.SerializeToString()
