"""What runs outside Kubernetes: commands beside the program, machines, and containers that a cloud runs."""

from __future__ import annotations

import pytest

from tests.holes.conftest import Judge
from tests.holes.gate import CANARY, Preview

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("holes/outside")]

PROGRAM = """
import pulumi_command as command

beside = ResourceOptions(provider=command.Provider("beside"))
run = command.local.Command

run("command-known", create="kubectl apply -f llama.yaml", opts=beside)
run("command-unknown", create=unknown, opts=beside)
run("command-unknown-end", create=Output.concat("kubectl apply -f ", unknown), opts=beside)
run("command-secret", create=Output.secret("echo CANARY; terraform apply"), opts=beside)
run("command-delete", create="true", delete="ssh root@builder.example.eu true", opts=beside)
run("command-absent", opts=beside)
run("command-honest", create="echo $ID", environment={"ID": unknown}, opts=beside)


def machine(name, **properties):
    scaleway.instance.Server(
        name,
        zone="fr-par-2",
        type="PLAY2-MICRO",
        image="debian_trixie",
        security_group_id="x",
        opts=eu,
        **properties,
    )


machine("machine-known", cloud_init="#!/bin/sh\\nvllm serve " + REFUSED)
machine("machine-secret", cloud_init=Output.secret("#!/bin/sh\\nCANARY=CANARY ollama serve\\n"))
machine("machine-unknown", cloud_init=unknown)
machine("machine-absent")


def container(name, **properties):
    scaleway.containers.Container(name, namespace_id="x", region="fr-par", image=PLAIN, opts=eu, **properties)


container("container-known", commands=["vllm"], args=["serve", REFUSED])
container("container-unknown", commands=unknown.apply(lambda text: [text]))
container("container-secret", environment_variables={"MODEL_ID": Output.secret(REFUSED)})
container("container-absent")
container("container-hub", commands=["hf", "download", "x/y"])
""".replace("CANARY", CANARY)


@pytest.fixture(scope="module")
def report(judge: Judge) -> Preview:
    return judge(PROGRAM)


def test_a_command_beside_the_program_is_refused_unless_it_can_be_read_and_steers_nothing(
    report: Preview,
) -> None:
    assert report.refused
    assert report.resources("residency-commands") == {
        "command-known",
        "command-unknown",
        "command-unknown-end",
        "command-secret",
        "command-delete",
    }


def test_no_machine_and_no_container_of_a_cloud_serves_a_model(report: Preview) -> None:
    """A start script that is put together from outputs is judged before the machine is made."""
    assert report.resources("model-ip-outside") == {
        "machine-known",
        "machine-secret",
        "container-known",
        "container-unknown",
        "container-secret",
    }


def test_a_program_that_needs_no_host_to_leave_is_refused(report: Preview) -> None:
    assert report.resources("hyperscalers-programs") == {"container-hub"}


def test_no_message_prints_a_secret_command(report: Preview) -> None:
    assert CANARY not in report.text
