"""What each line of a preflight means to the person who reads it."""

import json
from collections.abc import Iterable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from catalog import LockError, Use, load_catalog
from components.clouds import Stock, StockUntoldError, cloud_module
from components.clouds.civo.inspection import iso_country
from components.clouds.inspection import Answer, Verdict, placed_answer, stock_answer
from infra.locks import FoundLock
from infra.settings import Settings, parse
from policies.acceptances import judge
from preflight import account, artefacts, costs, law, machines, serving
from preflight.report import Section, as_json, passed, print_table
from tests.components.recording import made_up_lock
from tests.infra.test_ovh_settings import OVH
from tests.infra.test_settings import EU, UK

CATALOG = load_catalog()
TODAY = date(2026, 11, 24)


def settings(basis: dict[str, object] = EU, /, **written: object) -> Settings:
    return parse({**basis, **{f"sovereign:{key}": value for key, value in written.items()}}, CATALOG)


def the(answers: Iterable[Answer]) -> Answer:
    (answer,) = answers
    return answer


def by_subject(answers: Iterable[Answer]) -> dict[str, Answer]:
    return {answer.about: answer for answer in answers}


@pytest.mark.parametrize(
    ("stock", "verdict"),
    [
        (Stock.AVAILABLE, Verdict.GOOD),
        (Stock.SCARCE, Verdict.LOOK),
        (Stock.OUT, Verdict.FAIL),
        (Stock.UNTOLD, Verdict.UNTOLD),
    ],
)
def test_stock_is_told_with_what_to_do_about_it(stock: Stock, verdict: Verdict) -> None:
    answer = stock_answer("L4-1-24G", "fr-par-2", lambda: stock)
    assert (answer.about, answer.verdict) == ("L4-1-24G in fr-par-2", verdict)
    assert bool(answer.remedy) == (verdict is not Verdict.GOOD)


def test_a_cloud_that_refuses_to_answer_is_quoted() -> None:
    def refused() -> Stock:
        message = "invoke of x failed: 401 unauthorised"
        raise StockUntoldError(message)

    answer = stock_answer("L4-1-24G", "fr-par-2", refused)
    assert answer.verdict is Verdict.UNTOLD
    assert "401 unauthorised" in answer.found
    assert "credentials" in answer.remedy


def test_missing_credentials_are_named_and_set_ones_never_shown() -> None:
    module = cloud_module("scaleway")
    missing = the(account.credentials(module, {"SCW_ACCESS_KEY": "AKIA"}, rehearsal=False))
    assert missing.verdict is Verdict.FAIL
    ways = "SCW_ACCESS_KEY and SCW_SECRET_KEY and SCW_DEFAULT_ORGANIZATION_ID or SCW_PROFILE: not set"
    assert missing.found == f"{ways}; SCW_SECRET_KEY and SCW_DEFAULT_ORGANIZATION_ID missing"
    none = the(account.credentials(module, {}, rehearsal=False))
    assert none.found == ways, "nothing was begun"
    held = {"SCW_ACCESS_KEY": "value-one", "SCW_SECRET_KEY": "value-two"}
    without = the(account.credentials(module, held, rehearsal=False))
    assert without.found == f"{ways}; SCW_DEFAULT_ORGANIZATION_ID missing", "IAM refuses an empty one"
    held["SCW_DEFAULT_ORGANIZATION_ID"] = "value-three"
    found = the(account.credentials(module, held, rehearsal=False))
    assert found.verdict is Verdict.GOOD
    assert "value" not in found.found
    assert the(account.credentials(module, {}, rehearsal=True)).verdict is Verdict.GOOD


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ({}, Verdict.GOOD),
        ({"gpuMemoryUtilization": "0.6"}, Verdict.LOOK),
        ({"gpuMemoryUtilization": "0.5"}, Verdict.FAIL),
        ({"model": "mistralai/Mistral-7B-v0.3"}, Verdict.UNTOLD),
    ],
)
def test_a_model_must_fit_the_gpus_of_one_replica(written: dict[str, str], verdict: Verdict) -> None:
    answer = the(machines.memory(settings(**written), CATALOG))
    assert answer.about == "model fits L4-1-24G"
    assert answer.verdict is verdict, answer.found


