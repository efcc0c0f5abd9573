"""The Python of README.md runs, from top to bottom, as a reader would paste it."""

import re
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"^\s*print\(.*\)  # (.*)$")
DECIMAL = re.compile(r"-?\d+\.\d+")
NEAR = 0.02


def python_blocks(text):
    """The fenced Python, each block moved down to the lines where it stands in ``text``."""
    return ["\n" * text.count("\n", 0, m.start(1)) + m[1] for m in BLOCK.finditer(text)]


def run_blocks(text):
    """Run the fenced Python; returns what was printed, by the line that printed it."""
    printed = {}

    def note(*values):
        line = sys._getframe(1).f_lineno
        printed[line] = printed.get(line, "") + " ".join(map(str, values)) + "\n"

    namespace = {"__name__": "__main__", "print": note}
    for block in python_blocks(text):
        exec(compile(block, README, "exec"), namespace)
    return printed


def wrong_comments(text, printed):
    """Comments behind a ``print`` whose decimals are not those that the line printed."""
    wrong = []
    for number, line in enumerate(text.splitlines(), 1):
        comment = COMMENT.match(line)
        told = decimals(comment[1]) if comment else []
        shown = decimals(printed.get(number, ""))
        if told and not is_near(told, shown):
            wrong.append(f"line {number} says {told} and prints {shown}")
    return wrong


def decimals(text):
    return [float(number) for number in DECIMAL.findall(text)]


def is_near(told, shown):
    return len(told) == len(shown) and all(
        abs(a - b) <= NEAR for a, b in zip(told, shown, strict=True)
    )


@pytest.mark.slow
def test_readme_runs_and_prints_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what an example saves is not left in the checkout
    text = README.read_text(encoding="utf-8")
    assert python_blocks(text), "README.md shows no Python"
    assert not wrong_comments(text, run_blocks(text))


def test_blocks_keep_their_lines():
    text = "# Title\n```python\nx = 1\n```\n\n```bash\nls\n```\n```python\ny = x\n```\n"
    assert python_blocks(text) == ["\n\nx = 1\n", "\n" * 9 + "y = x\n"]


def test_wrong_numbers_in_comments_are_seen():
    lines = [
        "print([0.649, 0.782])  # PCA 0.65, Autoencoder 0.78",
        "print([0.649, 0.782])  # PCA 0.65, Autoencoder 0.82",
        "print(0.75)  # 0.75, 0.80",
        "print('anything')  # a digit in 64 numbers",
    ]
    text = "\n".join(["```python", *lines, "```", ""])
    assert wrong_comments(text, run_blocks(text)) == [
        "line 3 says [0.65, 0.82] and prints [0.649, 0.782]",
        "line 4 says [0.75, 0.8] and prints [0.75]",
    ]
