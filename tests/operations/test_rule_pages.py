"""The pages about the rules say what the rules say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from operations.rule_pages import CasesError, render_pages
from policies.rule import Rule, load_rules
from tests.conftest import REPOSITORY

PAGES = REPOSITORY / "docs" / "rules"


def test_the_pages_in_the_repository_are_what_make_docs_would_write() -> None:
    wanted = render_pages(load_rules())
    present = {path.name: path.read_text(encoding="utf-8") for path in PAGES.iterdir()}

    assert sorted(present) == sorted(wanted), "run `make docs`"
    assert [name for name in wanted if wanted[name] != present[name]] == [], "run `make docs`"


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_a_page_has_every_word_of_its_rule_and_two_examples_that_can_be_read(rule: Rule) -> None:
    page = render_pages([rule])[f"{rule.id}.md"]

    for text in (rule.title, rule.why, rule.law, rule.source, rule.fix, *rule.references):
        assert text in page
    assert rule.exception[1:] in page
    examples = page.split("```yaml\n")[1:]
    assert len(examples) == 2
    for example in examples:
        node = yaml.compose(example.partition("```")[0])
        assert "resources" in {key.value for key, _ in node.value}


def test_every_rule_is_in_the_index() -> None:
    index = render_pages(load_rules())["README.md"]

    assert all(f"({rule.id}.md)" in index for rule in load_rules())


def test_marks_of_a_case_survive_on_its_page(tmp_path: Path) -> None:
    (tmp_path / "some-rule.yaml").write_text(
        "x: &a [!unknown '']\n"
        "pass: [{says: fine, resources: *a}]\n"
        "fail: [{says: a secret, resources: [{p: !secret hush}]}]\n"
    )
    rule = replace(load_rules()[0], id="some-rule")

    page = render_pages([rule], tmp_path)["some-rule.md"]

    assert '!unknown ""' in page
    assert '!secret "hush"' in page
    assert "Here: a secret." in page


@pytest.mark.parametrize("text", ["", "pass: []\nfail: []", "pass: [{says: x}]", "{"])
def test_a_rule_without_cases_has_no_page(tmp_path: Path, text: str) -> None:
    (tmp_path / "some-rule.yaml").write_text(text)

    with pytest.raises(CasesError, match=r"some-rule\.yaml must hold a case under pass and one under fail"):
        render_pages([replace(load_rules()[0], id="some-rule")], tmp_path)
