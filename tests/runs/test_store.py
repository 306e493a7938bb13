"""Pages that are stored together: all or none of them, each run once and in its newest version."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from support.clients import NOW
from support.databases import blocked
from support.one_repository import DAY, HOUR
from support.rows import workflow_run

from telemetry.database.connection import Connection, open_connection
from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError
from telemetry.github.options import Options
from telemetry.rows.runs import Repository, WorkflowRun
from telemetry.runs.lists.listing import Batch
from telemetry.runs.lists.windows import ListedWindow
from telemetry.runs.record import IngestLog
from telemetry.runs.request import Tools, Wanted
from telemetry.runs.store import MOST_PAGES_AT_ONCE, Store, store_attempts


def run(number: int, **changes: object) -> WorkflowRun:
    ended = NOW - number * HOUR
    payload = {
        "id": number,
        "run_attempt": 1,
        "status": "completed",
        "conclusion": "success",
        "created_at": (ended - HOUR).isoformat(),
        "updated_at": ended.isoformat(),
        "repository": {"id": 7, "full_name": "acme/app"},
    }
    return WorkflowRun.from_api({**payload, **changes})


def page(*numbers: int, is_followed: bool = True) -> Batch:
    return Batch([run(number) for number in numbers], is_followed=is_followed)


@pytest.fixture
def store(connection: Connection) -> Store:
    client = GitHub("token", Options(base_url="http://127.0.0.1:9"))
    tools = Tools(connection, client, Wanted(None, NOW - 180 * DAY), clock=NOW.timestamp)
    repository = Repository(7, "acme/app", "github.example")
    return Store(IngestLog(tools, "acme/app", repository, tools.timer(), recorded=True))


def stored(connection: Connection) -> list[int]:
    rows = connection.execute("select github_run_id from workflow_runs order by 1").fetchall()
    return [row["github_run_id"] for row in rows]


def test_pages_that_are_there_already_are_stored_together(
    connection: Connection, store: Store
) -> None:
    pages = [page(1), page(2), page(3, is_followed=False), page(4), page(5)]
    found = [stored(connection) for _ in store.batches(pages)]
    assert found == [[1, 2, 3], [1, 2, 3, 4, 5]]
    assert (store.log.done.fetched, store.log.done.inserted) == (5, 5)


def test_no_more_than_some_pages_wait_to_be_stored(connection: Connection, store: Store) -> None:
    pages = (page(number) for number in range(1, MOST_PAGES_AT_ONCE + 2))
    found = [len(stored(connection)) for _ in store.batches(pages)]
    assert found == [MOST_PAGES_AT_ONCE, MOST_PAGES_AT_ONCE + 1]


def test_pages_before_a_fault_are_stored(connection: Connection, store: Store) -> None:
    def pages() -> Iterator[Batch]:
        yield page(1)
        yield page(2)
        raise GitHubError("GET /x: 500")

    with pytest.raises(GitHubError):
        list(store.batches(pages()))
    assert stored(connection) == [1, 2]


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_run_on_two_pages_counts_once_in_its_newest_version(
    connection: Connection, store: Store, newest_first: bool
) -> None:
    older = run(1, conclusion="failure")
    newer = run(1, updated_at=(NOW + HOUR).isoformat(), run_attempt=2, status="in_progress")
    pages = [Batch([newer]), Batch([older])] if newest_first else [Batch([older]), Batch([newer])]
    store.batch(*pages)
    assert stored(connection) == []
    rows = connection.execute("select github_run_id, run_attempt from open_runs").fetchall()
    assert [tuple(row.values()) for row in rows] == [(1, 2)]
    assert (store.log.done.fetched, store.log.done.not_completed) == (1, 1)


def test_what_a_window_left_out_is_not_missing_if_a_page_beside_it_shows_it(
    connection: Connection, store: Store
) -> None:
    store.batch(page(1, 2))
    low, high = NOW - 9 * HOUR, NOW + timedelta(seconds=1)
    window = ListedWindow(low, high, 1, [1], 1)
    store.batch(replace(page(1), windows=[window]), page(2))
    rows = connection.execute("select from workflow_runs where unlisted_at is not null")
    assert rows.rowcount == 0
    store.batch(replace(page(1), windows=[window]))
    rows = connection.execute(
        "select github_run_id from workflow_runs where unlisted_at > '-infinity'"
    )
    assert [row["github_run_id"] for row in rows] == [2]


def counts(store: Store) -> dict[str, int]:
    """The counts so far without those that are 0; each run is one of those fetched."""
    found = {name: count for name, count in vars(store.log.done).items() if count}
    assert found.pop("fetched") == sum(found.values())
    assert all(count > 0 for count in found.values())
    return found


def test_a_run_that_changes_while_it_is_listed_counts_once(store: Store) -> None:
    """On the first pages of a first ingest, where no run is unchanged."""
    as_it_was = {"status": "in_progress", "conclusion": None}
    store.batch(Batch([run(1, **as_it_was), run(2), run(3, **as_it_was)]))
    assert counts(store) == {"inserted": 1, "not_completed": 2}
    store.batch(Batch([run(1), run(2, updated_at=NOW.isoformat(), conclusion="failure")]))
    assert counts(store) == {"inserted": 2, "not_completed": 1}
    again = run(2, run_attempt=2, updated_at=(NOW + HOUR).isoformat())
    store.batch(Batch([again, run(4)]))
    assert counts(store) == {"inserted": 3, "not_completed": 1}
    store.batch(Batch([again, run(1, **as_it_was, run_attempt=2)]))
    assert counts(store) == {"inserted": 3, "not_completed": 1}


def test_a_run_whose_payload_names_no_repository_is_of_the_ingested_one(
    connection: Connection, store: Store
) -> None:
    store.batch(Batch([run(1, repository=None)]))
    (row,) = connection.execute("select repository_id, repository from workflow_runs").fetchall()
    assert row == {"repository_id": 7, "repository": "acme/app"}


def test_ingests_that_meet_one_new_login_do_not_wait_for_each_other(
    connection: Connection, dsn: str
) -> None:
    def store(login: str, *numbers: int) -> None:
        runs = [workflow_run(github_run_id=one, actor_id=5, actor=login) for one in numbers]
        with open_connection(dsn) as storing, storing.transaction():
            store_attempts(storing, runs)

    store("ann", 1, 2)
    with ThreadPoolExecutor(2) as threads:
        with connection.transaction():
            connection.execute("select from accounts for update")
            ingests = [threads.submit(store, "bea", number) for number in (1, 2)]
            with open_connection(dsn) as watching:
                blocked(watching, len(ingests))
        for ingest in ingests:
            ingest.result()
    actors = connection.execute("select distinct actor from workflow_runs").fetchall()
    assert actors == [{"actor": "bea"}]
