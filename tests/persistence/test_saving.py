"""Files of skae.save: whole estimators, the same bits, and nothing that is not listed."""

import json
import os
import struct
import subprocess
import sys
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils import Bunch

import skae
from skae.persistence._describing import described
from skae.persistence._names import Names
from skae.persistence._rebuilding import rebuilt

from .shared import KEPT, QUICK, fitted, rows

X = rows()
Y = (X[:, 0] > 0).astype(int)


def quick():
    return skae.Autoencoder(2, **QUICK)


def through_a_file(estimator, path, **options):
    skae.save(estimator, path, **options)
    return skae.load(path, **options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "estimator.skae"


# What comes back


@pytest.mark.parametrize(
    "name",
    [
        "Autoencoder.compressed",
        "LatentCodec.pca",
        "ReconstructionOutlierDetector.mahalanobis",
        "TableAutoencoder",
        "pipeline.columns",
        "pipeline.search",
    ],
)
def test_an_estimator_answers_with_the_same_bits(name, path):
    again = through_a_file(fitted(name), path)
    for answer, expected in KEPT[name].answers(fitted(name)).items():
        np.testing.assert_array_equal(KEPT[name].answers(again)[answer], expected)


@pytest.mark.parametrize(
    "last",
    [
        LinearDiscriminantAnalysis(),
        LogisticRegression(),
        SGDClassifier(),
    ],
    ids=lambda last: type(last).__name__,
)
def test_what_scikit_learn_puts_behind_a_code(last, path):
    code = make_union(FunctionTransformer(), PCA(2))
    pipeline = make_pipeline(StandardScaler(), code, last).fit(X, Y)
    again = through_a_file(pipeline, path)
    np.testing.assert_array_equal(again.predict(X), pipeline.predict(X))


@pytest.mark.parametrize(
    ("last", "trusted"),
    [
        (
            RandomForestClassifier(3),
            [
                "sklearn.ensemble._forest.RandomForestClassifier",
                "sklearn.tree._classes.DecisionTreeClassifier",
                "sklearn.tree._tree.Tree",
            ],
        ),
        (
            KNeighborsClassifier(algorithm="brute"),
            ["sklearn.neighbors._classification.KNeighborsClassifier"],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_compiled_code_is_trusted_by_name(last, trusted, path):
    pipeline = make_pipeline(StandardScaler(), last).fit(X, Y)
    with pytest.raises(TypeError, match=rf"steps\[1\]\[1\] is or holds {trusted[0]}"):
        skae.save(pipeline, path)
    again = through_a_file(pipeline, path, trusted=trusted)
    np.testing.assert_array_equal(again.predict(X), pipeline.predict(X))


def test_a_search_keeps_its_results(path):
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, scoring="roc_auc", cv=2)
    search.fit(X, Y)
    again = through_a_file(search, path)
    assert again.best_params_ == search.best_params_
    assert again.cv_results_["param_C"].tolist() == [0.1, 1.0]
    assert again.score(X, Y) == search.score(X, Y)


def test_what_is_one_object_stays_one(path):
    shared = PCA(2).fit(X)
    again = through_a_file(make_union(shared, shared), path)
    assert again.transformer_list[0][1] is again.transformer_list[1][1]


def values():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(3, 4))
    record = np.zeros(2, [("a", "<i4"), ("b", "<f8", (2,))])
    yield from (None, True, 3, -(10**30), 0.1, np.inf, "text \ud800", b"\0\1", 1 + 2j)
    yield from ([1, [2.5, "a"]], (1,), {3, "b"}, frozenset({1}), {"a": 1, 2: None, (1, "x"): 2.0})
    yield from (OrderedDict(a=1), Bunch(b=2), slice(1, None, 2), np.float32(0.1), np.int8(3))
    yield from (np.bool_(True), np.str_("é"), np.datetime64("2020-01-01"), np.dtype("<f4"))
    yield from (
        numbers,
        numbers.T,
        numbers[:, ::2],
        np.float64(2)[()],
        np.array(5),
        np.empty((0, 3)),
    )
    yield from (numbers.astype("f2"), numbers.astype(">f4"), numbers > 0, numbers * 1j, record)
    yield from (np.array(["é", "xyz"]), np.array([b"a"]), np.array(["2020"], "M8[D]"))
    yield np.array([None, "a", 1.5, [1]], dtype=object).reshape(2, 2)
    yield np.ma.MaskedArray([1, 2], [True, False])
    yield from (np.float64, int, bool)


@pytest.mark.parametrize("value", list(values()), ids=lambda value: type(value).__name__)
def test_values_come_back_as_they_were(value):
    text, arrays = described(value, Names())
    again = rebuilt(text, list(arrays.values()), Names())
    assert type(again) is type(value)
    if isinstance(value, np.ndarray):
        assert again.dtype == value.dtype
        assert again.shape == value.shape
        is_fortran = value.flags.f_contiguous and not value.flags.c_contiguous
        assert again.flags.f_contiguous or not is_fortran
        np.testing.assert_array_equal(again, value)
    else:
        assert again == value or value is None


def test_sparse_matrices_and_generators_come_back():
    matrix = sparse.random_array((5, 4), density=0.5, rng=0).tocsr()
    generator = np.random.RandomState(3)
    generator.normal()
    text, arrays = described([matrix, generator], Names())
    again, same = rebuilt(text, list(arrays.values()), Names())
    np.testing.assert_array_equal(again.toarray(), matrix.toarray())
    assert same.normal() == generator.normal()


def test_any_reader_of_safetensors_finds_the_arrays(path):
    """By its specification: a length, a header in JSON, and bytes without holes."""
    fitted_scaler = StandardScaler().fit(X)
    skae.save(fitted_scaler, path)
    data = path.read_bytes()
    (n_header,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + n_header])
    about = header.pop("__metadata__")
    assert about["skae"] == skae.__version__
    entry = header["mean_"]
    assert entry["dtype"] == "F64"
    start, end = (8 + n_header + offset for offset in entry["data_offsets"])
    np.testing.assert_array_equal(np.frombuffer(data[start:end], "<f8"), fitted_scaler.mean_)
    spans = sorted(entry["data_offsets"] for entry in header.values())
    assert [b for _, b in spans] == [*(a for a, _ in spans[1:]), len(data) - 8 - n_header]


# What is refused


class Own(StandardScaler):
    """A class of a user's own."""


def test_a_class_of_ones_own_is_refused_with_its_name_and_the_way_out(path):
    pipeline = make_pipeline(Own(), PCA(2)).fit(X)
    name = f"{Own.__module__}.Own"
    with pytest.raises(TypeError, match=rf"steps\[0\]\[1\] is or holds {name}.*trusted=\['{name}"):
        skae.save(pipeline, path)
    assert not path.exists()
    skae.save(pipeline, path, trusted=[Own])
    with pytest.raises(ValueError, match=rf"names {name}, which is no type.*trusted=\['{name}'"):
        skae.load(path)
    again = skae.load(path, trusted=[Own])
    assert type(again[0]) is Own
    np.testing.assert_array_equal(again.transform(X), pipeline.transform(X))


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (FunctionTransformer(lambda X: X), "FunctionTransformer, which calls a function"),
        (PCA, "is no estimator"),
        (np.eye(2), "is no estimator"),
        (SVC().fit(X, Y), "sklearn.svm._classes.SVC"),
        (skae.Autoencoder(callbacks=[print]), r"callbacks\[0\] is or holds builtins.print"),
    ],
)
def test_what_files_do_not_hold(estimator, named, path):
    with pytest.raises(TypeError, match=named):
        skae.save(estimator, path)
    assert not path.exists()