@given(replica=st.integers(1, 4), utilization=st.floats(0.1, 1.0))
def test_more_memory_never_makes_a_model_fit_less(replica: int, utilization: float) -> None:
    order = [Verdict.FAIL, Verdict.LOOK, Verdict.GOOD]

    def rank(gpus: int, share: float) -> int:
        chosen = settings(gpuNodeType="L4-4-24G", gpusPerReplica=str(gpus), gpuMemoryUtilization=str(share))
        return order.index(the(machines.memory(chosen, CATALOG)).verdict)

    assert rank(replica, utilization) <= rank(replica, 1.0) <= rank(4, 1.0)


def test_a_place_without_gpus_says_that_cpus_serve() -> None:
    moved = settings(cloud="civo", location="FRA1", registry="registry.acme.eu/sovereign")
    answer = the(machines.gpu_pool(moved, ()))
    assert answer.verdict is Verdict.LOOK
    assert "llama.cpp on CPUs serves alone" in answer.remedy


def test_when_every_candidate_is_out_the_fallback_is_announced() -> None:
    listed = settings(gpuAlternatives='["L40S-1-48G"]')
    told = [stock_answer(each.node_type.name, each.zone.code, lambda: Stock.OUT) for each in listed.gpu]
    assert by_subject(machines.gpu_pool(listed, told))["GPU pool"].verdict is Verdict.LOOK
    one_left = [told[0], stock_answer("L40S-1-48G", "fr-par-2", lambda: Stock.SCARCE)]
    assert "GPU pool" not in by_subject(machines.gpu_pool(listed, one_left))


def test_reserved_stock_needs_no_reminder() -> None:
    reserved = settings(gpuNodeType="L4-1-24G", gpuReserved='["L4-1-24G"]')
    assert list(machines.gpu_pool(reserved, ())) == []
    assert "GPU stock reserved" in by_subject(machines.gpu_pool(settings(), ()))


def test_an_owner_outside_the_jurisdiction_is_for_a_person_to_judge() -> None:
    moved = settings(cloud="civo", location="FRA1", registry="registry.acme.eu/sovereign")
    answer = the(law.ownership(moved, CATALOG))
    assert answer.verdict is Verdict.LOOK
    assert "Civo Ltd, GB" in answer.found
    assert the(law.ownership(settings(UK), CATALOG)).verdict is Verdict.GOOD


def needing(use: Use) -> str:
    return next(m.id for m in CATALOG.models if m.uses.get("eu") is use and not m.is_pattern)


def entry(**changed: Any) -> dict[str, Any]:
    return {
        "rule": "model-ip",
        "subject": needing(Use.ACCEPTANCE),
        "jurisdiction": "eu",
        "owner": "Jane Doe",
        "reason": "read by counsel",
        "ticket": "LEGAL-1",
        "expires": "2027-01-31",
        **changed,
    }


def test_an_approved_licence_is_good_and_a_refused_one_fails() -> None:
    nothing = judge([], TODAY)
    assert the(law.licence(settings(), CATALOG, nothing, TODAY)).verdict is Verdict.GOOD
    refused = the(law.licence(settings(model=needing(Use.REFUSED)), CATALOG, nothing, TODAY))
    assert refused.verdict is Verdict.FAIL


def test_a_model_on_acceptance_needs_one_that_holds_today() -> None:
    chosen = settings(model=needing(Use.ACCEPTANCE))
    without = the(law.licence(chosen, CATALOG, judge([], TODAY), TODAY))
    assert without.verdict is Verdict.FAIL
    held = the(law.licence(chosen, CATALOG, judge([entry()], TODAY), TODAY))
    assert held.verdict is Verdict.GOOD
    assert "Accepted by Jane Doe until 2027-01-31 (LEGAL-1)" in held.found
    elsewhere = law.licence(chosen, CATALOG, judge([entry(jurisdiction="uk")], TODAY), TODAY)
    assert the(elsewhere).verdict is Verdict.FAIL


