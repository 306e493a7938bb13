"""The findings as data: the same as in the report, with figures that the rows confirm."""

import json
import re
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pytest
from output import json_text
from support.commands import Launcher
from support.history import UNTIL, make_history, store
from support.paths import ROOT
from support.reports import DAY, MONTH, a_job, a_run, a_step, known

from telemetry.database.connection import Connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.upserts import upsert
from telemetry.report.findings.all_findings import findings
from telemetry.report.findings.finding import QUESTIONS
from telemetry.report.formats.json_report import NAMES, as_data
from telemetry.report.reading import report

KEYS = {
    *("repository", "kind", "severity", "subject", "figures", "lost_minutes", "since"),
    *("sentence", "advice", "link", "question"),
}


def test_the_docs_name_each_key_kind_and_subject_of_a_finding() -> None:
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    rows = page.partition("A finding has:")[2].partition("|---|---|\n")[2].partition("\n\n")[0]
    cells = [row.split("|")[1:3] for row in rows.splitlines()]
    said = {name: cell for names, cell in cells for name in re.findall(r"`(\w+)`", names)}
    assert said.keys() == KEYS
    kinds = {subject.replace(" ", "_") for subject in QUESTIONS}
    assert {*re.findall(r"`(\w+)`", said["kind"])} == kinds
    assert tuple(re.findall(r"`(\w+)`", said["subject"])) == NAMES


def data_of(connection: Connection) -> dict[str, Any]:
    made = json.loads(json_text(as_data(report(connection, MONTH, UNTIL))))
    assert isinstance(made, dict)
    return made


def store_red_and_slower(connection: Connection) -> list[int]:
    """CI is red on main since two days and takes twice as long since ten; returns the seconds."""
    runs = []
    for number in range(1, 281):
        days_ago = 29 - number / 10
        seconds = (600 if days_ago > 10 else 1_200) + number % 7
        conclusion = "success" if days_ago > 2 else "failure"
        runs.append(
            a_run(
                number,
                days_ago,
                seconds,
                conclusion=conclusion,
                branch="main",
                event_type="push",
                workflow_id=70,
                workflow_name="CI",
            )
        )
    jobs = [a_job(run, name="test (3.11)") for run in runs]
    upsert(connection, runs)
    upsert(connection, jobs)
    upsert(
        connection,
        [
            a_step(job, name="pytest", started_at=job.started_at, completed_at=job.completed_at)
            for job in jobs
        ],
    )
    known(connection, 7)
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    return [run.duration_seconds or 0 for run in runs]


def test_findings_as_data_say_what_the_report_says(connection: Connection) -> None:
    store_red_and_slower(connection)
    (seven,) = report(connection, MONTH, UNTIL).repositories
    told = findings(seven)
    made = data_of(connection)
    assert [each["sentence"] for each in made["findings"]] == [
        "".join(map(str, each.sentence)) for each in told
    ]
    assert {"red", "slower", "failing"} <= {each["kind"] for each in made["findings"]}
    for each in made["findings"]:
        assert each.keys() == KEYS
        assert each["link"].startswith("https://github.com/acme/")
    assert made["period"] == {
        "since": MONTH.since.isoformat().replace("+00:00", "Z"),
        "until": MONTH.until.isoformat().replace("+00:00", "Z"),
        "time_zone": "UTC",
    }


