"""A PostgreSQL server of our own, started on demand and stopped by the last command that uses it."""
