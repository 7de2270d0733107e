"""What only Hetzner asks for: demanded there, made up in rehearsal, never shown, refused elsewhere."""

from typing import Any

import pytest

from catalog import load_catalog
from infra.settings import Settings, SettingsError, parse

SECRETS = ("hcloudToken", "weightsAccessKey", "weightsSecretKey")
REAL: dict[str, object] = {
    "sovereign:jurisdiction": "eu",
    "sovereign:cloud": "hetzner",
    "sovereign:location": "nbg1",
    "sovereign:domain": "inference.acme.eu",
    "sovereign:apiAccess": ["9.9.9.9/32"],
    "sovereign:registry": "registry.acme.eu/sovereign",
    "sovereign:hetznerProject": "1234567",
    **{f"sovereign:{key}": f"hidden-{key}" for key in SECRETS},
}
ENCRYPTED = {f"sovereign:{key}" for key in SECRETS}


def read(changes: dict[str, Any] | None = None, *, rehearsal: bool = False, secret: bool = True) -> Settings:
    given = {**REAL, **(changes or {})}
    written = {key: value for key, value in given.items() if value is not None}
    keys = ENCRYPTED if secret else set[str]()
    return parse(written, load_catalog(), rehearsal=rehearsal, secret_keys=keys)


def mistakes(changes: dict[str, Any] | None = None, **how: bool) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(changes, **how)
    assert "hidden-" not in str(caught.value), "a secret is never shown"
    return list(caught.value.mistakes)


def test_a_whole_file_gives_project_secrets_and_three_control_planes() -> None:
    settings = read()
    assert (settings.project, settings.control_planes, settings.vswitch_id) == ("1234567", 3, None)
    assert {key: secret.get_secret_value() for key, secret in settings.cloud_secrets.items()} == {
        key: f"hidden-{key}" for key in SECRETS
    }
    assert "hidden-" not in repr(settings)


def test_two_keys_move_the_stack_in_rehearsal() -> None:
    bare: dict[str, Any] = {"sovereign:hetznerProject": None, **{f"sovereign:{key}": None for key in SECRETS}}
    settings = read(bare, rehearsal=True)
    assert set(settings.cloud_secrets) == set(SECRETS)
    assert len(settings.cloud_secrets["hcloudToken"].get_secret_value()) == 64


@pytest.mark.parametrize("key", SECRETS)
def test_a_missing_secret_says_how_to_set_it(key: str) -> None:
    [mistake] = mistakes({f"sovereign:{key}": None})
    assert mistake.startswith(f"sovereign:{key}: missing; Hetzner needs it")
    assert f"pulumi config set --secret sovereign:{key}" in mistake


def test_secrets_in_plain_text_are_refused_without_showing_them() -> None:
    found = mistakes(secret=False)
    assert len(found) == 3
    assert all("found in plain text; allowed: a secret" in mistake for mistake in found)


def test_the_project_is_the_number_in_the_consoles_address() -> None:
    assert mistakes({"sovereign:hetznerProject": None})[0].startswith("sovereign:hetznerProject: missing")
    [mistake] = mistakes({"sovereign:hetznerProject": "my-project"})
    assert "allowed: the number of a Hetzner project" in mistake


@pytest.mark.parametrize("count", [0, 2, 5])
def test_only_one_or_three_control_planes_are_allowed(count: int) -> None:
    [mistake] = mistakes({"sovereign:controlPlanes": str(count)})
    assert mistake == f"sovereign:controlPlanes: found '{count}', allowed: 1 or 3"


def test_what_is_written_as_text_is_read_as_a_number() -> None:
    settings = read({"sovereign:controlPlanes": "1", "sovereign:vswitchId": "4711"})
    assert (settings.control_planes, settings.vswitch_id) == (1, 4711)


@pytest.mark.parametrize(("key", "value"), [("controlPlanes", 3), ("vswitchId", 4711)])
def test_a_number_that_would_do_nothing_on_another_cloud_is_refused_there(key: str, value: int) -> None:
    elsewhere = {"sovereign:cloud": "civo", "sovereign:location": "FRA1", f"sovereign:{key}": value}
    assert mistakes(elsewhere) == [
        f"sovereign:{key}: found {value}, which civo does not read; allowed there: left out"
    ]


def test_secrets_left_in_the_file_do_not_stop_a_move_to_another_cloud() -> None:
    settings = read({"sovereign:cloud": "civo", "sovereign:location": "FRA1"})
    assert settings.cloud_secrets == {}


def test_more_nodes_than_the_minimum_are_refused_as_nobody_orders_servers_by_itself() -> None:
    [mistake] = mistakes({"sovereign:cpuNodesMax": "5"})
    assert "node pools of hetzner do not scale by themselves" in mistake
