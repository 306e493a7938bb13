"""What changed from one period to the next: computed again, by hand, and against pure chance."""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import pytest
from support.history import UNTIL, make_history, store
from support.reports import DAY, HOUR, MINUTE, MONTH, a_job, a_run, known

from telemetry.database.connection import Connection
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert
from telemetry.rows.runs import WorkflowRun
from telemetry.summaries.answers import answer_text
from telemetry.terminal import Screen

pytestmark = pytest.mark.scenario

Row = dict[str, Any]
LAST = Scope(MONTH.since, MONTH.until)


def trend(connection: Connection, figure: str) -> list[Row]:
    rows = [dict(row) for row in ask(connection, "trend", LAST).rows]
    return [row for row in rows if row["figure"] == figure]


def together(connection: Connection, figure: str) -> Row:
    (row,) = (row for row in trend(connection, figure) if row["subject"] is None)
    return row


# How often chance is called a change

COLUMNS = (
    "github_run_id, run_attempt, repository_id, repository, workflow_id, workflow_name, branch, "
    "commit_sha, event_type, status, conclusion, created_at, started_at, completed_at, "
    "updated_at, duration_seconds"
)
Day = Callable[[random.Random, int], Iterator[tuple[str, float]]]


def simulated(
    connection: Connection, many: int, of_day: Callable[[random.Random, int], Day]
) -> Counter[tuple[str, str]]:
    """Count the verdicts on `many` repositories, each with sixty days of runs."""
    rng, number = random.Random(7), 0
    with connection.cursor().copy(f"copy workflow_runs ({COLUMNS}) from stdin") as rows:
        for repository in range(1, many + 1):
            day_of = of_day(rng, repository)
            for day in range(60):
                for conclusion, seconds in day_of(rng, day):
                    number += 1
                    at = UNTIL + timedelta(days=day - 60, seconds=rng.randrange(86_000))
                    end = at + timedelta(seconds=round(seconds))
                    rows.write(
                        f"{number}\t1\t{repository}\tacme/r{repository}\t{repository}\tCI\tmain\t"
                        f"c{number}\tpush\tcompleted\t{conclusion}\t{at}\t{at}\t{end}\t{end}\t"
                        f"{round(seconds)}\n"
                    )
    connection.execute(
        "insert into repositories (repository_id, repository, api_host) "
        "select distinct repository_id, repository, 'x' from workflow_runs"
    )
    connection.execute("analyze workflow_runs, repositories")
    rows = ask(connection, "trend", LAST).rows
    return Counter((row["figure"], row["verdict"]) for row in rows if row["subject"] is None)


def share(verdicts: Counter[tuple[str, str]], figure: str) -> float:
    """Of a hundred verdicts about a figure, how many call something better or worse."""
    of_figure = {verdict: n for (about, verdict), n in verdicts.items() if about == figure}
    claims = of_figure.get("better", 0) + of_figure.get("worse", 0)
    assert "too few runs" not in of_figure
    return 100 * claims / sum(of_figure.values())


def times(spread: float, memory: float = 0, growth: float = 0) -> Any:
    """Days whose level varies, and remembers the day before; the last thirty are slower."""

    def of_series(rng: random.Random, _: int) -> Day:
        level = rng.gauss(0, spread)

        def of_day(rng: random.Random, day: int) -> Iterator[tuple[str, float]]:
            nonlocal level
            level = memory * level + rng.gauss(0, spread * math.sqrt(1 - memory * memory))
            base = 600 * math.exp(level) * (1 + growth * (day >= 30))
            for _ in range(5):
                yield "success", base * math.exp(rng.gauss(0, 0.1))

        return of_day

    return of_series


def outcomes(incidents: float, drop: float = 0) -> Any:
    """Days on which 5 % of the runs fail; on some, an incident lets most of them fail."""

    def of_series(_: random.Random, __: int) -> Day:
        def of_day(rng: random.Random, day: int) -> Iterator[tuple[str, float]]:
            fails = 0.6 if rng.random() < incidents else 0.05 + drop * (day >= 30)
            for _ in range(5):
                yield "failure" if rng.random() < fails else "success", 600

        return of_day

    return of_series


