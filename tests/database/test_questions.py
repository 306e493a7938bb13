"""The questions: listed, answered, and shown to people and to machines."""

import csv
import io
import json
import os
import pty
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.commands import Finished, Launcher, Run
from support.pasting import pasted
from support.paths import LONGEST, ROOT
from support.rows import llm_call, workflow_job, workflow_run

from telemetry.database.connection import SQL, Connection, execute
from telemetry.database.coverage import coverage_of
from telemetry.database.covered import with_coverage
from telemetry.database.questions import (
    OF_ACCOUNTS,
    Answer,
    Question,
    Scope,
    ask,
    pasteable,
    questions,
)
from telemetry.database.status import status
from telemetry.database.upserts import upsert
from telemetry.rows.runs import Repository
from telemetry.settings import UsageError
from telemetry.summaries.answers import answer_text, csv_text, questions_text
from telemetry.summaries.tables import width
from telemetry.terminal import Screen

HOSTILE = "::error::\033[31m=cmd\n|x\u202e"
QUESTION = Question("some_jobs", "Which jobs are there?", "Over the last 30 days. " * 9)


# Commands ask about the days before the present, which hours after this is a later one: each row is
# days away from where their answers begin and end.
NOW = datetime.now(UTC).replace(microsecond=0)
SCOPE = Scope(NOW - timedelta(days=30), NOW)


def answer(**values: Any) -> Answer:
    return Answer(QUESTION, SCOPE, [*values], [values])


@pytest.fixture
def month(connection: Connection) -> Connection:
    """A workflow with a hostile name that failed once in four runs."""
    upsert(
        connection,
        [
            workflow_run(
                github_run_id=n,
                workflow_name=HOSTILE,
                conclusion="failure" if n == 3 else "success",
                created_at=NOW - timedelta(days=n),
                started_at=NOW - timedelta(days=n),
            )
            for n in range(1, 5)
        ],
    )
    return connection


@pytest.fixture
def run_query(dsn: str, tmp_path: Path, launcher: Launcher) -> Run:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def command(*arguments: str, **changes: str) -> Finished:
        variables = {**environ, "DATABASE_URL": dsn, **changes}
        return launcher.run("query", *arguments, environ=variables)

    return command


@pytest.fixture
def query(run_query: Run) -> Callable[..., str]:
    """What `query.py` prints; it has to succeed."""

    def printed(*arguments: str, **changes: str) -> str:
        done = run_query(*arguments, **changes)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return printed


def on_terminal(
    launcher: Launcher,
    dsn: str,
    tmp_path: Path,
    *arguments: str,
    has_keyboard: bool = False,
    **changes: str,
) -> str:
    ours, theirs = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [str(launcher.python), str(ROOT / "scripts" / arguments[0]), *arguments[1:]]
    environ |= {"DATABASE_URL": dsn, "TERM": "xterm", "COLUMNS": "80", **changes}
    stdin = theirs if has_keyboard else subprocess.DEVNULL
    process = subprocess.Popen(
        command, env=environ, stdin=stdin, stdout=theirs, stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += (read := os.read(ours, 65_536))
        except OSError:  # how Linux says that the other end is closed
            break
        if not read:
            break
    os.close(ours)
    assert process.wait(LONGEST) == 0
    return shown.decode()


def test_every_file_is_a_question_with_a_title_and_how_to_read_it() -> None:
    assert [q.name for q in questions()] == sorted(p.stem for p in (SQL / "analysis").glob("*.sql"))
    assert all(question.title.endswith("?") for question in questions())
    assert all(question.reading.endswith(".") for question in questions())
    assert not any("psql" in question.reading for question in questions())


def test_an_answer_that_names_a_repository_or_workflow_has_its_id(connection: Connection) -> None:
    for question in questions():
        columns = ask(connection, question.name, SCOPE).columns
        for name in ("repository", "workflow"):
            assert name not in columns or f"{name}_id" in columns, question.name


def test_an_answer_has_the_columns_in_their_order(month: Connection) -> None:
    found = ask(month, "workflow_outcomes", SCOPE)
    assert found.question.title == "Which workflows fail, how often, and how long do they take?"
    columns = ["repository", "workflow", "branch_class", "runs", "failed"]
    assert list(found.columns)[:5] == columns
    assert [(row["runs"], row["failed"]) for row in found.rows] == [(4, 1)]


@pytest.mark.parametrize("name", ["flaky_jobs", "flaky_jobs.sql", "sql/analysis/flaky_jobs.sql"])
def test_a_question_may_be_named_as_its_file_is(connection: Connection, name: str) -> None:
    assert ask(connection, name, SCOPE).question.name == "flaky_jobs"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("flakey_jobs", "did you mean flaky_jobs"),
        ("../etc", "make queries lists them"),
        ("", "make queries lists them"),
    ],
)
def test_an_unknown_question_is_refused_with_the_nearest_ones(
    connection: Connection, name: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=hint):
        ask(connection, name, SCOPE)


