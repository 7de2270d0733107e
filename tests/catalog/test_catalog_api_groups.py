"""The API groups of which somebody has said that they serve no model."""

from __future__ import annotations

import re
from pathlib import Path

import pulumi_kubernetes
import pytest

from catalog import Catalog, GroupKind
from policies.models.serving import SERVING_GROUPS
from tests.catalog.test_catalog_mistakes import Spoil, refusal

_MODULE = re.compile(r'"mod": "(?P<group>[a-z0-9.]+)')


def test_every_group_of_the_installed_kubernetes_sdk_is_listed_and_nothing_else_passes_for_one(
    catalog: Catalog,
) -> None:
    """An upgrade of the SDK that brings a new group fails here, before a rule refuses it in a preview."""
    source = Path(pulumi_kubernetes.__file__).read_text(encoding="utf-8")
    installed = {found["group"] for found in _MODULE.finditer(source)}
    own = {
        row.group
        for row in catalog.api_groups.values()
        if row.kind in {GroupKind.BUILT_IN, GroupKind.RENDERING}
    }

    assert {"apps", "batch", "core"} < installed
    assert installed == own


def test_no_group_that_can_name_a_model_is_listed(catalog: Catalog) -> None:
    """Model servers, and what installs charts or applies manifests."""
    for group in ("helm.cattle.io", "argoproj.io", "helm.toolkit.fluxcd.io", "llm.example.org"):
        assert catalog.api_group(group) is None
    assert not [group for group in catalog.api_groups if f"{group}/".startswith(SERVING_GROUPS)]


@pytest.mark.parametrize("name", ["Cert-Manager.io", "cert-manager.io.", "x.cert-manager.io", ""])
def test_a_group_is_known_by_its_exact_name_alone(catalog: Catalog, name: str) -> None:
    assert catalog.api_group("cert-manager.io") is not None
    assert catalog.api_group(name) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{group: cilium.io,", "{group: cert-manager.io,", "cert-manager.io"),
        ("project: Cilium, kind: operations", "project: Cilium, kind: harmless", "kind"),
    ],
)
def test_a_mistake_in_the_list_of_groups_is_named(spoil: Spoil, old: str, new: str, message: str) -> None:
    text = refusal(spoil("api_groups.yaml", old, new))

    assert "api_groups.yaml" in text
    assert message in text
