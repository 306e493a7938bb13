"""Store the completed workflow runs of repositories, then prune what is too old.

    make ingest REPO="owner/name owner/other" SINCE=90d

Exit codes: 0 all complete, 1 a repository failed, 2 wrong usage, 3 incomplete: what was fetched
is stored and the next ingest continues, 130 interrupted.
"""

from command import parse, run

import os
from argparse import Namespace
from contextlib import closing
from datetime import UTC, datetime

from client import github
from connections import migrated_database
from options.github import chosen_repositories, with_those_of_owner
from options.llm import chosen_logs
from output import progress, say, set_outputs, show_json, show_sentences

from telemetry import TelemetryError, counted, first_of, settings
from telemetry.database.concerns import MOST_NAMED
from telemetry.database.connection import Connection, describe
from telemetry.database.prices import load_name_kinds, load_runner_prices, unused_runner_prices
from telemetry.database.prune import prune
from telemetry.database.questions import find_repositories
from telemetry.database.retention import Retention, horizon, offer, stored
from telemetry.database.statistics import update_statistics
from telemetry.github.client import GitHub
from telemetry.github.errors import LimitReached
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.runs.rounds import FEW, SMALLEST_SHARE
from telemetry.summaries.ingests import (
    closing_text,
    ingestion_text,
    is_news,
    lost_text,
    offer_text,
    pruned_text,
    report_text,
)
from telemetry.terminal import plain

INCOMPLETE = 3
INTERRUPTED = 130


def main() -> int:
    options = parse(__doc__, "ingest_workflows")
    target = "ingest" if options.llm else "ingest-github"
    repositories = chosen_repositories(options.repo, os.environ, target, options.org)
    options.exclude = settings.repositories(options.exclude, "EXCLUDE")
    _check(options, repositories)
    chosen = chosen_logs(options) if options.llm and options.logs else None
    calls = pruned = problem = None
    with github(options.wait) as client, migrated_database() as connection:
        say(f"into {describe(connection)}")
        _take_settings(connection, options)
        asked = [] if options.org else repositories
        set_outputs(incomplete=True, stored=_is_stored(connection, asked))
        reports = _ingest(connection, client, options, repositories)
        code = exit_code(reports)
        set_outputs(incomplete=code != 0, stored=_is_stored(connection, asked))
        if code != INTERRUPTED:
            if chosen and chosen.logs.files:
                calls = chosen.ingest(connection, _oldest(connection))
            local_time, github_time = datetime.now(UTC), client.github_time
            try:
                pruned = prune(connection, local_time=local_time, github_time=github_time)
            except TelemetryError as error:
                problem = error  # what was stored is said first
            update_statistics(connection)
    if options.json:
        show_json(repositories=reports, llm_calls=calls, pruned=pruned)
    else:
        if calls is not None:
            show_sentences(ingestion_text(calls))
        has_answered = any(report.outcome != "failed" for report in reports)
        if pruned and (has_answered or pruned.workflow_runs or pruned.llm_calls):
            show_sentences(pruned_text(pruned))
    # GitHub deletes runs, so they do not wait for a log that is not there.
    lost = [f"LLM_LOGS: {text}" for text in chosen.logs.unmatched] if chosen else []
    if calls and (text := lost_text(calls)):
        lost.append(text)
    code = _ended(options, reports, code, lost)
    if problem:
        raise problem
    return code


def _check(options: Namespace, repositories: list[str]) -> None:
    """Say which options have no effect. Raises UsageError."""
    if options.exclude and not options.org:
        say("note: EXCLUDE is not read without ORG")
    if options.run_id is not None and len(repositories) != 1:
        raise settings.UsageError(
            "RUN_ID: a run belongs to one repository; name it: REPO=owner/name"
        )
    most = options.max_requests
    if most is not None and most < SMALLEST_SHARE:
        say(
            f"warning: MAX_REQUESTS: with {counted(most, 'request')} an ingest may not get further "
            f"than the last one; {SMALLEST_SHARE} are always enough"
        )


def _take_settings(connection: Connection, options: Namespace) -> None:
    """Store what this command says of retention, prices and names.

    Raises UsageError, before anything is stored, for a SINCE that is before the retention.
    """

    def check(horizon: datetime) -> None:
        Wanted(options.since, horizon).start(datetime.now(UTC))

    if options.keep is not None:
        asked = Retention(options.keep)
        said = offer_text(offer(connection, asked, check))
        say(said or f"this database keeps {asked.in_words}, as before")
    load_runner_prices(connection, options.runner_prices, options.runner_labels)
    if options.runner_prices and (unused := unused_runner_prices(connection)):
        say(plain(unused))
    load_name_kinds(connection, options.name_kinds)


def _oldest(connection: Connection) -> datetime | None:
    """The time before which the next prune deletes all rows; None if it deletes none."""
    kept = stored(connection)
    return None if kept.is_held else horizon(connection, kept).before


def _is_stored(connection: Connection, asked: list[str]) -> bool:
    """Whether there is a repository to report on: one of those asked for, or any if none is."""
    try:
        return bool(find_repositories(connection, asked)[0])
    except settings.UsageError:
        return False


def _ingest(
    connection: Connection, client: GitHub, options: Namespace, named: list[str]
) -> list[Report]:
    """Ingest the repositories, and show the report on each when it is done."""
    before = horizon(connection, stored(connection)).before
    wanted = Wanted(options.since, before, jobs=options.jobs, full=options.full)
    tools = Tools(connection, client, wanted, options.concurrency, notify=say, progress=progress())
    repositories = named
    if options.org:
        try:
            repositories = with_those_of_owner(connection, client, options, named)
        except LimitReached as error:
            say(f"the repositories of {options.org} were not listed: {error}")
            return [Report(options.org, "not reached", str(error))]
    reports = []
    is_brief = len(repositories) > FEW
    # Listing the repositories of an owner has taken some.
    most = options.max_requests and max(0, options.max_requests - client.requests)
    with closing(ingest(tools, repositories, most, options.run_id)) as ingests:
        for report in ingests:
            reports.append(report)
            # What was not reached, and how many have nothing new, is in the closing line.
            is_shown = is_news(report) or not is_brief
            if not options.json and report.outcome != "not reached" and is_shown:
                show_sentences(report_text(report, is_brief=is_brief))
    if len(reports) > 1:
        limit = None if client.requests_left else client.rate_limit
        say(closing_text(reports, limit.reset_at if limit else None))
    return reports


def _ended(options: Namespace, reports: list[Report], code: int, lost: list[str]) -> int:
    """Say what failed and what was lost; return the exit code."""
    failed = [report.repository for report in reports if report.outcome == "failed"]
    if failed:
        hint = "; EXCLUDE leaves out those that always fail" if options.org else ""
        say(f"failed: {first_of(failed, MOST_NAMED)}{hint}")
    for text in lost:
        say(f"warning: {text}")
    if lost and code == 0 and options.strict:
        return 1
    is_lenient = options.lenient and not options.strict
    return 0 if code == INCOMPLETE and is_lenient else code


def exit_code(reports: list[Report]) -> int:
    outcomes = {report.outcome for report in reports}
    codes = {"interrupted": INTERRUPTED, "failed": 1}
    codes |= dict.fromkeys(("incomplete", "not reached"), INCOMPLETE)
    return next((code for outcome, code in codes.items() if outcome in outcomes), 0)


if __name__ == "__main__":
    run(main)