def both(of_times: Any, of_outcomes: Any) -> Any:
    """Days with the times of one series and the outcomes of another."""

    def of_series(rng: random.Random, number: int) -> Day:
        times_of, outcomes_of = of_times(rng, number), of_outcomes(rng, number)

        def of_day(rng: random.Random, day: int) -> Iterator[tuple[str, float]]:
            for (_, seconds), (conclusion, _) in zip(
                times_of(rng, day), outcomes_of(rng, day), strict=True
            ):
                yield conclusion, seconds

        return of_day

    return of_series


FIGURES = ("time", "time of a commit", "success")


@pytest.mark.parametrize(
    "of_series",
    [
        both(times(0.03), outcomes(0.05)),
        both(times(0.1), outcomes(0.1)),
        times(0.1, memory=0.5),
    ],
)
def test_at_most_one_in_twenty_stable_series_is_called_changed(
    connection: Connection, of_series: Any
) -> None:
    verdicts = simulated(connection, 100, of_series)
    assert max(share(verdicts, figure) for figure in FIGURES) <= 5


@pytest.mark.parametrize(
    ("figures", "of_series"),
    [
        (FIGURES, both(times(0.03, growth=0.06), outcomes(0.05, drop=0.2))),
        (FIGURES[:2], times(0.1, growth=0.15)),
    ],
)
def test_a_change_larger_than_chance_is_reported(
    connection: Connection, figures: tuple[str, ...], of_series: Any
) -> None:
    verdicts = simulated(connection, 60, of_series)
    assert min(share(verdicts, figure) for figure in figures) >= 80


def test_a_change_of_the_stated_size_is_found_about_four_times_in_five(
    connection: Connection,
) -> None:
    simulated(connection, 40, times(0.05, growth=0.06))
    rows = [row for row in trend(connection, "time") if row["subject"] is None]
    assert 4 < median(float(row["would_show"]) for row in rows) < 8
    shown = sum(row["verdict"] == "worse" for row in rows)
    assert 24 <= shown <= 40


def test_a_drop_of_the_stated_size_is_found_about_four_times_in_five(
    connection: Connection,
) -> None:
    """With more failures the share varies more than while one run in twenty fails."""
    simulated(connection, 40, outcomes(0))
    stated = [row["would_show"] for row in trend(connection, "success") if row["subject"] is None]
    assert median(map(float, stated)) == pytest.approx(14, abs=1)
    connection.execute("truncate workflow_runs, repositories cascade")
    assert 60 <= share(simulated(connection, 40, outcomes(0, drop=0.14)), "success") <= 95


def test_of_few_runs_that_all_succeed_many_have_to_fail_to_show(connection: Connection) -> None:
    upsert(connection, [*spread_out(1, 30, 30), *spread_out(1_000, 30, 0)])
    known(connection, 7)
    row = together(connection, "success")
    assert (row["change"], row["verdict"]) == (0, "no clear change")
    assert 30 < row["would_show"] < 40


# Like for like


def spread_out(first: int, count: int, days_ago: float, **changes: Any) -> list[WorkflowRun]:
    """`count` runs, spread over the thirty days that end `days_ago` days ago."""
    return [a_run(first + n, days_ago + 30 * (n + 0.5) / count, **changes) for n in range(count)]


