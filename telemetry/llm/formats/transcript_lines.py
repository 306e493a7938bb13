"""State that the lines of one transcript share: the messages so far, and the call of the last line.

Most lines of a session differ from the one before in ids, time and counts only.
"""

from collections.abc import Mapping
from typing import Any

from telemetry.llm.formats.readers import Columns, Defaults
from telemetry.rows import reading
from telemetry.rows.llm import (
    LONGEST_ID,
    MOST_TOKENS,
    LlmCall,
    changed,
    distinct_timestamp,
    finality,
)
from telemetry.rows.reading import LONGEST_INTEGER, UnreadableRow

# The lines of one message follow each other closely, so the best line is remembered only for this
# many messages, or up to twice as many.
REMEMBERED = 256


class Messages:
    """The last messages of a file, by the id of their call."""

    def __init__(self) -> None:
        self._new: dict[str, tuple[str | None, LlmCall]] = {}
        self._old: dict[str, tuple[str | None, LlmCall]] = {}

    def call_id(self, message_id: str, request_id: str | None) -> str:
        """The message's id, followed by the request's if an earlier request had the same message
        id.

        Some gateways give all answers of a session one static id.
        """
        known = self._new.get(message_id) or self._old.get(message_id)
        if known is None or request_id is None or known[0] is None or known[0] == request_id:
            return message_id
        return f"{message_id}:{request_id}"

    def is_news(self, call: LlmCall, request_id: str | None) -> bool:
        """Whether this line adds to what earlier lines said about its call. Remembers the call."""
        call_id = call.call_id
        known = self._new.get(call_id) or self._old.get(call_id)
        is_news = True
        if known is not None:
            first, best = known
            is_better = finality(call) > finality(best)
            is_news = is_better or call.timestamp < best.timestamp
            earliest = min(call.timestamp, best.timestamp)
            call = changed(call if is_better else best, {"timestamp": earliest})
            request_id = request_id if first is None else first
        self._new[call_id] = (request_id, call)
        if len(self._new) >= REMEMBERED:
            self._old, self._new = self._new, {}
        return is_news


class AlikeLines:
    """Reads lines that repeat the line before with other ids, times and counts.

    The result equals that of reading the line by itself and takes a fifth of the time: what the
    lines share is compared, not read again. A line with an unusual value is left to the other
    reader.
    """

    def __init__(self) -> None:
        self._call: LlmCall | None = None
        self._shared: tuple[Any, ...] = ()
        self._defaults: Defaults | None = None

    def learn(self, record: Mapping[str, Any], defaults: Defaults, call: LlmCall) -> None:
        """Remember the line and its call for comparison with the next lines."""
        message = record["message"]
        usage = message.get("usage")
        is_plain = not record.get("isApiErrorMessage") and not record.get("forkedFrom")
        if isinstance(usage, dict) and is_plain and record.get("costUSD") is None:
            self._call, self._defaults = call, defaults
            self._shared = _shared(record, message, usage)

    def call(
        self, record: Mapping[str, Any], defaults: Defaults, messages: Messages
    ) -> LlmCall | None:
        """The call of a line; None if the line has to be read by itself."""
        if self._call is None or defaults is not self._defaults:
            return None
        try:
            message = record["message"]
            usage = message["usage"]
            if _shared(record, message, usage) != self._shared:
                return None
            columns = _tokens(usage)
            moment = reading.moment(record, "timestamp")
            message_id, request_id = message["id"], record.get("requestId")
        except (AttributeError, KeyError, TypeError, RecursionError, UnreadableRow):
            return None
        if columns is None or moment is None or not _are_usual(message_id, request_id):
            return None
        is_side = record.get("isSidechain")
        call_id = message_id if is_side else messages.call_id(message_id, request_id)
        columns["call_id"] = call_id
        columns["timestamp"] = distinct_timestamp(moment, call_id)
        columns["precedence"] = (0 if is_side else 2) + (message.get("stop_reason") is not None)
        return changed(self._call, columns)


def _shared(
    record: Mapping[str, Any], message: Mapping[str, Any], usage: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Everything that a call is made from, except ids, time and counts."""
    return (
        record.get("type"),
        record.get("sessionId"),
        record.get("isSidechain"),
        record.get("attributionAgent"),
        record.get("isApiErrorMessage"),
        record.get("costUSD"),
        record.get("forkedFrom"),
        message.get("model"),
        usage.get("service_tier"),
        usage.get("speed"),
        usage.get("inference_geo"),
    )


def _tokens(usage: Mapping[str, Any]) -> Columns | None:
    """The counts of an answer, by the rules of `anthropic_usage` and of `LlmCall.of`.

    None if a count is not a plain integer, or if those rules would change one.
    """
    fresh, output = usage["input_tokens"], usage["output_tokens"]
    read = usage.get("cache_read_input_tokens")
    written = usage.get("cache_creation_input_tokens")
    kept, thinking = usage.get("cache_creation"), usage.get("output_tokens_details")
    searches, iterations = usage.get("server_tool_use"), usage.get("iterations")
    short = None if kept is None else kept.get("ephemeral_5m_input_tokens")
    kept = None if kept is None else kept.get("ephemeral_1h_input_tokens")
    thinking = None if thinking is None else thinking.get("thinking_tokens")
    searches = None if searches is None else searches.get("web_search_requests")
    if type(fresh) is not int or type(output) is not int:
        return None
    for count in (read, written, short, kept, thinking, searches):
        if count is not None and (type(count) is not int or count < 0):
            return None
    if iterations is not None and not _is_one(iterations):
        return None
    whole = fresh + (read or 0) + (written or 0)
    keeps_the_rules = (
        fresh >= 0 <= output >= (thinking or 0)
        and (written or 0) >= (short or 0) + (kept or 0)
        and 0 < whole + output <= MOST_TOKENS
        and (searches or 0) <= LONGEST_INTEGER
    )
    if not keeps_the_rules:
        return None
    return {
        "input_tokens": whole,
        "output_tokens": output,
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": kept,
        "reasoning_tokens": thinking,
        "web_search_requests": searches,
    }


def _is_one(iterations: Any) -> bool:
    """Whether only the answer itself was billed."""
    return iterations == [] or (len(iterations) == 1 and iterations[0]["type"] == "message")


def _are_usual(message_id: Any, request_id: Any) -> bool:
    """Whether both ids can be stored as they are, and fit together."""
    if type(message_id) is not str or not message_id.isascii() or "\0" in message_id:
        return False
    if request_id is None:
        return 0 < len(message_id) <= LONGEST_ID
    if type(request_id) is not str or not request_id.isascii() or "\0" in request_id:
        return False
    return 0 < len(message_id) < LONGEST_ID - len(request_id)