def stored_as(connection: Connection, repository_id: int, name: str) -> None:
    upsert(connection, [Repository(repository_id, name, "api.github.com")])
    moment = NOW - timedelta(days=65)
    run = workflow_run(
        github_run_id=repository_id * 10,
        repository_id=repository_id,
        repository=name,
        created_at=moment,
    )
    job = {"github_run_id": repository_id * 10, "job_id": repository_id, "run_attempt": 1}
    upsert(connection, [run])
    upsert(connection, [workflow_job(**job, started_at=moment, completed_at=moment)])


@pytest.mark.scenario
def test_a_question_takes_repositories_a_period_and_a_number_of_rows(
    query: Callable[..., str], connection: Connection
) -> None:
    for number in (7, 8, 9):
        stored_as(connection, number, f"acme/r{number}")

    def names(*options: str) -> list[str]:
        found = json.loads(query("workflow_outcomes", "--json", *options))
        return [row["repository"] for row in found["rows"]]

    assert names() == []
    assert names("--since", "90d") == ["acme/r7", "acme/r8", "acme/r9"]
    assert names("--since", "90d", "--top", "2") == ["acme/r7", "acme/r8"]
    assert names("--since", "90d", "--repo", "ACME/r9 acme/r7") == ["acme/r7", "acme/r9"]


@pytest.mark.parametrize("name", [question.name for question in questions()])
def test_each_question_keeps_to_its_repositories_and_its_period(
    connection: Connection, name: str
) -> None:
    """Asked about a repository without rows it says nothing, as it does about another period."""
    stored_as(connection, 7, "acme/r7")
    upsert(connection, [llm_call(timestamp=NOW - timedelta(days=65), github_run_id=70)])
    quarter = NOW - timedelta(days=90)

    def figures(since: datetime, until: datetime, ids: list[int]) -> list[Any]:
        rows = ask(connection, name, Scope(since, until, ids)).rows
        about = [key for key in (rows[0] if rows else ()) if not key.startswith("unlisted")]
        names = {"repository", "repository_id", "has_name", "listable_from"}
        return [row[key] for row in rows for key in about if row[key] and key not in names]

    assert figures(quarter, NOW, [8]) == []
    assert figures(NOW - timedelta(days=30), NOW, [7]) == []
    assert figures(quarter, NOW - timedelta(days=70), [7]) == []


@pytest.mark.parametrize("name", [question.name for question in questions()])
def test_a_question_about_all_repositories_is_about_the_watched_ones(
    connection: Connection, name: str
) -> None:
    """With a repository that is no longer watched, the answer is as if it were not stored."""
    scope = Scope(NOW - timedelta(days=90), NOW)
    at = NOW - timedelta(days=65)

    def spent(call_id: str, run: int | None) -> None:
        call = {"call_id": call_id, "timestamp": at, "github_run_id": run, "prompt_name": call_id}
        upsert(connection, [llm_call(**call, reported_cost=Decimal(1))])

    stored_as(connection, 7, "acme/r7")
    spent("of 7", 70)
    spent("of none", None)
    before = ask(connection, name, scope)
    stored_as(connection, 8, "acme/r8")
    spent("of 8", 80)
    connection.execute("update repositories set forgotten_at = now() where repository_id = 8")
    after = ask(connection, name, scope)
    assert (before.rows, before.unwatched) == (after.rows, ())
    if name in OF_ACCOUNTS:
        assert after.unwatched == ()
    else:
        assert after.unwatched == ["acme/r8"]
    named = ask(connection, name, replace(scope, repository_ids=[8]))
    assert not named.unwatched


