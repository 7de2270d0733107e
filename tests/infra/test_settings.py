"""Settings: every mistake is named with its key, what was found and what is allowed, all of them at once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, load_catalog
from infra.settings import Settings, SettingsError, parse

CATALOG = load_catalog()
EU: dict[str, object] = {
    "sovereign:jurisdiction": "eu",
    "sovereign:cloud": "scaleway",
    "sovereign:location": "fr-par-2",
    "sovereign:domain": "inference.acme.eu",
    "sovereign:apiAccess": '["8.8.8.8/32"]',
    "sovereign:projectId": "6f1b8a2e-0d3c-4f5a-9b7e-2c1d0e9f8a7b",
    "pulumi:disable-default-providers": '["*"]',
}
UK: dict[str, object] = {
    "sovereign:jurisdiction": "uk",
    "sovereign:cloud": "civo",
    "sovereign:location": "LON1",
    "sovereign:domain": "inference.acme.co.uk",
    "sovereign:apiAccess": '["8.8.8.8/32"]',
    "sovereign:registry": "registry.acme.co.uk/sovereign",
}


@pytest.fixture
def catalog() -> Catalog:
    return CATALOG


def mistakes(config: dict[str, object], **how: Any) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        parse(config, CATALOG, **how)
    return list(refused.value.mistakes)


def the_mistake(config: dict[str, object], **how: Any) -> str:
    found = mistakes(config, **how)
    assert len(found) == 1, found
    return found[0]


def test_the_default_stack_is_two_replicas_of_mistral_on_one_gpu_each(catalog: Catalog) -> None:
    settings = parse(EU, catalog)
    assert settings.model == "mistralai/Mistral-7B-Instruct-v0.3"
    assert (settings.replicas, settings.gpus_per_replica) == (2, 1)
    assert (settings.gpu_memory_utilization, settings.max_model_len) == (0.95, 4096)
    assert settings.data == "personal"


@pytest.mark.parametrize("config", [EU, UK], ids=["eu", "uk"])
def test_a_place_brings_its_own_node_types(config: dict[str, object], catalog: Catalog) -> None:
    settings = parse(config, catalog)
    assert settings.place.defaults is not None
    assert settings.cpu_node_type.name == settings.place.defaults.cpu_node_type
    (gpu,) = settings.gpu
    assert (gpu.node_type.name, gpu.zone) == (settings.place.defaults.gpu_node_type, settings.place)
    assert gpu.minimum == gpu.maximum == 2


def test_cloud_and_location_alone_move_a_stack(catalog: Catalog) -> None:
    moved = parse(
        {
            **EU,
            "sovereign:registry": "registry.acme.eu/sovereign",
            "sovereign:cloud": "civo",
            "sovereign:location": "FRA1",
        },
        catalog,
    )
    assert (moved.cloud.key, moved.place.country) == ("civo", "DE")
    assert moved.project is None
    assert moved.gpu == (), "FRA1 sells no GPU Kubernetes: llama.cpp serves alone"


def test_every_stack_location_of_a_built_cloud_has_all_its_defaults(catalog: Catalog) -> None:
    for basis in (EU, UK):
        jurisdiction = str(basis["sovereign:jurisdiction"])
        for cloud in ("scaleway", "civo"):
            for place in catalog.stack_locations(cloud, jurisdiction):
                config = {
                    **EU,
                    **UK,
                    **basis,
                    "sovereign:cloud": cloud,
                    "sovereign:location": place.code,
                }
                assert parse(config, catalog).place == place


WRONG: list[tuple[str, object, str]] = [
    ("jurisdiction", "EU", "found 'EU', allowed: eu, uk"),
    ("jurisdiction", "us", "found 'us', allowed: eu, uk"),
    ("cloud", "aws", "'aws', which is no cloud of the catalogue; allowed: civo, hetzner, ovh, scaleway"),
    ("cloud", "Scaleway", "found 'Scaleway', which is no cloud"),
    ("location", "LON1", "found 'LON1', a region of civo (London, GB), but sovereign:cloud is scaleway"),
    ("location", "GRA11", "of ovh (Gravelines, FR), but sovereign:cloud is scaleway"),
    ("location", "FR-PAR-2", "no place of scaleway (did you mean fr-par-2?)"),
    ("location", "fr-par", "found 'fr-par', a region where no stack can be put"),
    ("location", "atlantis", "found 'atlantis', no place of scaleway; allowed on scaleway in eu: fr-par-1"),
    ("domain", "https://acme.eu", "found 'https://acme.eu', allowed: a domain"),
    ("domain", "localhost", "allowed: a domain"),
    ("domain", "acme.eu.", "allowed: a domain"),
    ("domain", "inference.example.com", "still the placeholder"),
    ("apiAccess", "8.8.8.8/32", "found '8.8.8.8/32', allowed: a list of at least one IPv4 range"),
    ("apiAccess", '["10.1.2.3/8"]', "without host bits"),
    ("apiAccess", '["0.0.0.0/0"]', "none wider than /8"),
    ("apiAccess", '["300.0.0.0/24"]', "IPv4 range in CIDR form"),
    ("apiAccess", '["2001:db8::/32"]', "IPv4 range in CIDR form"),
    ("apiAccess", "[]", "at least one"),
    ("apiAccess", "[not json", "found '[not json'"),
    ("apiAccess", '["203.0.113.0/24"]', "found '203.0.113.0/24', still the placeholder"),
    ("data", "public", "found 'public', allowed: personal, none"),
    ("model", "gpt-4", "found 'gpt-4', which catalog/data/models.yaml does not know"),
    ("model", "mistralai/Mistral-7B-Instruct-v0.2", "did you mean mistralai/Mistral-7B-Instruct-v0.3?"),
    ("model", "mistralai/*", "does not know"),
    ("replicas", "0", "found '0', allowed: a whole number from 1 to 1000"),
    ("replicas", "-1", "found '-1', allowed: a whole number from 1 to 1000"),
    ("replicas", "two", "found 'two', allowed: a whole number from 1 to 1000"),
    ("replicas", "2.5", "found '2.5'"),
    ("replicas", "", "found ''"),
    ("replicas", True, "found True, allowed: a whole number"),
    ("replicas", '["2"]', "allowed: a whole number"),
    ("gpuMemoryUtilization", "1.5", "found '1.5', allowed: a number above 0 and up to 1"),
    ("gpuMemoryUtilization", "0", "allowed: a number above 0"),
    ("gpuMemoryUtilization", "nan", "allowed: a number above 0"),
    ("maxModelLen", "12", "allowed: a whole number of tokens from 256"),
    ("gpusPerReplica", "2", "found 2, but L4-1-24G has 1 and a model must fit one node"),
    ("gpuNodeType", "L4-1", "found 'L4-1', no node type of scaleway"),
    ("gpuNodeType", "POP2-8C-32G", "which has no GPU; allowed in fr-par-2: "),
    ("gpuNodeType", "RENDER-S", "not known to be sold in fr-par-2"),
    ("cpuNodeType", "L4-1-24G", "which is a GPU node type"),
    ("gpuNodesMax", "1", "found 1, but 2 replicas with 1 GPU each need 2 of L4-1-24G"),
    ("cpuNodesMax", "1", "found 1, below the minimum; allowed: 2 or more"),
    ("fallbackReplicas", "0", "allowed: a whole number from 1 to 1000"),
    ("registry", "https://registry.acme.eu", "allowed: host/path of a registry"),
    ("registry", "registry.acme.eu/x:latest", "without tag"),
    ("projectId", "my-project", "found 'my-project', allowed: the UUID of a Scaleway project"),
    ("projectId", "00000000-0000-0000-0000-000000000000", "still the placeholder"),
]


@pytest.mark.parametrize(("key", "value", "said"), WRONG, ids=[f"{key}={value}" for key, value, _ in WRONG])
def test_a_wrong_value_is_named_with_its_key_and_what_is_allowed(key: str, value: object, said: str) -> None:
    message = the_mistake({**EU, f"sovereign:{key}": value})
    assert message.startswith(f"sovereign:{key}: ")
    assert said in message


def test_a_place_outside_the_jurisdiction_is_named_with_its_country() -> None:
    message = the_mistake({**UK, "sovereign:jurisdiction": "eu"})
    assert "found 'LON1': it stands in London, GB, in uk, not in eu; allowed on civo in eu: FRA1" in message


def test_a_place_in_no_jurisdiction_is_named_with_its_country() -> None:
    assert "New York, US, in no jurisdiction served here" in the_mistake({**UK, "sovereign:location": "NYC1"})


def test_a_cloud_that_is_not_built_yet_says_so_once_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("infra._checks.built_clouds", lambda: ("civo",))
    message = the_mistake(EU)
    assert message == "sovereign:cloud: found 'scaleway': Scaleway is not built yet; allowed: civo"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("replica", "replicas"),
        ("Replicas", "replicas"),
        ("gpuNodetype", "gpuNodeType"),
        ("gpu_node_type", "gpuNodeType"),
        ("api-access", "apiAccess"),
        ("jurisdictions", "jurisdiction"),
    ],
)
def test_a_misspelt_key_is_answered_with_the_right_one(written: str, meant: str) -> None:
    message = the_mistake({**EU, f"sovereign:{written}": "2"})
    assert message == f"sovereign:{written}: no such setting; did you mean sovereign:{meant}?"


def test_a_key_like_no_other_is_answered_with_all_keys() -> None:
    message = the_mistake({**EU, "sovereign:zzz": "1"})
    assert "no such setting; there are: apiAccess, civoToken, cloud, " in message


def test_what_is_missing_is_named_with_what_is_allowed() -> None:
    found = mistakes({})
    assert [line.partition(": missing; allowed: ")[0] for line in found] == [
        "sovereign:jurisdiction",
        "sovereign:cloud",
        "sovereign:location",
        "sovereign:domain",
        "sovereign:apiAccess",
    ]
    assert found[0].endswith("eu, uk")


def test_all_mistakes_come_at_once() -> None:
    wrong: dict[str, object] = {
        **EU,
        "sovereign:replica": "2",
        "sovereign:replicas": "two",
        "sovereign:location": "LON1",
        "sovereign:model": "gpt-4",
        "sovereign:apiAccess": '["10.0.0.1/8"]',
        "sovereign:gpuMemoryUtilization": "2",
        "sovereign:data": "some",
    }
    found = mistakes(wrong)
    assert sorted(line.partition(":")[2].partition(":")[0] for line in found) == [
        "apiAccess",
        "data",
        "gpuMemoryUtilization",
        "location",
        "model",
        "replica",
        "replicas",
    ]
    with pytest.raises(SettingsError, match=r"^7 mistakes in the settings of this stack"):
        parse(wrong, CATALOG)


def test_numbers_and_lists_may_be_native_or_text(catalog: Catalog) -> None:
    texts = {**EU, "sovereign:replicas": "3", "sovereign:gpuMemoryUtilization": "0.9"}
    natives: dict[str, object] = {
        **EU,
        "sovereign:replicas": 3,
        "sovereign:gpuMemoryUtilization": 0.9,
        "sovereign:apiAccess": ["8.8.8.8/32"],
    }
    assert parse(texts, catalog) == parse(natives, catalog)


def test_other_namespaces_are_left_alone(catalog: Catalog) -> None:
    assert parse({**EU, "scaleway:zone": "nonsense", "replicas": "no"}, catalog) == parse(EU, catalog)


@pytest.mark.parametrize("key", ["cpuNodesMax", "gpuNodesMax"])
def test_a_pool_of_civo_grows_only_with_a_token_for_what_orders_nodes(key: str, catalog: Catalog) -> None:
    growing = {**UK, f"sovereign:{key}": "4"}
    assert the_mistake(growing) == (
        "sovereign:civoToken: missing; Civo needs it where a pool may grow. Allowed: a secret (pulumi config "
        "set --secret sovereign:civoToken), or no maximum of nodes above its minimum"
    )
    with_token = {**growing, "sovereign:civoToken": "hidden-token"}
    assert "found in plain text" in the_mistake(with_token)
    settings = parse(with_token, catalog, secret_keys={"sovereign:civoToken"})
    assert settings.cloud_secrets["civoToken"].get_secret_value() == "hidden-token"
    assert "hidden" not in repr(settings)


def test_no_token_is_asked_for_where_nothing_grows(catalog: Catalog) -> None:
    assert parse(UK, catalog).cloud_secrets == {}
    equal = {**UK, "sovereign:cpuNodesMin": "3", "sovereign:cpuNodesMax": "3"}
    assert parse(equal, catalog).cloud_secrets == {}
    rehearsed = parse({**UK, "sovereign:cpuNodesMax": "4"}, catalog, rehearsal=True)
    assert set(rehearsed.cloud_secrets) == {"civoToken"}, "made up"


def test_a_pool_scales_between_what_is_asked_for(catalog: Catalog) -> None:
    settings = parse({**EU, "sovereign:gpuNodesMin": "1", "sovereign:gpuNodesMax": "4"}, catalog)
    assert [(gpu.minimum, gpu.maximum) for gpu in settings.gpu] == [(1, 4)]


def test_several_replicas_share_a_node_with_several_gpus(catalog: Catalog) -> None:
    settings = parse({**EU, "sovereign:gpuNodeType": "L4-4-24G", "sovereign:gpusPerReplica": "2"}, catalog)
    assert [gpu.minimum for gpu in settings.gpu] == [1]


def test_a_cloud_without_a_registry_needs_one_named() -> None:
    without = {key: value for key, value in UK.items() if key != "sovereign:registry"}
    assert the_mistake(without).startswith("sovereign:registry: missing; Civo has no image registry.")


def test_a_registry_that_the_nodes_firewall_keeps_them_from_is_refused() -> None:
    """Else every node would wait for its images, and no message would say why."""
    message = the_mistake({**UK, "sovereign:registry": "registry.acme.co.uk:5000/sovereign"})
    assert "port 5000, which the nodes' firewall on civo does not let out" in message
    assert "written without a port" in message
    named = parse({**UK, "sovereign:registry": "registry.acme.co.uk:443/sovereign"}, CATALOG)
    assert named.registry == "registry.acme.co.uk:443/sovereign"


def test_a_cloud_with_a_registry_uses_its_own(catalog: Catalog) -> None:
    assert parse({**EU, "sovereign:registry": "registry.acme.eu/x"}, catalog).registry is None


def test_scaleway_needs_its_project() -> None:
    without = {key: value for key, value in EU.items() if key != "sovereign:projectId"}
    assert the_mistake(without).startswith("sovereign:projectId: missing; ")


def test_a_rehearsal_takes_the_placeholders_of_the_shipped_files(catalog: Catalog) -> None:
    placeholders: dict[str, object] = {
        **EU,
        "sovereign:domain": "inference.example.com",
        "sovereign:apiAccess": '["203.0.113.0/24"]',
        "sovereign:projectId": "00000000-0000-0000-0000-000000000000",
    }
    assert len(mistakes(placeholders)) == 3
    assert parse(placeholders, catalog, rehearsal=True).domain == "inference.example.com"


AUTH = "sovereign:registryAuth"


def test_a_registry_login_must_be_stored_as_a_secret(catalog: Catalog) -> None:
    config = {**UK, AUTH: "user:hunter2"}
    message = the_mistake(config)
    assert message.startswith(f"{AUTH}: found in plain text; allowed: a secret")
    assert "hunter2" not in message
    settings = parse(config, catalog, secret_keys=[AUTH])
    assert settings.registry_auth is not None
    assert "hunter2" not in repr(settings)


def test_a_malformed_login_is_refused_without_being_shown() -> None:
    message = the_mistake({**UK, AUTH: "hunter2"}, secret_keys=[AUTH])
    assert message == f"{AUTH}: found a secret that is not user:password; allowed: user:password"


@given(value=st.text(min_size=12, alphabet=st.characters(categories=["L", "N"])))
def test_no_secret_is_ever_printed(value: str) -> None:
    for key in ("domain", "replicas", "location", "model"):
        with pytest.raises(SettingsError) as refused:
            parse({**EU, f"sovereign:{key}": value}, CATALOG, secret_keys=[f"sovereign:{key}"])
        assert value not in str(refused.value)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
keys = st.sampled_from([*EU, *UK, "sovereign:replicas", "sovereign:gpuNodesMax", "sovereign:x", "y"])


@given(config=st.dictionaries(keys, scalars | st.lists(st.text(max_size=9))))
def test_whatever_is_written_the_answer_is_settings_or_a_list_of_mistakes(config: dict[str, object]) -> None:
    found: tuple[str, ...] = ()
    try:
        assert isinstance(parse({**EU, **config}, CATALOG), Settings)
    except SettingsError as refused:
        found = refused.mistakes
    assert all(line.startswith("sovereign:") for line in found)
