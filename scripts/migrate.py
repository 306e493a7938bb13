"""Bring the tables and views of the database up to date with this version.

    make migrate

Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from command import parse, run

import os

from output import say, show

from telemetry.database.connection import conninfo, describe, open_connection
from telemetry.database.migrations import migrate
from telemetry.database.rules import broken_rules, validate_rules

MANY = 10


def main() -> int:
    parse(__doc__, "migrate")
    with conninfo(os.environ, say) as dsn:
        applied = migrate(dsn, say, waits=say)
        with open_connection(dsn) as connection:
            say(f"in {describe(connection)}")
            validate_rules(connection)
            for sentence in broken_rules(connection):
                say(sentence)
    # A new database needs dozens: their names would fill a screen.
    shown = applied if len(applied) < MANY else [applied[0], "…", *applied[-2:]]
    show(f"applied: {', '.join(shown)}" if applied else "nothing to apply")
    return 0


if __name__ == "__main__":
    run(main)
