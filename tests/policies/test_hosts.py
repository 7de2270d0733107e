"""Host names are found however they are written: random texts around, random spellings of the name."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import HostKind, load_catalog
from policies.context import build_context
from policies.facts import StackFacts
from policies.hosts import hosts_in, names_in
from tests.policies.stacks import TODAY, explicit_provider, resource, violations_of

CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)
FOREIGN: Final = sorted(
    host.suffix
    for host in load_catalog().hosts.values()
    if host.is_foreign and "." in host.suffix and host.kind is not HostKind.REGISTRY
)
ABROAD: Final = ["s3.uk.io.cloud.ovh.net", "objectstore.lon1.civo.com", "x.uk1.container-registry.ovh.net"]

_AROUND: Final = st.text(alphabet=" \n\t,;|&()[]{}<>'\"=@/:#!?*", max_size=6)
_LABELS: Final = st.lists(st.sampled_from(["a", "b-1", "x_y", "WWW", "0"]), max_size=3)


def spelt(name: str, draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    """The same host in another spelling that some reader of manifests takes for the same."""
    name = "".join(each.upper() if draw(st.booleans()) else each for each in name)
    where = draw(st.integers(min_value=1, max_value=len(name) - 1))
    dot = name.index(".")
    return draw(
        st.sampled_from(
            [
                name,
                f"{name}.",
                f"https://user:p%40ss@{name}:8443/path?x=1",
                f"{name}:443",
                quote(f"https://{name}/", safe=""),
                quote(name, safe="").replace(".", "%2E"),
                quote(quote(name, safe="").replace(".", "%2e"), safe=""),
                f"[2001:db8::1]:443,{name}:443",
                f"tcp://{name}",
                f"user@{name}:path",
                f"{name[:where]}''{name[where:]}",
                f'{name[:where]}"{name[where:]}"',
                f"{name[:where]}\\{name[where:]}" if name[where] not in "uUx01234567" else name,
                f"{name[:where]}\\\n{name[where:]}",
                json.dumps({"endpoint": name}),
                json.dumps(json.dumps([name])),
                f'"{name[:dot]}\\u002e{name[dot + 1 :]}"',
                f'"{name[:dot]}\\x2e{name[dot + 1 :]}"',
                yaml.safe_dump({"a": {"b": [name]}}),
                f"{name[:dot]}\u3002{name[dot + 1 :]}",
                f"{name[:where]}\u00ad{name[where:]}",
                "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in name),
                f"a=1,{name},b=2",
                f"no_proxy=.{name}",
                f"[bucket]\nendpoint = {name}\nregion = x\n",
                f"xn--bcher-kva.{name}",
                "".join(f"%{ord(each):02X}" for each in name),
                f"{name[:where]}%{ord(name[where]):02x}{name[where + 1 :]}",
                f"A={name[:where]}; curl -f ${{A}}{name[where:]}",
                f"A='{name[:where]}' B=\"{name[where:]}\"\ncurl $A$B",
                f"export HOST={name[dot + 1 :]}\nwget https://{name[:dot]}.$HOST/x",
                json.dumps({"args": f"--to={name}"}).replace(".", "\\u002e"),
                yaml.safe_dump({"env": [{"name": "A", "value": f"https://{name}:443"}]}),
                f"$(echo {_coded(name)} | base64 -d)",
                f"B={_coded(f'https://{name}/x')}; printf %s $B|openssl base64 -d",
                f"python3 -c 'import base64; print(base64.b64decode(\"{_coded(name)}\"))'",
            ]
        )
    )


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@st.composite
def texts(draw: st.DrawFn, names: list[str]) -> str:
    """A text in which a listed host, or one below it, is named."""
    labels = draw(_LABELS)
    name = ".".join([*labels, draw(st.sampled_from(names))])
    return f"{draw(_AROUND)}{spelt(name, draw)}{draw(_AROUND)}"


def _container(**fields: Any) -> Mapping[str, Any]:
    image = f"rg.fr-par.scw.cloud/s/c@sha256:{'0' * 64}"
    return {"spec": {"containers": [{"name": "c", "image": image, **fields}]}}


def _split(text: str, uses: Callable[[str, str], Mapping[str, Any]]) -> Mapping[str, Any]:
    """A container that holds a text in two variables and puts it together again."""
    half = len(text) // 2
    env = [{"name": "A", "value": text[:half]}, {"name": "B", "value": text[half:]}]
    return _container(env=env, **uses("$(A)", "$(B)"))


POD: Final = "kubernetes:core/v1:Pod"
PLACES: Final[list[Callable[[str], tuple[str, Mapping[str, Any]]]]] = [
    lambda text: (POD, _container(env=[{"name": "A", "value": text}])),
    lambda text: (POD, _container(args=["--to", text])),
    lambda text: (POD, _container(command=["sh", "-c", f"curl -f {text}; true"])),
    lambda text: (POD, _container(env=[{"name": "A", "value": text}], args=["$(A)"])),
    lambda text: (POD, _container(readinessProbe={"exec": {"command": ["curl", text]}})),
    lambda text: (
        POD,
        {"spec": {"containers": [], "hostAliases": [{"ip": "10.0.0.1", "hostnames": [text]}]}},
    ),
    lambda text: ("kubernetes:core/v1:ConfigMap", {"data": {"a.yaml": f"to {text}"}}),
    lambda text: ("kubernetes:core/v1:ConfigMap", {"data": {"a.json": json.dumps({"x": [text]})}}),
    lambda text: (
        "kubernetes:core/v1:ConfigMap",
        {"binaryData": {"a": base64.b64encode(text.encode()).decode()}},
    ),
    lambda text: ("kubernetes:core/v1:Service", {"spec": {"type": "ExternalName", "externalName": text}}),
    lambda text: ("kubernetes:core/v1:Endpoints", {"subsets": [{"addresses": [{"hostname": text}]}]}),
    lambda text: ("kubernetes:core/v1:Secret", {"metadata": {"name": text}}),
    lambda text: ("kubernetes:core/v1:PersistentVolume", {"spec": {"nfs": {"server": text, "path": "/"}}}),
    lambda text: ("kubernetes:core/v1:Namespace", {"metadata": {"annotations": {"a": text}}}),
    lambda text: ("scaleway:domain/record:Record", {"dnsZone": "example.eu", "type": "CNAME", "data": text}),
    lambda text: ("scaleway:domain/record:Record", {"data": "a", "geoIp": {"matches": [{"data": text}]}}),
    lambda text: ("ovh:Domain/zoneRecord:ZoneRecord", {"fieldtype": "CNAME", "target": text}),
    lambda text: ("hcloud:index/zoneRrset:ZoneRrset", {"type": "CNAME", "records": [{"value": text}]}),
    lambda text: ("hcloud:index/zoneRecord:ZoneRecord", {"type": "CNAME", "value": text}),
    lambda text: ("civo:index/dnsDomainRecord:DnsDomainRecord", {"type": "CNAME", "value": text}),
    lambda text: ("hcloud:index/server:Server", {"userData": f"#cloud-config\nruncmd: [{text}]"}),
    lambda text: (
        "kubernetes:traefik.io/v1alpha1:IngressRoute",
        {"spec": {"routes": [{"match": f"Host(`{text}`)"}]}},
    ),
    lambda text: ("kubernetes:cert-manager.io/v1:Issuer", {"spec": {"acme": {"server": text}}}),
    lambda text: ("command:local:Command", {"create": text}),
    lambda text: ("command:local:Command", {"create": "true", "delete": text}),
    lambda text: ("command:local:Command", {"create": "$A", "environment": {"A": text}}),
    lambda text: (
        "kubernetes:batch/v1:CronJob",
        {"spec": {"jobTemplate": {"spec": {"template": _container(args=[text])}}}},
    ),
    lambda text: (POD, {"spec": {"initContainers": [{"name": "i", "args": [text]}], "containers": []}}),
    lambda text: (POD, {"spec": {"ephemeralContainers": [{"name": "e", "args": [text]}], "containers": []}}),
]

IN_PARTS: Final[list[Callable[[str], tuple[str, Mapping[str, Any]]]]] = [
    lambda text: (POD, _split(text, lambda a, b: {"args": ["--to", f"{a}{b}"]})),
    lambda text: (POD, _split(text, lambda a, b: {"command": ["sh", "-c", f"curl {a}{b}"]})),
]
"""A part may look like an endpoint that names no place, so honest programs write hosts in one piece."""


def broken(place: Callable[[str], tuple[str, Mapping[str, Any]]], text: str) -> set[str]:
    type_token, properties = place(text)
    package = type_token.partition(":")[0]
    each = resource(type_token, "thing", properties, provider=explicit_provider(package))
    return {violation.rule for violation in violations_of(StackFacts((each,), complete=False), CONTEXT)}


@pytest.mark.parametrize("name", ["hf.co", "x.ai"])
def test_the_shortest_names_are_found_in_base64(name: str) -> None:
    place = next(iter(PLACES))

    assert "hyperscalers-hosts" in broken(place, f"$(echo {_coded(name)} | base64 -d)")


@given(st.sampled_from([*PLACES, *IN_PARTS]), texts(FOREIGN))
@settings(max_examples=300, deadline=None)
def test_no_way_to_write_a_foreign_host_and_no_place_to_put_it_gets_through(
    place: Callable[[str], tuple[str, Mapping[str, Any]]], text: str
) -> None:
    assert "hyperscalers-hosts" in broken(place, text)


@given(st.sampled_from([*PLACES, *IN_PARTS]), texts(ABROAD))
@settings(max_examples=200, deadline=None)
def test_no_way_to_write_a_host_of_the_other_jurisdiction_gets_through(
    place: Callable[[str], tuple[str, Mapping[str, Any]]], text: str
) -> None:
    assert "residency-hosts" in broken(place, text)


HOME: Final = [
    "s3.fr-par.scw.cloud",
    "s3.gra.io.cloud.ovh.net",
    "objectstore.fra1.civo.com",
    "nbg1.your-objectstorage.com",
    "vllm.inference.svc.cluster.local",
    "eu.inference.example.com",
]
NATURAL: Final[list[Callable[[str], str]]] = [
    str,
    str.upper,
    "{}.".format,
    "https://user:p%40ss@{}:8443/path?x=1".format,
    "curl -fsS 'https://{}/x' -o /x".format,
    lambda name: json.dumps({"a": [name]}),
    lambda name: yaml.safe_dump({"a": {"b": name}}),
    "[s3]\nendpoint = {}\n".format,
    "H={}\ncurl https://$H/x".format,
    lambda name: quote(f"https://{name}/", safe=""),
]


@given(st.sampled_from(PLACES), st.sampled_from(HOME), st.sampled_from(NATURAL))
@settings(max_examples=200, deadline=None)
def test_a_host_at_home_is_let_through_wherever_it_is_honestly_named(
    place: Callable[[str], tuple[str, Mapping[str, Any]]], name: str, spell: Callable[[str], str]
) -> None:
    hosts = {"hyperscalers-hosts", "residency-hosts", "residency-addresses"}

    assert not broken(place, spell(name)) & hosts


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("curl 'https://S3.GRA.io.cloud.ovh.net./b'", "s3.gra.io.cloud.ovh.net"),
        ("https://user:pass@rg.fr-par.scw.cloud:443/x", "rg.fr-par.scw.cloud"),
        ("a.example.eu,b.example.eu;c.example.eu", "b.example.eu"),
        ('{"u":"https:\\/\\/a.example.eu\\/"}', "a.example.eu"),
        ("a%2Eexample%2Eeu", "a.example.eu"),
    ],
)
def test_a_host_is_read_without_what_stands_around_it(text: str, name: str) -> None:
    assert name in hosts_in(text)


def test_a_variable_whose_value_is_known_is_put_in_and_another_leaves_the_rest_readable() -> None:
    assert "s3.amazonaws.com" in hosts_in("s3.$(A).com", {"A": "amazonaws"})
    assert "s3.amazonaws.com" in hosts_in("${B}.com", {"B": "s3.$A", "A": "amazonaws"})
    assert any(name.endswith(".amazonaws.com") for name in hosts_in("s3.$R.amazonaws.com"))


@pytest.mark.parametrize("text", ["", "plain words", "aws:amz:fr-par:s3", "1", "a/b/c", "~/.aws", "$HOME"])
def test_a_text_without_a_host_has_none(text: str) -> None:
    assert hosts_in(text) == frozenset()


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    for name in hosts_in(text):
        assert name == name.lower()
        assert not name.startswith(".")
        assert not name.endswith(".")


@pytest.mark.parametrize(
    ("text", "is_addressed"),
    [
        ("https://tools.google/x", True),
        ("//tools.google", True),
        ("user@tools.google", True),
        ("tools.google:443", True),
        ("tools.google/x", True),
        ("https%3A%2F%2Ftools.google", True),
        ("logging.level.tools.google=WARN", False),
        ("a.b.tools.google", False),
        (".Values.tools.google/x", False),
        ("docs/tools.google/x", False),
        ("tools.google: 443", False),
    ],
)
def test_a_name_that_can_be_nothing_but_a_host_is_told_from_one_of_a_package(
    text: str, is_addressed: bool
) -> None:
    """Otherwise every Java program that sets a log level of a library would be refused."""
    names = names_in(text)

    assert any(name.endswith("tools.google") for name in names.all)
    assert bool(names.addressed) is is_addressed


@pytest.mark.parametrize("text", ["tools.google", " tools.google. ", '"tools.google"'])
def test_a_name_that_is_a_whole_text_is_known_as_one(text: str) -> None:
    assert names_in(text).whole == {"tools.google"}