def test_a_new_quick_workflow_changes_nothing(connection: Connection) -> None:
    for period, days_ago in enumerate((30.0, 0.0)):
        for n in range(200):
            at, number = days_ago + 30 * (n + 0.5) / 200, 1_000 * period + n
            conclusion = "failure" if n % 10 < 3 else "success"
            of_commit = [a_run(number, at, 753, event_type="pull_request", conclusion=conclusion)]
            if period:
                of_same = {"commit_sha": f"c{number}", "event_type": "pull_request"}
                of_commit += [
                    a_run(10 * number + copy, at - 0.0001, 8, workflow_id=4, **of_same)
                    for copy in range(4)
                ]
            upsert(connection, of_commit)
    known(connection, 7)
    for figure in ("success", "success in the end", "rerun", "time", "time of a commit"):
        row = together(connection, figure)
        assert (row["change"], row["verdict"]) == (0, "no clear change"), figure
        assert row["unit"] == ("seconds" if figure.startswith("time") else "percent")
    assert together(connection, "success")["now"] == 70
    assert together(connection, "time")["now"] == 753


def test_a_different_mix_of_the_same_workflows_changes_nothing(connection: Connection) -> None:
    for period, (slow, fast) in enumerate(((150, 50), (50, 450))):
        days_ago = 30 * (1 - period)
        upsert(connection, spread_out(10_000 * period, slow, days_ago, seconds=1_500))
        upsert(
            connection,
            spread_out(10_000 * period + 5_000, fast, days_ago, seconds=20, workflow_id=4),
        )
    known(connection, 7)
    for figure in ("time", "time of a commit"):
        row = together(connection, figure)
        assert (row["change"], row["verdict"]) == (0, "no clear change")


def test_many_days_of_failures_are_a_change_and_one_day_is_not(connection: Connection) -> None:
    upsert(connection, spread_out(1, 90, 30))
    upsert(connection, spread_out(1_000, 90, 0))
    upsert(connection, [a_run(5_000 + n, 3 + n / 100, conclusion="failure") for n in range(30)])
    known(connection, 7)
    row = together(connection, "success")
    assert (row["now"], row["change"], row["verdict"]) == (75, -25, "no clear change")
    upsert(connection, spread_out(6_000, 30, 0, conclusion="failure"))
    assert together(connection, "success")["verdict"] == "worse"


def test_a_few_runs_of_one_workflow_are_no_change_of_all(connection: Connection) -> None:
    of_release = {"workflow_id": 4, "workflow_name": "Release"}
    for period, failed in enumerate((0, 3)):
        at, first = 30 * (1 - period), 1_000 * period
        upsert(connection, spread_out(first, 30, at))
        upsert(connection, spread_out(first + 500, 5 - failed, at, **of_release))
        upsert(
            connection,
            spread_out(first + 600, failed, at, conclusion="failure", **of_release),
        )
    known(connection, 7)
    row = together(connection, "success")
    assert (row["runs"], row["before"]) == (35, 100)
    # Were the three of ten chance, all would be in this period once in twelve times.
    assert (row["change"], row["verdict"]) == (Decimal("-8.6"), "no clear change")


def test_a_clear_change_of_one_workflow_is_reported_for_it_and_for_all(
    connection: Connection,
) -> None:
    for period, seconds in enumerate((600, 900)):
        upsert(connection, spread_out(1_000 * period, 60, 30 * (1 - period), seconds=seconds))
        upsert(
            connection,
            spread_out(5_000 + 1_000 * period, 60, 30 * (1 - period), seconds=60, workflow_id=4,
                       workflow_name="Lint"),
        )  # fmt: skip
    known(connection, 7)
    by_subject = {row["subject"]: row for row in trend(connection, "time")}
    assert {subject: (row["change"], row["verdict"]) for subject, row in by_subject.items()} == {
        None: (Decimal("45.5"), "worse"),
        "CI": (50, "worse"),
        "Lint": (0, "no clear change"),
    }


def test_a_narrow_screen_shows_on_which_branches_a_workflow_changed(
    connection: Connection,
) -> None:
    for period, seconds in enumerate((600, 900)):
        at, first = 30 * (1 - period), 2_000 * period
        upsert(connection, spread_out(first, 30, at, seconds=seconds))
        upsert(connection, spread_out(first + 1_000, 30, at, event_type="pull_request"))
    known(connection, 7)
    text = answer_text(ask(connection, "trend", LAST), Screen(80))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for of in ("default worse", "pull_request no clear change"):
        assert [line for line in lines if line.startswith(f"time CI {of} ")]


