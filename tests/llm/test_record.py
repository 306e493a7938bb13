"""Calls are recorded in lines that the readers take, whatever happens to the caller."""

import asyncio
import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.llm_readings import read
from support.paths import LONGEST, ROOT

from telemetry.llm.record import recorded_call

RECORDER = ROOT / "telemetry" / "llm" / "record.py"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "calls.jsonl"


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def test_a_recorded_call_is_a_row(log: Path) -> None:
    before = datetime.now(UTC)
    with recorded_call(log, model="m-1", prompt_name="review", provider="p", phase="ci") as call:
        call["input_tokens"] = 100
        call.update(output_tokens=20, cache_read_tokens=60, estimated_cost=Decimal("0.0125"))
    (row,), rejected = read(log)
    assert rejected == []
    assert (row.model, row.prompt_name, row.provider, row.phase) == ("m-1", "review", "p", "ci")
    assert (row.input_tokens, row.output_tokens, row.cache_read_tokens) == (100, 20, 60)
    assert (row.estimated_cost, row.success, row.error_message) == (Decimal("0.0125"), True, None)
    assert before <= row.timestamp <= datetime.now(UTC) + timedelta(seconds=1)
    assert row.duration_ms is not None
    assert row.duration_ms >= 0
    assert (row.source, row.github_run_id) == ("canonical", None)


def test_each_call_has_an_id_of_its_own(log: Path) -> None:
    for _ in range(2):
        with recorded_call(log, model="m-1"):
            pass
    assert len({line["call_id"] for line in lines(log)}) == 2


@pytest.mark.parametrize("raised", [ValueError("no\x00 money \ud800"), KeyboardInterrupt()])
def test_an_exception_is_a_failed_call_and_is_raised_again(
    log: Path, raised: BaseException
) -> None:
    with pytest.raises(type(raised)) as caught, recorded_call(log, model="m-1"):
        raise raised
    assert caught.value is raised
    (row,), _ = read(log)
    assert row.success is False
    assert row.error_message is not None
    assert row.error_message.startswith(type(raised).__name__)


def test_a_cancelled_call_is_recorded(log: Path) -> None:
    async def call() -> None:
        with recorded_call(log, model="m-1"):
            await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.create_task(call())
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    (row,), _ = read(log)
    assert (row.success, row.error_message) == (False, "CancelledError: ")


class Untold(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_error_without_text_is_recorded_by_its_type(log: Path) -> None:
    with pytest.raises(Untold), recorded_call(log, model="m-1"):
        raise Untold
    assert lines(log)[0]["error_message"] == "Untold"


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_what_cannot_be_recorded_does_not_reach_the_caller(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = []
    with caplog.at_level(logging.WARNING):
        with recorded_call(log, model="m-1") as call:
            call["input_tokens"] = Unprintable()
            done.append("odd value")
        with recorded_call(log.parent / "\0", model="m-1"):
            done.append("odd path")
        log.mkdir(parents=True)
        with recorded_call(log, model="m-1"):
            done.append("folder")
    assert done == ["odd value", "odd path", "folder"]
    assert len(caplog.records) == 3
    assert {record.getMessage().split(" could")[0] for record in caplog.records} == {"an LLM call"}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of the recorder and nothing else of ours."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(RECORDER, folder)
    return folder


def run(code: str, folder: Path, *arguments: str | Path, **environ: str) -> None:
    subprocess.run(
        [sys.executable, "-S", "-c", f"import sys\nfrom record import recorded_call\n{code}"]
        + [str(argument) for argument in arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environ},
        check=True,
        timeout=LONGEST,
    )


def test_the_file_needs_nothing_else_and_links_the_call_to_its_run(copied: Path, log: Path) -> None:
    code = "with recorded_call(sys.argv[1], model='m-1'): pass"
    run(code, copied, log, GITHUB_RUN_ID="19000000001", GITHUB_RUN_ATTEMPT="2")
    run(code, copied, log, GITHUB_RUN_ID="local", GITHUB_RUN_ATTEMPT="")
    calls, rejected = read(log)
    assert rejected == []
    assert [(call.github_run_id, call.github_run_attempt) for call in calls] == [
        (19000000001, 2),
        (None, None),
    ]


def test_processes_write_to_one_log_without_mixing_their_lines(copied: Path, log: Path) -> None:
    code = """
for number in range(100):
    with recorded_call(sys.argv[1], model="m-1", prompt_name="x" * 200) as call:
        call["session_id"] = sys.argv[2]
        call["input_tokens"] = number
"""
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: run(code, copied, log, f"process-{number}"), range(6)))
    calls, rejected = read(log)
    assert rejected == []
    assert sorted((call.session_id, call.input_tokens) for call in calls) == [
        (f"process-{number}", tokens) for number in range(6) for tokens in range(100)
    ]


def test_threads_write_to_one_log_without_mixing_their_lines(log: Path) -> None:
    def write(number: int) -> None:
        with recorded_call(log, model="m-1", session_id="x" * 200) as call:
            call["input_tokens"] = number

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(400)))
    calls, rejected = read(log)
    assert rejected == []
    assert sorted(call.input_tokens or 0 for call in calls) == list(range(400))
