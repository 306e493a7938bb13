"""GitHub's REST API: a client that handles faults, paging and rate limits. Has no database."""
