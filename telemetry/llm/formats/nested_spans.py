"""Finds the innermost of nested spans of one request.

A framework's span of a call contains the client library's span, which may contain the vendor's: all
count the same tokens. Each process may write its spans to a file of its own. Agents and tools
contain requests of their own.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from itertools import chain

from telemetry.llm.formats.reading import near_names
from telemetry.llm.formats.spans import EMBEDDINGS, Span, counts_tokens
from telemetry.rows.llm import LlmCall

# The traces of so many spans are held until all files are read; beyond that the oldest are let go.
HELD = 50_000

# Columns that are taken from the outer span of a request where the inner one has no value.
FILLED = tuple(
    name.name
    for name in fields(LlmCall)
    if name.name.startswith(("cache_", "reasoning_", "inference_", "service_", "web_"))
    or name.name in ("phase", "estimated_cost", "reported_cost", "github_run_id")
)


@dataclass
class _Node:
    file: str
    parent_id: str
    call: LlmCall | None
    is_around: bool
    is_embedding: bool
    counting: list[str] = field(default_factory=list)
    within: list["_Node"] = field(default_factory=list)
    is_inner: bool = False


class NestedSpans:
    """Holds the spans of traces, of one file or of several, until all of them are read.

    `file` is the one that is being read. `calls` counts, for each file, the spans that are calls.
    """

    def __init__(self) -> None:
        self.file = ""
        self.calls: Counter[str] = Counter()
        self._unread: dict[str, Counter[str]] = {}
        self._traces: dict[str, dict[str, _Node]] = {}
        self._held = 0

    def add(self, span: Span, call: LlmCall | None) -> Iterator[LlmCall]:
        """Take a span and its call; yields the calls of traces that have to be let go for it."""
        self.calls[self.file] += call is not None
        trace = self._traces.pop(span.trace_id, {})
        self._held -= len(trace)
        known = trace.get(span.span_id)
        if known is None or known.call is None:
            is_embedding = span.operation in EMBEDDINGS
            node = _Node(self.file, span.parent_id, call, span.is_around, is_embedding)
            node.counting = [] if call else counts_tokens(span)
            trace[span.span_id] = node
        self._traces[span.trace_id] = trace
        self._held += len(trace)
        while self._held > HELD:
            oldest = next(iter(self._traces))
            nodes = self._traces.pop(oldest)
            self._held -= len(nodes)
            yield from (call for _, call in self._innermost(oldest, nodes))

    def rest(self) -> Iterator[tuple[str, LlmCall]]:
        """The calls of all traces that are still held, each with its file."""
        traces, self._traces, self._held = self._traces, {}, 0
        for trace_id, nodes in traces.items():
            yield from self._innermost(trace_id, nodes)

    def notes(self) -> Iterator[tuple[str, str]]:
        """After `rest`: files of traces without a call, and what in them seems to count tokens."""
        for file, names in self._unread.items():
            yield file, f"spans that count tokens and are not read as calls: {near_names(names)}"

    def _innermost(self, trace_id: str, nodes: dict[str, _Node]) -> Iterator[tuple[str, LlmCall]]:
        for node in nodes.values():
            around = _request_around(node, nodes) if node.call else None
            if around is not None:
                around.within.append(node)
                node.is_inner = True
        outer = [node for node in nodes.values() if node.call and not node.is_inner]
        for node in outer:
            yield from ((node.file, call) for call in _represented(trace_id, node))
        if not outer:
            for node in nodes.values():
                if node.counting:
                    self._unread.setdefault(node.file, Counter()).update(node.counting)


def _request_around(node: _Node, nodes: dict[str, _Node]) -> _Node | None:
    """The nearest enclosing span that is a call of the same kind, with no agent or tool between."""
    seen = {id(node)}
    while (outer := nodes.get(node.parent_id)) is not None and id(outer) not in seen:
        if outer.is_around:
            return None
        if outer.call is not None:
            return outer if outer.is_embedding == node.is_embedding else None
        seen.add(id(outer))
        node = outer
    return None


def _represented(trace_id: str, node: _Node) -> list[LlmCall]:
    """The calls that a span and those within it stand for."""
    own = node.call
    assert own is not None
    inner = list(chain.from_iterable(_represented(trace_id, one) for one in node.within))
    if not inner:
        return [own]
    if own.total_tokens is not None and all(one.total_tokens is None for one in inner):
        return [own, *(one for one in inner if one.success is False)]
    if len(inner) > 1 or own.total_tokens not in (None, inner[0].total_tokens):
        return inner
    return [_filled(trace_id, inner[0], own)]


def _filled(trace_id: str, inner: LlmCall, outer: LlmCall) -> LlmCall:
    """The inner call, with values that only the outer one has."""
    changes = {
        name: getattr(outer, name)
        for name in FILLED
        if getattr(inner, name) is None and getattr(outer, name) is not None
    }
    if inner.session_id == trace_id:
        changes["session_id"] = outer.session_id
    if not inner.prompt_name:
        changes["prompt_name"] = outer.prompt_name
    if "github_run_id" in changes:
        changes["github_run_attempt"] = outer.github_run_attempt
    return replace(inner, **changes)
