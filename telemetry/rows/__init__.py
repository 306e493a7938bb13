"""The rows of the tables, and how they are read from GitHub's answers and from logs.

Pure: imports nothing else of the project, does no I/O and reads no clock. A field is a column is
a parameter of the upsert, by one name; only the `from_…` functions rename."""
