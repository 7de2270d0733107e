"""Acceptances: a named person lets a model be served that the catalogue does not simply approve, until a
date.

They stand in ``policies/acceptances.yaml``. An acceptance that is malformed, expired or runs too long is no
acceptance; ``problems`` says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final, cast

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from catalog.strict_yaml import YamlError, read

__all__ = [
    "ACCEPTABLE_RULES",
    "DEFAULT_PATH",
    "MAX_DAYS",
    "Acceptance",
    "Acceptances",
    "load_acceptances",
]

ACCEPTABLE_RULES: Final = frozenset({"model-ip"})
"""Rules that can be accepted at all. Residency cannot: no signature moves data back across a border."""

MAX_DAYS: Final = 180
"""An acceptance may run this many days from today at most; then somebody must look again."""

DEFAULT_PATH: Final = Path(__file__).with_name("acceptances.yaml")

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Acceptance(BaseModel):
    """One accepted risk. ``expires`` is the last day on which it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: _Line
    """Id of the rule, one of ``ACCEPTABLE_RULES``."""
    subject: _Line
    """What is accepted; for ``model-ip`` the exact model id."""
    jurisdiction: _Line
    """Code of the jurisdiction it holds in; one entry for each."""
    owner: _Line
    """The person who answers for it."""
    reason: _Line
    ticket: _Line
    """Where the decision can be read."""
    expires: date
    """ISO date, the last day on which it holds."""

    def problem_on(self, today: date) -> str | None:
        """Return why this acceptance does not hold on a day, or None if it holds."""
        if self.rule not in ACCEPTABLE_RULES:
            return (
                f"the rule {self.rule!r} cannot be accepted; only {', '.join(sorted(ACCEPTABLE_RULES))} can"
            )
        if self.expires < today:
            return f"it expired on {self.expires.isoformat()}"
        if self.expires > today + timedelta(days=MAX_DAYS):
            return f"it runs until {self.expires.isoformat()}, more than {MAX_DAYS} days from today"
        return None


@dataclass(frozen=True, slots=True)
class Acceptances:
    """What a file of acceptances says on one day."""

    live: tuple[Acceptance, ...] = ()
    """The entries that hold."""
    problems: tuple[str, ...] = ()
    """Why the other entries do not hold, a line each."""


def load_acceptances(today: date, path: Path = DEFAULT_PATH) -> Acceptances:
    """Read a file of acceptances and judge it on a day.

    Nothing here raises: an entry, or a whole file, that cannot be read accepts nothing and is listed in
    ``problems``.
    """
    try:
        document = read(path)
    except (YamlError, OSError, UnicodeDecodeError) as error:
        return Acceptances(problems=(f"{path.name} cannot be read, so nothing is accepted: {error}",))
    if not isinstance(document, dict):
        return Acceptances(problems=(f"{path.name} must hold one key, acceptances, with a list",))
    content = cast("dict[object, object]", document)
    entries = content.get("acceptances")
    if set(content) != {"acceptances"} or not isinstance(entries, list):
        return Acceptances(problems=(f"{path.name} must hold one key, acceptances, with a list",))
    return _judge(cast("list[object]", entries), today, path.name)


def _judge(entries: Iterable[object], today: date, file_name: str) -> Acceptances:
    live: list[Acceptance] = []
    problems: list[str] = []
    for index, entry in enumerate(entries):
        try:
            acceptance = Acceptance.model_validate(entry)
        except ValidationError as error:
            mistakes = "; ".join(
                f"{'.'.join(map(str, line['loc']))}: {line['msg']}" for line in error.errors()
            )
            problems.append(f"{file_name} entry {index + 1} is malformed: {mistakes}")
            continue
        problem = acceptance.problem_on(today)
        if problem is None:
            live.append(acceptance)
        else:
            problems.append(f"{file_name} entry {index + 1} ({acceptance.subject}) does not hold: {problem}")
    return Acceptances(tuple(live), tuple(problems))
