"""Finds log files by paths, folders and globs."""

import os
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from telemetry.settings import UsageError

STDIN = Path("-")

# A folder also contains other files; a file named by the user is read whatever its ending. What
# rotates logs adds a number or a date.
LOG = re.compile(r"\.(jsonl?|ndjson|log)([.-]\d[\d_-]*)?(\.(gz|bz2|xz|zst))?$", re.IGNORECASE)

MOST_ENDINGS = 6


@dataclass(frozen=True)
class Logs:
    """The files to read, with standard input if it is one, and sentences on what is not read.

    `searched` are the files that nobody named: a folder or a glob may find others than logs.
    `unmatched` says of each pattern that names no log what is wrong with it.
    """

    files: Sequence[Path]
    stdin: BinaryIO | None = None
    passed_over: Sequence[str] = ()
    searched: Collection[Path] = ()
    unmatched: Sequence[str] = ()


def find_logs(patterns: Sequence[str], stdin: BinaryIO | None = None) -> Logs:
    """The files that paths, folders and globs name, each once, in the order of the patterns.

    A folder stands for all files in it whose names end like a log's; `-` is standard input. Raises
    UsageError for a pattern that cannot be searched for.
    """
    files: dict[Path, Path] = {}
    named: set[Path] = set()
    passed_over: list[str] = []
    unmatched: list[str] = []
    for pattern in patterns:
        found: list[Path] = []
        others: list[str] = []
        for match in _matches(pattern):
            if match == STDIN or not match.is_dir():
                found.append(match)
                if match == Path(pattern).expanduser():
                    named.add(_key(match))
                continue
            below = _below(match)
            logs = {path for path in below if LOG.search(path.name) and path.is_file()}
            found += sorted(logs)
            endings = Counter(_ending(path) for path in below if path not in logs)
            if endings:
                others.append(_left_out(match, endings))
        if not found:
            unmatched.append(_nothing(pattern) + "".join(f" ({it})" for it in others))
            continue
        for path in found:
            files.setdefault(_key(path), path)
        passed_over += others
    searched = {path for key, path in files.items() if key not in named}
    return Logs(list(files.values()), stdin, passed_over, searched, unmatched)


def _nothing(pattern: str) -> str:
    """What is wrong with a pattern that names no log."""
    if _matches(pattern):
        return f"{pattern} holds no log"
    if re.search(r"[*?[]", pattern):
        return f"nothing matches {pattern}"
    return f"there is no file or folder {pattern}"


def _key(path: Path) -> Path:
    """What identifies a file that has several spellings."""
    return path if path == STDIN else path.resolve()


def _left_out(folder: Path, endings: Counter[str]) -> str:
    """What a search of this folder skipped: how many files have each ending."""
    named = [f"{count:,} {ending}" for ending, count in endings.most_common(MOST_ENDINGS)]
    rest = len(endings) - len(named)
    more = [f"{rest} other endings"] if rest else []
    return (
        f"{folder}: skipped {', '.join(named + more)}; "
        "a file that you name is read, whatever its ending"
    )


def _ending(path: Path) -> str:
    if not path.is_file():
        return "that cannot be opened as a file"
    # Of `x.tar.gz` the whole ending tells what it is.
    known = re.search(r"(\.\w{1,8})?\.(gz|zst|xz|bz2)$", path.name, re.IGNORECASE)
    return (known[0] if known else path.suffix).lower() or "without an ending"


def _matches(pattern: str) -> list[Path]:
    """The paths that a pattern names. Raises UsageError if it cannot be searched for."""
    if pattern == "-":
        return [STDIN]
    if not pattern.strip():
        return []
    try:
        path = Path(pattern).expanduser()
        # A name may have brackets in it.
        if path.exists():
            return [path]
        return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"{pattern} cannot be searched for: {error}") from None


def _below(folder: Path) -> list[Path]:
    """All files below a folder, sorted. Links to folders are not followed."""
    found = []
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        found += [Path(place, name) for name in (*files, *links)]
    return sorted(found)
