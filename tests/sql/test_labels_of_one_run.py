"""Labels that are made for each run count as one, and real labels each for themselves."""

import random
import string
from collections import Counter
from typing import Any

from support.history import UNTIL
from support.reports import DAY, HOUR, MINUTE, MONTH, a_job, a_run, known

from telemetry.database.connection import Connection
from telemetry.database.questions import ask
from telemetry.database.upserts import upsert

# As rand.String of Kubernetes, and as (36).toString(36) of a start of a runner on a cloud.
KUBERNETES, BASE_36 = "bcdfghjklmnpqrstvwxz2456789", string.digits + string.ascii_lowercase
REAL = (
    "gpu-a100",
    "gpu-h100",
    "gpu-v100",
    "m2-large",
    "win2022x64",
    "ubuntu-24.04-8",
    "g4dn.xlarge",
)


def stored(connection: Connection, labels_of_run: list[list[list[str]]]) -> None:
    """Store a run for each list of labels of its jobs, all on own runners."""
    runs = [a_run(n, 1 + n / 10) for n in range(1, len(labels_of_run) + 1)]
    own: dict[str, Any] = {"runner_group_name": "Default"}
    upsert(connection, runs)
    upsert(
        connection,
        [
            a_job(run, at, labels=labels, **own)
            for run, sets in zip(runs, labels_of_run, strict=True)
            for at, labels in enumerate(sets)
        ],
    )
    known(connection, 7)


def jobs_by_label(connection: Connection) -> dict[str, int]:
    rows = ask(connection, "queue_times", MONTH.scope()).rows
    return {row["runner_label"]: row["jobs"] for row in rows}


def test_short_random_ends_are_folded_and_real_labels_are_not(connection: Connection) -> None:
    rng = random.Random(7)
    # sample, so that no two are equal by chance
    pods = ["".join(rng.sample(KUBERNETES, 5)) for _ in range(30)]
    bare = ["".join(rng.sample(BASE_36, 5)) for _ in range(30)]
    machines = rng.sample(range(1_000, 10_000), 30)
    sets = [
        [
            [f"pod-{pods[n]}"],
            [bare[n].upper()],
            # Of digits and then letters, as the name of a size or a version can be.
            [f"ci-{machines[n]}{pods[n][0] if pods[n][0].isalpha() else 'b'}bab"],
            ["self-hosted", f"vm{machines[n]}"],
            ["self-hosted", f"arc-7d9f8b6c5-{pods[n][::-1]}"],
            [REAL[n % len(REAL)]],
        ]
        for n in range(30)
    ]
    stored(connection, sets)
    expected = Counter(
        {"pod-*": 30, "ci-*": 30, "*": 30, "self-hosted, vm*": 30, "arc-*-*, self-hosted": 30}
    )
    expected.update(REAL[n % len(REAL)] for n in range(30))
    assert jobs_by_label(connection) == expected
    for question, column in (("concurrency", "runners"), ("runners_by_hour", "label")):
        rows = ask(connection, question, MONTH.scope()).rows
        assert {row[column] for row in rows} == set(expected)
    rows = ask(connection, "runner_cost", MONTH.scope()).rows
    costs = {row["label"]: row["unpriced_jobs"] for row in rows if row["sku"] is None}
    own = ("self-hosted, vm*", "arc-*-*, self-hosted")
    assert costs == {label: n for label, n in expected.items() if label not in own}
    rows = ask(connection, "unpriced_runner_labels", MONTH.scope()).rows
    assert {row["label"]: row["jobs"] for row in rows} == costs
    # As its header says, what is made for each run gets its price by its group.
    connection.execute("insert into runner_labels values ('group: default', 'linux_4_core')")
    connection.execute("insert into runner_prices values ('linux_4_core', '2020-01-01', 0.01)")
    assert not ask(connection, "unpriced_runner_labels", MONTH.scope()).rows


def test_nine_labels_or_those_of_one_run_are_not_folded(connection: Connection) -> None:
    nine = [[[f"node-{n}abcd"]] for n in range(9)]
    matrix = [[[f"arch-{n:03}"] for n in range(12)]]
    twice = [[[f"host-{n:03}"]] for n in range(12)] * 2
    stored(connection, nine + matrix + twice)
    labels = {label for sets in nine + matrix + twice for (label,) in sets}
    assert set(jobs_by_label(connection)) == labels


def test_an_end_that_runs_share_says_what_they_ask_for(connection: Connection) -> None:
    """The number of the run is in the middle, as runners on a cloud want it."""
    rng = random.Random(6)
    ends = ["".join(rng.sample(BASE_36, 5)) for _ in range(30)]
    families = ("m7i", "c7i", "r7i")
    stored(
        connection,
        [
            [
                [f"runs-on={17_000_000_000 + n}/family={families[n % 3]}"],
                [f"pr7f{n:04}-x64" if n % 2 else f"pr7f{n:04}-arm"],
                [f"pr7f{n:04}-{ends[n]}"],
            ]
            for n in range(30)
        ],
    )
    expected = {f"runs-on=*/family={family}": 10 for family in families}
    expected |= {"*-x64": 15, "*-arm": 15, "*-*": 30}
    assert jobs_by_label(connection) == expected


def test_waits_of_labels_made_for_each_run_are_compared_as_one(connection: Connection) -> None:
    rng = random.Random(8)
    ends = ["".join(rng.sample(KUBERNETES, 5)) for _ in range(400)]
    stored(connection, [[[f"pod-{end}"]] for end in ends])
    (row,) = (row for row in ask(connection, "trend", MONTH.scope()).rows
              if (row["figure"], row["subject"]) == ("queue", "pod-*"))  # fmt: skip
    first = UNTIL - 30 * DAY
    now = sum(UNTIL - (1 + n / 10) * DAY >= first for n in range(1, 401))
    assert (row["runs_before"], row["runs"]) == (400 - now - sum(
        UNTIL - (1 + n / 10) * DAY < first - 30 * DAY for n in range(1, 401)), now)  # fmt: skip


def test_held_jobs_with_labels_made_for_each_run_are_held_in_every_question(
    connection: Connection,
) -> None:
    rng = random.Random(9)
    ends = ["".join(rng.sample(KUBERNETES, 5)) for _ in range(60)]
    runs = [a_run(n, 1 + n / 100, seconds=3 * 3_600) for n in range(1, 61)]
    jobs = [
        a_job(
            run,
            labels=[f"pod-{end}"],
            runner_group_name="Default",
            started_at=run.started_at + (2 * HOUR if run.github_run_id % 6 == 0 else MINUTE / 12),
        )
        for run, end in zip(runs, ends, strict=True)
    ]
    upsert(connection, runs)
    upsert(connection, jobs)
    known(connection, 7)
    (waits,) = ask(connection, "queue_times", MONTH.scope()).rows
    (totals,) = ask(connection, "totals", MONTH.scope()).rows
    (held,) = ask(connection, "approvals", MONTH.scope()).rows
    assert (waits["jobs"], waits["held"], held["jobs"]) == (50, 10, 10)
    assert totals["queue_p90_seconds"] == waits["p95_seconds"] == 5
