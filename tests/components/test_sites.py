"""A regional stack that knows another site of its jurisdiction: what opens for it, and nothing else."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import load_catalog
from components import NameService, RegionalStack, SiblingSite
from components.haproxy import TemplateValueError
from components.platform import Passage, render_egress_gate
from components.router import RouterConfiguration, Sibling, Upstream, render_router

from .recording import Choice, Tree, arguments, programmed, without_secret_marks

SIBLING = Sibling(
    name="eu-ovh-gra11",
    host="eu-ovh-gra11.inference.example.com",
    door="egress-gate.egress.svc.cluster.local",
    port=8501,
)
CONFIGURATION = RouterConfiguration(
    jurisdiction="eu",
    base_urls={"eu": "https://eu.inference.example.com", "uk": "https://uk.inference.example.com"},
    upstreams=(Upstream(name="vllm", host="vllm.inference.svc.cluster.local", port=8000, slots=64),),
)
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


@pytest.fixture(scope="module")
def tree() -> Tree:
    """A site on OVHcloud, named in the DNS of the home site on Scaleway, which it may pass requests to."""
    catalog = load_catalog()

    def build() -> None:
        home = arguments(Choice("eu", "scaleway", "fr-par-2", dns_zone="example.com"), catalog)
        away = replace(
            arguments(Choice("eu", "ovh", "GRA11", registry="registry.eu.example.com/x"), catalog),
            host=SIBLING.host,
            tls_provider=home.tls_provider,
            name_service=NameService(module=home.module, site=home.site),
            siblings=[
                SiblingSite(
                    name="eu",
                    host=home.host,
                    certificate=pulumi.Output.from_input("CERTIFICATE OF EU"),
                    gate_port=8500,
                )
            ],
        )
        RegionalStack("eu-ovh-gra11", away)

    return Tree(programmed("eu", build))


def spec_of(tree: Tree, app: str) -> Any:
    (found,) = (
        item.inputs["spec"]
        for item in tree.of_type(POLICY)
        if item.inputs["metadata"]["name"] == app and "podSelector" in item.inputs["spec"]
    )
    return without_secret_marks(found)


def config_map(tree: Tree, app: str) -> Any:
    (found,) = (
        item.inputs
        for item in tree.of_type("kubernetes:core/v1:ConfigMap")
        if item.inputs["metadata"]["labels"]["app.kubernetes.io/name"] == app
    )
    return without_secret_marks(found)


def ports(rules: Any) -> set[int]:
    return {int(port["port"]) for rule in rules for port in rule["ports"]}


def test_the_router_still_reaches_engines_the_name_server_and_its_gate_alone(tree: Tree) -> None:
    egress = spec_of(tree, "jurisdiction-router")["egress"]
    assert ports(egress) == {53, 8000, 8080, 8500}
    assert all("ipBlock" not in peer for rule in egress for peer in rule["to"])
    (door,) = (rule["to"][0] for rule in egress if ports([rule]) == {8500})
    assert door["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "egress"}
    assert door["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "egress-gate"}


def test_the_gates_way_to_the_site_is_open_to_the_router_and_not_to_models(tree: Tree) -> None:
    opened = {
        rule["from"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]: ports([rule])
        for rule in spec_of(tree, "egress-gate")["ingress"]
    }
    assert opened == {"inference": {8443}, "routing": {8500}}
    services = [item for item in tree.of_type("kubernetes:core/v1:Service") if "egress" in item.name]
    assert [port["port"] for port in services[0].inputs["spec"]["ports"]] == [8443, 8500]


def test_the_router_is_handed_the_certificate_that_it_has_to_believe(tree: Tree) -> None:
    data = config_map(tree, "jurisdiction-router")["data"]
    assert data["eu.pem"] == "CERTIFICATE OF EU"
    assert "ca-file /usr/local/etc/haproxy/eu.pem" in data["haproxy.cfg"]


def test_a_gate_through_which_prompts_go_is_marked_as_one(tree: Tree, eu: Tree) -> None:
    assert config_map(tree, "egress-gate")["metadata"]["labels"]["sovereign.dev/data"] == "personal"
    assert config_map(eu, "egress-gate")["metadata"]["labels"]["sovereign.dev/data"] == "none"


def test_the_name_is_in_the_dns_of_the_home_site_and_the_address_in_its_own_place(tree: Tree) -> None:
    record = tree.only("scaleway:domain/record:Record")
    assert (record.inputs["dnsZone"], record.inputs["name"]) == ("example.com", "eu-ovh-gra11.inference")
    assert tree.of_type("ovh:Domain/zoneRecord:ZoneRecord") == []
    assert tree.only("ovh:index/cloudFloatingIp:CloudFloatingIp").inputs["region"] == "GRA11"


def test_refusals_name_the_sites_own_edge_and_the_home_edge_of_the_other_jurisdiction(tree: Tree) -> None:
    text = config_map(tree, "jurisdiction-router")["data"]["haproxy.cfg"]
    assert f'"base_url":"https://{SIBLING.host}/v1"' in text
    assert '"base_url":"https://uk.inference.example.com/v1"' in text


def test_a_stack_of_one_site_hears_nothing_of_sites(eu: Tree) -> None:
    for app in ("jurisdiction-router", "egress-gate"):
        data = config_map(eu, app)["data"]
        assert list(data) == ["haproxy.cfg"]
        for word in ("sibling", "x-sovereign-hop", "x-sovereign-site", "be_conn_free"):
            assert word not in data["haproxy.cfg"]


def test_a_router_of_several_sites_never_names_an_address_of_another_jurisdiction() -> None:
    text = render_router(replace(CONFIGURATION, site="eu", siblings=[SIBLING]))
    servers = [line.split()[2] for line in text.splitlines() if line.strip().startswith("server ")]
    assert servers == ["vllm.inference.svc.cluster.local:8000", "egress-gate.egress.svc.cluster.local:8501"]


def test_a_router_with_siblings_must_know_which_site_it_is() -> None:
    with pytest.raises(TemplateValueError, match="name of its own site"):
        render_router(replace(CONFIGURATION, siblings=[SIBLING]))


@given(st.text(), st.sampled_from(["name", "host", "door"]))
def test_no_value_of_a_sibling_becomes_a_directive(text: str, field: str) -> None:
    sibling: Sibling = replace(SIBLING, **{field: text})  # pyright: ignore[reportArgumentType]
    honest = render_router(replace(CONFIGURATION, site="eu", siblings=[SIBLING]))
    try:
        rendered = render_router(replace(CONFIGURATION, site="eu", siblings=[sibling]))
    except TemplateValueError:
        return
    assert rendered.count("\n") == honest.count("\n")
    assert len(rendered.split()) == len(honest.split())


@given(st.text(), st.sampled_from(["name", "host"]))
def test_no_value_of_a_passage_becomes_a_directive(text: str, field: str) -> None:
    passage = Passage(name=SIBLING.name, host=SIBLING.host, port=8501)
    honest = render_egress_gate("https://s3.fr-par.scw.cloud", [passage])
    other: Passage = replace(passage, **{field: text})  # pyright: ignore[reportArgumentType]
    try:
        rendered = render_egress_gate("https://s3.fr-par.scw.cloud", [other])
    except TemplateValueError:
        return
    assert len(rendered.split()) == len(honest.split())
