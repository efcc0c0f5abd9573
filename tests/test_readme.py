"""The Python of README.md runs, from top to bottom, as a reader would paste it."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def python_blocks(text):
    """The fenced Python, each block moved down to the lines where it stands in ``text``."""
    return ["\n" * text.count("\n", 0, m.start(1)) + m[1] for m in BLOCK.finditer(text)]


def test_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what an example saves is not left in the checkout
    blocks = python_blocks(README.read_text(encoding="utf-8"))
    assert blocks, "README.md shows no Python"
    namespace = {"__name__": "__main__"}
    for block in blocks:
        exec(compile(block, README, "exec"), namespace)


def test_blocks_keep_their_lines():
    text = "# Title\n```python\nx = 1\n```\n\n```bash\nls\n```\n```python\ny = x\n```\n"
    assert python_blocks(text) == ["\n\nx = 1\n", "\n" * 9 + "y = x\n"]
