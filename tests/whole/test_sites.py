"""One stack of two sites on two clouds, on the real engine: up, unchanged, in its place, down."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from catalog import load_catalog
from tests.conftest import REPOSITORY, Project

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("whole/sites")]

PACK = ("--policy-pack", str(REPOSITORY / "policies"))
AWAY = "eu-ovh-gra11"
GRA11 = {"cloud": "ovh", "location": "GRA11", "registry": "registry.eu.example.com/sovereign"}
PLACES = ("region", "zone", "regionName", "regions")


def two_sites(project: Project) -> Project:
    """The same stack with a second site, each with a made-up lock."""
    project.configure("sovereign:sites", [GRA11])
    project.lock()
    project.lock(AWAY)
    return project


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shipped stack of the European Union with a second site, up with every policy."""
    project = two_sites(Project.of_repository(tmp_path_factory.mktemp("sites"), "eu"))
    up = project.pulumi("up", "--yes", *PACK)
    assert up.returncode == 0, up.stdout
    assert "sovereign@v" in up.stdout, "the pack ran"
    assert "[mandatory]" not in up.stdout
    return project


def registered(project: Project) -> list[dict[str, Any]]:
    exported = project.pulumi("stack", "export")
    return json.loads(exported.stdout)["deployment"]["resources"]


def configurations(project: Project, app: str) -> dict[str, dict[str, str]]:
    """The HAProxy configurations and what lies beside them, by the name of the site."""
    maps = [item for item in registered(project) if item["type"] == "kubernetes:core/v1:ConfigMap"]
    found = [item for item in maps if app in item["inputs"]["metadata"]["name"]]
    return {AWAY if AWAY in item["urn"] else "eu": item["inputs"]["data"] for item in found}


def test_the_outputs_of_the_contract_speak_of_the_home_site_and_a_table_of_all(stack: Project) -> None:
    outputs = stack.outputs()
    home = {"jurisdiction": "eu", "cloud": "scaleway", "location": "fr-par-2"}
    assert {key: outputs[key] for key in home} == home
    assert outputs["endpoint"] == "https://eu.inference.example.com"
    assert set(outputs["sites"]) == {"eu", AWAY}
    away = outputs["sites"][AWAY]
    assert (away["cloud"], away["location"]) == ("ovh", "GRA11")
    assert away["endpoint"] == f"https://{AWAY}.inference.example.com"
    assert away["gpuNodeType"] == "l4-90"
    assert away["weightsBucket"] != outputs["weightsBucket"]
    assert set(outputs["siteKubeconfigs"]) == {AWAY}
    hidden = stack.pulumi("stack", "output", "--json")
    assert json.loads(hidden.stdout)["siteKubeconfigs"] == "[secret]"
    assert set(outputs["costEstimate"]["sites"]) == {"eu", AWAY}


def test_a_second_up_changes_nothing_and_a_refresh_sees_no_drift(stack: Project) -> None:
    unchanged = stack.pulumi("preview", "--refresh", "--expect-no-changes", *PACK)
    assert unchanged.returncode == 0, unchanged.stdout


def test_both_sites_stand_in_the_jurisdiction_each_by_providers_of_its_own(stack: Project) -> None:
    catalog, seen = load_catalog(), set[str]()
    for item in registered(stack):
        if item["type"].startswith("pulumi:") or not item["custom"]:
            continue
        provider = item["provider"].rpartition("::")[0]
        assert "::default" not in provider
        cloud = {"scaleway": "scaleway", "ovh": "ovh"}.get(item["type"].partition(":")[0])
        if cloud is None:
            assert (AWAY in provider) == (AWAY in item["urn"]), "no object goes to the other site's cluster"
            continue
        for name in PLACES:
            stated = item["inputs"].get(name) or []
            for code in [stated] if isinstance(stated, str) else stated:
                place = catalog.place(cloud, code)
                assert place is not None
                assert place.jurisdiction == "eu", item["urn"]
                seen.add(cloud)
    assert seen == {"scaleway", "ovh"}