@pytest.mark.parametrize(("runs", "days"), [(19, 30), (60, 4)])
def test_too_few_runs_or_days_are_reported_as_such(
    connection: Connection, runs: int, days: int
) -> None:
    for period, seconds in enumerate((600, 900)):
        upsert(
            connection,
            [
                a_run(1_000 * period + n, 30 * (1 - period) + 0.5 + n % days, seconds)
                for n in range(runs)
            ],
        )
    known(connection, 7)
    assert together(connection, "time")["verdict"] == "too few runs"


def test_waits_are_compared_label_by_label(connection: Connection) -> None:
    for period, wait in enumerate((5, 65)):
        runs = spread_out(1_000 * period, 60, 30 * (1 - period))
        upsert(connection, runs)
        upsert(connection, [
            a_job(run, labels=["own"], started_at=run.started_at + timedelta(seconds=wait))
            for run in runs
        ])  # fmt: skip
    (new,) = [a_run(5_000, 1)]
    upsert(connection, [new])
    upsert(connection, [a_job(new, labels=["other"], started_at=new.started_at + HOUR)])
    known(connection, 7)
    rows = {row["subject"]: (row["now"], row["verdict"]) for row in trend(connection, "queue")}
    assert rows == {None: (65, "worse"), "own": (65, "worse")}


def waited(
    connection: Connection, number: int, days_ago: float, jobs: dict[str, tuple[int, int]]
) -> None:
    """Thirty days of runs of one job each; `jobs` has their number and wait by runner label."""
    for label, (count, seconds) in jobs.items():
        runs = spread_out(number, count, days_ago)
        upsert(connection, runs)
        upsert(connection, [
            a_job(run, labels=[label], started_at=run.started_at + timedelta(seconds=seconds))
            for run in runs
        ])  # fmt: skip
        number += 1_000


def queues(connection: Connection) -> dict[str | None, tuple[Any, ...]]:
    columns = ("before", "now", "change", "verdict")
    return {row["subject"]: tuple(map(row.get, columns)) for row in trend(connection, "queue")}


def test_the_wait_of_all_is_the_median_that_totals_gives(connection: Connection) -> None:
    waited(connection, 1_000, 30, {"hosted": (100, 4), "gate": (40, 1_800)})
    waited(connection, 5_000, 0, {"hosted": (100, 4), "gate": (40, 3_600)})
    known(connection, 7)
    assert queues(connection) == {
        None: (4, 4, 0, "no clear change"),
        "hosted": (4, 4, 0, "no clear change"),
        "gate": (1_800, 3_600, 100, "worse"),
    }
    (totals,) = ask(connection, "totals", LAST).rows
    assert totals["queue_p50_seconds"] == 4


def test_another_mix_of_labels_changes_no_wait(connection: Connection) -> None:
    waited(connection, 1_000, 30, {"hosted": (100, 4), "own": (40, 90)})
    waited(connection, 5_000, 0, {"hosted": (40, 4), "own": (100, 90)})
    known(connection, 7)
    assert queues(connection)[None] == (90, 90, 0, "no clear change")


def test_a_change_of_a_second_is_too_small_and_not_too_uncertain(connection: Connection) -> None:
    waited(connection, 1_000, 30, {"own": (60, 4)})
    waited(connection, 5_000, 0, {"own": (60, 5)})
    known(connection, 7)
    assert queues(connection)["own"] == (4, 5, 25, "no clear change")
    (row,) = (row for row in trend(connection, "queue") if row["subject"] == "own")
    assert row["would_show"] == Decimal("37.5")


def test_a_wait_after_none_is_worse_without_a_percentage(connection: Connection) -> None:
    waited(connection, 1_000, 30, {"own": (60, 0)})
    waited(connection, 5_000, 0, {"own": (60, 45)})
    known(connection, 7)
    assert queues(connection)[None] == (0, 45, None, "worse")


