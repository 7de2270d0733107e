"""Bare addresses, servers without a firewall and ports of nodes: known, unknown, absent and secret."""

from __future__ import annotations

import pytest

from tests.holes.conftest import Judge
from tests.holes.gate import CANARY, Preview

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("holes/places and ports")]

PROGRAM = """
import pulumi_hcloud as hcloud

hetzner = ResourceOptions(provider=hcloud.Provider("hetzner", token=Output.secret(CANARY)))
SERVER = {"server_type": "cx23", "image": "debian-13", "location": "fsn1"}
HTTPS = {"direction": "in", "protocol": "tcp", "port": "443", "source_ips": ["0.0.0.0/0"]}


def server(name, **properties):
    return hcloud.Server(name, **SERVER, **properties, opts=hetzner)


front = hcloud.Firewall("front", rules=[HTTPS], opts=hetzner)
number = front.id.apply(int)
server("server-absent")
server("server-empty", firewall_ids=[])
server("server-unknown", firewall_ids=later.id.apply(lambda text: [len(text)]))
server("server-half-private", public_nets=[{"ipv4_enabled": False}])
server("server-honest", firewall_ids=[number])
server("server-honest-unknown", firewall_ids=number.apply(lambda each: [each]))
server("server-honest-secret", firewall_ids=Output.secret([number]))
inside = hcloud.Network("inside", ip_range="10.0.0.0/16", opts=hetzner)
private = {"public_nets": [{"ipv4_enabled": False, "ipv6_enabled": False}]}
server("server-honest-private", networks=[{"network_id": inside.id.apply(int)}], **private)
server("server-honest-labels", labels={"role": "node"})
named = server("server-honest-named")
hcloud.Firewall(
    "back",
    rules=[HTTPS],
    apply_tos=[{"server": named.id.apply(int)}, {"label_selector": "role=node"}],
    opts=hetzner,
)


def told(name, value):
    deployment(name, {"name": "c", "image": PLAIN, "env": [{"name": "A", "value": value}]})


reserved = scaleway.loadbalancers.Ip("reserved", zone="fr-par-1", opts=eu)
told("address-known", "https://203.0.113.9/x")
told("address-secret", Output.secret("https://203.0.113.9/" + CANARY))
told("address-number", "http://3405803785/")
told("address-honest-private", "http://10.0.0.9:80")
told("address-honest-own", reserved.ip_address)
told("host-joined-by-a-script", "A=amazon; curl https://s3.${A}aws.com")


def answer(name, **properties):
    return scaleway.domain.Record(name, dns_zone="example.eu", ttl=60, **properties, opts=eu)


answer("answer-address", type="A", data="203.0.113.9")
answer("answer-alias", type="CNAME", data="d1.cloudfront.net.")
answer("answer-abroad", type="CNAME", data="objectstore.lon1.civo.com.")
answer("answer-honest", type="A", data=reserved.ip_address)


def service(name, kind, port):
    spec = {"type": kind, "selector": {"app": "x"}, "ports": [{"port": port, "targetPort": 8443}]}
    return kubernetes.core.v1.Service(name, spec=spec, opts=cluster)


service("port-known", "NodePort", 80)
service("port-unknown", unknown, 80)
service("port-secret", Output.secret("NodePort"), 80)
service("port-honest", "ClusterIP", 80)
service("port-honest-tls", "NodePort", 443)
on_node = {"containerPort": 80, "hostPort": 80}
deployment("port-of-the-node", {"name": "c", "image": PLAIN, "ports": [on_node]})
"""


@pytest.fixture(scope="module")
def judged(judge: Judge) -> Preview:
    """One preview of everything above."""
    return judge(PROGRAM)


def test_every_server_without_a_firewall_is_blamed_and_no_other(judged: Preview) -> None:
    assert judged.refused
    assert judged.resources("exposure-server") == {
        "server-absent",
        "server-empty",
        "server-unknown",
        "server-half-private",
    }


def test_every_bare_address_is_blamed_and_none_of_the_stack_itself(judged: Preview) -> None:
    assert judged.resources("residency-addresses") == {
        "address-known",
        "address-secret",
        "address-number",
        "answer-address",
    }


def test_every_name_that_leads_away_is_blamed_where_it_is_made(judged: Preview) -> None:
    assert judged.resources("hyperscalers-hosts") == {"host-joined-by-a-script", "answer-alias"}
    assert judged.resources("residency-hosts") == {"answer-abroad"}


def test_every_open_port_of_a_node_is_blamed_and_no_other(judged: Preview) -> None:
    assert judged.resources("exposure-tls") == {
        "port-known",
        "port-unknown",
        "port-secret",
        "port-of-the-node",
    }


def test_nothing_honest_is_blamed_for_these_and_no_secret_is_shown(judged: Preview) -> None:
    ours = ("exposure-server", "exposure-tls", "residency-addresses", "residency-hosts", "hyperscalers-hosts")

    assert not {name for name in judged.resources(*ours) if "honest" in name}
    assert CANARY not in judged.text
