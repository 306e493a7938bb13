"""Check the stored data against the rules in sql/checks/. Sends no request to GitHub.

    make check
    make check REPO=owner/name SINCE=30d
    make check FORMAT=json

Each rule is a select that returns the rows that break it: sums that do not add up, times in the
wrong order, rows without a parent. The first rows of each broken rule are shown.
Exit codes: 0 all rules hold, 1 failed, 2 wrong usage, 4 a rule is broken.
"""

from command import parse, run

from datetime import UTC, datetime

from answers import ids_of
from connections import database
from output import screen, show, show_json

from telemetry.database.checks import check
from telemetry.report.period import period
from telemetry.summaries.checks import checks_text


def main() -> int:
    options = parse(__doc__, "check")
    since = None
    if options.since != "all":
        since = period(options.since, datetime.now(UTC)).since
    with database() as connection:
        ids = ids_of(connection, options)
        checked = check(connection, since, ids)
    if options.format == "json":
        rows = [{"holds": each.holds, **vars(each)} for each in checked]
        show_json(checks=rows)
    else:
        show(checks_text(checked, options.top, screen()))
    return 0 if all(each.holds for each in checked) else 4


if __name__ == "__main__":
    run(main)
