"""Which GPU pool a stack takes: what the settings allow, and what stock makes of it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import load_catalog
from components.clouds import Stock, StockUntoldError
from infra.gpu import GpuCandidate, HeldPool, choose
from infra.held import held_in, nodes_in
from infra.settings import SettingsError, parse
from tests.infra.test_settings import EU, UK

CATALOG = load_catalog()


def candidates(**written: str) -> tuple[GpuCandidate, ...]:
    return parse({**EU, **{f"sovereign:{key}": value for key, value in written.items()}}, CATALOG).gpu


def the_mistake(**written: str) -> str:
    with pytest.raises(SettingsError) as refused:
        candidates(**written)
    (mistake,) = refused.value.mistakes
    return mistake


def answering(answers: dict[str, Stock]) -> Callable[[GpuCandidate], Stock]:
    return lambda candidate: answers[str(candidate)]


def never_asked(candidate: GpuCandidate) -> Stock:
    raise AssertionError(f"the cloud was asked for {candidate}")


LIST = '["L40S-1-48G", "L4-2-24G"]'


def test_alternatives_come_after_the_node_type_in_the_order_written() -> None:
    found = candidates(gpuNodeType="L4-1-24G", gpuAlternatives=LIST)
    assert [str(candidate) for candidate in found] == [
        "L4-1-24G@fr-par-2",
        "L40S-1-48G@fr-par-2",
        "L4-2-24G@fr-par-2",
    ]


def test_a_type_with_more_gpus_needs_fewer_nodes() -> None:
    found = candidates(gpuNodeType="L4-1-24G", gpuAlternatives='["L4-2-24G"]')
    assert [(candidate.minimum, candidate.maximum) for candidate in found] == [(2, 2), (1, 1)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('["L4-1-24G@pl-waw-2"]', "pl-waw-2 is not in the region of fr-par-2"),
        ('["L4-1-24G@LON1"]', "no place 'LON1' of scaleway"),
        ('["L40S-1-48G@fr-par-1"]', "not known to be sold in fr-par-1"),
        ('["L40S-1-48"]', "no node type of scaleway (did you mean L40S-1-48G?)"),
        ('["PRO2-M"]', "which has no GPU"),
        ('["L4-1-24G"]', "'L4-1-24G' twice"),
        ('["L4-1-24G@fr-par-2"]', "'L4-1-24G@fr-par-2' twice"),
        ("L4-1-24G", "allowed: a list of GPU node types"),
        ('["L4 1"]', "allowed: a list of GPU node types"),
    ],
)
def test_an_alternative_outside_the_region_or_not_sold_is_refused(written: str, said: str) -> None:
    mistake = the_mistake(gpuNodeType="L4-1-24G", gpuAlternatives=written)
    assert mistake.startswith("sovereign:gpuAlternatives: found ")
    assert said in mistake


def test_only_what_is_listed_can_be_reserved() -> None:
    mistake = the_mistake(gpuNodeType="L4-1-24G", gpuReserved='["H100-1-80G"]')
    assert mistake == (
        "sovereign:gpuReserved: found H100-1-80G@fr-par-2, allowed: what sovereign:gpuNodeType or "
        "sovereign:gpuAlternatives name: L4-1-24G@fr-par-2"
    )


def test_a_stack_can_do_without_gpus() -> None:
    without = parse({**EU, "sovereign:gpuNodeType": "none"}, CATALOG)
    assert without.gpu == ()
    assert without.no_gpu_reason == "sovereign:gpuNodeType is none"
    assert parse(EU, CATALOG).no_gpu_reason == ""


def test_alternatives_to_nothing_are_a_mistake() -> None:
    mistake = the_mistake(gpuNodeType="none", gpuAlternatives='["L4-1-24G"]')
    assert mistake.startswith("sovereign:gpuAlternatives: found ['L4-1-24G']")


def test_a_stack_without_alternatives_has_one_candidate() -> None:
    assert len(parse(UK, CATALOG).gpu) == 1


def test_the_first_in_stock_wins_and_the_reason_tells_what_came_before() -> None:
    first, second, third = candidates(gpuAlternatives=LIST)
    answers = {str(first): Stock.OUT, str(second): Stock.SCARCE, str(third): Stock.AVAILABLE}
    choice = choose((first, second, third), None, answering(answers))
    assert choice.candidate == second
    assert choice.reason == f"{first}: out of stock; {second}: scarce"


def test_when_none_is_left_the_reason_names_every_candidate() -> None:
    found = candidates(gpuAlternatives=LIST)
    choice = choose(found, None, lambda _: Stock.OUT)
    assert choice.candidate is None
    assert all(f"{candidate}: out of stock" in choice.reason for candidate in found)


def test_what_runs_stays_though_something_better_is_back_in_stock() -> None:
    found = candidates(gpuAlternatives=LIST)
    held = HeldPool(node_type="L4-2-24G", zone="fr-par-2")
    choice = choose(found, held, never_asked)
    assert choice.candidate == found[2]
    assert choice.reason == "L4-2-24G@fr-par-2: held since an earlier update"


def test_a_pool_that_the_settings_no_longer_name_is_given_up() -> None:
    found = candidates(gpuAlternatives=LIST)
    held = HeldPool(node_type="H100-1-80G", zone="fr-par-2")
    assert choose(found, held, lambda _: Stock.AVAILABLE).candidate == found[0]


def test_reserved_capacity_comes_first_and_the_cloud_is_not_asked() -> None:
    found = candidates(gpuAlternatives=LIST, gpuReserved='["L40S-1-48G"]')
    held = HeldPool(node_type=found[0].node_type.name, zone="fr-par-2")
    choice = choose(found, held, never_asked)
    assert choice.candidate == found[1]
    assert choice.reason == "L40S-1-48G@fr-par-2: reserved"


def test_a_cloud_that_does_not_answer_is_given_a_try_and_its_words_are_kept() -> None:
    def silent(candidate: GpuCandidate) -> Stock:
        message = f"invoke of {candidate.node_type.name} failed: 403"
        raise StockUntoldError(message)

    found = candidates(gpuAlternatives=LIST)
    choice = choose(found, None, silent)
    assert choice.candidate == found[0]
    assert [line.partition(": ")[2] for line in choice.untold] == ["invoke of L4-1-24G failed: 403"]


ALL = candidates(gpuAlternatives='["L40S-1-48G", "L4-2-24G", "L4-4-24G", "L40S-2-48G"]')


@given(
    answers=st.lists(st.sampled_from([*Stock]), min_size=len(ALL), max_size=len(ALL)),
    held=st.none() | st.sampled_from(ALL),
)
def test_a_choice_is_always_in_stock_or_already_ours(
    answers: Sequence[Stock], held: GpuCandidate | None
) -> None:
    told = dict(zip(map(str, ALL), answers, strict=True))
    pool = HeldPool(node_type=held.node_type.name, zone=held.zone.code) if held else None
    choice = choose(ALL, pool, answering(told))
    if held is not None:
        assert choice.candidate == held
    elif choice.candidate is None:
        assert set(answers) == {Stock.OUT}
    else:
        index = ALL.index(choice.candidate)
        assert answers[index] is not Stock.OUT
        assert set(answers[:index]) <= {Stock.OUT}


def state(type_: str, **outputs: Any) -> dict[str, object]:
    return {f"urn:pulumi:eu::sovereign::{type_}::eu-gpu-pool": {"type": type_, "outputs": outputs}}


def test_two_sites_on_one_cloud_keep_their_pools_apart() -> None:
    there = state("sovereign:scaleway:GpuPool", nodeType="L4-1-24G", zone="fr-par-2")
    assert held_in(there, "scaleway", "eu-scaleway-pl-waw-2") is None


def test_the_held_pool_is_read_from_what_its_component_reported() -> None:
    held = held_in(
        state("sovereign:scaleway:GpuPool", nodeType="L4-1-24G", zone="fr-par-2"), "scaleway", "eu"
    )
    assert held == HeldPool(node_type="L4-1-24G", zone="fr-par-2")


@pytest.mark.parametrize(
    "resources",
    [
        {},
        state("sovereign:scaleway:GpuPool"),
        state("sovereign:civo:GpuPool", nodeType="L4-1-24G", zone="fr-par-2"),
        state("scaleway:kubernetes/pool:Pool", nodeType="L4-1-24G", zone="fr-par-2"),
    ],
    ids=["nothing", "never came up", "another cloud", "not the component"],
)
def test_nothing_else_counts_as_held(resources: dict[str, object]) -> None:
    assert held_in(resources, "scaleway", "eu") is None


def pool(site: str, cloud: str, component: str, name: str, **outputs: Any) -> dict[str, object]:
    layers = f"sovereign:index:RegionalStack$sovereign:layers:Layer$sovereign:{cloud}:{component}"
    urn = f"urn:pulumi:eu::sovereign::{layers}$ovh:CloudProject/kubeNodePool:KubeNodePool::{site}-{name}"
    return {urn: {"type": "ovh:CloudProject/kubeNodePool:KubeNodePool", "outputs": outputs}}


def test_each_site_learns_of_its_own_node_pools_on_the_cloud_where_it_is() -> None:
    there = {
        **pool("eu", "ovh", "Cluster", "cluster-cpu", desiredNodes=3.0),
        **pool("eu", "ovh", "GpuPool", "gpu-pool-nodes", desiredNodes=2.0),
        **pool("eu-ovh-sbg5", "ovh", "Cluster", "cluster-cpu", desiredNodes=7.0),
    }
    held = nodes_in(there, "ovh", "eu")
    assert (held.cpu, held.gpu) == ({"desiredNodes": 3.0}, {"desiredNodes": 2.0})
    away = nodes_in(there, "ovh", "eu-ovh-sbg5")
    assert (away.cpu, away.gpu) == ({"desiredNodes": 7.0}, {})
    moved = nodes_in(there, "scaleway", "eu")
    assert (moved.cpu, moved.gpu) == ({}, {}), "left from before a move"
