"""A PostgreSQL of this machine that can be reached only by TLS, which the wheel's cannot offer."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from support.folders import new_folder
from telemetry.database.embedded.binaries import run, unprivileged_account

SETTINGS = """\
ssl = on
fsync = off
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
"""
ONLY_TLS = "hostssl all all 127.0.0.1/32 scram-sha-256\n"
PASSWORD = "päss word"


def programs() -> Path:
    """Return the folder of the server's programs; skips the test where there is none with TLS."""
    if shutil.which("openssl") and shutil.which("pg_config"):
        asked = ["pg_config", "--bindir", "--configure"]
        folder, configured = subprocess.check_output(asked, text=True).splitlines()
        if Path(folder, "initdb").is_file() and "openssl" in configured:
            return Path(folder)
    pytest.skip("PostgreSQL with TLS and openssl are needed; on Debian: apt install postgresql")


@contextmanager
def tls_server() -> Iterator[str]:
    """Yield the connection string of its administrator."""
    tools, folder = programs(), new_folder()
    account = unprivileged_account(folder)

    def tool(name: str, *arguments: str) -> None:
        code, said = run(tools / name, *arguments, environ=os.environ, account=account, data=data)
        assert code == 0, said

    data, password = folder / "data", folder / "password"
    data.mkdir()
    password.write_text(PASSWORD, encoding="utf-8")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-keyout", str(folder / "key"), "-out"]
    subprocess.run([*command, str(folder / "certificate")], check=True, capture_output=True)
    if account:
        for path in (folder, *folder.iterdir()):
            os.chown(path, *account)
    try:
        tool("initdb", "--username=boss", f"--pwfile={password}", "--auth=scram-sha-256", "-EUTF8")
        (folder / "key").rename(data / "server.key")
        (folder / "certificate").rename(data / "server.crt")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS.format(port=port))
        (data / "pg_hba.conf").write_text(ONLY_TLS)
        tool("pg_ctl", "--wait", f"--log={data / 'log'}", "start")
        yield make_conninfo(
            host="127.0.0.1", port=port, user="boss", password=PASSWORD, dbname="postgres"
        )
    finally:
        run(tools / "pg_ctl", "--mode=immediate", "stop", environ={}, account=account, data=data)
        shutil.rmtree(folder)
