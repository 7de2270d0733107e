"""Models: exact ids, narrow patterns, and uses that the licence really allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, Checked, Commercial, Use, load_catalog
from catalog.patterns import matches, overlap

DEFAULT_MODEL = "mistralai/Mistral-7B-Instruct-v0.3"
SHORT_NAME = st.text(alphabet="aB-*", max_size=6)


def uses(catalog: Catalog, model_id: str) -> tuple[Use, Use]:
    model = catalog.model(model_id)
    assert model is not None, model_id
    return model.uses["eu"], model.uses["uk"]


def test_the_default_model_is_an_exact_row_approved_in_both_jurisdictions(catalog: Catalog) -> None:
    model = catalog.model(DEFAULT_MODEL)
    assert model is not None
    assert model.id == DEFAULT_MODEL
    assert uses(catalog, DEFAULT_MODEL) == (Use.APPROVED, Use.APPROVED)
    assert model.weights is not None
    assert model.weights.files == ("params.json", "consolidated.safetensors", "tokenizer.model.v3")
    assert model.weights.gguf is not None


@pytest.mark.parametrize(
    "model_id",
    [
        "mistralai/mistral-7b-instruct-v0.3",
        "mistralai/Mistral-7B-Instruct-v0.2",
        "mistralai/Mistral-7B-Instruct-v0.3-GGUF",
        "Mistral-7B-Instruct-v0.3",
        "someone/Mistral-7B-Instruct-v0.3",
        "https://huggingface.co/mistralai/Mistral-7B-Instruct-v0.3",
        "mistralai/Mistral-7B-Instruct-v0.3/../../x",
        "",
        "bigscience/bloom-560m",
    ],
)
def test_an_id_that_nobody_vetted_is_not_found(catalog: Catalog, model_id: str) -> None:
    assert catalog.model(model_id) is None


@pytest.mark.parametrize(
    ("model_id", "eu", "uk"),
    [
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", Use.APPROVED, Use.APPROVED),
        ("mistralai/Mistral-Small-24B-Instruct-2501", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("mistralai/Mistral-Small-Instruct-2409", Use.REFUSED, Use.REFUSED),
        ("mistralai/Mistral-Large-Instruct-2411", Use.REFUSED, Use.REFUSED),
        ("mistralai/Mistral-Large-3-675B-Instruct-2512", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("mistralai/Ministral-8B-Instruct-2410", Use.REFUSED, Use.REFUSED),
        ("mistralai/Ministral-3-8B-Instruct-2512", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("mistralai/Codestral-22B-v0.1", Use.REFUSED, Use.REFUSED),
        ("mistralai/Devstral-2-123B-Instruct-2512", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("openGPT-X/Teuken-7B-instruct-commercial-v0.4", Use.APPROVED, Use.APPROVED),
        ("openGPT-X/Teuken-7B-instruct-research-v0.4", Use.REFUSED, Use.REFUSED),
        ("openGPT-X/Teuken-7B-instruct-v0.6", Use.REFUSED, Use.REFUSED),
        ("Aleph-Alpha/Pharia-1-LLM-7B-control-hf", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("swiss-ai/Apertus-8B-Instruct-2509", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("meta-llama/Llama-3.1-8B-Instruct", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("meta-llama/Llama-3.2-3B-Instruct", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("meta-llama/Llama-3.2-11B-Vision-Instruct", Use.REFUSED, Use.ACCEPTANCE),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", Use.REFUSED, Use.ACCEPTANCE),
        ("Qwen/Qwen3-0.6B", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("openai/gpt-oss-20b", Use.ACCEPTANCE, Use.ACCEPTANCE),
        ("deepseek-ai/DeepSeek-R1", Use.ACCEPTANCE, Use.ACCEPTANCE),
    ],
)
def test_a_version_suffix_that_flips_the_licence_flips_the_answer(
    catalog: Catalog, model_id: str, eu: Use, uk: Use
) -> None:
    assert uses(catalog, model_id) == (eu, uk)


def test_no_developer_outside_both_jurisdictions_is_approved_without_an_owner(catalog: Catalog) -> None:
    here = {country for each in catalog.jurisdictions.values() for country in each.countries}
    for model in catalog.models:
        if model.country not in here:
            assert Use.APPROVED not in model.uses.values(), model.id


def test_an_approval_rests_on_a_free_licence_that_somebody_read(catalog: Catalog) -> None:
    approved = [model for model in catalog.models if Use.APPROVED in model.uses.values()]
    assert approved
    for model in approved:
        assert catalog.licences[model.licence].commercial is Commercial.YES, model.id
        assert model.source.checked in {Checked.SOURCE, Checked.DOCS}, model.id


def test_a_derivative_keeps_the_terms_of_the_model_it_was_made_from(catalog: Catalog) -> None:
    distilled = catalog.model("deepseek-ai/DeepSeek-R1-Distill-Llama-8B")
    assert distilled is not None
    base = catalog.model("meta-llama/Llama-3.1-8B")
    assert base is not None
    assert "meta-llama/Llama-3.1-8B" in distilled.lineage
    assert distilled.licence == base.licence


def test_the_llama_exclusion_of_the_union_is_part_of_the_licence(catalog: Catalog) -> None:
    assert "eu" in catalog.licences["llama-multimodal"].territory
    assert catalog.licences["llama-text"].territory == {}


@given(picked=st.data())
def test_no_id_made_from_a_pattern_is_claimed_by_another(picked: st.DataObject) -> None:
    catalog = load_catalog()
    pattern = picked.draw(st.sampled_from([model.id for model in catalog.models if model.is_pattern]))
    filling = picked.draw(st.text(alphabet="abzABZ019.-_", max_size=8))
    model_id = pattern.replace("*", filling)
    claiming = [model.id for model in catalog.models if model.is_pattern and matches(model.id, model_id)]
    assert claiming == [pattern]
    found = catalog.model(model_id)
    assert found is not None
    assert found.id in {pattern, model_id}


@given(one=SHORT_NAME, other=SHORT_NAME, filling=st.text(alphabet="aB-", max_size=3))
def test_two_patterns_that_match_one_id_are_found_to_overlap(one: str, other: str, filling: str) -> None:
    model_id = one.replace("*", filling)
    if matches(other, model_id):
        assert overlap(one, other)
        assert overlap(other, one)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("o/Mistral-Small-24B-*2501", "o/Mistral-Small-*2409", False),
        ("o/Mistral-Small-*2501", "o/Mistral-Small-24B-*", True),
        ("o/a*", "o/*b", True),
        ("o/a*b", "o/a*c", False),
        ("o/a*", "p/a*", False),
        ("o/a", "o/a", True),
        ("o/*", "o/a/b", False),
        ("o/**", "o/a", True),
    ],
)
def test_overlap_is_decided_exactly(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is expected


@pytest.mark.parametrize(
    ("pattern", "model_id", "expected"),
    [
        ("o/a-*", "o/a-", True),
        ("o/a-*", "o/A-x", False),
        ("o/a-*", "o/a-x/y", False),
        ("o/a-*", "o/a-x\n", False),
        ("o/a.b*", "o/axb", False),
    ],
)
def test_a_star_stays_inside_the_name_and_everything_else_is_literal(
    pattern: str, model_id: str, expected: bool
) -> None:
    assert matches(pattern, model_id) is expected
