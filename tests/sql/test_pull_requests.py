"""Pull requests as runs show them, what they cost, and who opened them; computed by hand."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.rows import CREATED_AT, llm_call, workflow_job, workflow_run

from telemetry.database.connection import Connection, execute
from telemetry.database.prices import load_name_kinds, load_runner_prices
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert
from telemetry.rows.runs import Repository
from telemetry.runs.store import store_attempts

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SCOPE = Scope(CREATED_AT - HOUR, CREATED_AT + 48 * HOUR)
Row = dict[str, Any]


def run(connection: Connection, number: int, minutes: float = 10, **changes: Any) -> None:
    """Store a run of a pull request that takes so long, with one job that takes all of it."""
    start = changes.pop("at", CREATED_AT) + 0 * MINUTE
    again = changes.get("run_attempt", 1) > 1
    end = start + minutes * MINUTE
    values: Row = {
        "github_run_id": number,
        "event_type": "pull_request",
        "branch": "feature",
        "created_at": CREATED_AT if again else start,
        "started_at": start,
        "completed_at": end,
        "duration_seconds": int(minutes * 60),
        "updated_at": end,
        "is_private": True,
        **changes,
    }
    listed = values.pop("listed", True)
    upsert(connection, [workflow_run(**values)])
    if not listed:
        return
    attempt = values.get("run_attempt", 1)
    job = workflow_job(
        github_run_id=number,
        run_attempt=attempt,
        job_id=10 * number + attempt,
        created_at=start,
        started_at=start,
        completed_at=end,
    )
    upsert(connection, [job])
    keys = {"github_run_ids": [number], "run_attempts": [attempt], "listed_at": end}
    execute(connection, "runs/record_jobs_listed", keys)


@pytest.fixture
def pulls(connection: Connection) -> Iterator[Connection]:
    """Three pull requests: one merged, one of a fork, one by an agent. A minute costs 0.006."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    load_runner_prices(connection)
    load_name_kinds(connection)
    run(connection, 1, 10, commit_sha="a1")
    run(connection, 2, 20, commit_sha="a2", conclusion="failure", at=CREATED_AT + HOUR)
    again = {"run_attempt": 2, "at": CREATED_AT + 3 * HOUR, "created_at": CREATED_AT + HOUR}
    run(connection, 2, 5.5, commit_sha="a2", **again)
    run(connection, 3, 30, commit_sha="a2", event_type="push", branch="main")
    fork = {"head_repository": "guest/app", "actor": None, "commit_sha": "b1"}
    run(connection, 4, 0.5, **fork)
    agent = {"branch": "copilot/fix", "actor": "Copilot"}
    run(connection, 5, 2, commit_sha="c1", **agent)
    run(connection, 6, 3, commit_sha="c2", listed=False, at=CREATED_AT + HOUR, **agent)
    calls = [
        llm_call(call_id="x1", github_run_id=5, estimated_cost=Decimal("0.5")),
        llm_call(call_id="x2", github_run_id=5, timestamp=CREATED_AT + MINUTE, api_calls=3),
        llm_call(call_id="x3", github_run_id=3, estimated_cost=Decimal(9), session_id="s"),
    ]
    upsert(connection, calls)
    yield connection


def test_a_pull_request_is_a_head_branch_and_is_merged_if_its_commit_was_pushed(
    pulls: Connection,
) -> None:
    rows = pulls.execute("select * from pull_requests order by head_repository, branch").fetchall()
    assert [
        (row["head_repository"], row["branch"], row["commits"], row["runs"], row["is_merged"])
        for row in rows
    ] == [
        ("acme/app", "copilot/fix", 2, 2, False),
        ("acme/app", "feature", 2, 2, True),
        ("guest/app", "feature", 1, 1, False),
    ]


