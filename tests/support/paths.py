"""Where the project and its hand-written payloads are."""

from pathlib import Path

LONGEST = 1_800
"""Seconds that anything in a test may take: a machine may be slow and busy."""


ROOT = Path(__file__).resolve().parents[2]


PAYLOADS = ROOT / "tests" / "payloads"
