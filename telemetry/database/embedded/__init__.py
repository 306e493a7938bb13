"""A PostgreSQL server of our own, started on demand and stopped by its last user."""
