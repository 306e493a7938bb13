"""Rows of spans of traces that are LLM calls, or lie between such spans."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from telemetry.rows.llm import BLANK, LlmCall

# Columns of a call that JSON holds as text.
MONEY = ("estimated_cost", "reported_cost")


@dataclass(frozen=True)
class LlmSpan:
    """One row of `llm_spans`. `call` has the columns of the call that differ from a blank one."""

    trace_id: str
    span_id: str
    parent_span_id: str = ""
    is_embedding: bool = False
    call: Mapping[str, Any] | None = None


def call_as_json(call: LlmCall) -> dict[str, Any]:
    """The columns of a call that are set, as JSON can hold them."""
    columns = {name: value for name, value in vars(call).items() if value != getattr(BLANK, name)}
    texts = {name: str(columns[name]) for name in MONEY if name in columns}
    return {**columns, **texts, "timestamp": call.timestamp.isoformat()}


def call_from_json(columns: Mapping[str, Any]) -> LlmCall:
    """The call in the column `call`."""
    money = {name: Decimal(columns[name]) for name in MONEY if name in columns}
    moment = datetime.fromisoformat(columns["timestamp"])
    return LlmCall(**{**columns, **money, "timestamp": moment})
