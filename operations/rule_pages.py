"""`python -m operations.rule_pages`: a page for every rule under docs/rules, from the rule's own words.

Each page shows one stack that breaks the rule and one that keeps it: the first of each list in
tests/policies/cases/<id>.yaml, which every test run judges. ``--check`` writes nothing and ends with 1 if a
page is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer
import yaml

from policies.rule import ResourceRule, Rule, load_rules

__all__ = ["CasesError", "main", "render_pages"]

_REPOSITORY: Final = Path(__file__).parent.parent
_PAGES: Final = _REPOSITORY / "docs" / "rules"
_CASES: Final = _REPOSITORY / "tests" / "policies" / "cases"
_WIDTH: Final = 100
_SAYS: Final = "says"


class CasesError(Exception):
    """A rule has no cases to show, or they cannot be read."""


@dataclass(frozen=True, slots=True)
class _Marked:
    """A value with a YAML tag, such as ``!unknown``, kept as it is written."""

    tag: str
    value: object


class _Loader(yaml.SafeLoader):
    """Reads cases with their marks."""


class _Dumper(yaml.SafeDumper):
    """Writes cases with their marks, every shorthand written out."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value in full: a page shows one case, without its file's shorthands."""
        return True


def _construct(loader: _Loader, suffix: str, node: yaml.Node) -> _Marked:
    value: object = loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None
    return _Marked("!" + suffix, value)


def _represent(dumper: _Dumper, marked: _Marked) -> yaml.Node:
    return yaml.ScalarNode(marked.tag, str(marked.value or ""), style='"')


# The stubs of PyYAML leave the constructor's type open.
_Loader.add_multi_constructor("!", _construct)  # pyright: ignore[reportUnknownMemberType]
_Dumper.add_representer(_Marked, _represent)


def render_pages(rules: Sequence[Rule], cases: Path = _CASES) -> Mapping[str, str]:
    """Return the text of each page by file name, the index (README.md) among them.

    Raises:
        CasesError: a rule has no case that keeps it, or none that breaks it.
    """
    pages = {f"{rule.id}.md": _page(rule, cases / f"{rule.id}.yaml") for rule in rules}
    return {"README.md": _index(rules), **pages}


def _index(rules: Sequence[Rule]) -> str:
    rows = (
        f"| [`{rule.id}`]({rule.id}.md) | {_cell(rule.title)} | {rule.severity.value} | {_effect(rule)} |"
        for rule in rules
    )
    return "\n".join(
        (
            "# The rules",
            "",
            "Written by `make docs` from the rules; [policies.md](../policies.md) says how they run.",
            "",
            "| id | what must hold | severity | a breach |",
            "|---|---|---|---|",
            *rows,
            "",
            "The examples are cases of the tests, under `tests/policies/cases/`. A resource has an explicit "
            "provider unless it says otherwise, and the stack is one of the EU. `!unknown` marks a value "
            "that is only known after the update, `!secret` one that nobody may print.",
            "",
        )
    )


def _page(rule: Rule, path: Path) -> str:
    broken, kept = _examples(path)
    decided = (
        "on each resource by its inputs, before it is created"
        if isinstance(rule, ResourceRule)
        else "on the stack as a whole, after its resources"
    )
    acceptable = "yes, by an entry in `policies/acceptances.yaml`" if rule.acceptable else "no"
    parts = [
        f"# {rule.id}",
        f"**{rule.title}.**",
        _sentence(rule.why),
        "\n".join(
            (
                "| | |",
                "|---|---|",
                f"| family | {rule.family.value} |",
                f"| severity | {rule.severity.value} |",
                f"| a breach | {_effect(rule)} |",
                f"| decided | {decided} |",
                f"| can be accepted | {acceptable} |",
            )
        ),
        "## What it rests on",
        _sentence(rule.law),
    ]
    if rule.source:
        parts.append(f"Source: {_sentence(rule.source)}")
    if rule.references:
        parts.append("\n".join(("It serves:", "", *(f"- {reference}" for reference in rule.references))))
    parts += [
        "## How to fix a breach",
        _sentence(rule.fix),
        "## How to ask for an exception",
        _sentence(rule.exception[:1].upper() + rule.exception[1:]),
        "## A stack that breaks it",
        *broken,
        "## A stack that keeps it",
        *kept,
        f"More of both: `tests/policies/cases/{rule.id}.yaml`; [how to read them](README.md).",
    ]
    return "\n\n".join(parts) + "\n"


def _effect(rule: Rule) -> str:
    return "is shown and blocks nothing" if rule.advisory else "blocks the update"


def _examples(path: Path) -> tuple[Sequence[str], Sequence[str]]:
    try:
        document = cast("Mapping[str, Any]", _Loader(path.read_text(encoding="utf-8")).get_single_data())
        return _example(document["fail"][0]), _example(document["pass"][0])
    except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError) as error:
        message = f"{path} must hold a case under pass and one under fail: {error!r}"
        raise CasesError(message) from error


def _example(case: Mapping[str, Any]) -> Sequence[str]:
    shown = {key: value for key, value in case.items() if key != _SAYS}
    text = yaml.dump(
        shown, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )
    says: str = case[_SAYS]
    return _sentence(f"Here: {says}"), f"```yaml\n{text}```"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# Without typer's own tracebacks: they print local variables, secrets among them.
_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@_app.command()
def run(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a page is out of date.")
    ] = False,
) -> None:
    """Write docs/rules."""
    try:
        wanted = render_pages(load_rules())
    except CasesError as error:
        sys.exit(f"rule pages: {error}")
    present = {path.name: path.read_text(encoding="utf-8") for path in sorted(_PAGES.glob("*.md"))}
    if check:
        stale = sorted(name for name in {*wanted, *present} if wanted.get(name) != present.get(name))
        if stale:
            sys.exit(f"docs/rules is out of date: {', '.join(stale)}; run `make docs`")
        return
    _PAGES.mkdir(parents=True, exist_ok=True)
    for name in sorted(set(present) - set(wanted)):
        (_PAGES / name).unlink()
    for name, text in wanted.items():
        if present.get(name) != text:
            (_PAGES / name).write_text(text, encoding="utf-8")
    print(f"{len(wanted) - 1} rules in {_PAGES.relative_to(_REPOSITORY)}")


def main() -> None:
    """Entry point."""
    _app()


if __name__ == "__main__":
    main()