def test_a_pull_request_of_the_default_branch_itself_is_not_known_to_be_merged(
    connection: Connection,
) -> None:
    """A push runs there whether or not the pull request, into a release branch, is merged."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    for number, head in enumerate(("acme/app", "guest/app"), 1):
        run(connection, number, head_repository=head, branch="main", commit_sha="a1")
    run(connection, 3, event_type="push", branch="main", commit_sha="a1")
    rows = connection.execute("select * from pull_requests").fetchall()
    merged = {row["head_repository"]: row["is_merged"] for row in rows}
    assert merged == {"acme/app": False, "guest/app": True}


def test_the_commit_that_pull_request_target_starts_from_does_not_make_one_merged(
    connection: Connection,
) -> None:
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    run(connection, 1, event_type="push", branch="main", commit_sha="a1")
    run(connection, 2, event_type="pull_request_target", branch="open", commit_sha="a1")
    run(connection, 3, branch="open", commit_sha="b1")
    run(connection, 4, event_type="pull_request_target", branch="merged", commit_sha="c1")
    run(connection, 5, branch="merged", commit_sha="c1")
    run(connection, 6, event_type="push", branch="main", commit_sha="c1")
    rows = connection.execute("select * from pull_requests").fetchall()
    assert {row["branch"]: row["is_merged"] for row in rows} == {"open": False, "merged": True}


def test_the_most_expensive_pull_request_comes_first_with_its_whole_cost(pulls: Connection) -> None:
    rows = ask(pulls, "pull_request_costs", SCOPE).rows
    assert [
        (
            row["branch"],
            row["actor_kind"],
            row["state"],
            row["commits"],
            row["runs"],
            row["reruns"],
            float(row["minutes"]),
            float(row["list_cost_usd"]),
            float(row["llm_cost_usd"]),
            float(row["cost_usd"]),
            row["attempts_without_jobs"],
            row["unpriced_calls"],
        )
        for row in rows
    ] == [
        ("copilot/fix", "agent", "unknown", 2, 2, 0, 2.0, 0.012, 0.5, 0.512, 1, 3),
        ("feature", "person", "merged", 2, 2, 1, 35.5, 0.216, 0.0, 0.216, 0, 0),
        ("feature", "unknown", "unknown", 1, 1, 0, 0.5, 0.006, 0.0, 0.006, 0, 0),
    ]
    # The merged one: ten minutes, and twenty until the first attempt failed.
    assert [float(row["waited_hours"]) for row in rows] == [0.08, 0.5, 0.01]


def test_a_cost_of_which_nothing_is_known_is_not_nothing(pulls: Connection) -> None:
    """The jobs of two pull requests have no price; one of them also made calls with a cost."""
    pulls.execute(
        "update workflow_jobs set labels = '{who-knows}', runner_group_name = 'Large' "
        "where github_run_id in (1, 2, 5)"
    )
    rows = ask(pulls, "pull_request_costs", SCOPE).rows
    assert [
        (row["list_cost_usd"], row["llm_cost_usd"], row["cost_usd"], row["unpriced_jobs"])
        for row in rows
    ] == [
        (None, Decimal("0.5"), Decimal("0.5"), 1),
        (Decimal("0.006"), 0, Decimal("0.006"), 0),
        (None, 0, None, 3),
    ]
    kinds = ask(pulls, "pull_requests_by_actor_kind", SCOPE).rows
    assert [(row["actor_kind"], row["cost_per_pull_request_usd"]) for row in kinds] == [
        ("agent", Decimal("0.5")),
        ("unknown", Decimal("0.006")),
        ("person", None),
    ]


def test_pull_requests_of_deleted_forks_are_told_apart_by_who_caused_their_runs(
    connection: Connection,
) -> None:
    """GitHub names the branch, patch-1 for whoever edits in the browser, and no repository."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    deleted = {"head_repository": None, "branch": "patch-1"}
    run(connection, 1, 10, actor="guest", commit_sha="a1", **deleted)
    run(connection, 2, 20, actor="visitor", commit_sha="b1", **deleted)
    run(connection, 3, 30, actor="guest", commit_sha="a2", at=CREATED_AT + HOUR, **deleted)
    rows = ask(connection, "pull_request_costs", SCOPE).rows
    assert {row["head"]: (row["runs"], row["minutes"], row["actor"]) for row in rows} == {
        "guest:patch-1": (2, 40, "guest"),
        "visitor:patch-1": (1, 20, "visitor"),
    }
    (kind,) = ask(connection, "pull_requests_by_actor_kind", SCOPE).rows
    assert (kind["pull_requests"], kind["minutes_per_pull_request"]) == (2, 30)


