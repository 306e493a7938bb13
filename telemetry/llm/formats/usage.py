"""The `usage` objects of Anthropic's and OpenAI's answers, which many logs keep unchanged."""

from collections.abc import Iterable, Mapping
from typing import Any

from telemetry.llm.formats.reading import Columns, inclusive, read_list
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall, bounded_id, changed, distinct_timestamp, raise_wholes

# Kinds of iterations that the counts of the answer do not include. They include messages, also that
# of a model that another one falls back to.
BESIDE = ("compaction", "advisor_message")


def anthropic_usage(usage: Mapping[str, Any]) -> Columns:
    """The columns that Anthropic's usage sets; it counts cached tokens separately from the input.

    The counts are those of the answer itself. Compaction is billed as well; it is in `iterations`
    and is added here. So is advice, unless another model gave it (`with_advice`). `speed` is a tier
    like the others.
    """
    fresh, output = reading.count(usage, "input_tokens"), reading.count(usage, "output_tokens")
    read = reading.count(usage, "cache_read_input_tokens")
    written = reading.count(usage, "cache_creation_input_tokens")
    if usage.get("iterations") is not None:
        fresh, output, read, written = _with_iterations(usage)
    speed = reading.text(usage, "speed")
    return {
        "input_tokens": inclusive(fresh, read, written),
        "output_tokens": output,
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": reading.count(
            reading.nested(usage, "cache_creation"), "ephemeral_1h_input_tokens"
        ),
        "reasoning_tokens": reading.count(
            reading.nested(usage, "output_tokens_details"), "thinking_tokens"
        ),
        "service_tier": speed if speed not in (None, "standard") else tier(usage),
        "inference_geo": reading.text(usage, "inference_geo"),
        "web_search_requests": reading.count(
            reading.nested(usage, "server_tool_use"), "web_search_requests"
        ),
    }


def with_advice(call: LlmCall, usage: Mapping[str, Any]) -> list[LlmCall]:
    """The call, and a call for each time that another model advised, which has a price of its own.

    Raises UnreadableRow.
    """
    calls = [call]
    for number, one in enumerate(filter(_is_advice, read_list(usage, "iterations"))):
        columns = {name: value for name, value in anthropic_usage(one).items() if "tokens" in name}
        call_id = f"{call.call_id}:advisor:{number}"
        raise_wholes(columns, call_id)
        call_id = bounded_id(call_id)
        columns["call_id"], columns["model"] = call_id, reading.text(one, "model")
        moment = call.timestamp.replace(microsecond=call.timestamp.microsecond // 1_000 * 1_000)
        columns["timestamp"] = distinct_timestamp(moment, call_id)
        nothing = dict.fromkeys(("estimated_cost", "reported_cost", "duration_ms"))
        calls.append(changed(call, {**columns, **nothing, "web_search_requests": None}))
    return calls


def _is_advice(iteration: Any) -> bool:
    return (
        isinstance(iteration, dict)
        and iteration.get("type") == "advisor_message"
        and bool(iteration.get("model"))
    )


def openai_usage(usage: Mapping[str, Any]) -> Columns:
    """The columns that OpenAI's usage sets, for responses, chats and embeddings.

    Input includes cached tokens. Embeddings have no output.
    """
    before, after = (
        ("input", "output")
        if "input_tokens" in usage or "input_tokens_details" in usage
        else ("prompt", "completion")
    )
    inputs = reading.nested(usage, f"{before}_tokens_details")
    outputs = reading.nested(usage, f"{after}_tokens_details")
    kept = reading.nested(inputs, "cache_write_tokens_details")
    tokens, output = (reading.count(usage, f"{side}_tokens") for side in (before, after))
    if output is None and tokens is not None and tokens == reading.count(usage, "total_tokens"):
        output = 0
    return {
        "input_tokens": tokens,
        "output_tokens": output,
        "cache_read_tokens": reading.count(inputs, "cached_tokens"),
        "cache_write_tokens": reading.count(inputs, "cache_write_tokens"),
        "cache_write_12h_tokens": next(
            (reading.count(kept, key) for key in kept if "12h" in key), None
        ),
        "reasoning_tokens": reading.count(outputs, "reasoning_tokens"),
    }


def tier(answer: Mapping[str, Any]) -> str | None:
    """The service tier of the answer; None if it is not text."""
    value = answer.get("service_tier")
    return reading.text(answer, "service_tier") if isinstance(value, str) and value else None


def _with_iterations(usage: Mapping[str, Any]) -> tuple[int | None, ...]:
    """Input, output, cache reads and cache writes of the answer and all its iterations."""
    iterations = [
        one
        for one in read_list(usage, "iterations")
        if isinstance(one, dict) and one.get("type") in BESIDE and not _is_advice(one)
    ]
    keys = ("input_tokens", "output_tokens", "cache_read_input_tokens")
    return tuple(_sum((usage, *iterations), key) for key in (*keys, "cache_creation_input_tokens"))


def _sum(parts: Iterable[Mapping[str, Any]], key: str) -> int | None:
    counts = [count for part in parts if (count := reading.count(part, key)) is not None]
    return sum(counts) if counts else None
