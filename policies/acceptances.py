"""Acceptances: a named person lets one thing be that a rule refuses, until a date.

They stand in ``policies/acceptances.yaml``. An acceptance that is malformed, expired or runs too long is no
acceptance, and a problem of the stack: ``problems`` says why. Which rules can be accepted at all is said
here and in each rule; crossing a border cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)

from catalog.strict_yaml import YamlError, read
from policies.facts import Resource

__all__ = [
    "ACCEPTABLE_RULES",
    "DEFAULT_PATH",
    "MAX_DAYS",
    "MODEL_RULES",
    "WARNING_DAYS",
    "Acceptance",
    "Acceptances",
    "Problem",
    "ResourceSubject",
    "accepted",
    "judge",
    "load_acceptances",
]

ACCEPTABLE_RULES: Final = frozenset({"model-ip"})
"""Rules that can be accepted at all; a rule on this list says ``acceptable=True`` itself, and no other does.

Residency cannot: no signature moves data back across a border. Nor can hyperscalers, images, call home and
the router: each has an honest way that costs less than an exception.
"""

MODEL_RULES: Final = frozenset({"model-ip"})
"""Those whose subject is a model, wherever it is served. The subject of any other is one resource."""

MAX_DAYS: Final = 180
"""An acceptance may run this many days from today at most; then somebody must look again."""

WARNING_DAYS: Final = 14
"""From this many days before its last day on, an acceptance is said to end soon."""

DEFAULT_PATH: Final = Path(__file__).with_name("acceptances.yaml")

_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\r\n]*$")]


def _day(value: object) -> date:
    """Take a date or its ISO text, nothing else: a number would be a day of 1970, a time has no last day."""
    if type(value) is date:
        return value
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        return date.fromisoformat(value)
    message = "must be an ISO date such as 2027-03-31"
    raise ValueError(message)


_KINDS: Final = frozenset({"model", "resource"})


def _kind_of_subject(value: object) -> str:
    return "resource" if isinstance(value, dict | ResourceSubject) else "model"


class ResourceSubject(BaseModel):
    """One resource. Both must fit, so that neither a rename nor another resource of its name inherits it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urn: _Line
    """The whole URN, ``urn:pulumi:<stack>::<project>::<types>::<name>``."""
    type: _Line
    """The type token; the URN says the same."""

    @model_validator(mode="after")
    def _agree(self) -> ResourceSubject:
        parts = self.urn.split("::", 3)
        if not self.urn.startswith("urn:pulumi:") or len(parts) != 4 or not all(parts):
            message = "urn must read urn:pulumi:<stack>::<project>::<types>::<name>"
            raise ValueError(message)
        if parts[2].rpartition("$")[2] != self.type:
            message = f"urn is of the type {parts[2].rpartition('$')[2]}, not of {self.type}"
            raise ValueError(message)
        return self

    def __str__(self) -> str:
        return f"{self.type} {self.urn}"


