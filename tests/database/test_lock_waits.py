"""What a command says while it waits for a lock of somebody else's session."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest
from support.paths import LONGEST

from telemetry.database import lock_waits
from telemetry.database.connection import conninfo, open_connection


def wait_until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LONGEST
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


SINCE = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)


def test_a_command_that_waits_for_a_lock_says_for_whose(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_waits, "LONGEST_SILENCE_SECONDS", 0.1)
    monkeypatch.setattr(lock_waits, "SECONDS_BETWEEN_LOOKS", 0.1)
    said: list[str] = []
    with psycopg.connect(dsn, application_name="a tool") as other:
        other.execute("lock table workflow_runs in access exclusive mode")

        def give_back() -> None:
            wait_until(lambda: bool(said))
            other.rollback()

        thread = threading.Thread(target=give_back)
        thread.start()
        with conninfo({"DATABASE_URL": dsn}, said.append) as given, open_connection(given) as own:
            own.execute("select from workflow_runs")
        thread.join()
        process = other.info.backend_pid
    (text,) = said
    assert text.startswith("waiting for a lock on workflow_runs: another session of the database")
    assert f"(process {process}, program a tool, role " in text


def test_nothing_is_said_when_nobody_waits_long(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_waits, "SECONDS_BETWEEN_LOOKS", 0.05)
    looks = [0]

    def look() -> list[lock_waits.Wait]:
        looks[0] += 1
        raise psycopg.OperationalError("the server is away")

    said: list[str] = []
    with lock_waits.telling(look, said.append):
        assert wait_until(lambda: looks[0] > 2)
    assert not said


@pytest.mark.parametrize(
    ("wait", "sentence"),
    [
        (
            {"subject": "a row", "process": 7, "program": "", "role": None, "since": None},
            "waiting for a lock on a row: another session of the database holds one (process 7); "
            "this continues when that transaction ends",
        ),
        (
            {
                "subject": "attempts",
                "process": 7,
                "program": "psql",
                "role": "ana",
                "since": SINCE,
            },
            "waiting for a lock on attempts: another session of the database has held one since "
            "12:05 UTC (process 7, program psql, role ana); this continues when that transaction "
            "ends",
        ),
    ],
)
def test_what_is_not_known_of_the_other_session_is_left_out(
    wait: lock_waits.Wait, sentence: str
) -> None:
    assert lock_waits.sentence(wait) == sentence