@pytest.mark.scenario
def test_an_answer_says_which_repositories_it_leaves_out(
    query: Callable[..., str], run_query: Run, launcher: Launcher, connection: Connection, dsn: str
) -> None:
    def run(script: str, *words: str, **changes: str) -> Finished:
        environ = {"PATH": os.environ["PATH"], "DATABASE_URL": dsn, **changes}
        return launcher.run(script, *words, environ=environ)

    for number in (7, 8):
        stored_as(connection, number, f"acme/r{number}")
    asked = ("totals", "--since", "90d")
    assert "watched" not in run_query(*asked).stderr
    connection.execute("update repositories set forgotten_at = now() where repository_id = 8")
    said = "no longer watched, so not included: acme/r8"
    assert f"{said}; to ask about one: REPO=acme/r8" in run_query(*asked).stderr
    assert "watched" not in run_query(*asked, "--repo", "acme/r8").stderr
    found = json.loads(query(*asked, "--json"))
    assert [row["repository"] for row in found["rows"]] == ["acme/r7"]
    assert found["unwatched"] == ["acme/r8"]
    assert said in run("budget", "--monthly", "5").stderr
    assert said in run("what_if", "--runner", "linux").stderr
    assert said in run("status").stdout
    assert json.loads(run("status", "--json").stdout)["unwatched"] == ["acme/r8"]
    assert said not in run("status", TELEMETRY_REPO="acme/r7").stdout


@pytest.mark.scenario
def test_a_repository_whose_name_another_one_took_can_be_asked_about(
    query: Callable[..., str], run_query: Run, connection: Connection
) -> None:
    for number in (7, 8):
        stored_as(connection, number, f"acme/r{number}")
    connection.execute(
        "update repositories set repository = 'acme/r8 (id 7)', forgotten_at = now() "
        "where repository_id = 7"
    )
    asked = ("coverage", "--json", "--since", "90d")
    hint = 'so not included: acme/r8 (id 7); to ask about one: REPO="acme/r8 (id 7)"'
    assert hint in run_query(*asked).stderr
    (row,) = json.loads(query(*asked, "--repo", "acme/r8 (id 7)"))["rows"]
    assert (row["repository_id"], row["attempts"], row["has_name"]) == (7, 1, False)
    (row,) = json.loads(query(*asked, "--repo", "ACME/r8"))["rows"]
    assert (row["repository_id"], row["has_name"]) == (8, True)


def test_calls_of_unwatched_repositories_are_in_no_count_of_the_status(
    connection: Connection,
) -> None:
    """As in the questions, so that what is unpriced is as many there and there."""
    for number in (7, 8):
        stored_as(connection, number, f"acme/r{number}")
    of = {"model": "mystery", "timestamp": NOW - timedelta(days=1)}
    for number, run_id in enumerate((None, 70, 80, 80)):
        call = {"call_id": f"c{number}", "prompt_name": f"p{number}", "github_run_id": run_id}
        upsert(connection, [llm_call(**of, **call, api_calls=1 + number)])
    assert status(connection).llm["unpriced_calls"] == 1 + 2 + 3 + 4
    connection.execute("update repositories set forgotten_at = now() where repository_id = 8")
    (row,) = ask(connection, "llm_unpriced_models", SCOPE).rows
    assert status(connection).llm["unpriced_calls"] == row["calls"] == 1 + 2


def test_the_sql_shown_in_the_report_can_be_pasted(
    month: Connection, dsn: str, psql: Callable[..., str]
) -> None:
    scope = Scope(SCOPE.since, SCOPE.until, [7, 8], top=3)
    texts = {question.name: pasteable(question.name, scope) for question in questions()}
    assert all("'{7,8}'::bigint[] as repository_ids" in text for text in texts.values())
    answers = pasted(psql, dsn, texts)
    assert answers.keys() == texts.keys() and all(answers.values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["durations_by_day", "--top", "3"], "TOP: durations_by_day is not a ranking"),
        (["deployments", "--top", "3"], "TOP: deployments is not a ranking"),
        (["llm_cost_by_phase", "--top", "3"], "TOP: llm_cost_by_phase is not a ranking"),
        (["flaky_jobs", "--top", "0"], "TOP: '0' is not a whole number"),
        (["flaky_jobs", "--since", "2999-01-01"], "SINCE: 2999-01-01 00:00 UTC is not before"),
        (["flaky_jobs", "--repo", "acme/none"], "REPO: acme/none is not in this database"),
    ],
)
def test_an_invalid_question_is_refused_in_one_sentence(
    run_query: Run, options: list[str], said: str
) -> None:
    done = run_query(*options)
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_all_is_the_time_since_the_first_that_is_stored(
    month: Connection, query: Callable[..., str]
) -> None:
    def since(*arguments: str) -> datetime:
        asked = json.loads(query("totals", "--json", *arguments, TELEMETRY_SINCE="all"))
        return datetime.fromisoformat(asked["scope"]["since"])

    assert since() == NOW - timedelta(days=4)
    for number, name in ((7, "acme/app"), (8, "acme/old")):
        upsert(month, [Repository(number, name, "api.github.com")])
    old = {"repository_id": 8, "repository": "acme/old", "github_run_id": 80}
    upsert(month, [workflow_run(**old, created_at=NOW - timedelta(days=300))])
    assert since() == NOW - timedelta(days=300)
    assert since("--repo", "acme/app") == NOW - timedelta(days=4)
    month.execute("update repositories set forgotten_at = now() where repository_id = 8")
    assert since() == NOW - timedelta(days=4)
    upsert(month, [llm_call(timestamp=NOW - timedelta(days=60))])
    assert since() == NOW - timedelta(days=60)


