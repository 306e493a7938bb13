"""Where the project and its hand-written payloads are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


PAYLOADS = ROOT / "tests" / "payloads"
