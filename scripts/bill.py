"""Compare what GitHub bills with what the stored jobs cost, and name the cause of each difference.

    make bill FILE=usage.csv                    a usage report that GitHub sent by mail
    make bill ORG=acme MONTH=2026-10            from GitHub's billing API, if the token may read it
    make bill SINCE=2026-10-01 FORMAT=json      what was loaded before

To get a usage report, choose Billing and licensing, Usage, Get usage report. The detailed one names
the workflows; the summarized one and the API do not, so their lines are compared by repository.
Reports of several months or accounts are fine; a newer report of a day replaces the older one. The
causes are those of sql/analysis/bill.sql, whose header says how to read them. Ingest the days of
the bill first: runs that are not stored count as "run not stored".
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from command import parse, run

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from answers import ids_of, scope_of, show_answer
from client import github
from connections import database
from output import say, screen, show, show_json

from telemetry import settings
from telemetry.database.bill import (
    Loaded,
    bill,
    billed_span,
    load_report,
    other_owners,
    span,
)
from telemetry.database.connection import Connection
from telemetry.database.questions import Scope
from telemetry.database.retention import horizon, stored
from telemetry.installation import typed
from telemetry.runs.bill import fetch_month
from telemetry.summaries.bill import bill_text, loaded_text
from telemetry.terminal import plain


def main() -> int:
    options = parse(__doc__, "bill")
    if options.month and (options.file or not options.org):
        raise settings.UsageError(
            "MONTH goes together with ORG, and without FILE; try: "
            + typed("bill ORG=acme MONTH=2026-10")
        )
    if options.org and not options.month:
        say("note: ORG is not read without MONTH")
    if options.since and (options.month or options.file):
        say("note: SINCE is not read with FILE or MONTH, because the days are those of the bill")
    with database(is_patient=True) as connection:
        loaded = _load(connection, options)
        if loaded:
            say(plain(loaded_text(loaded)))
            if others := other_owners(connection, loaded):
                named = ", ".join(others)
                say(plain(f"the bill also has days of {named}, which were loaded before"))
            before = horizon(connection, stored(connection)).before.date()
            if loaded.first_day < before:
                say(f"days before {before} are older than this database keeps; prune deletes them")
        found = bill(connection, _scope(connection, options, loaded))
    if options.format == "json":
        rows = {"causes": found.causes.rows, "unexplained": found.unexplained}
        show_json(scope=found.causes.scope, loaded=loaded, **rows)
    elif options.format == "csv":
        show_answer(found.causes, "csv")
    else:
        show(bill_text(found, screen()))
    return 0


def _load(connection: Connection, options: Namespace) -> Loaded | None:
    if options.file:
        return load_report(connection, Path(options.file), datetime.now(UTC))
    if options.month:
        with github() as client:
            return fetch_month(connection, client, options.org, options.month)
    return None


def _scope(connection: Connection, options: Namespace, loaded: Loaded | None) -> Scope:
    """Return the days of the report; without one those since SINCE, else all that are covered."""
    ids = ids_of(connection, options)
    if loaded:
        return Scope(*span(loaded.first_day, loaded.last_day), ids)
    covered = billed_span(connection)
    if covered is None:
        raise settings.UsageError(f"no usage report is stored; try: {typed('bill FILE=usage.csv')}")
    is_all = options.since in (None, "all")
    return Scope(*covered, ids) if is_all else scope_of(connection, options)


if __name__ == "__main__":
    run(main)
