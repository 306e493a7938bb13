"""Stale, incomplete or failed parts of a database, as sentences for people.

Each function takes rows of sql/status and yields the concerns about them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from telemetry import counted, first_of, in_words
from telemetry.database.checks import Checked
from telemetry.database.prune import LARGEST_CLOCK_DIFFERENCE, Pruned
from telemetry.installation import COMMAND, typed, uses_demo

MOST_NAMED = 20
MOST_ALIKE = 3
"""Up to this many repositories get a line each; more share one line that names the first ones."""

KINDS = {
    "unknown": "nothing is stored",
    "ended": "they are no longer watched; their rows stay until they are pruned",
    "never": "no ingest has completed yet",
    "clock": "rows are later than the present by the database's clock; if it is behind, set it",
    "stale": "the last complete ingest is too old; has their schedule stopped?",
    "running": "an ingest has not ended; it still runs, or was killed",
    "failed": "the last ingest was incomplete or failed",
    "unreadable": "runs could not be read at the last ingest",
    "unequal": "the stored runs differ from what GitHub reported",
    "unlisted": "a run list could not be read completely",
    "overlap": "windows overlap, so runs there may count twice",
    "period": "parts of this period are not listed completely, so runs may be missing",
    "overdue": "runs that may have been re-run were not listed again",
    "attempts": "earlier attempts have not been fetched yet",
    "jobs": "the jobs of some attempts have not been fetched yet",
    "gap": "some intervals are not listed; an ingest without SINCE lists them",
    "given up": "items were given up after the last try",
    "leaving": "runs that GitHub deletes within 7 days are not stored completely",
    "retry": "items cannot be fetched and will be tried again",
}
"""The text of a concern that many repositories share, by kind."""


class Concern(str):
    """One sentence about the database, or about one repository, whose name it begins with."""

    kind: str
    repository: str | None
    reason: str | None

    def __new__(
        cls,
        text: str,
        kind: str = "",
        repository: str | None = None,
        reason: str | None = None,
    ) -> "Concern":
        """Make a concern; `reason` is the part of its text that its kind alone does not say.

        `kind` is one of KINDS, or empty for a concern that is not about a repository.
        """
        made = super().__new__(cls, f"{repository}: {text}" if repository else text)
        made.kind, made.repository, made.reason = kind, repository, reason
        return made


def folded(concerns: Sequence[Concern], repositories: int) -> list[str]:
    """Return the concerns as lines; a kind that many repositories share becomes one line."""
    sharing: dict[str, dict[str | None, None]] = defaultdict(dict)
    for concern in concerns:
        sharing[concern.kind][concern.repository] = None
    lines = {}
    for concern in concerns:
        names = [str(name) for name in sharing[concern.kind]]
        if not concern.kind or len(names) <= MOST_ALIKE:
            lines[str(concern)] = str(concern)
        elif concern.kind not in lines:
            reason = f"; the first: {concern.reason}" if concern.reason else ""
            lines[concern.kind] = (
                f"{len(names):,} of {repositories:,} repositories: {KINDS[concern.kind]}: "
                f"{first_of(names, MOST_ALIKE)}{reason}"
            )
    return list(lines.values())


def of_end(row: Mapping[str, Any]) -> Iterator[Concern]:
    """Yield the concern about a repository that `make forget` named, or that was replaced."""
    text = "it is no longer watched; its rows stay until they are pruned"
    yield Concern(text, "ended", row["repository"])


def of_ingests(row: Mapping[str, Any], limit: timedelta) -> Iterator[Concern]:
    """Yield the concerns about a repository's ingests, from sql/status/repositories.sql."""
    name = row["repository"]
    if row["seconds_since_complete"] is None:
        yield Concern(KINDS["never"], "never", name)
    elif is_older(row, limit):
        # With ORG, one that was deleted or hidden is ingested no more, as the log of ingests says.
        then = f"has its schedule stopped? To watch it no longer: {typed(f'forget REPO={name}')}"
        if uses_demo():  # it has no schedule
            then = f"to recreate the data: {typed('demo')}"
        age = in_words(row["seconds_since_complete"])
        text = f"the last complete ingest was {age} ago; {then}"
        yield Concern(text, "stale", name)
    if row["last_outcome"] == "running":
        text = (
            f"an ingest began {in_words(row['seconds_since_start'])} ago and has not "
            "ended; it still runs, or was killed"
        )
        yield Concern(text, "running", name)
    # Items that are awaited, and nothing else: the proof names them, as they are now.
    elif row["last_error"] and not row["is_caught_up"]:
        outcome = row["last_outcome"]
        verb = outcome if outcome == "failed" else f"was {outcome}"
        text = f"the last ingest {verb}: {row['last_error']}"
        yield Concern(text, "failed", name, row["last_error"])
    if row["unreadable"]:
        text = f"{counted(row['unreadable'], 'run')} could not be read at the last ingest"
        yield Concern(text, "unreadable", name)


