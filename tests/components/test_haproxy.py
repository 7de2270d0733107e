"""The two HAProxy configurations: the router's and the egress gate's."""

import datetime
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from components.haproxy import HaproxyPods, TemplateValueError, checked_host, haproxy_pods
from components.platform import render_egress_gate
from components.router import RouterConfiguration, Upstream, render_router
from tests.haproxy import haproxy_command

from .recording import Tree

BASE_URLS = {"eu": "https://eu.inference.example.com", "uk": "https://uk.inference.example.com"}
CONFIGURATION = RouterConfiguration(
    jurisdiction="eu",
    base_urls=BASE_URLS,
    upstreams=(
        Upstream(name="vllm", host="vllm.inference.svc.cluster.local", port=8000, slots=64),
        Upstream(
            name="llama-cpp", host="llama-cpp.inference.svc.cluster.local", port=8080, slots=1, degraded=True
        ),
    ),
)


@pytest.fixture(scope="module")
def router() -> str:
    return render_router(CONFIGURATION)


def rules(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("http-request return")]


def position(text: str, part: str) -> int:
    found = [number for number, rule in enumerate(rules(text)) if part in rule]
    assert found, f"no rule has {part!r}"
    return found[0]


def test_a_request_for_another_jurisdiction_gets_the_right_base_url(router: str) -> None:
    for condition in ("if region_uk", "if host_uk"):
        rule = next(rule for rule in rules(router) if rule.endswith(condition))
        assert "status 421" in rule
        assert '"base_url":"https://uk.inference.example.com/v1"' in rule


def test_the_jurisdiction_is_decided_before_anything_else(router: str) -> None:
    last_of_jurisdiction = position(router, "unless host_here")
    for later in ("unknown_path", "wrong_method", "if is_health"):
        assert last_of_jurisdiction < position(router, later)


def test_no_rule_waits_for_a_body(router: str) -> None:
    for word in ("req.body", "http-buffer-request", "wait-for-body"):
        assert word not in router


def test_an_unknown_or_doubled_region_is_refused(router: str) -> None:
    assert position(router, "fhdr_cnt(x-data-region) gt 1") == 0
    rule = next(rule for rule in rules(router) if rule.endswith("if region_given !region_here"))
    assert "status 400" in rule
    assert "Allowed: eu, uk" in rule


def test_only_the_listed_paths_exist(router: str) -> None:
    acls = re.findall(r"acl (is_\w+) path -m str (.+)", router)
    assert dict(acls) == {
        "is_health": "/healthz",
        "is_inference": "/v1/chat/completions /v1/completions",
        "is_listing": "/v1/models",
    }
    assert next(rule for rule in rules(router) if "unknown_path" in rule).endswith(
        "if !is_inference !is_listing"
    )


def test_another_tls_name_fails_before_there_is_a_request(router: str) -> None:
    bind = next(line for line in router.splitlines() if "bind :8443" in line)
    assert "strict-sni" in bind
    assert "allow-0rtt" not in bind


def test_the_other_jurisdictions_are_named_and_never_dialled(router: str) -> None:
    servers = re.findall(r"^\s+server \S+ (\S+)", router, re.MULTILINE)
    assert servers == ["vllm.inference.svc.cluster.local:8000", "llama-cpp.inference.svc.cluster.local:8080"]
    assert "redirect" not in router, "clients re-send the body to wherever a redirect points"


def test_the_fallback_is_filled_second_and_says_so(router: str) -> None:
    assert "balance first" in router
    assert "server vllm vllm.inference.svc.cluster.local:8000 id 1 maxconn 64" in router
    assert "server llama-cpp llama-cpp.inference.svc.cluster.local:8080 id 2 maxconn 1" in router
    degraded = [line.strip() for line in router.splitlines() if "x-sovereign-degraded" in line]
    assert degraded == [
        "http-response set-header x-sovereign-degraded llama-cpp if { srv_name -m str llama-cpp }"
    ]


def test_engines_are_checked_and_a_dead_one_lets_go_of_its_requests(router: str) -> None:
    assert "http-check send meth GET uri /health" in router
    assert "on-marked-down shutdown-sessions" in router


def test_no_inference_is_ever_run_twice(router: str) -> None:
    assert re.findall(r"retry-on (.+)", router) == ["conn-failure"]


def test_without_an_engine_the_answer_is_503_in_json(router: str) -> None:
    line = next(line for line in router.splitlines() if line.strip().startswith("http-error status 503"))
    assert '"code":"no_engine"' in line
    assert "retry-after" in line


def test_logs_hold_neither_prompt_nor_key_nor_a_whole_address(router: str) -> None:
    log_format = next(line for line in router.splitlines() if "log-format" in line)
    assert "ipmask(24,48)" in log_format
    for secret in ("authorization", "%hr", "%HQ", "%HU", '%r"'):
        assert secret not in log_format


