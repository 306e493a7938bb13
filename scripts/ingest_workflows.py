"""Store the completed workflow runs of repositories, then prune what is too old.

    make ingest REPO="owner/name owner/other" SINCE=90d

Exit codes: 0 all complete, 1 a repository failed, 2 wrong usage, 3 incomplete: what was fetched
is stored and the next ingest goes on, 130 interrupted.
"""

import argparse
import os
from datetime import UTC, datetime

from command import github, parser, run
from options.github import add_github_options, chosen
from options.llm import logs_of_environment
from output import progress, say, show, show_json

from telemetry import settings
from telemetry.database.connection import conninfo, describe, open_connection
from telemetry.database.migrations import migrate
from telemetry.database.prices import load_runner_prices
from telemetry.database.prune import prune
from telemetry.database.retention import Retention, horizon, offer, stored
from telemetry.runs.ingest import ingest, repositories_of
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.summaries import (
    ingestion_text,
    lost_text,
    offer_text,
    pruned_text,
    report_text,
)

INCOMPLETE = 3
INTERRUPTED = 130


def arguments() -> argparse.Namespace:
    command = parser(__doc__)
    environ = os.environ
    add_github_options(command)
    command.add_argument(
        "--org",
        metavar="NAME",
        default=environ.get("TELEMETRY_ORG"),
        help="all repositories of an organization or a user, beside those named",
    )
    command.add_argument(
        "--no-archived",
        dest="archived",
        action="store_false",
        default=settings.flag(environ, "TELEMETRY_ARCHIVED", default=True),
        help="leave out archived repositories of --org",
    )
    command.add_argument(
        "--keep",
        default=environ.get("TELEMETRY_KEEP"),
        help="how long this database keeps its rows from now on, if longer than until now"
        " (default: as stored, at first '6 months')",
    )
    command.add_argument(
        "--run-id",
        default=environ.get("TELEMETRY_RUN_ID"),
        help="ingest only this run of the one repository named",
    )
    command.add_argument(
        "--no-jobs",
        dest="jobs",
        action="store_false",
        default=settings.flag(environ, "TELEMETRY_JOBS", default=True),
        help="leave out jobs and steps",
    )
    command.add_argument(
        "--full",
        action="store_true",
        default=settings.flag(environ, "TELEMETRY_FULL"),
        help="list again all that was ever listed",
    )
    command.add_argument(
        "--llm",
        action="store_true",
        help="then read the logs of LLM calls that TELEMETRY_LLM_LOGS names, if it is set",
    )
    command.add_argument(
        "--lenient",
        action="store_true",
        help="exit with 0 instead of 3, unless TELEMETRY_STRICT is on; make does so",
    )
    command.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return command.parse_args()


def main() -> int:
    options = arguments()
    lenient = options.lenient and not settings.flag(os.environ, "TELEMETRY_STRICT")
    choice = chosen(options, options.org)
    repositories = choice.repositories
    run_id = (
        settings.whole_number(options.run_id, "RUN_ID", 1, 2**63 - 1) if options.run_id else None
    )
    if run_id is not None and len(repositories) != 1:
        raise settings.UsageError("RUN_ID: a run is of one repository; name it: REPO=owner/name")
    keep = settings.keep(options.keep) if options.keep else None
    logs = logs_of_environment() if options.llm else None
    reports: list[Report] = []
    calls = pruned = None
    with github(options.wait) as client, conninfo(os.environ, say) as dsn:
        migrate(dsn, say)
        with open_connection(dsn) as connection:
            say(f"into {describe(connection)}")
            if keep is not None:
                said = offer_text(offer(connection, Retention(keep)))
                say(said or f"this database keeps {keep}, as before")
            load_runner_prices(connection, os.environ)
            wanted = Wanted(
                choice.since,
                horizon(connection, stored(connection)).before,
                jobs=options.jobs,
                full=options.full,
            )
            tools = Tools(
                connection, client, wanted, choice.concurrency, notify=say, progress=progress()
            )
            if options.org:
                found = repositories_of(client, options.org, options.archived)
                repositories = list(dict.fromkeys([*repositories, *found]))
                say(f"{options.org} has {len(found):,} repositories")
            for report in ingest(tools, repositories, choice.max_requests, run_id):
                reports.append(report)
                if not options.json:
                    show(report_text(report))
            code = exit_code(reports)
            if code != INTERRUPTED:
                calls = logs.ingest(connection) if logs else None
                pruned = prune(
                    connection,
                    local_time=datetime.now(UTC),
                    github_time=client.github_time,
                )
    if options.json:
        done = {"repositories": reports, "llm_calls": calls, "pruned": pruned}
        show_json({"schema_version": 1, **done})
    else:
        if calls is not None:
            show(ingestion_text(calls))
        if pruned is not None:
            show(pruned_text(pruned))
    failed = [report.repository for report in reports if report.outcome == "failed"]
    if failed:
        say(f"failed: {', '.join(failed)}")
    lost = lost_text(calls) if calls else None
    if lost:
        say(f"warning: {lost}")
    if lost and code == 0 and settings.flag(os.environ, "TELEMETRY_STRICT"):
        return 1
    return 0 if code == INCOMPLETE and lenient else code


def exit_code(reports: list[Report]) -> int:
    outcomes = {report.outcome for report in reports}
    for outcome, code in (("interrupted", INTERRUPTED), ("failed", 1), ("incomplete", INCOMPLETE)):
        if outcome in outcomes:
            return code
    return 0


if __name__ == "__main__":
    run(main)
