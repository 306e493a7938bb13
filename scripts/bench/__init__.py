"""What `make bench` measures; nothing of the toolkit depends on it."""
