"""Whose host is whose: the longest suffix wins, whole labels count, and every endpoint has its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import Catalog, HostKind, PackageKind
from tests.catalog.test_catalog_mistakes import refusal

Spoil = Callable[[str, str, str], Path]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("s3.fr-par.scw.cloud", "s3.fr-par.scw.cloud"),
        ("bucket.S3.Fr-Par.scw.cloud.", "s3.fr-par.scw.cloud"),
        ("x.nl-ams.scw.cloud", "scw.cloud"),
        ("a.b.s3.eu-west-3.amazonaws.com", "amazonaws.com"),
        ("amazonaws.com", "amazonaws.com"),
        ("s3.services.k8s.aws", "k8s.aws"),
        ("docs.aws", "aws"),
        ("public.ecr.aws", "public.ecr.aws"),
        ("registry.gitlab.com", "registry.gitlab.com"),
    ],
)
def test_the_longest_suffix_of_whole_labels_covers_a_host(catalog: Catalog, name: str, suffix: str) -> None:
    host = catalog.host(name)

    assert host is not None
    assert host.suffix == suffix


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "notamazonaws.com",
        "amazonaws.com.example.eu",
        "amazonaws",
        "scw.cloud.eu",
        "example.eu",
        "nvidia.com",
        "vllm.inference.svc.cluster.local",
        "s3-fr-par-scw.cloud",
    ],
)
def test_a_host_that_only_looks_like_one_belongs_to_nobody(catalog: Catalog, name: str) -> None:
    assert catalog.host(name) is None


@pytest.mark.parametrize(
    ("name", "cloud", "place"),
    [
        ("s3.uk.io.cloud.ovh.net", "ovh", "UK"),
        ("rg.fr-par.scw.cloud", "scaleway", "fr-par"),
        ("nbg1.your-objectstorage.com", "hetzner", "nbg1"),
        ("objectstore.lon1.civo.com", "civo", "LON1"),
    ],
)
def test_an_endpoint_says_where_it_stands(catalog: Catalog, name: str, cloud: str, place: str) -> None:
    host = catalog.host(name)

    assert host is not None
    assert (host.kind, host.cloud, host.place) == (HostKind.CLOUD_ENDPOINT, cloud, place)
    assert not host.is_foreign


def test_every_foreign_host_and_package_is_of_a_company_outside_every_jurisdiction(catalog: Catalog) -> None:
    countries = {country for each in catalog.jurisdictions.values() for country in each.countries}

    assert not countries & {host.country for host in catalog.hosts.values() if host.is_foreign}
    assert not countries & {package.country for package in catalog.packages.values()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("aws", PackageKind.HYPERSCALER),
        ("azure-native", PackageKind.HYPERSCALER),
        ("gcp", PackageKind.HYPERSCALER),
        ("cloudflare", PackageKind.US_CLOUD),
        ("datadog", PackageKind.US_SAAS),
    ],
)
def test_a_foreign_package_is_known_by_its_exact_name(catalog: Catalog, name: str, kind: PackageKind) -> None:
    package = catalog.package(name)

    assert package is not None
    assert package.kind is kind
    assert catalog.package(name.upper()) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("suffix: amazonaws.com,", "suffix: .amazonaws.com,", "a host suffix is a DNS name in lower case"),
        ("suffix: amazonaws.com,", "suffix: AmazonAWS.com,", "a host suffix is a DNS name in lower case"),
        ("suffix: cloudfront.net,", "suffix: amazonaws.com,", "hosts[amazonaws.com]: given twice"),
        ("cloud: civo, place: LON1", "cloud: civo, place: LON2", "no place 'LON2' in places/civo.yaml"),
        (
            "cloud: civo, place: LON1",
            "cloud: civo, place: NYC1",
            "gives objectstore.lon1.civo.com no place in uk",
        ),
        ("cloud: civo, place: LON1, ", "", "a cloud-endpoint names its cloud, and nothing else does"),
    ],
)
def test_a_mistake_in_the_list_of_hosts_is_named(spoil: Spoil, old: str, new: str, message: str) -> None:
    assert message in refusal(spoil("hosts.yaml", old, new))


def test_the_package_of_a_cloud_of_the_catalogue_cannot_be_foreign(spoil: Spoil) -> None:
    assert "packages[ovh]: it is the package of a cloud" in refusal(
        spoil("packages.yaml", "name: datadog,", "name: ovh,")
    )
