"""The Python of the pages runs, from top to bottom, as a reader would paste it.

A block of ``.. code-block:: python`` is run as it is; whatever shows prompts, in a block or not, is
a doctest. A comment ``.. needs: package`` above a block names what must be installed for it.
"""

import ast
import doctest
import importlib.util
import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest

import skae

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = {"_build", "gallery", "generated"}
PAGES = {
    path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.rst"))
    if path.relative_to(DOCS).parts[0] not in GENERATED
}
BLOCK = re.compile(
    r"^(?:\.\. needs: (?P<needs>\S+)\n\n)?\.\. code-block:: python\n"
    r"(?:   :.*\n)*\n(?P<code>(?:(?:   .*)?\n)+)",
    re.MULTILINE,
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
MODULES = (
    "skae.comparison",
    "skae.diagnosis",
    "skae.distributed",
    "skae.exceptions",
    "skae.inspection",
    "skae.layers",
    "skae.metrics",
    "skae.objectives",
    "skae.tracking",
)


class Piece(NamedTuple):
    """Some Python of a page."""

    needs: str | None
    line: int
    code: str

    @property
    def has_prompts(self):
        return ">>> " in self.code


def pieces_of(text):
    """The blocks, and between them what shows prompts, in their order."""
    end = 0
    for match in [*BLOCK.finditer(text), None]:
        start = match.start() if match else len(text)
        between = Piece(None, text.count("\n", 0, end), text[end:start])
        if between.has_prompts:
            yield between
        if match:
            line = text.count("\n", 0, match.start("code"))
            yield Piece(match["needs"], line, dedent(match["code"]))
            end = match.end()


def run_piece(piece, page, namespace):
    if not piece.has_prompts:
        # Moved down to where it stands, so that a traceback points at the page.
        exec(compile("\n" * piece.line + piece.code, DOCS / page, "exec"), namespace)
        return
    test = doctest.DocTestParser().get_doctest(piece.code, namespace, page, page, piece.line)
    test.globs = namespace  # not a copy: what follows goes on from here
    shown = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    assert not runner.run(test, out=shown.append, clear_globs=False).failed, "".join(shown)


PIECES = {page: list(pieces_of(text)) for page, text in PAGES.items()}


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what an example saves is not left in the checkout


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page, pieces in PIECES.items() if pieces])
def test_the_python_of_a_page_runs(page):
    namespace = {"__name__": "__main__"}
    for piece in PIECES[page]:
        if piece.needs is None:
            run_piece(piece, page, namespace)


# What Optuna says of itself, Keras' ONNX of numpy, and LiteRT of inputs that stay floats.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:In the future `np.object` will be defined:FutureWarning")
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected")
@pytest.mark.filterwarnings("ignore:OptunaSearchCV is experimental")
@pytest.mark.filterwarnings("ignore:`optuna.terminator` module has been deprecated:FutureWarning")
@pytest.mark.parametrize(
    ("page", "piece"),
    [(page, piece) for page, pieces in PIECES.items() for piece in pieces if piece.needs],
)
def test_a_block_with_needs_runs_alone(page, piece):
    if importlib.util.find_spec(piece.needs) is None:
        pytest.skip(f"{piece.needs} is not installed")
    run_piece(piece, page, {"__name__": "__main__"})


PAGE = """\
Title

.. code-block:: python
   :caption: one

   x = 1

   y = x

.. code-block:: console

   $ ls

>>> x
1

.. needs: optuna

.. code-block:: python

   >>> y
   1
"""


def test_pieces_keep_their_order_lines_and_needs():
    block, prompts, needing = pieces_of(PAGE)
    assert block == (None, 5, "x = 1\n\ny = x\n\n")
    assert (prompts.line, prompts.has_prompts) == (9, True)
    assert needing == ("optuna", 20, ">>> y\n1\n")


def test_pieces_share_their_names():
    namespace = {}
    for piece in pieces_of(PAGE):
        run_piece(piece, "index.rst", namespace)
    assert namespace["y"] == 1


def test_a_wrong_output_is_seen():
    with pytest.raises(AssertionError, match="Expected"):
        run_piece(Piece(None, 0, ">>> 1 + 1\n3\n"), "index.rst", {})


def documented_names(text):
    """Public names in the lists of the API page, with their modules."""
    module = "skae"
    for line in text.splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.split()[-1]
        elif match := re.fullmatch(r"\.\. py:data:: (\w+)|   (\w+)", line):
            yield f"{module}.{match[1] or match[2]}"


def public_names():
    modules = {name.rpartition(".")[2] for name in MODULES}
    top = [name for name in skae.__all__ if name not in {*modules, "__version__"}]
    yield from (f"skae.{name}" for name in top)
    for module in MODULES:
        names = getattr(skae, module.rpartition(".")[2]).__all__
        yield from (f"{module}.{name}" for name in names if name not in top)


def test_every_public_name_is_in_the_api_page():
    assert sorted(documented_names(PAGES["api.rst"])) == sorted(public_names())


def test_every_module_of_skae_that_is_public_is_asked():
    # Which a star does not import, as it needs Keras.
    names = [*skae.__all__, "layers"]
    modules = [name for name in names if hasattr(getattr(skae, name), "__path__")]
    modules += [name for name in names if hasattr(getattr(skae, name), "__spec__")]
    assert {f"skae.{name}" for name in modules} == set(MODULES)


def test_every_example_has_a_place_in_the_reading_order():
    """Without sphinx-gallery, which asks for it when the pages are built."""
    tree = ast.parse((DOCS / "_ext" / "reading_order.py").read_text(encoding="utf-8"))
    (names,) = (
        ast.literal_eval(each.value)
        for each in tree.body
        if isinstance(each, ast.Assign) and each.targets[0].id == "NAMES"
    )
    examples = [
        path.stem.removeprefix("plot_") for path in (DOCS.parent / "examples").glob("plot_*.py")
    ]
    assert sorted(names) == sorted(examples)
