"""Parts of skae's own estimators that no fit leaves: refused by all that reads them."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import skops.io
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline

import skae
from skae.cli._soundness import unsound
from skae.cli._stored import load_model
from skae.mixtures import CodeMixture

from .shared import fitted


def encoding_of(table, **parts):
    return {"_encoding": replace(table._encoding, **parts)}


def first(columns, **values):
    """The first column with other values, beside the others as they are."""
    (name, column), *others = columns.items()
    return {name: replace(column, **values), **dict(others)}


def with_numbers(**values):
    return lambda table: encoding_of(table, numbers=first(table._encoding.numbers, **values))


def with_categories(**values):
    return lambda table: encoding_of(table, categories=first(table._encoding.categories, **values))


def swapped(columns):
    """Columns with the names of each other."""
    return dict(zip(reversed(columns), columns.values(), strict=True))


NAN = float("nan")
OTHER_CODES = CodeMixture(np.ones(1), np.zeros((1, 1), np.float32), np.zeros((0, 1), np.float32))
CHANGES = {
    "an autoencoder that is a number": (lambda table: {"autoencoder_": 5}, "is a int"),
    "a Pipeline": (lambda table: {"autoencoder_": Pipeline([("a", PCA())])}, "is a Pipeline"),
    "one that is not fitted": (
        lambda table: {"autoencoder_": skae.Autoencoder()},
        "that is not fitted",
    ),
    "no encoding": (lambda table: {"_encoding": None}, "an encoding is a NoneType"),
    "another width": (lambda table: {"n_components_": 77}, "n_components_ is 77"),
    "another number of columns": (lambda table: {"n_features_in_": 2}, "n_features_in_ is 2"),
    "a unit of nothing": (with_numbers(unit=0.0), "the unit of a column is 0.0"),
    "a centre of NaN": (with_numbers(centre=NAN), "centre of a column is nan"),
    "a range of text": (with_numbers(lowest="a"), "lowest of a column is 'a'"),
    "no range": (with_numbers(lowest=1e9), "a column of no range"),
    "another kind": (with_numbers(kind="text"), "numbers that are none"),
    "names of each other": (
        lambda table: encoding_of(table, numbers=swapped(table._encoding.numbers)),
        "not in the order of the table",
    ),
    "a column less": (
        lambda table: encoding_of(table, numbers=dict([*table._encoding.numbers.items()][1:])),
        "missing flags of no column|nothing is known of",
    ),
    "levels of nothing": (with_categories(levels=()), "without levels"),
    "levels in a list": (with_categories(levels=["a", "b", "c"]), "levels are a list"),
    "shares of nothing": (with_categories(shares=np.ones(3)), "shares of rare levels is of shape"),
    "usual errors of NaN": (
        lambda table: {
            "_usual": replace(table._usual, losses=np.full_like(table._usual.losses, NAN))
        },
        "usual losses holds values",
    ),
    "no errors of holes": (lambda table: {"_holes": 5}, "errors of holes are a int"),
    "codes of others": (
        lambda table: {"_mixture": OTHER_CODES},
        "a mixture of other codes",
    ),
}


def changed(estimator, attributes):
    made = copy.deepcopy(estimator)
    vars(made).update(attributes)
    return made


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_tables_that_no_fit_leaves_are_refused(change, message, tmp_path):
    table = fitted("TableAutoencoder")
    hostile = changed(table, change(table))
    skae.save(hostile, tmp_path / "table.skae")
    with pytest.raises(ValueError, match=message):
        skae.load(tmp_path / "table.skae")
    with pytest.raises(ValueError, match=message):
        skops.io.loads(skops.io.dumps(hostile), trusted=skae.skops_trusted())
    assert unsound(hostile) == "its parts are not those of such a model"


def test_the_command_asks_nothing_of_what_is_no_model(tmp_path):
    """An attribute that hides a method, and an autoencoder that would be called."""
    table = fitted("TableAutoencoder")
    for attributes in (
        {"autoencoder_": Pipeline([("a", PCA())]), "sample": print},
        {"sample": 5},
        {"autoencoder_": changed(table.autoencoder_, {"transform": 5})},
    ):
        hostile = changed(table, attributes)
        assert unsound(hostile) == "its parts are not those of such a model"
    path = tmp_path / "model.skops"
    skops.io.dump(changed(table, {"sample": 5}), path)
    with pytest.raises(ValueError, match=r"model\.skops: cannot be loaded"):
        load_model(path)


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        ("ReconstructionOutlierDetector.error", {"offset_": NAN}, "offset_ is nan"),
        ("ReconstructionOutlierDetector.error", {"offset_": "x"}, "offset_ is 'x'"),
        ("ReconstructionOutlierDetector.error", {"_panel": PCA()}, "without its judges"),
        ("ReconstructionOutlierDetector.error", {"reducers_": [np.eye(2)]}, "is a ndarray"),
        ("LatentCodec.pca", {"fingerprint_": "zz"}, "no 16 hexadecimal digits"),
        ("LatentCodec.pca", {"fingerprint_": 5}, "no 16 hexadecimal digits"),
        ("LatentCodec.pca", {"n_components_": 3}, "n_components_ is 3"),
        ("LatentCodec.pca", {"step_": 3.0}, "not its quantiser's"),
        ("LatentCodec.pca", {"reducer_": 5}, "the reducer of a codec is a int"),
        ("LatentSampler", {"density_": {}}, "the density of a sampler is a dict"),
        ("ReconstructionImputer", {"reducers_": [5]}, "the reducer of an imputer is a int"),
        ("AutoencoderClassifier", {"autoencoder_": 5}, "an autoencoder is a int"),
        ("AutoencoderRegressor", {"_head": {"a": 5}}, "the weight a of a head is a int"),
    ],
)
def test_applications_that_no_fit_leaves_are_refused(name, attributes, message, tmp_path):
    skae.save(changed(fitted(name), attributes), tmp_path / "estimator.skae")
    with pytest.raises(ValueError, match=message):
        skae.load(tmp_path / "estimator.skae")