def listed(connection: Connection, *run_ids: int) -> None:
    values = {"github_run_ids": list(run_ids), "run_attempts": [1] * len(run_ids)}
    execute(connection, "runs/record_jobs_listed", {**values, "listed_at": NOW})


def test_a_repository_without_runs_still_counts_as_ingested(
    run_query: Run, connection: Connection
) -> None:
    assert "nothing has been ingested yet" in run_query("runner_cost").stderr
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    window(connection, 7, 65, 0)
    assert run_query("runner_cost").stderr == "no run and no LLM call is stored\n"


@pytest.mark.usefixtures("month")
def test_an_answer_about_jobs_says_how_many_attempts_it_covers(
    run_query: Run, connection: Connection
) -> None:
    """Four attempts with a job each, of which one is listed, then three, then all."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    connection.execute("update workflow_runs set repository_id = 7, repository = 'acme/app'")
    window(connection, 7, 65, 0)
    yesterday = NOW - timedelta(days=1)
    skipped = workflow_run(
        github_run_id=9, conclusion="skipped", created_at=yesterday, repository_id=7
    )
    upsert(connection, [skipped])
    upsert(connection, [workflow_job(github_run_id=n, job_id=n, run_attempt=1, started_at=NOW,
                                     completed_at=NOW) for n in range(1, 5)])  # fmt: skip

    def asked(name: str, *options: str) -> tuple[dict[str, Any], str]:
        done = run_query(name, "--json", *options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr

    listed(connection, 1)
    found, said = asked("runner_cost")
    assert found["rows"] == []
    assert found["coverage"]["is_misleading"]
    assert (found["coverage"]["attempts_with_jobs"], found["coverage"]["attempts"]) == (1, 4)
    assert said == (
        "no answer: jobs of 1 of 4 attempts are stored (25.0 %); "
        "to fetch the rest: make ingest REPO=acme/app\n"
    )
    found, said = asked("totals")
    assert found["rows"][0]["runs"] == 4 and said.startswith("incomplete: jobs of 1 of 4 attempts")
    listed(connection, 2, 3)
    found, said = asked("runner_cost")
    assert found["rows"][0]["jobs"] == 4
    assert said.startswith("incomplete: jobs of 3 of 4 attempts are stored (75.0 %)")
    for form in ("--csv", "--format=text"):
        assert "jobs of 3 of 4" in run_query("flaky_jobs", form).stderr
    (line,) = csv.DictReader(io.StringIO(run_query("runner_cost", "--csv").stdout))
    assert [*line.items()][-2:] == [
        ("coverage_attempts_with_jobs", "3"), ("coverage_attempts", "4"),
    ]  # fmt: skip
    assert "coverage_attempts" not in run_query("workflow_outcomes", "--csv").stdout
    listed(connection, 4)
    found, said = asked("runner_cost")
    assert found["rows"] and said == "" and found["coverage"]["repositories"] == []
    found, said = asked("workflow_outcomes")
    assert found["coverage"]["unlisted"] == [] and said == ""
    assert (found["coverage"]["attempts"], found["coverage"]["is_of_jobs"]) == (4, False)
    assert asked("llm_cost_by_day")[0]["coverage"] is None


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a/one"], "to list it: make ingest REPO=a/one SINCE=2026-10-27"),
        (["a/one", "a/two"], 'to list it: make ingest REPO="a/one a/two" SINCE=2026-10-27'),
        (["a/one", "a/taken"], "to list it: make ingest REPO=a/one SINCE=2026-10-27"),
        (["a/taken"], "no ingest can list it, because another repository has its name now"),
        (
            [f"a/r{n}" for n in range(4)],
            "to list it, ingest these repositories again with SINCE=2026-10-27",
        ),
    ],
)
def test_the_advice_for_what_lacks_is_a_command_that_names_repositories(
    names: list[str], said: str
) -> None:
    """An ingest that names none is refused."""
    lacking = replace(coverage_of([]), nameless=["a/taken"])
    assert lacking.how_to("list it", names, datetime(2026, 10, 27, tzinfo=UTC)) == said


@pytest.mark.scenario
@pytest.mark.usefixtures("month")
def test_an_answer_leaves_out_what_would_mislead_and_says_so(
    run_query: Run, connection: Connection
) -> None:
    """One repository with all jobs, listed for a month; one with few jobs, listed for two."""
    upsert(connection, [Repository(n, f"acme/r{n}", "api.github.com") for n in (7, 8)])
    connection.execute("update workflow_runs set repository_id = 7, repository = 'acme/r7'")
    upsert(connection, [workflow_run(github_run_id=n, repository_id=8, repository="acme/r8",
                                     created_at=NOW - timedelta(days=n))
                        for n in range(5, 9)])  # fmt: skip
    upsert(
        connection,
        [
            workflow_run(
                github_run_id=9,
                repository_id=7,
                repository="acme/r7",
                workflow_name=HOSTILE,
                created_at=NOW - timedelta(days=45),
            )
        ],
    )
    upsert(connection, [workflow_job(github_run_id=n, job_id=n, run_attempt=1, started_at=NOW,
                                     completed_at=NOW) for n in range(1, 7)])  # fmt: skip
    window(connection, 7, 31, 0)
    window(connection, 8, 65, 0)
    listed(connection, 1, 2, 3, 4, 5)

    def asked(name: str, *options: str) -> tuple[list[dict[str, Any]], list[str]]:
        done = run_query(name, "--json", *options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["rows"], done.stderr.splitlines()

    few = "figures of jobs are left out for acme/r8: jobs of less than half of the attempts"
    rows, said = asked("slowest_jobs")
    assert {row["repository"] for row in rows} == {"acme/r7"}
    assert [line[:70] for line in said[1:]] == [few[:70]]
    rows, said = asked("totals")
    known = {row["repository"]: (row["runs"], row["jobs"], row["runs_before"]) for row in rows}
    assert known == {"acme/r7": (4, 4, None), "acme/r8": (4, None, 0)}
    assert said[-1].startswith("no change is given for acme/r7: ")
    rows, _ = asked("trend")
    assert {(row["repository"], row["verdict"], row["before"], row["change"]) for row in rows} == {
        ("acme/r7", "not comparable", None, None)
    }
    rows, said = asked("workflow_outcomes", "--since", "60d")
    assert len(rows) == 2 and len(said) == 1
    assert said[0].startswith(
        "incomplete: part of this period is not listed completely in acme/r7; to list it: "
        "make ingest REPO=acme/r7 SINCE="
    )
    rows, said = asked("slowest_jobs", "--repo", "acme/r8")
    assert rows == [] and said[0].startswith("no answer: jobs of 1 of 4 attempts are stored")


def window(connection: Connection, repository_id: int, start: float, end: float) -> None:
    """Say that the runs created so many days ago were listed completely."""
    connection.execute(
        "insert into windows (repository_id, created_from, created_to, listed_at, reported, "
        "seen, is_complete) values (%s, %s, %s, %s, 0, 0, true)",
        [repository_id, NOW - timedelta(days=start), NOW - timedelta(days=end), NOW],
    )


def test_coverage_names_the_intervals_that_no_list_covers(connection: Connection) -> None:
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])

    def unlisted() -> tuple[Any, ...]:
        (row,) = ask(connection, "coverage", SCOPE).rows
        return row["unlisted_seconds"], row["unlisted_from"], row["unlisted_to"]

    assert unlisted() == (30 * 86_400, SCOPE.since, SCOPE.until)
    window(connection, 7, 60, 20)
    assert unlisted() == (20 * 86_400, NOW - timedelta(days=20), NOW)
    window(connection, 7, 10, 0)
    assert unlisted() == (10 * 86_400, NOW - timedelta(days=20), NOW - timedelta(days=10))
    window(connection, 7, 20, 10)
    assert unlisted() == (0, None, None)


def test_what_this_database_does_not_keep_is_no_ingest_told_to_list(connection: Connection) -> None:
    """An ingest refuses a SINCE before the retention."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    connection.execute("update retention set keep = '20 days'")

    def said() -> str:
        (lack,) = with_coverage(connection, ask(connection, "reruns", SCOPE)).coverage.lacks
        return lack.partition("; ")[2]

    def listed_from() -> datetime:
        return datetime.strptime(said().partition("SINCE=")[2], "%Y-%m-%d").replace(tzinfo=UTC)

    window(connection, 7, 5, 0.1)
    kept = NOW - timedelta(days=20)
    assert kept <= listed_from() <= kept + timedelta(days=1)
    window(connection, 7, 20, 10)
    assert listed_from().date() == (NOW - timedelta(days=10)).date()
    window(connection, 7, 10, 5)
    assert said() == "this database keeps no runs of that time; a longer KEEP changes that"
    connection.execute("update retention set keep = 'forever'")
    assert listed_from().date() == SCOPE.since.date()


