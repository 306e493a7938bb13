"""How much of the data behind a figure is stored: the jobs of attempts, and the lists of runs.

All of this is read from rows of the question `coverage`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from telemetry import counted, in_percent
from telemetry.installation import typed

# With jobs of less than half of the attempts, or of their time, a sum is below half, and "none"
# means nothing.
LEAST_SHARE = 0.5
# If the shares differ by this much or more, shares of failures among the stored jobs mislead. With
# fewer attempts on a side, the difference may be chance.
LEAST_DIFFERENCE = 0.1
LEAST_OF_EACH = 10
# The schedule runs every six hours; a time after its last list is not a gap.
LONGEST_TAIL = timedelta(days=1)
# As many names fit into a command that a person pastes.
MOST_NAMED = 3
# What is added over repositories, and its column in the question.
SUMMED = {
    "attempts": "attempts",
    "attempts_with_jobs": "attempts_with_jobs",
    "failed_attempts": "failed_attempts",
    "failed_with_jobs": "failed_with_jobs",
    "pending_attempts": "pending_attempts",
    "seconds": "attempts_seconds",
    "seconds_with_jobs": "with_jobs_seconds",
}


@dataclass(frozen=True)
class Coverage:
    """How many attempts, skipped ones excluded, have their jobs stored.

    `pending_attempts` of them are not stored themselves. `repositories` are those with attempts
    whose jobs are not stored, `nameless` those whose name another repository has now.
    `is_misleading` means that a figure about jobs could be wrong by more than a factor of two, so
    none is given. Of an answer, `left_out` are the repositories to which this applies, `unlisted`
    those in which part of the period is not listed completely; an ingest can list it from
    `listable_from` on, None if this database keeps no runs of that time. `incomparable` are those
    of which the period before is not known as well as this one, so that no change is given. Where
    it is not `is_of_jobs`, the answer does not depend on them. `failed_attempts` and
    `failed_with_jobs` are of the attempts that failed.
    """

    attempts: int
    attempts_with_jobs: int
    repositories: Sequence[str]
    is_misleading: bool = False
    left_out: Sequence[str] = ()
    unlisted: Sequence[str] = ()
    listable_from: datetime | None = None
    incomparable: Sequence[str] = ()
    is_of_jobs: bool = True
    failed_attempts: int = 0
    failed_with_jobs: int = 0
    pending_attempts: int = 0
    nameless: Sequence[str] = ()
    seconds: int = 0
    seconds_with_jobs: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the jobs of all attempts are stored."""
        return self.attempts_with_jobs == self.attempts

    @property
    def lacks(self) -> list[str]:
        """What the answer lacks, in sentences without a full stop."""
        said = []
        if self.is_misleading:
            said.append(f"no answer: {self}")
        elif self.is_of_jobs and not self.is_whole:
            said.append(f"incomplete: {self}")
            if self.left_out:
                said.append(
                    f"figures of jobs are left out for {_named(self.left_out)}: jobs of less than "
                    "half of the attempts, or of less than half of their time, are stored there"
                )
        elif not self.is_of_jobs and self.pending_attempts:
            said.append(
                f"incomplete: {self._missing}; {self.how_to('fetch them', self.repositories)}"
            )
        if self.unlisted:
            said.append(
                f"incomplete: part of this period is not listed completely in "
                f"{_named(self.unlisted)}; {self.how_to_list('it', self.unlisted)}"
            )
        if self.incomparable:
            said.append(
                f"no change is given for {_named(self.incomparable)}: this period and the one "
                "before it are not both listed completely, or not all of their jobs are stored"
            )
        return said

    @property
    def _share_of_time(self) -> str:
        """The share of the time in words, if it is clearly less than that of the attempts."""
        stored = self.attempts - self.pending_attempts
        if not self.seconds or not stored:
            return ""
        share = self.seconds_with_jobs / self.seconds
        if self.attempts_with_jobs / stored - share < LEAST_DIFFERENCE:
            return ""
        return f"{in_percent(100 * share)} % of their time"

    @property
    def _shares_of_failed(self) -> str:
        """The shares of failed attempts and of others in words, if they clearly differ."""
        others = self.attempts - self.pending_attempts - self.failed_attempts
        if min(self.failed_attempts, others) < LEAST_OF_EACH:
            return ""
        failed = self.failed_with_jobs / self.failed_attempts
        rest = (self.attempts_with_jobs - self.failed_with_jobs) / others
        if abs(failed - rest) < LEAST_DIFFERENCE:
            return ""
        shares = [in_percent(100 * each) for each in (failed, rest)]
        return f"{shares[0]} % of those that failed, {shares[1]} % of the others"

    @property
    def _missing(self) -> str:
        is_one = self.pending_attempts == 1
        is_missing = f"{'is' if is_one else 'are'} not stored at all"
        return f"{counted(self.pending_attempts, 'earlier attempt')} {is_missing}"

    @property
    def _jobs_of(self) -> str:
        return f"jobs of {self.attempts_with_jobs:,} of {self.attempts:,} attempts"

    @property
    def _uneven(self) -> str:
        return "; ".join(filter(None, (self._share_of_time, self._shares_of_failed)))

    @property
    def in_short(self) -> str:
        """What is stored, for beside a figure. The whole sentence has the command for the rest."""
        return f"{self._jobs_of} ({self._uneven})" if self._uneven else self._jobs_of

    def __str__(self) -> str:
        share = in_percent(100 * self.attempts_with_jobs / max(self.attempts, 1))
        missing = f"; {self._missing}" if self.pending_attempts else ""
        uneven = self._uneven
        return (
            f"{self._jobs_of} are stored ({share} %{uneven and f': {uneven}'}){missing}; "
            f"{self.how_to('fetch the rest', self.repositories)}"
        )

    def how_to_list(self, what: str, names: Sequence[str]) -> str:
        """Return the command for an ingest that lists what is not listed, or why none can."""
        if self.listable_from is None:
            return "this database keeps no runs of that time; a longer KEEP changes that"
        return self.how_to(f"list {what}", names, self.listable_from)

    def how_to(self, do: str, names: Sequence[str], since: datetime | None = None) -> str:
        """Return the command for an ingest that does something, or why none can."""
        known = [name for name in names if name not in self.nameless]
        if not known and len(names) == 1:
            return f"no ingest can {do}, because another repository has its name now"
        option = f" SINCE={since.astimezone(UTC):%Y-%m-%d}" if since is not None else ""
        if not 0 < len(known) <= MOST_NAMED:
            return f"to {do}, ingest these repositories again{option and f' with{option}'}"
        words = known[0] if len(known) == 1 else f'"{" ".join(known)}"'
        return f"to {do}: {typed(f'ingest REPO={words}{option}')}"