def of_clock(row: Mapping[str, Any]) -> Iterator[Concern]:
    """Yield the concern that the database's clock is behind: its ages are then too small.

    The row must have the ages by that clock, not as of another moment.
    """
    if row["last_started_at"] is None:
        return
    now = row["last_started_at"] + timedelta(seconds=row["seconds_since_start"])
    newest = max(row["last_started_at"], row["newest_created_at"] or row["last_started_at"])
    if newest - now > LARGEST_CLOCK_DIFFERENCE:
        text = (
            f"it has rows of {newest:%Y-%m-%d %H:%M} UTC, but the database's clock says "
            f"{now:%Y-%m-%d %H:%M} UTC; if that clock is behind, set it: until then, ages are wrong"
        )
        yield Concern(text, "clock", row["repository"])


def is_older(row: Mapping[str, Any], limit: timedelta) -> bool:
    """Whether a repository's last complete ingest is older than the limit, or there is none."""
    age = row["seconds_since_complete"]
    return age is None or age > limit.total_seconds()


def of_proof(proof: Mapping[str, Any], ingest: Mapping[str, Any]) -> Iterator[Concern]:
    """Yield the concerns about completeness, from sql/status/proof.sql and repositories.sql."""
    # The error of an incomplete ingest already names what is left of its interval.
    is_named = ingest["last_outcome"] == "incomplete" and not ingest["is_caught_up"]
    since = ingest["last_since"]
    yield from _unproven(proof)
    yield from _awaited(proof)
    if proof["gaps"] and (not is_named or (since and proof["gap_from"] < since)):
        yield from _gap(proof)
    if not is_named:
        yield from _left(proof)


def of_leaving(row: Mapping[str, Any]) -> Iterator[Concern]:
    """Yield what will be lost according to sql/status/leaving.sql, if jobs are fetched at all."""
    if row["leaving_runs"] and row["has_jobs"]:
        text = (
            f"not stored completely: {counted(row['leaving_runs'], 'run')} that GitHub deletes "
            f"within 7 days, the first at {row['first_leaves_at']:%Y-%m-%d %H:%M} UTC"
        )
        yield Concern(text, "leaving", row["repository"])


def _unproven(row: Mapping[str, Any]) -> Iterator[Concern]:
    """Yield concerns about windows that differ from GitHub's report or are incomplete."""
    name = row["repository"]
    if row["unequal_windows"]:
        text = (
            "the stored runs differ from what GitHub reported, first among those created "
            f"from {row['unequal_from']:%Y-%m-%d %H:%M:%S} UTC; to see which runs: "
            f"{typed(f'verify REPO={name}')}; to list them again: "
            f"{typed(f'ingest REPO={name} FULL=1')}"
        )
        yield Concern(text, "unequal", name)
    if row["incomplete_windows"]:
        more = row["incomplete_windows"] - 1
        text = (row["problem"] or KINDS["unlisted"]) + (
            f"; the same is true of {counted(more, 'more second')}" if more else ""
        )
        yield Concern(text, "unlisted", name)


def _left(row: Mapping[str, Any]) -> Iterator[Concern]:
    """Yield what is still pending, unless the error of the last ingest names it."""
    name = row["repository"]
    if row["overdue_windows"]:
        text = (
            f"runs last listed at {row['last_sweep_at']:%Y-%m-%d %H:%M} UTC, and possibly "
            "re-run since, were not listed again"
        )
        yield Concern(text, "overdue", name)
    # Items that failed are not included: they are named until they are given up, and afterwards.
    if count := row["pending_attempts"] - row["awaited_earlier_attempts"]:
        text = (
            f"earlier attempts still to fetch: {count:,}; until then the rates of first attempts "
            "leave out their runs"
        )
        yield Concern(text, "attempts", name)
    # A repository without any jobs is ingested with JOBS=0.
    not_asked = row["attempts_without_jobs"] - row["awaited_attempts"]
    if not_asked and row["attempts_with_jobs"]:
        text = f"attempts whose jobs are still to fetch: {not_asked:,}"
        yield Concern(text, "jobs", name)


def _gap(row: Mapping[str, Any]) -> Iterator[Concern]:
    text = (
        f"{in_words(row['gap_seconds'])} of run creation time are not listed, the first from "
        f"{row['gap_from']:%Y-%m-%d %H:%M} UTC; an ingest without SINCE lists them"
    )
    yield Concern(text, "gap", row["repository"])