def test_what_is_trusted_by_name_is_made_as_pickle_would(path):
    trusted = ["sklearn.svm._classes.SVC"]
    model = SVC().fit(X, Y)
    again = through_a_file(model, path, trusted=trusted)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def network(sample_shape, n_components, hidden_layer_sizes, activation):
    import keras

    encoder, decoder = keras.Input(sample_shape), keras.Input((n_components,))
    code = keras.layers.Dense(n_components)(encoder)
    return keras.Model(encoder, code), keras.Model(decoder, keras.layers.Dense(6)(decoder))


def test_a_network_of_ones_own_is_trusted_by_name(path):
    trusted = [
        "skae.networks._custom.Builder",
        "skae.networks._custom.CustomNetwork",
        f"{__name__}.network",
    ]
    options = {"max_iter": 1, "early_stopping": False, "random_state": 0}
    own = skae.Autoencoder(2, network=network, **options).fit(X)
    with pytest.raises(TypeError, match=rf"network is or holds {trusted[2]}"):
        skae.save(own, path)
    again = through_a_file(own, path, trusted=trusted)
    np.testing.assert_array_equal(again.transform(X), own.transform(X))


@pytest.mark.parametrize("trusted", ["my_module.MyScaler", [3]])
def test_what_is_trusted_is_a_list_of_names(trusted, path):
    with pytest.raises(TypeError, match="trusted"):
        skae.save(PCA(), path, trusted=trusted)


