"""Files that are written together, when their writer ends in the middle."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from skae import drafts
from skae.cli._drafts import check_directory
from skae.drafts import write_together

NAMES = ("a.csv", "b.png", "c.html")


def write(directory, version):
    return write_together(directory, dict.fromkeys(NAMES, version.encode()))


def versions(directory):
    return {(directory / name).read_text() for name in NAMES if (directory / name).exists()}


def test_what_interrupts_a_writing_may_write_the_same_file(tmp_path):
    path = tmp_path / "file"

    def write_twice(file):
        drafts.write_whole(path, b"of a handler")
        assert path.read_bytes() == b"of a handler"
        file.write(b"of whom it interrupted")

    drafts.write_whole(path, write_twice)
    assert path.read_bytes() == b"of whom it interrupted"
    assert os.listdir(tmp_path) == ["file"]


@pytest.fixture(params=["its own directory", "a directory of others", "where one stands"])
def directory(request, tmp_path, monkeypatch):
    place = tmp_path / "report"
    place.mkdir()
    if request.param == "a directory of others":
        (place / "mine.txt").write_text("mine")
    if request.param == "where one stands":
        monkeypatch.chdir(place)
    yield place
    others = {"mine.txt"} if request.param == "a directory of others" else set()
    assert set(os.listdir(place)) - others in (set(NAMES), set())
    assert os.listdir(tmp_path) == ["report"]


def test_a_second_version_replaces_the_first(directory):
    assert write(directory, "first") == [directory / name for name in NAMES]
    write(directory, "second")
    assert versions(directory) == {"second"}


@pytest.mark.parametrize("killed_at", range(1, 17))
def test_the_next_run_ends_what_a_kill_has_left(directory, killed_at, monkeypatch):
    class Killed(BaseException):
        """Nothing that stands in the way of it runs on."""

    write(directory, "old")
    n_calls = 0

    def dying(function):
        def call(*arguments, **options):
            nonlocal n_calls
            n_calls += 1
            if n_calls >= killed_at:
                raise Killed
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "fsync"):
            patch.setattr(drafts.os, name, dying(getattr(os, name)))
        for name in ("write_bytes", "rename", "rmdir", "unlink"):
            patch.setattr(Path, name, dying(getattr(Path, name)))
        patch.setattr(drafts.shutil, "rmtree", dying(drafts.shutil.rmtree))
        with suppress(Killed):
            write(directory, "new")
    before = versions(directory)
    present = [(directory / name).exists() for name in NAMES]
    write(directory, "newer")
    assert before in ({"old"}, {"new"})
    # The first is always there, and the last beside all others.
    assert present[0]
    assert all(present) or not present[-1]
    assert versions(directory) == {"newer"}


def test_what_was_whole_is_moved_before_anything_else(tmp_path):
    place = tmp_path / "report"
    whole = place / drafts._WHOLE
    whole.mkdir(parents=True)
    (whole / "00-a.csv").write_text("new")
    (place / "a.csv").write_text("old")
    drafts._settle(place)
    assert (place / "a.csv").read_text() == "new"
    assert os.listdir(place) == ["a.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs locks")
def test_two_processes_move_files_one_after_the_other(tmp_path):
    """Whoever waits finds nothing left to move, and removes nothing."""
    place = tmp_path / "report"
    whole = place / drafts._WHOLE
    whole.mkdir(parents=True)
    for i, name in enumerate(NAMES):
        (whole / f"{i:02d}-{name}").write_text("new")
    with drafts._alone(whole):
        other = threading.Thread(target=drafts._finish, args=(place,))
        other.start()
        other.join(0.2)
        assert other.is_alive()
        for i, name in enumerate(NAMES):
            (whole / f"{i:02d}-{name}").rename(place / name)
        whole.rmdir()
    other.join()
    assert versions(place) == {"new"}
    assert sorted(os.listdir(place)) == sorted(NAMES)


def test_a_draft_of_a_process_that_runs_is_left_alone(tmp_path):
    place, draft = tmp_path / "report", tmp_path / f".skae-report-{os.getppid()}"
    draft.mkdir()
    write(place, "mine")
    assert draft.exists()


def test_without_an_exchange_files_are_moved(tmp_path, monkeypatch):
    monkeypatch.setattr(drafts, "_exchange", lambda one, other: False)
    for version in ("first", "second"):
        write(tmp_path / "report", version)
    assert versions(tmp_path / "report") == {"second"}
    assert os.listdir(tmp_path) == ["report"]


def test_no_file_is_written_where_one_of_them_is_read_only(tmp_path):
    write(tmp_path, "first")
    (tmp_path / NAMES[1]).chmod(0o444)
    with pytest.raises(PermissionError, match="is read-only; make it writable"):
        write(tmp_path, "second")
    with pytest.raises(PermissionError, match="is read-only"):
        drafts.write_whole(tmp_path / NAMES[1], b"second")
    with pytest.raises(ValueError, match=r"b.png in it is read-only; make it writable"):
        check_directory(tmp_path, NAMES)
    assert versions(tmp_path) == {"first"}
    assert sorted(os.listdir(tmp_path)) == sorted(NAMES)


def test_a_link_to_a_directory_stays_one(tmp_path):
    write(tmp_path / "real", "first")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", "second")
    assert (tmp_path / "link").is_symlink()
    assert versions(tmp_path / "real") == {"second"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot exchange directories")
def test_a_writer_that_is_killed_leaves_one_version(tmp_path):
    script = (
        "from pathlib import Path\nfrom itertools import count\n"
        "from skae.drafts import write_together\n"
        "for i in count():\n"
        f"    write_together(Path('report'), dict.fromkeys({NAMES}, b'%d' % i * 2**18))\n"
        "    print(i, flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(drafts.__file__).parents[1])}
    writer = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, env=environment
    )
    with writer:
        for _ in range(3):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
    assert len(versions(tmp_path / "report")) == 1
    write(tmp_path / "report", "last")
    assert os.listdir(tmp_path) == ["report"]