# Computed a second way


def mean_and_median(values: list[float], is_share: bool) -> float:
    return sum(values) / len(values) if is_share else median(values)


def second_way(of_stratum: dict[Any, tuple[dict[Any, list[float]], dict[Any, list[float]]]],
               is_share: bool) -> tuple[float, float, bool]:  # fmt: skip
    """Both standardised averages and whether they differ by more than chance.

    `of_stratum` has the values by day, before and now.
    """
    both = {key: pair for key, pair in of_stratum.items() if pair[0] and pair[1]}
    flat = {
        key: [[value for day in days.values() for value in day] for days in pair]
        for key, pair in both.items()
    }
    runs = {key: len(now) for key, (_, now) in flat.items()}
    levels = {k: [mean_and_median(v, is_share) for v in pair] for k, pair in flat.items()}
    before, now = (
        sum(runs[key] * levels[key][at] for key in both) / sum(runs.values()) for at in (0, 1)
    )
    weights = {key: runs[key] * (1 if is_share else levels[key][0]) for key in both}
    total = sum(weights.values())
    rise, variance, freedom = 0.0, 0.0, -2
    for at, sign in ((0, -1), (1, 1)):
        by_day: dict[Any, float] = defaultdict(float)
        of_runs = 0.0
        for key in both:
            pooled = sorted(flat[key][0] + flat[key][1])
            first = {v: at for at, v in reversed(list(enumerate(pooled)))}
            counts = Counter(pooled)
            rank = {v: (first[v] + counts[v] / 2) / len(pooled) for v in counts}
            own = [rank[v] for v in flat[key][at]]
            mean = sum(own) / len(own)
            rise += sign * weights[key] / total * mean
            for day, values in both[key][at].items():
                for value in values:
                    off = weights[key] / total * (rank[value] - mean) / len(own)
                    by_day[day] += off
                    of_runs += off * off
        e = [by_day[day] for day in sorted(by_day)]
        lagged = sum(
            w * sum(e[i] * e[i - lag] for i in range(lag, len(e)))
            for lag, w in ((1, 1.5), (2, 1.0), (3, 0.5))
        )
        square = sum(x * x for x in e)
        variance += max(of_runs, square, square + lagged) * len(e) / (len(e) - 1)
        freedom += len(e)
    t = 2.576 + 4.917 / freedom + 8.83 / freedom**2
    return before, now, abs(rise) > t * math.sqrt(variance)


@pytest.mark.parametrize("seed", [1, 2])
def test_success_and_times_match_a_second_computation(connection: Connection, seed: int) -> None:
    made = make_history(seed, days=62, factor=lambda w, day: 1.25 if day > 40 else 1.0)
    store(connection, made)
    known(connection, 7, 8)
    cursor = connection.execute(
        "select repository_id, workflow_id, branch_class, day, created_at, is_decided, is_success, "
        "duration_seconds from attempts where is_first_attempt and conclusion <> 'skipped'"
    )
    values: dict[Any, Any] = defaultdict(lambda: defaultdict(lambda: ({}, {})))
    for row in cursor:
        if row["created_at"] < MONTH.before.since:
            continue
        at = int(row["created_at"] >= MONTH.since)
        key = (row["workflow_id"], row["branch_class"])
        found = []
        if row["is_decided"]:
            found.append(("success", 100.0 * row["is_success"]))
        if row["is_success"] and row["duration_seconds"] is not None:
            found.append(("time", float(row["duration_seconds"])))
        for figure, value in found:
            days = values[row["repository_id"], figure][key][at]
            days.setdefault(row["day"], []).append(value)
    names = {7: "acme/r7", 8: "acme/r8"}
    rows = {
        (row["repository"], row["figure"]): row
        for row in ask(connection, "trend", LAST).rows
        if row["subject"] is None
    }
    claims = set()
    for (repository_id, figure), of_stratum in values.items():
        row = rows[names[repository_id], figure]
        before, now, is_clear = second_way(of_stratum, figure == "success")
        assert float(row["before"]) == pytest.approx(before, abs=0.051)
        assert float(row["now"]) == pytest.approx(now, abs=0.051)
        assert (row["verdict"] in ("better", "worse")) == is_clear
        claims.add(row["verdict"])
    assert {"worse", "no clear change"} <= claims


