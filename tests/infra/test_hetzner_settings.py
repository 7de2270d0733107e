"""What only Hetzner asks for: demanded there, made up in rehearsal, never shown, refused elsewhere."""

from typing import Any

import pytest

from catalog import load_catalog
from components.clouds import Stock
from infra.cost import estimate
from infra.gpu import GpuCandidate, choose
from infra.settings import Settings, SettingsError, parse
from infra.sites import parse_sites
from preflight.machines import gpu_pool

SECRETS = ("hcloudToken", "weightsAccessKey", "weightsSecretKey")
REAL: dict[str, object] = {
    "sovereign:jurisdiction": "eu",
    "sovereign:cloud": "hetzner",
    "sovereign:location": "nbg1",
    "sovereign:domain": "inference.acme.eu",
    "sovereign:apiAccess": ["9.9.9.9/32"],
    "sovereign:registry": "registry.acme.eu/sovereign",
    "sovereign:hetznerProject": "1234567",
    **{f"sovereign:{key}": f"hidden-{key}" for key in SECRETS},
}
ENCRYPTED = {f"sovereign:{key}" for key in SECRETS}


def read(changes: dict[str, Any] | None = None, *, rehearsal: bool = False, secret: bool = True) -> Settings:
    given = {**REAL, **(changes or {})}
    written = {key: value for key, value in given.items() if value is not None}
    keys = ENCRYPTED if secret else set[str]()
    return parse(written, load_catalog(), rehearsal=rehearsal, secret_keys=keys)


def mistakes(changes: dict[str, Any] | None = None, **how: bool) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(changes, **how)
    assert "hidden-" not in str(caught.value), "a secret is never shown"
    return list(caught.value.mistakes)


def test_a_whole_file_gives_project_secrets_and_three_control_planes() -> None:
    settings = read()
    assert (settings.project, settings.control_planes, settings.vswitch_id) == ("1234567", 3, None)
    assert {key: secret.get_secret_value() for key, secret in settings.cloud_secrets.items()} == {
        key: f"hidden-{key}" for key in SECRETS
    }
    assert "hidden-" not in repr(settings)


@pytest.mark.parametrize(
    ("domain", "written", "zone"),
    [
        ("inference.acme.eu", None, "inference.acme.eu"),
        ("inference.acme.eu", "inference.acme.eu", "inference.acme.eu"),
        ("inference.acme.eu", "acme.eu", "acme.eu"),
        ("a.b.acme.co.uk", "acme.co.uk", "acme.co.uk"),
    ],
)
def test_the_record_goes_into_the_domain_or_into_the_zone_that_holds_it(
    domain: str, written: str | None, zone: str
) -> None:
    """Hetzner holds no zone for a name inside a domain, so such a stack names the zone above it."""
    settings = read({"sovereign:domain": domain, "sovereign:dnsZone": written})
    assert (settings.dns_zone, settings.host) == (zone, f"eu.{domain}")


@pytest.mark.parametrize("zone", ["acme.com", "ference.acme.eu", "eu.inference.acme.eu"])
def test_a_zone_that_cannot_hold_the_host_is_refused_with_those_that_can(zone: str) -> None:
    [mistake] = mistakes({"sovereign:dnsZone": zone})
    assert mistake == (
        f"sovereign:dnsZone: found '{zone}', which is neither sovereign:domain nor a parent of it; allowed: "
        "inference.acme.eu, acme.eu"
    )


def test_a_zone_is_refused_on_a_cloud_where_the_stack_makes_its_own() -> None:
    moved = {"sovereign:cloud": "civo", "sovereign:location": "FRA1", "sovereign:dnsZone": "acme.eu"}
    [mistake] = mistakes(moved)
    assert mistake.startswith("sovereign:dnsZone: found 'acme.eu', which civo does not read")


def test_a_further_site_on_such_a_cloud_is_named_in_the_zone_of_the_home_site() -> None:
    sites = parse_sites(
        {
            **REAL,
            "sovereign:dnsZone": "acme.eu",
            "sovereign:sites": [
                {"cloud": "civo", "location": "FRA1", "registry": "registry.acme.eu/sovereign"}
            ],
        },
        load_catalog(),
        secret_keys=ENCRYPTED,
    )
    assert sites.home.dns_zone == "acme.eu"
    assert [site.host for site in sites.further] == ["eu-civo-fra1.inference.acme.eu"]


def test_two_keys_move_the_stack_in_rehearsal() -> None:
    bare: dict[str, Any] = {"sovereign:hetznerProject": None, **{f"sovereign:{key}": None for key in SECRETS}}
    settings = read(bare, rehearsal=True)
    assert set(settings.cloud_secrets) == set(SECRETS)
    assert len(settings.cloud_secrets["hcloudToken"].get_secret_value()) == 64


@pytest.mark.parametrize("key", SECRETS)
def test_a_missing_secret_says_how_to_set_it(key: str) -> None:
    [mistake] = mistakes({f"sovereign:{key}": None})
    assert mistake.startswith(f"sovereign:{key}: missing; Hetzner needs it")
    assert f"pulumi config set --secret sovereign:{key}" in mistake


def test_secrets_in_plain_text_are_refused_without_showing_them() -> None:
    found = mistakes(secret=False)
    assert len(found) == 3
    assert all("found in plain text; allowed: a secret" in mistake for mistake in found)


def test_the_project_is_the_number_in_the_consoles_address() -> None:
    assert mistakes({"sovereign:hetznerProject": None})[0].startswith("sovereign:hetznerProject: missing")
    [mistake] = mistakes({"sovereign:hetznerProject": "my-project"})
    assert "allowed: the number of a Hetzner project" in mistake


