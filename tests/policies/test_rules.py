"""Every rule, on every case, seen as plain facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies import rules
from policies.rule import ResourceRule, RuleError, StackRule, load_rules
from tests.policies.stacks import CASES, Case, cases, violations_of


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_a_stack_breaks_exactly_the_rule_it_should(case: Case) -> None:
    violations = violations_of(case.stack(), case.context())

    assert case.told(v.rule for v in violations) == case.broken, [v.found for v in violations]


def test_every_rule_is_shown_both_kept_and_broken() -> None:
    kept = {case.rule for case in cases() if not case.breaks}
    broken = {case.rule for case in cases() if case.breaks}

    assert (
        {rule.id for rule in load_rules()} == kept == broken == {path.stem for path in CASES.glob("*.yaml")}
    )


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_a_reader_learns_from_a_rule_what_why_and_how_to_mend_it(rule: object) -> None:
    assert isinstance(rule, ResourceRule | StackRule)
    for text in (rule.title, rule.why, rule.law, rule.source, rule.fix, rule.exception, *rule.references):
        assert text.strip()
        assert "\n" not in text
    assert not rule.title.endswith(".")
    assert any(each.startswith("EU Cloud Sovereignty Framework SOV-") for each in rule.references)
    assert len(set(rule.references)) == len(rule.references)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "must define RULE"),
        ("from policies.rules.residency import RULE\n", "defines the rule 'residency'"),
    ],
)
def test_a_file_that_does_not_define_its_rule_stops_the_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    name = f"broken_{len(source)}"
    (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])

    with pytest.raises(RuleError, match=message):
        load_rules.__wrapped__()
