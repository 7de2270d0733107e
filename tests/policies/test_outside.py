"""What runs outside Kubernetes: an engine or a foreign program is found however it is started."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.clouds.hetzner.addresses import AddressPlan
from components.clouds.hetzner.machines import gateway_user_data, node_user_data
from policies.context import build_context
from policies.facts import StackFacts
from tests.components.test_hetzner_machines import AGENT, FOUNDER, FURTHER, facts
from tests.policies.stacks import INFORMING, TODAY, explicit_provider, resource, violations_of

CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)
IMAGE: Final = f"rg.fr-par.scw.cloud/s/c@sha256:{'0' * 64}"
NO_ADDRESS: Final = [{"ipv4Enabled": False, "ipv6Enabled": False}]


def broken(type_token: str, properties: dict[str, Any]) -> set[str]:
    """The rules that one resource breaks in a stack of the EU; those that only inform say more."""
    package = type_token.partition(":")[0]
    each = resource(type_token, "thing", properties, provider=explicit_provider(package))
    return {found.rule for found in violations_of(StackFacts((each,)), CONTEXT)} - INFORMING


def machine(text: str) -> set[str]:
    """The rules that a machine of Hetzner with this start script breaks."""
    properties = {"location": "nbg1", "serverType": "cx22", "publicNets": NO_ADDRESS, "userData": text}
    return broken("hcloud:index/server:Server", properties)


@pytest.mark.parametrize("node", [FOUNDER, FURTHER, AGENT])
def test_the_start_scripts_of_our_own_nodes_break_no_rule(node: Any) -> None:
    assert machine(node_user_data(facts(), node)) == set()


def test_the_start_script_of_our_own_gateway_breaks_no_rule() -> None:
    assert machine(gateway_user_data("gateway", AddressPlan())) == set()


def cloud_config(**modules: Any) -> str:
    """A configuration of cloud-init."""
    return "#cloud-config\n" + yaml.safe_dump(modules)


def written(path: str, content: str, **more: object) -> str:
    """A configuration that writes one file."""
    return cloud_config(write_files=[{"path": path, "content": content, **more}])


def run(command: object, path: str, content: str, **more: object) -> str:
    """A configuration that writes one file and then runs a command."""
    return cloud_config(write_files=[{"path": path, "content": content, **more}], runcmd=[command])


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def in_parts(text: str) -> str:
    head = 'Content-Type: multipart/mixed; boundary="b"\nMIME-Version: 1.0\n\n'
    return f"{head}--b\nContent-Type: text/x-shellscript\n\n#!/bin/sh\ntrue\n--b\n\n{text}\n--b--\n"


WAYS: Final[list[Callable[[str], str]]] = [
    lambda line: f"#!/bin/sh\n{line}\n",
    lambda line: f"#!/usr/bin/env bash\nset -eu\n{line}\n",
    lambda line: f"#cloud-boothook\n{line}\n",
    lambda line: f"#!/bin/sh\ncat > /etc/systemd/system/x.service <<EOF\n[Service]\nExecStart={line}\nEOF\n",
    lambda line: f"#!/bin/sh\ncat <<-'END' > /opt/x\n\t#!/bin/sh\n\t{line}\n\tEND\nchmod +x /opt/x\n",
    lambda line: cloud_config(runcmd=["true", line]),
    lambda line: cloud_config(bootcmd=[line.split()]),
    lambda line: cloud_config(snap={"commands": {"00": line}}),
    lambda line: written("/opt/x", f"#!/bin/sh\n{line}\n"),
    lambda line: written("/opt/x.sh", in_base64(line), encoding="b64"),
    lambda line: written("/etc/systemd/system/x.service", f"[Unit]\n[Service]\nExecStart=-{line}\n"),
    lambda line: written("/etc/cron.d/x", f"# daily\n@reboot root {line}\n"),
    lambda line: written(
        "/etc/containers/systemd/x.container",
        f"[Container]\nImage=rg.fr-par.scw.cloud/s/c@sha256:{'0' * 64}\nExec={line}\n",
    ),
    lambda line: "## template: jinja\n" + cloud_config(runcmd=[line]),
    lambda line: in_base64(cloud_config(runcmd=[line])),
    lambda line: in_parts(f"#!/bin/sh\n{line}"),
    lambda line: in_parts(cloud_config(runcmd=[line])),
    lambda line: json.dumps(
        {"systemd": {"units": [{"name": "x", "contents": f"[Service]\nExecStart={line}\n"}]}}
    ),
]
ENGINES: Final = [
    "vllm serve mistralai/Mistral-7B-Instruct-v0.3",
    "/opt/venv/bin/vllm serve x",
    "python3 -m vllm.entrypoints.openai.api_server --model x",
    "ollama serve",
    "llama-server -m /srv/x.gguf",
    "docker run -d --gpus all vllm/vllm-openai:latest --model x",
    "docker run registry.example.eu/s/x --model meta-llama/Llama-3.1-8B-Instruct",
    "podman run registry.example.eu/ollama",
    "pip install --no-index vllm==0.9",
    "uv pip install --offline sglang[all]",
    "systemctl enable --now ollama",
]
WRAPPERS: Final = ["", "sudo ", "nohup ", "env A=b ", "timeout 60 ", "nice -n 5 "]


@given(st.sampled_from(WAYS), st.sampled_from(ENGINES), st.sampled_from(WRAPPERS))
@settings(max_examples=400, deadline=None)
def test_an_engine_is_found_however_a_machine_is_told_to_start_it(
    way: Callable[[str], str], engine: str, wrapper: str
) -> None:
    assert "model-ip-outside" in machine(way(wrapper + engine))


@pytest.mark.parametrize("way", WAYS)
def test_the_same_ways_to_start_an_honest_program_break_no_rule(way: Callable[[str], str]) -> None:
    assert machine(way("sudo nice -n 5 /usr/sbin/haproxy -f /etc/haproxy/haproxy.cfg")) == set()


RUNS: Final[list[Callable[[str], str]]] = [
    lambda line: run("sh /opt/x", "/opt/x", line),
    lambda line: run(["bash", "-eu", "/opt/x.conf"], "/opt/x.conf", line),
    lambda line: run("cd /opt && . ./x.txt", "/opt/x.txt", line),
    lambda line: run("chmod +x /opt/x && timeout 5 /opt/x", "/opt/x", line),
    lambda line: run("start-it", "/usr/local/bin/start-it", line),
    lambda line: run("sh /opt/x", "/opt/x", in_base64(line), encoding="b64"),
    lambda line: written("/opt/x", line, permissions="0755"),
    lambda line: written("/var/lib/cloud/scripts/per-boot/x", line),
    lambda line: written("/etc/profile.d/x", line),
    lambda line: written("/etc/cron.daily/x", line),
    lambda line: written("/var/spool/cron/crontabs/root", f"@reboot {line}"),
    lambda line: (
        "#cloud-config\nwrite_files:\n- path: /opt/x\n"
        + f"  content: !!binary {in_base64(line)}\nruncmd: [sh /opt/x]\n"
    ),
    lambda line: cloud_config(
        write_files=[
            {"path": "/opt/x", "content": "set -e\n"},
            {"path": "/opt/x", "content": line, "append": True},
            {"path": "/opt/first", "content": "#!/bin/sh\nsh /opt/x\n", "permissions": "0755"},
        ]
    ),
]


@pytest.mark.parametrize("way", RUNS)
def test_a_file_without_a_first_line_is_read_where_the_machine_runs_it(way: Callable[[str], str]) -> None:
    assert "model-ip-outside" in machine(way("ollama serve"))
    assert machine(way("/usr/sbin/haproxy -f /etc/haproxy/haproxy.cfg")) == set()


def test_a_file_that_is_only_read_is_no_script() -> None:
    notes = "[main]\nvalue = $(unreadable\n"
    assert machine(run("systemctl restart x", "/etc/x.conf", notes)) == set()
    assert machine(run("cp /etc/x.conf /etc/y.conf", "/etc/x.conf", notes)) == set()


@pytest.mark.parametrize(
    "command",
    [
        "cp /opt/a.yaml /var/lib/rancher/k3s/server/manifests/a.yaml",
        ["mv", "/opt/a.yaml", "/var/lib/rancher/rke2/server/manifests"],
        "echo $A | base64 -d | tee /var/lib/k0s/manifests/a/a.yaml",
        "D=/var/lib/rancher/k3s/server; cp /opt/a.yaml $D/manifests/",
        "cd /var/lib/rancher/k3s/server/manifests && printf '%s' x > a.yaml",
        "printf '%s' x > /etc/kubernetes/manifests/a.yaml",
    ],
)
def test_a_manifest_that_a_script_puts_where_the_cluster_applies_it_is_refused(command: object) -> None:
    assert "model-ip-outside" in machine(cloud_config(runcmd=[command]))


def test_a_script_may_take_a_manifest_away() -> None:
    folder = "/var/lib/rancher/k3s/server/manifests"
    assert (
        machine(cloud_config(runcmd=[f"rm -f {folder}/traefik.yaml", f"touch {folder}/traefik.yaml.skip"]))
        == set()
    )


def test_a_file_from_elsewhere_is_refused_also_with_a_content_to_fall_back_on() -> None:
    assert "model-ip-outside" in machine(written("/opt/x", "a", source={"uri": "https://example.eu/x"}))


PLACES: Final[list[Callable[[str], tuple[str, dict[str, Any]]]]] = [
    lambda line: ("kubernetes:core/v1:Pod", {"spec": {"containers": [_container(["sh", "-c", line])]}}),
    lambda line: (
        "kubernetes:batch/v1:Job",
        {"spec": {"template": {"spec": {"containers": [], "initContainers": [_container(line.split())]}}}},
    ),
    lambda line: (
        "kubernetes:apps/v1:StatefulSet",
        {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {
                                **_container(["/app/x"]),
                                "livenessProbe": {"exec": {"command": ["sh", "-c", f"true; {line}"]}},
                            }
                        ]
                    }
                }
            }
        },
    ),
    lambda line: ("kubernetes:core/v1:ConfigMap", {"data": {"x.sh": f"set -e\n{line}\n"}}),
    lambda line: (
        "scaleway:job/definition:Definition",
        {"region": "fr-par", "imageUri": IMAGE, "command": line},
    ),
    lambda line: (
        "scaleway:containers/container:Container",
        {"region": "fr-par", "registryImage": IMAGE, "commands": ["sh", "-c"], "args": [line]},
    ),
    lambda line: ("civo:index/instance:Instance", {"region": "FRA1", "firewallId": "f", "script": line}),
    lambda line: ("command:local:Command", {"create": line}),
    lambda line: ("command:local:Command", {"create": "true", "delete": f"set -e; {line}"}),
]
PROGRAMS: Final = [
    "hf download mistralai/Mistral-7B-Instruct-v0.3",
    "huggingface-cli download x/y",
    "/usr/local/bin/aws s3 sync s3://b/x /data",
    "aws --region eu-west-3 s3 cp s3://b/x /data",
    "aws --endpoint-url= s3 ls",
    "gsutil cp a b",
    "gcloud storage cp a b",
    "az storage blob download",
    "azcopy copy a b",
    "python3 -m awscli s3 ls",
    "pip install app",
    "pip --proxy p install app",
    "python3 -X dev -m awscli s3 ls",
    "aws --debug configure s3 ls",
]


def _container(command: list[str]) -> dict[str, Any]:
    return {"name": "c", "image": IMAGE, "command": command}


@given(st.sampled_from(PLACES), st.sampled_from(PROGRAMS), st.sampled_from(WRAPPERS))
@settings(max_examples=400, deadline=None)
def test_a_program_that_leads_to_a_foreign_service_is_found_wherever_it_is_run(
    place: Callable[[str], tuple[str, dict[str, Any]]], program: str, wrapper: str
) -> None:
    assert "hyperscalers-programs" in broken(*place(wrapper + program))


STEERING: Final = [
    "kubectl apply -f x",
    "kubectl --context uk delete pod x",
    "kubectl --as get delete pod x",
    "helm install x chart",
    "terraform apply",
    "pulumi up --yes",
    "scw instance server create zone=nl-ams-1",
    "hcloud server create --location ash",
    "civo kubernetes create x --region LON1",
    "ssh root@host uptime",
    "docker run registry.example.eu/x",
    "./deploy.sh",
    "python3 deploy.py",
    "$TOOL up",
    "curl https://x.example.eu/x | sh",
]


@given(
    st.sampled_from(STEERING),
    st.sampled_from(WRAPPERS),
    st.sampled_from(["", "true; ", "cd x && ", "if true; then "]),
)
@settings(max_examples=300, deadline=None)
def test_a_command_beside_the_program_steers_nothing(line: str, wrapper: str, before: str) -> None:
    text = f"{before}{wrapper}{line}" + ("; fi" if before.startswith("if") else "")

    assert "residency-commands" in broken("command:local:Command", {"create": text})
    assert "residency-commands" in broken("command:local:Command", {"create": "true", "delete": text})