def _awaited(row: Mapping[str, Any]) -> Iterator[Concern]:
    """Yield concerns about items that could not be fetched.

    A job that has not ended is not a concern until it is given up.
    """
    name = row["repository"]
    if row["given_up_items"]:
        text = f"given up after the last try: {row['given_up_items']:,}, the first: "
        text += f"{row['first_awaited']}; "
        if run_id := row["given_up_run_id"]:
            text += f"to try again: {typed(f'ingest REPO={name} RUN_ID={run_id}')}"
        else:
            text += f"to fetch all of them again: {typed(f'ingest REPO={name} FULL=1')}, for those "
            text += "of one run: RUN_ID=… instead of FULL=1"
        yield Concern(text, "given up", name)
        return
    counts = {
        "cannot be read": row["unread_items"],
        "GitHub did not return": row["unanswered_items"],
    }
    parts = [f"items that {what}: {count:,}" for what, count in counts.items() if count]
    if parts:
        text = (
            f"{', '.join(parts)}, the first: {row['first_awaited']}; the next try is due at "
            f"{row['next_try_at']:%Y-%m-%d %H:%M} UTC"
        )
        yield Concern(text, "retry", name)


def of_overlap(row: Mapping[str, Any]) -> Iterator[Concern]:
    """Yield the concern about overlapping windows. Only an edit by hand makes them."""
    name = row["repository"]
    text = (
        f"the windows overlap in {counted(row['overlaps'], 'place')}, first from "
        f"{row['overlap_from']:%Y-%m-%d %H:%M:%S} UTC, so runs there may count twice; "
        f"to list them again: {typed(f'ingest REPO={name} FULL=1')}"
    )
    yield Concern(text, "overlap", name)


def of_unreached(rows: Sequence[Mapping[str, Any]]) -> Iterator[Concern]:
    """Yield concerns that name the repositories that an ingest did not reach, by the reason."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["reason"]].append(row)
    if len(groups) > MOST_ALIKE:
        groups = {f"the last: {rows[-1]['reason']}": list(rows)}
    for reason, group in groups.items():
        yield Concern(_unreached(reason, group))


def _unreached(reason: str, rows: Sequence[Mapping[str, Any]]) -> str:
    names = [row["repository"] for row in rows]
    text = (
        f"the last ingest did not reach {counted(len(names), 'repository')}: "
        f"{first_of(names, MOST_NAMED)}; {reason}"
    )
    # It may be a typing error, which no later ingest would reach.
    if any(row["is_unknown"] for row in rows):
        it, name = ("it", names[0]) if len(names) == 1 else ("one of them", "…")
        text += f"; to stop expecting {it}: {typed(f'forget REPO={name}')}"
    return text


def of_rules(checked: Sequence[Checked]) -> Iterator[Concern]:
    """Yield the concern that rules of the data are broken, if any is."""
    broken = [f"{each.name} ({each.count})" for each in checked if not each.holds]
    if broken:
        are = "is" if len(broken) == 1 else "are"
        said = f"{len(broken)} of {len(checked)} rules of the data {are} broken"
        yield Concern(f"{said}: {', '.join(broken)}; to see the rows: {typed('check')}")


def of_retention(old: Pruned) -> Iterator[Concern]:
    """Yield the concern about rows that are too old but are kept until KEEP is given."""
    if old.is_held:
        yield Concern(
            f"{old.workflow_runs:,} run attempts and {old.llm_calls:,} LLM calls are older than "
            f"the {old.keep} that rows are kept by default, and stay until KEEP is given: "
            f"{COMMAND} prune KEEP='{old.keep}' deletes them, {COMMAND} ingest KEEP=forever keeps "
            "them"
        )


def of_llm_calls(llm: Mapping[str, Any]) -> Iterator[Concern]:
    """Yield concerns about LLM calls without a known cost, and about logs that lost calls."""
    if llm["unpriced_calls_with_tokens"]:
        of = "of no named model"
        if llm["unpriced_models"]:
            of = f"of {counted(llm['unpriced_models'], 'model')}, such as {llm['unpriced_model']}"
        yield Concern(
            f"LLM calls with tokens but of unknown cost: {llm['unpriced_calls_with_tokens']:,}, "
            f"{of}; to list them: "
            + typed(f"query Q=llm_unpriced_models SINCE={llm['unpriced_since']:%Y-%m-%d}")
        )
    if llm["last_started_at"] and not llm["last_finished_at"]:
        yield Concern(
            "the last ingest of LLM logs has not ended; it still runs, or was interrupted"
        )
    lost = {
        "lines": llm["last_rejected_lines"],
        "files": llm["last_rejected_files"],
        "calls that clashed with another": llm["last_clashing"],
    }
    if any(lost.values()):
        parts = ", ".join(f"{what}: {count:,}" for what, count in lost.items() if count)
        first = llm["last_first_rejected"][0]
        yield Concern(f"the last ingest of LLM logs lost {parts}; the first: {first}")
