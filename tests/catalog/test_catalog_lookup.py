"""Look-ups are exact, and what is not listed is not found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, CatalogError


@pytest.mark.parametrize(
    "code",
    ["gra11", "GRA", "GRA11 ", " GRA11", "GRA1", "GRA111", "GRA11\n", "Gra11", "", "\uff27RA11"],
)
def test_a_code_that_is_almost_right_is_not_that_place(catalog: Catalog, code: str) -> None:
    place = catalog.place("ovh", code)
    assert place is None or place.code == code != "GRA11"


def test_a_code_means_nothing_outside_its_cloud(catalog: Catalog) -> None:
    assert catalog.place("ovh", "GRA11") is not None
    assert catalog.place("scaleway", "GRA11") is None
    assert catalog.place("hcloud", "fsn1") is None, "hcloud is the provider; the catalogue key is hetzner"


@given(code=st.text(max_size=20))
def test_any_text_finds_at_most_the_place_of_exactly_that_name(code: str) -> None:
    from catalog import load_catalog

    for cloud in load_catalog().clouds:
        place = load_catalog().place(cloud, code)
        assert place is None or place.code == code


def test_a_node_type_is_found_by_its_exact_name_only(catalog: Catalog) -> None:
    assert catalog.node_type("scaleway", "L4-1-24G") is not None
    assert catalog.node_type("scaleway", "l4-1-24g") is None
    assert catalog.node_type("ovh", "L4-1-24G") is None


def test_asking_for_a_jurisdiction_that_is_not_there_lists_those_that_are(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match=r"no jurisdiction 'ch' in the catalogue; allowed: eu, uk"):
        catalog.jurisdiction("ch")


def test_asking_for_a_cloud_by_its_provider_name_lists_the_keys(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match=r"no cloud 'hcloud'.*allowed: civo, hetzner, ovh, scaleway"):
        catalog.places("hcloud")


@pytest.mark.parametrize("code", ["EU", "eu ", "Eu", "de", ""])
def test_a_jurisdiction_code_is_exact(catalog: Catalog, code: str) -> None:
    with pytest.raises(CatalogError, match="allowed: eu, uk"):
        catalog.places("ovh", code)


def test_places_of_a_jurisdiction_are_those_whose_country_is_in_it(catalog: Catalog) -> None:
    assert {place.code for place in catalog.places("civo", "uk")} == {"LON1"}
    assert {place.code for place in catalog.places("civo", "eu")} == {"FRA1"}
    assert {place.code for place in catalog.places("ovh", "uk")} == {"UK1", "UK", "eu-west-eri"}
    assert catalog.places("scaleway", "uk") == ()
    assert catalog.places("hetzner", "uk") == ()


@pytest.mark.parametrize(
    ("provider", "key"), [("hcloud", "hetzner"), ("ovh", "ovh"), ("scaleway", "scaleway"), ("civo", "civo")]
)
def test_a_pulumi_package_leads_to_its_cloud(catalog: Catalog, provider: str, key: str) -> None:
    cloud = catalog.cloud_of_provider(provider)
    assert cloud is not None
    assert cloud.key == key


@pytest.mark.parametrize("provider", ["hetzner", "aws", "gcp", "azure-native", ""])
def test_no_other_pulumi_package_is_a_cloud_here(catalog: Catalog, provider: str) -> None:
    assert catalog.cloud_of_provider(provider) is None


def test_a_loaded_catalogue_cannot_be_changed(catalog: Catalog) -> None:
    place = catalog.place("ovh", "BHS5")
    assert place is not None
    with pytest.raises(ValueError, match="frozen"):
        place.jurisdiction = "eu"  # pyright: ignore[reportAttributeAccessIssue]  # the test
    with pytest.raises(TypeError):
        catalog.jurisdictions["ca"] = catalog.jurisdiction("eu")  # pyright: ignore[reportIndexIssue]  # the test
    with pytest.raises(TypeError):
        catalog.models[0].uses["eu"] = "approved"  # pyright: ignore[reportIndexIssue]  # the test
