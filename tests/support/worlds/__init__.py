"""Simulated worlds whose truth an inferred answer is compared with."""
