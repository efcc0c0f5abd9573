"""How the command begins."""

import builtins
import os
import sys

import pytest

import skae.cli
from skae.__main__ import run


def test_ctrl_c_while_the_command_is_imported_ends_it_in_one_line(monkeypatch, capsys):
    def interrupted(name, *rest, **more):
        if name == "skae.cli":
            raise KeyboardInterrupt
        return imported(name, *rest, **more)

    imported = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", interrupted)
    assert run() == 130
    assert capsys.readouterr().err == "skae: interrupted; nothing was written\n"


@pytest.mark.parametrize("status", [130, 2])
def test_after_ctrl_c_nothing_is_taken_down_while_threads_compute(status, monkeypatch):
    left = []
    monkeypatch.setattr(skae.cli, "main", lambda: sys.exit(status))
    monkeypatch.setattr(os, "_exit", left.append)
    with pytest.raises(SystemExit):
        run()
    assert left == [130] * (status == 130)