def test_their_figures_are_those_of_the_rows(connection: Connection) -> None:
    seconds = store_red_and_slower(connection)
    made = data_of(connection)
    by_kind = {each["kind"]: each for each in made["findings"]}
    red, slower, failing = (by_kind[kind] for kind in ("red", "slower", "failing"))
    assert made["findings"][0] == red
    assert (red["severity"], red["subject"]["workflow"]) == ("urgent", "CI")
    began = datetime.fromisoformat(red["since"])
    assert timedelta(0) <= began - (UNTIL - 2 * DAY) < timedelta(hours=3)
    assert red["figures"]["red_runs"] == sum(29 - n / 10 <= 2 for n in range(1, 281))
    # Only runs that succeeded are compared.
    green = [(29 - n / 10, s) for n, s in enumerate(seconds, 1) if 29 - n / 10 > 2]
    before = [s for days_ago, s in green if days_ago > 10]
    after = [s for days_ago, s in green if days_ago <= 10]
    assert slower["figures"]["before_seconds"] == pytest.approx(median(before), abs=2)
    assert slower["figures"]["after_seconds"] == pytest.approx(median(after), abs=2)
    assert slower["figures"]["after_runs"] == len(after)
    assert slower["since"] is not None
    assert failing["subject"]["step"] == "pytest"
    assert failing["figures"]["failed_runs"] == red["figures"]["red_runs"]
    (seven,) = made["repositories"]
    assert seven["red_workflows"] == ["CI"]
    assert seven["listed_until"] == UNTIL.isoformat().replace("+00:00", "Z")
    assert seven["coverage"] == {
        "attempts": 280,
        "attempts_with_jobs": 280,
        "pending_attempts": 0,
        "is_whole": True,
        "is_comparable": True,
    }


@pytest.mark.scenario
def test_every_finding_of_two_busy_months_has_a_subject_or_figures(
    connection: Connection, dsn: str
) -> None:
    store(connection, make_history(5, days=62))
    known(connection, 7, 8)
    load_runner_prices(connection)
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    made = data_of(connection)
    assert {each["repository"] for each in made["repositories"]} == {"acme/r7", "acme/r8"}
    assert len({each["kind"] for each in made["findings"]}) >= 4
    for each in made["findings"]:
        assert each["figures"], each["sentence"]
        numbers = [value for value in each["figures"].values() if isinstance(value, int | float)]
        assert numbers, each["sentence"]
    severities = [each["severity"] for each in made["findings"]]
    assert severities == sorted(severities, key=["urgent", "act", "know"].index)


def test_without_rows_the_data_say_so(connection: Connection) -> None:
    made = data_of(connection)
    assert made["findings"] == made["repositories"] == []
    assert any("nothing has been ingested yet" in concern for concern in made["concerns"])


def test_hostile_names_give_no_command_to_a_runner(connection: Connection) -> None:
    hostile = "x\n::error::gotcha ##[error]"
    run = a_run(1, conclusion="failure", workflow_name=hostile, branch="main", event_type="push")
    upsert(connection, [run])
    known(connection, 7)
    text = json_text(as_data(report(connection, MONTH, UNTIL)))
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert any(each["subject"].get("workflow") == hostile for each in json.loads(text)["findings"])


@pytest.mark.scenario
def test_the_command_prints_it_or_writes_it(
    connection: Connection, dsn: str, launcher: Launcher, tmp_path: Any
) -> None:
    store_red_and_slower(connection)
    environ = {"DATABASE_URL": dsn, "TELEMETRY_NOW": UNTIL.isoformat(), "HOME": str(tmp_path)}
    environ |= {"TELEMETRY_FORMAT": "json"}
    shown = launcher.run("report", environ=environ)
    assert shown.returncode == 0, shown.stderr
    file = tmp_path / "findings.json"
    written = launcher.run("report", "--out", file, environ=environ)
    assert written.returncode == 0, written.stderr
    assert json.loads(shown.stdout) == json.loads(file.read_text(encoding="utf-8"))
    assert json.loads(shown.stdout)["findings"][0]["kind"] == "red"


def test_what_blocks_the_most_pushes_comes_first(connection: Connection) -> None:
    """Repository 7 has been red for longer, and for fewer pushes, than repository 8."""
    days_ago = {7: [8, 7, 6, 5], 8: [3 - n / 10 for n in range(12)]}
    runs = [
        a_run(
            repository_id * 100 + number,
            days,
            repository_id=repository_id,
            conclusion="failure" if number else "success",
            branch="main",
            event_type="push",
            workflow_id=70,
        )
        for repository_id, all_days in days_ago.items()
        for number, days in enumerate(all_days)
    ]
    upsert(connection, runs)
    known(connection, 7, 8)
    urgent = [each for each in data_of(connection)["findings"] if each["severity"] == "urgent"]
    assert [each["figures"]["red_pushes"] for each in urgent] == [11, 3]
    assert [each["repository"] for each in urgent] == ["acme/r8", "acme/r7"]
