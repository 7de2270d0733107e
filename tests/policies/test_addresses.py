"""Public addresses are found however they are written; what is no place is left alone."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policies.addresses import Look, addresses_in
from policies.context import build_context
from policies.facts import Resource, Secret, StackFacts
from policies.network import is_public
from policies.rules.residency_addresses import RULE
from tests.policies.stacks import TODAY, explicit_provider, resource

CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)
POD: Final = "kubernetes:core/v1:Pod"
_PUBLIC: Final = st.one_of(
    st.ip_addresses(v=4), st.ip_addresses(network="203.0.113.0/24"), st.ip_addresses(network="2001:db8::/32")
).filter(is_public)


def spellings(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[str]:
    """The address in the ways in which programs take it for the host of a place."""
    host = f"[{address}]" if address.version == 6 else str(address)
    found = [
        f"https://{host}/x",
        f"http://user:pw@{host}:9000/x",
        f"{host}:443",
        f"tcp://{host}",
        str(address),
        json.dumps({"endpoint": f"https://{host}"}),
        f"--to=https://{host}:1",
        f"A='{host}' && curl http://$A/x",
    ]
    if isinstance(address, ipaddress.IPv4Address):
        number = int(address)
        parts = str(address).split(".")
        found += [
            f"http://{number}/",
            f"http://{number:#x}:80/",
            "http://" + ".".join(f"0{int(part):o}" for part in parts) + "/",
            "http://" + ".".join(f"{int(part):#x}" for part in parts) + "/",
            f"http://{parts[0]}.{number & 0xFFFFFF}/",
            f"http://[::ffff:{address}]/",
            str(address).replace(".", "%2e"),
            f"https://{address}.nip.io/",
            f"https://app-{str(address).replace('.', '-')}.sslip.io:443/",
        ]
    return found


PLACES: Final[list[Callable[[str], tuple[str, Mapping[str, Any]]]]] = [
    lambda text: (POD, {"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": text}]}]}}),
    lambda text: (POD, {"spec": {"containers": [{"name": "c", "args": ["--to", text]}]}}),
    lambda text: (POD, {"spec": {"initContainers": [{"name": "c", "command": ["sh", "-c", f"x {text}"]}]}}),
    lambda text: ("kubernetes:core/v1:ConfigMap", {"data": {"a": text}}),
    lambda text: ("kubernetes:core/v1:Service", {"spec": {"type": "ExternalName", "externalName": text}}),
    lambda text: ("command:local:Command", {"create": f"curl {text}"}),
]


def found(type_token: str, properties: Mapping[str, Any], *others: Resource) -> list[str]:
    """What the rule finds in a resource that stands among others."""
    each = resource(type_token, "r", properties, provider=explicit_provider(type_token.partition(":")[0]))
    return [violation.found for violation in RULE.check(StackFacts((each, *others)), CONTEXT)]


@given(st.sampled_from(PLACES), _PUBLIC, st.data())
@settings(max_examples=400, deadline=None)
def test_no_way_to_write_a_public_address_and_no_place_to_put_it_gets_through(
    place: Callable[[str], tuple[str, Mapping[str, Any]]],
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    data: st.DataObject,
) -> None:
    assert found(*place(data.draw(st.sampled_from(spellings(address)))))


@given(st.sampled_from(PLACES), st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), st.data())
@settings(max_examples=300, deadline=None)
def test_a_private_address_is_let_through_however_it_is_written(
    place: Callable[[str], tuple[str, Mapping[str, Any]]],
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    data: st.DataObject,
) -> None:
    private = ipaddress.ip_address(10 << 24 | int(address) & 0xFFFFFF)
    written = [text for text in spellings(private) if "nip.io" not in text and "sslip.io" not in text]

    assert not found(*place(data.draw(st.sampled_from(written))))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0:443",
        "[::]:443",
        "::1",
        "http://localhost:1",
        "169.254.169.254",
        "255.255.255.0",
        "fd00::10",
        "203.0.113.0/24",
        "2001:db8::/32",
        "v1.2.3.4",
        "vllm-1.2.3.4.whl",
        "12:30:45",
        "ab:cd:ef:01:23:45:67:89",
        "Foo::bar",
        "1.2.3",
        "1.2.3.4.5",
        "300.1.1.1",
        "",
    ],
)
def test_what_is_no_public_address_is_not_taken_for_one(text: str) -> None:
    assert addresses_in(text, Look.ANY) == frozenset()


@pytest.mark.parametrize("text", ["release 1.2.3.4 of the driver", "allow 203.0.113.7;", "set 1.2.3.4"])
def test_an_address_in_the_prose_of_a_file_counts_only_where_something_leads_there(text: str) -> None:
    assert addresses_in(text, Look.WHOLE) == frozenset()
    assert addresses_in(text.replace("1.2.3.4", "http://1.2.3.4").replace("7;", "7:80;"), Look.WHOLE)


@given(st.text(max_size=200), st.sampled_from(Look))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_read(text: str, look: Look) -> None:
    assert isinstance(addresses_in(text, look), frozenset)


@given(_PUBLIC)
@settings(max_examples=50, deadline=None)
def test_an_address_that_the_cloud_gave_to_this_stack_is_its_own_and_another_is_not(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assume(address != ipaddress.ip_address("198.51.100.1"))
    mine = resource(
        "scaleway:loadbalancers/ip:Ip",
        "ip",
        {"ipAddress": str(address)},
        provider=explicit_provider("scaleway"),
    )
    record = "scaleway:domain/record:Record"

    assert not found(record, {"type": "A", "data": str(address)}, mine)
    assert found(record, {"type": "A", "data": "198.51.100.1"}, mine)
    assert found(record, {"type": "A", "data": str(address)})


def test_what_a_program_writes_itself_makes_no_address_its_own() -> None:
    written = resource(
        "kubernetes:core/v1:Service",
        "s",
        {"spec": {"loadBalancerIP": "203.0.113.9", "externalIPs": ["203.0.113.9"]}},
        provider=explicit_provider("kubernetes"),
    )

    assert found("kubernetes:core/v1:ConfigMap", {"data": {"a": "203.0.113.9"}}, written)


def test_a_message_names_the_place_and_never_the_address() -> None:
    (text,) = found(
        POD, {"spec": {"containers": [{"name": "c", "args": [Secret("http://203.0.113.9/hush")]}]}}
    )

    assert text.startswith("`spec.containers[0].args[0]` has a public address")
    assert "203.0.113.9" not in text
    assert "hush" not in text


def test_a_version_in_a_variable_passes_and_is_caught_where_it_is_used_as_a_place() -> None:
    env = [{"name": "CUDNN_VERSION", "value": "9.1.0.70"}]

    assert not found(POD, {"spec": {"containers": [{"name": "c", "env": env}]}})
    assert found(
        POD, {"spec": {"containers": [{"name": "c", "env": env, "args": ["--to=$(CUDNN_VERSION)"]}]}}
    )