def test_a_narrow_screen_cuts_texts_and_no_numbers() -> None:
    wide = answer(repository="acme/" + "x" * 80, jobs=123_456_789)
    lines = answer_text(wide, Screen(60)).splitlines()
    assert all(width(line) <= 60 for line in lines)
    assert any("…" in line and line.endswith("123,456,789") for line in lines)
    assert "x" * 80 in answer_text(wide)


def test_what_is_said_of_a_column_begins_a_line() -> None:
    reading = "Each job once. jobs counts them; few are jobs. It is low. last_day is in UTC."
    asked = replace(answer(jobs=1, last_day=2), question=replace(QUESTION, reading=reading))
    said = answer_text(asked).split("\n\n")[2]
    assert said.splitlines() == [
        "Each job once.",
        "jobs counts them; few are jobs. It is low.",
        "last_day is in UTC.",
    ]
    narrow = answer_text(asked, Screen(30)).splitlines()
    assert "  jobs. It is low." in narrow and "last_day is in UTC." in narrow


def test_a_screen_too_narrow_for_numbers_still_shows_them() -> None:
    assert "1,234,567" in answer_text(answer(a="text", b=1_234_567, c=7_654_321), Screen(10))


def test_columns_that_do_not_fit_are_left_out_from_the_end_and_counted() -> None:
    wide = answer(job="build", runs=1, p50_seconds=740, commits=2, long_name="x" * 30, html_url="")
    text = answer_text(wide, Screen(36))
    assert text.splitlines()[2].split() == ["job", "runs", "p50", "commits"]
    assert text.splitlines()[4].split() == ["build", "1", "12m", "20s", "2"]
    assert "2 more columns" in " ".join(text.split())
    assert all(width(line) <= 36 for line in text.splitlines())


