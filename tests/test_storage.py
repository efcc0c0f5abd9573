"""Rows that lie in chunks: h5py, zarr and dask."""

import errno

import joblib
import numpy as np
import pytest
from numpy.lib.recfunctions import structured_to_unstructured
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skae import (
    Autoencoder,
    BatchedGridSearchCV,
    ReconstructionOutlierDetector,
    TableAutoencoder,
)
from skae.tables._storage import _blocks, mapped

ROWS = load_digits().data[:400].astype(np.float32)


def quick():
    return Autoencoder(4, hidden_layer_sizes=(8,), max_iter=2, random_state=0)


@pytest.fixture(scope="module")
def of_map(tmp_path_factory):
    """A fit of a memory map, which the same rows in any storage should equal."""
    path = tmp_path_factory.mktemp("rows") / "rows"
    ROWS.tofile(path)
    return quick().fit(np.memmap(path, np.float32, "r", shape=ROWS.shape)).transform(ROWS)


@pytest.fixture
def file(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "rows.h5", "w") as opened:
        yield opened


@pytest.mark.parametrize(
    "options",
    [{}, {"chunks": (70, 9), "compression": "gzip"}, {"dtype": ">f4"}],
    ids=["in one piece", "packed", "other byte order"],
)
def test_a_fit_of_hdf5_is_that_of_a_memory_map(file, of_map, options):
    rows = file.create_dataset("rows", data=ROWS, **options)
    fitted = quick().fit(rows)
    np.testing.assert_array_equal(fitted.transform(ROWS), of_map)
    np.testing.assert_array_equal(fitted.transform(rows), of_map)


def test_a_fit_of_zarr_is_that_of_a_memory_map(tmp_path, of_map):
    zarr = pytest.importorskip("zarr")
    rows = zarr.create_array(str(tmp_path / "rows"), data=ROWS, chunks=(150, 30))
    np.testing.assert_array_equal(quick().fit(rows).transform(rows), of_map)


def test_a_fit_of_dask_is_that_of_a_memory_map(of_map):
    array = pytest.importorskip("dask.array")
    rows = array.from_array(ROWS, chunks=((100, 300), (64,)))
    weights = array.ones(len(ROWS), chunks=50)
    fitted = quick().fit(rows, sample_weight=weights)
    np.testing.assert_array_equal(
        fitted.transform(rows),
        quick().fit(mapped(rows), sample_weight=np.ones(400)).transform(ROWS),
    )
    np.testing.assert_array_equal(quick().fit(rows).transform(ROWS), of_map)


def test_rows_in_their_own_shape_are_flattened(of_map):
    array = pytest.importorskip("dask.array")
    images = array.from_array(ROWS.reshape(-1, 8, 8), chunks=(90, 3, 8))
    fitted = quick().set_params(sample_shape=(8, 8)).fit(images)
    np.testing.assert_array_equal(fitted.transform(ROWS), of_map)


def test_an_application_takes_stored_rows(file):
    rows = file.create_dataset("rows", data=ROWS, chunks=(100, 64))
    detector, as_map = ReconstructionOutlierDetector(quick(), random_state=0), mapped(rows)
    found = detector.fit(rows).score_samples(rows)
    np.testing.assert_array_equal(found, detector.fit(as_map).score_samples(as_map))


def test_missing_values_are_named(file):
    rows = file.create_dataset("rows", data=np.where(ROWS[7] == ROWS, np.nan, ROWS), chunks=True)
    with pytest.raises(ValueError, match=r"contains NaN: column 0"):
        quick().fit(rows)


def test_a_closed_file_is_refused(file):
    rows = file.create_dataset("rows", data=ROWS)
    file.close()
    with pytest.raises(ValueError, match=r"file that was closed. Open the file again"):
        quick().fit(rows)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_structured_arrays_are_refused_with_ways_out_that_work(shape):
    rows = np.zeros(20, [("a", float), ("b", np.float32)])
    rows["a"] = np.arange(20)
    linear = Autoencoder(1, hidden_layer_sizes=(), random_state=0)
    fitted = linear.fit(structured_to_unstructured(rows))
    others = TableAutoencoder().fit, ReconstructionOutlierDetector().fit
    for call in (fitted.fit, fitted.partial_fit, fitted.transform, fitted.score, *others):
        with pytest.raises(ValueError, match=r"fields 'a', 'b', but .*structured_to_unstructured"):
            call(rows.reshape(shape))


