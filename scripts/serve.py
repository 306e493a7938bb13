"""Serve the embedded database to other tools on this machine, read-only, until Ctrl-C.

    make serve
    make serve PORT=15433

It prints the URL. Other commands work as usual meanwhile. A database of your own (DATABASE_URL)
needs no serving; sql/grants.sql makes a role in it that may only read. docs/tools.md has the steps
for psql, Grafana, Metabase, pandas and DuckDB.
Exit codes: 0 ended by Ctrl-C, 1 failed, 2 wrong usage.
"""

from command import parse, run

import os

from output import say, show

from telemetry.database.connection import database_variable
from telemetry.database.embedded.server import default_home
from telemetry.database.serving import DATABASE, READER, Served, serving, wait
from telemetry.settings import UsageError


def main() -> int:
    options = parse(__doc__, "serve")
    if variable := database_variable(os.environ):
        raise UsageError(
            f"{variable} names a database of your own, which other tools can reach without this; "
            'psql "$DATABASE_URL" -f sql/grants.sql makes a role there that may only read'
        )
    home = default_home(os.environ)
    with serving(home, options.port, environ=os.environ, notify=say) as (served, connection):
        try:
            show(text(served))
            say("serving until Ctrl-C; other commands can use the database meanwhile")
            wait(connection)
        except KeyboardInterrupt:
            say("no longer serving")
    return 0


def text(served: Served) -> str:
    """How each kind of tool connects to the database."""
    for_sqlalchemy = served.url.replace("postgresql:", "postgresql+psycopg:", 1)
    return f"""\
for psql, pandas, DuckDB and all that is built on libpq:
  {served.url}
for DBeaver, Grafana, Metabase and others, on this machine:
  host 127.0.0.1, port {served.port}, database {DATABASE}, user {READER}, no TLS
  password: what comes after the last colon in {served.password_file}

  psql '{served.url}'
  pandas.read_sql_table("attempts", "{for_sqlalchemy}")
  duckdb -cmd "attach '{served.url}' as ci (type postgres, read_only)"
"""


if __name__ == "__main__":
    run(main)
