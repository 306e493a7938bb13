"""Payloads of runs and jobs: by hand, one oddity at a time; recorded; and of any values."""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from support.paths import PAYLOADS


def payload(name: str, kind: str = "run") -> Any:
    """A run or job of tests/payloads/: the first one there, with the oddity of that name."""
    payloads = json.loads((PAYLOADS / f"{kind}s.json").read_text(encoding="utf-8"))
    if name == kind:
        return payloads[kind]
    oddity = payloads[name]
    kept = {k: v for k, v in payloads[kind].items() if k not in oddity.get("without", ())}
    return {**kept, **oddity.get("with", {})}


def recorded_body(recorded: Path, name: str) -> Any:
    """The body of a recorded answer of GitHub, whether or not its headers are recorded too."""
    document = json.loads((recorded / "github" / f"{name}.json").read_text(encoding="utf-8"))
    return document.get("body", document) if isinstance(document, dict) else document


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
"""Any value of a payload."""
