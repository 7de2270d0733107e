"""Every type of every installed SDK is understood, so that no program meets a gap."""

import pytest

from rehearsal.sdk import describe_function, describe_resource, installed_packages
from rehearsal.sdk.packages import registered_resources


@pytest.mark.parametrize("name", ["civo", "hcloud", "kubernetes", "ovh", "random", "scaleway", "tls"])
def test_every_type_of_an_sdk_can_be_described(name: str) -> None:
    package = installed_packages()[name]
    tokens = registered_resources(package.module)
    assert len(tokens) > 3
    described = [describe_resource(package, token) for token in tokens]
    assert all(type_ is not None and type_.outputs for type_ in described)


def test_required_inputs_are_those_of_the_schema() -> None:
    kube = describe_resource(installed_packages()["ovh"], "ovh:CloudProject/kube:Kube")
    assert kube is not None
    assert {item.name for item in kube.inputs.values() if item.required} == {"region"}


def test_outputs_that_are_no_inputs_are_known_as_computed() -> None:
    bucket = describe_resource(installed_packages()["scaleway"], "scaleway:object/bucket:Bucket")
    assert bucket is not None
    assert set(bucket.computed) == {"endpoint", "apiEndpoint"}


def test_a_function_is_described_by_its_result() -> None:
    shapes = describe_function(installed_packages()["hcloud"], "hcloud:index/getImage:getImage")
    assert shapes is not None
    assert {"id", "name", "architecture"} <= set(shapes)


def test_a_type_that_does_not_exist_is_not_invented() -> None:
    assert describe_resource(installed_packages()["hcloud"], "hcloud:index/spaceship:Spaceship") is None