def test_an_object_that_holds_itself_is_refused(path):
    held = PCA()
    held.itself_ = [held]
    with pytest.raises(TypeError, match=r"itself_\[0\] holds itself"):
        skae.save(held, path)


def test_no_byte_can_change_unseen(path):
    skae.save(fitted("pipeline"), path)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    for place in [*range(0, 200), *rng.integers(len(data), size=200)]:
        spoilt = bytearray(data)
        spoilt[place] ^= 1 << rng.integers(8)
        path.write_bytes(spoilt)
        with pytest.raises(ValueError, match=r"is damaged|no file that skae\.save wrote"):
            skae.load(path)
    for other in (data[:-1], data + b"\0", data[:100]):
        path.write_bytes(other)
        with pytest.raises(ValueError, match="is damaged"):
            skae.load(path)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\3\4" * 50, b"\x80\4" + bytes(90)])
def test_other_files_are_refused(content, path):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"no file that skae\.save wrote"):
        skae.load(path)


def test_a_file_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        skae.load(tmp_path / "nothing.skae")
    with pytest.raises(IsADirectoryError, match="is a directory"):
        skae.save(PCA(), tmp_path)


# How files come about


def test_a_save_that_fails_leaves_the_file_as_it_was(path, monkeypatch):
    skae.save(PCA(2), path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        skae.save(PCA(3), path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_link_stays_a_link_and_a_file_as_private_as_it_was(tmp_path):
    target, link = tmp_path / "target.skae", tmp_path / "link.skae"
    skae.save(PCA(2), target)
    target.chmod(0o600)
    link.symlink_to(target)
    skae.save(PCA(3), link)
    assert link.is_symlink()
    assert skae.load(target).n_components == 3
    assert target.stat().st_mode & 0o777 == 0o600


SAVE_AND_SAVE = """
import sys
import os, signal, time
import numpy as np
from sklearn.decomposition import PCA
import skae
model = PCA(2).fit(np.random.default_rng(0).normal(size=(300, 3000)))
for delay in (0.0, 0.005, 0.01, 0.02, 0.05):
    ready, is_ready = os.pipe()
    process = os.fork()
    if not process:
        os.write(is_ready, b"!")
        while True:
            skae.save(model, sys.argv[1])
    os.read(ready, 1)
    time.sleep(delay)
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert skae.load(sys.argv[1]).n_components == 2
"""


@pytest.mark.skipif(os.name != "posix", reason="processes are killed by signals of POSIX")
def test_a_killed_save_leaves_a_whole_file_and_the_next_save_no_drafts(path):
    skae.save(PCA(2), path)
    subprocess.run([sys.executable, "-W", "ignore", "-c", SAVE_AND_SAVE, path], check=True)
    skae.save(PCA(2), path)
    assert os.listdir(path.parent) == [path.name]


LOAD = """
import sys
import numpy as np
import skae
skae.load(sys.argv[1]).transform(np.zeros((1, 6)))
assert not {"tensorflow", "keras", "skops", "pickletools"} & set(sys.modules)
"""


@pytest.mark.slow
def test_loading_and_scoring_load_no_tensorflow(path):
    skae.save(fitted("pipeline"), path)
    subprocess.run([sys.executable, "-c", LOAD, path], check=True)


# Where files may go


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_draft_of_a_private_file_is_private_from_its_first_byte(path, monkeypatch):
    modes, fsync = [], os.fsync
    skae.save(PCA(2), path)
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    path.chmod(0o640)
    opened = os.open

    def open_and_look(name, *arguments, **options):
        found = opened(name, *arguments, **options)
        modes.append(os.fstat(found).st_mode & 0o777)
        return found

    monkeypatch.setattr(os, "open", open_and_look)
    monkeypatch.setattr(os, "fsync", lambda file: fsync(file))
    skae.save(PCA(3), path)
    assert modes == [0o600]
    assert path.stat().st_mode & 0o777 == 0o640


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("trusted", [True, 3])
def test_trust_is_by_names(path, trusted):
    skae.save(PCA(2), path, trusted=None)
    assert skae.load(path, trusted=None).n_components == 2
    with pytest.raises(TypeError, match=rf"trusted={trusted} should be a list of names"):
        skae.load(path, trusted=trusted)
    with pytest.raises(TypeError, match=r"each is trusted by its name\. Leave it out"):
        skae.save(PCA(3), path, trusted=trusted)


def test_a_file_that_is_read_only_is_left_alone(tmp_path, monkeypatch):
    target, link = tmp_path / "target.skae", tmp_path / "link.skae"
    skae.save(PCA(2), target)
    link.symlink_to(target)
    target.chmod(0o444)
    for path in target, link:
        with pytest.raises(PermissionError, match="is read-only; make it writable, or name"):
            skae.save(PCA(3), path)
    target.chmod(0o644)
    with monkeypatch.context() as patch:  # of another user
        patch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(PermissionError, match="read-only"):
            skae.save(PCA(3), target)
    assert skae.load(target).n_components == 2
    assert sorted(os.listdir(tmp_path)) == ["link.skae", "target.skae"]
    skae.save(PCA(3), target)
    assert skae.load(target).n_components == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_what_is_no_file_is_not_replaced(tmp_path):
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    with pytest.raises(OSError, match=r"pipe is no file but.*Name a file"):
        skae.save(PCA(2), pipe)
    with pytest.raises(OSError, match="lead to one another; name a file"):
        skae.save(PCA(2), loop)
    with pytest.raises(OSError, match="is no file but"):
        skae.save(PCA(2), os.devnull)
    assert pipe.is_fifo()
    assert loop.is_symlink()


def test_a_link_to_a_file_that_is_not_there_yet_leads_to_it(tmp_path):
    link = tmp_path / "link.skae"
    link.symlink_to(tmp_path / "target.skae")
    skae.save(PCA(2), link)
    assert link.is_symlink()
    assert skae.load(tmp_path / "target.skae").n_components == 2


@pytest.mark.parametrize("wrong", [b"estimator.skae", 5, None])
def test_a_path_is_text_or_a_path(wrong):
    with pytest.raises(TypeError, match=r"path is .*but text or a pathlib\.Path was expected"):
        skae.save(PCA(2), wrong)
    with pytest.raises(TypeError, match=r"path is .*but text or a pathlib\.Path was expected"):
        skae.load(wrong)


# Arrays


def kept(value):
    text, arrays = described(value, Names())
    return rebuilt(text, list(arrays.values()), Names())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones((1, 1)).view(np.matrix), r"numpy\.matrix.*numpy\.array\(\.\.\.\)"),
        (np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), r"numpy\.(rec\.)?recarray"),
        (np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])[0], r"numpy\.(rec\.)?record"),
        (np.longdouble(1), "is or holds an array of float128, which no file"),
        (np.ones(2, np.longdouble), "is or holds an array of float128, which no file"),
        (np.zeros(1, [("a", "O")]), "is or holds an array of "),
    ],
    ids=lambda value: type(value).__name__,
)
def test_arrays_of_other_kinds_are_refused_with_the_attribute(value, message):
    if "float128" in message and np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("long floats are those of 64 bits")
    held = StandardScaler()
    held.q_ = value
    with pytest.raises(
        TypeError, match=rf"q_ is or holds .*{message.removeprefix('is or holds ')}"
    ):
        described(held, Names())


