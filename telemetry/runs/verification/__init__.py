"""Compares what is stored of runs with what GitHub has now. Writes nothing."""
