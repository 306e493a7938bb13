"""Logs of a made-up team's LLM calls, as the tools it uses would have written them.

Reviews of pull requests leave Claude Code's log events, explanations of failures are written as
our own JSONL, notes on nightly runs come as OpenTelemetry spans. The first review of a repository
leaves its result and its transcript as well, so one session has three logs. Knows no reader.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from telemetry.simulated.truth import TrueAttempt

# US dollars for a million tokens of fresh input, cache reads, cache writes and output, from which
# this tool computes the cost that it reports.
TOOL_PRICES = {
    "claude-opus-5-5": ("4", "0.2", "5", "20"),
    "claude-haiku-4-5-20251001": ("1", "0.1", "1.25", "5"),
}

# How the execution file spells the counts of the telemetry.
SPELLED = {
    "input_tokens": "inputTokens",
    "cache_read_tokens": "cacheReadInputTokens",
    "cache_creation_tokens": "cacheCreationInputTokens",
    "output_tokens": "outputTokens",
}


def write_llm_logs(attempts: Iterable[TrueAttempt], folder: Path, seed: int) -> int:
    """Write the logs of the calls that these attempts made; return the number of files.

    The same arguments write the same files.
    """
    files: dict[str, list[str]] = {}
    reviewed: set[str] = set()
    for attempt in attempts:
        rng = Random(f"{seed} {attempt.github_run_id} {attempt.run_attempt}")
        for name, record in _logged(attempt, rng, reviewed):
            files.setdefault(name, []).append(json.dumps(record, separators=(",", ":")))
    for name, lines in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(files)


def _logged(attempt: TrueAttempt, rng: Random, reviewed: set[str]) -> Iterator[tuple[str, Any]]:
    """Each record that an attempt logs, and its file; `reviewed` has the repositories so far."""
    repository = attempt.repository.replace("/", "-")
    if attempt.status != "completed" or attempt.duration_seconds is None:
        return
    if attempt.event_type == "pull_request" and attempt.workflow_name == "CI":
        calls = list(_review(attempt, rng))
        yield f"{repository}/claude-code.jsonl", _events(attempt, calls)
        if calls and repository not in reviewed:
            reviewed.add(repository)
            folder = f"{repository}/first-review"
            yield f"{folder}/claude-execution-output.json", _execution(calls)
            for line in _transcript(calls):
                yield f"{folder}/transcript.jsonl", line
    if attempt.conclusion == "failure":
        for _ in range(rng.randint(1, 3)):
            yield f"{repository}/triage.jsonl", _explanation(attempt, rng)
    if attempt.event_type == "schedule" and attempt.conclusion == "success":
        yield f"{repository}/otel.jsonl", _notes(attempt, rng)


def _review(attempt: TrueAttempt, rng: Random) -> Iterator[dict[str, Any]]:
    """The calls of a session that reviews a pull request, one after the other."""
    session_id, at = _uuid(rng), attempt.started_at + timedelta(milliseconds=rng.randrange(5_000))
    for number in range(rng.randint(5, 14)):
        if attempt.completed_at is None or at >= attempt.completed_at:
            break
        model = "claude-haiku-4-5-20251001" if number == 0 else "claude-opus-5-5"
        is_error = rng.random() < 0.01
        said = {"error": "Overloaded", "status_code": "529"} if is_error else _used(model, rng)
        duration_ms = rng.randint(400, 2_000) if is_error else rng.randint(2_000, 30_000)
        yield {
            "at": at,
            "said": said
            | {
                "event.name": "api_error" if is_error else "api_request",
                "event.sequence": number,
                "session.id": session_id,
                "request_id": f"req_{rng.getrandbits(96):024x}",
                "model": model,
                "duration_ms": duration_ms,
            },
        }
        at += timedelta(milliseconds=duration_ms)


def _events(attempt: TrueAttempt, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """The session's telemetry: an event for each call."""
    events = [
        {
            # An event is written when its call has ended.
            "timeUnixNano": _nanoseconds(
                call["at"] + timedelta(milliseconds=call["said"]["duration_ms"])
            ),
            "body": {"stringValue": f"claude_code.{call['said']['event.name']}"},
            "attributes": _attributes(call["said"]),
        }
        for call in calls
    ]
    resource = {"attributes": _attributes(_run(attempt))}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": events}]}]}


def _execution(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The session's execution file: what each model used in all."""
    session_id, began = calls[0]["said"]["session.id"], _iso(calls[0]["at"])
    used: dict[str, dict[str, Any]] = {}
    for said in (call["said"] for call in calls if "cost_usd" in call["said"]):
        model = used.setdefault(said["model"], dict.fromkeys((*SPELLED.values(), "costUSD"), 0))
        for ours, theirs in SPELLED.items():
            model[theirs] += said[ours]
        model["costUSD"] = round(model["costUSD"] + said["cost_usd"], 9)
    result = {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "num_turns": len(calls),
        "duration_api_ms": sum(call["said"]["duration_ms"] for call in calls),
        "session_id": session_id,
        "modelUsage": used,
        "total_cost_usd": round(sum(model["costUSD"] for model in used.values()), 9),
    }
    return [
        {"type": "system", "subtype": "init", "session_id": session_id, "timestamp": began},
        result,
    ]


def _transcript(calls: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The session's transcript: a line for each answer. Helper models have none."""
    for call in calls:
        said = call["said"]
        if "cost_usd" in said and said["event.sequence"] > 0:
            usage = {
                "input_tokens": said["input_tokens"],
                "cache_read_input_tokens": said["cache_read_tokens"],
                "cache_creation_input_tokens": said["cache_creation_tokens"],
                "output_tokens": said["output_tokens"],
            }
            yield {
                "type": "assistant",
                "sessionId": said["session.id"],
                "requestId": said["request_id"],
                "timestamp": _iso(call["at"]),
                "message": {
                    "id": said["request_id"].replace("req", "msg"),
                    "model": said["model"],
                    "stop_reason": "end_turn",
                    "usage": usage,
                },
            }


def _used(model: str, rng: Random) -> dict[str, Any]:
    """The tokens of a call, with cached input separate from input, and the tool's own cost."""
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
    """A call that explains a failed job, in our own format."""
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
    """The OTEL_RESOURCE_ATTRIBUTES of the workflow."""
    return {"github.run_id": attempt.github_run_id, "github.run_attempt": attempt.run_attempt}


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributes in OTLP JSON, where a 64-bit integer is a string."""
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