def test_a_figure_of_either_unit_is_shown_in_its_own() -> None:
    rows = [
        {"figure": "time", "before": Decimal("740.2"), "now": Decimal("59.6"), "unit": "seconds"},
        {"figure": "rerun", "before": Decimal("3.2"), "now": None, "unit": "percent"},
    ]
    of_both = Answer(QUESTION, SCOPE, list(rows[0]), rows)
    shown = [" ".join(line.split()) for line in answer_text(of_both).splitlines()[4:6]]
    assert shown == ["time 12m 20s 1m 00s seconds", "rerun 3.2 – percent"]
    assert csv_text(of_both).splitlines()[1:] == ["time,740.2,59.6,seconds", "rerun,3.2,,percent"]


def test_a_share_has_one_decimal_unless_that_hides_that_it_is_not_all() -> None:
    rows = [{"part_percent": Decimal(share)} for share in ("83.3333", "99.9667", "100.0000")]
    of_all = Answer(QUESTION, SCOPE, list(rows[0]), rows)
    assert answer_text(of_all).split("\n\n")[1].split()[3:] == ["83.3", "99.97", "100.0"]
    assert csv_text(of_all).splitlines()[1:] == ["83.3333", "99.9667", "100.0000"]


def test_columns_that_are_the_same_in_all_rows_are_left_out_first_and_named() -> None:
    same = {"repository": "acme/app", "job": "build", "labels": ["a", "b"], "speed": Decimal("2.0")}
    rows = [{"workflow": f"w{n}", **same, "saved_seconds": 60 * n} for n in (1, 2)]
    wide = Answer(QUESTION, SCOPE, list(rows[0]), rows)
    text = answer_text(wide, Screen(40))
    assert text.splitlines()[2].split() == ["workflow", "saved"]
    end = "in all rows: repository acme/app, job build, labels ['a', 'b'], speed 2.0"
    assert end in " ".join(text.split())
    assert "more column" not in text
    assert "in all rows" not in answer_text(wide)


