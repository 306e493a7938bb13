"""The output of commands: results on stdout, messages and progress on stderr."""

import dataclasses
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from telemetry.terminal import Screen, filled, plain, progress_text

SECONDS_BETWEEN_LINES = 10.0
# Several threads may print, and none may interrupt another's line.
_turn = threading.RLock()


def say(text: str) -> None:
    """Print a line for people on stderr, so that stdout contains only data."""
    with _turn:
        _clear_bar()
        columns = shutil.get_terminal_size().columns if sys.stderr.isatty() else None
        _tell(f"{filled(plain(text), columns)}\n")


def _tell(text: str) -> None:
    """Write to stderr. The work continues even if nobody can read it any more."""
    try:
        print(text, end="", file=sys.stderr, flush=True)
    except OSError:  # a full disk, a closed pipe or terminal
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """Discard buffered output, which could not be written at exit either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def show(text: str) -> None:
    """Print a result on stdout."""
    with _turn:
        _clear_bar()
        print(text, flush=True)


def show_sentences(text: str) -> None:
    """Print a result in sentences; a terminal breaks its lines between words."""
    show(filled(text, screen().columns))


def show_pages(text: str) -> None:
    """Print a result; on a terminal with fewer lines, in the pager of PAGER, else in less."""
    lines = shutil.get_terminal_size().lines
    if not sys.stdout.isatty() or text.count("\n") + 1 < lines or not _has_pager():
        show(text)
        return
    import pydoc  # takes a while to load, and few commands need it

    _clear_bar()
    # As in git: exit at once if everything fits, keep colours, and leave the text on the screen.
    os.environ.setdefault("LESS", "FRX")
    pydoc.pager(f"{text}\n")


def _has_pager() -> bool:
    """Whether the pager can be run; an empty PAGER asks for none, as with git."""
    program, *_ = os.environ.get("PAGER", "less").split() or [""]
    is_found = "=" in program or shutil.which(program) is not None
    return is_found and not _is_dumb()


def show_json(**values: object) -> None:
    """Print a result for machines: one JSON object on stdout, with the version of its form."""
    show(json_text({"schema_version": 1, **values}))


def warn(text: str) -> None:
    """Print a warning on stderr; in a workflow of GitHub, show it on the page of the run too.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    say(f"warning: {text}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        one_line = plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        show(f"::warning title=actions-telemetry::{one_line}")


def set_outputs(**values: object) -> None:
    """Set outputs of the workflow step that runs this command; elsewhere do nothing.

    `_` in a name becomes `-`. A value has one line; False and True are `false` and `true`.
    """
    file = os.environ.get("GITHUB_OUTPUT")
    if not file:
        return
    with Path(file).open("a", encoding="utf-8") as output:
        for name, value in values.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            output.write(f"{name.replace('_', '-')}={' '.join(text.splitlines())}\n")


def json_text(value: object, indent: int | None = 2) -> str:
    """Return a result as JSON, with times as ISO 8601 in UTC.

    It has no text that a GitHub runner would take for a command: see terminal.plain.
    """
    return json.dumps(value, default=_json, indent=indent).replace("##[", "##\\u005b")


def screen() -> Screen:
    """Return the screen of stdout; a file or a pipe has no limit and no colour.

    NO_COLOR follows https://no-color.org: any value that is not empty turns colour off.
    """
    if not sys.stdout.isatty():
        return Screen()
    colour = not _is_dumb() and not os.environ.get("NO_COLOR")
    return Screen(shutil.get_terminal_size().columns, colour)


def _json(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


def progress(of: str = "") -> Callable[..., None]:
    """Return a function that shows progress: a bar on a terminal, else occasional lines.

    It takes what is done, the total, which may be an estimate, and a label that says what the work
    is for; `of` is the label where the work gives none.
    """
    said_at = time.monotonic()

    def bar(done: int, total: int, label: str = of) -> None:
        text = progress_text(done, total, shutil.get_terminal_size().columns, label)
        with _turn:
            _tell(f"\r{text}\033[K")

    def line(done: int, total: int, label: str = of) -> None:
        nonlocal said_at
        if time.monotonic() - said_at > SECONDS_BETWEEN_LINES:
            said_at = time.monotonic()
            say(progress_text(done, total, 80, label))

    return bar if _draws_bars() else line


def _draws_bars() -> bool:
    return sys.stderr.isatty() and not _is_dumb()


def _is_dumb() -> bool:
    """Whether the terminal can only show text; of one without a name nothing else is known."""
    return os.environ.get("TERM", "") in ("", "dumb")


def _clear_bar() -> None:
    if _draws_bars():
        _tell("\r\033[K")