@pytest.mark.parametrize(
    "value",
    [
        np.ma.MaskedArray([1.0, 2.0], [0, 1], fill_value=7.0, hard_mask=True),
        np.ma.MaskedArray([1.0, 2.0]),
        np.ma.MaskedArray(["a", "b"], [0, 1], fill_value="N/A"),
        np.ma.MaskedArray(np.array([None, "a"], object), [1, 0], fill_value="?"),
        np.ma.MaskedArray(np.array([None, "a"], object), [1, 0], fill_value=None),
        np.ma.MaskedArray(np.array(["2020", "2021"], "M8[Y]"), [1, 0]),
        np.ma.MaskedArray(np.zeros(2, [("a", "i4"), ("b", "f8")]), [(0, 1), (1, 1)]),
    ],
    ids=lambda value: value.dtype.kind,
)
def test_masked_arrays_keep_what_fills_them(value):
    again = kept(value)
    assert type(again) is np.ma.MaskedArray
    assert again.dtype == value.dtype
    assert again.hardmask == value.hardmask
    assert (again.mask is np.ma.nomask) == (value.mask is np.ma.nomask)
    assert str(again.fill_value) == str(value.fill_value)
    assert again.tolist() == value.tolist()


def test_arrays_of_objects_keep_their_order():
    value = np.asfortranarray(np.array([[1, "a", None], [2.0, (1,), "b"]], dtype=object))
    again = kept(value)
    assert again.flags.f_contiguous
    assert not again.flags.c_contiguous
    assert again.tolist() == value.tolist()