def test_clients_are_not_shown_to_the_engines(router: str) -> None:
    for header in ("x-forwarded-for", "forwarded", "x-real-ip"):
        assert f"http-request del-header {header}" in router


def test_every_error_is_json_as_the_openai_clients_read_it(router: str) -> None:
    bodies = re.findall(r"application/json string '([^']*)'", router)
    assert len(bodies) == router.count("application/json")
    for body in bodies:
        error = json.loads(body)["error"]
        assert {"message", "type", "param", "code"} <= error.keys()


def test_a_router_without_an_engine_is_refused() -> None:
    with pytest.raises(TemplateValueError, match="give at least one upstream"):
        render_router(replace(CONFIGURATION, upstreams=()))


def test_a_router_without_its_own_name_is_refused() -> None:
    with pytest.raises(TemplateValueError, match="no base URL for 'fr'; given: eu, uk"):
        render_router(replace(CONFIGURATION, jurisdiction="fr"))


@given(host=st.text(max_size=80))
def test_no_host_can_bring_a_directive_into_a_configuration(host: str) -> None:
    try:
        rendered = render_egress_gate(f"https://{host}")
    except ValueError:
        return
    assert rendered.count("\n") == render_egress_gate("https://s3.example.com").count("\n")
    assert "server bucket" in rendered


@pytest.mark.parametrize(
    "host", ["", "one", "A.example", "a.example\n", "a..b", "-a.b", "a.b-", "a b.c", "a.b;c"]
)
def test_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(TemplateValueError):
        checked_host(host)


def test_the_gate_dials_one_host_whatever_name_is_asked_for() -> None:
    text = render_egress_gate("https://s3.fr-par.scw.cloud")
    assert re.findall(r"^\s+server .*", text, re.MULTILINE) == [
        "    server bucket s3.fr-par.scw.cloud:443 resolvers cluster resolve-prefer ipv4 init-addr none"
    ]
    assert "req.ssl_sni -i s3.fr-par.scw.cloud" in text
    assert "tcp-request content reject" in text


@pytest.mark.parametrize(
    "url", ["http://s3.fr-par.scw.cloud", "https://s3.fr-par.scw.cloud:8443", "s3.fr-par"]
)
def test_the_gate_leads_only_to_tls_on_its_usual_port(url: str) -> None:
    with pytest.raises(ValueError, match="is not https://host"):
        render_egress_gate(url)


def pods(**changes: Any) -> Any:
    basis = HaproxyPods(
        app="jurisdiction-router", image="x@sha256:0", replicas=2, labels={}, port=8443, config_map="c"
    )
    return haproxy_pods(replace(basis, **changes))


def test_haproxy_runs_with_nothing_it_does_not_need() -> None:
    spec = pods()["template"]["spec"]
    (container,) = spec["containers"]
    assert container["security_context"]["read_only_root_filesystem"] is True
    assert spec["security_context"]["run_as_user"] == 99
    assert spec["automount_service_account_token"] is False
    assert all(port["container_port"] > 1024 for port in container["ports"])


def test_haproxy_lets_running_answers_end() -> None:
    spec = pods()["template"]["spec"]
    pre_stop = spec["containers"][0]["lifecycle"]["pre_stop"]["sleep"]["seconds"]
    hard_stop = re.search(r"hard-stop-after (\d+)s", render_router(CONFIGURATION))
    assert hard_stop is not None
    assert spec["termination_grace_period_seconds"] > pre_stop + int(hard_stop.group(1))


def test_a_new_configuration_or_certificate_replaces_the_routers(eu: Tree) -> None:
    deployment = eu.only("kubernetes:apps/v1:Deployment", "router").inputs
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert set(annotations) == {"sovereign.dev/config-sha256", "sovereign.dev/certificate-sha256"}
    config_map = eu.only("kubernetes:core/v1:ConfigMap", "router").inputs
    assert config_map["immutable"] is True
    assert config_map["metadata"]["name"].endswith(annotations["sovereign.dev/config-sha256"][:10])


def certificate_for(host: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.haproxy
def test_haproxy_itself_accepts_the_routers_configuration(router: str, tmp_path: Path) -> None:
    (tmp_path / "edge.pem").write_bytes(certificate_for("eu.inference.example.com"))
    accept(router.replace("/etc/haproxy/tls/edge.pem", str(tmp_path / "edge.pem")), tmp_path)


@pytest.mark.haproxy
def test_haproxy_itself_accepts_the_gates_configuration(tmp_path: Path) -> None:
    accept(render_egress_gate("https://s3.fr-par.scw.cloud"), tmp_path)


def accept(text: str, directory: Path) -> None:
    file = directory / "haproxy.cfg"
    file.write_text(text)
    done = subprocess.run(
        [haproxy_command(), "-c", "-f", str(file)], text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
