"""Says what happens again and again once a minute, with a count, instead of each time."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from telemetry import counted

QUIET_SECONDS = 60.0
# What tells requests of one kind apart: the repository and numbers.
_PARTICULAR = re.compile(r"(?<=/repos/)[^/]+/[^/]+|(?<=/)[0-9]+(?=/|$)")


@dataclass
class _Cause:
    said_at: float
    untold: int = 0


class Repeats:
    """The problems of a client's requests; thread-safe.

    The kind of a request and its problem are a cause, which is said at most once a minute.
    """

    def __init__(self, say: Callable[[str], object], timer: Callable[[], float]) -> None:
        self._say = say
        self._timer = timer
        self._causes: dict[tuple[str, str], _Cause] = {}
        self._lock = threading.Lock()

    def tell(self, what: str, problem: str, detail: str) -> None:
        """Say that the request `what` met a problem, or count it if that was said just now."""
        key, now = (_PARTICULAR.sub("…", what), problem), self._timer()
        with self._lock:
            known = self._causes.get(key)
            if known is not None and now - known.said_at < QUIET_SECONDS:
                known.untold += 1
                return
            self._causes[key] = _Cause(now)
        if known is not None and known.untold:
            detail += f", after {counted(known.untold, 'other')}"
        self._say(f"{what}: {problem} {detail}")

    def tell_rest(self) -> None:
        """Say how often each cause was met since it was said last."""
        with self._lock:
            causes, self._causes = self._causes, {}
        for (kind, problem), cause in causes.items():
            if cause.untold:
                self._say(f"{kind}: {problem}, {counted(cause.untold, 'more time')}")