# Dates and decimals


@pytest.mark.parametrize(
    "value",
    [
        date(2020, 2, 29),
        datetime(2020, 1, 2, 3, 4, 5, 6),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
        time(23, 59),
        timedelta(-3, 5, 7),
        Decimal("1.50"),
        Decimal("-0E+5"),
        Decimal("sNaN12"),
    ],
    ids=repr,
)
def test_dates_and_decimals_come_back(value):
    again = kept(value)
    assert type(again) is type(value)
    assert repr(again) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC")),
        datetime(2020, 1, 1, tzinfo=timezone(timedelta(0), "a name")),
        time(1, fold=1),
        Decimal("1" * 2000),
    ],
    ids=["zone", "name", "fold", "digits"],
)
def test_dates_whose_text_is_not_all_are_refused(value):
    with pytest.raises(TypeError, match=r"which no file of skae\.save holds\. Make it text"):
        described(value, Names())


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date", "20200229"),
        ("date", "2020-02-30"),
        ("date", 5),
        ("Decimal", "1" * 5000),
        ("Decimal", "\u0661"),
        ("timedelta", "1 2"),
        ("timedelta", "1 2 " + "9" * 30),
        ("nothing", ""),
    ],
)
def test_text_that_is_no_date_is_refused(kind, text):
    description = json.dumps({"nodes": [["plain", kind, text]], "root": {"n": 0}})
    with pytest.raises((ArithmeticError, KeyError, ValueError)):
        rebuilt(description, [], Names())


def of_column(values):
    frame = pd.DataFrame({"kind": values, "z": np.linspace(-1, 1, len(values))})
    return skae.TableAutoencoder(skae.Autoencoder(1, **QUICK)).fit(frame)


@pytest.mark.parametrize(
    "pair",
    [(date(2020, 1, 1), date(2020, 1, 2)), (Decimal(1), Decimal("2.5")), (time(1), time(2))],
    ids=["dates", "decimals", "times"],
)
def test_a_table_of_dates_and_decimals_is_saved(pair, path):
    table = of_column(pd.Series([*pair] * 20, dtype=object))
    again = through_a_file(table, path)
    expected = table.sample(5, random_state=0)
    pd.testing.assert_frame_equal(again.sample(5, random_state=0), expected)
    assert set(expected["kind"]) <= set(pair)


@pytest.mark.parametrize(
    "column",
    [
        pd.cut(np.arange(20.0), 3),
        pd.Series([pd.Timestamp("2020"), pd.Timestamp("2021")] * 10, dtype=object),
        pd.Series([pd.Period("2020"), pd.Period("2021")] * 10, dtype=object),
    ],
    ids=["intervals", "moments", "periods"],
)
def test_values_of_pandas_are_refused_with_their_column_and_a_way_out(column, path):
    with pytest.raises(TypeError, match=r"\['kind'\].* X\[column\]\.astype\(str\)"):
        skae.save(of_column(column), path)
    table = of_column(pd.Series(column).astype(str))
    again = through_a_file(table, path)
    pd.testing.assert_frame_equal(again.sample(5, random_state=0), table.sample(5, random_state=0))
