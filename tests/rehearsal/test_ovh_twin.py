"""The twin of OVHcloud refuses and answers what the cloud does, where a stack would notice."""

import json
from typing import Any

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.engine

CLUSTER = """
import pulumi, pulumi_ovh as ovh
eu = ovh.Provider("eu", endpoint="ovh-eu")
def cluster(name, region, plan):
    options = pulumi.ResourceOptions(provider=eu)
    return ovh.cloudproject.Kube(name, service_name="p", region=region, plan=plan, opts=options)
def pool(title, kube, **how):
    options = pulumi.ResourceOptions(provider=eu)
    settings = dict(service_name="p", flavor_name="b3-8", desired_nodes=2, opts=options)
    return ovh.cloudproject.KubeNodePool(title, kube_id=kube.id, **{**settings, **how})
"""


def outputs(project: Project, name: str) -> dict[str, Any]:
    return json.loads(project.run("-q", "cloud", "show", name).stdout)


def test_a_pool_that_cannot_be_had_comes_back_without_nodes_and_one_elsewhere_has_them(
    project: Project,
) -> None:
    project.run("cloud", "out-of-stock", "l4-*", "GRA11")
    project.program(CLUSTER)
    program = project.directory / "__main__.py"
    program.write_text(
        program.read_text()
        + 'pool("here", cluster("gra11", "GRA11", "free"), flavor_name="l4-90")\n'
        + 'pool("cpu", cluster("gra11-too", "GRA11", "free"))\n'
        + 'pool("there", cluster("gra9", "GRA9", "free"), flavor_name="l4-90")\n'
    )
    assert project.up().returncode == 0, "the provider takes such a pool as created"
    assert (outputs(project, "here")["status"], outputs(project, "here")["currentNodes"]) == ("ERROR", 0)
    for name in ("cpu", "there"):
        assert (outputs(project, name)["status"], outputs(project, name)["currentNodes"]) == ("READY", 2)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'pool("p", cluster("c", "EU-WEST-PAR", "standard"))',
            "names exactly one of eu-west-par-a, eu-west-par-b",
        ),
        (
            'pool("p", cluster("c", "EU-WEST-PAR", "standard"), availability_zones=["eu-south-mil-a"])',
            "names exactly one of eu-west-par-a",
        ),
        (
            'pool("p", cluster("c", "GRA11", "free"), availability_zones=["eu-west-par-a"])',
            "GRA11 has one zone, so none is named",
        ),
        ('cluster("c", "EU-WEST-PAR", "free")', "EU-WEST-PAR sells the standard plan only"),
        ('cluster("c", "GRA11", "standard")', "GRA11 sells the free plan only"),
        ('pool("p", cluster("c", "GRA11", "free"), name="a_pool")', "may hold no underscore"),
        ('pool("p", cluster("c", "GRA11", "free"), min_nodes=3)', "desiredNodes: found 2; minNodes is 3"),
        ('pool("p", cluster("c", "GRA11", "free"), max_nodes=1)', "desiredNodes: found 2; minNodes is None"),
    ],
)
def test_what_the_cloud_refuses_is_refused_with_the_reason(line: str, said: str, project: Project) -> None:
    project.program(CLUSTER + line + "\n")
    refused = project.up()
    assert refused.returncode != 0
    assert said in refused.stdout


def test_a_network_without_regions_stands_in_all_of_them_and_in_one_with_one(project: Project) -> None:
    project.program(
        """
        import pulumi, pulumi_ovh as ovh
        options = pulumi.ResourceOptions(provider=ovh.Provider("eu", endpoint="ovh-eu"))
        ovh.cloudproject.NetworkPrivate("everywhere", service_name="p", opts=options)
        ovh.cloudproject.NetworkPrivate("here", service_name="p", regions=["GRA11"], opts=options)
        """
    )
    assert project.up().returncode == 0
    everywhere = set(outputs(project, "everywhere")["regionsOpenstackIds"])
    assert {"GRA11", "UK1", "BHS5", "SGP1"} <= everywhere, "the trap: also outside the jurisdiction"
    assert set(outputs(project, "here")["regionsOpenstackIds"]) == {"GRA11"}


def test_a_subnet_in_the_clusters_own_ranges_is_refused(project: Project) -> None:
    project.program(
        """
        import pulumi, pulumi_ovh as ovh
        options = pulumi.ResourceOptions(provider=ovh.Provider("eu", endpoint="ovh-eu"))
        ovh.cloudproject.NetworkPrivateSubnetV2(
            "s", service_name="p", network_id="n", region="GRA11", cidr="10.3.0.0/24", opts=options
        )
        """
    )
    refused = project.up()
    assert refused.returncode != 0
    assert "10.3.0.0/24 is used by the clusters themselves" in refused.stdout


def test_a_pre_flight_learns_the_country_and_the_zones_of_a_region_and_what_a_project_may_have(
    project: Project,
) -> None:
    project.program(
        """
        import pulumi, pulumi_ovh as ovh
        options = pulumi.InvokeOptions(provider=ovh.Provider("eu", endpoint="ovh-eu"))
        for code in ("UK1", "EU-WEST-PAR"):
            region = ovh.cloudproject.get_region(service_name="p", name=code, opts=options)
            pulumi.export(code, [region.country_code, region.type, len(region.availability_zones)])
        for name in ("l4-90", "a10-45", "l40s-90", "h100-380"):
            found = ovh.cloudproject.get_flavors(
                service_name="p", region="GRA11", name_filter=name, opts=options
            )
            pulumi.export(name, [[each.name, each.available, each.quota > 0] for each in found.flavors])
        """
    )
    project.run("cloud", "out-of-stock", "l4-*", "GRA11")
    project.run("cloud", "out-of-stock", "a10-*", "--once")
    project.run("cloud", "quota", "l40s-*", "0")
    up = project.up()
    assert up.returncode == 0, up.stdout
    assert project.outputs() == {
        "UK1": ["gb", "region", 0],
        "EU-WEST-PAR": ["fr", "region-3-az", 3],
        "l4-90": [["l4-90", False, True]],
        "a10-45": [["a10-45", True, True]],
        "l40s-90": [["l40s-90", True, False]],
        "h100-380": [["h100-380", True, True]],
    }, "what is out of stock once is gone only when somebody orders it"


def test_a_pool_can_be_asked_for_by_the_name_it_has_in_its_cluster(project: Project) -> None:
    project.program(
        CLUSTER + 'made = pool("p", cluster("c", "GRA11", "free"), name="mine", min_nodes=1, max_nodes=3)\n'
        "asked = pulumi.InvokeOptions(provider=eu)\n"
        'names = dict(service_name="p", kube_id=made.kube_id)\n'
        "found = lambda name: ovh.cloudproject.get_kube_node_pool_output(name=name, **names, opts=asked)\n"
        'pulumi.export("nodes", made.id.apply(lambda _: found("mine").desired_nodes))\n'
    )
    up = project.up()
    assert up.returncode == 0, up.stdout
    assert project.outputs() == {"nodes": 2}
    with (project.directory / "__main__.py").open("a") as program:
        program.write('pulumi.export("other", found("other").desired_nodes)\n')
    refused = project.up()
    assert "the nodepool named other cannot be found" in refused.stdout
