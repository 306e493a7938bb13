"""The format we ask others to write: one object a line, whose keys are the columns."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from telemetry.llm.formats.reading import Defaults, Reading, each
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import digest, read_count


def recognises(record: Mapping[str, Any]) -> bool:
    return "timestamp" in record and "model" in record


def read(records: Iterable[Any], defaults: Defaults) -> Iterator[Reading]:
    """The call of each record. What the defaults add is no part of a call's identity."""

    def calls(record: Mapping[str, Any]) -> Iterator[Reading]:
        run_id, attempt = (
            read_count(record, key) for key in ("github_run_id", "github_run_attempt")
        )
        said = {key: value for key, value in record.items() if value not in (None, "")}
        given = {
            "call_id": record.get("call_id") or digest(record),
            "timestamp": defaults.at and defaults.at.replace(microsecond=0).isoformat(),
            "phase": defaults.phase,
            "prompt_name": defaults.prompt_name,
        }
        yield LlmCall.from_record({**given, **said, **defaults.run(run_id, attempt)})

    return each(records, calls)
