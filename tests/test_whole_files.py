"""A file that a command writes appears when it is complete, or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, setrlimit

import pytest

from telemetry import TelemetryError
from telemetry.whole_files import growing, write_whole


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes; it has the effect of a full disk."""
    setrlimit(RLIMIT_FSIZE, (size, RLIM_INFINITY))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))


def test_what_cannot_be_written_whole_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("the last one")
    with largest_file(1_000), pytest.raises(OSError, match=r"report\.html") as caught:
        write_whole(file, "x" * 10_000)
    assert caught.value.filename == str(file)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [
        ("report.html", "the last one")
    ]


def test_an_interrupt_leaves_what_was_there(tmp_path: Path) -> None:
    (file := tmp_path / "report.html").write_text("the last one")
    with pytest.raises(KeyboardInterrupt), growing(file) as new:
        new.write(b"half of the next one")
        raise KeyboardInterrupt
    assert [each.read_text() for each in tmp_path.iterdir()] == ["the last one"]


def test_what_a_killed_command_has_left_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "report.html.part").write_text("longer than what is written now")
    write_whole(file := tmp_path / "report.html", "whole")
    assert [(each, each.read_text()) for each in tmp_path.iterdir()] == [(file, "whole")]


def test_two_commands_do_not_write_one_file(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    with growing(file) as first:
        first.write(b"first")
        with pytest.raises(TelemetryError, match="another command is writing"):
            write_whole(file, "second")
    assert file.read_text() == "first"


def test_a_file_keeps_its_mode_and_a_link_stays_one(tmp_path: Path) -> None:
    (file := tmp_path / "real" / "report.html").parent.mkdir()
    write_whole(file, "first")
    umask = os.umask(0o022)
    os.umask(umask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~umask
    file.chmod(0o604)
    (link := tmp_path / "link.html").symlink_to(file)
    write_whole(link, "second")
    assert link.is_symlink() and file.read_text() == "second"
    assert stat.S_IMODE(file.stat().st_mode) == 0o604


def test_a_device_and_a_pipe_are_written_to(tmp_path: Path) -> None:
    write_whole(Path(os.devnull), "text")
    reading, writing = os.pipe()
    write_whole(Path(f"/dev/fd/{writing}"), "text")
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "text"
