"""The program: settings in, one regional stack out. The engine runs ``infra/__main__.py``."""
