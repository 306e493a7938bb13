"""Ingest of GitHub's workflow runs into the database, and the proof that none is missing."""
