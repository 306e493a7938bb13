"""The embedded PostgreSQL server: the first command that needs it starts it, the last one stops it.

Two lock files beside the data directory make that safe. `control.lock` is held while the server is
started or stopped; `users.lock` is held, shared, by every command that uses it. The kernel drops
both when a command is killed, so the next command adopts a server that was left running. A third,
`serving.lock`, is held, shared, by every command that lets others in over TCP (see serving.py).
"""

import fcntl
import os
import pwd
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from telemetry import settings
from telemetry.database.embedded.binaries import (
    UNFINISHED,
    EmbeddedUnavailable,
    closed_part,
    find_version,
    reachable,
    unprivileged_account,
)
from telemetry.database.embedded.cluster import ELSEWHERE, Cluster, refuse_taken
from telemetry.whole_files import alone, open_lock


def demo_home(environ: Mapping[str, str]) -> Path:
    """Return the data directory of the demo, which is separate from the user's own."""
    return default_home(environ) / "demo"


def default_home(environ: Mapping[str, str]) -> Path:
    """Return the embedded server's data directory: TELEMETRY_HOME, else the user data directory.

    The latter is in $XDG_DATA_HOME or ~/.local/share (XDG Base Directory Specification), on macOS
    in ~/Library/Application Support. For root it is in /var/lib, because PostgreSQL then runs as an
    account that cannot enter root's home. Raises EmbeddedUnavailable if the user has no home.
    """
    name, macos = "actions-telemetry", sys.platform == "darwin"
    if chosen := environ.get("TELEMETRY_HOME"):
        return Path(settings.path(chosen, "TELEMETRY_HOME"))
    if os.geteuid() == 0:
        return Path("/var/lib", name)
    if not macos and environ.get("XDG_DATA_HOME", "").startswith("/"):  # a relative one is invalid
        return Path(environ["XDG_DATA_HOME"], name)
    try:
        user = environ.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        raise EmbeddedUnavailable(f"user {os.geteuid()} has no home: {ELSEWHERE}") from None
    return Path(user, "Library/Application Support" if macos else ".local/share", name)


class Running(str):
    """The connection string of a server that this process uses."""

    start_again: Callable[[], str]
    """Starts the server if somebody has stopped or killed it; returns where it is then."""


@contextmanager
def server(
    home: Path,
    *,
    environ: Mapping[str, str],
    options: Mapping[str, str] | None = None,
    port: int | None = None,
    notify: Callable[[str], None] = lambda message: None,
) -> Iterator[Running]:
    """Start or join the server whose data lies in `home`, and yield its conninfo (keyword form).

    The newest data directory in `home` decides the major version; if there is none, the newest
    PostgreSQL here creates it. `options` are server settings, used if this call starts the server.
    With a `port` it also listens there, on the loopback address: a server that does not is
    restarted once no other command uses it. `notify` is called with a sentence before a slow
    step. At the end the server is stopped unless another command uses it. Raises
    EmbeddedUnavailable.
    """
    home = home.absolute()
    with ExitStack() as files:
        with explained(home):
            make_home(home)
            control = files.enter_context(open_lock(home / "control.lock"))
            users = files.enter_context(open_lock(home / "users.lock"))
            with held(control):
                fcntl.flock(users, fcntl.LOCK_SH)
                cluster = _cluster(home, environ, options or {}, notify)
        try:
            with explained(home):
                conninfo = Running(_started(cluster, control, users, port))

            def start_again() -> str:
                with held(control):
                    return cluster.start(port)

            conninfo.start_again = start_again
            yield conninfo
        finally:
            with held(control):
                if alone(users):
                    cluster.stop()


def _started(cluster: Cluster, control: BinaryIO, users: BinaryIO, port: int | None) -> str:
    """Start or join the server; if it lacks the port, restart it once nobody else uses it."""
    announced = False
    while True:
        with held(control):
            if port is None or port == cluster.tcp_port():
                return cluster.start()
            is_alone = alone(users)
            fcntl.flock(users, fcntl.LOCK_SH)
            if is_alone:
                refuse_taken(port)
                cluster.stop()
                return cluster.start(port)
            if cluster.tcp_port():
                raise EmbeddedUnavailable(
                    f"the embedded server listens on port {cluster.tcp_port()} for another "
                    f"command: add PORT={cluster.tcp_port()}, or end that command first"
                )
        if not announced:
            cluster.notify(
                "waiting for the other commands that use the embedded server: it has to be "
                f"restarted to listen on port {port}"
            )
            announced = True
        time.sleep(0.2)


def _cluster(
    home: Path,
    environ: Mapping[str, str],
    options: Mapping[str, str],
    notify: Callable[[str], None],
) -> Cluster:
    """Return the newest data directory in `home`; create it if there is none."""
    for left in home.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
    made = max(_data_directories(home), default=None)
    if made:
        major, data = made
        try:
            _, binaries = find_version(environ, major)
        except EmbeddedUnavailable as error:
            raise EmbeddedUnavailable(f"{data} was made by PostgreSQL {major}: {error}") from None
    else:
        major, binaries = find_version(environ)
        data = home / f"pg{major}"
    if account := unprivileged_account(data):
        if closed := closed_part(home, account):
            raise EmbeddedUnavailable(
                f"{closed} is closed to {account}, as whom PostgreSQL runs because it refuses "
                f"root: {ELSEWHERE}"
            )
        binaries = reachable(binaries, home, account, environ, notify)
    cluster = Cluster(data, binaries, account, environ, options, notify)
    if not made:
        cluster.make(major)
    return cluster


def _data_directories(home: Path) -> Iterator[tuple[int, Path]]:
    """Yield the complete data directories in `home` as (major version, path)."""
    for directory in home.iterdir():
        if re.fullmatch(r"pg\d+", directory.name):
            with suppress(FileNotFoundError, NotADirectoryError, ValueError):
                major = int((directory / "PG_VERSION").read_text())
                (directory / "global" / "pg_control").stat()
                yield major, directory


@contextmanager
def explained(home: Path) -> Iterator[None]:
    """Turn an error of the operating system into one sentence."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise EmbeddedUnavailable(
            f"cannot run PostgreSQL in {home}: {error.strerror}{where}; {ELSEWHERE}"
        ) from error


def make_home(home: Path) -> None:
    """Create `home`: private, but for root open to the account that PostgreSQL runs as."""
    for directory in reversed([each for each in (home, *home.parents) if not each.exists()]):
        directory.mkdir(exist_ok=True)
        directory.chmod(0o755 if os.geteuid() == 0 else 0o700)


# The lock of a file keeps other processes out, but not the threads of this one.
_turn = threading.Lock()


@contextmanager
def held(lock: BinaryIO) -> Iterator[None]:
    with _turn:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)
