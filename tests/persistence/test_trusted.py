"""What skops is told to trust: an exact list, under which nothing imports, writes or evaluates."""

import builtins
import dis
import importlib
import inspect
import io
import json
import os
import pathlib
import pickle
import subprocess
import sys
import types
import zipfile

import numpy as np
import pytest
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

import skae

from .shared import KEPT, fitted

# Of scikit-learn: what a search keeps beside estimators.
SEARCHES = {"sklearn.metrics._scorer._PassthroughScorer", "sklearn.model_selection._split.KFold"}


@pytest.mark.slow
def test_the_list_is_what_estimators_store():
    named = {
        name
        for kept in KEPT
        for name in skops.io.get_untrusted_types(data=skops.io.dumps(fitted(kept)))
    }
    # Digests of a user's own code, and objectives, whose functions are trusted by their own names.
    named.add("skae.networks._build.Build")
    named |= {f"skae.objectives._objective.{name}" for name in ("Objective", "Update")}
    assert sorted(named - SEARCHES) == skae.skops_trusted()


@pytest.mark.parametrize("kept", ["pipeline", "LatentCodec", "TableAutoencoder"])
def test_files_load_with_the_list(kept):
    estimator, answers = fitted(kept), KEPT[kept].answers
    again = skops.io.loads(skops.io.dumps(estimator), trusted=skae.skops_trusted())
    for name, value in answers(estimator).items():
        np.testing.assert_array_equal(answers(again)[name], value)


# A hostile file


def _text(value):
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
        "is_json": True,
    }


def _sequence(kind, *values):
    names = {"list": "ListNode", "tuple": "TupleNode"}
    return {
        "__class__": kind,
        "__module__": "builtins",
        "__loader__": names[kind],
        "content": list(values),
    }


def _call(module, name, *arguments):
    return {
        "__class__": name,
        "__module__": module,
        "__loader__": "ConstructorFromReduceNode",
        "content": _sequence("tuple", *arguments),
    }


def _mapping(key, value):
    key_type = {"__class__": "str", "__module__": "builtins", "__loader__": "TypeNode"}
    return {
        "__class__": "dict",
        "__module__": "builtins",
        "__loader__": "DictNode",
        "key_types": _sequence("list", key_type),
        "content": {key: value},
    }


def _file(root):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("code.bin", b"raise SystemExit('this ran')")
        schema = {**root, "protocol": skops.io._protocol.PROTOCOL, "_skops_version": "0"}
        archive.writestr("schema.json", json.dumps(schema))
    return buffer.getvalue()


@pytest.fixture
def hostile():
    """A file that writes a module into the working directory and imports it."""
    code = {
        "__class__": "bytes",
        "__module__": "builtins",
        "__loader__": "BytesNode",
        "file": "code.bin",
    }
    here = _call("skae.drafts", "Path", _text("."))
    written = _call("skae.drafts", "write_together", here, _mapping("intruder.py", code))
    return _file(
        _sequence(
            "list", written, _call("skae.persistence._names", "import_module", _text("intruder"))
        )
    )


def test_a_hostile_file_is_refused_before_anything_is_made(hostile, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UntrustedTypesFoundException, match=r"_names\.import_module"):
        skops.io.loads(hostile, trusted=skae.skops_trusted())
    assert not list(tmp_path.iterdir())
    assert "intruder" not in sys.modules


def test_names_that_begin_alike_are_not_safe(hostile, tmp_path, monkeypatch):
    """Why the list is exact: every name of that file begins with ``skae.``, and its code runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    named = skops.io.get_untrusted_types(data=hostile)
    assert all(name.startswith("skae.") for name in named)
    with pytest.raises(SystemExit, match="this ran"):
        skops.io.loads(hostile, trusted=named)
    assert (tmp_path / "intruder.py").exists()


# Everything that the list leads to

# What skops calls of a class: by itself, or through the arguments that a file gives.
CALLED = (
    "__new__",
    "__init__",
    "__post_init__",
    "__setstate__",
    "__reduce__",
    "__setattr__",
    "__setitem__",
    "__init_subclass__",
)
FORBIDDEN = {
    id(each)
    for each in (
        builtins.__import__,
        builtins.compile,
        builtins.eval,
        builtins.exec,
        builtins.open,
        importlib,
        importlib.import_module,
        io,
        io.open,
        os,
        pathlib,
        pathlib.Path,
        pickle,
        pickle.load,
        pickle.loads,
        subprocess,
        np.load,
        np.save,
        np.fromfile,
    )
}
# Types of columns are those of frames, whose libraries are at hand where there are frames.
IMPORTED = {"pandas", "polars"}


def _places(name):
    """Every module and attribute that a name may stand for, as skops looks it up."""
    parts = name.split(".")
    for n in range(1, len(parts)):
        module = ".".join(parts[:n])
        try:
            home = importlib.import_module(module)
        except ImportError:
            continue
        attribute = ".".join(parts[n:])
        if hasattr(home, attribute):  # one attribute: a name with dots is none
            yield getattr(home, attribute)


def _functions_of(value):
    if inspect.isfunction(value):
        return [value]
    found = [
        inspect.unwrap(vars(base)[each])
        for base in value.__mro__
        for each in CALLED
        if each in vars(base)
    ]
    return [each for each in found if inspect.isfunction(each)]


def _reached(functions):
    """All functions of skae that these may call, by the names in their code."""
    seen, ahead = set(), list(functions)
    while ahead:
        function = ahead.pop()
        if function in seen:
            continue
        seen.add(function)
        yield function
        for value in _globals_of(function):
            if isinstance(value, type) and value.__module__.startswith("skae."):
                ahead += _functions_of(value)
            elif inspect.isfunction(value) and value.__module__.startswith("skae."):
                ahead.append(value)


def _codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _globals_of(function):
    known = {**vars(builtins), **function.__globals__}
    for code in _codes(function.__code__):
        yield from (known[name] for name in code.co_names if name in known)


def _misused(value):
    """What imports, writes or evaluates, of all that is reached."""
    for function in _reached(_functions_of(value)):
        for used in _globals_of(function):
            if id(used) in FORBIDDEN:
                yield function, used
        for code in _codes(function.__code__):
            for each in dis.get_instructions(code):
                if each.opname == "IMPORT_NAME" and each.argval.split(".")[0] not in IMPORTED:
                    yield function, each.argval


@pytest.mark.parametrize("name", skae.skops_trusted())
def test_nothing_under_a_trusted_name_imports_writes_or_evaluates(name):
    (value,) = _places(name)
    if name == "numpy.dtype":
        assert value is np.dtype
        return
    assert f"{value.__module__}.{value.__qualname__}" == name
    assert not list(_misused(value))


@pytest.mark.parametrize(
    "name",
    ["skae.drafts.write_together", "skae.networks._custom.Builder"],
)
def test_the_walk_finds_what_it_looks_for(name):
    (value,) = _places(name)
    assert list(_misused(value))


@pytest.mark.parametrize("name", skae.skops_trusted())
def test_nothing_under_a_trusted_name_is_called_as_a_function(name):
    """What estimators take for a function would otherwise answer with what the file says."""
    (value,) = _places(name)
    assert isinstance(value, type)
    assert not any("__call__" in vars(base) for base in value.__mro__)


def test_no_trusted_name_is_part_of_another():
    """Otherwise a name could stand for a method, which skops looks up as well."""
    names = skae.skops_trusted()
    assert not [(a, b) for a in names for b in names if b.startswith(f"{a}.")]
