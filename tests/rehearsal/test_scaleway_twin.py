"""Scaleway's twin gives the ids that its provider gives: what is judged by an id is judged here alike."""

import uuid

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.engine


def test_a_dns_record_has_no_place_and_no_zone_in_its_id_unlike_what_stands_in_a_region(
    project: Project,
) -> None:
    project.program(
        """
        import pulumi, pulumiverse_scaleway as scaleway
        options = pulumi.ResourceOptions(provider=scaleway.Provider("eu", region="nl-ams", zone="nl-ams-1"))
        scaleway.domain.Record(
            "name", dns_zone="example.com", name="eu", type="A", data="192.0.2.1", opts=options
        )
        scaleway.network.PrivateNetwork("net", region="nl-ams", opts=options)
        """
    )
    up = project.up()
    assert up.returncode == 0, up.stdout
    (record,) = project.cloud("scaleway:domain/record:Record")
    assert str(uuid.UUID(record["id"])) == record["id"]
    (network,) = project.cloud("scaleway:network/privateNetwork:PrivateNetwork")
    assert network["id"].startswith("nl-ams/")
