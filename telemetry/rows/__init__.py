"""The rows of the tables, and how they are read from GitHub's answers and from logs.

Pure: imports nothing else of the project, does no I/O and reads no clock. A field, its column and
the parameter of the upsert have one name; only the `from_…` functions rename."""
