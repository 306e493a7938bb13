"""A simulated GitHub with a truth to compare with. Imports nothing else of the toolkit."""
