"""Small files that stand for much, and headers that say what no header does: all are refused."""

import hashlib
import json
import struct
import time
import tracemalloc

import numpy as np
import pytest
import sklearn
from sklearn.preprocessing import StandardScaler

import skae
from skae.persistence import _layout
from skae.persistence._nesting import MOST_LEVELS
from skae.states import demand_integer, demand_shape, shortened

TABLE = "skae.applications.codec._quantiser.SymbolTable"
ABOUT = {"format": "1", "skae": "0", "scikit-learn": "0", "numpy": "0", "keras": "0"}
SCALER = [
    ["dict", "dict", [], []],
    ["object", "sklearn.preprocessing._data.StandardScaler", {"n": 0}],
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "estimator.skae"


def of_nodes(nodes, arrays=()):
    text = json.dumps({"nodes": nodes, "root": {"n": len(nodes) - 1}})
    return _layout.packed(ABOUT, text, {f"array {i}": array for i, array in enumerate(arrays)})


def with_header(change):
    """A file whose header is changed as text, with a checksum that fits."""
    data = of_nodes(SCALER)
    (n_header,) = struct.unpack("<Q", data[:8])
    header = change(data[8 : 8 + n_header].rstrip())
    header += b" " * (-len(header) % 8)
    data = struct.pack("<Q", len(header)) + header + data[8 + n_header :]
    digest = hashlib.sha256(data[: _layout._START] + data[_layout._END :]).hexdigest().encode()
    return data[: _layout._START] + digest + data[_layout._END :]


def refused(path, data, message):
    """Refuse a file quickly, without much memory, in a sentence."""
    path.write_bytes(data)
    tracemalloc.start()
    start = time.perf_counter()
    try:
        with pytest.raises(ValueError, match=message) as error:
            skae.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - start < 5
    # Modules are loaded meanwhile.
    assert peak < 100 * len(data) + 2e7
    assert len(str(error.value)) < 1500


def nested(kind, n_levels, width=1):
    return [[kind, [1] * width], *([kind, [{"n": i}] * width] for i in range(n_levels))]


@pytest.mark.parametrize("kind", ["list", "tuple"])
def test_parts_that_nest_deep_are_refused(kind, path):
    nodes = nested(kind, 20_000)
    refused(path, of_nodes([*nodes, ["set", [{"n": len(nodes) - 1}]]]), "200 levels deep")


@pytest.mark.parametrize("last", [["set", [{"n": 8}]], ["dict", "dict", [{"n": 8}], [1]]])
def test_what_a_set_tells_apart_is_bounded(last, path):
    refused(path, of_nodes([*nested("tuple", 8, 10), last]), "sets and keys stand for more parts")


@pytest.mark.parametrize("kind", ["set", "frozenset", "dict"])
def test_keys_that_are_made_to_collide_are_refused(kind, path):
    """Python's hash of a whole number is its remainder by a prime."""
    keys = [i * (2**61 - 1) for i in range(50_000)]
    node = ["dict", "dict", keys, keys] if kind == "dict" else [kind, keys]
    refused(path, of_nodes([node]), "too many of its keys have one hash")


@pytest.mark.slow
def test_a_large_set_of_short_tuples_is_whole(path):
    whole = {(i, str(i), (i, -i)) for i in range(30_000)}
    held = StandardScaler()
    held.pairs_, held.places_ = whole, {each: place for place, each in enumerate(whole)}
    skae.save(held, path)
    again = skae.load(path)
    assert again.pairs_ == whole
    assert again.places_ == held.places_


def test_what_is_said_of_a_value_stays_a_sentence(path):
    nodes = nested("list", 6, 10)
    state = ["dict", "dict", ["lowest", "weights", "levels"], [{"n": 6}, 1, 2]]
    refused(path, of_nodes([*nodes, state, ["object", TABLE, {"n": 7}]]), "lowest integer is")


def test_a_list_where_a_value_should_be_is_refused(path):
    refused(path, of_nodes([["list", [[1, [2]]]]]), "a list stands where a value should")


@pytest.mark.parametrize(
    "mask",
    [True, False, [[1] * 9], {"n": 1}, {"n": 2}, {"n": 3}],
)
def test_masks_are_truth_values_of_the_shape(mask, path):
    arrays = [np.zeros(10**5, np.uint8), np.zeros(10**5, bool)[:7]]
    shapes = [["array", 0, "|u1", [10**5]], ["array", 1, "|b1", [7]], ["list", [True]]]
    nodes = [*shapes, ["array", 0, "|u1", [10, 10**4]]]
    data = of_nodes([*nodes, *[["masked", {"n": 0}, mask]] * 1500], arrays)
    refused(path, data, "cannot be loaded")


@pytest.mark.parametrize(
    "rest",
    [[{"n": 0}, False], [{"n": 0}, True, 1], [5, False], [None, 1], [None, {"n": 0}]],
)
def test_what_fills_a_masked_array_is_one_of_its_values(rest, path):
    data = of_nodes([["array", 0, "<f8", [2]], ["masked", {"n": 0}, None, *rest]], [np.ones(2)])
    refused(path, data, "cannot be loaded")


LENGTHS = {
    "many axes": json.dumps([9] * 65),
    "a long axis": json.dumps([2**63]),
    "many digits": f"[{','.join(['9' * 4000] * 200)}]",
    "text": '"12"',
    "a mapping": "{}",
    "a truth value": "[true]",
    "a negative": "[-1, -1]",
}


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("where", ["header", "array", "objects"])
def test_shapes_that_no_array_has_are_refused(lengths, where, path):
    if where == "header":
        entry = f',"a":{{"dtype":"F64","shape":{lengths},"data_offsets":[0,8]}}}}'
        data = with_header(lambda header: header[:-1] + entry.encode())
    else:
        node = f'["array",0,"<f8",{lengths}]' if where == "array" else f'["objects",{lengths},[1]]'
        text = f'{{"nodes":[{node}],"root":{{"n":0}}}}'
        data = _layout.packed(ABOUT, text, {"a": np.ones(1)})
    refused(path, data, "cannot be loaded|no file that")


@pytest.mark.parametrize(
    "more",
    [
        ',"__metadata__":5}',
        ',"__metadata__":null}',
        ',"__metadata__":{"order":""}}',
        ',"description":null}',
        ',"a":[1]}',
        ',"a":null}',
        ',"a":{"dtype":[],"shape":[],"data_offsets":[0,0]}}',
        ',"a":{"dtype":"F64","shape":[0],"data_offsets":[5,5]}}',
    ],
)
def test_headers_that_say_no_sense_are_refused(more, path):
    refused(
        path, with_header(lambda header: header[:-1] + more.encode()), r"no file that skae\.save"
    )


@pytest.mark.parametrize("order", ["4", "null", '"1"', '"\\u0661"', '"' + "1" * 5000 + '"', '"-0"'])
def test_an_order_that_is_none_is_refused(order, path):
    data = with_header(lambda header: header.replace(b'"order":""', b'"order":' + order.encode()))
    refused(path, data, r"no file that skae\.save")


@pytest.mark.parametrize(
    "said", ["1", "null", '"\\u0661"', '"' + "1" * 5000 + '"', "[[[]]]", '"+1"']
)
def test_a_format_that_is_no_number_is_refused(said, path):
    data = with_header(lambda header: header.replace(b'"format":"1"', b'"format":' + said.encode()))
    refused(path, data, r"no file that skae\.save|says that its format is")


@pytest.mark.parametrize(
    "text",
    [
        '{"nodes":[],"root":NaN}',
        '{"nodes":[["list",[%s]]],"root":{"n":0}}' % ("9" * 400),
        '{"nodes":[["list",[]],["list",[{"n":0,"n":0}]]],"root":{"n":1}}',
        '{"nodes":[],"nodes":[["list",[]]],"root":{"n":0}}',
        f'{{"nodes":{"[" * 10**5}1{"]" * 10**5},"root":5}}',
        '{"nodes":"abc","root":5}',
    ],
)
def test_descriptions_that_are_not_strict_are_refused(text, path):
    refused(path, _layout.packed(ABOUT, text, {}), "cannot be loaded")


@pytest.mark.parametrize(
    "nodes", [[["x" * 10**6]], [["named", "x" * 10**6]], [["object", "x" * 10**6]]]
)
def test_what_a_file_says_is_cut_in_sentences(nodes, path):
    text = json.dumps({"nodes": nodes, "root": 5})
    refused(
        path, _layout.packed({**ABOUT, "skae": "9" * 10**6}, text, {}), "cannot be loaded|names"
    )
    entry = f',"a":{{"dtype":"{"F" * 10**6}","shape":[],"data_offsets":[0,0]}}}}'
    refused(path, with_header(lambda header: header[:-1] + entry.encode()), "no file that")


# What is saved can be loaded


def chained(n_levels):
    value = 1
    for _ in range(n_levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (chained(MOST_LEVELS + 1), "levels deep"),
        (chained(5000), "levels deep"),
        (10**5000, r"q_ is or holds a whole number of more than 309 digits.*Keep it as text"),
        ([-(10**309)], r"q_\[0\] is or holds a whole number"),
    ],
    ids=["deep", "deeper", "wide", "negative"],
)
def test_what_could_not_be_loaded_is_not_saved(value, message, path):
    held = StandardScaler()
    held.q_ = value
    with pytest.raises(TypeError, match=message) as error:
        skae.save(held, path)
    assert len(str(error.value)) < 500
    assert not path.exists()


