"""What the pack reads of the sites in a stack's configuration."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policies.context import build_context, locks_of_sites
from policies.rules._sites import site_hosts
from policies.sites import DeclaredSite, declared_sites, lock_name, site_name
from tests.policies.stacks import rehearsed

HOME = {"jurisdiction": "eu", "domain": "acme.test"}
GRA11 = {"cloud": "ovh", "location": "GRA11", "registry": "r.test/x"}


def test_the_home_site_comes_first_and_further_ones_are_named_by_cloud_and_location() -> None:
    found = declared_sites({**HOME, "registry": "h.test/y", "sites": json.dumps([GRA11])}.get)

    assert found == (
        DeclaredSite("eu", "eu.acme.test", "h.test/y"),
        DeclaredSite("eu-ovh-gra11", "eu-ovh-gra11.acme.test", "r.test/x"),
    )


@pytest.mark.parametrize("text", ["", "{", "{}", "7", '["GRA11"]', '[{"cloud": 1, "location": "GRA11"}]'])
def test_a_list_that_cannot_be_read_declares_no_site_so_no_name_is_let_through(text: str) -> None:
    found = declared_sites({**HOME, "sites": text}.get)

    assert [each.name for each in found] == ["eu"]
    context = build_context("eu", rehearsal=False, sites=found)
    assert site_hosts(context) == frozenset()


@given(st.text(max_size=60))
def test_no_configuration_breaks_the_pack(text: str) -> None:
    with suppress(RecursionError):
        assert len(declared_sites({**HOME, "sites": text}.get)) >= 1


def test_a_stack_that_states_no_jurisdiction_declares_nothing() -> None:
    assert declared_sites({"domain": "acme.test", "sites": json.dumps([GRA11])}.get) == ()


def test_the_lock_of_a_site_is_named_after_the_stack() -> None:
    name = site_name("eu", "ovh", "EU-WEST-PAR")

    assert name == "eu-ovh-eu-west-par"
    assert lock_name("eu-staging", "eu", name) == "eu-staging-ovh-eu-west-par"
    assert lock_name("eu-staging", "eu", "eu") == "eu-staging"


def _write(directory: Path, name: str, **changes: Any) -> None:
    image = {"repository": "r.test/rehearsal/haproxy", "digest": f"sha256:{'0' * 64}"}
    lock = {
        "rehearsal": True,
        "stack": name,
        "jurisdiction": "eu",
        "images": {"haproxy": image},
        "models": {},
    }
    (directory / "locks").mkdir(exist_ok=True)
    (directory / "locks" / f"{name}.yaml").write_text(yaml.safe_dump(lock | changes))


def test_locks_of_further_sites_count_and_one_of_somebody_else_does_not(tmp_path: Path) -> None:
    sites = declared_sites({**HOME, "sites": json.dumps([GRA11, {"cloud": "civo", "location": "FRA1"}])}.get)
    environment = rehearsed(tmp_path)
    _write(tmp_path, "dev-ovh-gra11")
    _write(tmp_path, "dev-civo-fra1", stack="other")

    found = locks_of_sites("dev", "eu", sites, environment)

    assert [lock.stack for lock in found] == ["dev-ovh-gra11"]
