"""Delete rows older than the retention: runs by creation time, LLM calls by their time.

    make prune                              delete rows older than the retention
    make prune KEEP="6 months" DRY_RUN=1    count what would be deleted
    make prune KEEP="6 months"              delete it, and set the retention to six months
    make prune KEEP=forever                 delete nothing, now or later

Exit codes: 0 done, 1 failed or refused because clocks disagree, 2 wrong usage.
"""

from command import parse, run

from datetime import UTC, datetime

from connections import database
from output import progress, say, show_json, show_sentences

from telemetry.database.connection import describe
from telemetry.database.prune import prune, would_prune
from telemetry.database.retention import Retention, stored
from telemetry.summaries.ingests import change_text, pruned_text


def main() -> int:
    options = parse(__doc__, "prune")
    with database(is_patient=True) as connection:
        say(f"in {describe(connection)}")
        asked = None if options.keep is None else Retention(options.keep)
        if options.dry_run:
            pruned = would_prune(connection, asked or stored(connection))
        else:
            pruned = prune(
                connection,
                asked,
                local_time=datetime.now(UTC),
                progress=progress("rows"),
                chosen=_say_change,
            )
    if options.json:
        show_json(dry_run=options.dry_run, pruned=pruned)
    else:
        show_sentences(pruned_text(pruned))
    return 0


def _say_change(before: Retention, now: Retention) -> None:
    if change := change_text(before, now):
        say(change)


if __name__ == "__main__":
    run(main)
