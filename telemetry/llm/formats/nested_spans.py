"""Finds the innermost of nested spans of one request.

A framework's span of a call contains the client library's span, which may contain the vendor's: all
count the same tokens. Each process may write its spans to a file of its own. Agents and tools
contain requests of their own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import islice

from telemetry.llm.formats import claude_code_events
from telemetry.llm.formats.otlp_attributes import Span
from telemetry.llm.formats.spans import EMBEDDINGS, counts_tokens, is_around, operation_of, unread
from telemetry.llm.formats.unread import near_names
from telemetry.rows.llm import LlmCall, bounded_id, merged

# Traces are held until all files are read, up to this many spans; then the oldest are resolved.
HELD = 50_000
# How many of them are resolved together.
AT_ONCE = 1_000
# How far enclosing spans are followed. Real traces are less than a tenth as deep.
DEEPEST = 500

# Columns that are taken from the other span of a request if the counted one has no value.
FILLED = tuple(
    name.name
    for name in fields(LlmCall)
    if name.name.startswith(("cache_", "reasoning_", "inference_", "service_", "web_"))
    or name.name in ("phase", "estimated_cost", "reported_cost", "github_run_id")
)


@dataclass(frozen=True)
class Node:
    """A span of a trace, and the call that it is by itself. `counting`: see `counts_tokens`."""

    file: str
    parent_id: str
    call: LlmCall | None = None
    is_around: bool = False
    is_embedding: bool = False
    counting: tuple[str, ...] = ()


# The spans of a trace by their ids, and traces by theirs.
Trace = dict[str, Node]
Traces = Mapping[str, Trace]
Found = tuple[str, LlmCall]


class NestedSpans:
    """Holds the spans of traces, of one file or of several, until all of them are read.

    `file` is the one that is being read. `calls` counts, for each file, the spans that are calls.
    `resolve` returns the calls of traces that are complete, each with its file.
    """

    def __init__(self, resolve: Callable[[Traces], Iterable[Found]] | None = None) -> None:
        self.file = ""
        self.calls: Counter[str] = Counter()
        self._resolve = resolve or calls_of_traces
        self._uncounted: dict[str, Counter[str]] = {}
        self._unread: dict[str, Counter[str]] = {}
        self._traces: dict[str, Trace] = {}
        self._held = 0

    def add(self, span: Span, call: LlmCall | None) -> Iterator[LlmCall]:
        """Take a span and its call; yield the calls of traces that are resolved to make room."""
        self.calls[self.file] += call is not None
        if call is not None and (names := unread(span, call)):
            self._unread.setdefault(self.file, Counter()).update(names)
        trace_id, span_id = bounded_id(span.trace_id), bounded_id(span.span_id)
        trace = self._traces.pop(trace_id, {})
        self._held -= len(trace)
        node = Node(
            self.file,
            bounded_id(span.parent_id),
            call,
            is_around(span),
            operation_of(span) in EMBEDDINGS,
            () if call else tuple(counts_tokens(span)),
        )
        trace[span_id] = joined(trace.get(span_id), node)
        self._traces[trace_id] = trace
        self._held += len(trace)
        while self._held > HELD:
            yield from (call for _, call in self._calls(self._oldest()))

    def rest(self) -> Iterator[Found]:
        """The calls of all traces that are still held, each with its file."""
        while self._traces:
            yield from self._calls(self._oldest())

    def notes(self) -> Iterator[tuple[str, str]]:
        """After `rest`: files, and what in their spans seems to count tokens or cost unread."""
        for file, names in self._uncounted.items():
            yield file, f"spans that count tokens and are not read as calls: {near_names(names)}"
        for file, names in self._unread.items():
            yield file, f"attributes of calls that are not read: {near_names(names)}"

    def _oldest(self) -> Traces:
        """Let go of the oldest traces, about AT_ONCE spans of them: storing each costs a query."""
        some: dict[str, Trace] = {}
        size = 0
        for trace_id, trace in self._traces.items():
            some[trace_id] = trace
            size += len(trace)
            if size >= AT_ONCE:
                break
        for trace_id in some:
            del self._traces[trace_id]
        self._held -= size
        return some

    def _calls(self, traces: Traces) -> Iterable[Found]:
        for trace in traces.values():
            for node in _uncounted(trace):
                self._uncounted.setdefault(node.file, Counter()).update(node.counting)
        return self._resolve(traces)


def _uncounted(trace: Trace) -> Iterator[Node]:
    """Spans that count tokens, if no call is within them or around them."""
    if not any(node.counting for node in trace.values()):
        return
    enclosing = {
        node.parent_id
        for span_id, inner in trace.items()
        if inner.call is not None
        for node in _upwards(span_id, trace)
    }
    for span_id, node in trace.items():
        is_apart = span_id not in enclosing
        if node.counting and is_apart and not any(one.call for one in _upwards(span_id, trace)):
            yield node


def joined(known: Node | None, other: Node) -> Node:
    """One node from two readings of a span; the file is that of the second."""
    if known is None or known.call is None:
        return other
    if other.call is None or key_of(known.call) != key_of(other.call):
        return replace(known, file=other.file)
    return replace(other, call=merged(known.call, other.call))


def key_of(call: LlmCall) -> tuple[str, str]:
    return call.source, call.call_id


def calls_of_traces(traces: Traces) -> Iterator[Found]:
    """The calls of traces, each with its file: of nested spans of one request, the innermost."""
    for trace_id, trace in traces.items():
        within: dict[str | None, list[str]] = {}
        for span_id, node in trace.items():
            if node.call is not None:
                within.setdefault(_request_around(span_id, trace), []).append(span_id)
        outermost = within.get(None, [])
        from_outside = list(outermost)
        for span_id in from_outside:
            from_outside.extend(within.get(span_id, ()))
        calls: dict[str, list[Found]] = {}
        for span_id in reversed(from_outside):
            inner = [found for one in within.get(span_id, ()) for found in calls.pop(one)]
            calls[span_id] = _represented(trace_id, trace[span_id], inner)
        for span_id in outermost:
            yield from calls[span_id]
        # Spans that enclose each other: the log is wrong, but these are calls.
        inside_only = {one for some in within.values() for one in some} - {*from_outside}
        for span_id in sorted(inside_only):
            yield from _represented(trace_id, trace[span_id], [])


def is_open(span_id: str, trace: Trace) -> bool:
    """Whether a span that is read later may be the same request as this one or one within it.

    That is possible if this is a call or within one, or if an enclosing span was not read yet.
    """
    for node in _upwards(span_id, trace):
        if node.call is not None:
            return True
        if node.is_around or not node.parent_id:
            return False
        if node.parent_id not in trace:
            return True
    return False


def _upwards(span_id: str, trace: Trace) -> Iterator[Node]:
    """The span and those that enclose it, as far as they were read."""
    for _ in range(DEEPEST):
        node = trace.get(span_id)
        if node is None:
            return
        yield node
        span_id = node.parent_id


def _request_around(span_id: str, trace: Trace) -> str | None:
    """The nearest enclosing span that is a call of the same kind, with no agent or tool between."""
    inner = trace[span_id]
    outer_id = inner.parent_id
    for node in islice(_upwards(span_id, trace), 1, None):
        if node.is_around:
            return None
        if node.call is not None:
            return outer_id if node.is_embedding == inner.is_embedding else None
        outer_id = node.parent_id
    return None


def _represented(trace_id: str, node: Node, within: list[Found]) -> list[Found]:
    """The calls that a span and those within it stand for."""
    own = node.call
    assert own is not None
    if not within:
        return [(node.file, own)]
    counting = [found for found in within if found[1].total_tokens is not None]
    if own.total_tokens is not None and not counting:
        return [(node.file, own), *(found for found in within if found[1].success is False)]
    file, first = (counting or within)[0]
    if len(counting or within) > 1 or own.total_tokens not in (None, first.total_tokens):
        return within
    # The others are tries that failed before.
    others = [found for found in within if found[1] is not first]
    if own.source == claude_code_events.SOURCE:
        # Its id is that of the request, which a log event has too.
        return [*others, (node.file, _filled(trace_id, own, first))]
    return [*others, (file, _filled(trace_id, first, own))]


def _filled(trace_id: str, call: LlmCall, other: LlmCall) -> LlmCall:
    """The call, with values that only the other call of the same request has."""
    changes = {
        name: getattr(other, name)
        for name in FILLED
        if getattr(call, name) is None and getattr(other, name) is not None
    }
    if call.session_id == trace_id:
        changes["session_id"] = other.session_id
    if not call.prompt_name:
        changes["prompt_name"] = other.prompt_name
    if "github_run_id" in changes:
        changes["github_run_attempt"] = other.github_run_attempt
    return replace(call, **changes)
