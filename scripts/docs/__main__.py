"""Regenerate pages of docs/.

    make docs

It reads the comments of tables and views and the columns of answers from a temporary PostgreSQL;
your data is not touched.
Exit codes: 0 done, 1 failed.
"""

from command import ROOT, parse, run

import os
import tempfile
from pathlib import Path

from output import say

from docs import commands, configuration, data, questions
from telemetry.database.connection import Connection, open_connection
from telemetry.database.embedded import server as embedded
from telemetry.database.migrations import migrate


def main() -> int:
    parse(__doc__, "docs")
    with tempfile.TemporaryDirectory(prefix="telemetry-docs-") as folder:
        home = Path(folder)
        home.chmod(0o711)  # for root: PostgreSQL then runs as another account and has to pass
        with embedded.server(home, environ=os.environ, notify=say) as dsn:
            migrate(dsn)
            with open_connection(dsn) as connection:
                found = pages(connection)
    for path, text in found.items():
        page = ROOT / path
        if page.exists() and page.read_text(encoding="utf-8") == text:
            say(f"{path} is up to date")
        else:
            page.write_text(text, encoding="utf-8")
            say(f"wrote {path}")
    return 0


def pages(connection: Connection) -> dict[Path, str]:
    """Return each generated page by its path in the checkout; the database must be up to date."""
    return {
        commands.PATH: commands.commands_page(),
        configuration.PATH: configuration.configuration(),
        data.PATH: data.data(connection),
        questions.PATH: questions.questions_page(connection),
    }


if __name__ == "__main__":
    run(main)
