"""Restore a file of make dump into an empty database.

    make restore FILE=telemetry.dump
    DATABASE_URL=postgresql://… make restore FILE=telemetry.dump   (moves to another server)

It restores everything or nothing. Tables and views keep the privileges that they had in the target
database, and your own views on them are recreated. Exit codes: 0 done, 1 failed: no such file, a
broken file, or a database that is not empty, 2 wrong usage.
"""

from command import parse, run

import os
from pathlib import Path

from output import say, show

from telemetry.database.connection import conninfo
from telemetry.database.transfer import restore


def main() -> int:
    path = Path(parse(__doc__, "restore").file)
    with conninfo(os.environ, say) as dsn:
        restore(dsn, path, os.environ, say)
    show(f"restored {path}")
    return 0


if __name__ == "__main__":
    run(main)
