"""The token counts of a record, in the columns of the table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.llm.formats.readers import Columns
from telemetry.rows import reading

Key = str | tuple[str, ...]


@dataclass(frozen=True)
class TokenKeys:
    """The keys under which records of one format count tokens; see `count_at`."""

    input: Key
    output: Key
    cache_read: Key = ()
    cache_write: Key = ()
    reasoning: Key = ()
    cache_write_1h: Key = ()
    cache_write_5m: Key = ()

    def counts(self, payload: Mapping[str, Any]) -> Columns:
        """The counts by column, as the log has them. Raises UnreadableRow.

        Some gateways count cache writes only by how long they are kept.
        """
        counts = {f"{name}_tokens": count_at(payload, key) for name, key in vars(self).items()}
        kept = inclusive(counts.pop("cache_write_5m_tokens"), counts["cache_write_1h_tokens"])
        counts["cache_write_tokens"] = greatest(counts["cache_write_tokens"], kept)
        return counts

    def counts_with_cache(self, payload: Mapping[str, Any]) -> Columns:
        """The counts of a log whose input excludes the cache. Raises UnreadableRow."""
        return with_cache(self.counts(payload))


def count_at(payload: Mapping[str, Any], key: Key) -> int | None:
    """The count under a key, in which a dot leads into an object; None if it is missing.

    Of several keys the greatest count is taken: tools write 0 under names that they do not use.
    Raises UnreadableRow.
    """
    if isinstance(key, tuple):
        return greatest(*(count_at(payload, one) for one in key))
    *holders, last = key.split(".")
    for holder in holders:
        payload = reading.nested(payload, holder)
    return reading.count(payload, last)


def with_cache(columns: Columns) -> Columns:
    """The counts, with the cached ones added to the input."""
    cached = (columns["cache_read_tokens"], columns["cache_write_tokens"])
    return {**columns, "input_tokens": inclusive(columns["input_tokens"], *cached)}


def increase(now: Columns, before: Columns) -> Columns | None:
    """What a running total counts after `before`; None if it has restarted since."""
    pairs = {name: (count, before[name] or 0) for name, count in now.items()}
    if any((count or 0) < then for count, then in pairs.values()):
        return None
    return {name: None if count is None else count - then for name, (count, then) in pairs.items()}


def greatest(*counts: int | None) -> int | None:
    """The greatest of the counts that are known; None if none is."""
    return max((count for count in counts if count is not None), default=None)


def inclusive(tokens: int | None, *parts: int | None) -> int | None:
    """A count plus the parts that the log counts separately; None if the count is None."""
    return None if tokens is None else tokens + sum(part or 0 for part in parts)


def includes_cache(columns: Columns, total: int | None, *, otherwise: bool) -> bool:
    """Whether input includes the cached parts, as far as the counts prove it.

    Parts that exceed the input are separate, and so are parts that the total adds. A total without
    them proves that they are included. If nothing is proven, `otherwise` is returned.
    """
    tokens, output = columns["input_tokens"], columns["output_tokens"]
    parts = (columns["cache_read_tokens"] or 0) + (columns["cache_write_tokens"] or 0)
    if not parts or tokens is None:
        return otherwise
    if parts > tokens:
        return False
    if total is not None and output is not None:
        if total == tokens + output + parts:
            return False
        if total == tokens + output:
            return True
    return otherwise
