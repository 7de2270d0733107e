"""Several sites in one jurisdiction: what each gets, how it is named, and which mistakes are named how."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import load_catalog
from components.clouds import built_clouds
from infra.settings import SettingsError
from infra.sites import SITE_KEYS, Sites, UnknownSiteError, lock_name, parse_sites
from policies.sites import declared_sites
from tests.infra.test_settings import EU, UK

CATALOG = load_catalog()
GRA11 = {"cloud": "ovh", "location": "GRA11", "serviceName": "0123456789abcdef0123456789abcdef"}
PLACES = [
    (cloud, place.code) for cloud in built_clouds() for place in CATALOG.places(cloud) if place.stack_location
]
DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def sites(*entries: object, basis: dict[str, object] = EU, rehearsal: bool = False, **written: Any) -> Sites:
    config = {**basis, **{f"sovereign:{key}": value for key, value in written.items()}}
    return parse_sites({**config, "sovereign:sites": json.dumps(entries)}, CATALOG, rehearsal=rehearsal)


def mistakes(*entries: object, **how: Any) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        sites(*entries, **how)
    return list(refused.value.mistakes)


def test_without_the_key_there_is_the_home_site_alone_under_its_old_name() -> None:
    found = parse_sites(EU, CATALOG)
    assert [site.name for site in found.all] == ["eu"]
    assert found.home.host == "eu.inference.acme.eu"
    assert not found.fallback, "there is nothing to fall back to"


def test_a_further_site_has_a_name_of_its_own_below_the_same_domain() -> None:
    found = sites(GRA11)
    assert [site.host for site in found.all] == ["eu.inference.acme.eu", "eu-ovh-gra11.inference.acme.eu"]
    assert found.named("eu-ovh-gra11").place.code == "GRA11"
    assert found.fallback
    with pytest.raises(UnknownSiteError, match="there are: eu, eu-ovh-gra11"):
        found.named("eu-ovh-gra7")


def test_what_is_said_of_the_jurisdiction_holds_at_every_site() -> None:
    found = sites(GRA11, replicas="3", data="none", maxModelLen="2048").further[0]
    assert (found.replicas, found.data, found.max_model_len) == (3, "none", 2048)
    assert found.api_access == ("8.8.8.8/32",)


def test_what_is_said_of_the_home_sites_place_holds_there_alone() -> None:
    found = sites(GRA11, gpuNodeType="L40S-1-48G", gpuNodesMax="4", cpuNodesMin="5", cpuNodeType="PRO2-S")
    (site,) = found.further
    assert found.home.cpu_nodes_min == 5
    assert (site.cpu_nodes_min, site.cpu_node_type.name) == (2, "b3-32")
    assert [str(each) for each in site.gpu] == ["l4-90@GRA11"]


def test_a_site_may_say_its_own_nodes() -> None:
    (site,) = sites({**GRA11, "gpuNodeType": "none", "cpuNodesMin": 4, "cpuNodesMax": 6}).further
    assert (site.gpu, site.cpu_nodes_min, site.cpu_nodes_max) == ((), 4, 6)


def test_one_account_of_a_cloud_serves_all_its_sites_unless_one_says_otherwise() -> None:
    other = "11111111-1111-4111-8111-111111111111"
    found = sites(
        {"cloud": "scaleway", "location": "nl-ams-1"},
        {"cloud": "scaleway", "location": "pl-waw-2", "projectId": other},
    )
    assert [site.project for site in found.all] == [EU["sovereign:projectId"]] * 2 + [other]


def test_the_login_of_a_registry_is_shown_to_no_other_host() -> None:
    def login(registry: str) -> object:
        config = {**UK, "sovereign:registryAuth": "user:password"}
        entry = {**GRA11, "location": "UK1", "registry": registry}
        found = parse_sites(
            {**config, "sovereign:sites": [entry]}, CATALOG, secret_keys=["sovereign:registryAuth"]
        )
        assert found.home.registry_auth is not None
        return found.further[0].registry_auth

    assert login("registry.acme.co.uk/other") is not None
    assert login("registry.somebody.co.uk/sovereign") is None


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            {**GRA11, "location": "UK1"},
            "sovereign:sites[0].location: found 'UK1': it stands in London, GB, in uk",
        ),
        ({**GRA11, "location": "GRA"}, "sovereign:sites[0].location: found 'GRA'"),
        ({**GRA11, "cloud": "aws"}, "sovereign:sites[0].cloud: found 'aws', which is no cloud"),
        ({**GRA11, "replicas": 3}, "sovereign:sites[0].replicas: no setting of a site; there are: cloud, "),
        ({**GRA11, "gpuNodetype": "none"}, "no setting of a site (did you mean gpuNodeType?)"),
        ({"cloud": "ovh", "serviceName": "0" * 31 + "1"}, "sovereign:sites[0].location: missing"),
        ({"location": "GRA11"}, "sovereign:sites[0].cloud: missing; allowed: civo, hetzner, ovh, scaleway"),
        ({**GRA11, "cpuNodesMin": "many"}, "sovereign:sites[0].cpuNodesMin: found 'many', allowed: a whole"),
        ({**GRA11, "cpuNodesMax": 1}, "sovereign:sites[0].cpuNodesMax: found 1, below the minimum"),
        ({"cloud": "ovh", "location": "GRA11"}, "sovereign:sites[0].serviceName: missing"),
        ({"cloud": "scaleway", "location": "fr-par-2"}, "of scaleway, which is the home site; allowed: each"),
        ({**GRA11, "location": "LON1"}, "but sovereign:sites[0].cloud is ovh"),
        ({"cloud": "civo", "location": "FRA1"}, "sovereign:sites[0].registry: missing"),
    ],
)
def test_a_mistake_of_a_site_is_named_by_its_place_in_the_list(entry: dict[str, object], said: str) -> None:
    found = mistakes(entry)
    assert len(found) == 1, found
    assert found[0].startswith("sovereign:sites[0]")
    assert said in found[0]


def test_the_same_place_twice_is_refused_with_where_it_was_first() -> None:
    (found,) = mistakes(GRA11, {**GRA11, "cpuNodesMin": 3})
    assert found.startswith("sovereign:sites[1].location: found 'GRA11' of ovh, which is sovereign:sites[0]")


def test_a_mistake_at_home_is_not_repeated_for_each_site() -> None:
    found = mistakes(GRA11, replicas="none", domain="localhost", model="gpt-4")
    assert sorted(line.partition(": ")[0] for line in found) == [
        "sovereign:domain",
        "sovereign:model",
        "sovereign:replicas",
    ]


def test_what_only_a_site_is_wrong_about_is_said_there() -> None:
    """Two GPUs a replica fit the nodes at home and not those away."""
    (found,) = mistakes(GRA11, gpusPerReplica="2", gpuNodeType="L4-2-24G")
    assert found.startswith("sovereign:sites[0]: sovereign:gpusPerReplica: found 2, but l4-90 has 1")


@pytest.mark.parametrize("value", ["GRA11", '["GRA11"]', "{}", "[1]", '{"cloud": "ovh"}', "[unclosed"])
def test_a_list_that_is_none_is_one_mistake(value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_sites({**EU, "sovereign:sites": value}, CATALOG)
    (found,) = refused.value.mistakes
    assert found.startswith("sovereign:sites: found ")
    assert "allowed: a list of up to 8 sites, each with cloud and location" in found


def test_falling_back_can_be_switched_off_and_not_on_without_a_second_site() -> None:
    assert not sites(GRA11, siteFallback="false").fallback
    assert sites(GRA11, siteFallback="true").fallback
    (found,) = mistakes(siteFallback="true")
    assert found.startswith("sovereign:siteFallback: found true, but sovereign:sites lists no further site")


def test_each_site_has_a_lock_of_its_own_named_after_the_stack() -> None:
    found = sites(GRA11)
    assert [lock_name("eu-staging", site) for site in found.all] == ["eu-staging", "eu-staging-ovh-gra11"]


@given(st.lists(st.sampled_from(PLACES), max_size=8), st.sampled_from(["eu", "uk"]))
def test_no_site_outside_the_jurisdiction_is_ever_read_and_no_name_is_given_twice(
    places: list[tuple[str, str]], jurisdiction: str
) -> None:
    entries = [
        {"cloud": cloud, "location": code, "registry": "registry.example.com/x"} for cloud, code in places
    ]
    basis = EU if jurisdiction == "eu" else UK
    home = (basis["sovereign:cloud"], basis["sovereign:location"])
    stand_there = all(
        (place := CATALOG.place(*each)) is not None and place.jurisdiction == jurisdiction for each in places
    )
    try:
        found = sites(*entries, basis=basis, rehearsal=True)
    except SettingsError:
        assert not stand_there or len({home, *places}) < len(places) + 1
        return
    assert stand_there
    assert {site.place.jurisdiction for site in found.all} == {jurisdiction}
    names = [site.name for site in found.all]
    assert len(set(names)) == len(names) == len(places) + 1
    assert all(DNS_LABEL.fullmatch(name) for name in names)
    # What the policies take from the same configuration are the same names.
    config = {"jurisdiction": jurisdiction, "domain": found.home.domain, "sites": json.dumps(entries)}
    assert [each.host for each in declared_sites(config.get)] == [site.host for site in found.all]


@given(
    st.dictionaries(st.sampled_from([*SITE_KEYS, "replicas", "", "x"]), st.none() | st.integers() | st.text())
)
def test_any_entry_is_a_site_or_a_mistake_under_its_own_key(entry: dict[str, object]) -> None:
    said: tuple[str, ...] = ()
    try:
        sites(entry, rehearsal=True)
    except SettingsError as error:
        said = error.mistakes
    assert all(line.startswith("sovereign:sites") for line in said), said
    assert said or {"cloud", "location"} <= entry.keys()
