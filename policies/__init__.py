"""Rules that keep a stack in its jurisdiction, on models and images that somebody vetted.

Two doors: ``--policy-pack policies`` for any Pulumi program, and ``policies.guard.install`` inside one. The
rules are pure functions over ``policies.facts``, one a file under ``policies.rules``; see docs/policies.md.
"""
