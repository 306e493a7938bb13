"""From GitHub's workflow runs to rows in the database, and the proof that none is missing."""