def test_a_commit_of_a_fork_waits_from_its_approval(connection: Connection) -> None:
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    run(connection, 1, 0, conclusion="action_required", listed=False)
    run(connection, 1, 30, run_attempt=2, at=CREATED_AT + 24 * HOUR)
    (row,) = ask(connection, "pull_request_costs", SCOPE).rows
    assert float(row["waited_hours"]) == 0.5
    (row,) = ask(connection, "pull_requests_by_actor_kind", SCOPE).rows
    assert float(row["waited_hours_per_pull_request"]) == 0.5


def test_the_wait_of_a_commit_whose_first_attempt_is_not_stored_is_not_known(
    connection: Connection,
) -> None:
    """A short check began first; or the long one did, whose first attempt is still to come."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    for branch, number, after in (("one", 10, 1), ("two", 20, -1)):
        known = {"branch": branch, "commit_sha": f"{branch}-1"}
        run(connection, number, 6, **known)
        lacks = {"branch": branch, "commit_sha": f"{branch}-2"}
        run(connection, number + 1, 3, at=CREATED_AT + HOUR, **lacks)
        began = CREATED_AT + HOUR + after * MINUTE
        run(connection, number + 2, 30, run_attempt=2, at=CREATED_AT + 5 * HOUR,
            created_at=began, **lacks)  # fmt: skip
    # Nobody waited for this one, so what is known of the commit suffices.
    run(connection, 30, 6, branch="three", commit_sha="three")
    run(connection, 31, 6, run_attempt=2, at=CREATED_AT + 5 * HOUR,
        created_at=CREATED_AT + HOUR, branch="three", commit_sha="three")  # fmt: skip
    rows = ask(connection, "pull_request_costs", SCOPE).rows
    waited = {row["branch"]: float(row["waited_hours"]) for row in rows}
    assert waited == {"one": 0.1, "two": 0.1, "three": 0.1}
    connection.execute("delete from workflow_runs where github_run_id in (10, 20, 30, 31)")
    rows = ask(connection, "pull_request_costs", SCOPE).rows
    assert {row["branch"]: row["waited_hours"] for row in rows} == {"one": None, "two": None}
    (kind,) = ask(connection, "pull_requests_by_actor_kind", SCOPE).rows
    assert (kind["pull_requests"], kind["waited_hours_per_pull_request"]) == (2, None)


def test_a_pull_request_that_waits_for_its_approval_has_commits_and_no_wait(
    connection: Connection,
) -> None:
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    run(connection, 1, 0, conclusion="action_required", branch="new")
    run(connection, 2, 30, commit_sha="b2")
    rows = {row["branch"]: row for row in ask(connection, "pull_request_costs", SCOPE).rows}
    new = rows["new"]
    assert (new["runs"], new["commits"], new["waited_hours"]) == (1, 1, None)
    (row,) = ask(connection, "pull_requests_by_actor_kind", SCOPE).rows
    assert (row["commits"], row["pull_requests"]) == (2, 2)
    assert float(row["waited_hours_per_pull_request"]) == 0.5
    assert float(row["minutes_per_pull_request"]) == 15.0


def test_a_commit_waits_in_each_fork_from_its_own_first_run(connection: Connection) -> None:
    """Somebody takes over a branch with its name, and opens a pull request of it an hour later."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    for number, owner in ((1, "guest"), (2, "visitor")):
        at = CREATED_AT + number * HOUR
        run(connection, number, 30, at=at, commit_sha="a1", head_repository=f"{owner}/app")
    rows = ask(connection, "pull_request_costs", SCOPE).rows
    waited = {row["head"]: row["waited_hours"] for row in rows}
    assert waited == {"guest:feature": Decimal("0.5"), "visitor:feature": Decimal("0.5")}
    (kind,) = ask(connection, "pull_requests_by_actor_kind", SCOPE).rows
    assert kind["waited_hours_per_pull_request"] == Decimal("0.5")


