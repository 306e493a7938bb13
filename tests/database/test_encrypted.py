"""Dump, restore and psql reach a server that accepts only TLS, as most managed ones do."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from support.rows import workflow_run
from support.tls_server import tls_server

from telemetry import TelemetryError
from telemetry.database.connection import open_connection
from telemetry.database.migrations import migrate
from telemetry.database.transfer import dump, psql, restore
from telemetry.database.upserts import upsert

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def encrypted() -> Iterator[str]:
    """An administrator's connection string, with one stored run."""
    with tls_server() as dsn:
        migrate(dsn)
        with open_connection(dsn) as connection:
            upsert(connection, [workflow_run()])
        yield dsn


@pytest.mark.parametrize("mode", ["prefer", "require"])
def test_what_is_dumped_over_tls_is_restored_over_tls(
    encrypted: str, mode: str, tmp_path: Path
) -> None:
    dsn = make_conninfo(encrypted, sslmode=mode)
    dump(dsn, tmp_path / "dump", os.environ)
    with psycopg.connect(encrypted, autocommit=True) as admin:
        admin.execute(f"create database restored_{mode}")
    restored = make_conninfo(dsn, dbname=f"restored_{mode}")
    restore(restored, tmp_path / "dump", os.environ)
    with open_connection(restored) as connection:
        (row,) = connection.execute("select count(*) as runs from workflow_runs").fetchall()
    assert row["runs"] == 1


def test_psql_uses_tls(encrypted: str, capfd: pytest.CaptureFixture[str]) -> None:
    asked = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    code = psql(encrypted, os.environ, ["--no-psqlrc", "--tuples-only", f"--command={asked}"])
    assert (code, capfd.readouterr().out.strip()) == (0, "t")


def test_programs_that_cannot_use_tls_are_named_before_anything_is_done(
    encrypted: str, tmp_path: Path
) -> None:
    alone = {**os.environ, "PATH": str(tmp_path)}
    for do in (
        lambda: dump(encrypted, tmp_path / "dump", alone),
        lambda: psql(encrypted, alone),
    ):
        with pytest.raises(TelemetryError, match=r"encrypted, and no (pg_dump|psql).* can use TLS"):
            do()
    assert not list(tmp_path.iterdir())


def test_an_unencrypted_connection_needs_no_other_programs(dsn: str, tmp_path: Path) -> None:
    assert dump(dsn, tmp_path / "dump", {**os.environ, "PATH": str(tmp_path)})
