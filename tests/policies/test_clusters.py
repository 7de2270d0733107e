"""Which cluster a provider leads to: what a kubeconfig says, and what counts as a cluster of the stack."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.context import build_context
from policies.facts import ABSENT, UNKNOWN, Provider, Secret, StackFacts, freeze
from policies.locality import load_locality
from policies.rules._clusters import (
    CLUSTERS,
    MACHINES,
    PROVIDER,
    cluster_key,
    default_namespace,
    kubeconfig_of,
    may_be_one,
)
from tests.policies.stacks import TODAY, explicit_provider, make_urn, resource, violations_of

CONTEXT = build_context("eu", rehearsal=False, today=TODAY)
PARIS = "https://x.api.k8s.fr-par.scw.cloud:6443"


def kubeconfig(*servers: str, **more: Any) -> str:
    return json.dumps({"clusters": [{"name": "c", "cluster": {"server": each}} for each in servers], **more})


def said(text: object) -> set[str]:
    provider = resource(PROVIDER, "k", {"kubeconfig": text}, provider=None)
    return {each.rule for each in violations_of(StackFacts((provider,)), CONTEXT)}


@pytest.mark.parametrize("type_token", sorted(CLUSTERS | MACHINES))
def test_every_type_that_vouches_for_a_kubeconfig_stands_in_a_place_that_is_judged(type_token: str) -> None:
    table = load_locality().cloud_of(type_token.partition(":")[0])
    assert table is not None
    locality = table.types[type_token]
    assert locality.place or locality.parents
    assert locality.refusal is None


_ADDRESSES = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda each: f"[{each}]"),
    st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?\.example\.com", fullmatch=True),
)


@given(
    host=_ADDRESSES,
    scheme=st.sampled_from(["https://", "http://", "HTTPS://", ""]),
    user=st.sampled_from(["", "x.api.k8s.fr-par.scw.cloud@", "x.api.k8s.fr-par.scw.cloud:443@"]),
    port=st.sampled_from(["", ":443", ":6443"]),
    path=st.sampled_from(["", "/", "/x.api.k8s.fr-par.scw.cloud", "?x.scw.cloud", "#x.scw.cloud"]),
    first=st.booleans(),
    secret=st.booleans(),
)
def test_a_server_without_a_place_is_found_however_it_is_written(
    host: str, scheme: str, user: str, port: str, path: str, first: bool, secret: bool
) -> None:
    server = f"{scheme}{user}{host}{port}{path}"
    text = kubeconfig(*((server, PARIS) if first else (PARIS, server)))

    assert "residency-cluster" in said(Secret(text) if secret else text)


@given(text=st.text(max_size=60))
def test_what_is_no_kubeconfig_never_passes_and_never_ends_the_pack(text: str) -> None:
    assert said(text) & {"residency-provider", "residency-cluster"}


def test_a_kubeconfig_with_a_place_passes_as_text_and_as_an_object() -> None:
    assert said(kubeconfig(PARIS)) == set()
    assert said({"clusters": [{"cluster": {"server": Secret(PARIS)}}]}) == set()


def test_no_message_shows_a_server() -> None:
    provider = resource(
        PROVIDER, "k", {"kubeconfig": Secret(kubeconfig("https://canary.example.com"))}, provider=None
    )
    found = violations_of(StackFacts((provider,)), CONTEXT)

    assert [each.rule for each in found] == ["residency-cluster"]
    assert "canary" not in found[0].found


def test_objects_without_a_namespace_get_that_of_the_provider_or_of_the_current_context() -> None:
    contexts = {
        "current-context": "b",
        "contexts": [
            {"name": "a", "context": {"namespace": "other"}},
            {"name": "b", "context": {"namespace": "inference"}},
        ],
    }
    text = kubeconfig(PARIS, **contexts)

    def namespace(**properties: Any) -> str | None:
        return default_namespace(explicit_provider("kubernetes", properties))

    assert namespace(kubeconfig=text) == "inference"
    assert namespace(kubeconfig=text, namespace="mine") == "mine"
    assert namespace(kubeconfig=UNKNOWN) == namespace() == default_namespace(None) == "default"
    assert namespace(namespace=UNKNOWN) is None


def _key(name: str, behind: tuple[str, ...] = (), **properties: Any) -> frozenset[str]:
    """The key of a provider in a stack with two clusters and a server."""
    clusters = [
        resource("scaleway:kubernetes/cluster:Cluster", each, {"region": "fr-par"}, provider=None)
        for each in ("a", "b")
    ]
    server = resource("hcloud:index/server:Server", "s", {"location": "nbg1"}, provider=None)
    urns = {each.name: each.urn for each in (*clusters, server)}
    registered = replace(
        resource(PROVIDER, name, properties, provider=None),
        property_dependencies={"kubeconfig": tuple(urns[each] for each in behind)},
    )
    stack = StackFacts((*clusters, server, registered))
    frozen = {key: freeze(value) for key, value in properties.items()}
    return cluster_key(Provider(PROVIDER, make_urn(PROVIDER, name), name, frozen), stack)


def test_providers_of_one_cluster_are_known_as_such_and_only_two_managed_clusters_are_surely_two() -> None:
    first, again = _key("k", ("a",)), _key("l", ("a",))
    other, machine = _key("m", ("b",)), _key("n", ("s",))
    text, same_text = _key("o", kubeconfig=kubeconfig(PARIS)), _key("p", kubeconfig=kubeconfig(PARIS))
    unknown = _key("q", kubeconfig=UNKNOWN)

    assert first & again
    assert text & same_text
    assert not first & other
    assert not may_be_one(first, other)
    for each in (machine, text, unknown):
        assert not first & each
        assert may_be_one(first, each)


@pytest.mark.parametrize("value", [ABSENT, None, 1, True, (), "~/.kube/config", "{}", "clusters: []"])
def test_what_names_no_cluster_is_no_kubeconfig(value: Any) -> None:
    assert kubeconfig_of(value) is None
