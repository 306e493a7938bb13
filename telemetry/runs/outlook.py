"""What an ingest of one repository has to do, and what it cannot do in time, in words."""

from collections.abc import Sequence

from telemetry import counted
from telemetry.database.connection import execute
from telemetry.github.pagination import Page
from telemetry.runs.backlog import backlog
from telemetry.runs.due_windows import due_groups
from telemetry.runs.estimate import runs_a_day, work
from telemetry.runs.lists.windows import Span
from telemetry.runs.record import IngestLog


class Outlook:
    """The work ahead, by the first page of the list and by what is stored."""

    def __init__(self, log: IngestLog, first: Page) -> None:
        self.log = log
        self._first = first
        self._runs_a_day = runs_a_day(first, log.tools.now())
        self._said = ""

    def text(self, gaps: Sequence[Span]) -> str:
        """Return in one line what is to be fetched if `gaps` are to be listed.

        Empty if that is only the newest page of one of several repositories. Of many, only what
        will be lost is said.
        """
        log, now = self.log, self.log.tools.now()
        (left,) = execute(log.connection, "runs/work_left", {**log.key, "now": now})
        known = {"attempts": left["attempts_to_fetch"], "jobs": left["runs_without_jobs"]}
        known["listed"] = left["listed_runs"]
        due, groups = work(self._first, gaps, now, **known), len(due_groups(log))
        runs = f"about {counted(due.runs, 'run')}" if due.runs else "no new runs"
        more = about = by_pace = ""
        if due.unseen_runs:
            more, about = " or more", "about "
            by_pace = f", by the pace of the newest {len(self._first.items)}"
        parts = [
            f"{log.repository.repository}{log.tools.place}: "
            f"{runs} to list since {log.since:%Y-%m-%d %H:%M} UTC{by_pace}",
            f"requests: lists {due.lists + groups:,}, earlier attempts {due.attempts:,}{more}",
        ]
        if log.tools.wanted.jobs:
            parts[-1] += f", jobs {about}{due.jobs:,}"
            self._said = backlog(log, self._runs_a_day, due).warning
        limit = log.tools.client.rate_limit
        if log.tools.place and not any((due.runs, due.attempts, due.jobs, groups, self._said)):
            return ""
        if log.tools.is_brief:
            return f"{log.repository.repository}: {self._said}" if self._said else ""
        if limit is not None:
            parts.append(f"GitHub allows {limit.remaining:,} more until {limit.reset_at:%H:%M} UTC")
        return "; ".join(filter(None, [*parts, self._said]))

    def first(self) -> tuple[Span, ...]:
        """Return which runs' details to fetch first, by creation time, once all runs are listed.

        If it is now known that more will be lost, a message says so.
        """
        found = backlog(self.log, self._runs_a_day)
        if found.warning not in ("", self._said):
            self.log.tools.notify(f"{self.log.repository.repository}: {found.warning}")
        return found.first