def test_groups_are_refused(file, tmp_path):
    zarr = pytest.importorskip("zarr")
    for group in (file, zarr.open_group(str(tmp_path / "group"), mode="w")):
        with pytest.raises(ValueError, match=r"of arrays, but one array of rows was expected"):
            quick().fit(group)


def test_unknown_lengths_are_refused():
    array = pytest.importorskip("dask.array")
    rows = array.from_array(ROWS, chunks=100)
    with pytest.raises(ValueError, match=r"X.compute_chunk_sizes\(\) first"):
        quick().fit(rows[rows[:, 2] > 3])


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (ROWS.astype("S3"), "dtype .S3, but numbers were expected"),
        (ROWS.astype(complex), "dtype complex128"),
        (ROWS[:, 0], "Expected 2D array, got 1D array instead"),
        (ROWS[:0], r"Found array with 0 sample\(s\)"),
        (np.ma.masked_equal(ROWS, 3.0), "values are masked"),
    ],
    ids=["text", "complex", "one axis", "no rows", "masked"],
)
def test_what_is_no_table_of_numbers_is_refused(rows, match):
    array = pytest.importorskip("dask.array")
    with pytest.raises(ValueError, match=match):
        quick().fit(array.from_array(rows, chunks=100))


def test_a_full_disk_is_told_before_rows_are_read(monkeypatch):
    array = pytest.importorskip("dask.array")

    def no_room(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("skae.tables._storage._take_room", no_room)
    with pytest.raises(OSError, match=r"has no room. Name a folder of a larger disk by .* TMPDIR"):
        quick().fit(array.from_array(ROWS, chunks=100))


@pytest.mark.parametrize("chunks", [(7, 5), ((3, 17, 80), (9, 1)), None])
def test_blocks_hold_every_value_once_and_no_chunk_twice(monkeypatch, chunks):
    monkeypatch.setattr("skae.tables._storage._BLOCK_BYTES", 8 * 60)
    counts, sizes = np.zeros((100, 10), int), []
    for place in _blocks((100, 10), chunks, 8):
        counts[place] += 1
        sizes.append(counts[place].size)
    assert (counts == 1).all()
    assert max(sizes) <= (80 * 9 if isinstance((chunks or [0])[0], tuple) else 60)


def test_booleans_are_read_as_numbers():
    array = pytest.importorskip("dask.array")
    rows = mapped(array.from_array(ROWS > 3, chunks=100))
    assert isinstance(rows, np.memmap)
    np.testing.assert_array_equal(rows, ROWS > 3)


def test_an_empty_dataset_is_refused(file):
    h5py = pytest.importorskip("h5py")
    file["nothing"] = h5py.Empty("f8")
    with pytest.raises(ValueError, match="X is an empty dataset"):
        quick().fit(file["nothing"])


def test_numbers_in_words_of_hdf5_have_a_way_out_that_works(file):
    file["words"] = np.array([b"1.5", b"2", b"3", b"4"]).reshape(2, 2)
    with pytest.raises(ValueError, match=r"X\[:\]\.astype\(float\) does"):
        quick().fit(file["words"])
    np.testing.assert_array_equal(file["words"][:].astype(float), [[1.5, 2], [3, 4]])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_search_takes_chunks_of_zarr(backend):
    zarr = pytest.importorskip("zarr")
    search = BatchedGridSearchCV(PCA(), {"n_components": [1, 3]}, cv=2)
    expected = search.fit(ROWS).cv_results_["mean_test_score"]
    with joblib.parallel_config(backend, n_jobs=2):
        found = search.fit(zarr.array(ROWS, chunks=(150, 30))).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(found, expected)