def test_a_screen_for_less_than_half_of_the_columns_shows_each_row_as_lines() -> None:
    names = {"repository": "acme/app", "workflow": "w" * 30}
    wide = answer(**names, runs=1_234, p50_seconds=740, commits=2, change="rather much", rest=0)
    text = answer_text(wide, Screen(30))
    assert text.split("\n\n")[1].splitlines() == [
        "repository  acme/app",
        f"workflow    {'w' * 30}",  # it may be copied
        "runs        1,234",
        "p50         12m 20s",
        "commits     2",
        "change      rather much",
        "rest        0",
    ]
    assert "more column" not in text


def test_many_rows_stay_a_table_with_less_than_half_of_the_columns() -> None:
    figures = {f"figure_{n}": 100 for n in range(20)}
    rows = [{"job": f"j{n}", **{name: n + at for at, name in enumerate(figures)}} for n in range(6)]
    many = Answer(QUESTION, SCOPE, list(rows[0]), rows)
    lines = answer_text(many, Screen(60)).splitlines()
    assert lines[3].split()[:3] == ["job", "0", "1"]
    assert [line.split()[0] for line in lines[5:11]] == [f"j{n}" for n in range(6)]
    few = answer_text(Answer(QUESTION, SCOPE, list(rows[0]), rows[:5]), Screen(60))
    assert few.splitlines()[2].split() == ["job", "j0"]
    none = answer_text(Answer(QUESTION, SCOPE, list(rows[0]), []), Screen(60))
    assert none.splitlines()[3].split()[0] == "job"


def test_long_names_are_cut_before_a_column_is_left_out() -> None:
    names = {"repository": f"{'o' * 30}/{'r' * 40}", "workflow": "w" * 40, "job": "j" * 40}
    wide = answer(**names, day="2026-03-01", runs=3, p50_seconds=740)
    text = answer_text(wide, Screen(90))
    assert text.splitlines()[2].split() == ["workflow", "job", "day", "runs", "p50"]
    assert text.splitlines()[4].split() == [
        "w" * 27 + "…", "j" * 27 + "…", "2026-03-01", "3", "12m", "20s",
    ]  # fmt: skip
    assert f"in all rows: repository {names['repository']}" in " ".join(text.split())
    assert all(width(line) <= 90 for line in text.splitlines() if "/" not in line)
    # The owner goes first, and the rest stays if that is enough.
    text = answer_text(wide, Screen(165))
    assert text.splitlines()[4].split()[:2] == ["r" * 40, "w" * 40]
    assert f"in all rows: owner {'o' * 30}" in " ".join(text.split())


def test_an_owner_that_is_left_out_is_named() -> None:
    """Another owner may have a repository of the same name, and REPO needs the whole name."""
    rows = [
        {"repository": f"acme/app-{n}", "job": "build", **{f"figure_{at}": n for at in range(9)}}
        for n in (1, 2)
    ]
    text = answer_text(Answer(QUESTION, SCOPE, list(rows[0]), rows), Screen(60))
    assert "app-1" in text and "acme/" not in text
    assert "; in all rows: owner acme, job build; " in " ".join(text.split())


def test_times_of_whatever_name_are_in_words_and_no_two_columns_have_one_heading() -> None:
    times = {"seconds": 4_000, "attempts": 3, "attempts_seconds": 4_000, "p50_seconds": 4_000}
    text = answer_text(answer(**times))
    assert text.splitlines()[2].split() == ["time", "attempts", "attempts", "time", "p50"]
    assert text.splitlines()[4].split() == ["1h", "06m", "3", "1h", "06m", "1h", "06m"]


