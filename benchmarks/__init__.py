"""Measures what a person waits for: `make bench`."""
