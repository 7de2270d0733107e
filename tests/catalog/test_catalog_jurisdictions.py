"""A place's jurisdiction comes from its country; the traps are codes whose name says otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, jurisdiction_of

TWO_LETTERS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2)


@pytest.mark.parametrize(
    ("cloud", "code", "country", "jurisdiction"),
    [
        ("ovh", "eu-west-eri", "GB", "uk"),
        ("ovh", "eu-west-lim", "DE", "eu"),
        ("ovh", "eu-west-lz-zrh", "CH", None),
        ("ovh", "eu-north-lz-osl", "NO", None),
        ("ovh", "af-north-lz-rba", "MA", None),
        ("ovh", "UK1", "GB", "uk"),
        ("ovh", "UK", "GB", "uk"),
        ("ovh", "DE", "DE", "eu"),
        ("ovh", "BHS5", "CA", None),
        ("ovh", "US-EAST-VA-1", "US", None),
        ("ovh", "EU-WEST-PAR", "FR", "eu"),
        ("ovh", "eu-west-par-b", "FR", "eu"),
        ("scaleway", "pl-waw-2", "PL", "eu"),
        ("hetzner", "fsn1", "DE", "eu"),
        ("hetzner", "hel1", "FI", "eu"),
        ("hetzner", "ash", "US", None),
        ("hetzner", "sin", "SG", None),
        ("civo", "LON1", "GB", "uk"),
        ("civo", "FRA1", "DE", "eu"),
        ("civo", "MUM1", "IN", None),
    ],
)
def test_the_country_decides_not_the_name(
    catalog: Catalog, cloud: str, code: str, country: str, jurisdiction: str | None
) -> None:
    place = catalog.place(cloud, code)
    assert place is not None
    assert place.country == country
    assert place.jurisdiction == jurisdiction


def test_a_network_zone_belongs_only_where_all_its_countries_do(catalog: Catalog) -> None:
    zone = catalog.place("hetzner", "eu-central")
    assert zone is not None
    assert zone.countries == ("DE", "FI")
    assert zone.country == "DE/FI", "names both in a message"
    assert zone.jurisdiction == "eu"


@pytest.mark.parametrize(
    "countries",
    [
        ("DE", "CH"),
        ("FR", "GB"),
        ("GB", "IE"),
        ("NO",),
        ("IS",),
        ("LI",),
        ("CH",),
        ("US",),
        ("UK",),
        ("de",),
        (),
    ],
)
def test_one_country_outside_takes_the_whole_zone_outside(
    catalog: Catalog, countries: tuple[str, ...]
) -> None:
    assert jurisdiction_of(countries, list(catalog.jurisdictions.values())) is None


@given(countries=st.lists(TWO_LETTERS, min_size=1, max_size=4))
def test_a_jurisdiction_is_given_only_if_it_holds_every_country(countries: list[str]) -> None:
    from catalog import load_catalog

    jurisdictions = list(load_catalog().jurisdictions.values())
    code = jurisdiction_of(countries, jurisdictions)
    holding = [each.code for each in jurisdictions if set(countries) <= each.countries]
    assert [code] == (holding or [None])


def test_a_place_without_jurisdiction_is_never_a_stack_location(catalog: Catalog) -> None:
    for cloud in catalog.clouds:
        for place in catalog.places(cloud):
            assert not (place.stack_location and place.jurisdiction is None), place.code


def test_a_code_whose_country_nobody_could_establish_stays_unknown(catalog: Catalog) -> None:
    assert catalog.place("ovh", "eu-west-lz-mnc") is None
