"""The rows of the tables, and how they are read from what GitHub and the logs say.

Pure: imports nothing of the project, does no I/O and reads no clock. A field is a column is a
parameter of the upsert, by one name; only the `from_…` functions rename.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

Value = TypeVar("Value")

LONGEST_INTEGER = 2**63 - 1
LONGEST_COUNT = 2**31 - 1
LONGEST_ERROR_MESSAGE = 2_000
# PostgreSQL indexes at most some 2,700 bytes; prompt_name and session_id share one index.
LONGEST_ID = 255

# GitHub ends a run after 35 days, waits and approvals included (its "Actions limits" reference).
LONGEST_RUN = timedelta(days=35)

TOKEN_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
)


class UnreadableRow(ValueError):
    """A payload lacks what its row needs; the text says which payload and what is wrong with it."""


@dataclass(frozen=True)
class Repository:
    """One row of `repositories`: who a repository is."""

    repository_id: int
    repository: str
    api_host: str

    @classmethod
    def from_api(cls, repository: Any, api_host: str) -> "Repository":
        """The repository in an answer of GitHub, or embedded in a run. Raises UnreadableRow."""
        payload = read_mapping(repository, "repository")
        return cls(
            repository_id=required(read_integer(payload, "id"), payload, "repository", "id"),
            repository=required(
                read_text(payload, "full_name"), payload, "repository", "full_name"
            ),
            api_host=api_host,
        )


@dataclass(frozen=True)
class WorkflowRun:
    """One row of `workflow_runs`: one attempt of a run. All times are UTC."""

    github_run_id: int
    run_attempt: int
    repository_id: int | None
    repository: str | None
    workflow_id: int | None
    workflow_name: str | None
    workflow_path: str | None
    run_number: int | None
    display_title: str | None
    branch: str | None
    commit_sha: str | None
    head_repository: str | None
    event_type: str | None = field(metadata={"max_length": 50})
    status: str | None
    conclusion: str | None
    actor: str | None
    triggering_actor: str | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime | None
    completed_at: datetime | None
    duration_seconds: int | None
    html_url: str | None

    @classmethod
    def from_api(cls, run: Any, repository: Repository | None = None) -> "WorkflowRun":
        """The latest attempt, as the run list and `GET /runs/{id}` answer it.

        Their `created_at` is that of the run, whatever the attempt (recorded: five days before
        the attempt's own); the answer of `/attempts/{n}` goes through `from_attempt`.
        `repository` is used where the payload names none. `completed_at` is `updated_at` here,
        the best a run says of its own end: too late when GitHub touched the run afterwards, and
        left out when it is later than a run can last.

        Raises UnreadableRow when id or created_at is missing, or a value has the wrong type.
        """
        payload = read_mapping(run, "run")
        created_at = required(read_moment(payload, "created_at"), payload, "run", "created_at")
        return cls._of(payload, created_at, repository)

    @classmethod
    def from_attempt(cls, attempt: Any, created_at: datetime) -> "WorkflowRun":
        """One attempt, as `GET /runs/{id}/attempts/{n}` answers it.

        `created_at` is that of its run, because the answer's own is the attempt's.
        Raises UnreadableRow as `from_api` does.
        """
        return cls._of(read_mapping(attempt, "attempt"), created_at, None)

    @classmethod
    def _of(
        cls, run: Mapping[str, Any], created_at: datetime, repository: Repository | None
    ) -> "WorkflowRun":
        own = read_object(run, "repository")
        if not own and repository is not None:
            own = {"id": repository.repository_id, "full_name": repository.repository}
        started_at, updated_at = read_moment(run, "run_started_at"), read_moment(run, "updated_at")
        completed_at = updated_at if run.get("status") == "completed" else None
        if started_at and completed_at and completed_at - started_at > LONGEST_RUN:
            completed_at = None
        attempt = read_integer(run, "run_attempt", LONGEST_COUNT)
        return cls(
            github_run_id=required(read_integer(run, "id"), run, "run", "id"),
            run_attempt=1 if attempt is None else attempt,
            repository_id=read_integer(own, "id"),
            repository=read_text(own, "full_name"),
            workflow_id=read_integer(run, "workflow_id"),
            workflow_name=read_text(run, "name"),
            workflow_path=read_text(run, "path"),
            run_number=read_integer(run, "run_number"),
            display_title=read_text(run, "display_title"),
            branch=read_text(run, "head_branch"),
            commit_sha=read_text(run, "head_sha"),
            head_repository=read_text(read_object(run, "head_repository"), "full_name"),
            event_type=read_text(run, "event"),
            status=read_text(run, "status"),
            conclusion=read_text(run, "conclusion"),
            actor=read_text(read_object(run, "actor"), "login"),
            triggering_actor=read_text(read_object(run, "triggering_actor"), "login"),
            created_at=created_at,
            started_at=started_at,
            updated_at=updated_at,
            completed_at=completed_at,
            duration_seconds=seconds_between(started_at, completed_at),
            html_url=read_text(run, "html_url"),
        )


@dataclass(frozen=True)
class OpenRun:
    """One row of `open_runs`: a run whose latest attempt had not ended. All times are UTC."""

    github_run_id: int
    run_attempt: int
    repository_id: int
    status: str | None
    created_at: datetime
    updated_at: datetime | None

    @classmethod
    def of(cls, run: WorkflowRun, repository: Repository) -> "OpenRun":
        """What is kept of a run that is not completed."""
        return cls(
            github_run_id=run.github_run_id,
            run_attempt=run.run_attempt,
            repository_id=repository.repository_id,
            status=run.status,
            created_at=run.created_at,
            updated_at=run.updated_at,
        )


@dataclass(frozen=True)
class LlmCall:
    """One row of `llm_calls`. Token counts follow one convention, whatever the source: input
    includes cache reads and writes, output includes reasoning. `timestamp` is UTC.

    `precedence` says how final the log calls this reading of the call: of two readings the higher
    one counts, and of equal ones that with more tokens.
    """

    source: str
    call_id: str
    timestamp: datetime
    session_id: str = ""
    prompt_name: str = field(default="", metadata={"max_length": 255})
    phase: str | None = None
    provider: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated_cost: Decimal | None = None
    success: bool | None = True
    error_message: str | None = None
    duration_ms: int | None = None
    api_calls: int = 1
    github_run_id: int | None = None
    github_run_attempt: int | None = None
    precedence: int = 0

    @property
    def total_tokens(self) -> int | None:
        """Input and output tokens together, as the table computes them; None if either is."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens

    @classmethod
    def of(
        cls,
        source: str,
        call_id: str,
        timestamp: datetime,
        *,
        session_id: str = "",
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cache_read_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        cache_write_1h_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        error_message: str | None = None,
        **columns: Any,
    ) -> "LlmCall":
        """A call that keeps the rules of the table, whatever its log says.

        Parts that are more than their whole raise the whole to their sum: some logs count cached
        tokens beside the input (https://github.com/BerriAI/litellm/issues/11364). The timestamp
        is told apart from others of its moment (see `told_apart`), a call_id too long for an index
        becomes its digest, session_id and error_message are cut.

        Raises UnreadableRow when the tokens together are more than the table can hold.
        """
        if cache_write_1h_tokens and (cache_write_tokens or 0) < cache_write_1h_tokens:
            cache_write_tokens = cache_write_1h_tokens
        if input_tokens is not None:
            cached = (cache_read_tokens or 0) + (cache_write_tokens or 0)
            input_tokens = max(input_tokens, cached)
        if output_tokens is not None:
            output_tokens = max(output_tokens, reasoning_tokens or 0)
        if (input_tokens or 0) + (output_tokens or 0) > LONGEST_INTEGER:
            raise UnreadableRow(f"{shown(call_id)}: its tokens are more than {LONGEST_INTEGER}")
        if len(call_id) > LONGEST_ID:
            call_id = digest(call_id)
        return cls(
            source=source,
            call_id=call_id,
            timestamp=told_apart(timestamp, call_id),
            session_id=session_id[:LONGEST_ID],
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cache_read_tokens=cache_read_tokens,
            cache_write_tokens=cache_write_tokens,
            cache_write_1h_tokens=cache_write_1h_tokens,
            reasoning_tokens=reasoning_tokens,
            error_message=error_message and error_message[:LONGEST_ERROR_MESSAGE],
            **columns,
        )

    @classmethod
    def from_record(cls, record: Any, source: str = "canonical") -> "LlmCall":
        """A call from one record of the canonical log: an object whose keys are the fields here.

        `timestamp` is ISO 8601 with a zone, or seconds since 1970; `call_id` may be left out,
        and is then a digest of the record, so that the same line is the same call everywhere.

        Raises UnreadableRow when timestamp or model is missing, or a value has the wrong type.
        """
        payload = read_mapping(record, "call")
        success = payload.get("success", True)
        if not isinstance(success, bool):
            raise wrong_value(payload, "success", "true or false")
        calls = read_count(payload, "api_calls", LONGEST_COUNT)
        return cls.of(
            source,
            read_text(payload, "call_id") or digest(payload),
            required(read_moment(payload, "timestamp"), payload, "call", "timestamp"),
            session_id=read_text(payload, "session_id") or "",
            prompt_name=read_text(payload, "prompt_name") or "",
            phase=read_text(payload, "phase"),
            provider=read_text(payload, "provider"),
            model=required(read_text(payload, "model"), payload, "call", "model"),
            **{name: read_count(payload, name) for name in TOKEN_COUNTS},
            estimated_cost=read_money(payload, "estimated_cost"),
            success=success,
            error_message=read_text(payload, "error_message"),
            duration_ms=read_count(payload, "duration_ms"),
            api_calls=1 if calls is None else calls,
            github_run_id=read_count(payload, "github_run_id"),
            github_run_attempt=read_count(payload, "github_run_attempt", LONGEST_COUNT),
        )


@dataclass(frozen=True)
class Ingestion:
    """One row of `ingestions`: what an ingest of one repository has done. All times are UTC."""

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


def seconds_between(start: datetime | None, end: datetime | None) -> int | None:
    """Whole seconds from start to end, 0 where clocks put the end first; None if one is unknown."""
    if start is None or end is None:
        return None
    return max(0, int((end - start).total_seconds()))


# PostgreSQL's text holds neither NUL nor half of a surrogate pair; JSON can spell both.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with what PostgreSQL cannot hold replaced by U+FFFD."""
    if text.isascii() and "\x00" not in text:
        return text
    return UNSTORABLE.sub("\ufffd", text)


def read_mapping(payload: Any, kind: str) -> Mapping[str, Any]:
    """The payload itself, an object. Raises UnreadableRow for anything else."""
    # Of JSON, an object is a dict; asking for a Mapping takes ten times as long.
    if not isinstance(payload, dict):
        raise UnreadableRow(f"{kind}: {shown(payload)} is not an object")
    return payload


def required(value: Value | None, payload: Mapping[str, Any], kind: str, key: str) -> Value:
    """The value read from that key of the payload. Raises UnreadableRow when there is none."""
    if value is None:
        raise UnreadableRow(f"{kind} {shown(payload.get('id'))}: {key} is missing")
    return value


def wrong_value(payload: Mapping[str, Any], key: str, expected: str) -> UnreadableRow:
    """The error for a key of the payload that does not hold what it should."""
    identity = payload.get("id", payload.get("call_id"))
    known = "" if identity is None else f"{shown(identity)}: "
    name = key if key.isprintable() and len(key) <= 80 else shown(key)  # models are keys, too
    return UnreadableRow(f"{known}{name} is {shown(payload[key])}, not {expected}")


def shown(value: Any) -> str:
    """A value of unknown kind in at most 80 printable characters, for a message."""
    return storable(ascii(value)[:80])


def read_object(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object inside the payload, empty where there is none. Raises UnreadableRow."""
    value = payload.get(key)
    if value is not None and not isinstance(value, dict):
        raise wrong_value(payload, key, "an object")
    return value or {}


def read_text(payload: Mapping[str, Any], key: str) -> str | None:
    """Text of the payload, storable; None where there is none. Raises UnreadableRow."""
    value = payload.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong_value(payload, key, "text")
    return storable(value)


def read_integer(
    payload: Mapping[str, Any], key: str, largest: int = LONGEST_INTEGER
) -> int | None:
    """A whole number that is not negative; None where there is none. Raises UnreadableRow."""
    value = payload.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
        raise wrong_value(payload, key, f"a whole number from 0 to {largest}")
    return value


def read_count(payload: Mapping[str, Any], key: str, largest: int = LONGEST_INTEGER) -> int | None:
    """An integer that logs also spell as digits or as an integral float. Raises UnreadableRow."""
    value = payload.get(key)
    if value is None or (type(value) is int and 0 <= value <= largest):
        return value
    number = None
    if isinstance(value, str) and re.fullmatch("[0-9]{1,19}", value):
        number = int(value)
    # The range is looked at first: making an integer of 1e999999 would take all memory.
    elif isinstance(value, float | Decimal) and value == value and 0 <= value <= largest:
        number = int(value) if value == int(value) else None
    if number is None or number > largest:
        raise wrong_value(payload, key, f"a whole number from 0 to {largest}")
    return number


def read_moment(
    payload: Mapping[str, Any], key: str, zone: tzinfo | None = None
) -> datetime | None:
    """A time in UTC; None where there is none. `zone` is that of a time which names none.

    Raises UnreadableRow, for a time that names no zone too where none is given.
    """
    value = payload.get(key)
    if value is None:
        return None
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None and zone is not None:
                moment = moment.replace(tzinfo=zone)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise wrong_value(payload, key, "a time with its zone")


def read_money(payload: Mapping[str, Any], key: str) -> Decimal | None:
    """An amount in US dollars; None where there is none. Raises UnreadableRow."""
    value = payload.get(key)
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    # The column holds ten digits, six of them behind the point.
    if isinstance(value, bool) or not amount.is_finite() or not 0 <= amount < 9_999:
        raise wrong_value(payload, key, "an amount in US dollars from 0 to 9,999")
    return amount


def told_apart(moment: datetime, call_id: str) -> datetime:
    """The moment with the digits of its microseconds that a coarser log leaves at 0.

    The table holds one call for each timestamp, session_id and prompt_name, while logs write
    milliseconds or whole seconds, in which calls of one session do coincide. A time without
    microseconds, or without a fraction, therefore gets the digits it lacks from the CRC-32 of
    the call_id: less than the log's own resolution, and, unlike a counter, the same in every
    file and order.
    """
    if moment.microsecond % 1_000:
        return moment
    missing = 1_000 if moment.microsecond else 1_000_000
    digits = zlib.crc32(call_id.encode()) % missing
    return moment + timedelta(microseconds=digits)


def digest(value: Any) -> str:
    """32 digits that stand for a decoded value, the same wherever it is read."""
    canonical = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]