def test_nobody_waits_for_a_run_that_a_label_or_the_merge_starts(connection: Connection) -> None:
    """It runs on the same commit, a day later; it costs as much as any other."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    load_runner_prices(connection)
    run(connection, 1, 30, commit_sha="a1")
    run(connection, 2, 45, commit_sha="a1", at=CREATED_AT + MINUTE)
    run(connection, 3, 60, commit_sha="a1", at=CREATED_AT + 24 * HOUR)
    (row,) = ask(connection, "pull_request_costs", SCOPE).rows
    assert (float(row["waited_hours"]), row["commits"], row["runs"]) == (0.77, 1, 3)
    (row,) = ask(connection, "pull_requests_by_actor_kind", SCOPE).rows
    assert float(row["waited_hours_per_pull_request"]) == 0.77


def test_costs_are_summed_by_the_author_of_the_pull_request(pulls: Connection) -> None:
    rows = {row["actor_kind"]: row for row in ask(pulls, "pull_requests_by_actor_kind", SCOPE).rows}
    assert {kind: (row["pull_requests"], row["merged"]) for kind, row in rows.items()} == {
        "agent": (1, 0),
        "person": (1, 1),
        "unknown": (1, 0),
    }
    assert float(rows["agent"]["share_percent"]) == pytest.approx(100 * 0.512 / 0.734, abs=0.06)
    assert rows["agent"]["cost_per_merged_usd"] is None
    assert float(rows["person"]["cost_per_merged_usd"]) == 0.216
    assert rows["agent"]["with_jobs_percent"] == 50
    assert sum(row["cost_usd"] for row in rows.values()) == Decimal("0.7340")


@pytest.mark.parametrize(
    ("actor", "kind"),
    [
        ("dev-1", "person"),
        ("Copilot", "agent"),
        ("Claude[bot]", "agent"),
        ("some-app[bot]", "bot"),
        ("renovate-of-ours", "bot"),
        ("release-bot", "bot"),
        ("abbot", "person"),
    ],
)
def test_the_longest_rule_says_what_an_account_is(
    connection: Connection, actor: str, kind: str
) -> None:
    upsert(connection, [workflow_run(actor=actor, triggering_actor=actor)])
    unknown = connection.execute("select kind from actor_kinds").fetchone()
    assert unknown == {"kind": "unknown"}
    load_name_kinds(connection)
    assert connection.execute("select kind from actor_kinds").fetchall() == [{"kind": kind}]


def test_an_account_that_only_re_runs_an_attempt_is_classed_too(connection: Connection) -> None:
    upsert(connection, [workflow_run(actor="dev-1", triggering_actor="claude[bot]")])
    load_name_kinds(connection)
    rows = connection.execute("select actor, kind from actor_kinds").fetchall()
    assert {row["actor"]: row["kind"] for row in rows} == {
        "dev-1": "person",
        "claude[bot]": "agent",
    }


def test_an_account_keeps_its_kind_when_another_one_gets_its_login(connection: Connection) -> None:
    for number, account in enumerate((5, 6), 1):
        said = {"actor": "some-app[bot]", "actor_id": account, "triggering_actor": None}
        store_attempts(connection, [workflow_run(github_run_id=number, **said)])
    load_name_kinds(connection)
    rows = connection.execute("select actor, kind from actor_kinds").fetchall()
    assert {row["actor"]: row["kind"] for row in rows} == {
        "some-app[bot] (id 5)": "bot",
        "some-app[bot]": "bot",
    }


def test_rules_of_the_users_own_override_ours_and_only_the_star_is_special(
    connection: Connection, tmp_path: Path
) -> None:
    actors = ["dev-1", "dev_2", "devx2", "100%", "100x"]
    upsert(connection, [workflow_run(github_run_id=n, actor=a) for n, a in enumerate(actors, 1)])
    own = tmp_path / "kinds.csv"
    own.write_text("subject,pattern,kind\nactor,dev_2,bot\nactor,100%,agent\n", encoding="utf-8")
    load_name_kinds(connection, str(own))
    rows = connection.execute("select actor, kind from actor_kinds").fetchall()
    assert {row["actor"]: row["kind"] for row in rows} == {
        "dev-1": "person",
        "dev_2": "bot",
        "devx2": "person",
        "100%": "agent",
        "100x": "person",
    }