def test_the_time_to_the_last_check_matches_a_second_computation(connection: Connection) -> None:
    rng = random.Random(4)
    expected: dict[str, list[float]] = {"pull_request": [], "default": []}
    rows = []
    for commit in range(120):
        event = "pull_request" if commit % 3 else "push"
        pushed, ends, is_left_out = rng.uniform(1, 29), [], commit % 10 == 0
        for n in range(rng.randint(1, 4)):
            late = timedelta(seconds=rng.randrange(0, 300) if n else 0)
            seconds = rng.randrange(30, 1_500)
            rows.append(
                a_run(commit * 10 + n, pushed - late / DAY, seconds, workflow_id=n + 1,
                      commit_sha=f"c{commit}", event_type=event,
                      conclusion="cancelled" if is_left_out else rng.choice(["success", "failure"]))
            )  # fmt: skip
            ends.append(late.total_seconds() + seconds)
        # Somebody adds a label an hour later, and a bot answers each comment: nobody waits for it.
        rows.append(
            a_run(commit * 10 + 7, pushed - 1 / 24, workflow_id=9, commit_sha=f"c{commit}",
                  event_type=event)
        )  # fmt: skip
        rows.append(
            a_run(commit * 10 + 8, pushed - 0.001, 5_000, workflow_id=8, commit_sha=f"c{commit}",
                  event_type="issue_comment")
        )  # fmt: skip
        rows.append(
            a_run(commit * 10 + 9, pushed, 5_000, workflow_id=8, commit_sha=f"c{commit}",
                  event_type=event, conclusion="skipped")
        )  # fmt: skip
        if not is_left_out:
            expected["default" if event == "push" else event].append(max(ends))
    upsert(connection, rows)
    known(connection, 7)
    answer = {row["branch_class"]: row for row in ask(connection, "time_to_last_check", LAST).rows}
    assert set(answer) == set(expected)
    for branch_class, seconds_of in expected.items():
        row = answer[branch_class]
        assert row["commits"] == len(seconds_of)
        assert row["p50_seconds"] == pytest.approx(median(seconds_of), abs=0.51)
        ordered = sorted(seconds_of)
        place = 0.9 * (len(ordered) - 1)
        low = int(place)
        p90 = ordered[low] + (place - low) * (ordered[low + 1] - ordered[low])
        assert row["p90_seconds"] == pytest.approx(p90, abs=0.51)
    assert sum(row["left_out"] for row in answer.values()) == 12


def test_nobody_waits_for_a_workflow_whose_file_github_cannot_read(connection: Connection) -> None:
    """CI takes 700 s, its file was broken on five commits, and another's always was."""
    runs = []
    for n in range(1, 41):
        path = {"workflow_name": ".github/workflows/ci.yml", "conclusion": "failure"}
        broken: dict[str, Any] = {"seconds": 1, **path} if n <= 5 else {}
        ci = a_run(n, n / 2, broken.pop("seconds", 700), **broken)
        old = {"workflow_id": 9, "workflow_name": "old.yml", "workflow_path": "old.yml"}
        other = {"commit_sha": ci.commit_sha, **old, "conclusion": "startup_failure"}
        runs += [ci, a_run(1_000 + n, n / 2, 1, **other)]
    upsert(connection, runs)
    known(connection, 7)
    for has_jobs in (False, True):
        if has_jobs:
            upsert(connection, [a_job(run) for run in runs if run.conclusion == "success"])
            connection.execute("update workflow_runs set jobs_listed_at = updated_at")
        (row,) = ask(connection, "time_to_last_check", LAST).rows
        assert (row["commits"], row["p50_seconds"], row["left_out"]) == (35, 700, 5)
        (row,) = ask(connection, "time_to_signal", LAST).rows
        assert (row["workflow"], row["runs"], row["signal_p50_seconds"]) == ("CI", 35, 700)
    connection.execute("delete from workflow_runs where conclusion = 'success'")
    assert not ask(connection, "time_to_last_check", LAST).rows


