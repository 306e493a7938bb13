"""Write the tables and views of this toolkit, with their data, to a file.

    make dump FILE=telemetry.dump

The file is in pg_dump's custom format; make restore reads it. It needs a direct connection: a pool
that switches sessions between transactions, such as PgBouncer in transaction mode, is refused.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from command import parse, run

import os
from pathlib import Path

from output import say, show

from telemetry.database.connection import conninfo
from telemetry.database.transfer import dump
from telemetry.terminal import size


def main() -> int:
    path = Path(parse(__doc__, "dump").file)
    with conninfo(os.environ, say) as dsn:
        written = dump(dsn, path, os.environ)
    show(f"wrote {path}, {size(written)}")
    return 0


if __name__ == "__main__":
    run(main)
