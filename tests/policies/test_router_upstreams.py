"""Proxies of any make: wherever another jurisdiction's host is written as an upstream, it is found."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.context import build_context
from policies.rules.router_upstreams import RULE
from policies.sites import DeclaredSite
from tests.policies.stacks import TODAY, explicit_provider, resource

CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)
KNOWN: Final = build_context(
    "eu", rehearsal=False, today=TODAY, sites=[DeclaredSite("eu", "eu.inference.test")]
)
CONFIG_MAP: Final = "kubernetes:core/v1:ConfigMap"


def found(type_token: str, properties: dict[str, Any], context: Any = CONTEXT) -> list[str]:
    """What the rule finds in one object."""
    each = resource(type_token, "o", properties, provider=explicit_provider("kubernetes"))
    return [violation.found for violation in RULE.check(each, context)]


def _envoy(host: str) -> dict[str, Any]:
    address = {"socket_address": {"address": host, "port_value": 443}}
    return {
        "static_resources": {
            "clusters": [
                {"load_assignment": {"endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}}
            ]
        }
    }


def _container(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "c", **fields}]}}


MAKES: Final[list[Callable[[str], str]]] = [
    "upstream u {{ server vllm.inference.svc:8000; server {}:443 backup; }}".format,
    "upstream u {{\n  zone z 64k;\n  server\n  {} weight=5\n max_fails=1;\n}}".format,
    "server {{ location / {{ proxy_pass https://{}; }} }}".format,
    "server {{ location / {{ proxy_pass\t'https://{}/v1/' ; }} }}".format,
    "server {{ location / {{ set $u {}; proxy_pass https://$u$request_uri; }} }}".format,
    "server {{ location / {{ set $u {}; set $v $u; proxy_pass https://${{v}}; }} }}".format,
    'map $a $u {{ default vllm.a.svc; "~x" "{}"; }} location / {{ proxy_pass https://$u; }}'.format,
    "split_clients $a $u {{ 50% {}; * vllm.a.svc; }} location / {{ proxy_pass https://$u; }}".format,
    "location / {{ grpc_pass grpcs://{}:443; }}".format,
    "location / {{ return 307 https://{}$request_uri; }}".format,
    "rewrite ^/(.*)$ https://{}/$1 redirect;".format,
    ":80 {{\n  reverse_proxy /v1/* vllm.inference.svc:8000 https://{}\n}}".format,
    lambda host: json.dumps(_envoy(host)),
    lambda host: yaml.safe_dump(_envoy(host)),
    lambda host: yaml.safe_dump({"x": {"loadBalancer": {"servers": [{"url": f"https://{host}/"}]}}}),
    "[[http.services.a.loadBalancer.servers]]\nurl = 'https://{}'\n".format,
]
HOLDERS: Final[list[Callable[[str], tuple[str, dict[str, Any]]]]] = [
    lambda text: (CONFIG_MAP, {"data": {"a.conf": text}}),
    lambda text: (CONFIG_MAP, {"binaryData": {"a": base64.b64encode(text.encode()).decode()}}),
    lambda text: ("kubernetes:core/v1:Secret", {"stringData": {"a.conf": text}}),
    lambda text: ("kubernetes:core/v1:Pod", _container(env=[{"name": "CONF", "value": f"\n{text}"}])),
    lambda text: (
        "kubernetes:core/v1:Pod",
        _container(command=["sh", "-c", f"cat > f <<E\n{text}\nE\nexec x"]),
    ),
]
ABROAD: Final = [
    "uk.inference.example.com",
    "UK.inference.example.com.",
    "edge.uk.example.net",
    "uk-civo-lon1.example.com",
]


@given(st.sampled_from(HOLDERS), st.sampled_from(MAKES), st.sampled_from(ABROAD))
@settings(max_examples=300, deadline=None)
def test_no_make_of_proxy_and_no_place_to_configure_it_leads_to_the_other_jurisdiction(
    hold: Callable[[str], tuple[str, dict[str, Any]]], make: Callable[[str], str], host: str
) -> None:
    assert found(*hold(make(host)))


@given(st.sampled_from(HOLDERS), st.sampled_from(MAKES))
@settings(max_examples=200, deadline=None)
def test_the_same_configurations_pass_when_they_stay_in_the_cluster(
    hold: Callable[[str], tuple[str, dict[str, Any]]], make: Callable[[str], str]
) -> None:
    assert not found(*hold(make("vllm.inference.svc.cluster.local")))


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    found(CONFIG_MAP, {"data": {"a": f"upstream u {{ server {text}; }} proxy_pass {text};"}})


@pytest.mark.parametrize(
    ("host", "passes"),
    [
        ("eu.inference.test", True),
        ("eu-ovh-gra11.inference.test", True),
        ("uk.inference.test", False),
        ("inference.test", False),
        ("eu.inference.test.example.com", False),
    ],
)
def test_a_stack_that_says_its_domain_may_send_to_names_of_its_own(host: str, passes: bool) -> None:
    text = f"server {{ location / {{ proxy_pass https://{host}; }} }}"

    assert bool(found(CONFIG_MAP, {"data": {"a": text}}, KNOWN)) is not passes


@pytest.mark.parametrize(
    ("setting", "refused"),
    [
        ({"failover": [{"from": "fr-par", "to": "nl-ams"}]}, False),
        ({"failover": [{"from": "fr-par", "to": "LON1"}]}, True),
        ({"failover": [{"from": "eu", "to": "uk"}]}, True),
        ({"failover": [{"from": "fr-par", "to": "mars-1"}]}, True),
        ({"distribute": [{"from": "fr-par/*", "to": {"fr-par/fr-par-1/*": 80, "nl-ams/*": 20}}]}, False),
        ({"distribute": [{"from": "fr-par/*", "to": {"fr-par/*": 80, "lon1/*": 20}}]}, True),
        ({"distribute": [{"from": "*", "to": {"*": 100}}]}, True),
        ({"enabled": True}, False),
    ],
)
def test_a_mesh_moves_requests_to_places_of_its_jurisdiction_only(setting: Any, refused: bool) -> None:
    for policy in (
        {"trafficPolicy": {"loadBalancer": {"localityLbSetting": setting}}},
        {"trafficPolicy": {"portLevelSettings": [{"loadBalancer": {"localityLbSetting": setting}}]}},
        {"subsets": [{"name": "a", "trafficPolicy": {"loadBalancer": {"localityLbSetting": setting}}}]},
    ):
        spec = {"spec": {"host": "vllm.inference.svc.cluster.local", **policy}}

        assert bool(found("kubernetes:networking.istio.io/v1:DestinationRule", spec)) is refused


@pytest.mark.parametrize(
    ("type_token", "spec"),
    [
        ("configuration.konghq.com/v1alpha1:KongService", {"url": "https://{}"}),
        ("configuration.konghq.com/v1alpha1:KongTarget", {"target": "{}:443"}),
        (
            "configuration.konghq.com/v1:KongPlugin",
            {"config": {"model": {"options": {"upstream_url": "https://{}"}}}},
        ),
        ("apisix.apache.org/v2:ApisixUpstream", {"externalNodes": [{"type": "Domain", "name": "{}"}]}),
        ("apisix.apache.org/v2:ApisixRoute", {"http": [{"plugins": [{"config": {"host": "https://{}"}}]}]}),
        (
            "gateway.envoyproxy.io/v1alpha1:Backend",
            {"endpoints": [{"fqdn": {"hostname": "{}", "port": 443}}]},
        ),
        ("gateway.envoyproxy.io/v1alpha1:Backend", {"endpoints": [{"ip": {"address": "{}", "port": 443}}]}),
        ("linkerd.io/v1alpha2:ServiceProfile", {"dstOverrides": [{"authority": "{}:443", "weight": 1}]}),
        ("cilium.io/v2:CiliumEnvoyConfig", {"resources": [_envoy("{}")]}),
        ("traefik.io/v1alpha1:Middleware", {"forwardAuth": {"address": "https://{}/x"}}),
    ],
)
def test_objects_of_gateways_name_hosts_of_the_cluster_only(type_token: str, spec: dict[str, Any]) -> None:
    def leads(host: str) -> list[str]:
        properties = json.loads(json.dumps({"spec": spec}).replace("{}", host))
        return found(f"kubernetes:{type_token}", properties)

    assert leads("chat.example.net")
    assert not leads("vllm.inference.svc")
