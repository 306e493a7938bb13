"""A simulated GitHub with known true data. Imports nothing else of the toolkit."""
