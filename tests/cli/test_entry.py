"""How the command begins."""

import builtins

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
