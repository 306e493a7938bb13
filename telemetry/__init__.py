"""GitHub Actions history and LLM calls, kept complete and true in PostgreSQL.

Data goes one way:

    GitHub REST ──pages──▶ dict ──from_api──▶ dataclass ──upsert──▶ table ──▶ view ──▶ status
     github.py                    rows.py                 database.py           sql/views/
"""


class TelemetryError(Exception):
    """An error whose text is one sentence: what failed, on what, and what to do about it."""
