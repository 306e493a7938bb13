"""Answer one of the ready questions in sql/analysis/ from the database, or list them all.

    make queries
    make query Q=flaky_jobs
    make query Q=flaky_jobs REPO=owner/name SINCE=90d TOP=5
    make query Q=flaky_jobs FORMAT=csv > flaky_jobs.csv

If jobs are still to be fetched, an answer about jobs says how many attempts it covers, on stderr
and in JSON as "coverage"; if it covers less than half, it has no rows.
In CSV, control characters in names become U+FFFD, and text that a spreadsheet would run as a
formula begins with an apostrophe; JSON is unchanged.
Exit codes: 0 fine, 1 failed, 2 wrong usage.
"""

from command import parse, run

import os
from argparse import Namespace
from datetime import datetime

from output import say, screen, show, show_json

from telemetry import settings
from telemetry.database.connection import Connection, connect
from telemetry.database.migrations import require_schema
from telemetry.database.questions import Scope, ask, find_repositories, questions, with_coverage
from telemetry.report.period import period
from telemetry.summaries.answers import answer_text, csv_text, questions_text
from telemetry.terminal import plain


def main() -> int:
    options = parse(__doc__, "query")
    if options.list or not options.question:
        return _list(options.format)
    with connect(os.environ, say) as connection:
        require_schema(connection)
        asked = ask(connection, options.question, _scope(connection, options))
        answer = with_coverage(connection, asked)
    coverage = answer.coverage
    if coverage and coverage.is_misleading:
        say(f"no answer: {coverage}")
    elif coverage and coverage.repositories:
        say(f"incomplete: {coverage}")
    if options.format == "json":
        show_json({"schema_version": 1, **vars(answer)})
    elif options.format == "csv":
        show(csv_text(answer))
    else:
        show(answer_text(answer, screen()))
    return 0


def _scope(connection: Connection, options: Namespace) -> Scope:
    """Return the scope of the question; warn about repositories without rows."""
    now = datetime.now(options.time_zone)
    since = options.since
    if since == "all":
        raise settings.UsageError("SINCE: a question takes a date or an age such as 400d, not all")
    of = period(since.up_to(now) if isinstance(since, settings.Length) else since, now)
    names = settings.repositories(" ".join(options.repo or []))
    if not names:
        return of.scope(top=options.top)
    found, missing = find_repositories(connection, names)
    for name in missing:
        say(f"{plain(name)}: nothing is stored")
    return of.scope([row["repository_id"] for row in found], options.top)


def _list(form: str) -> int:
    if form == "json":
        show_json({"schema_version": 1, "questions": questions()})
    else:
        show(questions_text(questions(), screen()))
    return 0


if __name__ == "__main__":
    run(main)
