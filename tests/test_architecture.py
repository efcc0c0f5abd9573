"""Imports point one way, and only the gateway leads to Keras.

The tables say what may import what; ``violations`` reads the syntax tree of one module and
lists what they do not allow. To open a new way, change a table and say why beside the line.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

# Room (a module or package directly in skae) -> the rooms it may import, besides itself.
# "skae" stands for the public names: `from skae import Autoencoder`.
ROOMS = {
    "skae": set(),
    "__main__": {"cli"},
    "exceptions": set(),
    # Pieces that know nothing of each other.
    "_blas": set(),
    "_columns": set(),
    "_packing": set(),
    "_tables": set(),
    "_scaling": set(),
    "_scores": set(),
    "_surroundings": set(),
    "_time_left": set(),
    "mixtures": {"_blas"},
    "_validation": {"_columns", "_tables"},
    "networks": set(),
    "objectives": set(),
    "training": set(),
    "_keras": {"_surroundings", "networks", "objectives", "training"},
    # The base and its parts.
    "_parameters": {"objectives"},
    "_likelihood": {"objectives"},
    "_model": {"_keras", "_packing", "_scaling", "networks", "objectives"},
    "fitting": {
        *("_blas", "_keras", "_likelihood", "_model", "_scaling", "_time_left", "_validation"),
        *("networks", "objectives", "training"),
    },
    "_base": {
        *("_parameters", "_tables", "_validation", "exceptions", "fitting", "objectives"),
    },
    # What users see.
    "_docstring": set(),
    "estimators": {
        *("_base", "_docstring", "_likelihood", "fitting"),
        *("_tables", "_scaling", "_validation", "mixtures", "networks", "objectives", "training"),
    },
    # What changes a fitted model needs more than its public methods.
    "compression": {"_base", "fitting", "_packing", "_tables", "_validation", "training"},
    "layers": {"networks"},
    "metrics": {"_columns", "_tables", "inspection"},
    "inspection": {"_columns", "_scores", "_tables", "_time_left", "exceptions", "metrics"},
    "applications": {
        *("_columns", "_tables", "skae", "exceptions", "inspection", "metrics", "mixtures"),
    },
    "cli": {"_columns", "_scores", "skae", "inspection", "metrics"},
}

# Rooms that touch only public names of the others.
PUBLIC_ONLY = {"__main__", "applications", "cli", "inspection", "metrics"}

# What all of them may use beside: rows come in, are refused and go out, a time is told and a score
# written in the same way everywhere.
COMMON = {"_columns", "_scores", "_tables", "_time_left"}

# The engine and what it runs know neither estimators nor scikit-learn.
WITHOUT_SKLEARN = {"networks", "objectives", "training"}

# The lazy package and the gateway: the only modules that import skae inside functions.
GATEWAY = "skae/_keras.py"
LAZY = {"skae/__init__.py", GATEWAY}

# Framework -> the modules that import it at their top, as only the gateway loads them.
BEHIND_THE_GATEWAY = {
    "keras": (
        "skae/layers.py",
        "skae/networks/_keras_layers.py",
        "skae/networks/_keras_models.py",
        "skae/networks/_keras_own.py",
        "skae/networks/_keras_paths.py",
        "skae/networks/_keras_starts.py",
        "skae/training/_callback_rules.py",
        "skae/training/_optimizers.py",
        "skae/training/_program.py",
    ),
    "tensorflow": (
        "skae/training/_optimizers.py",
        "skae/training/_program.py",
        "skae/training/_random.py",
        "skae/training/_scorer.py",
    ),
}

# Slow to import or optional, and needed by few calls.
INSIDE_FUNCTIONS = {"constriction", "jinja2", "matplotlib", "pandas", "polars", "rich"}


class Import(NamedTuple):
    """One imported name, as in ``skae.training.History``."""

    target: str
    line: int
    in_function: bool
    for_typing: bool

    @property
    def package(self):
        return self.target.partition(".")[0]

    @property
    def at_top(self):
        return not (self.in_function or self.for_typing)


class ImportFinder(ast.NodeVisitor):
    """Collects the imports of one module, relative ones resolved."""

    def __init__(self, path):
        self.package = path.rpartition("/")[0].split("/")
        self.found, self.dynamic = [], []
        self.in_function = self.for_typing = False

    def visit_FunctionDef(self, node):
        outside, self.in_function = self.in_function, True
        self.generic_visit(node)
        self.in_function = outside

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node):
        typing = ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        outside, self.for_typing = self.for_typing, self.for_typing or typing
        self.visit_all(node.body)
        self.for_typing = outside
        self.visit_all(node.orelse)

    def visit_all(self, nodes):
        for node in nodes:
            self.visit(node)

    def visit_Import(self, node):
        self.add(node, [name.name for name in node.names])

    def visit_ImportFrom(self, node):
        above = self.package[: len(self.package) - node.level + 1] if node.level else []
        origin = ".".join([*above, node.module] if node.module else above)
        self.add(node, [f"{origin}.{name.name}" for name in node.names])

    def visit_Call(self, node):
        if ast.unparse(node.func).rpartition(".")[2] in {"import_module", "__import__"}:
            self.dynamic.append(node.lineno)
        self.generic_visit(node)

    def add(self, node, targets):
        self.found += [
            Import(target, node.lineno, self.in_function, self.for_typing) for target in targets
        ]


def find_imports(path, source):
    finder = ImportFinder(path)
    finder.visit(ast.parse(source))
    return finder


def room_of(path):
    room = path.split("/")[1].removesuffix(".py")
    return "skae" if room == "__init__" else room


def room_of_target(target):
    """The room that ``skae.x.y`` leads to; a public name at the top is the package itself."""
    first = target.split(".")[1] if "." in target else "skae"
    return first if first in ROOMS or first.startswith("_") else "skae"


def modules_of(target):
    """The files that may be run by an import of ``target``, parents included."""
    parts = target.split(".")
    stems = ["/".join(parts[: length + 1]) for length in range(1, len(parts))]
    return [f"{stem}{end}" for stem in stems for end in (".py", "/__init__.py")]


def is_behind_the_gateway(path, frameworks=tuple(BEHIND_THE_GATEWAY)):
    patterns = [pattern for name in frameworks for pattern in BEHIND_THE_GATEWAY[name]]
    return any(fnmatch(path, pattern) for pattern in patterns)


def breaks_direction(path, found):
    here, there = room_of(path), room_of_target(found.target)
    if found.package != "skae" or (path in LAZY and not found.at_top):
        return None
    if here != there and there not in ROOMS.get(here, ()):
        return f"`{here}` may not import `{there}`"
    return None


def breaks_privacy(path, found):
    here, there = room_of(path), room_of_target(found.target)
    private = any(part.startswith("_") for part in found.target.split("."))
    if there in COMMON:
        return None
    if found.package == "skae" and here in PUBLIC_ONLY and here != there and private:
        return f"`{here}` may import public names only"
    return None


def hides_in_function(path, found):
    if found.package == "skae" and found.in_function and path not in LAZY:
        return "skae is imported inside a function"
    return None


def goes_round_the_gateway(path, found):
    if found.for_typing or found.package not in BEHIND_THE_GATEWAY:
        return None
    if is_behind_the_gateway(path, [found.package]) or (path == GATEWAY and found.in_function):
        return None
    return f"{found.package} is loaded only through the gateway"


def loads_keras_with_it(path, found):
    if found.package != "skae" or not found.at_top or is_behind_the_gateway(path):
        return None
    if any(is_behind_the_gateway(module) for module in modules_of(found.target)):
        return "this module imports Keras at its top, only the gateway may load it"
    return None


def is_slow_or_optional(path, found):
    if found.package in INSIDE_FUNCTIONS and found.at_top:
        return f"{found.package} is imported inside functions only"
    return None


def knows_sklearn(path, found):
    if found.package == "sklearn" and room_of(path) in WITHOUT_SKLEARN:
        return f"`{room_of(path)}` knows nothing of scikit-learn"
    return None


RULES = (
    breaks_direction,
    breaks_privacy,
    hides_in_function,
    goes_round_the_gateway,
    loads_keras_with_it,
    is_slow_or_optional,
    knows_sklearn,
)


def violations(path: str, source: str) -> Iterator[str]:
    """What the tables do not allow in the module at ``path``, one line each."""
    finder = find_imports(path, source)
    for found in finder.found:
        for message in filter(None, (rule(path, found) for rule in RULES)):
            yield f"{path}:{found.line} imports {found.target}: {message}"
    if path not in LAZY:
        yield from (
            f"{path}:{line}: an import by name hides from this test" for line in finder.dynamic
        )


SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "skae").rglob("*.py"))
}


@pytest.mark.parametrize("path", SOURCES)
def test_module_keeps_to_the_tables(path):
    assert not list(violations(path, SOURCES[path]))


def test_every_room_is_in_the_table():
    assert {room_of(path) for path in SOURCES} <= set(ROOMS)


@pytest.mark.parametrize(
    "pattern", sorted({pattern for patterns in BEHIND_THE_GATEWAY.values() for pattern in patterns})
)
def test_every_module_behind_the_gateway_exists(pattern):
    assert any(fnmatch(path, pattern) for path in SOURCES)


def cycle_free_order(sources):
    """The modules, each after those that it imports at its top; raises CycleError."""
    graph = {path: set() for path in sources}
    for path, source in sources.items():
        tops = [found for found in find_imports(path, source).found if found.at_top]
        reached = {module for found in tops for module in modules_of(found.target)}
        # A package that gathers its own modules is not a cycle.
        graph[path] = {module for module in reached & set(sources) if not encloses(module, path)}
    return list(TopologicalSorter(graph).static_order())


def encloses(package, path):
    """Whether ``package`` is an ``__init__`` that holds the module at ``path``."""
    name = package.removesuffix("__init__.py")
    return name != package and path.startswith(name)


def test_no_module_imports_itself_by_a_detour():
    assert set(cycle_free_order(SOURCES)) == set(SOURCES)


def packages_after(code):
    """The packages that a new interpreter has loaded after running ``code``."""
    command = [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return {module.partition(".")[0] for module in run.stdout.splitlines()[-1].split()}


def test_a_default_estimator_loads_no_framework():
    # scikit-learn itself loads pandas and rich where they are installed.
    loaded = packages_after("from skae import Autoencoder; Autoencoder()")
    loaded -= packages_after("import sklearn.base, sklearn.callback")
    assert "skae" in loaded
    assert loaded & {*BEHIND_THE_GATEWAY, *INSIDE_FUNCTIONS} == set()


# The checker itself, on one-line modules.

FORBIDDEN = [
    ("skae/networks/dense.py", "from skae.objectives import elbo", "may not import `objectives`"),
    ("skae/networks/dense.py", "from ..training import History", "may not import `training`"),
    ("skae/networks/dense.py", "import skae.objectives.elbo", "may not import `objectives`"),
    ("skae/networks/dense.py", "from sklearn.utils import shuffle", "nothing of scikit-learn"),
    ("skae/training/_loop.py", "from skae import _base", "may not import `_base`"),
    ("skae/training/_loop.py", "from skae import _keras", "may not import `_keras`"),
    ("skae/training/_loop.py", "from skae import Autoencoder", "may not import `skae`"),
    ("skae/_scaling.py", "from skae._unknown import x", "may not import `_unknown`"),
    ("skae/unknown.py", "from skae._base import x", "may not import `_base`"),
    ("skae/_validation.py", "from . import _base", "may not import `_base`"),
    ("skae/estimators/_a.py", "from skae._keras import POOL", "may not import `_keras`"),
    ("skae/metrics.py", "from skae.estimators import Autoencoder", "may not import `estimators`"),
    ("skae/metrics.py", "from skae.inspection._errors import rows", "public names only"),
    ("skae/inspection/_d.py", "from skae.metrics import _rows", "public names only"),
    ("skae/cli/_compare.py", "from skae.inspection import _compare", "public names only"),
    ("skae/applications/_o.py", "from skae._base import BaseAutoencoder", "public names only"),
    ("skae/__init__.py", "from skae.estimators import Autoencoder", "may not import `estimators`"),
    ("skae/cli.py", "def f():\n    from skae import metrics", "inside a function"),
    ("skae/cli.py", "async def f():\n    import skae", "inside a function"),
    ("skae/cli.py", "class A:\n    def f(self):\n        import skae", "inside a function"),
    ("skae/_base.py", "import keras", "only through the gateway"),
    ("skae/_base.py", "from tensorflow import function", "only through the gateway"),
    ("skae/_base.py", "def f():\n    import keras", "only through the gateway"),
    ("skae/_base.py", "try:\n    import keras\nexcept ImportError:\n    pass", "the gateway"),
    ("skae/_base.py", "if True:\n    import keras", "the gateway"),
    ("skae/_keras.py", "import keras", "only through the gateway"),
    ("skae/objectives/elbo.py", "import tensorflow", "only through the gateway"),
    ("skae/_base.py", "from skae.training._program import Program", "Keras at its top"),
    ("skae/_base.py", "from skae.training import _program", "Keras at its top"),
    ("skae/training/__init__.py", "from . import _program", "Keras at its top"),
    ("skae/inspection/_d.py", "import matplotlib.pyplot as plt", "inside functions only"),
    ("skae/inspection/_d.py", "from pandas import DataFrame", "inside functions only"),
    ("skae/_base.py", "import importlib\nimportlib.import_module('keras')", "by name"),
    ("skae/_base.py", "def f():\n    return __import__('keras')", "by name"),
]

ALLOWED = [
    ("skae/__init__.py", "def __getattr__(name):\n    from skae.estimators import Autoencoder"),
    ("skae/__init__.py", "import importlib\nimportlib.import_module('skae.cli')"),
    ("skae/__main__.py", "from skae.cli import main"),
    ("skae/_keras.py", "import importlib\nfrom skae.training import ProgramPool"),
    ("skae/_keras.py", "def program():\n    import keras\n    from skae.training import _program"),
    ("skae/networks/dense.py", "from skae.networks._path import Path\nimport numpy as np"),
    ("skae/networks/dense.py", "from ._path import Path\nfrom . import _path"),
    ("skae/training/_program.py", "import tensorflow as tf\nfrom keras import ops"),
    ("skae/networks/_keras_models.py", "import keras\nfrom skae.networks._norm import norm"),
    ("skae/_base.py", "from sklearn.base import BaseEstimator\nimport skae.objectives"),
    ("skae/_base.py", "if TYPE_CHECKING:\n    import keras\n    import pandas"),
    ("skae/estimators/_a.py", "from skae._base import BaseAutoencoder"),
    ("skae/inspection/_d.py", "def plot():\n    import matplotlib.pyplot as plt"),
    ("skae/inspection/_d.py", "from skae.inspection._errors import rows\nimport skae.metrics"),
    ("skae/applications/_o.py", "from skae._columns import check_array"),
    ("skae/cli/_compare.py", "import skae\nfrom skae.cli._figures import draw"),
    ("skae/applications/_o.py", "from skae._tables import refuse_mask"),
    ("skae/cli.py", "from skae import Autoencoder, metrics\nfrom skae.inspection import compare"),
]


@pytest.mark.parametrize(("path", "source", "message"), FORBIDDEN)
def test_checker_finds(path, source, message):
    found = list(violations(path, source))
    assert any(message in line for line in found), found


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_checker_allows(path, source):
    assert not list(violations(path, source))


def test_checker_finds_a_cycle():
    sources = {"skae/a.py": "from skae.b import c", "skae/b.py": "import skae.a"}
    with pytest.raises(ValueError, match="cycle"):
        cycle_free_order(sources)
