"""Reading one catalogue file into rows, with every mistake named by file and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from catalog._source import Source
from catalog.strict_yaml import YamlError, parse

__all__ = ["describe", "read_rows"]

Row = TypeVar("Row", bound=BaseModel)

_SHOWN = 60


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _step(part: int | str, *, first: bool) -> str:
    """Return how a key is appended to a path: ``.files``, ``[0]``, ``[mistralai/Mistral-7B]``."""
    if isinstance(part, str) and part.replace("-", "_").isidentifier():
        return part if first else f".{part}"
    return f"[{part}]"


def describe(error: ValidationError, key: str) -> list[str]:
    """Return one line for each mistake of ``error``: ``key.sub[0]: what is wrong (found …)``."""
    lines: list[str] = []
    for mistake in error.errors(include_url=False):
        where = key
        for part in mistake["loc"]:
            where += _step(part, first=not where)
        where = where or "the document"
        message = mistake["msg"].removeprefix("Value error, ")
        if mistake["type"] == "missing":
            lines.append(f"{where}: missing")
        elif mistake["type"] == "extra_forbidden":
            lines.append(f"{where}: no such key")
        elif isinstance(mistake["input"], Mapping):
            lines.append(f"{where}: {message}")
        else:
            lines.append(f"{where}: {message} (found {_shown(mistake['input'])})")
    return lines


class _Sources:
    """The ``sources`` table of one file; rows name an entry of it instead of repeating document and date."""

    def __init__(self, raw: object, file: str, mistakes: list[str]) -> None:
        self._file = file
        self._mistakes = mistakes
        self._table: dict[str, Source] = {}
        self._used: set[str] = set()
        if not isinstance(raw, Mapping):
            mistakes.append(f"{file}: sources: expected a mapping of name to ref, date and checked")
            return
        for name, fields in cast("Mapping[str, object]", raw).items():
            try:
                self._table[name] = Source.model_validate(fields)
            except ValidationError as error:
                mistakes.extend(f"{file}: {line}" for line in describe(error, f"sources.{name}"))

    def resolve(self, value: object, key: str) -> object:
        """Return ``value`` with every ``source: name`` inside it replaced by the entry of that name."""
        if isinstance(value, Mapping):
            fields = cast("Mapping[str, object]", value)
            return {name: self._field(name, inner, f"{key}.{name}") for name, inner in fields.items()}
        if isinstance(value, list):
            items = cast("list[object]", value)
            return [self.resolve(item, f"{key}[{index}]") for index, item in enumerate(items)]
        return value

    def _field(self, name: str, value: object, key: str) -> object:
        if name != "source" or not isinstance(value, str):
            return self.resolve(value, key)
        self._used.add(value)
        if value not in self._table:
            allowed = ", ".join(sorted(self._table)) or "none"
            message = f"{key}: no source {value!r} in this file (there are: {allowed})"
            self._mistakes.append(f"{self._file}: {message}")
            return value
        return self._table[value]

    def report_unused(self) -> None:
        for name in sorted(self._table.keys() - self._used):
            self._mistakes.append(f"{self._file}: sources.{name}: no row uses this source; remove it")


def _document(file: Traversable, shown: str, mistakes: list[str]) -> Mapping[str, Any]:
    try:
        document = parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        mistakes.append(f"{shown}: the file is missing")
        return {}
    except (YamlError, UnicodeDecodeError) as error:
        mistakes.append(f"{shown}: {error}")
        return {}
    if not isinstance(document, Mapping):
        mistakes.append(f"{shown}: expected a mapping at the top")
        return {}
    return cast("Mapping[str, Any]", document)


def _row_name(raw: object, row_key: str, index: int) -> str:
    if not isinstance(raw, Mapping):
        return str(index)
    return str(cast("Mapping[str, object]", raw).get(row_key, index))


def read_rows(
    root: Traversable, path: str, section: str, row_type: type[Row], row_key: str, mistakes: list[str]
) -> tuple[Row, ...]:
    """Read the rows under ``section`` of the file ``path`` below ``root``.

    Mistakes are appended to ``mistakes`` as ``path: section[row].key: …``; a row with a mistake is left out.
    ``row_key`` is the field that names a row; two rows of one name are a mistake.
    """
    before = len(mistakes)
    document = _document(root.joinpath(*path.split("/")), path, mistakes)
    if len(mistakes) > before:
        return ()
    for key in document.keys() - {"sources", section}:
        mistakes.append(f"{path}: {key}: no such key; a file holds sources and {section}")
    raw_rows = document.get(section)
    if not isinstance(raw_rows, list):
        mistakes.append(f"{path}: {section}: expected a list of rows")
        return ()
    sources = _Sources(document.get("sources"), path, mistakes)
    rows: dict[str, Row] = {}
    for index, raw in enumerate(cast("Sequence[object]", raw_rows)):
        name = _row_name(raw, row_key, index)
        key = f"{section}[{name}]"
        unresolved = len(mistakes)
        resolved = sources.resolve(raw, key)
        if len(mistakes) > unresolved:
            continue
        try:
            row = row_type.model_validate(resolved)
        except ValidationError as error:
            mistakes.extend(f"{path}: {line}" for line in describe(error, key))
            continue
        if name in rows:
            mistakes.append(f"{path}: {key}: given twice")
            continue
        rows[name] = row
    sources.report_unused()
    return tuple(rows.values())
