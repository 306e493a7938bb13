"""Shared by the commands that ask a question: its scope, and its answer in three formats."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from output import say, screen, show, show_json, show_pages

from telemetry import settings
from telemetry.database.connection import Connection
from telemetry.database.covered import with_coverage
from telemetry.database.questions import Answer, Scope, find_repositories, first_stored
from telemetry.database.transfer import is_empty
from telemetry.database.watched import unwatched_text
from telemetry.installation import typed
from telemetry.report.period import FIRST_RUNS, Period, period
from telemetry.summaries.answers import answer_text, csv_text
from telemetry.terminal import plain
from telemetry.times import Length

# Begins at midnight, so it holds the month until now: what a budget is about, whatever SINCE is.
MONTH = Length(rest=timedelta(days=30))


def scope_of(connection: Connection, options: Namespace) -> Scope:
    """Return the scope of a question, until NOW if given, since SINCE or of a month.

    Warns of repositories without rows.
    """
    now = getattr(options, "now", None) or datetime.now(UTC)
    ids = ids_of(connection, options)
    zone = getattr(options, "time_zone", UTC)
    since = getattr(options, "since", MONTH)
    of = period_since(connection, since, now.astimezone(zone), ids)
    return of.scope(ids, getattr(options, "top", None))


def period_since(
    connection: Connection,
    since: date | Length | Literal["all"],
    now: datetime,
    ids: Sequence[int] | None,
) -> Period:
    """Return the period until `now`, in its time zone; `all` begins with the first that is stored.

    Raises UsageError if it is empty.
    """
    if since == "all":
        since = first_stored(connection, ids) or FIRST_RUNS
    return period(since, now)


def ids_of(connection: Connection, options: Namespace) -> list[int] | None:
    """Return the ids of the repositories asked about, None for all; warn of those without rows."""
    names = settings.repositories(options.repo, are_stored=True)
    if not names:
        return None
    found, missing = find_repositories(connection, names)
    for name in missing:
        say(f"{plain(name)}: nothing is stored")
    return [row["repository_id"] for row in found]


def covered(
    connection: Connection, asked: Answer, again: Callable[[Scope], Answer] | None = None
) -> Answer:
    """Return the answer with its coverage, and print what it lacks. `again` asks about less."""
    answer = with_coverage(connection, asked, again)
    say_unwatched(answer)
    for lack in answer.coverage.lacks if answer.coverage else ():
        say(lack)
    if not answer.rows and is_empty(connection):
        known, _ = find_repositories(connection, [])
        nothing = f"nothing has been ingested yet; try: {typed('ingest REPO=owner/name')}"
        say("no run and no LLM call is stored" if known else nothing)
    return answer


def say_unwatched(answer: Answer) -> None:
    """Print which repositories an answer leaves out because they are not watched."""
    if answer.unwatched:
        one = answer.unwatched[0]
        named = f'"{one}"' if " " in one else one
        say(plain(f"{unwatched_text(answer.unwatched)}; to ask about one: REPO={named}"))


def show_answer(answer: Answer, form: str) -> None:
    """Print an answer as text, csv or json."""
    if form == "json":
        show_json(**vars(answer))
    elif form == "csv":
        show(csv_text(answer))
    else:
        show_pages(answer_text(answer, screen()))
