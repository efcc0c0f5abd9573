"""Files that somebody made who means harm, with a checksum that fits; and the names in files."""

import time
import tracemalloc

import numpy as np
import pytest
import sklearn
from sklearn.decomposition import PCA
from sklearn.exceptions import InconsistentVersionWarning

import skae
from skae.exceptions import OtherVersionWarning
from skae.persistence import _layout, _library_types
from skae.persistence._describing import described
from skae.persistence._names import Names
from skae.states import FORMAT

from .shared import fitted, hostile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "estimator.skae"


A = np.arange(4.0)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([["named", "builtins.eval"]], "names builtins.eval"),
        ([["named", "skae.import_module"]], "names skae.import_module"),
        ([["made", "os.system", ["true"], None]], "names os.system"),
        ([["object", "skae.drafts.write_together", None]], "names skae.drafts.write_together"),
        ([["object", "skae.networks._custom.Builder", None]], "names skae.networks"),
        ([["made", "sklearn.decomposition._pca.PCA", [], None]], r"sklearn\.decomposition"),
        ([["array", 0, "<f8", [10**12]]], "32 bytes are no float64"),
        ([["array", 0, "<U0", [10**12]]], "32 bytes are no"),
        ([["array", 0, "|O", [4]]], "32 bytes are no object"),
        ([["array", 0, "<f8", [-2, -2]]], "shape"),
        ([["array", 3, "<f8", [4]]], "cannot be loaded"),
        ([["objects", [10**9], []]], "0 values are no array"),
        ([["nothing", 1]], "cannot be loaded"),
        ([["list", [{"n": 0}]]], "cannot be loaded"),
        ([["list", [{"n": -1}]]], "no part is at -1"),
        ([["dtype", "<f8"], ["array", 0, "<U1", [8]]], "no character"),
        ([["object", "sklearn.nothing.Nothing", None]], "names sklearn.nothing"),
    ],
)
def test_hostile_files_are_refused(nodes, message, path):
    path.write_bytes(hostile(nodes, [A]))
    with pytest.raises(ValueError, match=message):
        skae.load(path)


def test_references_that_multiply_take_no_memory(path):
    """Two to the power of 190 leaves, if they were copied."""
    nodes = [["list", []], *(["list", [{"n": i}, {"n": i}]] for i in range(190))]
    values = [{"n": 190}, sklearn.__version__]
    nodes += [["dict", "dict", ["note_", "_sklearn_version"], values]]
    nodes += [["object", "sklearn.decomposition._pca.PCA", {"n": 191}]]
    path.write_bytes(hostile(nodes))
    tracemalloc.start()
    start = time.perf_counter()
    skae.load(path)
    assert time.perf_counter() - start < 1
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def test_nodes_are_refused_before_the_next_is_read(path):
    """Read whole, megabytes of text take hundreds of memory."""
    nodes = [["tuple", []], *(["tuple", [{"n": i}]] for i in range(100_000))]
    path.write_bytes(hostile(nodes))
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(ValueError, match="nest more than 200 levels deep"):
        skae.load(path)
    assert time.perf_counter() - start < 1
    assert tracemalloc.get_traced_memory()[1] < 5 * path.stat().st_size
    tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        '{"root":0,"nodes":[]}',
        '{"nodes":[],"root":0',
        '{"nodes":[],"root":0}]',
        '{"nodes":[1],"root":0}',
        '{"nodes":[[]],"root":0}',
        '{"nodes":[["list",[]]["list",[]]],"root":0}',
        '{"nodes":[["list",[]],],"root":0}',
        '{"nodes":[[["list"],[]]],"root":0}',
        "[]",
        "",
    ],
)
def test_what_is_no_description_is_refused(text, path):
    path.write_bytes(_layout.packed({"format": str(FORMAT)}, text, {}))
    with pytest.raises(ValueError, match="cannot be loaded"):
        skae.load(path)


@pytest.mark.parametrize("wrong", ["0", "-5", "NaN", "one", "99"])
def test_formats_that_are_not_there_are_refused(wrong, path):
    text, arrays = described(PCA(), Names())
    path.write_bytes(_layout.packed({"format": wrong}, text, arrays))
    with pytest.raises(ValueError, match="format"):
        skae.load(path)


# Names


def test_all_names_are_there():
    names = Names()
    by_module = [_library_types.CLASSES, _library_types.TYPES, _library_types.MADE]
    for listed in (*by_module, _library_types.FUNCTIONS):
        for module, several in listed.items():
            for name in several.split():
                assert names.found(f"{module}.{name}") is not None


def test_what_has_moved_names_the_versions(path):
    nodes = [["object", "skae.gone.Gone", None]]
    path.write_bytes(hostile(nodes))
    with pytest.raises(ValueError, match=r"names skae\.gone\.Gone"):
        skae.load(path)
    with pytest.raises(ValueError, match=r"not there in this installation.*written with skae 0"):
        skae.load(path, trusted=["skae.gone.Gone"])


def test_another_version_is_told_as_scikit_learn_does(path, monkeypatch):
    monkeypatch.setattr("skae.states._stamp.versions", lambda: {"skae": "0", "scikit-learn": "0"})
    skae.save(fitted("Autoencoder"), path)
    monkeypatch.undo()
    with pytest.warns(InconsistentVersionWarning) as caught:
        skae.load(path)
    assert {each.category for each in caught} == {OtherVersionWarning}
    told = [str(each.message) for each in caught]
    assert told[0].startswith("Autoencoder was stored with skae 0, and")
    assert told[1].startswith("Autoencoder was stored with scikit-learn 0, and")
