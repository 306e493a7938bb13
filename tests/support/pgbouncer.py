"""PgBouncer in front of a server of the tests, in transaction mode."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from support.folders import new_folder
from support.paths import LONGEST
from telemetry.database.embedded.binaries import unprivileged_account

# Fewer connections to the server than clients have, so that they must share them.
SETTINGS = """\
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
logfile = {folder}/log
pidfile = {folder}/pid
"""


def program() -> str:
    """Return the path of PgBouncer; skips the test where there is none."""
    # Debian keeps it where only root looks.
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip("pgbouncer is missing; on Debian: apt install pgbouncer")
    return found


@contextmanager
def pooled(dsn: str, connections: int) -> Iterator[str]:
    """Yield the connection string of a database behind PgBouncer with so many connections."""
    given = conninfo_to_dict(dsn)
    folder = new_folder()
    settings = folder / "pgbouncer.ini"
    places = {name: given[name] for name in ("host", "port", "user")}
    settings.write_text(SETTINGS.format(folder=folder, connections=connections, **places))
    account = unprivileged_account(folder)  # it refuses to run as root, as PostgreSQL does
    if account:
        os.chown(folder, *account)
    with subprocess.Popen(
        [program(), settings],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=account.user if account else None,
        group=account.group if account else None,
        extra_groups=[] if account else None,
    ) as process:
        pool = make_conninfo(dsn, host=str(folder), port=6432)
        try:
            _wait_for(pool, process, folder / "log")
            yield pool
        finally:
            process.kill()
    shutil.rmtree(folder)


def _wait_for(pool: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + LONGEST
    while True:
        try:
            psycopg.connect(pool).close()
        except psycopg.OperationalError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return
