"""GitHub's forms of JSON, times and ids."""

import json
import struct
import time
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(payload: Any) -> str:
    """Return compact JSON text, without escaping non-ASCII letters."""
    return _ENCODER.encode(payload)


def iso(second: int | None) -> str | None:
    """Return a second in GitHub's format, in UTC; None for None."""
    if second is None:
        return None
    day, left = divmod(second, 86_400)
    return f"{_date(day)}T{left // 3_600:02}:{left // 60 % 60:02}:{left % 60:02}Z"


@cache
def _date(day: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(day * 86_400))


def node_id(kind: str, *ids: int) -> str:
    """Return a global id in GitHub's form: the kind, then the ids packed and base64-encoded."""
    packed = struct.pack(f">2B{len(ids)}Q", 0x93, 0, *ids)
    return f"{kind}_{urlsafe_b64encode(packed).decode().rstrip('=')}"
