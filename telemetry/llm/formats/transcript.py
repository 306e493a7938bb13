"""Claude Code transcripts: `~/.claude/projects/*/*.jsonl`, one object per event of a session.

One message of the API becomes several lines with one `message.id`, one line per content block. Up
to 2.1.220 only the last of them has the final output_tokens and a stop_reason, and some messages
never get that line. Gateways omit requestId. Sidechains are calls of subagents, but side questions
replay messages of their session. A fork of a session begins with copies of its lines under the
fork's session id; `forkedFrom` names the session. See
https://github.com/ccusage/ccusage/issues/901, 913 and 976.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from telemetry.llm.formats.readers import Columns, Defaults, Reader, Reading, without_run
from telemetry.llm.formats.transcript_lines import AlikeLines, Messages
from telemetry.llm.formats.usage import anthropic_usage, with_advice
from telemetry.rows import reading
from telemetry.rows.llm import TOKEN_COUNTS, LlmCall
from telemetry.rows.reading import UnreadableRow, digest, required, wrong_value

NAME = "Claude Code transcript"
SOURCE = "claude-code-transcript"

# The least precedence of a line of the session itself.
OF_SESSION = 2

COUNTED = tuple(name for name in TOKEN_COUNTS if name != "cache_write_12h_tokens")
NOTHING: Columns = dict.fromkeys(COUNTED)

OTHERS = ("user", "system")

# Text that Claude Code wrote itself in place of an answer.
SYNTHETIC = "<synthetic>"


def recognises(record: Mapping[str, Any]) -> bool:
    # The output of `claude -p` looks the same, except for the spelling of this key, and so do
    # messages of pi, except for their type.
    if "session_id" in record or record.get("type") == "message":
        return False
    message = record.get("message")
    if isinstance(message, dict) and ("usage" in message or "type" in record):
        return True
    return "type" in record and ("sessionId" in record or "leafUuid" in record)


def reader() -> Reader:
    """A reading of a call whenever a line adds to what earlier lines said about it.

    The upsert keeps the best reading of each call and its earliest timestamp, in any order.
    `precedence` prefers a line of the session itself to a replayed or copied one, then a line with
    a stop reason.
    """
    messages, alike = Messages(), AlikeLines()

    def calls(record: Mapping[str, Any], defaults: Defaults) -> list[Reading]:
        # Most other lines hold the output of tools.
        if record.get("type") in OTHERS:
            return []
        call = alike.call(record, defaults, messages)
        if call is None:
            call = one_call(record, defaults, messages)
            if call is None:
                return []
            alike.learn(record, defaults, call)
        return news(call, record, messages)

    return Reader(calls)


def news(call: LlmCall, record: Mapping[str, Any], messages: Messages) -> list[Reading]:
    """The call and those of advisors, unless an earlier line had the same information."""
    request_id = None if record.get("isSidechain") else reading.text(record, "requestId")
    usage = reading.nested(record["message"], "usage")
    return [one for one in with_advice(call, usage) if messages.is_news(one, request_id)]


def one_call(record: Mapping[str, Any], defaults: Defaults, messages: Messages) -> LlmCall | None:
    """The call of a line, read by itself; None if the line is not a call. Raises UnreadableRow.

    Its id is the message's, else the request's, else the line's. If a message id comes again with
    another request id, outside of sidechains, it is another call.
    """
    message = _message(record)
    if message is None:
        return None
    tokens = _tokens(record, message)
    message_id, request_id = reading.text(message, "id"), reading.text(record, "requestId")
    if message_id and not record.get("isSidechain"):
        key = messages.call_id(message_id, request_id)
    else:
        key = message_id or request_id or reading.text(record, "uuid") or digest(record)
    moment = defaults.timestamp(reading.moment(record, "timestamp"))
    return _call(record, message, key, moment, defaults, tokens)


def _message(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The message of a line that is a call; None for any other line."""
    kind = record.get("type")
    if kind != "assistant":
        if kind is not None:
            return None
        # Lines of old versions have no type.
        if not reading.nested(record, "message").get("usage"):
            raise UnreadableRow("neither type nor message.usage is there")
    message = record.get("message")
    if not isinstance(message, dict):
        raise wrong_value({"message": message}, "message", "an object")
    if message.get("model") == SYNTHETIC and not record.get("isApiErrorMessage"):
        return None
    return message


def _tokens(record: Mapping[str, Any], message: Mapping[str, Any]) -> Columns:
    if record.get("isApiErrorMessage"):
        return {**NOTHING, "input_tokens": 0, "output_tokens": 0}
    columns = anthropic_usage(reading.nested(message, "usage"))
    if columns["input_tokens"] is None and columns["output_tokens"] is None:
        raise UnreadableRow("message.usage is missing, or has no tokens")
    return columns


def _call(
    record: Mapping[str, Any],
    message: Mapping[str, Any],
    call_id: str,
    moment: datetime,
    defaults: Defaults,
    tokens: Columns,
) -> LlmCall:
    model = required(reading.text(message, "model"), message, "message", "model")
    phase = prompt_name = None
    if record.get("isSidechain"):
        phase, prompt_name = "subagent", reading.text(record, "attributionAgent")
    failed = bool(record.get("isApiErrorMessage"))
    copied = record.get("forkedFrom")
    origin = reading.text(copied, "sessionId") if isinstance(copied, dict) else None
    precedence = 0 if origin or record.get("isSidechain") else OF_SESSION
    precedence += message.get("stop_reason") is not None
    call = defaults.call(
        SOURCE,
        call_id,
        moment,
        session_id=origin or reading.text(record, "sessionId") or "",
        phase=phase,
        prompt_name=prompt_name,
        provider="anthropic" if model.startswith("claude") else None,
        model=model,
        **tokens,
        reported_cost=reading.money(record, "costUSD"),
        success=not failed,
        error_message=_error(record, message) if failed else None,
        precedence=precedence,
    )
    return without_run(call) if origin else call


def _error(record: Mapping[str, Any], message: Mapping[str, Any]) -> str | None:
    """The kind of error and the text that the user saw."""
    content = message.get("content")
    if isinstance(content, list):
        texts = [reading.text(part, "text") for part in content if isinstance(part, dict)]
        content = next(filter(None, texts), None)
    shown = [reading.text(record, "error"), reading.text({"content": content}, "content")]
    return ": ".join(text for text in shown if text) or None
