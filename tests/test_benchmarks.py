"""The benchmarks can be imported: they are run by hand, and names change."""

import importlib
import pkgutil

import pytest

import benchmarks

MODULES = [
    module.name
    for module in pkgutil.walk_packages(benchmarks.__path__, "benchmarks.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_a_benchmark_finds_what_it_imports(name):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] in ("benchmarks", "skae"):
            raise
        pytest.skip(f"{error.name} is not installed")