def test_an_expired_acceptance_fails_whatever_is_served() -> None:
    expired = judge([entry(expires="2026-11-01")], TODAY)
    answers = by_subject(law.licence(settings(), CATALOG, expired, TODAY))
    assert answers["licence"].verdict is Verdict.GOOD
    assert answers["acceptances"].verdict is Verdict.FAIL
    assert "expired on 2026-11-01" in answers["acceptances"].found


NAMED = "registry.acme.co.uk/sovereign"


def locked(registry: str) -> FoundLock:
    return FoundLock(lock=made_up_lock("uk", registry), advice="")


NO_LOCK = FoundLock(lock=None, advice="run make mirror")


def test_a_registry_that_nobody_asked_is_not_called_good() -> None:
    told = the(artefacts.registry(settings(UK), NO_LOCK))
    assert told.verdict is Verdict.UNTOLD
    assert NAMED in told.found
    assert "log in to registry.acme.co.uk" in told.remedy


def test_a_registry_is_compared_with_the_images_of_the_lock() -> None:
    same = the(artefacts.registry(settings(UK), locked(NAMED)))
    assert same.verdict is Verdict.GOOD
    assert "it was not asked" in same.found
    moved = the(artefacts.registry(settings(UK), locked("registry.acme.eu/sovereign")))
    assert moved.verdict is Verdict.FAIL
    assert "vllm (registry.acme.eu/sovereign/rehearsal/vllm)" in moved.found


def test_the_clouds_own_registry_is_made_by_the_stack_or_tells_its_name_later() -> None:
    own = the(artefacts.registry(settings(), NO_LOCK))
    assert own.verdict is Verdict.GOOD
    assert "rg.fr-par.scw.cloud/" in own.found
    later = the(artefacts.registry(settings(OVH), NO_LOCK))
    assert later.verdict is Verdict.LOOK
    assert "sovereign:registry" in later.remedy


@pytest.mark.parametrize(
    ("basis", "verdict"),
    [(EU, Verdict.GOOD), (OVH, Verdict.LOOK), (UK, Verdict.LOOK)],
    ids=["scw", "ovh", "civo"],
)
def test_where_gpu_nodes_come_bare_a_person_is_told_before_vllm_waits_for_ever(
    basis: dict[str, object], verdict: Verdict
) -> None:
    answer = the(machines.gpu_software(settings(basis)))
    assert answer.verdict is verdict, answer.found
    assert ("nvidia.com/gpu" in answer.remedy) == (verdict is Verdict.LOOK)


def test_what_nobody_knows_of_gpu_nodes_is_not_told_and_without_gpus_nothing_is_said() -> None:
    known = settings(OVH)
    unknown = known.model_copy(update={"cloud": known.cloud.model_copy(update={"gpu_software": None})})
    assert the(machines.gpu_software(unknown)).verdict is Verdict.UNTOLD
    assert list(machines.gpu_software(settings(OVH, location="SBG5"))) == []


@pytest.mark.parametrize(
    ("told", "country"),
    [("uk", "GB"), ("gb", "GB"), ("de", "DE"), ("United Kingdom", "GB"), ("Germany", "DE"), ("in", "IN")],
)
def test_a_country_as_civo_spells_it_is_read_as_iso_does(told: str, country: str) -> None:
    assert iso_country(told) == country


@pytest.mark.parametrize("told", ["", "  ", "Europe", "e1", "ÉÉ"])
def test_what_names_no_country_is_taken_for_none(told: str) -> None:
    assert iso_country(told) is None


