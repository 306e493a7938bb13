"""What differs between a run as GitHub lists it and as it is known here.

Pure: knows rows, asks neither GitHub nor the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from telemetry.rows.runs import WorkflowRun

# What a list does not tell, what changes with a repository's name, and what is the key.
NOT_COMPARED = {
    "completed_at",
    "duration_seconds",
    "repository",
    "head_repository",
    "html_url",
    "github_run_id",
    "run_attempt",
}
COMPARED = {f.name: f for f in fields(WorkflowRun) if f.name not in NOT_COMPARED}
# As far as earlier attempts are fetched: see sql/runs/pending_attempts.sql.
MOST_ATTEMPTS = 1_000


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same here and at GitHub.

    `kind` is "missing here", "missing there", or "different": then `column` says what is, and
    `ours` and `theirs` how. `run_attempt` is None where the whole run is meant.
    """

    github_run_id: int
    run_attempt: int | None
    kind: str
    column: str | None = None
    ours: Any = None
    theirs: Any = None


def compare(
    run: WorkflowRun, stored: Mapping[int, Mapping[str, Any]], unstored: Mapping[int, str]
) -> list[Difference]:
    """What differs between a run as GitHub lists it, in its latest attempt, and what is known here.

    `stored` are the rows of its completed attempts by number; `unstored` the states of others:
    "gone", or the status of one that was open when it was last seen.
    """
    run_id, latest = run.github_run_id, run.run_attempt
    if not stored and not unstored:
        return [Difference(run_id, None, "missing here")]
    found = []
    if latest in stored:
        found = _columns(run, stored[latest])
    elif latest not in unstored:
        found = [Difference(run_id, latest, "missing here")]
    elif run.status == "completed":
        ours = unstored[latest]
        found = [Difference(run_id, latest, "different", "status", ours, run.status)]
    found += [
        Difference(run_id, number, "missing here")
        for number in range(1, min(latest, MOST_ATTEMPTS + 1))
        if number not in stored and unstored.get(number) != "gone"
    ]
    found += [
        Difference(run_id, number, "missing there")
        for number in sorted({*stored, *unstored})
        if number > latest
    ]
    marked = [row["missing_upstream_at"] for row in stored.values() if row["missing_upstream_at"]]
    if marked:
        found.append(Difference(run_id, None, "different", "missing_upstream_at", min(marked)))
    return found


def _columns(run: WorkflowRun, row: Mapping[str, Any]) -> list[Difference]:
    found = []
    for name, column in COMPARED.items():
        theirs, longest = getattr(run, name), column.metadata.get("max_length")
        if theirs is None:
            continue  # what GitHub once told is kept when it no longer does
        if longest is not None:
            theirs = theirs[:longest]
        if row[name] != theirs:
            found.append(
                Difference(run.github_run_id, run.run_attempt, "different", name, row[name], theirs)
            )
    return found