class Acceptance(BaseModel):
    """One accepted risk. ``expires`` is the last day on which it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: _Line
    """Id of the rule, one of ``ACCEPTABLE_RULES``."""
    subject: Annotated[
        Annotated[_Line, Tag("model")] | Annotated[ResourceSubject, Tag("resource")],
        Discriminator(_kind_of_subject),
    ]
    """What is accepted: the exact model id for a rule about models, else one resource by URN and type."""
    jurisdiction: _Line
    """Code of the jurisdiction it holds in; one entry for each."""
    owner: _Line
    """The person who answers for it."""
    reason: _Line
    ticket: _Line
    """Where the decision can be read."""
    expires: Annotated[date, BeforeValidator(_day)]
    """ISO date, the last day on which it holds."""

    def problem_on(self, today: date) -> str | None:
        """Return why this acceptance does not hold on a day, or None if it holds."""
        if self.rule not in ACCEPTABLE_RULES:
            return (
                f"the rule {self.rule!r} cannot be accepted; only {', '.join(sorted(ACCEPTABLE_RULES))} can"
            )
        if isinstance(self.subject, str) != (self.rule in MODEL_RULES):
            wanted = "the exact model id" if self.rule in MODEL_RULES else "a resource, as urn and type"
            return f"the subject of {self.rule} must be {wanted}"
        if self.expires < today:
            return f"it expired on {self.expires.isoformat()}"
        if self.expires > today + timedelta(days=MAX_DAYS):
            return f"it runs until {self.expires.isoformat()}, more than {MAX_DAYS} days from today"
        return None

    def days_left(self, today: date) -> int:
        """Return for how many days after this one it holds: 0 on its last day."""
        return (self.expires - today).days


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an entry, or the whole file, accepts nothing."""

    text: str
    jurisdiction: str | None
    """The jurisdiction that the entry names; None if that cannot be told, so that it concerns every stack."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Acceptances:
    """What a file of acceptances says on one day."""

    live: tuple[Acceptance, ...] = ()
    """The entries that hold."""
    problems: tuple[Problem, ...] = ()
    """Why the other entries do not hold."""

    def problems_in(self, jurisdiction: str | None, known: Iterable[str]) -> tuple[str, ...]:
        """Return the problems that a stack of a jurisdiction must mend, a line each.

        Those of another known jurisdiction are left to its own stacks.
        """
        codes = frozenset(known)
        nowhere = (
            f"the acceptance of {each.subject} names the jurisdiction {each.jurisdiction!r}; allowed: "
            f"{', '.join(sorted(codes))}"
            for each in self.live
            if each.jurisdiction not in codes
        )
        mine = (each.text for each in self.problems if each.jurisdiction not in codes - {jurisdiction})
        return (*mine, *nowhere)


def accepted(
    acceptances: Iterable[Acceptance],
    *,
    rule: str,
    jurisdiction: str,
    today: date,
    subject: Resource | str,
) -> Acceptance | None:
    """Return the acceptance that lifts a rule for a subject, or None.

    ``subject`` is the exact model id for a rule about models, else the resource: it must have the URN *and*
    the type that the acceptance names.
    """
    for acceptance in acceptances:
        if (
            acceptance.rule == rule
            and acceptance.jurisdiction == jurisdiction
            and _is_about(acceptance, subject)
            and acceptance.problem_on(today) is None
        ):
            return acceptance
    return None


def _is_about(acceptance: Acceptance, subject: Resource | str) -> bool:
    named = acceptance.subject
    if isinstance(named, str) or isinstance(subject, str):
        return named == subject
    return (named.urn, named.type) == (subject.urn, subject.type)


def load_acceptances(today: date, path: Path = DEFAULT_PATH) -> Acceptances:
    """Read a file of acceptances and judge it on a day.

    Nothing here raises: an entry, or a whole file, that cannot be read accepts nothing and is listed in
    ``problems``.
    """
    try:
        document = read(path)
    except (YamlError, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        return _unreadable(f"{path.name} cannot be read, so nothing is accepted: {reason}")
    content = cast("dict[object, object]", document) if isinstance(document, dict) else {}
    entries = content.get("acceptances")
    if set(content) != {"acceptances"} or not isinstance(entries, list):
        return _unreadable(f"{path.name} must hold one key, acceptances, with a list")
    return judge(cast("list[object]", entries), today, path.name)


def _unreadable(text: str) -> Acceptances:
    return Acceptances(problems=(Problem(text, None),))


def judge(entries: Iterable[object], today: date, file_name: str = DEFAULT_PATH.name) -> Acceptances:
    """Judge the entries of a file on a day, as ``load_acceptances`` does once it has read them."""
    live: list[Acceptance] = []
    problems: list[Problem] = []
    for index, entry in enumerate(entries, start=1):
        try:
            acceptance = Acceptance.model_validate(entry)
        except ValidationError as error:
            text = f"{file_name} entry {index} is malformed, so it counts as expired: {_mistakes(error)}"
            problems.append(Problem(text, _stated_jurisdiction(entry)))
            continue
        problem = acceptance.problem_on(today)
        if problem is None:
            live.append(acceptance)
        else:
            which = f"{file_name} entry {index} ({acceptance.rule}: {acceptance.subject})"
            problems.append(Problem(f"{which} does not hold: {problem}", acceptance.jurisdiction))
    return Acceptances(tuple(live), tuple(problems))


def _mistakes(error: ValidationError) -> str:
    lines = (
        f"{'.'.join(str(part) for part in line['loc'] if part not in _KINDS) or 'entry'}: {line['msg']}"
        for line in error.errors()
    )
    return " ".join("; ".join(lines).split())


def _stated_jurisdiction(entry: object) -> str | None:
    if not isinstance(entry, dict):
        return None
    stated = cast("dict[object, object]", entry).get("jurisdiction")
    return stated if isinstance(stated, str) else None
