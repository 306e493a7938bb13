"""GitHub Actions history and LLM calls, kept complete and true in PostgreSQL.

Data goes one way:

    GitHub REST ──pages──▶ dict ──from_api──▶ dataclass ──upsert──▶ table ──▶ view ──▶ status
     github/                      rows/                   database/             sql/views/
"""

__version__ = "1.0.0.dev0"


class TelemetryError(Exception):
    """An error whose text is one sentence: what failed, on what, and what to do about it."""
