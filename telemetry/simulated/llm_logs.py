"""Logs of a made-up team's LLM calls, as the tools it uses would have written them.

Reviews of pull requests leave Claude Code's log events, explanations of failures are written as
our own JSONL, notes on nightly runs come as OpenTelemetry spans. Knows no reader.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from telemetry.simulated.world import TrueAttempt

# US dollars for a million tokens of fresh input, cache reads, cache writes and output: what this
# tool reports as cost is computed by the tool.
TOOL_PRICES = {
    "claude-opus-5-5": ("4", "0.2", "5", "20"),
    "claude-haiku-4-5-20251001": ("1", "0.1", "1.25", "5"),
}


def write_llm_logs(attempts: Iterable[TrueAttempt], folder: Path, seed: int) -> int:
    """Write the logs of the calls that these attempts made; returns how many files they are.

    The same arguments write the same files.
    """
    files: dict[str, list[str]] = {}
    for attempt in attempts:
        rng = Random(f"{seed} {attempt.github_run_id} {attempt.run_attempt}")
        for name, record in _logged(attempt, rng):
            files.setdefault(name, []).append(json.dumps(record, separators=(",", ":")))
    for name, lines in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(files)


def _logged(attempt: TrueAttempt, rng: Random) -> Iterator[tuple[str, Any]]:
    """Each record that an attempt logs, and the file it goes to."""
    repository = attempt.repository.replace("/", "-")
    if attempt.status != "completed" or attempt.duration_seconds is None:
        return
    if attempt.event_type == "pull_request" and attempt.workflow_name == "CI":
        yield f"{repository}/claude-code.jsonl", _review(attempt, rng)
    if attempt.conclusion == "failure":
        for _ in range(rng.randint(1, 3)):
            yield f"{repository}/triage.jsonl", _explanation(attempt, rng)
    if attempt.event_type == "schedule" and attempt.conclusion == "success":
        yield f"{repository}/otel.jsonl", _notes(attempt, rng)


def _review(attempt: TrueAttempt, rng: Random) -> dict[str, Any]:
    """The events of a session that reviews a pull request: one for each call."""
    session_id, at = _uuid(rng), attempt.started_at + timedelta(milliseconds=rng.randrange(5_000))
    events = []
    for number in range(rng.randint(5, 14)):
        if attempt.completed_at is None or at >= attempt.completed_at:
            break
        model = "claude-haiku-4-5-20251001" if number == 0 else "claude-opus-5-5"
        is_error = rng.random() < 0.01
        said = {"error": "Overloaded", "status_code": "529"} if is_error else _used(model, rng)
        duration_ms = rng.randint(400, 2_000) if is_error else rng.randint(2_000, 30_000)
        name = "api_error" if is_error else "api_request"
        said |= {
            "event.name": name,
            "event.sequence": number,
            "session.id": session_id,
            "request_id": f"req_{rng.getrandbits(96):024x}",
            "model": model,
            "duration_ms": duration_ms,
        }
        events.append(
            {
                "timeUnixNano": _nanoseconds(at),
                "body": {"stringValue": f"claude_code.{name}"},
                "attributes": _attributes(said),
            }
        )
        at += timedelta(milliseconds=duration_ms)
    resource = {"attributes": _attributes(_run(attempt))}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": events}]}]}


def _used(model: str, rng: Random) -> dict[str, Any]:
    """The tokens of a call, cached input beside the input, and the tool's own cost of them."""
    counts = {
        "input_tokens": rng.randint(4, 3_000),
        "cache_read_tokens": rng.randint(10_000, 60_000),
        "cache_creation_tokens": rng.randint(200, 6_000),
        "output_tokens": rng.randint(80, 1_800),
    }
    prices = map(Decimal, TOOL_PRICES[model])
    cost = sum(count * price for count, price in zip(counts.values(), prices, strict=True))
    return {**counts, "cost_usd": float(cost / 1_000_000)}


def _explanation(attempt: TrueAttempt, rng: Random) -> dict[str, Any]:
    """A call that explains a failed job, in the format that we ask others to write."""
    failed = rng.random() < 0.06
    return {
        "timestamp": _iso(_moment(attempt, rng)),
        "call_id": _uuid(rng),
        "phase": "triage",
        "prompt_name": "explain-failure.v2",
        "provider": "openai",
        "model": "gpt-5-mini-2025-08-07",
        "input_tokens": rng.randint(4_000, 30_000),
        "cache_read_tokens": rng.choice([0, 0, 2_048]),
        "output_tokens": 0 if failed else rng.randint(150, 900),
        "success": not failed,
        "error_message": "RateLimitError: 429" if failed else None,
        "duration_ms": rng.randint(300, 900) if failed else rng.randint(2_000, 14_000),
        "session_id": f"triage-{attempt.github_run_id}",
        "github_run_id": attempt.github_run_id,
        "github_run_attempt": attempt.run_attempt,
    }


def _notes(attempt: TrueAttempt, rng: Random) -> dict[str, Any]:
    """The span of a call that sums up a nightly run."""
    began = _moment(attempt, rng)
    ended = began + timedelta(milliseconds=rng.randint(4_000, 25_000))
    call = {
        "phase": "report",
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.prompt.name": "nightly-notes.v1",
        "gen_ai.usage.input_tokens": rng.randint(20_000, 90_000),
        "gen_ai.usage.output_tokens": rng.randint(400, 1_500),
    }
    span = {
        "traceId": f"{rng.getrandbits(128):032x}",
        "spanId": f"{rng.getrandbits(64):016x}",
        "name": "chat gemini-2.5-flash",
        "startTimeUnixNano": _nanoseconds(began),
        "endTimeUnixNano": _nanoseconds(ended),
        "attributes": _attributes(call),
    }
    resource = {"attributes": _attributes(_run(attempt))}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}


def _run(attempt: TrueAttempt) -> dict[str, Any]:
    """What OTEL_RESOURCE_ATTRIBUTES of the workflow says."""
    return {"github.run_id": attempt.github_run_id, "github.run_attempt": attempt.run_attempt}


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """As OTLP spells them in JSON, where a 64-bit integer is text."""
    kinds = {int: "intValue", float: "doubleValue", str: "stringValue"}
    return [
        {
            "key": key,
            "value": {kinds[type(value)]: str(value) if isinstance(value, int) else value},
        }
        for key, value in values.items()
    ]


def _moment(attempt: TrueAttempt, rng: Random) -> datetime:
    """A moment within the attempt, to the millisecond."""
    seconds = max(1, attempt.duration_seconds or 0)
    return attempt.started_at + timedelta(milliseconds=rng.randrange(seconds * 1_000))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _nanoseconds(moment: datetime) -> str:
    return f"{round(moment.timestamp() * 1_000) * 1_000_000}"


def _uuid(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
