"""HAProxy configurations, DNS answers: the honest ones pass, every way out is found."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.platform import render_egress_gate
from components.router import RouterConfiguration, Upstream, render_router
from policies.context import build_context
from policies.proxies.haproxy import HaproxyError, read
from policies.rules.router import RULE
from tests.policies.stacks import TODAY, explicit_provider, resource

HONEST: Final = """
global
    log stdout format raw local0
defaults
    mode http
    timeout connect 2s
frontend edge
    bind :8443
    default_backend engines
backend engines
    option httpchk
    default-server check
    server a vllm.inference.svc:8000
    server b llama.inference.svc.cluster.local:8080
"""


def found(text: Any, *, jurisdiction: str = "eu", **fields: Any) -> list[str]:
    """What the rule finds in a configuration inside a config map."""
    properties = fields or {"data": {"haproxy.cfg": text}}
    provider = explicit_provider("kubernetes")
    each = resource("kubernetes:core/v1:ConfigMap", "c", properties, provider=provider)
    context = build_context(jurisdiction, rehearsal=False, today=TODAY)
    return [violation.found for violation in RULE.check(each, context)]


def answer(type_token: str, jurisdiction: str = "eu", **properties: Any) -> list[str]:
    """What the rule finds in a DNS record."""
    each = resource(type_token, "r", properties, provider=explicit_provider(type_token.partition(":")[0]))
    context = build_context(jurisdiction, rehearsal=False, today=TODAY)
    return [violation.found for violation in RULE.check(each, context)]


def test_the_router_and_the_gate_of_this_project_pass() -> None:
    engines = (
        Upstream(name="vllm", host="vllm.inference.svc.cluster.local", port=8000, slots=64),
        Upstream(
            name="llama-cpp", host="llama-cpp.inference.svc.cluster.local", port=8080, slots=1, degraded=True
        ),
    )
    urls = {"eu": "https://eu.inference.example.com", "uk": "https://uk.inference.example.com"}
    router = render_router(RouterConfiguration(jurisdiction="eu", base_urls=urls, upstreams=engines))

    assert found(router) == []
    assert found(render_egress_gate("https://s3.fr-par.scw.cloud")) == []
    assert found(render_egress_gate("https://objectstore.lon1.civo.com"), jurisdiction="uk") == []


def test_a_gate_to_the_bucket_of_the_other_jurisdiction_is_refused() -> None:
    (text,) = found(render_egress_gate("https://objectstore.lon1.civo.com"))

    assert "London, GB, jurisdiction uk" in text


def test_an_honest_configuration_passes_also_under_another_key_and_encoded() -> None:
    encoded = base64.b64encode(HONEST.encode()).decode()

    assert found(HONEST) == []
    assert found(None, binaryData={"x": encoded}) == []


@pytest.mark.parametrize(
    "line",
    [
        "server c engines.example.com:443",
        "server c 203.0.113.9:443 backup",
        "server c 10.0.0.1:80 addr 203.0.113.9",
        "server c 10.0.0.1:80 socks4 203.0.113.9:1080",
        "server c vllm:8000",
        "server c vllm.inference:8000",
        "server c x.svc.evil.example:80",
        "server c ipv4@203.0.113.9:80",
        "server c tcp4@engines.example.com:80",
        "server c 0.0.0.0:0",
        "server c *:80",
        "server c ${UPSTREAM}:80",
        'server c "$UPSTREAM:80"',
        "server c",
        "server c \\engines.example.com:80",
        "'server' c engines.example.com:80",
        "server-template c 1-3 engines.example.com:80",
        "default-server socks4 203.0.113.9:1080",
        "dispatch 203.0.113.9:80",
        "option transparent",
        "option http_proxy",
        "http-request set-dst hdr(x)",
        "http-request lua.route",
        "http-request use-service lua.x",
        "redirect location https://us.example.com",
        "redirect prefix //us.example.com code 302",
        "http-request redirect code 302 location https://us.example.com%[path]",
        "http-request redirect location %[req.hdr(x)]",
        "http-response set-header location https://us.example.com",
        "errorloc302 503 https://us.example.com",
        "filter spoe engine e config /x",
        "http-check send meth GET uri /; external-check command /x",
        "log collector.example.com:514 local0",
        "use_backend elsewhere if TRUE",
        "use_backend %[req.hdr(x)]",
        "email-alert mailers m\nmailers m\nmailer m mail.example.com:25",
        "peers p\npeer a 203.0.113.9:1024",
        "resolvers r\nnameserver n 8.8.8.8:53",
        "program p\ncommand /x",
        "global\nlua-load /x.lua",
        ".if defined(X)",
        "http-request return string 'open",
        "backend other\nmode http\nserver a v.i.svc:1 check",
        "backend other\nmode http\noption httpchk\nserver a v.i.svc:1",
        "backend other\nmode http\noption httpchk\nserver a v.i.svc:1 check no-check",
        "backend other\nmode tcp\nserver a v.i.svc:1\nserver b w.i.svc:1",
        "frontend open\nmode http\nuse_backend engines if TRUE",
        "frontend open\nmode http\nhttp-request deny if TRUE",
        "frontend open from nowhere\nhttp-request deny",
    ],
)
def test_no_line_leads_out_of_the_jurisdiction_or_leaves_the_end_open(line: str) -> None:
    if line.startswith("http-check send"):
        line = line.partition("; ")[2]

    assert found(f"{HONEST}    {line}\n")


@pytest.mark.parametrize(
    "line",
    [
        "server c 10.0.0.1:80",
        "server c [fd00::1]:80",
        "server c unix@/run/x.sock",
        "server c vllm.inference.svc:8000 # engines.example.com",
        "redirect location /v1",
        "redirect scheme https",
        "http-request return string 'see https://us.example.com'",
        "frontend more\nmode http\nhttp-request return status 404",
        "frontend more\ntcp-request content reject",
        "backend one\nmode tcp\nserver a v.i.svc:1",
        "listen stats\nmode http\nhttp-request deny",
        "peers p\nserver local",
    ],
)
def test_what_stays_inside_passes(line: str) -> None:
    assert found(f"{HONEST}    {line}\n") == []


@given(st.text(alphabet="abc \t\n'\"\\#$%{}[]:.@/", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_and_never_breaks_the_rule(text: str) -> None:
    with suppress(HaproxyError):
        read(text)

    assert isinstance(found(f"{HONEST}{text}"), list)


@given(
    st.sampled_from(["", " ", "\t", "    "]),
    st.sampled_from(["server", "'server'", '"server"', "s\\erver", "se'rv'er"]),
    st.sampled_from(
        ["engines.example.com:443", "'engines.example.com':443", "engines.ex\\ample.com", "203.0.113.9"]
    ),
    st.sampled_from(["", " check", " backup check", " weight 0 # v.i.svc"]),
)
@settings(max_examples=100, deadline=None)
def test_no_quoting_hides_an_upstream(before: str, keyword: str, host: str, after: str) -> None:
    assert found(f"{HONEST}{before}{keyword} z {host}{after}\n")


def test_a_configuration_is_known_by_its_sections_whatever_quotes_they_bear() -> None:
    hidden = HONEST.replace("frontend", "'frontend'").replace("backend engines", "b\\ackend engines")

    assert found(hidden + "server z engines.example.com:443\n")


@pytest.mark.parametrize(
    ("type_token", "properties"),
    [
        ("scaleway:domain/record:Record", {"data": "x.elb.amazonaws.com."}),
        (
            "scaleway:domain/record:Record",
            {
                "data": "203.0.113.9",
                "geoIp": {"matches": [{"countries": ["GB"], "data": "objectstore.lon1.civo.com"}]},
            },
        ),
        (
            "scaleway:domain/record:Record",
            {"views": [{"subnet": "0.0.0.0/0", "data": "x.azurewebsites.net"}]},
        ),
        (
            "scaleway:domain/record:Record",
            {"httpService": {"ips": ["203.0.113.9"], "url": "https://x.run.app/health"}},
        ),
        ("ovh:Domain/zoneRecord:ZoneRecord", {"target": "x.cloudfront.net."}),
        ("hcloud:index/zoneRecord:ZoneRecord", {"value": "objectstore.lon1.civo.com."}),
        (
            "hcloud:index/zoneRrset:ZoneRrset",
            {"records": [{"value": "203.0.113.9"}, {"value": "x.elb.amazonaws.com"}]},
        ),
        ("civo:index/dnsDomainRecord:DnsDomainRecord", {"value": "objectstore.lon1.civo.com"}),
    ],
)
def test_no_answer_sends_clients_to_another_jurisdiction(type_token: str, properties: dict[str, Any]) -> None:
    assert answer(type_token, **properties)


def test_an_answer_inside_the_jurisdiction_or_unknown_to_everybody_passes() -> None:
    assert not answer("civo:index/dnsDomainRecord:DnsDomainRecord", "uk", value="objectstore.lon1.civo.com")
    assert not answer("ovh:Domain/zoneRecord:ZoneRecord", target="eu.example.com.")
    assert not answer("ovh:Domain/zoneRecord:ZoneRecord", target='"v=spf1 include:example.com -all"')
