"""Stop watching repositories that are no longer ingested, such as deleted ones.

    make forget REPO=owner/name

Status, MAX_AGE, reports, questions and budgets then leave them out and say so, unless REPO names
them; check and bill still read all rows. Their rows stay until they are pruned. An ingest of such a
repository watches it again.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from command import parse, run

from connections import database
from output import say, show

from telemetry import settings
from telemetry.database.connection import describe
from telemetry.database.watched import forget
from telemetry.installation import COMMAND
from telemetry.terminal import plain


def main() -> int:
    options = parse(__doc__, "forget")
    names = settings.repositories(options.repo)
    if not names:
        raise settings.UsageError(f"no repository is named; try: {COMMAND} forget REPO=owner/name")
    with database(is_patient=True) as connection:
        say(f"in {describe(connection)}")
        for name in forget(connection, names):
            show(f"{plain(name)} is no longer watched; its rows stay until they are pruned")
    return 0


if __name__ == "__main__":
    run(main)
