"""The result of a verification as text for people."""

from datetime import UTC, datetime
from typing import Any

from telemetry import counted
from telemetry.installation import COMMAND
from telemetry.runs.verification.differences import Difference
from telemetry.runs.verification.verify import Verification
from telemetry.runs.verification.verify_jobs import JobsCompared
from telemetry.summaries.tables import cell
from telemetry.terminal import plain


def verification_text(found: Verification) -> str:
    """Return one line for each difference, then what was compared and the result."""
    jobs = found.jobs
    differences = found.differences + (jobs.differences if jobs else [])
    unreadable = found.unreadable + (jobs.unreadable if jobs else [])
    newer = len(found.newer) + (len(jobs.newer) if jobs else 0)
    lines = [_difference_text(each) for each in differences]
    lines += [f"unreadable there: {plain(text)}" for text in unreadable]
    lines += [
        f"not compared: runs created {cell(start)} to {cell(end)} UTC: their list was incomplete"
        for start, end in found.unverified
    ]
    lines += [f"not compared: {plain(text)}" for text in (jobs.unanswered if jobs else [])]
    lines += [f"note: {plain(text)}" for text in found.unlistable]
    count = len(differences) + len(unreadable)
    lines.append(
        f"{plain(found.repository)}: {counted(found.runs, 'run')} created since "
        f"{cell(found.since)} UTC, {counted(found.attempts, 'attempt')}: "
        f"{counted(count, 'difference')}; {newer:,} newer than the last listing; "
        f"{counted(found.requests, 'request')}"
    )
    if deleted := sum((e.run_attempt, e.kind) == (None, "missing there") for e in found.newer):
        was = "was" if deleted == 1 else "were"
        lines.append(
            f"  {counted(deleted, 'run')} {was} deleted at GitHub after the last listing, and "
            "will be kept"
        )
    lines += [_jobs_compared_text(jobs)] if jobs else []
    # An ingest keeps an attempt, a job or a step that GitHub no longer has.
    mended = [e for e in differences if e.run_attempt is None or e.kind != "missing there"]
    missing = {e.github_run_id for e in mended if (e.run_attempt, e.kind) == (None, "missing here")}
    if len(missing) > 1:
        again = f"{COMMAND} ingest REPO={plain(found.repository)} FULL=1"
        lines.append(f"  to list all runs again: {again}")
        mended = [e for e in mended if e.github_run_id not in missing]
    if mended:
        named = f"REPO={plain(found.repository)} RUN_ID={mended[0].github_run_id}"
        lines.append(f"  to fetch a run again: {COMMAND} ingest {named}")
    if found.error:
        lines.append(f"  stopped early: {plain(found.error)}")
    return "\n".join(lines)


def _jobs_compared_text(jobs: JobsCompared) -> str:
    """Return for how many runs jobs were compared, and for which they could not be."""
    drawn = "" if jobs.seed is None else f", a sample drawn with seed {jobs.seed}"
    text = (
        f"  compared {counted(jobs.jobs, 'job')}, {counted(jobs.steps, 'step')} and "
        f"{counted(jobs.attempts, 'earlier attempt')} of {jobs.runs:,} of "
        f"{counted(jobs.of_runs, 'run')}{drawn}"
    )
    if jobs.pending_attempts:
        text += f"; jobs of {counted(jobs.pending_attempts, 'attempt')} are still to be fetched"
    return text


def _difference_text(each: Difference) -> str:
    places = (("attempt", each.run_attempt), ("job", each.job_id), ("step", each.step))
    where = "".join(f" {name} {number}" for name, number in places if number is not None)
    subject = f"run {each.github_run_id}{where}: {each.kind}"
    if each.column is None:
        return subject
    ours, theirs = (_spelled(value) for value in (each.ours, each.theirs))
    return f"{subject}: {each.column} is {ours} here, {theirs} there"


def _spelled(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return "not set" if value is None else plain(str(value))
