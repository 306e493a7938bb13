"""Where a period begins and ends, for every question: since belongs to it, until does not."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from support.answers import UNANSWERED
from support.history import UNTIL, make_history, store
from support.rows import llm_call, workflow_run

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_llm_prices, load_name_kinds, load_runner_prices
from telemetry.database.questions import Scope, ask, questions
from telemetry.database.upserts import upsert
from telemetry.rows.llm import LlmCall
from telemetry.rows.runs import Repository, WorkflowRun

MOMENT = timedelta(microseconds=1)


def midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


# Without rows in this world, where every job fails now and then.
SILENT = {*UNANSWERED, "never_failed"}
# When the period is not listed is when it begins and ends.
OF_BOUNDS = {"unlisted_from", "unlisted_to"}


@pytest.fixture(scope="module")
def midnights(new_database: Callable[[str], str], migrated: str) -> Iterator[Connection]:
    """A history in which every run is created, and every call is made, at midnight."""
    with open_connection(new_database(migrated)) as opened:
        upsert(opened, [Repository(7, "acme/r7", "h"), Repository(8, "acme/r8", "h")])
        load_runner_prices(opened)
        load_llm_prices(opened)
        load_name_kinds(opened)
        made = make_history(
            seed=11, days=100, runs_per_day=3, factor=lambda _, day: 1 if day < 80 else 3
        )
        made.runs = [replace(run, created_at=midnight(run.created_at)) for run in made.runs]
        store(opened, made)
        upsert(opened, [call_of(run, place) for place, run in enumerate(made.runs)])
        yield opened


def call_of(run: WorkflowRun, place: int) -> LlmCall:
    """A call of a run: every third one fails, every other has a price, and some a cost."""
    return llm_call(
        call_id=f"call-{place}",
        session_id=f"session-{place}",
        timestamp=run.created_at,
        github_run_id=run.github_run_id,
        github_run_attempt=run.run_attempt,
        model=("claude-sonnet-4-5", "some-model")[place % 2],
        input_tokens=1_000 + place,
        cache_read_tokens=500,
        cache_write_tokens=0,
        output_tokens=100,
        reported_cost=Decimal("0.01") if place % 5 == 0 else None,
        duration_ms=1_000 + place,
        success=place % 3 > 0,
    )


@pytest.mark.parametrize("name", [question.name for question in questions()])
def test_a_period_begins_with_since_and_ends_before_until(midnights: Connection, name: str) -> None:
    until = midnight(UNTIL) - timedelta(days=5)
    since = until - timedelta(days=30)

    def answer(earlier: timedelta) -> list[dict[str, Any]]:
        rows = ask(midnights, name, Scope(since - earlier, until - earlier)).rows
        return [{key: row[key] for key in row if key not in OF_BOUNDS} for row in rows]

    at_midnight = answer(timedelta())
    assert bool(at_midnight) == (name not in SILENT), "store rows, or see SILENT and UNANSWERED"
    if name != "forecast":
        assert at_midnight == answer(MOMENT)


def test_an_incident_that_ends_as_a_period_does_is_open_in_it_and_ended_in_the_next(
    connection: Connection,
) -> None:
    """Red from the first of two commits to the second; a period ends or begins at these moments."""
    red_at, green_at = UNTIL - timedelta(days=9), UNTIL - timedelta(days=4)
    upsert(connection, [Repository(7, "acme/r7", "h")])
    upsert(connection, [
        workflow_run(
            github_run_id=number,
            conclusion=conclusion,
            created_at=ended_at - timedelta(hours=1),
            started_at=ended_at - timedelta(hours=1),
            completed_at=ended_at,
            commit_sha=f"c{number}",
        )
        for number, conclusion, ended_at in ((1, "failure", red_at), (2, "success", green_at))
    ])  # fmt: skip

    def told(since: datetime, until: datetime) -> tuple[list[bool], list[bool]]:
        """Whether each incident is open, as both questions tell it."""
        scope = Scope(since, until)
        incidents = ask(connection, "incidents", scope).rows
        times = ask(connection, "time_to_green", scope).rows
        return (
            [row["recovered_at"] is None for row in incidents],
            [row["red_since"] is not None for row in times],
        )

    before, after = red_at - timedelta(days=30), green_at + timedelta(days=30)
    assert told(before, red_at) == ([], [])
    assert told(before, red_at + MOMENT) == ([True], [True])
    assert told(before, green_at) == ([True], [True])
    assert told(before, green_at + MOMENT) == ([False], [False])
    assert told(green_at, after) == ([False], [False])
    assert told(green_at + MOMENT, after) == ([], [])
    # What is red stays red for 30 days after its last run was created.
    connection.execute("delete from workflow_runs where conclusion = 'success'")
    month = red_at - timedelta(hours=1) + timedelta(days=30)
    assert told(month - timedelta(days=7), month) == ([True], [True])
    assert told(month - timedelta(days=7) + MOMENT, month + MOMENT) == ([], [])
