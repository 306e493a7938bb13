"""The `usage` objects of Anthropic's and OpenAI's answers, which many logs keep unchanged."""

from collections.abc import Mapping
from typing import Any

from telemetry.llm.formats.readers import Columns, read_list
from telemetry.llm.formats.tokens import TokenKeys, count_at, inclusive, with_cache
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall, bounded_id, changed, distinct_timestamp, raise_wholes

# Kinds of iterations that the counts of the answer do not include. They include messages, also that
# of a model that another one falls back to.
BESIDE = ("compaction", "advisor_message")

ANTHROPIC = TokenKeys(
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens_details.thinking_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
)
# Of responses and embeddings, and of chats.
OPENAI = TokenKeys(
    ("input_tokens", "prompt_tokens"),
    ("output_tokens", "completion_tokens"),
    ("input_tokens_details.cached_tokens", "prompt_tokens_details.cached_tokens"),
    ("input_tokens_details.cache_write_tokens", "prompt_tokens_details.cache_write_tokens"),
    ("output_tokens_details.reasoning_tokens", "completion_tokens_details.reasoning_tokens"),
)
# litellm, types/utils.py, `Usage` and `PromptTokensDetailsWrapper`.
LITELLM = TokenKeys(
    "prompt_tokens",
    "completion_tokens",
    ("cache_read_input_tokens", "prompt_tokens_details.cached_tokens"),
    (
        "cache_creation_input_tokens",
        "prompt_tokens_details.cache_creation_tokens",
        "prompt_tokens_details.cache_write_tokens",
    ),
    "completion_tokens_details.reasoning_tokens",
    "prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
    "prompt_tokens_details.cache_creation_token_details.ephemeral_5m_input_tokens",
)
SEARCHES = (
    "server_tool_use.web_search_requests",
    "prompt_tokens_details.web_search_requests",
)


def anthropic_usage(usage: Mapping[str, Any]) -> Columns:
    """The columns that Anthropic's usage sets; it counts cached tokens separately from the input.

    The counts are those of the answer itself. Compaction is billed as well; it is in `iterations`
    and is added here. So is advice, unless another model gave it (`with_advice`).
    """
    beside = [
        one
        for one in read_list(usage, "iterations")
        if isinstance(one, dict) and one.get("type") in BESIDE and not _is_advice(one)
    ]
    answer, *others = (ANTHROPIC.counts(one) for one in (usage, *beside))
    for other in others:
        for name, count in other.items():
            answer[name] = inclusive(answer[name], count) if answer[name] is not None else count
    return {**with_cache(answer), **served(usage)}


def litellm_usage(usage: Mapping[str, Any]) -> Columns:
    """The columns that LiteLLM's usage sets, whatever the vendor; input includes cached tokens."""
    return {**LITELLM.counts(usage), **served(usage)}


def served(usage: Mapping[str, Any]) -> Columns:
    """How the vendor served an answer. `speed` is a tier like the others."""
    speed = reading.text(usage, "speed")
    return {
        "service_tier": speed if speed not in (None, "standard") else tier(usage),
        "inference_geo": reading.text(usage, "inference_geo"),
        "web_search_requests": count_at(usage, SEARCHES),
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
    tokens = OPENAI.counts(usage)
    whole = tokens["input_tokens"]
    if tokens["output_tokens"] is None and whole == count_at(usage, "total_tokens") is not None:
        tokens["output_tokens"] = 0
    inputs = (reading.nested(usage, f"{side}_tokens_details") for side in ("input", "prompt"))
    kept = [reading.nested(details, "cache_write_tokens_details") for details in inputs]
    twelve = (reading.count(one, key) for one in kept for key in one if "12h" in key)
    return {**tokens, "cache_write_12h_tokens": next(twelve, None)}


def tier(answer: Mapping[str, Any]) -> str | None:
    """The service tier of the answer; None if it is not text."""
    value = answer.get("service_tier")
    return reading.text(answer, "service_tier") if isinstance(value, str) and value else None