def test_a_lock_is_good_absent_or_wrong() -> None:
    found = FoundLock(lock=made_up_lock("eu", "r.example.eu/x"), advice="")
    good = the(artefacts.lock("eu", found, Path("p")))
    assert good.verdict is Verdict.GOOD
    assert "made up, for rehearsal only" in good.found
    absent = the(artefacts.lock("eu", FoundLock(lock=None, advice="write the lock"), Path("p")))
    assert (absent.verdict, absent.remedy) == (Verdict.LOOK, "write the lock")
    wrong = the(artefacts.lock("eu", LockError("eu.yaml: 1 mistake", ["images.x: missing"]), Path("p")))
    assert wrong.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        (None, Verdict.LOOK),
        ("2026-11-24", Verdict.GOOD),
        ("2026-08-26", Verdict.GOOD),
        ("2026-08-25", Verdict.LOOK),
        ("2026-11-25", Verdict.LOOK),
    ],
)
def test_a_fallback_counts_as_rehearsed_for_ninety_days(day: str | None, verdict: Verdict) -> None:
    noted = settings(**({"fallbackRehearsed": day} if day else {}))
    answer = the(serving.fallback(noted, made_up_lock("eu", "r.example.eu/x"), TODAY))
    assert answer.verdict is verdict, answer.found


def test_without_a_gguf_there_is_no_fallback() -> None:
    lock = made_up_lock("eu", "r.example.eu/x", gguf=False)
    assert the(serving.fallback(settings(), lock, TODAY)).verdict is Verdict.LOOK
    moved = settings(cloud="civo", location="FRA1", registry="registry.acme.eu/sovereign")
    assert the(serving.fallback(moved, lock, TODAY)).verdict is Verdict.FAIL, "nothing else could serve"


def test_without_the_pack_nobody_holds_the_engines_to_silence(tmp_path: Path) -> None:
    assert the(serving.telemetry(tmp_path)).verdict is Verdict.FAIL
    assert the(serving.telemetry(Path("policies").resolve())).verdict is Verdict.GOOD


ANSWERS = [
    Answer(about=f"about {verdict}", verdict=verdict, found="[found]", remedy="[red]do this")
    for verdict in Verdict
]


def test_the_table_shows_every_verdict_and_remedy_and_counts_them() -> None:
    console = Console(file=StringIO(), width=120)
    print_table([Section("Machines", ANSWERS)], console)
    printed = console.file.getvalue() if isinstance(console.file, StringIO) else ""
    assert all(answer.about in printed for answer in ANSWERS)
    assert printed.count("-> [red]do this") == len(ANSWERS), "brackets are text, not markup"
    assert "1 good, 1 fail, 1 look, 1 not told" in printed


def test_only_a_failure_fails_a_preflight() -> None:
    without = [answer for answer in ANSWERS if answer.verdict is not Verdict.FAIL]
    assert passed([Section("x", without)])
    assert not passed([Section("x", without), Section("y", ANSWERS)])


def test_json_says_the_same_as_the_table() -> None:
    told = json.loads(as_json("eu", [Section("Machines", ANSWERS)]))
    assert (told["stack"], told["passed"]) == ("eu", False)
    assert [each["verdict"] for each in told["answers"]] == [str(answer.verdict) for answer in ANSWERS]
    assert told["answers"][0]["section"] == "Machines"


def test_the_line_of_residency_names_place_and_country() -> None:
    assert "fr-par-2 (Paris, FR) is in eu" in the(law.residency(settings(), CATALOG)).found


def test_a_price_that_is_missing_is_named_and_not_left_out() -> None:
    answers = by_subject(costs.cost(settings(), CATALOG, None))
    month = answers["cost a month"]
    assert " EUR, prices of 202" in month.found
    assert "An estimate, not an offer" in month.found
    assert month.remedy.startswith("not in it: ")
    tokens = answers["cost per million tokens"]
    assert (tokens.verdict is Verdict.GOOD) == ("unknown" not in tokens.found)


def test_a_cloud_that_gives_another_country_than_the_catalogue_stops_everything() -> None:
    place = settings().place
    assert placed_answer("region fr-par", "fr-par, FR", "FR", place).verdict is Verdict.GOOD
    moved = placed_answer("region fr-par", "fr-par, CH", "CH", place)
    assert moved.verdict is Verdict.FAIL
    assert moved.found == "fr-par, CH, and the catalogue says FR"
