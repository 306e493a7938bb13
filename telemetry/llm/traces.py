"""Traces that several ingests read: stored spans are counted together with new ones.

A span and a span within it may be one request. If a later ingest reads the other one, the trace is
counted as if one ingest had read both.
"""

from collections.abc import Callable, Iterable

from telemetry.database.connection import Connection, execute
from telemetry.database.transactions import with_retries
from telemetry.database.upserts import upsert
from telemetry.llm.formats.nested_spans import (
    Found,
    Node,
    Trace,
    Traces,
    calls_of_traces,
    is_open,
    joined,
    key_of,
)
from telemetry.rows.spans import LlmSpan, call_as_json, call_from_json

STORED = "stored before"


def resolved(
    connection: Connection, leave_out: Callable[[Iterable[tuple[str, str]]], None], traces: Traces
) -> list[Found]:
    """The calls of the traces that these spans add or change, each with its file.

    Stores the spans in `llm_spans`. `leave_out` is called with the keys of calls that are not
    counted because spans within them are.
    """
    before = _stored(connection, traces)
    whole = {trace_id: {**before.get(trace_id, {})} for trace_id in traces}
    for trace_id, trace in traces.items():
        for span_id, node in trace.items():
            whole[trace_id][span_id] = joined(whole[trace_id].get(span_id), node)
    rows = [
        _row(trace_id, span_id, node)
        for trace_id, trace in whole.items()
        for span_id, node in trace.items()
        if node.file != STORED and is_open(span_id, trace)
    ]
    with_retries(connection, lambda: upsert(connection, rows))
    counted = list(calls_of_traces(whole))
    keys = {key_of(call) for _, call in counted}
    leave_out(
        key_of(node.call)
        for trace in whole.values()
        for node in trace.values()
        if node.call is not None and key_of(node.call) not in keys
    )
    known = {key_of(call): call for _, call in calls_of_traces(before)}
    return [
        (file, call) for file, call in counted if file != STORED or call != known.get(key_of(call))
    ]


def _stored(connection: Connection, traces: Traces) -> dict[str, Trace]:
    found: dict[str, Trace] = {}
    for row in execute(connection, "llm/stored_spans", {"trace_ids": sorted(traces)}):
        call = None if row["call"] is None else call_from_json(row["call"])
        node = Node(STORED, row["parent_span_id"], call, False, row["is_embedding"])
        found.setdefault(row["trace_id"], {})[row["span_id"]] = node
    return found


def _row(trace_id: str, span_id: str, node: Node) -> LlmSpan:
    call = None if node.call is None else call_as_json(node.call)
    return LlmSpan(trace_id, span_id, node.parent_id, node.is_embedding, call)
