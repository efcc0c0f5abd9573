"""A stored model comes back as it was, or is refused in plain words."""

import io
import json
import pickle
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io

import skae
from skae.cli._models import table_models
from skae.cli._stored import categories_of, load_model, plain_frame
from skae.persistence import content_of


@pytest.fixture(scope="module")
def frame():
    n = np.arange(40)
    frame = pd.DataFrame(
        {
            "number": np.exp(n / 4.0),
            "whole": n % 7,
            "nullable": pd.array(n % 5, dtype="Int64"),
            "level": pd.Categorical(np.array(["a", "b", "c", "d"])[n % 4]),
            "text": pd.array(np.array(["x", "y", "z"])[n % 3], dtype="str"),
            "truth": n % 2 == 0,
            "truth or none": pd.array(n % 3 == 0, dtype="boolean"),
            "day": pd.date_range("2020-01-01", periods=40).as_unit("us"),
            "moment": pd.date_range("2020-01-01", periods=40, freq="7h", tz="Europe/Berlin"),
            "span": pd.to_timedelta(n % 11, "h"),
            "empty": np.nan,
            "same": "k",
        }
    )
    frame.loc[::6, ["number", "level", "truth or none", "day"]] = None
    return frame


@pytest.fixture(scope="module")
def stored(frame):
    """A model of each kind that can be asked for."""
    categorical = categories_of(frame)
    plain = plain_frame(frame, categorical)
    models = {}
    for name, make in table_models().items():
        model = skae.TableAutoencoder(
            make(2, max_iter=1), categorical_features=categorical, random_state=0
        )
        models[name] = model.fit(plain)
    return models


def test_truth_values_are_what_pandas_reads_from_text(frame):
    truths = frame[["truth", "truth or none"]]
    read = pd.read_csv(io.StringIO(truths.to_csv(index=False)))
    plain = plain_frame(frame, categories_of(frame))
    pd.testing.assert_frame_equal(plain[list(truths)], read, check_dtype=True)


def test_files_name_only_what_is_trusted(stored):
    files = map(skops.io.dumps, stored.values())
    named = {name for data in files for name in skops.io.get_untrusted_types(data=data)}
    assert named <= set(skae.skops_trusted())


def test_lists_are_no_text():
    frame = pd.DataFrame({"a": [[1], [2]], "b": ["x", None]})
    plain = plain_frame(frame, ["a", "b"])
    assert plain["a"].tolist() == [[1], [2]]
    assert plain["b"][0] == "x"
    assert plain["b"].isna().tolist() == [False, True]


@pytest.mark.parametrize("write", [content_of, skops.io.dumps])
@pytest.mark.parametrize("name", table_models())
def test_a_model_comes_back_as_it_was(name, write, stored, frame, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(write(stored[name]))
    model = load_model(path)
    plain = plain_frame(frame, model.categorical_features)
    np.testing.assert_array_equal(model.transform(plain), stored[name].transform(plain))
    assert type(model.autoencoder_).__name__.lower() == name


def zeros(content):
    array = np.load(io.BytesIO(content))
    return stored_array(np.zeros_like(array)) if array.dtype.kind == "f" else content


def nothing(content):
    array = np.load(io.BytesIO(content))
    return stored_array(np.full_like(array, np.nan)) if array.dtype.kind == "f" else content


def longer(content):
    array = np.load(io.BytesIO(content))
    return stored_array(np.concatenate([array, array])) if array.dtype.kind == "f" else content


def stored_array(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("spoil", "schema", "reason"),
    [
        (zeros, None, "missing or cannot be read"),
        (nothing, None, "missing or cannot be read"),
        (longer, None, "missing or cannot be read"),
        (lambda content: bytes(len(content)), None, "missing or cannot be read"),
        (lambda content: None, None, "does not say what it consists of"),
        (None, [], "it does not say what it consists of"),
        (None, None.__class__, "it does not say what it consists of"),
    ],
)
def test_a_damaged_model_is_refused_in_plain_words(spoil, schema, reason, stored, tmp_path):
    path = tmp_path / "model.skops"
    whole = zipfile.ZipFile(io.BytesIO(skops.io.dumps(stored["variationalautoencoder"])))
    with zipfile.ZipFile(path, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name)
            if name.endswith(".npy") and spoil is not None:
                content = spoil(content)
            if name == "schema.json" and schema is not None:
                content = json.dumps(schema if schema == [] else None).encode()
            if content is not None:
                archive.writestr(name, content)
    with pytest.raises(ValueError, match=reason) as refused:
        load_model(path)
    assert re.search(r"\b(dict|list|NoneType|KeyError|npy|indices)\b", str(refused.value)) is None


def test_a_file_that_unpacks_to_many_times_its_size_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 2**24)
    with pytest.raises(ValueError, match="many times its size"):
        load_model(path)


@pytest.mark.parametrize("write", [content_of, skops.io.dumps])
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda model: vars(model._encoding).update(unit=np.nan), "values that are no numbers"),
        (lambda model: vars(model.autoencoder_._model.scaling).update(unit=0.0), "not above 0"),
    ],
)
def test_what_is_stored_as_it_cannot_be_is_refused(spoil, reason, write, stored, tmp_path):
    """With a checksum that fits: somebody made it so."""
    path = tmp_path / "model"
    model = pickle.loads(pickle.dumps(stored["autoencoder"]))
    spoil(model)
    path.write_bytes(write(model))
    with pytest.raises(ValueError, match=reason):
        load_model(path)
