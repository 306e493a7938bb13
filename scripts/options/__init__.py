"""The options of all commands in one table, and what those that commands share come to."""