@pytest.mark.parametrize("value", [chained(100), 10**308, -(2**64)], ids=["deep", "wide", "-2**64"])
def test_what_is_just_within_the_bounds_comes_back(value, path):
    held = StandardScaler()
    held.q_ = value
    skae.save(held, path)
    assert skae.load(path).q_ == value


# Sentences


def laughs():
    value = [1] * 10
    for _ in range(9):
        value = [value] * 10
    return value


@pytest.mark.parametrize(
    "value",
    [
        laughs(),
        tuple(laughs()),
        {"a": laughs()},
        "x" * 10**6,
        10**5000,
        np.empty(10**6),
        b"x" * 999,
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_in_sentences_are_short(value):
    assert len(shortened(value)) < 300


@pytest.mark.parametrize("value", [None, True, 3, 2.5, "text", [1, "a"], (1, 2), {"a": 1}])
def test_short_values_are_written_as_they_are(value):
    assert shortened(value) == repr(value)


def test_sizes_are_those_that_arrays_have():
    demand_shape("a shape", (1,) * 64)
    with pytest.raises(ValueError, match="has 65 axes, more than 64"):
        demand_shape("a shape", (1,) * 65)
    with pytest.raises(ValueError, match="more than 30 digits, where a whole number from 1 on"):
        demand_integer("a size", 10**5000)


LIST_OF_ONE = [["a", "<f8"]]
TYPES = {
    "times in no unit": ("<M8[0s]", "counts time in no unit"),
    "no unit in a field": ([["a", "<m8[0ns]"]], "counts time in no unit"),
    "no unit in rows of it": ([["a", "<M8[0D]", [2]]], "counts time in no unit"),
    "several in one text": ("f8,f8", "written as several"),
    "many fields": ([[f"f{i}", LIST_OF_ONE] for i in range(1001)], "more than 1000 fields"),
}


@pytest.mark.parametrize("case", TYPES)
def test_types_that_numpy_never_describes_so_are_refused(case, path):
    described, message = TYPES[case]
    scaler = [*SCALER[1][:2], {"n": 1}]
    refused(path, of_nodes([["dtype", described], SCALER[0], scaler]), message)


def test_times_of_two_days_are_a_unit(path):
    held = StandardScaler()
    held.days_ = np.array(["2020-01-01", "2020-01-03"], "M8[2D]")
    skae.save(held, path)
    np.testing.assert_array_equal(skae.load(path).days_, held.days_)


def test_two_objects_have_no_state_in_common(path):
    names = [f"a{i}" for i in range(2000)]
    values = [0] * len(names)
    state = ["dict", "dict", [*names, "_sklearn_version"], [*values, sklearn.__version__]]
    scalers = [["object", SCALER[1][1], {"n": 0}]] * 2000
    refused(path, of_nodes([state, *scalers]), "two of its objects have one state")


def test_sparse_matrices_of_the_same_numbers_are_bounded(path):
    n = 10_000
    arrays = [np.zeros(n), np.arange(n), np.array([0, n])]
    nodes = [["array", 0, "<f8", [n]], ["array", 1, "<i8", [n]], ["array", 2, "<i8", [2]]]
    matrix = ["sparse", "csr_matrix", [1, n], [{"n": 0}, {"n": 1}, {"n": 2}]]
    refused(path, of_nodes([*nodes, *[matrix] * 6000], arrays), "of far more values than it holds")


def test_generators_of_one_state_are_quick(path):
    generators = StandardScaler()
    generators.held_ = [np.random.RandomState(3) for _ in range(5)]
    skae.save(generators, path)
    drawn = [each.random_sample() for each in skae.load(path).held_]
    assert drawn == [np.random.RandomState(3).random_sample()] * 5
