"""Files that appear only when they are complete, and the locks that keep two writers apart."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from telemetry import TelemetryError


def open_lock(path: Path, mode: int = 0o600) -> BinaryIO:
    """Open a lock file; it is private because every reader of a file can lock it."""
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, mode))


def alone(users: BinaryIO) -> bool:
    """Release this shared lock; return whether this process was the last to hold it."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def growing(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Yield an empty file that replaces `path` at the end, or is deleted if something is raised.

    Two writers would make one broken file, so the file is locked. A program that inherits it keeps
    the lock, even if this process is killed; what a killed one has left is taken over. Raises
    TelemetryError if another command is writing it, and OSError that names `path`.
    """
    target = path.resolve()
    unfinished = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_lock(unfinished, mode) as file:
        if not alone(file) or not _is_still_there(file, unfinished):
            raise TelemetryError(f"another command is writing {path}; wait for it")
        try:
            file.truncate(0)
            yield file
            file.flush()
            unfinished.replace(target)
        except BaseException as error:
            unfinished.unlink(missing_ok=True)
            if isinstance(error, OSError) and not error.filename:
                error.filename = str(path)
            raise


def write_whole(path: Path, text: str) -> None:
    """Write a text to a file at once, or to a device or a pipe. Raises as `growing` does."""
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    with growing(path, 0o666) as file:
        if path.exists():
            os.fchmod(file.fileno(), path.stat().st_mode)
        file.write(text.encode())


def _is_still_there(opened: BinaryIO, path: Path) -> bool:
    """Whether this open file has not been renamed or deleted since."""
    return path.exists() and os.path.samestat(os.fstat(opened.fileno()), path.stat())
