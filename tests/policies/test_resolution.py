"""Resolving a place: an unlisted code never passes, whatever surrounds it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import load_catalog
from policies.facts import UNKNOWN, Found, Secret, contains_unknown, freeze, is_blank, select, shown
from policies.locality import load_locality, resolve
from tests.policies.stacks import default_provider, explicit_provider, resource

CATALOG: Final = load_catalog()
TABLES: Final = load_locality()
LOCATED: Final = [
    (package, token)
    for package, table in TABLES.clouds.items()
    for token, locality in table.types.items()
    if locality.place
]
CODES: Final = sorted({place.code for cloud in CATALOG.clouds for place in CATALOG.places(cloud)})


def nested(path: str, value: object) -> dict[str, Any]:
    """Properties in which a value stands at a dotted path, in lists where the table's paths walk through
    them.
    """
    step, _, rest = path.partition(".")
    return {step: [nested(rest, value)] if rest else value}


def is_clean(
    package: str, token: str, properties: dict[str, Any], jurisdiction: str, provider: Any = None
) -> bool:
    """True if one resource alone raises no problem and leaves nothing to the graph."""
    table = TABLES.clouds[package]
    each = resource(token, "x", properties, provider=provider or explicit_provider(package))
    resolution = resolve(each, table.types[token], table, CATALOG, jurisdiction)
    return not resolution.problems and not resolution.needs_parent


@given(
    located=st.sampled_from(LOCATED),
    code=st.one_of(st.sampled_from(CODES), st.text(max_size=20)),
    jurisdiction=st.sampled_from(sorted(CATALOG.jurisdictions)),
)
@settings(max_examples=500, deadline=None)
def test_a_place_passes_if_and_only_if_the_catalogue_lists_it_for_the_jurisdiction(
    located: tuple[str, str], code: str, jurisdiction: str
) -> None:
    package, token = located
    table = TABLES.clouds[package]
    for path in table.types[token].place:
        place = CATALOG.place(table.cloud, code)
        allowed = place is not None and place.jurisdiction == jurisdiction

        assert is_clean(package, token, nested(path, code), jurisdiction) == allowed


@given(
    located=st.sampled_from(LOCATED),
    edit=st.sampled_from([str.upper, str.lower, str.title]),
    code=st.sampled_from(CODES),
)
@settings(max_examples=300, deadline=None)
def test_a_code_in_another_letter_case_is_another_code(
    located: tuple[str, str], edit: Any, code: str
) -> None:
    package, token = located
    changed = edit(code)
    place = CATALOG.place(TABLES.clouds[package].cloud, changed)
    path = next(iter(TABLES.clouds[package].types[token].place))

    assert is_clean(package, token, nested(path, changed), "eu") == (
        place is not None and place.jurisdiction == "eu"
    )


@given(
    located=st.sampled_from(LOCATED),
    others=st.dictionaries(st.sampled_from(["name", "tags", "size"]), st.text()),
)
@settings(max_examples=200, deadline=None)
def test_other_properties_never_make_up_for_a_missing_or_unknown_place(
    located: tuple[str, str], others: dict[str, Any]
) -> None:
    package, token = located
    path = next(iter(TABLES.clouds[package].types[token].place))

    assert not is_clean(package, token, others, "eu")
    assert not is_clean(package, token, others | nested(path, UNKNOWN), "eu")
    assert not is_clean(package, token, others | nested(path, ""), "eu")
    assert not is_clean(package, token, others, "eu", default_provider(package))


@given(
    codes=st.lists(
        st.one_of(st.sampled_from(CODES), st.just(UNKNOWN), st.text(max_size=8)), min_size=1, max_size=5
    )
)
@settings(max_examples=200, deadline=None)
def test_a_list_of_places_is_as_good_as_the_worst_of_them(codes: list[Any]) -> None:
    token = "ovh:CloudProject/networkPrivate:NetworkPrivate"
    given_codes = [code for code in codes if code != ""]
    places = [CATALOG.place("ovh", code) if isinstance(code, str) else None for code in given_codes]
    allowed = bool(places) and all(place is not None and place.jurisdiction == "eu" for place in places)

    assert is_clean("ovh", token, {"regions": codes}, "eu") == allowed


def test_the_scaleway_provider_counts_only_while_no_environment_variable_could_lead_abroad() -> None:
    token, provider = "scaleway:network/vpc:Vpc", explicit_provider("scaleway", {"region": "fr-par"})

    assert is_clean("scaleway", token, {}, "eu", provider)
    assert all(place.jurisdiction == "eu" for place in CATALOG.places("scaleway"))


def test_a_provider_that_the_environment_can_override_counts_for_nothing_once_a_place_lies_abroad() -> None:
    table = replace(TABLES.clouds["civo"], environment_overrides_provider=True)
    provider = explicit_provider("civo", {"region": "FRA1"})
    network = resource("civo:index/network:Network", "n", {}, provider=provider)

    resolution = resolve(network, table.types[network.type], table, CATALOG, "eu")

    assert "environment variables override" in resolution.problems[0].found


def test_a_region_of_a_provider_does_not_place_a_resource_that_wants_a_zone() -> None:
    provider = explicit_provider("scaleway", {"region": "fr-par"})

    assert not is_clean("scaleway", "scaleway:instance/server:Server", {}, "eu", provider)


def test_a_secret_place_is_judged_like_any_other() -> None:
    token = "ovh:CloudProject/kube:Kube"

    assert is_clean("ovh", token, {"region": Secret("GRA11")}, "eu")
    assert not is_clean("ovh", token, {"region": Secret("UK1")}, "eu")


@pytest.mark.parametrize(
    ("properties", "path", "found"),
    [
        ({"a": {"b": "x"}}, "a.b", [Found("a.b", "x")]),
        ({"a": [{"b": "x"}, {"b": "y"}]}, "a.b", [Found("a[0].b", "x"), Found("a[1].b", "y")]),
        ({"a": ["x", ["y"]]}, "a", [Found("a[0]", "x"), Found("a[1][0]", "y")]),
        ({"a": UNKNOWN}, "a.b.c", [Found("a", UNKNOWN)]),
        ({"a": [UNKNOWN]}, "a.b", [Found("a[0]", UNKNOWN)]),
        ({"a": {"b": None}}, "a.b", []),
        ({"a": "x"}, "a.b", []),
        ({}, "a", []),
    ],
)
def test_a_path_finds_every_value_and_every_unknown_that_hides_one(
    properties: dict[str, Any], path: str, found: list[Found]
) -> None:
    frozen: Any = freeze(properties)

    assert list(select(frozen, path)) == found


def test_absent_unknown_and_secret_are_three_different_things() -> None:
    assert is_blank(None)
    assert is_blank(Secret(""))
    assert not is_blank(UNKNOWN)
    assert contains_unknown(freeze({"a": [Secret(UNKNOWN)]}))
    assert "hush" not in repr(Secret("hush"))
    with pytest.raises(TypeError, match="not a fact value"):
        freeze(object())


@pytest.mark.parametrize(
    "value", [Secret("hush"), "a hush\nb", "x" * 200, "token=hush!", "https://u:hush@h/"]
)
def test_a_message_never_repeats_what_may_be_a_secret(value: Any) -> None:
    assert "hush" not in shown(value)
    assert "xxx" not in shown(value)
