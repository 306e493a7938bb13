"""The database: where it is, what is in it, and what is done to it as a whole."""
