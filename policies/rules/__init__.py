"""The rules, one a file. ``policies.rule.load_rules`` finds them."""
