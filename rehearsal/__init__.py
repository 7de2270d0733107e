"""Runs the real Pulumi engine with no cloud account and no credentials.

The engine attaches to servers of this package through its own debugging doors: one language runtime for
Python and one *twin* for every provider package. A twin learns the provider's resource types from the
installed SDK, checks inputs as the provider would, and keeps what was "created" in a SQLite file.
"""
