"""The format we ask others to write: one object a line, whose keys are the columns."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.llm.formats.readers import Defaults, Reader, Reading
from telemetry.llm.formats.unread import OURS, near_keys, near_names, near_text, other_currency
from telemetry.rows import reading
from telemetry.rows.llm import TOKEN_COUNTS, LlmCall
from telemetry.rows.reading import UnreadableRow, digest

NAME = SOURCE = "canonical"

# Other records, too, have a time, a model and a session, and may name a provider.
COMMON = {"source", "timestamp", "model", "session_id", "provider"}
TELLING = OURS - COMMON


def recognises(record: Mapping[str, Any]) -> bool:
    # Records of gh-aw have the same keys, and say what they are.
    if "timestamp" not in record or "model" not in record or "_schema" in record:
        return False
    return not TELLING.isdisjoint(record) or OURS.issuperset(record)


def reader() -> Reader:
    """One call per record. Defaults do not change a call's identity.

    A record that has tokens only under other names is rejected: it would be stored without tokens.
    A cost in another currency is not read.
    """
    near: Counter[str] = Counter()
    currencies: Counter[str] = Counter()

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        others = near_keys(record)
        if others:
            near.update(others)
            if record.get("success") is not False and not any(n in record for n in TOKEN_COUNTS):
                keys = near_text(Counter(others))
                raise UnreadableRow(f"no token counts under the documented names; {keys}")
        elif "total_tokens" in record and not any(name in record for name in TOKEN_COUNTS):
            raise UnreadableRow("total_tokens without input_tokens and output_tokens")
        run_id, attempt = (
            reading.count(record, key) for key in ("github_run_id", "github_run_attempt")
        )
        said = {key: value for key, value in record.items() if value not in (None, "")}
        currency = other_currency(record)
        if currency and said.pop("estimated_cost", None) is not None:
            currencies[currency] += 1
        given = {
            "call_id": record.get("call_id") or digest(record),
            "timestamp": defaults.at and defaults.at.replace(microsecond=0).isoformat(),
            "phase": defaults.phase,
            "prompt_name": defaults.prompt_name,
        }
        yield LlmCall.from_record({**given, **said, **defaults.run(run_id, attempt)})

    def notes() -> Iterator[str]:
        if near:
            yield near_text(near)
        if currencies:
            yield f"costs that are not in US dollars are not read: {near_names(currencies)}"

    return Reader(calls, notes=notes)