@pytest.mark.parametrize("count", [0, 2, 5])
def test_only_one_or_three_control_planes_are_allowed(count: int) -> None:
    [mistake] = mistakes({"sovereign:controlPlanes": str(count)})
    assert mistake == f"sovereign:controlPlanes: found '{count}', allowed: 1 or 3"


def test_what_is_written_as_text_is_read_as_a_number() -> None:
    settings = read({"sovereign:controlPlanes": "1", "sovereign:vswitchId": "4711"})
    assert (settings.control_planes, settings.vswitch_id) == (1, 4711)


@pytest.mark.parametrize(("key", "value"), [("controlPlanes", 3), ("vswitchId", 4711)])
def test_a_number_that_would_do_nothing_on_another_cloud_is_refused_there(key: str, value: int) -> None:
    elsewhere = {"sovereign:cloud": "civo", "sovereign:location": "FRA1", f"sovereign:{key}": value}
    assert mistakes(elsewhere) == [
        f"sovereign:{key}: found {value}, which civo does not read; allowed there: left out"
    ]


def test_secrets_left_in_the_file_do_not_stop_a_move_to_another_cloud() -> None:
    settings = read({"sovereign:cloud": "civo", "sovereign:location": "FRA1"})
    assert settings.cloud_secrets == {}


GEX = {"sovereign:location": "fsn1", "sovereign:vswitchId": "4711", "sovereign:gpuNodeType": "GEX44"}
NO_GPU = {"sovereign:gpuNodeType": "none"}


def test_hosts_that_have_joined_are_a_gpu_pool_of_their_number() -> None:
    settings = read({**GEX, "sovereign:gpuNodesMin": "2"})
    [pool] = settings.gpu
    assert (str(pool), pool.minimum, pool.maximum) == ("GEX44@fsn1", 2, 2)
    assert settings.no_gpu_reason == ""


def test_no_gpu_stays_the_default_also_with_a_vswitch() -> None:
    assert read({"sovereign:vswitchId": "4711"}).gpu == ()
    assert "docs/clouds/hetzner.md" in read().no_gpu_reason


def test_a_dedicated_server_without_a_way_into_the_network_is_refused_with_what_to_do() -> None:
    [mistake] = mistakes({**GEX, "sovereign:vswitchId": None})
    assert mistake.startswith(
        "sovereign:gpuNodeType: found 'GEX44', a dedicated server that a person orders in Robot and that "
        "joins by a vSwitch, but sovereign:vswitchId is not set. Allowed: "
    )
    assert "or leave sovereign:gpuNodeType out" in mistake


def test_a_wrong_vswitch_is_one_mistake_and_not_two() -> None:
    [mistake] = mistakes({**GEX, "sovereign:vswitchId": "vlan"})
    assert mistake.startswith("sovereign:vswitchId: found 'vlan'")


def test_a_pool_that_a_person_orders_never_grows_by_itself() -> None:
    [mistake] = mistakes({**GEX, "sovereign:gpuNodesMin": "2", "sovereign:gpuNodesMax": "3"})
    assert mistake == (
        "sovereign:gpuNodesMax: found 3, above the minimum, but GEX44 is ordered by a person in Robot: such "
        "a pool does not scale by itself; allowed: 2"
    )


def test_fewer_hosts_than_the_replicas_need_are_refused() -> None:
    [mistake] = mistakes({**GEX, "sovereign:gpuNodesMin": "1"})
    assert "2 replicas with 1 GPU each need 2 of GEX44" in mistake
    assert read({**GEX, "sovereign:gpuNodesMin": "1", "sovereign:replicas": "1"}).gpu[0].minimum == 1


def test_a_host_stands_where_its_type_stands_also_beside_the_cluster() -> None:
    [mistake] = mistakes({**GEX, "sovereign:location": "nbg1"})
    assert "found 'GEX44', not known to be sold in nbg1; allowed in nbg1: GEX130, GEX131" in mistake
    beside = {**GEX, "sovereign:location": "nbg1", "sovereign:gpuNodeType": "GEX44@fsn1"}
    assert [str(pool) for pool in read(beside).gpu] == ["GEX44@fsn1"]


def test_nobody_is_asked_for_the_stock_of_a_dedicated_server_and_the_choice_says_so() -> None:
    def never(candidate: GpuCandidate) -> Stock:
        raise AssertionError(f"a cloud was asked for {candidate}")

    choice = choose(read(GEX).gpu, None, never)
    assert str(choice.candidate) == "GEX44@fsn1"
    assert choice.reason == "GEX44@fsn1: dedicated server, ordered in Robot; the stack cannot see its stock"


def test_dedicated_servers_are_in_the_estimate_though_they_are_no_resource() -> None:
    catalog = load_catalog()
    without, with_two = (estimate(read({**GEX, **more}), catalog, None) for more in (NO_GPU, {}))
    price = catalog.price("hetzner", "GEX44", "fsn1")
    assert price is not None
    assert without.eur_per_month is not None
    assert with_two.eur_per_month == without.eur_per_month + 2 * price.amount
    unpriced = estimate(read({**GEX, "sovereign:gpuNodeType": "GEX130"}), catalog, None).unpriced
    assert [line for line in unpriced if "GEX130" in line] == ["GPU nodes (2 x GEX130): no price known here"]


def test_preflight_does_not_ask_to_reserve_what_somebody_has_ordered() -> None:
    assert list(gpu_pool(read(GEX), ())) == []


def test_the_cpu_pool_may_grow() -> None:
    settings = read({"sovereign:cpuNodesMax": "5"})
    assert (settings.cpu_nodes_min, settings.cpu_nodes_max) == (2, 5)
