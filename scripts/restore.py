"""Restore a file of make dump into an empty database.

    make restore FILE=telemetry.dump
    DATABASE_URL=postgresql://… make restore FILE=telemetry.dump   (moves to another server)

It restores everything or nothing. Tables and views keep the privileges that they had in the target
database, and your own views on them are recreated. In a GitHub workflow the step has the output
is-newer if a newer version has written the file.
Exit codes: 0 done, 1 failed: no such file, a broken or a newer one, or a database that is not
empty, 2 wrong usage.
"""

from command import parse, run

import os
from pathlib import Path

from output import say, set_outputs, show

from telemetry.database.connection import conninfo
from telemetry.database.schema import NewerDatabase
from telemetry.database.transfer import restore


def main() -> int:
    path = Path(parse(__doc__, "restore").file)
    with conninfo(os.environ, say) as dsn:
        try:
            restore(dsn, path, os.environ, say)
        except NewerDatabase:
            set_outputs(is_newer=True)
            raise
    show(f"restored {path}")
    return 0


if __name__ == "__main__":
    run(main)
