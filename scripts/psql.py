"""Open psql on the database in use; it reads a file as well: make psql < question.sql

A file ends at its first error. Exit codes are psql's.
"""

from command import ask_demo, note_unread, run

import os
import signal
import sys

from output import say

from telemetry import settings
from telemetry.database.connection import conninfo
from telemetry.database.transfer import psql


def main() -> int:
    note_unread(set())
    if settings.flag(os.environ, "TELEMETRY_DEMO", name="DEMO"):
        ask_demo()
    # A person at a prompt can continue after an error; a file stops, so that errors are seen.
    interactive = sys.stdin is not None and sys.stdin.isatty()
    options = [] if interactive else ["--set=ON_ERROR_STOP=1"]
    with conninfo(os.environ, say) as dsn:
        # psql uses Ctrl-C to cancel a query; the server must survive it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return psql(dsn, os.environ, [*options, *sys.argv[1:]])


if __name__ == "__main__":
    run(main)