def test_each_router_trusts_the_certificate_of_the_other_and_goes_by_its_own_gate(stack: Project) -> None:
    routers, gates = configurations(stack, "jurisdiction-router"), configurations(stack, "egress-gate")
    certificates = {
        "eu" if AWAY not in item["urn"] else AWAY: item["outputs"]["certPem"]
        for item in registered(stack)
        if item["type"] == "tls:index/selfSignedCert:SelfSignedCert"
    }
    for name, other in (("eu", AWAY), (AWAY, "eu")):
        assert routers[name][f"{other}.pem"] == certificates[other]
        assert f"{other}.inference.example.com:443" not in routers[name]["haproxy.cfg"], "never directly"
        assert f"server {other} egress-gate.egress.svc.cluster.local:" in routers[name]["haproxy.cfg"]
        assert f"server {other} {other}.inference.example.com:443" in gates[name]["haproxy.cfg"]
        assert f"{name}.inference.example.com:443" not in gates[name]["haproxy.cfg"]
        assert "uk" not in gates[name]["haproxy.cfg"]


def test_a_site_without_a_lock_gets_its_foundation_and_no_requests(
    sovereign: Callable[[str], Project],
) -> None:
    project = sovereign("eu")
    project.configure("sovereign:sites", [{"cloud": "ovh", "location": "GRA11"}])
    project.lock()
    up = project.up(*PACK)
    assert up.returncode == 0, up.stdout
    assert "No lock for the stack eu-ovh-gra11 in this place yet" in up.stdout
    assert project.cloud("ovh:CloudProject/kube:Kube")
    assert list(configurations(project, "jurisdiction-router")) == ["eu"]
    assert AWAY not in configurations(project, "jurisdiction-router")["eu"]["haproxy.cfg"]
    sites = project.outputs()["sites"]
    assert sites[AWAY]["endpoint"] is None
    assert sites[AWAY]["registry"], "where to mirror to"


@pytest.mark.places
def test_every_cloud_can_be_a_site_of_one_stack(sovereign: Callable[[str], Project]) -> None:
    project = sovereign("eu")
    registry = "registry.eu.example.com/sovereign"
    places = [("ovh", "EU-WEST-PAR"), ("civo", "FRA1"), ("hetzner", "nbg1"), ("scaleway", "pl-waw-2")]
    project.configure(
        "sovereign:sites",
        [{"cloud": cloud, "location": location, "registry": registry} for cloud, location in places],
    )
    names = [f"eu-{cloud}-{location.lower()}" for cloud, location in places]
    for name in (None, *names):
        project.lock(name)
    up = project.up(*PACK)
    assert up.returncode == 0, up.stdout
    assert "[mandatory]" not in up.stdout
    sites = project.outputs()["sites"]
    assert set(sites) == {"eu", *names}
    assert all(site["endpoint"] == f"https://{name}.inference.example.com" for name, site in sites.items())
    unchanged = project.pulumi("preview", "--expect-no-changes", *PACK)
    assert unchanged.returncode == 0, unchanged.stdout


def test_a_record_that_leads_a_site_elsewhere_is_refused(sovereign: Callable[[str], Project]) -> None:
    """Whoever owns the address behind the name would be sent prompts."""
    project = two_sites(sovereign("eu"))
    project.append_to_program(
        """
        import pulumi_ovh as ovh

        ours = ovh.Provider("ours", endpoint="ovh-eu")
        elsewhere = pulumi.Output.from_input("203.0.113.9")
        ovh.domain.ZoneRecord(
            "elsewhere",
            zone="inference.example.com",
            subdomain="eu-ovh-gra11",
            fieldtype="A",
            target=elsewhere,
            opts=pulumi.ResourceOptions(provider=ours),
        )
        """
    )
    preview = project.pulumi("preview", *PACK)
    assert preview.returncode != 0
    assert "router-sites" in preview.stdout, preview.stdout
    assert "an address that no resource of this stack has" in preview.stdout


def test_a_destroy_leaves_nothing_of_any_site(stack: Project) -> None:
    """The last word on the stack that the tests above have looked at."""
    assert len(stack.cloud()) > 100
    destroyed = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert stack.cloud() == []
