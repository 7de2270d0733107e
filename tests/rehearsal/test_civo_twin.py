"""Civo's twin is as strict as its provider about pools."""

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.engine

CLUSTER = """
import pulumi_civo as civo

def cluster(size="g4s.kube.large", pool_size="g4s.kube.large"):
    made = civo.KubernetesCluster(
        "k3s", region="LON1", firewall_id="f", pools=dict(size=size, node_count=2, label="first")
    )
    civo.KubernetesNodePool("pool", cluster_id=made.id, size=pool_size, node_count=1, label="second")
"""


def test_no_pool_takes_another_node_type_and_its_label_is_its_id(project: Project) -> None:
    project.program(f"{CLUSTER}\ncluster()\n")
    made = project.up()
    assert made.returncode == 0, made.stdout
    (pool,) = project.cloud("civo:index/kubernetesNodePool:KubernetesNodePool")
    assert pool["outputs"]["label"] == "second"
    assert pool["id"].partition("@")[0] == "second"

    project.program(f"{CLUSTER}\ncluster(pool_size='g4p.kube.small')\n")
    refused = project.up()
    assert refused.returncode != 0
    assert 'Size change ("size") for existing pool' in refused.stdout

    project.program(f"{CLUSTER}\ncluster(size='g4p.kube.small')\n")
    refused = project.up()
    assert refused.returncode != 0
    assert 'Size change ("size") for existing cluster' in refused.stdout
