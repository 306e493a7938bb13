"""Results of commands as text. It is returned, never printed; foreign names are escaped."""
