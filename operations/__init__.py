"""What people and CI run around the program: the gate before an update, and the pages about the rules.

``python -m operations.gate`` judges a preview or a state with the policies, and
``python -m operations.rule_pages`` writes docs/rules. Both use
the rules' own metadata, so nothing here decides what is allowed.
"""
