"""Inline Python in a command: what it may do without anybody having to wonder what it loads."""

from __future__ import annotations

import ast
import sys
from typing import Final

__all__ = ["python_problem"]

_REFUSED_MODULES: Final = frozenset(
    {
        "_posixsubprocess",
        "builtins",
        "code",
        "codeop",
        "ctypes",
        "doctest",
        "ensurepip",
        "importlib",
        "marshal",
        "multiprocessing",
        "pdb",
        "pickle",
        "pkgutil",
        "posix",
        "profile",
        "pty",
        "runpy",
        "shelve",
        "subprocess",
        "timeit",
        "trace",
        "venv",
        "zipimport",
    }
)
"""Modules of the standard library that start programs or load code given as data."""

_REFUSED_NAMES: Final = frozenset(
    {
        *("__builtins__", "__import__", "__loader__", "compile", "delattr", "eval", "exec", "getattr"),
        *("globals", "locals", "setattr", "vars"),
    }
)
_REFUSED_ATTRIBUTES: Final = (
    *("create_subprocess", "exec", "fork", "load_module", "modules", "popen", "posix_spawn", "run_in"),
    *("spawn", "startfile", "subprocess", "system"),
)
"""How the names of functions and attributes begin that lead to other programs or to code given as data."""


def python_problem(code: str) -> str:
    """Return why a piece of inline Python may load a model or start a server, or an empty text.

    It may use the standard library, and neither start another program nor run code that it computes.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "its inline Python cannot be parsed"
    for node in ast.walk(tree):
        problem = _problem(node)
        if problem:
            return problem
    return ""


def _problem(node: ast.AST) -> str:
    match node:
        case ast.Import(names=names):
            return next(filter(None, (_of_module(each.name) for each in names)), "")
        case ast.ImportFrom(module=module, names=names, level=level):
            if level or module is None:
                return (
                    "its inline Python imports a module outside the standard library, which may load a model"
                )
            return _of_module(module) or next(filter(None, (_of_name(each.name) for each in names)), "")
        case ast.Name(id=name) if name in _REFUSED_NAMES:
            return _computes(name)
        case ast.Attribute(attr=name):
            return _of_name(name)
        case _:
            return ""


def _of_module(name: str) -> str:
    top = name.partition(".")[0]
    if top in _REFUSED_MODULES:
        return _computes(top)
    if top not in sys.stdlib_module_names:
        return "its inline Python imports a module outside the standard library, which may load a model"
    return ""


def _of_name(name: str) -> str:
    if name == "*" or name.startswith(_REFUSED_ATTRIBUTES) or (name.startswith("__") and name.endswith("__")):
        return _computes(name)
    return ""


def _computes(name: str) -> str:
    return f"its inline Python uses {name}, by which it can start any program"
