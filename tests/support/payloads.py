"""Hand-written payloads of runs and jobs, one oddity at a time."""

import json
from typing import Any

from support.paths import PAYLOADS


def payload(name: str, kind: str = "run") -> Any:
    """A run or job of tests/payloads/: the first one there, with the oddity of that name."""
    payloads = json.loads((PAYLOADS / f"{kind}s.json").read_text(encoding="utf-8"))
    if name == kind:
        return payloads[kind]
    oddity = payloads[name]
    kept = {k: v for k, v in payloads[kind].items() if k not in oddity.get("without", ())}
    return {**kept, **oddity.get("with", {})}
