"""GitHub's REST API: a client that bears faults, pages and limits. Knows nothing of a database."""
