"""A mistake in a data file stops the load with one message that names the file and the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import CatalogError, read_catalog

Spoil = Callable[[str, str, str], Path]


def refusal(data: Path) -> str:
    with pytest.raises(CatalogError) as caught:
        read_catalog(data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        pytest.param(
            "places/civo.yaml",
            "country: IN, city: Mumbai",
            "city: Mumbai",
            "places/civo.yaml: places[MUM1].countries: missing",
            id="a place without a country",
        ),
        pytest.param(
            "places/civo.yaml",
            "country: IN, city: Mumbai",
            "country: india, city: Mumbai",
            "places/civo.yaml: places[MUM1].countries[0]: an ISO 3166 alpha-2 country code is two capital",
            id="a country that is not an ISO code",
        ),
        pytest.param(
            "places/civo.yaml",
            "{code: MUM1, kind: region,",
            "{code: MUM1, kind: region, jurisdiction: eu,",
            "places/civo.yaml: places[MUM1].jurisdiction: no such key",
            id="a jurisdiction by hand",
        ),
        pytest.param(
            "places/civo.yaml",
            "{code: MUM1, kind: region, country: IN",
            "{code: MUM1, kind: region, countries: [IN, FR]",
            "places/civo.yaml: places[MUM1]: only a network-zone can span countries; this is a region",
            id="a region in two countries",
        ),
        pytest.param(
            "places/civo.yaml",
            "kind: region, country: IN",
            "kind: reigon, country: IN",
            "places/civo.yaml: places[MUM1].kind: Input should be 'region'",
            id="an unknown kind",
        ),
        pytest.param(
            "places/civo.yaml",
            "{code: MUM1,",
            "{code: NYC1,",
            "places/civo.yaml: places[NYC1]: given twice",
            id="a code given twice",
        ),
        pytest.param(
            "places/civo.yaml",
            "city: Mumbai, offers: [kubernetes, compute, object-storage], source: regions",
            "city: Mumbai, source: hearsay",
            "places/civo.yaml: places[MUM1].source: no source 'hearsay' in this file (there are: regions)",
            id="a source that is not there",
        ),
        pytest.param(
            "places/civo.yaml",
            "    date: 2025-11-11\n",
            "",
            "places/civo.yaml: sources.regions.date: missing",
            id="a source without a date",
        ),
        pytest.param(
            "places/scaleway.yaml",
            "code: fr-par-2\n    kind: zone\n    country: FR",
            "code: fr-par-2\n    kind: zone\n    country: NL",
            "places/scaleway.yaml: places[fr-par-2].parent: fr-par is in FR, not in NL",
            id="a zone in another country than its region",
        ),
        pytest.param(
            "places/scaleway.yaml",
            "      gpu_node_type: L4-1-24G\n",
            "      gpu_node_type: L4-1-24\n",
            "places/scaleway.yaml: places[fr-par-2].defaults.gpu_node_type: no node type 'L4-1-24' in "
            "node_types/scaleway.yaml",
            id="a default node type that does not exist",
        ),
        pytest.param(
            "places/scaleway.yaml",
            "      gpu_node_type: L4-1-24G\n",
            "      gpu_node_type: RENDER-S\n",
            "places[fr-par-2].defaults.gpu_node_type: RENDER-S is not listed as sold in fr-par-2",
            id="a default node type that is not sold there",
        ),
        pytest.param(
            "places/scaleway.yaml",
            "      gpu_node_type: L4-1-24G\n",
            "",
            "places[fr-par-2].defaults: give exactly one of gpu_node_type or no_gpu_reason",
            id="no GPU and no reason",
        ),
        pytest.param(
            "places/scaleway.yaml",
            "      gpu_node_type: L4-1-24G\n",
            "      gpu_node_type: PRO2-M\n",
            "places[fr-par-2].defaults.gpu_node_type: PRO2-M is a CPU node type",
            id="a CPU size as the GPU default",
        ),
        pytest.param(
            "node_types/scaleway.yaml",
            "name: POP2-8C-32G\n    vcpus: 8\n",
            "name: POP2-8C-32G\n",
            "places[fr-par-1].defaults.cpu_node_type: POP2-8C-32G lists no vcpus or no memory_gib",
            id="a CPU default of unknown size",
        ),
        pytest.param(
            "places/ovh.yaml",
            "storage_region: UK\n",
            "storage_region: GRA\n",
            "places/ovh.yaml: places[UK1].defaults.storage_region: GRA is in FR, outside uk",
            id="storage in another jurisdiction",
        ),
        pytest.param(
            "places/ovh.yaml",
            "registry_region: EU-WEST-PAR\n",
            "registry_region: BHS5\n",
            "places/ovh.yaml: places[EU-WEST-PAR].defaults.registry_region: BHS5 is in CA, outside eu",
            id="a registry in no jurisdiction",
        ),
        pytest.param(
            "places/ovh.yaml",
            "registry_region: EU-WEST-PAR\n",
            "registry_region: SBG\n",
            "places[EU-WEST-PAR].defaults.registry_region: SBG does not list registry among its offers",
            id="a registry where none is sold",
        ),
        pytest.param(
            "places/ovh.yaml",
            "registry_region: EU-WEST-PAR\n",
            "registry_region: EU-WEST-PAR\n      registry_host: harbor.example.eu\n",
            "places[EU-WEST-PAR].defaults: give exactly one of registry_host, registry_region or",
            id="a registry whose host is known and is not",
        ),
        pytest.param(
            "places/ovh.yaml",
            "node_zone: eu-west-par-a\n",
            "node_zone: eu-south-mil-a\n",
            "places[EU-WEST-PAR].defaults.node_zone: 'eu-south-mil-a' is no zone of EU-WEST-PAR",
            id="nodes in the zone of another region",
        ),
        pytest.param(
            "places/ovh.yaml",
            "network_slot: 4\n",
            "network_slot: 0\n",
            "places[SBG5].defaults.network_slot: 0 is taken by GRA11",
            id="two places on one VLAN",
        ),
        pytest.param(
            "places/civo.yaml",
            "code: FRA1\n    kind: region\n    country: DE",
            "code: FRA1\n    kind: region\n    country: CH",
            "places[FRA1].stack_location: CH is in no jurisdiction, so no stack may be put there",
            id="a stack location outside",
        ),
        pytest.param(
            "node_types/civo.yaml",
            "places: [LON1, NYC1]",
            "places: [LON1, NYC2]",
            "node_types[an.g1.l40s.kube.x1].places: no place 'NYC2' in places/civo.yaml",
            id="a node type in an unknown place",
        ),
        pytest.param(
            "node_types/civo.yaml",
            "gpu: {model: L40S, count: 2}",
            "gpu: {model: L40, count: 2}",
            "node_types/civo.yaml: node_types[an.g1.l40s.kube.x2].gpu.model: no GPU 'L40'",
            id="an unknown GPU",
        ),
        pytest.param(
            "gpus.yaml",
            "{model: L4, vendor: nvidia,",
            "{model: L4, vendor: nvida,",
            "node_types[L4-1-24G].gpu.model: no GPU 'L4' with a known vendor in gpus.yaml",
            id="a GPU of an unknown vendor",
        ),
        pytest.param(
            "cpus.yaml",
            "{prefix: cax, cloud: hetzner, vendor: ampere,",
            "{prefix: cax, cloud: hetzer, vendor: ampere,",
            "cpus.yaml: cpus[cax].cloud: no cloud 'hetzer' in clouds.yaml",
            id="CPUs of an unknown cloud",
        ),
        pytest.param(
            "cpus.yaml",
            "{prefix: cax, cloud: hetzner, vendor: ampere,",
            "{prefix: cax, cloud: hetzner, vendor: ampre,",
            "cpus.yaml: cpus[cax].vendor: no vendor 'ampre' in vendors.yaml",
            id="CPUs of an unknown vendor",
        ),
        pytest.param(
            "jurisdictions.yaml",
            "countries: [GB]",
            "countries: [GB, IE]",
            "jurisdictions.yaml: IE belongs to both eu and uk",
            id="a country in two jurisdictions",
        ),
        pytest.param(
            "clouds.yaml",
            "provider: hcloud",
            "provider: ovh",
            "clouds.yaml: clouds[hetzner].provider: ovh is taken by ovh",
            id="two clouds with one provider",
        ),
        pytest.param(
            "clouds.yaml",
            'version: "1.35"',
            "version: 1.35",
            "clouds.yaml: clouds[scaleway].kubernetes.version: Input should be a valid string (found 1.35)",
            id="a version that YAML reads as a number",
        ),
        pytest.param(
            "models.yaml",
            "licence: gpt-oss",
            "licence: gpt-os",
            "models.yaml: models[openai/gpt-oss-20b].licence: no licence 'gpt-os' in licences.yaml",
            id="an unknown licence",
        ),
        pytest.param(
            "models.yaml",
            "uses: {eu: approved, uk: approved}",
            "uses: {eu: approved}",
            "models.yaml: models[mistralai/Mistral-7B-Instruct-v0.3].uses: says nothing about uk",
            id="a jurisdiction forgotten",
        ),
        pytest.param(
            "models.yaml",
            "uses: {eu: refused, uk: acceptance}",
            "uses: {eu: acceptance, uk: acceptance}",
            "models[meta-llama/Llama-3.2-*Vision*].uses.eu: must be refused, as llama-multimodal says",
            id="a use that the licence excludes",
        ),
        pytest.param(
            "models.yaml",
            "    licence: mnpl-0.1\n    uses: {eu: refused, uk: refused}",
            "    licence: mnpl-0.1\n    uses: {eu: approved, uk: refused}",
            "models.yaml: models[mistralai/Codestral-22B-v0.1].uses.eu: cannot be approved under mnpl-0.1",
            id="an approval against the licence",
        ),
        pytest.param(
            "models.yaml",
            "developer: IBM, country: US, licence: apache-2.0, uses: {eu: acceptance",
            "developer: IBM, country: US, licence: apache-2.0, uses: {eu: approved",
            "uses.eu: cannot be approved: the developer is in US, in no jurisdiction here",
            id="an approval of a developer elsewhere",
        ),
        pytest.param(
            "models.yaml",
            "developer: Almawave\n    country: IT\n    licence: apache-2.0\n    uses: {eu: acceptance,",
            "developer: Almawave\n    country: IT\n    licence: apache-2.0\n    uses: {eu: approved,",
            "models.yaml: models[Almawave/Velvet-*].uses.eu: cannot be approved on checked: page; "
            "approval needs docs, source",
            id="an approval on hearsay",
        ),
        pytest.param(
            "models.yaml",
            "id: mistralai/Mistral-Large-*2407",
            "id: mistralai/Mistral-Large-*",
            "models.yaml: models[mistralai/Mistral-Large-3-675B-*2512] and models[mistralai/Mistral-Large-*] "
            "can match the same id; narrow one",
            id="two patterns for one id",
        ),
        pytest.param(
            "models.yaml",
            "id: mistralai/Voxtral-*TTS*",
            "id: mistralai/Voxtral-*",
            "models.yaml: models[mistralai/Voxtral-*] covers mistralai/Voxtral-Mini-3B-2507, "
            "which has another licence or developer",
            id="a pattern that reaches another licence",
        ),
        pytest.param(
            "models.yaml",
            "id: google/gemma-4*",
            "id: google/*",
            "a pattern that covers everything of an owner would cover other licences too",
            id="a pattern for a whole owner",
        ),
        pytest.param(
            "models.yaml",
            "id: google/gemma-4*",
            "id: goo*/gemma-4",
            "the owner must be spelt out",
            id="a pattern in the owner",
        ),
        pytest.param(
            "models.yaml",
            "id: google/gemma-4*",
            "id: google/gemma-[34]",
            "'*' is the only wildcard allowed in a model id",
            id="another wildcard",
        ),
        pytest.param(
            "models.yaml",
            "lineage: [mistralai/Mistral-7B-v0.3]",
            "lineage: [mistralai/Mistral-7B-v0.1]",
            "models[mistralai/Mistral-7B-Instruct-v0.3].lineage: no row covers 'mistralai/Mistral-7B-v0.1'",
            id="a base model nobody described",
        ),
        pytest.param(
            "licences.yaml",
            "licences:\n",
            "licences:\n  - {key: gpl, name: GPL, commercial: yes, source: mit}\n",
            "licences.yaml: licences[gpl]: no model uses it; remove it",
            id="a licence nobody uses",
        ),
        pytest.param(
            "images.yaml",
            "images:\n",
            "pictures: []\nimages:\n",
            "images.yaml: pictures: no such key; a file holds sources and images",
            id="an unknown section",
        ),
        pytest.param(
            "vendors.yaml",
            "vendors:\n",
            "vendors: {}\nrest:\n",
            "vendors.yaml: vendors: expected a list of rows",
            id="a section that is no list",
        ),
        pytest.param(
            "vendors.yaml",
            "    country: US\n    makes: [GPU,",
            "    country: US\n    country: FR\n    makes: [GPU,",
            "vendors.yaml: line 11: the key 'country' is given twice",
            id="a key given twice",
        ),
        pytest.param(
            "vendors.yaml", "vendors:\n", "vendors: [\n", "vendors.yaml: line ", id="no YAML at all"
        ),
    ],
)
def test_the_message_names_the_file_the_key_and_what_is_wrong(
    spoil: Spoil, file: str, old: str, new: str, message: str
) -> None:
    assert message in refusal(spoil(file, old, new))


def test_a_missing_file_is_named(data: Path) -> None:
    (data / "places" / "ovh.yaml").unlink()
    assert "places/ovh.yaml: the file is missing" in refusal(data)


def test_an_empty_file_is_named(data: Path) -> None:
    (data / "licences.yaml").unlink()
    (data / "licences.yaml").write_text("", encoding="utf-8")
    assert "licences.yaml: expected a mapping at the top" in refusal(data)


def test_a_source_that_no_row_uses_is_named(data: Path, spoil: Spoil) -> None:
    spoil(
        "places/civo.yaml",
        "sources:\n",
        "sources:\n  spare: {ref: nobody, date: 2026-01-01, checked: memory}\n",
    )
    assert "places/civo.yaml: sources.spare: no row uses this source; remove it" in refusal(data)


def test_all_mistakes_come_in_one_message(data: Path, spoil: Spoil) -> None:
    spoil("places/civo.yaml", "country: IN", "country: India")
    spoil("places/hetzner.yaml", "country: SG, city: Singapore", "city: Singapore")
    spoil("licences.yaml", "commercial: capped", "commercial: perhaps")
    with pytest.raises(CatalogError, match="3 mistakes") as caught:
        read_catalog(data)
    assert len(caught.value.mistakes) == 3
    assert {mistake.split(":")[0] for mistake in caught.value.mistakes} == {
        "places/civo.yaml",
        "places/hetzner.yaml",
        "licences.yaml",
    }


def test_norway_is_a_country_and_not_a_no(spoil: Spoil) -> None:
    data = spoil("places/ovh.yaml", 'country: "NO"', "country: NO")
    place = read_catalog(data).place("ovh", "eu-north-lz-osl")
    assert place is not None
    assert place.country == "NO"
