"""Rows of ingests: what each has done so far."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Ingestion:
    """One row of `ingestions`: what an ingest of one repository did. All times are UTC."""

    repository_id: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    since: datetime
    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    not_completed: int = 0
    unreadable: int = 0
    cut: int = 0
    requests: int = 0
    not_modified: int = 0
    error: str | None = None
    unreadable_items: int = 0
    is_caught_up: bool = False


@dataclass
class LlmIngestion:
    """One row of `llm_ingestions`: what an ingest of LLM logs has done so far. Times are UTC.

    If the records of a call are far apart, each is counted: the first as inserted, the others as
    updated or unchanged. `clashing` calls were not stored because another call has the same
    timestamp, session and prompt name. `first_rejected` names the first calls and lines that were
    not stored. `left_out` calls belong to sessions that a better log contains too. `notes` say what
    was skipped, and for which sessions only one log was counted.
    """

    started_at: datetime
    finished_at: datetime | None = None
    files: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    cut: int = 0
    clashing: int = 0
    rejected_files: int = 0
    rejected_lines: int = 0
    first_rejected: list[str] = field(default_factory=list)
    left_out: int = 0
    notes: list[str] = field(default_factory=list)
