"""The options of all commands in one table, and the values of those that commands share."""
