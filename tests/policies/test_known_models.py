"""A model of a known developer is found wherever a workload names it, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, load_catalog
from policies.models import models_served
from policies.models.known_models import family_in, known_models
from tests.policies.stacks import resource
from tests.policies.test_model_elsewhere import fetched, served, vllm
from tests.policies.test_model_naming import OTHER, variable

_PLACES: Final[Mapping[str, Callable[[str], set[str | None]]]] = {
    "word": lambda text: served({"image": OTHER, "command": ["/app/x", text]}),
    "value of a flag": lambda text: served({"image": OTHER, "args": [f"--any={text}"]}),
    "script": lambda text: served({"image": OTHER, "command": ["sh", "-c", f"/app/x '{text}'"]}),
    "variable": lambda text: served({"image": OTHER, "env": [variable("ANY", text)]}),
    "init container": lambda text: fetched("/app/fetch", text),
    "directory of the node": lambda text: served(
        vllm(), volumes=[{"name": "v", "hostPath": {"path": f"/{text}"}}]
    ),
    "part of a volume": lambda text: served(
        vllm(volumeMounts=[{"name": "w", "mountPath": "/data", "subPath": text}])
    ),
    "configuration": lambda text: {
        each.model
        for each in models_served(
            resource("kubernetes:core/v1:ConfigMap", "c", {"data": {"a.yaml": f"m: {text}\n"}}, provider=None)
        )
    },
}
_SPELLINGS: Final[list[Callable[[str], str]]] = [
    lambda model: model,
    lambda model: model.lower(),
    lambda model: model.upper(),
    lambda model: f"x/y/{model}/z.bin",
    lambda model: f"s3://bucket/{model}",
    lambda model: f"{model}:Q4_K_M",
    lambda model: f"{model}.gguf",
    lambda model: f"hub/models--{model.replace('/', '--')}/snapshots",
    lambda model: model.replace("/", "%2F"),
]  # fmt: skip


@given(st.sampled_from(sorted(_PLACES)), st.sampled_from(_SPELLINGS), st.data())
@settings(max_examples=500, deadline=None)
def test_a_model_of_a_known_developer_is_found_in_any_place_and_spelling(
    place: str, spelling: Callable[[str], str], data: st.DataObject
) -> None:
    rows = [row for row in load_catalog().models if not row.is_pattern]
    model = data.draw(st.sampled_from(rows)).id

    assert model in _PLACES[place](spelling(model))


@pytest.mark.parametrize(
    "text",
    [
        "and/or",
        "nvidia/cuda:12.4",
        "google/cadvisor",
        "meta-llama",
        "a/meta-llama/",
        "# meta-llama/X\n",
        "ai/llama/api",
        "ai/mistral-gateway",
        "ai/granite-dashboard",
    ],
)
def test_a_text_that_names_no_model_is_passed_over(text: str) -> None:
    config_map = resource("kubernetes:core/v1:ConfigMap", "c", {"data": {"a": text}}, provider=None)

    assert list(models_served(config_map)) == []


def test_escapes_that_a_parser_undoes_hide_no_name() -> None:
    for text in ("meta-llama\\/Llama-3", "m\\u0065ta-llama/Llama-3", "meta-llama\\x2fLlama-3"):
        assert list(known_models(f'{{"model": "{text}"}}')) == ["meta-llama/Llama-3"]


def test_every_owner_in_the_catalogue_is_known_wherever_a_model_of_it_is_named() -> None:
    catalog: Catalog = load_catalog()
    ids = [row.id.replace("*", "1") for row in catalog.models]

    assert [each for each in ids if not any(known_models(each))] == []
    assert [
        row.owner
        for row in catalog.hub_owners.values()
        if not row.names and not any(known_models(f"{row.owner}/x"))
    ] == []


@pytest.mark.parametrize(
    ("name", "family"),
    [("meta-llama-3-8b", "llama"), ("mixtral-8x7b", "mixtral"), ("llama-cpp", ""), ("graphite-3", "")],
)
def test_a_family_counts_with_a_version_alone(name: str, family: str) -> None:
    assert family_in(name) == family
