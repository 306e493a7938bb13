"""Record LLM calls in a log that `make ingest-llm` reads. Python 3.11 and later.

Copy this one file into your project; it needs nothing else. Unlike the rest of this package it
reads the environment itself: the workflow run is that of the process it is used in.

    from record import recorded_call

    with recorded_call("llm-calls.jsonl", model="some-model", prompt_name="review") as call:
        answer = client.messages.create(...)
        call["input_tokens"] = answer.usage.input_tokens
        call["output_tokens"] = answer.usage.output_tokens
"""

import json
import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LONGEST_ERROR_MESSAGE = 2_000

logger = logging.getLogger(__name__)


@contextmanager
def recorded_call(path: str | os.PathLike[str], **known: Any) -> Iterator[dict[str, Any]]:
    """Append one line about the call made within the context to the log at this path.

    Yields the line's fields, those of the canonical format: add what the answer provides. The line
    gets the time it began (UTC), duration_ms, a call_id, and the run and attempt of GITHUB_RUN_ID
    and GITHUB_RUN_ATTEMPT. An exception makes it a failed call and is raised again.

    Threads and processes may write to one log: each line is one write to its end. Errors of the
    recording are logged as warnings and never reach the caller.
    """
    call: dict[str, Any] = {
        "call_id": uuid.uuid4().hex,
        "timestamp": datetime.now(UTC).isoformat(timespec="microseconds"),
        "success": True,
        "github_run_id": _number("GITHUB_RUN_ID"),
        "github_run_attempt": _number("GITHUB_RUN_ATTEMPT"),
        **known,
    }
    began = time.perf_counter()
    try:
        yield call
    except BaseException as error:
        call.update(success=False, error_message=_said(error))
        raise
    finally:
        call.setdefault("duration_ms", round((time.perf_counter() - began) * 1_000))
        _append(path, call)


def _number(variable: str) -> int | None:
    """A number that GitHub sets in the environment of each job; None elsewhere."""
    text = os.getenv(variable, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _said(error: BaseException) -> str:
    """The kind of an error, and its text if it has one."""
    try:
        return f"{type(error).__name__}: {error}"[:LONGEST_ERROR_MESSAGE]
    except Exception:
        return type(error).__name__


def _append(path: str | os.PathLike[str], call: dict[str, Any]) -> None:
    try:
        line = json.dumps(call, default=str, separators=(",", ":")).encode("ascii") + b"\n"
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # Only text that is appended in one piece cannot be mixed with that of others.
        log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            written = os.write(log, line)
        finally:
            os.close(log)
        if written < len(line):
            logger.warning("the record of an LLM call in %s is incomplete", path)
    except Exception:
        logger.warning("an LLM call could not be recorded in %s", path, exc_info=True)
