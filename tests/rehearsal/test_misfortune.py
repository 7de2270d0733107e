"""Clouds that misbehave, engines that are killed, hands that press ctrl-C: nothing is lost."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.engine

NETWORKS = """
import pulumi, pulumi_hcloud as h
first = h.Network("first", ip_range="10.0.0.0/16")
second = h.Network("second", ip_range="10.1.0.0/16", opts=pulumi.ResourceOptions(depends_on=[first]))
pulumi.export("ids", [first.id, second.id])
"""
POOL = """
import pulumiverse_scaleway as s
place = {"region": "fr-par", "zone": "fr-par-2"}
s.kubernetes.Pool("gpu", cluster_id="fr-par/1", node_type="L4-1-24G", size=1, **place)
"""


def wait_until(condition: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)


def test_a_node_type_out_of_stock_fails_there_and_works_elsewhere(project: Project) -> None:
    project.run("cloud", "out-of-stock", "L4-*", "fr-par-2")
    project.program(POOL)
    refused = project.up()
    assert refused.returncode != 0
    assert "out of stock: no L4-1-24G is available in fr-par-2" in refused.stdout
    project.program(POOL.replace("fr-par-2", "fr-par-1"))
    assert project.up().returncode == 0


def test_an_api_error_strikes_once_and_the_next_up_succeeds(project: Project) -> None:
    project.run("cloud", "fail", "hcloud:*", "--message", "503 from the API", "--once")
    project.program(NETWORKS)
    refused = project.up()
    assert refused.returncode != 0
    assert "503 from the API" in refused.stdout
    assert project.up().returncode == 0
    assert len(project.cloud()) == 2


def test_a_quota_lets_so_many_through_and_no_more(project: Project) -> None:
    project.run("cloud", "quota", "hcloud:index/network:Network", "1")
    project.program(NETWORKS)
    refused = project.up()
    assert refused.returncode != 0
    assert "quota exceeded: the account may hold 1" in refused.stdout
    assert len(project.cloud()) == 1
    project.run("cloud", "clear")
    assert project.up().returncode == 0


def test_an_object_deleted_in_the_console_is_made_again(project: Project) -> None:
    project.program(NETWORKS)
    assert project.up().returncode == 0
    project.run("cloud", "delete", "second")
    assert "1 deleted" in project.pulumi("refresh", "--yes", "--skip-preview").stdout
    assert "1 created" in project.up().stdout


@pytest.mark.parametrize("how", ["kill -9 of everything", "ctrl-C"])
def test_an_interrupted_up_can_be_resumed_with_nothing_twice(project: Project, how: str) -> None:
    project.program(NETWORKS)
    project.run("cloud", "slow", "hcloud:*", "60")
    running = project.start("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev")
    wait_until(lambda: len(project.cloud()) == 1)
    if how == "ctrl-C":
        os.killpg(running.pid, signal.SIGINT)
        said, _ = running.communicate(timeout=60)
        assert running.returncode != 0
        assert "Traceback" not in said
    else:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    project.run("cloud", "clear")
    resumed = project.up()
    assert resumed.returncode == 0, resumed.stdout
    assert sorted(item["id"] for item in project.cloud()) == sorted(project.outputs()["ids"])
    assert "3 unchanged" in project.up().stdout


@pytest.mark.parametrize("name", ["", ', name="fixed"'], ids=["name made by the provider", "fixed name"])
def test_a_killed_replacement_can_be_resumed_with_nothing_twice(project: Project, name: str) -> None:
    source = 'import pulumi, pulumi_hcloud as h; n = h.Network("net", ip_range="{}"' + name + ")"
    source += '\npulumi.export("id", n.id)'
    project.program(source.format("10.0.0.0/16"))
    assert project.up().returncode == 0
    first = project.outputs()["id"]
    project.program(source.format("10.9.0.0/16"))
    project.run("cloud", "slow", "hcloud:*", "60")
    running = project.start("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev")
    wait_until(lambda: any(item["inputs"]["ipRange"] == "10.9.0.0/16" for item in project.cloud()))
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    project.run("cloud", "clear")
    resumed = project.up()
    assert resumed.returncode == 0, resumed.stdout
    (network,) = project.cloud()
    assert network["id"] == project.outputs()["id"] != first


def test_two_ups_at_once_end_in_one_success_and_one_clear_refusal(project: Project) -> None:
    project.program(NETWORKS)
    assert project.pulumi("stack", "ls").returncode == 0
    project.run("cloud", "slow", "hcloud:*", "6")
    first = project.start("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev")
    wait_until(lambda: len(project.cloud()) == 1)
    second = project.up()
    said, _ = first.communicate(timeout=90)
    assert first.returncode == 0, said
    assert second.returncode != 0
    assert "locked" in second.stdout
    assert len(project.cloud()) == 2


def test_a_killed_engine_cannot_leave_a_half_written_file_beside_the_state(project: Project) -> None:
    """State files are replaced at once; files that describe them would be written in place."""
    project.program(NETWORKS)
    assert project.up().returncode == 0
    state = project.directory / ".rehearsal" / "state"
    assert list(state.rglob("dev*.json"))
    assert list(state.rglob("*.attrs")) == []