def coverage_of(rows: Sequence[Mapping[str, Any]]) -> Coverage:
    """Return the coverage of all repositories together, from rows of the question `coverage`."""
    return together([_of_one(row) for row in rows])


def _of_one(row: Mapping[str, Any]) -> Coverage:
    lacks_jobs = row["attempts_with_jobs"] < row["attempts"]
    return Coverage(
        **{name: row[column] for name, column in SUMMED.items()},
        repositories=[row["repository"]] if lacks_jobs else [],
        nameless=[] if row["has_name"] else [row["repository"]],
        listable_from=row["listable_from"],
    )


def together(parts: Sequence[Coverage]) -> Coverage:
    """Return the coverage of several repositories together."""
    sums = {name: sum(getattr(part, name) for part in parts) for name in SUMMED}
    few_jobs = sums["attempts_with_jobs"] < LEAST_SHARE * sums["attempts"]
    return Coverage(
        **sums,
        repositories=[name for part in parts for name in part.repositories],
        nameless=[name for part in parts for name in part.nameless],
        listable_from=min(filter(None, (part.listable_from for part in parts)), default=None),
        is_misleading=few_jobs or sums["seconds_with_jobs"] < LEAST_SHARE * sums["seconds"],
    )


def is_listed(row: Mapping[str, Any], until: datetime) -> bool:
    """Whether all of a period was listed, except at most a day after the last list."""
    first = row["unlisted_from"]
    return first is None or (until - first <= LONGEST_TAIL and row["unlisted_to"] == until)


def _named(names: Sequence[str]) -> str:
    return (
        names[0] if len(names) == 1 else f"{counted(len(names), 'repository')}, such as {names[0]}"
    )