def test_a_commit_of_a_fork_waits_from_its_approval(connection: Connection) -> None:
    """Somebody lets the checks of each second pull request run a day after the push."""
    rows = []
    for n in range(1, 121):
        of = {"event_type": "pull_request", "branch": f"f{n}"}
        run = a_run(n, n / 2, 600, **of)
        if n % 2:
            rows.append(a_run(n, n / 2, 1, conclusion="action_required", **of))
            approved_at = run.created_at + DAY
            run = replace(run, run_attempt=2, started_at=approved_at,
                          completed_at=approved_at + 10 * MINUTE)  # fmt: skip
            # A labeler needs no approval.
            label = {"workflow_id": 9, "workflow_name": "Labeler", "commit_sha": run.commit_sha}
            rows.append(a_run(1_000 + n, n / 2, 8, **of, **label))
        rows.append(run)
    upsert(connection, rows)
    known(connection, 7)
    (row,) = ask(connection, "time_to_last_check", LAST).rows
    assert (row["commits"], row["p50_seconds"], row["p90_seconds"]) == (60, 600, 600)
    (row,) = (row for row in ask(connection, "trend", LAST).rows
              if row["figure"] == "time of a commit")  # fmt: skip
    assert (row["before"], row["now"]) == (600, 600)


def test_a_commit_whose_check_is_stored_from_its_second_attempt_on_is_left_out(
    connection: Connection,
) -> None:
    """CI takes 700 s and Lint 60 s. On each second commit CI was re-run; its failure is missing."""
    runs = []
    for n in range(1, 121):
        ci = a_run(n, n / 2, 700)
        if n % 2:
            ci = replace(ci, run_attempt=2, started_at=ci.created_at + DAY,
                         completed_at=ci.created_at + DAY + 700 * MINUTE / 60)  # fmt: skip
        lint = {"workflow_id": 9, "workflow_name": "Lint", "commit_sha": ci.commit_sha}
        runs += [ci, a_run(1_000 + n, n / 2, 60, **lint)]
    upsert(connection, runs)
    known(connection, 7)
    (row,) = ask(connection, "time_to_last_check", LAST).rows
    assert (row["commits"], row["p50_seconds"], row["left_out"]) == (30, 700, 30)
    (row,) = (row for row in ask(connection, "trend", LAST).rows
              if row["figure"] == "time of a commit")  # fmt: skip
    assert (row["before"], row["now"]) == (700, 700)


def test_a_run_on_an_old_commit_is_not_a_push(connection: Connection) -> None:
    old = a_run(1, 32, 600, event_type="pull_request")
    labelled = a_run(2, 29.9, 8, commit_sha="c1", event_type="pull_request")
    upsert(connection, [old, labelled, a_run(3, 1, 700, event_type="pull_request")])
    known(connection, 7)
    (row,) = ask(connection, "time_to_last_check", LAST).rows
    assert (row["commits"], row["p50_seconds"], row["last_workflow"]) == (1, 700, "CI")


def test_a_commit_whose_checks_are_not_over_is_left_out(connection: Connection) -> None:
    runs = [a_run(n, n, 60, event_type="pull_request") for n in (1, 2)]
    upsert(connection, runs)
    for minutes in (3, 30):
        connection.execute(
            "insert into open_runs (github_run_id, run_attempt, repository_id, created_at) "
            "values (%s, 1, 7, %s)",
            [100 + minutes, runs[0].created_at + minutes * MINUTE],
        )
    known(connection, 7)
    (row,) = ask(connection, "time_to_last_check", LAST).rows
    assert (row["commits"], row["left_out"], row["last_percent"]) == (1, 1, 100)
