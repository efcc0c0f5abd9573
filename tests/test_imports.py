"""What an import of skae loads; which room may import which is checked by the linter."""

import ast
import subprocess
import sys
from pathlib import Path

import skae

ROOT = Path(__file__).parents[1]
# Slow to import or optional, and needed by few calls.
LATE = {"constriction", "jinja2", "keras", "matplotlib", "pandas", "polars", "rich", "tensorflow"}


# scikit-learn itself loads pandas and rich where they are installed.
LOADING = """
import sys
import sklearn.base, sklearn.callback
print(*sys.modules)
from skae import Autoencoder, AutoencoderClassifier, compress
Autoencoder()
import skae.applications, skae.comparison, skae.diagnosis, skae.inspection, skae.cli
print(*sys.modules)
"""


def test_what_is_slow_or_optional_is_loaded_by_its_first_use():
    command = [sys.executable, "-c", LOADING]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    of_sklearn, of_skae = (
        {module.partition(".")[0] for module in line.split()} for line in run.stdout.splitlines()
    )
    loaded = of_skae - of_sklearn
    assert "skae" in loaded
    assert loaded & LATE == set()


def test_type_checkers_see_every_public_name():
    source = ast.parse((ROOT / "skae" / "__init__.py").read_text("utf-8"))
    imports = [node for node in ast.walk(source) if isinstance(node, ast.ImportFrom)]
    seen = {alias.name for node in imports for alias in node.names}
    assert set(skae.__all__) - {"__version__"} <= seen


def test_the_code_that_is_checked_as_users_check_theirs_has_every_public_name():
    source = ast.parse((ROOT / "tests" / "typed_user_code.py").read_text("utf-8"))
    used = {node.attr for node in ast.walk(source) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(source) if isinstance(node, ast.Name)}
    rooms = [skae.exceptions, skae.inspection, skae.layers, skae.metrics]
    public = {name for room in [skae, *rooms] for name in room.__all__}
    assert public <= used


def test_a_star_imports_no_keras():
    code = "from skae import *; import sys; print(Autoencoder, 'keras' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.endswith("False\n")


def test_type_checkers_are_told_that_there_are_types():
    assert (ROOT / "skae" / "py.typed").is_file()
