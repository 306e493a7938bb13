"""From logs of LLM calls to rows in the database."""