def test_ids_have_no_separators_and_numbers_have() -> None:
    values = {"github_run_id": 26_365_060_973, "tokens": Decimal(1_234_567), "usd": Decimal("1.50")}
    text = answer_text(answer(**values))
    assert text.splitlines()[4].split() == ["26365060973", "1,234,567", "1.50"]
    assert answer_text(answer(github_run_id=None)).splitlines()[4].strip() == "–"


def test_only_a_colour_terminal_gets_colour() -> None:
    assert "\033[1m" in answer_text(answer(job="a"), Screen(80, colour=True))
    assert "\033" not in answer_text(answer(job=HOSTILE), Screen(80))


def test_hostile_names_control_neither_terminal_nor_spreadsheet() -> None:
    found = answer(first=HOSTILE, formula="=1+1", minus=-1, nothing=None, money=Decimal("0.10"))
    assert "\033" not in answer_text(found) and "\u202e" not in answer_text(found)
    text = csv_text(found)
    assert not any(line.startswith("::") or "\033" in line for line in text.splitlines())
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["formula"], row["minus"], row["nothing"], row["money"]) == (
        "'=1+1",
        "-1",
        "",
        "0.10",
    )


def test_the_list_names_each_question_and_fits() -> None:
    shown = questions_text(questions(), Screen(70))
    assert "…" not in shown.replace("Q=…", "")
    assert all(width(line) <= 70 for line in shown.splitlines())
    words = " ".join(shown.split())
    assert all(f"{question.name} {question.title[:20]}" in words for question in questions())


@pytest.mark.scenario
@pytest.mark.usefixtures("month")
def test_the_command_answers_people_machines_and_spreadsheets(query: Callable[..., str]) -> None:
    assert "Which workflows fail" in query("workflow_outcomes")
    rows = json.loads(query("workflow_outcomes", "--json"))["rows"]
    assert rows[0]["workflow"] == HOSTILE
    assert rows[0]["first_time_percent"] == 75.0
    [line] = csv.DictReader(io.StringIO(query("workflow_outcomes", "--csv")))
    assert line["runs"] == "4"
    assert "flaky_jobs" in query("--list", DATABASE_URL="postgresql://nowhere")
    listed = json.loads(query(TELEMETRY_FORMAT="json"))["questions"]
    assert {"name", "title", "reading"} == set(listed[0])
    assert [*csv.DictReader(io.StringIO(query("--list", "--csv")))] == listed


@pytest.mark.scenario
@pytest.mark.usefixtures("month")
@pytest.mark.parametrize(("lines", "is_paged"), [("10", True), ("1000", False)])
def test_what_does_not_fit_the_screen_is_shown_in_the_pager(
    launcher: Launcher, dsn: str, tmp_path: Path, lines: str, is_paged: bool
) -> None:
    pager = "sed 's/^/paged: /'"
    command = ("query.py", "--list")
    shown = on_terminal(
        launcher, dsn, tmp_path, *command, has_keyboard=True, LINES=lines, PAGER=pager
    )
    assert len(shown.splitlines()) > 10
    assert all(line.startswith("paged: ") == is_paged for line in shown.splitlines())


@pytest.mark.scenario
@pytest.mark.parametrize(
    "changes", [{"PAGER": ""}, {"PAGER": "/nowhere/less -R"}, {"PAGER": "sed d", "TERM": ""}]
)
def test_without_a_pager_that_can_be_run_the_answer_is_shown_at_once(
    launcher: Launcher, dsn: str, tmp_path: Path, changes: dict[str, str]
) -> None:
    command = ("query.py", "--list")
    shown = on_terminal(launcher, dsn, tmp_path, *command, has_keyboard=True, LINES="10", **changes)
    assert "workflow_outcomes" in shown
    assert ("\033" in shown) == ("TERM" not in changes)


@pytest.mark.scenario
@pytest.mark.parametrize("command", [("query.py", "workflow_outcomes"), ("status.py", "--all")])
def test_a_terminal_gets_colour_and_lines_that_fit_it(
    launcher: Launcher, dsn: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    coloured = on_terminal(launcher, dsn, tmp_path, *command)
    assert "\033[1m" in coloured
    without = on_terminal(launcher, dsn, tmp_path, *command, NO_COLOR="1")
    assert "\033" not in without
    assert "\033" not in on_terminal(launcher, dsn, tmp_path, *command, TERM="dumb")
    assert max(width(line) for line in without.splitlines() if "─" in line) <= 80
